//! A run over a firm's whole index: every object compares its own rows, then rows without an object are looked for. The firm's object leads
//! it, slice by slice, and keeps how far it has come; whoever asked drives the slices, and the alarm goes on where they have gone away.
//!
//! Guarantees: one run a firm at a time; a run that was begun comes to its end; it is recorded as an entry of the firm when it has ended.

use std::rc::Rc;

use engage_domain::{Actor, Conversation, Firm, FirmId, Kind, Timestamp, User, conversation};
use engage_index::{
    Limit, Query, Table, checkpoint,
    conversations::DeletedConversations,
    ownership::{Owned, Owners},
    reconciliation::{self, Difference, Rebuilt, Reconciled, WrongCounts},
    scan::Key,
};
use engage_journal::{Call, Error, Hosted, Intent, ObjectKey, Sql, Turn, Value, sql::first};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    compare::{Compared, Mode},
    directory,
    object::Object,
    platform::{self, Index},
    push::Pushed,
    wire::{self, Ask},
};

/// The table, in the firm's own storage.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS run (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  state TEXT NOT NULL
) STRICT;";

/// Objects compared in one slice, side by side.
const OBJECTS: i64 = 8;
/// Rows whose objects are looked for in one slice.
const ROWS: u32 = 200;
/// How long after a slice the alarm goes on, unless somebody has.
pub(crate) const STEP_LATEST_MS: i64 = 5_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// Find differences, and mend them unless it is a dry run.
    Reconcile { dry_run: bool },
    /// Write every row anew.
    Rebuild,
    /// What is done each night: erase what the firm's retention no longer keeps, reconcile, tell of the chains.
    Nightly,
    /// Write every row of an index that holds none, of a firm that was brought in or whose database was made anew. Nothing is recorded: the
    /// firm's journal stays as it is.
    Fill,
}

/// Where a run stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Place {
    Erase,
    Objects { after: Option<ObjectKey> },
    Rows { table: usize, after: Option<(Box<str>, Box<str>)> },
    Ended { at: Timestamp },
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Run {
    purpose: Purpose,
    actor: Actor,
    started_at: Timestamp,
    place: Place,
    objects: u64,
    found: Compared,
}

/// What became of a request for a run or for its next slice.
#[derive(Serialize, Deserialize)]
pub(crate) enum Progress {
    /// There is more to do.
    Running,
    /// Another run is under way.
    Busy,
    /// It has ended.
    Ended(Box<Rebuilt>),
}

impl Run {
    fn mode(&self) -> Mode {
        match self.purpose {
            Purpose::Reconcile { dry_run: true } => Mode::Look,
            Purpose::Reconcile { dry_run: false } | Purpose::Nightly => Mode::Mend,
            Purpose::Rebuild | Purpose::Fill => Mode::Rewrite,
        }
    }

    fn ended(self, firm: &FirmId, at: Timestamp) -> Rebuilt {
        let run = Reconciled {
            firm: firm.clone(),
            started_at: self.started_at,
            finished_at: at,
            dry_run: self.purpose == Purpose::Reconcile { dry_run: true },
            resumed: false,
            tally: self.found.tally,
            findings: self.found.findings,
        };
        Rebuilt { run, entries: self.found.entries }
    }
}

impl<A: Hosted> Object<A> {
    fn run(&self) -> Result<Option<Run>, Error> {
        let text = "SELECT state FROM run WHERE id = 1";
        first(&mut self.storage.clone(), text, &[], |row| {
            serde_json::from_str(row.text(0)?).map_err(|error| Error::Corrupt(format!("the state of a run: {error}")))
        })
    }

    fn keep_run(&self, run: &Run) -> Result<(), Error> {
        let state =
            serde_json::to_string(run).map_err(|error| Error::Corrupt(format!("the state of a run: {error}")))?;
        let text = "INSERT INTO run (id, state) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET state = excluded.state";
        self.storage.clone().execute(text, &[Value::Text(&state)]).map(drop)
    }

    /// Whether there is a run that has not ended.
    pub(crate) fn is_running(&self) -> Result<bool, Error> {
        Ok(self.compared()?.is_some())
    }

    /// How many rows the run has compared that is under way; none: there is none.
    pub(crate) fn compared(&self) -> Result<Option<u64>, Error> {
        let run = if A::KIND == Kind::Firm { self.run()? } else { None };
        Ok(run.filter(|run| !matches!(run.place, Place::Ended { .. })).map(|run| run.found.tally.rows))
    }

    /// Whether the index is being filled.
    pub(crate) fn is_filling(&self) -> Result<bool, Error> {
        let run = if A::KIND == Kind::Firm { self.run()? } else { None };
        Ok(run.is_some_and(|run| run.purpose == Purpose::Fill && !matches!(run.place, Place::Ended { .. })))
    }

    /// Begins a run.
    pub(crate) fn begin_run(&self, actor: Actor, purpose: Purpose) -> Result<Progress, Error> {
        if self.is_running()? {
            return Ok(Progress::Busy);
        }
        let place = if purpose == Purpose::Nightly { Place::Erase } else { Place::Objects { after: None } };
        let now = platform::now();
        self.keep_run(&Run { purpose, actor, started_at: now, place, objects: 0, found: Compared::default() })?;
        // One that nobody drives begins at once.
        let driven = matches!(purpose, Purpose::Reconcile { .. } | Purpose::Rebuild);
        let wait = if driven { STEP_LATEST_MS } else { 0 };
        self.schedule(Some(now.plus_millis(wait)))?;
        Ok(Progress::Running)
    }

    /// Does the next slice of the run, and says whether that was the last.
    pub(crate) async fn step(self: &Rc<Self>) -> Result<Progress, Error> {
        let Some(Pushed { firm, name, .. }) = self.host()? else { return Ok(Progress::Busy) };
        let Some(mut run) = self.run()? else { return Ok(Progress::Busy) };
        if let Place::Ended { at } = run.place {
            return Ok(Progress::Ended(Box::new(run.ended(&firm, at))));
        }
        if self.stepping.replace(true) {
            // The alarm is at it.
            platform::sleep(50).await;
            return Ok(Progress::Running);
        }
        let stepped = self.step_on(&firm, &mut run).await;
        self.stepping.set(false);
        stepped?;
        if let Place::Ended { at } = run.place {
            self.record(&firm, &name, &run, at)?;
            self.keep_run(&run)?;
            return Ok(Progress::Ended(Box::new(run.ended(&firm, at))));
        }
        self.keep_run(&run)?;
        self.schedule(Some(platform::now().plus_millis(STEP_LATEST_MS)))?;
        Ok(Progress::Running)
    }

    async fn step_on(self: &Rc<Self>, firm: &FirmId, run: &mut Run) -> Result<(), Error> {
        match run.place.clone() {
            Place::Erase => {
                self.erase_due(firm).await?;
                run.place = Place::Objects { after: None };
            }
            Place::Objects { after } => {
                let page = directory::page(&mut self.storage.clone(), after.as_ref(), OBJECTS)?;
                let compared = join_all(page.iter().map(|key| self.compare_object(firm, key, run.mode()))).await;
                for (key, compared) in page.iter().zip(compared) {
                    match compared {
                        Ok(compared) => run.found.add(compared),
                        Err(error) => {
                            platform::log(&format!("{}/{} could not be compared", key.kind.as_str(), key.name), &error);
                            run.found.tally.unreadable += 1;
                        }
                    }
                }
                run.objects += page.len() as u64;
                run.place = match page.into_iter().next_back() {
                    Some(last) => Place::Objects { after: Some(last) },
                    None => Place::Rows { table: 0, after: None },
                };
            }
            Place::Rows { table, after } => {
                run.place = match Table::ALL.get(table) {
                    None => {
                        if run.mode() != Mode::Look {
                            self.index(firm).await?.batch(&[checkpoint::beat(platform::now())]).await?;
                        }
                        Place::Ended { at: platform::now() }
                    }
                    Some(found) => match self.find_orphans(firm, *found, after, run).await? {
                        Some(Key(first, second)) => Place::Rows { table, after: Some((first, second)) },
                        None => Place::Rows { table: table + 1, after: None },
                    },
                };
            }
            Place::Ended { .. } => {}
        }
        Ok(())
    }

    async fn compare_object(self: &Rc<Self>, firm: &FirmId, key: &ObjectKey, mode: Mode) -> Result<Compared, Error> {
        match key.kind {
            Kind::Conversation => wire::ask::<Conversation, _>(&self.env, firm, &key.name, Ask::Compare(mode)).await,
            Kind::User => wire::ask::<User, _>(&self.env, firm, &key.name, Ask::Compare(mode)).await,
            Kind::Firm => Rc::clone(self).compare(mode).await,
        }
    }

    /// Looks for the objects of a page of rows, and takes out those that have none. Gives the last key; none at the end of the table.
    async fn find_orphans(
        self: &Rc<Self>,
        firm: &FirmId,
        table: Table,
        after: Option<(Box<str>, Box<str>)>,
        run: &mut Run,
    ) -> Result<Option<Key>, Error> {
        let index = self.index(firm).await?;
        let query =
            Owners { table, firm: firm.clone(), after: after.map(|(first, second)| Key(first, second)), limit: ROWS };
        let rows = index.rows(&query.statement(), Owners::decode).await?;
        let Some(last) = rows.last().map(|row| row.key.clone()) else { return Ok(None) };
        if table == Table::User {
            self.recount(&index, firm, &query, run).await?;
        }
        let mut groups: Vec<(ObjectKey, Vec<Key>)> = vec![];
        for Owned { key, object } in rows {
            match groups.iter_mut().find(|(known, _)| *known == object) {
                Some((_, keys)) => keys.push(key),
                None => groups.push((object, vec![key])),
            }
        }
        let mut orphans = vec![];
        for (object, keys) in groups {
            // Of an assignment it is the conversation that is looked for.
            let names: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
            let held = self.ask_holds(firm, &object, table, names).await?;
            orphans.extend(keys.into_iter().zip(held).filter(|(_, held)| !held).map(|(key, _)| key));
        }
        if table == Table::Audit && !orphans.is_empty() {
            // What was refused before there was an object is recorded on the firm.
            let names: Vec<_> = orphans.iter().map(|key| key.0.clone()).collect();
            let held = self.holds(firm, table.name(), &names)?;
            orphans = orphans.into_iter().zip(held).filter(|(_, held)| !held).map(|(key, _)| key).collect();
        }
        let mends = run.mode() != Mode::Look;
        if mends && !orphans.is_empty() {
            let deletes: Vec<_> = orphans.iter().map(|key| reconciliation::delete(table, firm, key)).collect();
            index.batch(&deletes).await?;
        }
        for key in &orphans {
            run.found.note(table, key, Difference::Orphaned, mends);
        }
        Ok(Some(last))
    }

    /// Looks at what triggers count of the users of a page: right only once every conversation is.
    async fn recount(&self, index: &Index, firm: &FirmId, page: &Owners, run: &mut Run) -> Result<(), Error> {
        let after = page.after.as_ref().map_or_else(|| "".into(), |Key(user, _)| user.clone());
        let query = WrongCounts { firm: firm.clone(), after, limit: page.limit };
        let users = index.rows(&query.statement(), WrongCounts::decode).await?;
        for user in users.into_iter().filter(|user| !user.right) {
            let mends = run.mode() != Mode::Look;
            if mends {
                index.batch(&[reconciliation::recount(firm, &user.key.0)]).await?;
            }
            run.found.note(Table::User, &user.key, Difference::Drifted, mends);
        }
        Ok(())
    }

    async fn ask_holds(
        &self,
        firm: &FirmId,
        object: &ObjectKey,
        table: Table,
        keys: Vec<Box<str>>,
    ) -> Result<Vec<bool>, Error> {
        let none = vec![false; keys.len()];
        let (name, table) = (&object.name, Box::from(table.name()));
        let held: Vec<bool> = match object.kind {
            Kind::Conversation => {
                wire::ask::<Conversation, _>(&self.env, firm, name, Ask::Holds { table, keys }).await?
            }
            Kind::User => wire::ask::<User, _>(&self.env, firm, name, Ask::Holds { table, keys }).await?,
            Kind::Firm => self.holds(firm, &table, &keys)?,
        };
        Ok(if held.is_empty() { none } else { held })
    }

    /// Erases the conversations that were deleted longer ago than the firm keeps them, but for those on hold.
    async fn erase_due(&self, firm: &FirmId) -> Result<(), Error> {
        let retention = self.with_live(firm, firm.as_str(), |activation| {
            let state = &*activation.state as &dyn std::any::Any;
            Ok(state.downcast_ref::<Firm>().map(|firm| firm.settings.retention_days))
        })?;
        let Some(days) = retention else { return Ok(()) };
        let before = platform::now().plus_millis(-i64::from(days) * DAY_MS);
        let index = self.index(firm).await?;
        let mut after = None;
        loop {
            let query = DeletedConversations { firm: firm.clone(), before, after, limit: Limit::default() };
            let page = index.rows(&query.statement(), DeletedConversations::decode).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(*last);
            for id in page {
                // Whether it is due it decides for itself.
                let erase = Intent::Command(conversation::Command::Erase { deleted_before: before });
                let call = Call::new(Actor::SYSTEM, erase);
                wire::ask::<Conversation, Turn<Conversation>>(&self.env, firm, &id.to_string(), Ask::Call(call))
                    .await?;
            }
        }
    }

    /// Leaves entries about a run that has ended.
    fn record(self: &Rc<Self>, firm: &FirmId, name: &str, run: &Run, at: Timestamp) -> Result<(), Error> {
        let note = |action, details: serde_json::Value| {
            let intent = Intent::Note { action, details: details.to_string().into() };
            self.call(firm, name, &Call::new(run.actor.clone(), intent)).map(drop)
        };
        if run.purpose == Purpose::Nightly {
            let details =
                json!({ "objects": run.objects, "entries": run.found.entries, "errors": run.found.chain_errors });
            note(reconciliation::CHAINS_VERIFIED, details)?;
        }
        let ended = run.clone().ended(firm, at);
        match run.purpose {
            Purpose::Fill => Ok(()),
            Purpose::Rebuild => note(reconciliation::REBUILT, ended.details()),
            Purpose::Reconcile { .. } | Purpose::Nightly => note(reconciliation::ACTION, ended.run.details()),
        }
    }
}
