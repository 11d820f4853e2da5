//! What stops an import, and what stops one row of it.

use std::{io, path::PathBuf};

use engage_domain::{Invalid, conversation::Rejection};

use super::{Field, RECORD_MAX};

/// Why an import cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A map names a field that there is not.
    #[error("map: no field {name}; the fields are {known}")]
    UnknownField {
        /// The name.
        name: String,
        /// The fields that there are.
        known: String,
    },
    /// A map's or value's text has another shape than asked for.
    #[error("{option} {text:?}: must look like {shape}")]
    Malformed {
        /// The option.
        option: &'static str,
        /// What was given.
        text: String,
        /// What was expected.
        shape: &'static str,
    },
    /// A field is mapped to two columns.
    #[error("map: {field} is mapped to {first:?} and to {second:?}")]
    MappedTwice {
        /// The field.
        field: &'static str,
        /// One column.
        first: String,
        /// The other.
        second: String,
    },
    /// A value is mapped to a word that is no status.
    #[error("value map: {to:?} is no status; the statuses are active, completed, terminated")]
    UnknownStatus {
        /// The word.
        to: String,
    },
    /// The external id's column was not named.
    #[error("--external-id: name the column that tells one row from another, so that a second run adds nothing twice")]
    NoExternalId,
    /// A date format cannot be used.
    #[error("date format {format:?}: {reason}")]
    DateFormat {
        /// The format.
        format: String,
        /// Why.
        reason: String,
    },
    /// There is no such time zone.
    #[error("time zone {zone:?}: must be an IANA time zone such as America/Chicago")]
    TimeZone {
        /// What was given.
        zone: String,
    },
    /// The map file is not what it should be.
    #[error("map file {}: {reason}", .path.display())]
    MapFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The format cannot be told from the file's name.
    #[error("{}: cannot tell the format from the name; say --format csv or --format ndjson", .path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A CSV file without a usable first row.
    #[error("the file has no header row: {reason}")]
    NoHeader {
        /// Why.
        reason: String,
    },
    /// The file lacks a column that is asked for.
    #[error("the file has no column {column:?} (wanted for {wanted_for}); it has {}", .has.join(", "))]
    NoColumn {
        /// The column.
        column: String,
        /// The field, or `--external-id`.
        wanted_for: &'static str,
        /// The columns that it has.
        has: Vec<String>,
    },
    /// The file has a column twice, and it is asked for.
    #[error("the file has the column {column:?} twice")]
    ColumnTwice {
        /// The column.
        column: String,
    },
    /// Without a map, no column carries a field's name.
    #[error("no column is named like a field ({known}); say --map field=COLUMN; the file has {}", .has.join(", "))]
    NothingMapped {
        /// The fields that there are.
        known: String,
        /// The columns that it has.
        has: Vec<String>,
    },
    /// A map leaves out a field that every row needs.
    #[error("map: {field} is needed, and no column is said to hold it; say --map {field}=COLUMN")]
    NotMapped {
        /// The field.
        field: &'static str,
    },
    /// Nothing says in which role the parties of the file are.
    #[error("no column holds the role; say --role, or --map role=COLUMN")]
    NoRole,
    /// The file cannot be opened.
    #[error("open {}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be read on.
    #[error("read the import file after line {line}")]
    Read {
        /// The last line that was read whole.
        line: u64,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// Whether it lies in how the import was asked for (exit code 2), not in the file system.
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Open { .. } | Self::Read { .. })
    }
}

/// Why one row was left out. Client data is not repeated: only words of a vocabulary and dates are.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RowError {
    /// Some bytes are no text.
    #[error("{place} is not valid UTF-8")]
    NotUtf8 {
        /// The column, or the line.
        place: String,
    },
    /// Not as many values as the header has columns.
    #[error("has {found} columns where the header has {expected} (the row ends on line {last_line})")]
    Ragged {
        /// How many the header has.
        expected: usize,
        /// How many the row has.
        found: usize,
        /// Where the row ends; far below its beginning, a quote was not closed.
        last_line: u64,
    },
    /// The file ends within quotes.
    #[error("a quoted value is still open at the end of the file")]
    UnclosedQuote,
    /// The row is longer than a row may be.
    #[error("is longer than {RECORD_MAX} bytes")]
    TooLong,
    /// The line is no JSON object.
    #[error("is not a JSON object{reason}")]
    NotAnObject {
        /// Where it goes wrong, after a colon; empty for JSON of another type.
        reason: String,
    },
    /// A list or object where text is expected.
    #[error("{column:?} must be text, a number or a boolean, not {found}")]
    NotText {
        /// The key.
        column: String,
        /// What it is.
        found: &'static str,
    },
    /// The column that names the conversation is empty.
    #[error("{column:?} is empty, and it tells one row from another")]
    NoExternalId {
        /// The column.
        column: String,
    },
    /// A word that the vocabulary does not know.
    #[error("{field} {value:?} is not known; say --value {field}:{value}=active, completed or terminated")]
    UnknownValue {
        /// The field.
        field: Field,
        /// The word, cut where it is long.
        value: String,
    },
    /// A value is wrong.
    #[error("{field} {reason}")]
    Invalid {
        /// The field.
        field: Field,
        /// What is wrong with it.
        reason: Invalid,
    },
    /// The conversation itself turns it down.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}
