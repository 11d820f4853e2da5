//! A rebuild: a second index is built from the journal beside the live one, compared with it, and put in its place.
//!
//! It goes on in slices between the live index's passes, on the same thread, so lists keep answering and stay as fresh as they were,
//! and no two threads ever own an index. The swap is one `rename` under the gate that readers open files behind; the index that was
//! replaced stays beside it as `index.prev.db` until the next rebuild.
//!
//! A row of the live index that the new one does not hold just so is a difference: the journal cannot account for it. Those met while the
//! two were at different entries are looked at again once both have come to the same one.

use std::{
    cmp::Ordering,
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use engage_domain::{FirmId, Kind, Timestamp};
use engage_index::{
    Table,
    reconciliation::{Difference, Finding, PrintOf, Rebuilt, Reconciled, Tally, recount_all},
    scan::{Key, Print, Walk},
};
use engage_journal::{Error, ObjectKey, Sql, read, registry, sql};
use tokio::sync::oneshot;

use super::pass::{Follower, Progress, all, key_of, run};
use crate::{firm::FirmHandle, sqlite::Db};

/// Rows read at a time, and compared in one slice.
const PAGE: u32 = 1_000;
const SLICE: usize = 4_000;
/// How long a slice goes on making indexes: the live one waits meanwhile.
const SLICE_TIME: Duration = Duration::from_millis(50);
/// Differences that are looked at again at the end; beyond, they count as they were met.
const SUSPECTS_MAX: usize = 10_000;
/// Most findings that are listed one by one.
const FINDINGS_MAX: usize = 100;

/// Whoever asked for a rebuild, and hears of it.
pub(crate) type Asker = oneshot::Sender<Result<Rebuilt, Arc<Error>>>;

/// How far a slice came.
pub(super) enum Step {
    More,
    /// The new index can take the place of the old one.
    Ready,
}

pub(super) struct Rebuild {
    pub(super) builder: Box<Follower>,
    asker: Option<Asker>,
    started_at: Timestamp,
    scaffold: Scaffold,
    objects: Objects,
    comparison: Option<Comparison>,
    tally: Tally,
    findings: Vec<Finding>,
}

/// Which objects, and conflicts after them, have their rows in the new index.
enum Objects {
    /// None: entries come first.
    None,
    /// Those before this kind, and of it those up to this name.
    UpTo(Kind, Box<str>),
    /// All of them, and of the conflicts those up to this id.
    Conflicts(Box<str>),
    All,
}

/// What the new index does without while its tables fill: to sort an index's entries once at the end costs a fraction of finding each
/// one's place. Triggers go with the indexes that they ask. Those of the passages stay: words are indexed as the passages come.
enum Scaffold {
    /// It is to be taken down.
    Standing,
    /// The statements that make it again, in their order.
    Down(VecDeque<String>),
    /// Everything is there again.
    Rebuilt,
}

impl Rebuild {
    /// Begins one. What one before has left is not gone on with.
    pub(super) fn begin(firm: &Arc<FirmHandle>, asker: Option<Asker>, now: Timestamp) -> Self {
        let builder = Box::new(Follower::beside(Arc::clone(firm)));
        Self {
            builder,
            asker,
            started_at: now,
            scaffold: Scaffold::Standing,
            objects: Objects::None,
            comparison: None,
            tally: Tally::default(),
            findings: vec![],
        }
    }

    /// Takes indexes and triggers down before the first entry, and puts them up again, as many as a slice allows, once the tables are
    /// full. True when all are there.
    fn raise(&mut self, built: bool) -> Result<bool, Error> {
        let firm = self.builder.firm().id.clone();
        let db = self.builder.index()?;
        match &mut self.scaffold {
            Scaffold::Standing => {
                let text =
                    "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL
                            AND tbl_name <> 'passage_index' ORDER BY type, rowid";
                let parts = sql::all(db, text, &[], |row| {
                    Ok((format!("DROP {} {}", row.text(0)?, row.text(1)?), row.text(2)?.to_owned()))
                })?;
                db.transaction(|db| parts.iter().try_for_each(|(drop, _)| db.script(drop)))?;
                self.scaffold = Scaffold::Down(parts.into_iter().map(|(_, make)| make).collect());
                Ok(false)
            }
            Scaffold::Down(_) if !built => Ok(false),
            Scaffold::Down(parts) => {
                let began = Instant::now();
                while parts.front().is_some_and(|make| !make.starts_with("CREATE TRIGGER")) {
                    if let Some(index) = parts.pop_front() {
                        db.script(&index)?;
                    }
                    if began.elapsed() > SLICE_TIME {
                        return Ok(false);
                    }
                }
                // With the triggers nothing counts by hand any more.
                db.transaction(|db| {
                    run(db, &recount_all(&firm))?;
                    parts.iter().try_for_each(|make| db.script(make))
                })?;
                self.scaffold = Scaffold::Rebuilt;
                Ok(true)
            }
            Scaffold::Rebuilt => Ok(true),
        }
    }

    /// Builds or compares a slice. `live` is the index to compare with; none: there is nothing that could be compared.
    pub(super) fn step(&mut self, live: Option<&mut Follower>, now: Timestamp) -> Result<Step, Error> {
        if matches!(self.scaffold, Scaffold::Standing) {
            self.builder.prepare(now)?;
            self.raise(false)?;
        }
        let followed = matches!(self.builder.follow(now)?, Progress::Done | Progress::Later(_));
        let filled = self.write_objects(followed, now)? && followed;
        let built = self.raise(filled)? && followed;
        let Some(live) = live else { return Ok(if built { Step::Ready } else { Step::More }) };
        if self.comparison.is_none() && !built {
            return Ok(Step::More);
        }
        let firm = self.builder.firm().id.clone();
        let comparison = self.comparison.get_or_insert_with(|| Comparison::new(&firm));
        if !comparison.slice(live.index()?, self.builder.index()?)? {
            return Ok(Step::More);
        }
        self.settle(live, now)?;
        Ok(Step::Ready)
    }

    /// Writes the rows of some objects or conflicts once the entries are in; true when all have theirs.
    fn write_objects(&mut self, followed: bool, now: Timestamp) -> Result<bool, Error> {
        self.objects = match &self.objects {
            Objects::None if !followed => Objects::None,
            Objects::None => Objects::UpTo(Kind::Conversation, "".into()),
            Objects::UpTo(kind, after) => match (self.builder.write_objects(*kind, after, now)?, kind) {
                (Some(last), _) => Objects::UpTo(*kind, last),
                (None, Kind::Conversation) => Objects::UpTo(Kind::User, "".into()),
                (None, _) => Objects::Conflicts("".into()),
            },
            Objects::Conflicts(after) => match self.builder.write_conflicts(after, now)? {
                Some(last) => Objects::Conflicts(last),
                None => Objects::All,
            },
            Objects::All => return Ok(true),
        };
        Ok(matches!(self.objects, Objects::All))
    }

    /// Brings both to the same entry and looks at what differed again.
    fn settle(&mut self, live: &mut Follower, now: Timestamp) -> Result<(), Error> {
        let target = live.seq().max(self.builder.seq());
        live.follow_to(target, now)?;
        self.builder.follow_to(target, now)?;
        let Some(comparison) = self.comparison.take() else { return Ok(()) };
        self.tally.rows = comparison.rows;
        self.tally.unreadable = 0;
        for (table, key) in comparison.suspects {
            let print = |db: &mut Db| -> Result<Option<Print>, Error> {
                let query = PrintOf { table, firm: comparison.firm.clone(), key: key.clone() };
                Ok(all(db, &query)?.into_iter().next())
            };
            let (stored, expected) = (print(live.index()?)?, print(self.builder.index()?)?);
            if let Some(difference) = Difference::of(stored.as_ref(), expected.as_ref())
                && !is_late(self.builder.journal()?, table, &key, target)?
            {
                self.note(table, &key, difference);
            }
        }
        self.tally.drifted += comparison.uncounted;
        // The new index holds them as they should be.
        self.tally.repaired = self.tally.differences();
        Ok(())
    }

    fn note(&mut self, table: Table, key: &Key, difference: Difference) {
        self.tally.count(difference);
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding::new(table, key, difference));
        }
        tracing::warn!(firm = %self.builder.firm().id, table = table.name(), key = %key.0, difference = difference.as_str(), "a row of the replaced index differed from the journal");
    }

    /// Tells whoever asked.
    pub(super) fn end(self, now: Timestamp, entries: i64) {
        let firm = self.builder.firm().id.clone();
        let Self { asker, started_at, tally, findings, .. } = self;
        tracing::info!(%firm, entries, differences = tally.differences(), "the index was rebuilt");
        metrics::counter!("engage_rebuilds_total").increment(1);
        let run = Reconciled { firm, started_at, finished_at: now, dry_run: false, resumed: false, tally, findings };
        if let Some(asker) = asker {
            // Whoever has gone away reads it in the audit trail.
            let _ = asker.send(Ok(Rebuilt { run, entries: u64::try_from(entries).unwrap_or(0) }));
        }
    }

    /// Tells whoever asked that it came to nothing. Gives the error back where nobody did.
    pub(super) fn fail(self, error: Error) -> Result<(), Error> {
        match self.asker {
            Some(asker) => {
                tracing::error!(firm = %self.builder.firm().id, error = &error as &dyn std::error::Error, "a rebuild came to nothing");
                let _ = asker.send(Err(Arc::new(error)));
                Ok(())
            }
            None => Err(error),
        }
    }
}

/// Whether a row's object has moved on past the entry that both indexes have come to, so that either may be ahead of it.
fn is_late(journal: &mut Db, table: Table, key: &Key, target: i64) -> Result<bool, Error> {
    let of = |kind| Some(ObjectKey { kind, name: key.0.clone() });
    let object = match table {
        Table::Conversation | Table::Assignment => of(Kind::Conversation),
        Table::User => of(Kind::User),
        // An erasure takes it at once out of the journal, and out of an index that comes to it.
        Table::Passage => match key.0.parse() {
            Ok(id) => read::entry_of(journal, id)?.map(|entry| key_of(&entry)),
            Err(_) => None,
        },
        Table::Conflict => {
            let Ok(id) = key.0.parse() else { return Ok(false) };
            return match registry::conflict(journal, id) {
                Ok(kept) => Ok(kept.is_some_and(|kept| kept.seq > target)),
                // The new index is without it, and the other stays beside it.
                Err(Error::Corrupt(_)) => Ok(false),
                Err(error) => Err(error),
            };
        }
        Table::Audit => None,
    };
    let Some(object) = object else { return Ok(false) };
    Ok(read::last_event_of(journal, &object)?.is_some_and(|last| last > target))
}

/// Two indexes side by side, compared in slices.
struct Comparison {
    firm: FirmId,
    tables: VecDeque<Table>,
    live: Side,
    new: Side,
    rows: u64,
    suspects: Vec<(Table, Key)>,
    uncounted: u64,
}

#[derive(Default)]
struct Side {
    page: VecDeque<Print>,
    after: Option<Key>,
    ended: bool,
}

impl Side {
    fn peek(&mut self, firm: &FirmId, table: Table, db: &mut Db) -> Result<Option<&Print>, Error> {
        if self.page.is_empty() && !self.ended {
            let walk = Walk { table, firm: firm.clone(), after: self.after.take(), limit: PAGE };
            self.page = all(db, &walk)?.into();
            self.after = self.page.back().map(|last| last.key.clone());
            self.ended = self.page.is_empty();
        }
        Ok(self.page.front())
    }
}

impl Comparison {
    fn new(firm: &FirmId) -> Self {
        Self {
            firm: firm.clone(),
            tables: Table::ALL.into(),
            live: Side::default(),
            new: Side::default(),
            rows: 0,
            suspects: vec![],
            uncounted: 0,
        }
    }

    /// Compares some rows; true when all have been.
    fn slice(&mut self, live: &mut Db, new: &mut Db) -> Result<bool, Error> {
        for _ in 0..SLICE {
            let Some(&table) = self.tables.front() else { return Ok(true) };
            let (a, b) = (self.live.peek(&self.firm, table, live)?, self.new.peek(&self.firm, table, new)?);
            let (order, same) = match (a, b) {
                (None, None) => {
                    self.tables.pop_front();
                    (self.live, self.new) = Default::default();
                    continue;
                }
                (Some(_), None) => (Ordering::Less, false),
                (None, Some(_)) => (Ordering::Greater, false),
                (Some(a), Some(b)) => (a.key.cmp(&b.key), a == b),
            };
            let a = if order.is_le() { self.live.page.pop_front() } else { None };
            let b = if order.is_ge() { self.new.page.pop_front() } else { None };
            self.rows += 1;
            if !same && let Some(print) = a.or(b) {
                if self.suspects.len() < SUSPECTS_MAX {
                    self.suspects.push((table, print.key));
                } else {
                    self.uncounted += 1;
                }
            }
        }
        Ok(false)
    }
}
