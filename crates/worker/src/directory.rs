//! The firm's directory: which objects it has. Written before an object comes to be, so that whoever goes over a firm's objects misses none.
//! It may name one that never came to be.

use engage_domain::Kind;
use engage_journal::{
    CommandId, Error, ObjectKey, Sql, Value,
    sql::{all, first},
};

/// The tables. Beside the journal's, in the firm's own storage.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS directory (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS enrolment (
  command TEXT PRIMARY KEY,      -- the name of the command that brings an object into being
  name TEXT NOT NULL
) STRICT, WITHOUT ROWID;";

/// Notes an object; gives the name under which it is to be found.
pub(crate) fn enrol(sql: &mut dyn Sql, kind: Kind, name: &str, command: Option<&CommandId>) -> Result<Box<str>, Error> {
    if let Some(command) = command {
        let text = "SELECT name FROM enrolment WHERE command = ?1";
        if let Some(known) = first(sql, text, &[Value::Text(&command.id)], |row| Ok(row.text(0)?.into()))? {
            return Ok(known);
        }
        let params = [Value::Text(&command.id), Value::Text(name)];
        sql.execute("INSERT INTO enrolment (command, name) VALUES (?1, ?2)", &params)?;
    }
    note(sql, kind, name)?;
    Ok(name.into())
}

/// Notes an object; one that is known stays.
pub(crate) fn note(sql: &mut dyn Sql, kind: Kind, name: &str) -> Result<(), Error> {
    let params = [Value::Text(kind.as_str()), Value::Text(name)];
    sql.execute("INSERT OR IGNORE INTO directory (kind, name) VALUES (?1, ?2)", &params).map(drop)
}

/// At most `limit` objects behind a key, in the order of their keys.
pub(crate) fn page(sql: &mut dyn Sql, after: Option<&ObjectKey>, limit: i64) -> Result<Vec<ObjectKey>, Error> {
    let (kind, name) = after.map_or(("", ""), |after| (after.kind.as_str(), &*after.name));
    let text = "SELECT kind, name FROM directory WHERE (kind, name) > (?1, ?2) ORDER BY kind, name LIMIT ?3";
    all(sql, text, &[Value::Text(kind), Value::Text(name), Value::Integer(limit)], |row| {
        let word = row.text(0)?;
        let kind = Kind::parse(word).ok_or_else(|| Error::Corrupt(format!("object of kind {word:?}")))?;
        Ok(ObjectKey { kind, name: row.text(1)?.into() })
    })
}
