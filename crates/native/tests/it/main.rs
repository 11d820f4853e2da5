//! The platform over real files: turns from many callers, the index behind them, faults, restarts.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod rig;

mod adverse;
mod alarms;
mod calls;
mod conflicts;
mod corrections;
mod damage;
mod drain;
mod faults;
mod folder;
mod follower;
mod hibernation;
mod index_faults;
mod model;
mod oracle;
mod rebuild;
mod reconcile;
mod registry;
mod replay;
mod screens;
mod verify;
