//! The journal: one append-only, hash-chained table of entries for each firm, and everything that is written above it.
//!
//! - [`sql`]: the synchronous port to whichever SQLite runs underneath.
//! - [`entry`]: the entry, its envelope and its hash.
//! - [`store`]: reading and writing the journal's tables.
//! - [`activation`]: an object in memory, loaded from its snapshot and the events after it.
//! - [`turn`]: one call on one object: permit, deduplicate, decide, append.
//! - [`read`]: what readers ask, without a writer: entries for the follower, messages and events by page.
//! - [`registry`]: the rows of a firm's parties and conflicts, and the letters to its conversations.
//! - [`transfer`]: a firm's journal on its way from one host to another.
//! - [`verify`]: walking the chains.
//!
//! Invariants: entries are only appended; an object's events have contiguous versions; each entry's hash covers the one
//! before it. Nothing here knows which SQLite it runs on, begins or commits a transaction, or reads a clock.

pub mod activation;
pub mod entry;
pub mod error;
mod links;
pub mod read;
pub mod registry;
pub mod sql;
pub mod store;
pub mod transfer;
pub mod turn;
pub mod verify;

pub use activation::Activation;
pub use entry::{Entry, Hash};
pub use error::Error;
pub use read::{Message, Streamed};
pub use registry::{Hit, Screens};
pub use sql::{Row, Sql, Value};
pub use store::Journal;
pub use turn::{Answer, Call, CommandId, Ground, Hosted, Intent, ObjectKey, Recorded, Reply, Request, Turn};
