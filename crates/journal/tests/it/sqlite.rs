//! `Sql` over rusqlite, with a meter: what a turn costs is counted, not timed.
//!
//! It holds callers to the port's limits, so that what passes here passes on a Durable Object too: at most 100 parameters a
//! statement, no integer beyond 2^53.

use std::{cell::Cell, collections::BTreeSet, ops::ControlFlow, path::Path};

use engage_journal::{Error, Row, Sql, Value, sql::Visit};
use rusqlite::{Connection, OpenFlags, StatementStatus, types::ValueRef};

const PARAMS_MAX: usize = 100;
const INTEGER_MAX: u64 = 1 << 53;

/// What statements cost since the meter was last taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) statements: u64,
    pub(crate) rows_read: u64,
    pub(crate) bytes_bound: u64,
    pub(crate) bytes_read: u64,
    /// Instructions of SQLite's virtual machine; they do not depend on the machine or the time of day.
    pub(crate) steps: u64,
}

pub(crate) struct Sqlite {
    connection: Connection,
    cost: Cost,
    texts: BTreeSet<String>,
}

impl Sqlite {
    pub(crate) fn in_memory() -> Self {
        Self::over(Connection::open_in_memory().unwrap())
    }

    #[expect(clippy::disallowed_methods, reason = "the adapter of these tests")]
    pub(crate) fn file(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        Self::over(connection)
    }

    #[expect(clippy::disallowed_methods, reason = "the adapter of these tests")]
    pub(crate) fn read_only(path: &Path) -> Self {
        Self::over(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap())
    }

    fn over(connection: Connection) -> Self {
        Self { connection, cost: Cost::default(), texts: BTreeSet::new() }
    }

    /// What the statements since the last call cost.
    pub(crate) fn take_cost(&mut self) -> Cost {
        std::mem::take(&mut self.cost)
    }

    /// Every statement text that was run.
    pub(crate) fn texts(&self) -> &BTreeSet<String> {
        &self.texts
    }

    /// Runs a statement behind the journal's back.
    #[track_caller]
    pub(crate) fn tamper(&mut self, sql: &str) -> usize {
        self.connection.execute(sql, ()).unwrap()
    }

    /// One value, as text; "NULL" where it is.
    #[track_caller]
    pub(crate) fn scalar(&self, sql: &str) -> String {
        let scalar = |row: &rusqlite::Row<'_>| {
            Ok(match row.get_ref(0)? {
                ValueRef::Null => "NULL".to_owned(),
                ValueRef::Integer(integer) => integer.to_string(),
                ValueRef::Real(real) => real.to_string(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Blob(bytes) => format!("{bytes:02x?}"),
            })
        };
        self.connection.query_row(sql, (), scalar).unwrap()
    }

    /// How SQLite would run a statement.
    pub(crate) fn plan(&self, sql: &str) -> Vec<String> {
        let mut statement = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let params = vec![rusqlite::types::Null; statement.parameter_count()];
        let rows = statement.query_map(rusqlite::params_from_iter(params), |row| row.get(3)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Every row of every table, as text: what a statement that must leave nothing left nothing of.
    pub(crate) fn dump(&self) -> Vec<String> {
        let names = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
        let mut tables = self.connection.prepare(names).unwrap();
        let tables = tables.query_map((), |row| row.get::<_, String>(0)).unwrap();
        let mut dump = vec![];
        for table in tables.map(Result::unwrap) {
            let mut statement = self.connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query(()).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let value = |at| format!("{:?}", row.get::<_, rusqlite::types::Value>(at).unwrap());
                let values: Vec<_> = (0..columns).map(value).collect();
                dump.push(format!("{table}: {}", values.join(", ")));
            }
        }
        dump
    }
}

/// A cached statement, bound and counted.
fn prepare<'c>(
    connection: &'c Connection,
    cost: &mut Cost,
    sql: &str,
    params: &[Value<'_>],
) -> Result<rusqlite::CachedStatement<'c>, Error> {
    assert!(params.len() <= PARAMS_MAX, "{} parameters in {sql}", params.len());
    cost.statements += 1;
    let mut statement = connection.prepare_cached(sql).map_err(|error| fault(sql, error))?;
    assert_eq!(statement.parameter_count(), params.len(), "{sql}");
    for (at, param) in params.iter().enumerate() {
        let value = match *param {
            Value::Null => ValueRef::Null,
            Value::Integer(integer) => {
                assert!(integer.unsigned_abs() <= INTEGER_MAX, "{integer} is not exact as a double: {sql}");
                cost.bytes_bound += 8;
                ValueRef::Integer(integer)
            }
            Value::Real(real) => ValueRef::Real(real),
            Value::Text(text) => {
                cost.bytes_bound += text.len() as u64;
                ValueRef::Text(text.as_bytes())
            }
            Value::Blob(bytes) => {
                cost.bytes_bound += bytes.len() as u64;
                ValueRef::Blob(bytes)
            }
        };
        let value = rusqlite::types::ToSqlOutput::Borrowed(value);
        statement.raw_bind_parameter(at + 1, value).map_err(|error| fault(sql, error))?;
    }
    Ok(statement)
}

fn fault(sql: &str, error: rusqlite::Error) -> Error {
    Error::Storage {
        operation: sql.to_owned(),
        message: error.to_string(),
        transient: false,
        source: Some(Box::new(error)),
    }
}

struct Borrowed<'a, 'r> {
    row: &'a rusqlite::Row<'r>,
    bytes: &'a Cell<u64>,
}

impl Row for Borrowed<'_, '_> {
    fn value(&self, at: usize) -> Result<Value<'_>, Error> {
        let count = |bytes: usize| self.bytes.set(self.bytes.get() + bytes as u64);
        match self.row.get_ref(at).map_err(|error| fault("reading a column", error))? {
            ValueRef::Null => Ok(Value::Null),
            ValueRef::Integer(integer) => Ok(Value::Integer(integer)),
            ValueRef::Real(real) => Ok(Value::Real(real)),
            ValueRef::Text(text) => {
                count(text.len());
                let text = std::str::from_utf8(text);
                text.map(Value::Text).map_err(|error| Error::Corrupt(format!("column {at}: {error}")))
            }
            ValueRef::Blob(bytes) => {
                count(bytes.len());
                Ok(Value::Blob(bytes))
            }
        }
    }
}

impl Sql for Sqlite {
    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize, Error> {
        self.texts.insert(sql.to_owned());
        let mut statement = prepare(&self.connection, &mut self.cost, sql, params)?;
        let changed = statement.raw_execute().map_err(|error| fault(sql, error))?;
        self.cost.steps += u64::from(statement.reset_status(StatementStatus::VmStep).unsigned_abs());
        Ok(changed)
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&dyn Row) -> Visit,
    ) -> Result<(), Error> {
        self.texts.insert(sql.to_owned());
        let mut statement = prepare(&self.connection, &mut self.cost, sql, params)?;
        let bytes = Cell::new(0);
        let mut rows = statement.raw_query();
        let outcome = loop {
            match rows.next() {
                Ok(Some(row)) => {
                    self.cost.rows_read += 1;
                    match visit(&Borrowed { row, bytes: &bytes }) {
                        Ok(ControlFlow::Continue(())) => {}
                        Ok(ControlFlow::Break(())) => break Ok(()),
                        Err(error) => break Err(error),
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(fault(sql, error)),
            }
        };
        drop(rows);
        self.cost.bytes_read += bytes.get();
        self.cost.steps += u64::from(statement.reset_status(StatementStatus::VmStep).unsigned_abs());
        outcome
    }

    fn script(&mut self, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(|error| fault(sql, error))
    }
}
