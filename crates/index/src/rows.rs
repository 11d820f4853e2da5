//! The rows as types: one for each table that has a projection. A row knows its columns' values, how it is written and how it
//! is read.
//!
//! Invariant: reading a stored row gives the row that was written, and so the same digest.

mod assignment;
mod audit;
mod conflict;
mod conversation;
mod passage;
mod user;

use std::str::FromStr;

use engage_domain::{Version, text::Private};
use engage_journal::{self as journal, Row};

pub use self::{
    assignment::AssignmentRow,
    audit::AuditRow,
    conflict::{ConflictRow, DetectedBy},
    conversation::{CLIENT_SORT_MAX, ConversationRow},
    passage::PassageRow,
    user::UserRow,
};
use crate::{
    Param, Statement, Table,
    scan::{Key, Print},
};

/// A row of the index.
pub trait IndexRow: Sized + Send + 'static {
    /// Its table.
    const TABLE: Table;

    /// The values of [`Table::columns`], in order.
    fn params(&self) -> Vec<Param>;

    /// Reads a row of [`Table::columns`] followed by [`Table::counters`].
    fn decode(row: &dyn Row) -> Result<Self, journal::Error>;

    /// What names it in its table.
    fn key(&self) -> Key;

    /// The version of its object that it shows.
    fn version(&self) -> Version;

    /// Writes it, unless the table holds it at the same or a higher version already. An audit row and a passage are written once and
    /// never replaced. Idempotent, whatever the order of arrival.
    fn to_statement(&self) -> Statement {
        Statement::new(upsert::text(Self::TABLE), self.params())
    }

    /// SHA-256 over its columns; the counters are not covered.
    fn digest(&self) -> [u8; 32] {
        let params = self.params();
        Self::TABLE.digest(params.iter().map(Param::as_value))
    }

    /// What a [`crate::scan::Walk`] gives for it.
    fn print(&self) -> Print {
        Print { key: self.key(), version: self.version(), digest: self.digest() }
    }
}

/// The texts of the version-guarded writes, each put together once.
mod upsert {
    use std::sync::LazyLock;

    use crate::Table;

    pub(super) fn text(table: Table) -> &'static str {
        static TEXTS: LazyLock<[String; 6]> = LazyLock::new(|| Table::ALL.map(|table| compose(table, 1)));
        let at = Table::ALL.iter().position(|other| *other == table).expect("every table is in ALL");
        &TEXTS[at]
    }

    /// `ON CONFLICT` rather than `INSERT OR REPLACE`, which would delete first and so fire other triggers, and rather than
    /// `INSERT OR IGNORE`, which would swallow a value that a `CHECK` refuses.
    pub(super) fn compose(table: Table, rows: usize) -> String {
        let (name, columns, key) = (table.name(), table.columns(), table.key());
        let values = |row: usize| {
            let places: Vec<_> = (1..=columns.len()).map(|at| format!("?{}", row * columns.len() + at)).collect();
            format!("({})", places.join(", "))
        };
        let insert = format!(
            "INSERT INTO {name} ({}) VALUES {} ON CONFLICT (firmId, {})",
            columns.join(", "),
            (0..rows).map(values).collect::<Vec<_>>().join(", "),
            key.join(", ")
        );
        match table {
            Table::Audit | Table::Passage => format!("{insert} DO NOTHING"),
            Table::Conversation | Table::User | Table::Assignment | Table::Conflict => {
                let set: Vec<_> = columns
                    .iter()
                    .filter(|column| **column != "firmId" && !key.contains(column))
                    .map(|column| format!("{column} = excluded.{column}"))
                    .collect();
                format!("{insert} DO UPDATE SET {} WHERE excluded.version > {name}.version", set.join(", "))
            }
        }
    }
}

/// The columns that [`IndexRow::decode`] reads, as a `SELECT` lists them.
pub(crate) fn select(table: Table) -> String {
    [table.columns(), table.counters()].concat().join(", ")
}

/// As [`select`], of a table that a statement with several tables calls `alias`.
pub(crate) fn select_of(alias: &str, table: Table) -> String {
    let columns = [table.columns(), table.counters()].concat();
    columns.into_iter().map(|column| format!("{alias}.{column}")).collect::<Vec<_>>().join(", ")
}

fn corrupt(table: Table, at: usize, text: &str) -> journal::Error {
    let column = table.columns().get(at).unwrap_or(&"a counter");
    journal::Error::Corrupt(format!("{text:?} in {}.{column}", table.name()))
}

pub(crate) fn parse<T: FromStr>(table: Table, row: &dyn Row, at: usize) -> Result<T, journal::Error> {
    let text = row.text(at)?;
    text.parse().map_err(|_| corrupt(table, at, text))
}

fn maybe_parse<T: FromStr>(table: Table, row: &dyn Row, at: usize) -> Result<Option<T>, journal::Error> {
    row.maybe_text(at)?.map(|text| text.parse().map_err(|_| corrupt(table, at, text))).transpose()
}

/// An enum column: text that `read` knows.
fn word<T>(table: Table, row: &dyn Row, at: usize, read: fn(&str) -> Option<T>) -> Result<T, journal::Error> {
    let text = row.text(at)?;
    read(text).ok_or_else(|| corrupt(table, at, text))
}

/// As [`word`], of a column that may be empty.
pub(crate) fn maybe_word<T>(
    table: Table,
    row: &dyn Row,
    at: usize,
    read: fn(&str) -> Option<T>,
) -> Result<Option<T>, journal::Error> {
    row.maybe_text(at)?.map(|text| read(text).ok_or_else(|| corrupt(table, at, text))).transpose()
}

fn private(row: &dyn Row, at: usize) -> Result<Option<Private>, journal::Error> {
    Ok(row.maybe_text(at)?.map(Private::from))
}

pub(crate) fn unsigned<T: TryFrom<i64>>(table: Table, row: &dyn Row, at: usize) -> Result<T, journal::Error> {
    let integer = row.integer(at)?;
    T::try_from(integer).map_err(|_| corrupt(table, at, &integer.to_string()))
}

fn version(table: Table, row: &dyn Row, at: usize) -> Result<Version, journal::Error> {
    unsigned(table, row, at).map(Version)
}

fn text_of(private: &Option<Private>) -> Param {
    Param::maybe(private.as_ref().map(Private::as_str))
}
