//! What the index asks a database to do: a text, what is bound to it, and how a row of the answer is read.
//!
//! Invariant: the text is put together from constant pieces alone and everything else is bound, so that an adapter's cache of
//! prepared statements stays small and nothing that a caller sends is ever read as SQL.

use std::borrow::Cow;

use engage_domain::{ConflictId, ConversationId, EntryId, FirmId, Timestamp, UserId, Version};
use engage_journal::{self as journal, Value};

use crate::page::{Direction, Limit};

/// A bound value that owns what it holds, so that a statement can travel to the thread or the service that runs it.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// NULL.
    Null,
    /// An integer, within ±2^53.
    Integer(i64),
    /// A double; finite.
    Real(f64),
    /// Text.
    Text(Box<str>),
}

impl Param {
    /// The value as the port to SQLite takes it.
    pub fn as_value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(integer) => Value::Integer(*integer),
            Self::Real(real) => Value::Real(*real),
            Self::Text(text) => Value::Text(text),
        }
    }

    /// Text.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self::Text(text.into())
    }

    /// The value, or NULL where there is none.
    pub fn maybe(value: Option<impl Into<Self>>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Param {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<Version> for Param {
    fn from(version: Version) -> Self {
        // An object would need 2^63 events; the journal's own column is an i64 too.
        Self::Integer(i64::try_from(version.0).unwrap_or(i64::MAX))
    }
}

impl From<&FirmId> for Param {
    fn from(firm: &FirmId) -> Self {
        firm.as_str().into()
    }
}

macro_rules! displayed {
    ($($type:ty),+) => {
        $(impl From<$type> for Param {
            fn from(value: $type) -> Self {
                Self::Text(value.to_string().into())
            }
        })+
    };
}

displayed!(ConflictId, ConversationId, UserId, EntryId, Timestamp);

/// One statement. Parameters are numbered from `?1` in the order of `params`; at most 100.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The text.
    pub sql: Cow<'static, str>,
    /// What is bound.
    pub params: Vec<Param>,
}

impl Statement {
    /// A statement of a constant text.
    pub fn new(sql: impl Into<Cow<'static, str>>, params: Vec<Param>) -> Self {
        Self { sql: sql.into(), params }
    }

    /// The bound values as the port to SQLite takes them.
    pub fn values(&self) -> Vec<Value<'_>> {
        self.params.iter().map(Param::as_value).collect()
    }
}

/// A question to an index: it yields its statement and reads the rows of the answer; somebody else runs it.
pub trait Query: Send + Sync + 'static {
    /// What one row of the answer is.
    type Row: Send + 'static;

    /// The statement; it has a `LIMIT` or gives one row.
    fn statement(&self) -> Statement;

    /// Reads one row. Text that cannot have been written by this crate is [`journal::Error::Corrupt`].
    fn decode(row: &dyn journal::Row) -> Result<Self::Row, journal::Error>;
}

/// A statement in the making: its conditions and their parameters grow together.
pub(crate) struct Draft(Statement);

impl Draft {
    /// Begins with `SELECT … WHERE firmId = ?1`.
    pub(crate) fn of_firm(sql: String, firm: &FirmId) -> Self {
        Self(Statement::new(sql, vec![firm.into()]))
    }

    /// Binds a value that several parts of the statement name; gives its number.
    pub(crate) fn bind(&mut self, value: impl Into<Param>) -> usize {
        self.0.params.push(value.into());
        self.0.params.len()
    }

    /// Adds a constant piece: what follows the conditions so far.
    pub(crate) fn push(&mut self, piece: &str) {
        self.0.sql.to_mut().push_str(piece);
    }

    /// Adds a condition where there is something to compare with.
    pub(crate) fn compare(&mut self, column: &str, comparison: &str, value: Option<impl Into<Param>>) {
        if let Some(value) = value {
            let at = self.bind(value);
            *self.0.sql.to_mut() += &format!(" AND {column} {comparison} ?{at}");
        }
    }

    /// Adds the condition that rows come behind `place` in the order of `columns`.
    pub(crate) fn behind(&mut self, columns: &[&str], direction: Direction, place: Vec<Param>) {
        debug_assert_eq!(columns.len(), place.len(), "a place has a value for each column");
        let places: Vec<_> = place.into_iter().map(|value| format!("?{}", self.bind(value))).collect();
        let (columns, places) = (columns.join(", "), places.join(", "));
        *self.0.sql.to_mut() += &format!(" AND ({columns}) {} ({places})", direction.behind());
    }

    /// Ends with the order and the limit: one row more than the page has, whose presence says that there is a next page.
    pub(crate) fn page(mut self, columns: &[&str], direction: Direction, limit: Limit) -> Statement {
        let at = self.bind(i64::from(limit.get()) + 1);
        let columns: Vec<_> = columns.iter().map(|column| format!("{column} {}", direction.as_str())).collect();
        *self.0.sql.to_mut() += &format!(" ORDER BY {} LIMIT ?{at}", columns.join(", "));
        self.0
    }

    /// Ends with a constant text.
    pub(crate) fn ending(mut self, text: &'static str) -> Statement {
        *self.0.sql.to_mut() += text;
        self.0
    }

    /// Ends as [`Draft::page`] does, where no single index walks the rows in their order but several do, each a part of them: the draft, which
    /// began with an empty text, holds the conditions that every part shares. SQLite merges the walks and stops at the limit. D1 takes no more
    /// than five parts.
    pub(crate) fn merged(
        mut self,
        parts: &[String],
        columns: &[&str],
        direction: Direction,
        limit: Limit,
    ) -> Statement {
        let conditions = std::mem::take(self.0.sql.to_mut());
        let parts: Vec<_> = parts.iter().map(|part| format!("{part}{conditions}")).collect();
        self.0.sql = parts.join(" UNION ALL ").into();
        self.page(columns, direction, limit)
    }
}
