//! One suite for everything that serves the API of Engage. It knows a base URL, the form of a token and a small control contract, and
//! nothing of what is behind them: the same cases hold a server on one machine and a Worker to the same behaviour.
//!
//! The contract ([`Command`]): a command line with a data folder in it starts the target, which takes its token key from
//! `ENGAGE_TOKEN_KEY`, listens on a port of its choice, prints `READY <url>` on standard output, and ends in order when its standard
//! input closes. What it acknowledged must be there when it is started again on the same folder, also after SIGKILL.
//!
//! A case is a function that panics where the target does other than it should; [`cases::ALL`] lists them. Most have a firm of their own
//! on one server that all share; those that stop or kill have a target of their own. What cannot be brought about over HTTP, faults in an
//! index, goes through [`Faults`], of which [`files`] has the only implementations; without one those cases are skipped, and say so.

#![expect(clippy::unwrap_used, reason = "in a case a panic is the report")]

pub mod cases;
mod client;
mod control;
mod coverage;
mod differences;
pub mod files;
mod firm;
mod runner;
mod token;

pub use client::{Ask, Client, Reply};
pub use control::{Command, Faults, Lab, Target};
pub use differences::Differences;
pub use firm::{Firm, eventually};
pub use runner::{Outcome, Suite};
