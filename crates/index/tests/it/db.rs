//! An index in memory, behind the same port as everywhere.

use std::ops::ControlFlow;

use engage_index::{Query, SCHEMA, Statement};
use engage_journal::{Error, Row, Sql, Value, sql, sql::Visit};
use rusqlite::{Connection, params_from_iter, types::ValueRef};

pub(crate) struct Db(Connection);

struct Columns<'a>(&'a rusqlite::Row<'a>);

fn fault(error: rusqlite::Error) -> Error {
    Error::Storage { operation: "test".into(), message: error.to_string(), transient: false, source: None }
}

fn bound(value: &Value<'_>) -> rusqlite::types::Value {
    match *value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(integer) => integer.into(),
        Value::Real(real) => real.into(),
        Value::Text(text) => text.to_owned().into(),
        Value::Blob(bytes) => bytes.to_vec().into(),
    }
}

impl Row for Columns<'_> {
    fn value(&self, at: usize) -> Result<Value<'_>, Error> {
        Ok(match self.0.get_ref(at).map_err(fault)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(integer) => Value::Integer(integer),
            ValueRef::Real(real) => Value::Real(real),
            ValueRef::Text(text) => Value::Text(std::str::from_utf8(text).unwrap()),
            ValueRef::Blob(bytes) => Value::Blob(bytes),
        })
    }
}

impl Sql for Db {
    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize, Error> {
        let mut statement = self.0.prepare_cached(sql).map_err(fault)?;
        statement.execute(params_from_iter(params.iter().map(bound))).map_err(fault)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&dyn Row) -> Visit,
    ) -> Result<(), Error> {
        let mut statement = self.0.prepare_cached(sql).map_err(fault)?;
        let mut rows = statement.query(params_from_iter(params.iter().map(bound))).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            if visit(&Columns(row))? == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn script(&mut self, sql: &str) -> Result<(), Error> {
        self.0.execute_batch(sql).map_err(fault)
    }
}

impl Db {
    pub(crate) fn bare() -> Self {
        Self(Connection::open_in_memory().unwrap())
    }

    pub(crate) fn new() -> Self {
        let mut db = Self::bare();
        db.script(SCHEMA).unwrap();
        db
    }

    /// Runs a statement; gives the number of rows it changed.
    pub(crate) fn run(&mut self, statement: &Statement) -> usize {
        self.execute(&statement.sql, &statement.values()).unwrap()
    }

    pub(crate) fn all<Q: Query>(&mut self, query: &Q) -> Vec<Q::Row> {
        let statement = query.statement();
        sql::all(self, &statement.sql, &statement.values(), Q::decode).unwrap()
    }

    /// One integer.
    pub(crate) fn integer(&mut self, text: &str) -> i64 {
        sql::first(self, text, &[], |row| row.integer(0)).unwrap().unwrap()
    }

    /// How many instructions SQLite's machine takes to answer: a cost that is the same every time.
    pub(crate) fn steps(&mut self, statement: &Statement) -> i32 {
        let mut prepared = self.0.prepare(&statement.sql).unwrap();
        let mut rows = prepared.query(params_from_iter(statement.values().iter().map(bound))).unwrap();
        while rows.next().unwrap().is_some() {}
        drop(rows);
        prepared.get_status(rusqlite::StatementStatus::VmStep)
    }

    /// The lines of `EXPLAIN QUERY PLAN`.
    pub(crate) fn plan(&mut self, statement: &Statement) -> Vec<String> {
        let text = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        sql::all(self, &text, &statement.values(), |row| Ok(row.text(3)?.to_owned())).unwrap()
    }
}
