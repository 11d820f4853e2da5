//! Reconciliation: finds what in a firm's index is not what its journal says, and mends it, beside live writers.
//!
//! The streams of `compare` name suspects. Each is looked at again in an index transaction of its own, begun before the journal is
//! read: then the index cannot hold what the journal does not show, so what still differs is wrong. What the follower has yet to take
//! in (an object with entries past the index's checkpoint) is late, not wrong, and is left to it. The row is taken out and written anew
//! from its source in that transaction, so that the counts that triggers keep come right with it.
//!
//! Guarantees: writers never wait for it (it never touches the journal's writing side, and holds the index's lock for one row at a
//! time); memory is bounded; a run that was interrupted goes on where it was; one run a firm at a time; a dry run changes nothing.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use engage_domain::{Conversation, Kind, Timestamp, User};
use engage_index::{
    IndexRow, Statement, Table,
    checkpoint::ReadCheckpoint,
    projection,
    reconciliation::{self, Difference, Finding, PrintOf, ReadUnfinished, Reconciled, Tally, Unfinished},
    scan::{Key, Print},
};
use engage_journal::{Activation, Error, ObjectKey, read, registry};

use crate::{
    clock::Clock,
    compare::{Place, Sink, Stage, compare},
    firm::FirmHandle,
    follower::{all, key_of, run},
    sqlite::{Db, is_constraint},
};

/// Most findings that a run lists one by one; all are counted.
const FINDINGS_MAX: usize = 100;
/// Rows after which a run notes how far it has come.
const SAVE_EVERY: u64 = 10_000;
/// How long an interrupted run can be gone on with. After, too much has changed for its counts to say anything.
const RESUME_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);

/// Reconciles one firm. Blocks; `progress` counts the rows compared.
pub(crate) fn reconcile(
    firm: &FirmHandle,
    clock: &dyn Clock,
    dry_run: bool,
    progress: &Arc<AtomicU64>,
) -> Result<Reconciled, Error> {
    let mut journal = Db::reader(&firm.journal_path())?;
    let (mut index, guest) = open_index(firm)?;
    let mut mender = Mender {
        firm,
        journal: Db::reader(&firm.journal_path())?,
        index: guest,
        generation: firm.index_generation.load(Ordering::SeqCst),
        state: Unfinished {
            started_at: clock.now(),
            dry_run,
            stage: 0,
            after: "".into(),
            tally: Tally::default(),
            findings: vec![],
        },
        progress: Arc::clone(progress),
        unsaved: 0,
    };
    let resumed = mender.take_up(clock.now())?;
    let from = mender.place();
    compare(&firm.id, &mut journal, &mut index, &from, &mut mender)?;
    if !dry_run {
        run(&mut mender.index, &Unfinished::forget())?;
    }
    let Unfinished { started_at, tally, findings, .. } = mender.state;
    Ok(Reconciled { firm: firm.id.clone(), started_at, finished_at: clock.now(), dry_run, resumed, tally, findings })
}

/// Opens the index twice, to compare and to mend, both times the same file.
fn open_index(firm: &FirmHandle) -> Result<(Db, Db), Error> {
    let _gate = firm.index_gate.read().unwrap_or_else(PoisonError::into_inner);
    let mut opened = (Db::reader(&firm.index_path())?, Db::guest(&firm.index_path())?);
    // SQLite opens a log by its name when it first reads, so that belongs behind the gate as well.
    all(&mut opened.0, &ReadCheckpoint)?;
    all(&mut opened.1, &ReadCheckpoint)?;
    Ok(opened)
}

/// What should stand under a key.
enum Source {
    /// Nothing.
    None,
    /// Whatever the follower is about to write.
    Late,
    /// That cannot be told: its object cannot be read.
    Unreadable,
    Row(Print, Statement),
}

struct Mender<'a> {
    firm: &'a FirmHandle,
    journal: Db,
    index: Db,
    generation: u64,
    state: Unfinished,
    progress: Arc<AtomicU64>,
    unsaved: u64,
}

impl Mender<'_> {
    /// Goes on with a run that was interrupted, if there is one.
    fn take_up(&mut self, now: Timestamp) -> Result<bool, Error> {
        if self.state.dry_run {
            return Ok(false);
        }
        let found = all(&mut self.index, &ReadUnfinished)?.into_iter().next();
        let fresh = found.filter(|run| {
            let age = now.as_millis() - run.started_at.as_millis();
            !run.dry_run && age >= 0 && age as u128 <= RESUME_WITHIN.as_millis()
        });
        let Some(run) = fresh else { return Ok(false) };
        self.progress.store(run.tally.rows, Ordering::Relaxed);
        self.state = run;
        Ok(true)
    }

    fn place(&self) -> Place {
        match Stage::ALL.get(usize::from(self.state.stage)) {
            Some(stage) => Place { stage: *stage, after: self.state.after.to_string() },
            None => Place::start(),
        }
    }

    /// Looks at one row again, under the index's lock, and mends it.
    fn settle(&mut self, table: Table, key: &Key) -> Result<(), Error> {
        self.index.begin()?;
        let found = self.settle_locked(table, key);
        match &found {
            Ok(Some(_)) if !self.state.dry_run => self.index.commit()?,
            _ => self.index.rollback(),
        }
        let (difference, mended) = match found {
            Ok(None) => return Ok(()),
            Ok(Some(difference)) => (difference, !self.state.dry_run),
            Err((Some(difference), error)) if is_constraint(&error) => {
                tracing::error!(firm = %self.firm.id, table = table.name(), key = %key.0, error = &error as &dyn std::error::Error, "a row cannot be mended");
                (difference, false)
            }
            Err((_, error)) => return Err(error),
        };
        self.note(table, key, difference, mended);
        Ok(())
    }

    fn settle_locked(&mut self, table: Table, key: &Key) -> Result<Option<Difference>, (Option<Difference>, Error)> {
        let plain = |error| (None, error);
        let held = all(&mut self.index, &ReadCheckpoint).map_err(plain)?.first().map_or(0, |checkpoint| checkpoint.seq);
        let expected = match self.source(table, key, held).map_err(plain)? {
            Source::Late | Source::Unreadable => return Ok(None),
            Source::None => None,
            Source::Row(print, statement) => Some((print, statement)),
        };
        let query = PrintOf { table, firm: self.firm.id.clone(), key: key.clone() };
        let stored = all(&mut self.index, &query).map_err(plain)?.into_iter().next();
        let difference = Difference::of(stored.as_ref(), expected.as_ref().map(|(print, _)| print));
        let Some(difference) = difference.filter(|_| !self.state.dry_run) else { return Ok(difference) };
        let mended = run(&mut self.index, &reconciliation::delete(table, &self.firm.id, key))
            .and_then(|_| expected.map_or(Ok(0), |(_, insert)| run(&mut self.index, &insert)));
        mended.map(|_| Some(difference)).map_err(|error| (Some(difference), error))
    }

    /// What the journal says of a row, of an index that holds every entry up to `held`.
    fn source(&mut self, table: Table, key: &Key, held: i64) -> Result<Source, Error> {
        let source = match table {
            Table::Conversation | Table::Assignment => self.conversation(table, key, held),
            Table::User => self.user(key, held),
            Table::Audit | Table::Passage => self.entry(table, key, held),
            Table::Conflict => self.conflict(key, held),
        };
        match source {
            Err(Error::Corrupt(_)) => Ok(Source::Unreadable),
            source => source,
        }
    }

    fn conversation(&mut self, table: Table, key: &Key, held: i64) -> Result<Source, Error> {
        let Ok(id) = key.0.parse() else { return Ok(Source::None) };
        let object = ObjectKey { kind: Kind::Conversation, name: key.0.clone() };
        let found = Activation::<Conversation>::load(&mut self.journal, object)?;
        if !found.exists() {
            return Ok(Source::None);
        }
        if found.last_event() > held {
            return Ok(Source::Late);
        }
        if table == Table::Conversation {
            return Ok(row(&projection::conversation_row(&self.firm.id, id, &found.state)));
        }
        let rows = projection::assignment_rows(&self.firm.id, id, &found.state);
        Ok(rows.iter().find(|row| row.key() == *key).map_or(Source::None, row))
    }

    fn user(&mut self, key: &Key, held: i64) -> Result<Source, Error> {
        let Ok(id) = key.0.parse() else { return Ok(Source::None) };
        let object = ObjectKey { kind: Kind::User, name: key.0.clone() };
        let found = Activation::<User>::load(&mut self.journal, object)?;
        Ok(if !found.exists() {
            Source::None
        } else if found.last_event() > held {
            Source::Late
        } else {
            row(&projection::user_row(&self.firm.id, id, &found.state))
        })
    }

    fn conflict(&mut self, key: &Key, held: i64) -> Result<Source, Error> {
        let Ok(id) = key.0.parse() else { return Ok(Source::None) };
        Ok(match registry::conflict(&mut self.journal, id)? {
            None => Source::None,
            Some(kept) if kept.seq > held => Source::Late,
            Some(kept) => row(&projection::conflict_row(&self.firm.id, &kept)),
        })
    }

    fn entry(&mut self, table: Table, key: &Key, held: i64) -> Result<Source, Error> {
        let Ok(id) = key.0.parse() else { return Ok(Source::None) };
        match read::entry_of(&mut self.journal, id)? {
            None => Ok(Source::None),
            Some(entry) if entry.seq > held => Ok(Source::Late),
            Some(entry) if table == Table::Passage => match projection::passage_row(&self.firm.id, &entry)? {
                Some(passage) => Ok(row(&passage)),
                None if read::last_event_of(&mut self.journal, &key_of(&entry))?.is_some_and(|last| last > held) => {
                    // The erasure that took it may be among what the follower has yet to take in.
                    Ok(Source::Late)
                }
                None => Ok(Source::None),
            },
            Some(entry) => Ok(row(&projection::audit_row(&self.firm.id, &entry)?)),
        }
    }

    fn note(&mut self, table: Table, key: &Key, difference: Difference, mended: bool) {
        self.state.tally.count(difference);
        self.state.tally.repaired += u64::from(mended);
        if self.state.findings.len() < FINDINGS_MAX {
            self.state.findings.push(Finding::new(table, key, difference));
        }
        metrics::counter!("engage_index_differences_total", "difference" => difference.as_str()).increment(1);
        tracing::warn!(firm = %self.firm.id, table = table.name(), key = %key.0, difference = difference.as_str(), mended, "a row of the index differed from its source");
    }

    fn save(&mut self) -> Result<(), Error> {
        self.unsaved = 0;
        if self.state.dry_run {
            return Ok(());
        }
        run(&mut self.index, &self.state.save()?).map(drop)
    }
}

fn row(row: &impl IndexRow) -> Source {
    Source::Row(row.print(), row.to_statement())
}

fn interrupted(why: &str) -> Error {
    Error::Storage { operation: "reconcile the index".into(), message: why.into(), transient: true, source: None }
}

impl Sink for Mender<'_> {
    fn differs(&mut self, table: Table, key: &Key, _: Difference) -> Result<(), Error> {
        self.settle(table, key)
    }

    fn miscounts(&mut self, user: &Key) -> Result<(), Error> {
        self.index.begin()?;
        let changed = run(&mut self.index, &reconciliation::recount(&self.firm.id, &user.0));
        match &changed {
            Ok(1..) if !self.state.dry_run => self.index.commit()?,
            _ => self.index.rollback(),
        }
        if changed? > 0 {
            self.note(Table::User, user, Difference::Drifted, !self.state.dry_run);
        }
        Ok(())
    }

    fn unreadable(&mut self, object: &ObjectKey, problem: String) -> Result<(), Error> {
        self.state.tally.unreadable += 1;
        tracing::error!(firm = %self.firm.id, object = %object.name, problem, "an object cannot be read, so its rows were left alone");
        Ok(())
    }

    fn passed(&mut self, rows: u64, place: Place) -> Result<(), Error> {
        if self.firm.is_closing() {
            self.save()?;
            return Err(interrupted("the platform is shutting down; the next run goes on from here"));
        }
        if self.firm.index_generation.load(Ordering::SeqCst) != self.generation {
            return Err(interrupted("the index was begun anew meanwhile"));
        }
        self.state.tally.rows += rows;
        self.state.stage = place.stage as u8;
        self.state.after = place.after.into();
        self.progress.store(self.state.tally.rows, Ordering::Relaxed);
        self.unsaved += rows;
        if self.unsaved >= SAVE_EVERY { self.save() } else { Ok(()) }
    }
}
