//! One firm's follower: reads what its journal has recorded past the index's checkpoint, brings the objects' states up to it, and writes
//! their rows, the audit rows and the new checkpoint in one index transaction.
//!
//! Guarantees: nothing is lost in a crash and nothing is applied twice, because rows and checkpoint land together and every write is
//! version-guarded. However many entries an object has had since the last pass, its row is written once. An object whose rows
//! cannot be written stands back with a note in `sync_failure`, written together with the checkpoint that passes it by; the others go on.

mod conflicts;
mod entries;
mod files;
mod objects;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::ControlFlow,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use engage_domain::{Kind, Timestamp, Version};
use engage_index::{Param, Query, Statement, checkpoint, projection, reconciliation, sync_failure};
use engage_journal::{Entry, Error, ObjectKey, Sql, read, sql};

pub(super) use self::conflicts::write_all;
use self::files::Files;
use super::{
    rebuild::{Rebuild, Step},
    states::States,
};
use crate::{
    firm::FirmHandle,
    sqlite::{Db, is_constraint, is_damaged_at},
};

/// Most entries in one pass, and most bytes of payload: bounds the memory and how long the index stays locked.
const ENTRIES_MAX: i64 = 4_000;
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// Tries before an object is parked: from then on only a new entry of its own, or a replay, tries it again.
const TRIES_MAX: u64 = 8;
/// First wait before an object is tried again; doubles with each further failure.
const RETRY_FIRST_MS: i64 = 200;

/// Above every version that an object can have.
const LATEST: Version = Version(i64::MAX as u64);

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The index holds everything.
    Done,
    /// There was more than one pass takes.
    More,
    /// The index holds everything but an object that is to be tried again.
    Later(Duration),
}

/// One firm's follower.
pub(super) struct Follower {
    firm: Arc<FirmHandle>,
    files: Option<Files>,
    states: States,
    failing: HashMap<ObjectKey, Failing>,
    /// Whether the index's file is to be begun anew, for it was found damaged.
    damaged: bool,
    /// Whether this is the index that lists ask; the other kind is built beside it.
    live: bool,
    /// Whether the live file is of another schema version: it answers lists as well as it can, and is written no more.
    outdated: bool,
    /// Whether the rows of objects are left to [`Follower::write_objects`].
    deferring: bool,
    /// The entry behind which nothing is taken in for now.
    bound: i64,
    rebuild: Option<Rebuild>,
}

/// An object whose rows could not be written, as `sync_failure` has it.
#[derive(Clone, Copy)]
struct Failing {
    tries: u64,
    last: Timestamp,
}

impl Failing {
    const fn is_parked(self) -> bool {
        self.tries >= TRIES_MAX
    }

    const fn retry_at(self) -> Timestamp {
        self.last.plus_millis(RETRY_FIRST_MS << if self.tries < TRIES_MAX { self.tries } else { TRIES_MAX })
    }
}

/// What one pass has read.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    /// The objects whose rows are to be written, each once, in the order in which they first changed.
    changed: Vec<ObjectKey>,
    known: HashSet<ObjectKey>,
    /// What somebody asked to be tried again.
    wanted: Vec<ObjectKey>,
    more: bool,
}

impl Follower {
    pub(super) fn new(firm: Arc<FirmHandle>) -> Self {
        Self {
            firm,
            files: None,
            states: States::new(),
            failing: HashMap::new(),
            damaged: false,
            live: true,
            outdated: false,
            deferring: false,
            bound: i64::MAX,
            rebuild: None,
        }
    }

    /// The follower of an index that is built beside the live one. It leaves the objects' rows until they are asked for.
    pub(super) fn beside(firm: Arc<FirmHandle>) -> Self {
        Self { live: false, deferring: true, ..Self::new(firm) }
    }

    fn path(&self) -> PathBuf {
        if self.live { self.firm.index_path() } else { self.firm.next_index_path() }
    }

    /// The entry that the index has come to.
    pub(super) fn seq(&self) -> i64 {
        self.files.as_ref().map_or(0, |files| files.seq)
    }

    pub(super) fn index(&mut self) -> Result<&mut Db, Error> {
        self.files.as_mut().map(|files| &mut files.index).ok_or_else(not_open)
    }

    pub(super) fn journal(&mut self) -> Result<&mut Db, Error> {
        self.files.as_mut().map(|files| &mut files.journal).ok_or_else(not_open)
    }

    /// Opens the files of an index that is to be built, before anything is taken in.
    pub(super) fn prepare(&mut self, now: Timestamp) -> Result<(), Error> {
        if self.files.is_none() {
            self.files = self.open(now)?;
        }
        Ok(())
    }

    /// Makes an index that was built beside the live one ready to take its place.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        self.states.clear();
        self.files.take().map_or(Ok(()), |files| files.index.finish())
    }

    pub(super) const fn firm(&self) -> &Arc<FirmHandle> {
        &self.firm
    }

    /// Closes the files; the next pass opens them anew.
    pub(super) fn close(&mut self) {
        self.files = None;
        self.states.clear();
    }

    /// Takes in what is new, at most one batch of it, and does a slice of a rebuild where there is one.
    pub(super) fn pass(&mut self, now: Timestamp) -> Result<Progress, Error> {
        let progress = if self.outdated { Progress::Done } else { self.follow(now)? };
        if self.rebuild.is_none() {
            let asker = self.firm.take_rebuild();
            if asker.is_none() && !self.outdated {
                return Ok(progress);
            }
            self.rebuild = Some(Rebuild::begin(&self.firm, asker, now));
        }
        let Some(mut rebuild) = self.rebuild.take() else { return Ok(progress) };
        let live = (!self.outdated).then_some(&mut *self);
        match rebuild.step(live, now).and_then(|step| match step {
            Step::More => Ok(None),
            Step::Ready => self.swap(&mut rebuild).map(Some),
        }) {
            Ok(None) => self.rebuild = Some(rebuild),
            Ok(Some(entries)) => rebuild.end(now, entries),
            Err(error) => {
                // Begun anew the next time.
                rebuild.fail(error)?;
                return Ok(progress);
            }
        }
        Ok(Progress::More)
    }

    /// Puts the new index in the place of the live one.
    fn swap(&mut self, rebuild: &mut Rebuild) -> Result<i64, Error> {
        let seq = rebuild.builder.seq();
        rebuild.builder.finish()?;
        if let Some(files) = &mut self.files {
            files.index.checkpoint_passively()?;
        }
        self.close();
        self.firm.swap_index().map_err(|error| Error::Storage {
            operation: format!("replace {}", self.path().display()),
            message: error.to_string(),
            transient: true,
            source: Some(Box::new(error)),
        })?;
        self.outdated = false;
        self.firm.set_outdated(false);
        self.firm.set_building(false);
        Ok(seq)
    }

    /// Takes in everything up to the entry `target`, and nothing behind it.
    pub(super) fn follow_to(&mut self, target: i64, now: Timestamp) -> Result<(), Error> {
        self.bound = target;
        let mut done = Ok(());
        while done.is_ok() && self.seq() < target {
            done = self.follow(now).map(drop);
        }
        self.bound = i64::MAX;
        done
    }

    /// Takes in what is new, at most one batch of it.
    pub(super) fn follow(&mut self, now: Timestamp) -> Result<Progress, Error> {
        if self.is_index_gone() {
            tracing::warn!(firm = %self.firm.id, "the index or its log is gone, or another file is in its place");
            self.close();
            if self.live {
                // Readers leave the old one, too.
                self.firm.index_generation.fetch_add(1, Ordering::SeqCst);
            }
        }
        if self.live && self.firm.take_index_damaged() {
            self.firm.count_failure();
            metrics::counter!("engage_index_failures_total").increment(1);
            self.damaged = true;
            self.close();
        }
        let mut files = match self.files.take() {
            Some(files) => files,
            None => {
                let opened = self.open(now).inspect_err(|error| {
                    // Found only after the file was taken for a good one.
                    self.damaged |= is_damaged_at(error, &self.path());
                })?;
                match opened {
                    Some(files) => files,
                    None => return Ok(Progress::More),
                }
            }
        };
        let progress = self.pass_over(&mut files, now);
        files.journal.rollback();
        match &progress {
            Ok(_) => {
                self.files = Some(files);
                if self.live && !self.is_index_gone() {
                    // Also where a reader met a file that was gone for a moment.
                    self.firm.set_laid_out(true);
                }
            }
            Err(error) => {
                self.damaged |= is_damaged_at(error, &self.path());
                // What was cached may be ahead of what the index holds.
                self.states.clear();
            }
        }
        progress
    }

    /// Whether the index that is open is no longer the one behind its name.
    pub(super) fn is_index_gone(&self) -> bool {
        // What is built beside the live one has no log.
        self.files.as_ref().is_some_and(|files| files.are_gone(self.live))
    }

    fn pass_over(&mut self, files: &mut Files, now: Timestamp) -> Result<Progress, Error> {
        files.journal.begin_read()?;
        let mut batch = self.gather(files, now)?;
        if batch.entries.is_empty() && batch.changed.is_empty() {
            // Whatever was asked to be tried again is in the index by now.
            self.firm.have_tried(&batch.wanted);
            // Nothing to write; say so, for the heartbeat of a firm that had only failed batches since.
            self.publish(files, now, now, false);
            return Ok(self.after(now, false));
        }
        let mut failed = vec![];
        for entry in &batch.entries {
            if entry.is_event()
                && !self.deferring
                && let Err(error) = self.states.take_in(&mut files.journal, entry)
            {
                note(&mut failed, key_of(entry), error);
            }
        }
        let of_conflicts =
            if self.deferring { BTreeSet::new() } else { conflicts::changed(&batch.entries, &mut failed) };
        let (seq, at) = match batch.entries.last() {
            Some(last) => (last.seq, last.at),
            None => (files.seq, now),
        };
        let states = &mut self.states;
        let failing = &mut self.failing;
        let firm = &self.firm;
        let mut reconciled = None;
        let Files { journal, index, .. } = files;
        index.transaction(|index| {
            let mut audit = Vec::with_capacity(batch.entries.len());
            for entry in &batch.entries {
                match projection::audit_row(&firm.id, entry) {
                    Ok(row) => audit.push(row),
                    Err(error) => note(&mut failed, key_of(entry), error),
                }
            }
            entries::write_audit(index, &audit)?;
            reconciled = audit.into_iter().rfind(|row| &*row.action == reconciliation::ACTION);
            for key in std::mem::take(&mut batch.changed) {
                if failed.iter().any(|(other, _)| *other == key) {
                    continue;
                }
                match states.write_rows(firm, journal, index, &key) {
                    Ok(()) => {
                        if failing.remove(&key).is_some() {
                            run(index, &sync_failure::resolve(&key, LATEST))?;
                        }
                    }
                    Err(error) if is_its_own(&error) => {
                        note(&mut failed, key, error);
                    }
                    Err(error) => return Err(error),
                }
            }
            for id in of_conflicts {
                match conflicts::write(&firm.id, journal, index, id) {
                    Ok(()) => {}
                    Err(error) if is_its_own(&error) => note(&mut failed, conflicts::object_of(&firm.id), error),
                    Err(error) => return Err(error),
                }
            }
            // Behind the rows: what is written while words wait for their place has them put down first.
            entries::write_passages(index, &firm.id, &batch.entries, &mut failed)?;
            for (key, error) in &failed {
                let version = batch.entries.iter().filter(|entry| is_of(entry, key)).map(|entry| entry.version).max();
                park(index, failing, key, version.unwrap_or_default(), error, now)?;
            }
            run(index, &checkpoint::beat(now))?;
            run(index, &checkpoint::advance(seq, at)).map(drop)
        })?;
        for (key, error) in &failed {
            self.states.remove(key);
            tracing::error!(firm = %self.firm.id, object = %key.name, error = error as &dyn std::error::Error, "an object cannot be indexed");
        }
        self.firm.have_tried(&batch.wanted);
        if let Some(row) = reconciled {
            self.firm.set_last_reconciliation(row);
        }
        files.seq = seq;
        metrics::counter!("engage_index_entries_total").increment(batch.entries.len() as u64);
        self.publish(files, at, now, batch.more);
        Ok(self.after(now, batch.more))
    }

    /// Reads the next entries and notes which objects they change; adds the objects whose time to be tried again has come.
    fn gather(&mut self, files: &mut Files, now: Timestamp) -> Result<Batch, Error> {
        let mut batch = Batch::default();
        let mut bytes = 0;
        let limit = ENTRIES_MAX.min(self.bound.saturating_sub(files.seq));
        read::entries_after(&mut files.journal, files.seq, limit, &mut |entry| {
            bytes += entry.payload.as_ref().map_or(0, |payload| payload.len());
            // The firm has no row of its own; one whose registry stands back is tried again with its next event.
            let has_rows = entry.kind != Kind::Firm || self.failing.contains_key(&key_of(&entry));
            if entry.is_event() && has_rows && !self.deferring && batch.known.insert(key_of(&entry)) {
                batch.changed.push(key_of(&entry));
            }
            batch.entries.push(entry);
            Ok(if bytes < BYTES_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        batch.more = bytes >= BYTES_MAX || batch.entries.len() as i64 == ENTRIES_MAX;
        batch.wanted = self.firm.wanted();
        for (key, failing) in &self.failing {
            let due = !failing.is_parked() && failing.retry_at() <= now;
            if (due || batch.wanted.contains(key)) && batch.known.insert(key.clone()) {
                batch.changed.push(key.clone());
            }
        }
        Ok(batch)
    }

    fn publish(&self, files: &Files, at: Timestamp, read_at: Timestamp, more: bool) {
        if !self.live {
            return;
        }
        let parked = self.failing.values().filter(|failing| failing.is_parked()).count();
        self.firm.set_parked(parked as u64);
        if !more {
            self.firm.set_building(false);
        }
        self.firm.applied(files.seq, at, read_at, more);
    }

    fn after(&self, now: Timestamp, more: bool) -> Progress {
        if more {
            return Progress::More;
        }
        let due = self.failing.values().filter(|failing| !failing.is_parked()).map(|failing| failing.retry_at()).min();
        due.map_or(Progress::Done, |due| {
            let wait = u64::try_from(due.as_millis() - now.as_millis()).unwrap_or(0);
            Progress::Later(Duration::from_millis(wait))
        })
    }
}

/// Notes in the index that an object stands back.
fn park(
    index: &mut Db,
    failing: &mut HashMap<ObjectKey, Failing>,
    key: &ObjectKey,
    version: Version,
    error: &Error,
    now: Timestamp,
) -> Result<(), Error> {
    run(index, &sync_failure::park(key, version, 1, &error.to_string(), now))?;
    let tries = failing.get(key).map_or(0, |failing| failing.tries);
    failing.insert(key.clone(), Failing { tries: tries + 1, last: now });
    Ok(())
}

/// Whether an error is the object's own, so that the others go on without it.
fn is_its_own(error: &Error) -> bool {
    is_constraint(error) || matches!(error, Error::Corrupt(_))
}

/// The object of an entry.
pub(crate) fn key_of(entry: &Entry) -> ObjectKey {
    ObjectKey { kind: entry.kind, name: entry.object.clone() }
}

/// Notes why an object cannot be indexed: the first reason of a pass, once.
fn note(failed: &mut Vec<(ObjectKey, Error)>, key: ObjectKey, error: Error) {
    if failed.iter().all(|(other, _)| *other != key) {
        failed.push((key, error));
    }
}

fn is_of(entry: &Entry, key: &ObjectKey) -> bool {
    entry.kind == key.kind && entry.object == key.name
}

fn not_open() -> Error {
    Error::Storage {
        operation: "rebuild the index".into(),
        message: "it is not open".into(),
        transient: true,
        source: None,
    }
}

/// Runs one statement; gives the number of rows it changed.
pub(crate) fn run(db: &mut Db, statement: &Statement) -> Result<usize, Error> {
    let params: Vec<_> = statement.params.iter().map(Param::as_value).collect();
    db.execute(&statement.sql, &params)
}

/// Every row of a query.
pub(crate) fn all<Q: Query>(db: &mut Db, query: &Q) -> Result<Vec<Q::Row>, Error> {
    let statement = query.statement();
    let params: Vec<_> = statement.params.iter().map(Param::as_value).collect();
    sql::all(db, &statement.sql, &params, |row| Q::decode(row))
}
