//! Read-only connections: to a journal for pages of messages, to an index for lists.
//!
//! They never block the writer nor wait for it (write-ahead log), and see everything that was committed before they are asked.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
};

use engage_domain::FirmId;
use engage_journal::{Error, Sql};

use crate::{firm::FirmHandle, sqlite::Db};

/// Idle connections kept for each file; more are opened when more people ask at once, and closed after.
const IDLE_MAX: usize = 4;
/// Firms whose idle connections are kept; beyond, all are closed and opened again as needed.
const FIRMS_MAX: usize = 512;

/// Which of a firm's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    Journal,
    Index,
}

/// A connection, and the generation of the file that it was opened on.
type Idle = (u64, Db);

/// The idle connections.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    idle: Mutex<HashMap<(FirmId, Source), Vec<Idle>>>,
}

impl Readers {
    /// Runs `work` on a connection to one of the firm's files. Blocks on the disk, so it belongs on a blocking thread.
    pub(crate) fn read<T>(
        &self,
        firm: &Arc<FirmHandle>,
        source: Source,
        work: impl FnOnce(&mut Db) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (path, generation) = match source {
            Source::Journal => (firm.journal_path(), 0),
            Source::Index => (firm.index_path(), firm.index_generation.load(Ordering::SeqCst)),
        };
        let key = (firm.id.clone(), source);
        let idle = self.take(&key, generation);
        let mut db = match idle {
            Some(db) => db,
            None => match source {
                Source::Journal => Db::reader(&path)?,
                Source::Index => {
                    let _gate = firm.index_gate.read().unwrap_or_else(PoisonError::into_inner);
                    let mut db = Db::reader(&path)?;
                    // SQLite opens a log by its name when it first reads, so that belongs behind the gate as well.
                    db.query("SELECT 1 FROM sqlite_master LIMIT 1", &[], &mut |_| Ok(ControlFlow::Break(())))?;
                    db
                }
            },
        };
        // One moment for all that `work` reads; ends with the read, whatever came of it.
        db.begin_read()?;
        let done = work(&mut db);
        db.rollback();
        // A connection that met an error is not kept: the file may have been replaced under it.
        if done.is_ok() {
            self.put_back(key, generation, db);
        }
        done
    }

    fn take(&self, key: &(FirmId, Source), generation: u64) -> Option<Db> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = idle.get_mut(key)?;
        connections.retain(|(of, _)| *of == generation);
        connections.pop().map(|(_, db)| db)
    }

    fn put_back(&self, key: (FirmId, Source), generation: u64, db: Db) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() >= FIRMS_MAX && !idle.contains_key(&key) {
            idle.clear();
        }
        let connections = idle.entry(key).or_default();
        if connections.len() < IDLE_MAX {
            connections.push((generation, db));
        }
    }

    /// Closes the idle connections of every firm.
    pub(crate) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
