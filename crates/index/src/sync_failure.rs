//! Objects that the index could not take in: parked, counted, shown as stale, tried again on demand.

use engage_domain::{Kind, Timestamp, Version};
use engage_journal::{self as journal, ObjectKey, Row};

use crate::{
    Param, Query, Statement,
    page::{Limit, cut},
};

const COLUMNS: &str = "id, kind, name, version, attempts, error, firstFailedAt, lastFailedAt";

/// Most characters kept of an error.
const ERROR_MAX: usize = 1000;

/// One object that is parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncFailure {
    /// Its place in the list.
    pub id: i64,
    /// The object.
    pub object: ObjectKey,
    /// The version that could not be taken in.
    pub version: Version,
    /// How many times it was tried.
    pub attempts: u64,
    /// What went wrong the last time.
    pub error: Box<str>,
    /// When it went wrong first.
    pub first_failed_at: Timestamp,
    /// When it went wrong last.
    pub last_failed_at: Timestamp,
}

/// Parks an object, or notes that it went wrong again; at most one row an object. `attempts` is how often it was tried this time.
/// Run it in the transaction that moves the checkpoint past the object, so that neither lands without the other.
pub fn park(object: &ObjectKey, version: Version, attempts: u32, error: &str, now: Timestamp) -> Statement {
    let sql = "INSERT INTO sync_failure (kind, name, version, attempts, error, firstFailedAt, lastFailedAt)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
        ON CONFLICT (kind, name) DO UPDATE SET version = max(version, excluded.version),
          attempts = attempts + excluded.attempts, error = excluded.error, lastFailedAt = excluded.lastFailedAt";
    let error: String = error.chars().take(ERROR_MAX).collect();
    let params = vec![
        object.kind.as_str().into(),
        Param::text(object.name.clone()),
        version.into(),
        i64::from(attempts).into(),
        Param::text(error),
        now.into(),
    ];
    Statement::new(sql, params)
}

/// Takes an object off the list once the index holds `version` of it; a later one that is parked stays.
pub fn resolve(object: &ObjectKey, version: Version) -> Statement {
    let sql = "DELETE FROM sync_failure WHERE kind = ?1 AND name = ?2 AND version <= ?3";
    Statement::new(sql, vec![object.kind.as_str().into(), Param::text(object.name.clone()), version.into()])
}

/// One page of what stands back, the longest first.
#[derive(Clone, Copy, Debug)]
pub struct SyncFailures {
    /// The id behind which to begin; 0: at the first.
    pub after: i64,
    /// Most rows.
    pub limit: Limit,
}

impl SyncFailures {
    /// Makes a page of the query's answer, with the id behind which the next page begins if there is one.
    pub fn page(&self, rows: Vec<SyncFailure>) -> (Vec<SyncFailure>, Option<i64>) {
        let (rows, more) = cut(rows, self.limit);
        let next = rows.last().filter(|_| more).map(|last| last.id);
        (rows, next)
    }
}

impl Query for SyncFailures {
    type Row = SyncFailure;

    /// One row more than the page has; [`SyncFailures::page`] takes it off.
    fn statement(&self) -> Statement {
        let sql = format!("SELECT {COLUMNS} FROM sync_failure WHERE id > ?1 ORDER BY id LIMIT ?2");
        Statement::new(sql, vec![self.after.into(), (i64::from(self.limit.get()) + 1).into()])
    }

    fn decode(row: &dyn Row) -> Result<SyncFailure, journal::Error> {
        SyncFailure::decode(row)
    }
}

/// One object that stands back, by its place in the list; no row where there is none of that id.
#[derive(Clone, Copy, Debug)]
pub struct SyncFailureById {
    /// Its place in the list.
    pub id: i64,
}

impl Query for SyncFailureById {
    type Row = SyncFailure;

    fn statement(&self) -> Statement {
        Statement::new(format!("SELECT {COLUMNS} FROM sync_failure WHERE id = ?1"), vec![self.id.into()])
    }

    fn decode(row: &dyn Row) -> Result<SyncFailure, journal::Error> {
        SyncFailure::decode(row)
    }
}

impl SyncFailure {
    fn decode(row: &dyn Row) -> Result<Self, journal::Error> {
        let corrupt = |text: &str| journal::Error::Corrupt(format!("{text:?} in sync_failure"));
        let time = |at: usize| -> Result<Timestamp, journal::Error> {
            let text = row.text(at)?;
            text.parse().map_err(|_| corrupt(text))
        };
        let kind = row.text(1)?;
        Ok(Self {
            id: row.integer(0)?,
            object: ObjectKey { kind: Kind::parse(kind).ok_or_else(|| corrupt(kind))?, name: row.text(2)?.into() },
            version: Version(u64::try_from(row.integer(3)?).unwrap_or(0)),
            attempts: u64::try_from(row.integer(4)?).unwrap_or(0),
            error: row.text(5)?.into(),
            first_failed_at: time(6)?,
            last_failed_at: time(7)?,
        })
    }
}

/// How many objects are parked: one row.
#[derive(Clone, Copy, Debug)]
pub struct CountSyncFailures;

impl Query for CountSyncFailures {
    type Row = u64;

    fn statement(&self) -> Statement {
        Statement::new("SELECT count(*) FROM sync_failure", vec![])
    }

    fn decode(row: &dyn Row) -> Result<u64, journal::Error> {
        Ok(u64::try_from(row.integer(0)?).unwrap_or(0))
    }
}
