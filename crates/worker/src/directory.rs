//! The firm's directory: which objects it has. Written before an object comes to be, so that whoever goes over a firm's objects misses none.
//! It may name one that never came to be.

use engage_domain::{Kind, Timestamp};
use engage_journal::{
    CommandId, Error, ObjectKey, Sql, Value,
    sql::{all, first},
};

use crate::maintenance::Backlog;

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
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lagging (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  since TEXT NOT NULL,           -- when the first entry was recorded that the index does not hold
  entries INTEGER NOT NULL,      -- how many it did not hold when this was written
  failures INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;";

/// Tries after which an object counts as parked: it is tried rarely from then on.
pub(crate) const TRIES_MAX: i64 = 8;

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

/// Forgets by which commands the objects came to be that are older than those can come again. An object's name begins with its time.
pub(crate) fn forget_enrolments(sql: &mut dyn Sql, before: Timestamp) -> Result<(), Error> {
    let before = u64::try_from(before.as_millis()).unwrap_or(0);
    let bound = ulid::Ulid::from_parts(before, 0).to_string();
    sql.execute("DELETE FROM enrolment WHERE name < ?1", &[Value::Text(&bound)]).map(drop)
}

/// Notes an object; one that is known stays.
pub(crate) fn note(sql: &mut dyn Sql, kind: Kind, name: &str) -> Result<(), Error> {
    let params = [Value::Text(kind.as_str()), Value::Text(name)];
    sql.execute("INSERT OR IGNORE INTO directory (kind, name) VALUES (?1, ?2)", &params).map(drop)
}

/// Notes that an object's entries wait to be written into the index, or that none does.
pub(crate) fn lags(
    sql: &mut dyn Sql,
    kind: Kind,
    name: &str,
    since: Option<Timestamp>,
    entries: u64,
    failures: u64,
) -> Result<(), Error> {
    let object = [Value::Text(kind.as_str()), Value::Text(name)];
    let Some(since) = since else {
        return sql.execute("DELETE FROM lagging WHERE kind = ?1 AND name = ?2", &object).map(drop);
    };
    let since = since.to_string();
    let (entries, failures) = (Value::Integer(entries as i64), Value::Integer(failures as i64));
    let params = [object[0], object[1], Value::Text(&since), entries, failures];
    let text = "INSERT OR REPLACE INTO lagging (kind, name, since, entries, failures) VALUES (?1, ?2, ?3, ?4, ?5)";
    sql.execute(text, &params).map(drop)
}

/// What all objects together have waiting.
pub(crate) fn backlog(sql: &mut dyn Sql) -> Result<Backlog, Error> {
    let text = "SELECT min(since), coalesce(sum(entries), 0), count(CASE WHEN failures >= ?1 THEN 1 END),
                       coalesce(sum(failures), 0) FROM lagging";
    let found = first(sql, text, &[Value::Integer(TRIES_MAX)], |row| {
        let count = |at| Ok::<_, Error>(u64::try_from(row.integer(at)?).unwrap_or(0));
        Ok(Backlog {
            since: row.maybe_text(0)?.and_then(|since| since.parse().ok()),
            entries: count(1)?,
            parked: count(2)?,
            failures: count(3)?,
            filling: false,
            running: None,
        })
    })?;
    Ok(found.unwrap_or_default())
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
