//! The index: one firm's lists as plain SQLite tables, derived from its journal and rebuilt from it at will.
//!
//! - [`schema.sql`](SCHEMA): the five tables of the specification, their indexes, the triggers that keep the counts; the
//!   passages and their full-text index.
//! - [`projection`]: from an object's state, or an entry, to its rows. Pure.
//! - [`rows`]: the rows as types: written under a version guard, read back, digested.
//! - [`conversations`], [`users`], [`assignments`], [`conflicts`], [`audit`]: the lists, with typed filters and keyset cursors.
//! - [`analytics`]: what waits, who has how much, how practice areas and days compare.
//! - [`reports`]: what the audit trail and the conflicts come to, counted.
//! - [`search`]: which conversations words are found in, ranked, with what was found.
//! - [`schema`]: the schema as single statements, for a database that takes no script.
//! - [`checkpoint`], [`sync_failure`]: how far the index has come, and what it could not take in.
//! - [`scan`]: walks and counts of whole tables, for verification.
//! - [`ownership`]: rows by the objects that they come from, where each object looks after its own.
//! - [`reconciliation`]: how stored rows differ from their sources, the statements that mend them, and the runs on record.
//!
//! Architecture invariant: nothing here executes anything. It yields [`Statement`]s and decodes rows; an adapter runs them,
//! in whatever transaction its owner has begun. So the same code serves embedded SQLite and D1.

pub mod analytics;
pub mod assignments;
pub mod audit;
pub mod checkpoint;
pub mod conflicts;
pub mod conversations;
pub mod ownership;
pub mod page;
mod place;
pub mod projection;
pub mod reconciliation;
pub mod reports;
pub mod rows;
pub mod scan;
pub mod schema;
pub mod search;
mod statement;
pub mod sync_failure;
pub mod users;

pub use conversations::{ConversationList, Cursor};
pub use page::{Limit, Range};
pub use rows::{AssignmentRow, AuditRow, ConflictRow, ConversationRow, IndexRow, PassageRow, UserRow};
pub use scan::Table;
pub use statement::{Param, Query, Statement};

/// The whole schema as one script. Run it within a transaction on an empty database: it lands whole or not at all.
pub const SCHEMA: &str = include_str!("schema.sql");

/// The version of the schema and of the projections together. An index of another version is rebuilt from the journal, so a
/// change to either raises it.
pub const SCHEMA_VERSION: i64 = 5;
