//! The files that a follower has open: whether what is there can be gone on with, and beginning anew where it cannot.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{PoisonError, atomic::Ordering},
};

use engage_domain::Timestamp;
use engage_index::{
    Limit,
    checkpoint::{self, IsSetUp, ReadCheckpoint},
    reconciliation, sync_failure,
};
use engage_journal::{Error, ObjectKey, Sql, read};

use super::{Failing, Follower, all, run};
use crate::sqlite::{Db, is_damaged};

/// The files of one index.
pub(super) struct Files {
    pub(super) journal: Db,
    pub(super) index: Db,
    /// Which file the index is, behind its name.
    index_file: Option<FileId>,
    /// Which file its log is: without it, the database lacks what only the log holds.
    log_file: Option<FileId>,
    pub(super) seq: i64,
}

impl Files {
    /// Whether somebody has removed the index under the open connection, or put another file in its place; also whether its log is gone, where
    /// it has one. Whoever removes an index file by file comes to remove the log of a new one, if that is made in between.
    pub(super) fn are_gone(&self, has_log: bool) -> bool {
        let is_gone = |path: &Path, known| file_id(path).is_none_or(|now| known != Some(now));
        let path = self.index.path();
        is_gone(path, self.index_file) || has_log && is_gone(&beside(path, LOG), self.log_file)
    }
}

/// What SQLite calls a write-ahead log, behind the name of the database.
const LOG: &str = "-wal";

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

impl Follower {
    /// Opens journal and index. An index that is absent, damaged, or ahead of the journal (which then was restored from a copy) is begun
    /// anew. A live one of another schema version is not opened: it stays for lists until another is built beside it.
    pub(super) fn open(&mut self, now: Timestamp) -> Result<Option<Files>, Error> {
        let path = self.path();
        let mut journal = Db::reader(&self.firm.journal_path())?;
        let last = read::last_entry(&mut journal)?.map_or(0, |(seq, _)| seq);
        // Before it is opened: if another one comes in between, the next pass finds that it is not this one.
        let mut index_file = file_id(&path);
        // What is left of one that was being built is not gone on with. One that is not there is not opened, for that would make an empty one
        // that lists meet before they are told to wait.
        let usable =
            if self.damaged || !self.live || index_file.is_none() { Ok(Usable::Not) } else { usable(&path, last) };
        let (mut index, seq) = match usable {
            Ok(Usable::Ready(index, seq)) => (index, seq),
            Ok(Usable::Outdated) => {
                tracing::info!(firm = %self.firm.id, "the index is of another version; one of this version is built beside it");
                self.outdated = true;
                self.firm.set_outdated(true);
                self.firm.set_building(true);
                self.say_how_late(&mut journal, now)?;
                self.firm.set_laid_out(true);
                return Ok(None);
            }
            Ok(Usable::Not) => {
                let index = self.begin_anew(&path, now)?;
                index_file = file_id(&path);
                (index, 0)
            }
            Err(error) if is_damaged(&error) => {
                tracing::error!(firm = %self.firm.id, error = &error as &dyn std::error::Error, "the index is damaged; it is built anew");
                let index = self.begin_anew(&path, now)?;
                index_file = file_id(&path);
                (index, 0)
            }
            Err(error) => return Err(error),
        };
        self.damaged = false;
        // It has been read, so its log is there.
        self.failing = read_failing(&mut index)?;
        let log_file = file_id(&beside(&path, LOG));
        if self.live {
            let latest = reconciliation::runs(self.firm.id.clone(), None, Limit::default());
            if let Some(entry) = all(&mut index, &latest)?.into_iter().next() {
                self.firm.set_last_reconciliation(entry.row);
            }
            if seq == 0 {
                self.say_how_late(&mut journal, now)?;
            }
            self.firm.set_laid_out(true);
        }
        Ok(Some(Files { journal, index, index_file, log_file, seq }))
    }

    /// Whoever asks an index without rows is told that they are yet to come.
    fn say_how_late(&self, journal: &mut Db, now: Timestamp) -> Result<(), Error> {
        if let Some(first) = read::first_entry_at(journal)? {
            self.firm.applied(0, first, now, true);
        }
        Ok(())
    }

    fn begin_anew(&self, path: &Path, now: Timestamp) -> Result<Db, Error> {
        if self.live {
            self.firm.set_laid_out(false);
            self.firm.set_building(true);
        }
        // A reader that opens it meanwhile would take what is left of one for a part of the other.
        let _gate = self.live.then(|| self.firm.index_gate.write().unwrap_or_else(PoisonError::into_inner));
        for file in ["", LOG, "-shm"].map(|suffix| beside(path, suffix)) {
            match std::fs::remove_file(&file) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(Error::Storage {
                        operation: format!("remove {}", file.display()),
                        message: error.to_string(),
                        transient: true,
                        source: Some(Box::new(error)),
                    });
                }
            }
        }
        let mut index = if self.live { Db::index(path) } else { Db::builder(path) }?;
        index.transaction(|index| {
            index.script(engage_index::SCHEMA)?;
            run(index, &checkpoint::beat(now)).map(drop)
        })?;
        if self.live {
            self.firm.index_generation.fetch_add(1, Ordering::SeqCst);
        }
        Ok(index)
    }
}

/// What tells two files of one name apart.
type FileId = (u64, u64);

/// The file that `path` names; none when there is none.
#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// The file that `path` names, which is taken for the same as long as there is one.
#[cfg(not(unix))]
fn file_id(path: &Path) -> Option<FileId> {
    path.exists().then_some((0, 0))
}

fn read_failing(index: &mut Db) -> Result<HashMap<ObjectKey, Failing>, Error> {
    let mut failing = HashMap::new();
    let mut after = 0;
    loop {
        let page = all(index, &sync_failure::SyncFailures { after, limit: Limit::default() })?;
        let Some(last) = page.last() else { return Ok(failing) };
        after = last.id;
        let known =
            |row: sync_failure::SyncFailure| (row.object, Failing { tries: row.attempts, last: row.last_failed_at });
        failing.extend(page.into_iter().map(known));
    }
}

/// Whether an index can be gone on with.
enum Usable {
    /// It can, from this entry on.
    Ready(Db, i64),
    /// It is whole, and of another schema version.
    Outdated,
    Not,
}

fn usable(path: &Path, last: i64) -> Result<Usable, Error> {
    let mut index = Db::index(path)?;
    if all(&mut index, &IsSetUp)? != [true] {
        return Ok(Usable::Not);
    }
    Ok(match all(&mut index, &ReadCheckpoint)?.into_iter().next() {
        Some(found) if found.seq > last => Usable::Not,
        Some(found) if found.schema_version != engage_index::SCHEMA_VERSION => Usable::Outdated,
        Some(found) => Usable::Ready(index, found.seq),
        None => Usable::Not,
    })
}
