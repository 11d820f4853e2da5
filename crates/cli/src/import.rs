//! Conversations and parties from elsewhere: reads CSV and NDJSON row by row and turns each row into one command, or one party.
//!
//! Invariant: pure and streaming. Nothing here touches a firm's data, and memory does not grow with the file: a row is at
//! most [`RECORD_MAX`] bytes. What concerns the whole file (an unknown field, a missing column) is an [`Error`] before the
//! first row; what concerns one row is a [`RowError`] with its line, and the next row follows.
//!
//! Left out on purpose: whether a row is there already. A row's conversation is named after its external id, so that the
//! sink finds it started; a file that repeats an id needs no memory of the ids here.

mod csv;
mod date;
mod error;
mod field;
mod mapping;
mod ndjson;
mod parties;
mod row;
mod rows;
mod split;
mod status;

pub use self::{
    error::{Error, RowError},
    field::Field,
    mapping::{Format, MapArgs},
    parties::{PartyArgs, PartyField, PartyLine, PartyRow, PartyRowError, PartyRows, role},
    row::{Note, Row},
    rows::{Line, Rows, Target},
};

/// Longest row in bytes (4 MiB): what one row may cost in memory, and where a quote that nobody closed stops swallowing.
pub const RECORD_MAX: usize = 4 << 20;

/// The line on which a row begins, and its values; of a conversation the external id is the last.
type Numbered<T = String> = (u64, Result<Vec<T>, RowError>);

#[cfg(test)]
mod tests;
