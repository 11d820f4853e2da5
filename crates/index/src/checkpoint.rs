//! How far the index has come in its journal. One row, written in the transaction that writes the rows it vouches for.

use engage_domain::Timestamp;
use engage_journal::{self as journal, Row};

use crate::{Param, Query, Statement};

/// How far an index has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// It holds every entry up to this one; 0 in an empty index.
    pub seq: i64,
    /// When that entry was recorded; none in an empty index.
    pub at: Option<Timestamp>,
    /// The version of schema and projections it was built with; of another one than [`crate::SCHEMA_VERSION`] it is rebuilt.
    pub schema_version: i64,
    /// When its follower last gave a sign of life, whether or not there was anything to do.
    pub heartbeat: Option<Timestamp>,
}

/// Whether the database has been set up at all: one row, true or false. Asked before [`ReadCheckpoint`], which fails on an empty
/// file.
#[derive(Clone, Copy, Debug)]
pub struct IsSetUp;

impl Query for IsSetUp {
    type Row = bool;

    fn statement(&self) -> Statement {
        let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'checkpoint'";
        Statement::new(sql, vec![])
    }

    fn decode(row: &dyn Row) -> Result<bool, journal::Error> {
        Ok(row.integer(0)? > 0)
    }
}

/// The checkpoint: always one row.
#[derive(Clone, Copy, Debug)]
pub struct ReadCheckpoint;

impl Query for ReadCheckpoint {
    type Row = Checkpoint;

    fn statement(&self) -> Statement {
        Statement::new("SELECT seq, at, schemaVersion, heartbeat FROM checkpoint WHERE id = 1", vec![])
    }

    fn decode(row: &dyn Row) -> Result<Checkpoint, journal::Error> {
        let time = |at: usize| -> Result<Option<Timestamp>, journal::Error> {
            let parse = |text: &str| {
                text.parse().map_err(|_| journal::Error::Corrupt(format!("{text:?} in the index's checkpoint")))
            };
            row.maybe_text(at)?.map(parse).transpose()
        };
        Ok(Checkpoint { seq: row.integer(0)?, at: time(1)?, schema_version: row.integer(2)?, heartbeat: time(3)? })
    }
}

/// Moves the checkpoint to the entry `seq`, recorded `at`. It never moves back: then no row changes.
pub fn advance(seq: i64, at: Timestamp) -> Statement {
    Statement::new("UPDATE checkpoint SET seq = ?1, at = ?2 WHERE id = 1 AND seq <= ?1", vec![seq.into(), at.into()])
}

/// Notes a sign of life of the follower.
pub fn beat(now: Timestamp) -> Statement {
    Statement::new("UPDATE checkpoint SET heartbeat = ?1 WHERE id = 1", vec![Param::from(now)])
}
