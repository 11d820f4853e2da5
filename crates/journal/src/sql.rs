//! The port to SQLite: synchronous, because an object's turn is; small, because a Durable Object's SQL storage is.
//!
//! An adapter caches prepared statements by their text, so callers pass constant texts and bind everything else. At most
//! 100 parameters a statement and no integer beyond 2^53 (the limits of D1). Transactions are the adapter owner's business.

use std::ops::ControlFlow;

use crate::Error;

/// A bound parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// NULL.
    Null,
    /// An integer, within ±2^53.
    Integer(i64),
    /// A double.
    Real(f64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

impl<'a> Value<'a> {
    /// Text, or NULL where there is none.
    pub fn maybe(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Blob(bytes)
    }
}

/// A row of a result; columns count from 0. Reading a column as another type than it holds is an [`Error::Corrupt`].
pub trait Row {
    /// The value of column `at`.
    fn value(&self, at: usize) -> Result<Value<'_>, Error>;

    /// An integer.
    fn integer(&self, at: usize) -> Result<i64, Error> {
        match self.value(at)? {
            Value::Integer(integer) => Ok(integer),
            other => Err(Error::column(at, "an integer", other)),
        }
    }

    /// An integer or NULL.
    fn maybe_integer(&self, at: usize) -> Result<Option<i64>, Error> {
        match self.value(at)? {
            Value::Null => Ok(None),
            _ => self.integer(at).map(Some),
        }
    }

    /// A number or NULL.
    fn maybe_real(&self, at: usize) -> Result<Option<f64>, Error> {
        match self.value(at)? {
            Value::Null => Ok(None),
            Value::Real(real) => Ok(Some(real)),
            Value::Integer(integer) => Ok(Some(integer as f64)),
            other => Err(Error::column(at, "a number", other)),
        }
    }

    /// Text.
    fn text(&self, at: usize) -> Result<&str, Error> {
        match self.value(at)? {
            Value::Text(text) => Ok(text),
            other => Err(Error::column(at, "text", other)),
        }
    }

    /// Text or NULL.
    fn maybe_text(&self, at: usize) -> Result<Option<&str>, Error> {
        match self.value(at)? {
            Value::Null => Ok(None),
            _ => self.text(at).map(Some),
        }
    }

    /// Bytes.
    fn blob(&self, at: usize) -> Result<&[u8], Error> {
        match self.value(at)? {
            Value::Blob(bytes) => Ok(bytes),
            other => Err(Error::column(at, "bytes", other)),
        }
    }
}

/// What a visitor says after each row: go on, or stop here.
pub type Visit = Result<ControlFlow<()>, Error>;

/// A SQLite database, within whatever transaction its owner has begun.
pub trait Sql {
    /// Runs one statement that returns no rows; gives the number of rows it changed.
    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize, Error>;

    /// Runs one statement and shows each row to `visit`, in order, until it breaks off.
    fn query(&mut self, sql: &str, params: &[Value<'_>], visit: &mut dyn FnMut(&dyn Row) -> Visit)
    -> Result<(), Error>;

    /// Runs a script of several statements without parameters, such as a migration.
    fn script(&mut self, sql: &str) -> Result<(), Error>;
}

/// The first row of a query, decoded; none when there is no row.
pub fn first<T>(
    sql: &mut dyn Sql,
    text: &str,
    params: &[Value<'_>],
    mut decode: impl FnMut(&dyn Row) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let mut found = None;
    sql.query(text, params, &mut |row| {
        found = Some(decode(row)?);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

/// Every row of a query, decoded. The statement has a `LIMIT`.
pub fn all<T>(
    sql: &mut dyn Sql,
    text: &str,
    params: &[Value<'_>],
    mut decode: impl FnMut(&dyn Row) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut rows = vec![];
    sql.query(text, params, &mut |row| {
        rows.push(decode(row)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}
