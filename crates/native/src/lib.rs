//! The platform on one machine: shards that run the objects' turns, a follower that keeps each firm's index, readers, and
//! the data folder they live in.
//!
//! - [`folder`]: the data folder, its lock, one folder a firm.
//! - [`sqlite`]: the adapter to SQLite, and how each kind of connection is set up.
//! - `shard`: the thread that owns some firms: batches, group commit, output gate, alarms.
//! - `writer`: one firm's journal as its shard holds it.
//! - `follower`: from journal to index.
//! - [`firm`]: what shard, follower and readers of one firm share.
//! - [`platform`]: all of it behind the application's port.
//! - `compare`: journal and index side by side.
//! - [`reconcile`]: mending an index beside live writers.
//! - [`schedule`]: when a firm's nightly maintenance is due.
//! - [`spool`]: lines of a journal that wait for the rest.
//! - [`transfer`]: a firm leaving a folder, or coming into one.
//! - [`verify`]: whether chains and index are what they should be.
//!
//! Invariants: one process owns a data folder; one thread writes a firm's journal; an answer leaves only after the commit
//! that made it durable; nothing of one firm is in a file of another.

pub mod clock;
mod compare;
pub mod firm;
pub mod folder;
mod follower;
pub mod platform;
mod readers;
pub mod reconcile;
pub mod schedule;
mod screens;
mod shard;
pub mod spool;
pub mod sqlite;
pub mod transfer;
pub mod verify;
mod writer;

pub use clock::{Clock, ManualClock, SystemClock};
pub use folder::{Folder, FolderError};
pub use platform::{Options, Platform};
pub use schedule::Schedule;
