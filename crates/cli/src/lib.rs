//! What the binary `engage` is made of, as a library so that tests reach it.

pub mod bench;
pub mod client;
mod cloudflare;
pub mod commands;
pub mod demo;
mod draft;
pub mod exit;
pub mod import;
pub mod out;
pub mod server;
pub mod span;
pub mod table;

use engage_domain::Timestamp;
use engage_native::{Clock, SystemClock};

/// The time by the operating system's clock.
pub fn now() -> Timestamp {
    SystemClock.now()
}
