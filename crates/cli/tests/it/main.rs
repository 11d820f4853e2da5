//! The binary `engage` as people and scripts meet it: started, asked over HTTP, killed, started again.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod browser;
mod client;
mod lists;
mod reconcile;
mod rig;
mod stage;

mod accessibility;
mod cloudflare;
mod contract;
mod corrections;
mod crash;
mod crash_conflicts;
mod demo;
mod import;
mod journeys;
mod keyboard;
mod metrics;
mod parties;
mod roles;
mod screen;
mod screenshots;
mod standard_input;
mod sync_failures;
mod transfer;
mod verify;
