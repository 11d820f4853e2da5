//! From an object's journal to its firm's index, after each write and, when that came to nothing, at the alarm.
//!
//! Guarantees: whoever wrote never waits for it and never hears of its errors; nothing is lost, because how far the index has come is stored
//! only after it has (`outbox`); nothing is applied twice, because rows are written under their versions and audit rows under their ids. However many
//! entries there are, the object's row is written once. An index that has lost what it held, or was made anew, is filled again: whoever comes
//! upon it has the firm's object go over all objects.

use std::{any::Any, cell::RefCell, collections::HashSet, rc::Rc};

use engage_domain::{Actor, Conversation, Firm, FirmId, Kind, User, Version};
use engage_index::{
    AssignmentRow, ConversationRow, IndexRow, Query, SCHEMA_VERSION, Statement, UserRow,
    checkpoint::{self, IsSetUp, ReadCheckpoint},
    projection, schema, search, sync_failure,
};
use engage_journal::{Activation, Entry, Error, Hosted, ObjectKey, registry};

use crate::{
    directory,
    maintenance::Backlog,
    object::Object,
    platform::{self, Index},
    run::{Progress, Purpose},
    wire::{self, Ask},
};

/// Entries in one batch: with two rows an entry it stays within what D1 takes at once.
pub(crate) const ENTRIES_MAX: i64 = 100;
/// First wait before another try; doubles with each further failure.
const RETRY_FIRST_MS: u64 = 200;
/// Longest wait between two tries.
const RETRY_MAX_MS: u64 = 60_000;

thread_local! {
    /// The firms whose indexes were found to have their tables, and rows in them, by whichever object of this isolate.
    static INDEXED: RefCell<HashSet<FirmId>> = RefCell::default();
}

/// What an object is called and how far its index has come.
#[derive(Clone)]
pub(crate) struct Pushed {
    pub(crate) firm: FirmId,
    pub(crate) name: Box<str>,
    pub(crate) seq: i64,
    pub(crate) failures: u32,
}

impl<A: Hosted> Object<A> {
    /// Brings the index up to date; whether it is. One run at a time: what is written meanwhile is taken along by the one that runs.
    pub(crate) async fn push(self: Rc<Self>) -> Result<bool, Error> {
        if self.pushing.replace(true) {
            return Ok(false);
        }
        let pushed = self.push_all().await;
        self.pushing.set(false);
        if let Err(error) = &pushed {
            // Somebody may have taken its tables away.
            self.indexed.set(false);
            if let Some(Pushed { firm, .. }) = self.host()? {
                INDEXED.with_borrow_mut(|indexed| indexed.remove(&firm));
            }
            platform::log("the index could not be written; it is tried again", error);
            self.failed()?;
            self.tell_of_lag().await;
            if let Err(error) = self.stand_back(error).await {
                platform::log("the index cannot be told what it lacks", &error);
            }
        }
        pushed.map(|()| true)
    }

    /// How long to wait before the next try.
    pub(crate) fn backoff_ms(&self) -> i64 {
        let failures = self.host().ok().flatten().map_or(1, |host| host.failures.max(1));
        RETRY_FIRST_MS.saturating_mul(1 << (failures - 1).min(16)).min(RETRY_MAX_MS) as i64
    }

    async fn push_all(&self) -> Result<(), Error> {
        loop {
            let Some(Pushed { firm, name, seq, failures }) = self.host()? else { return Ok(()) };
            let entries = self.next_entries(seq)?;
            let Some(last) = entries.last().map(|entry| entry.seq) else {
                if failures > 0 {
                    self.recovered()?;
                    self.tell_of_lag().await;
                }
                return Ok(());
            };
            let mut statements = self.statements(&firm, &entries)?;
            if A::KIND == Kind::Firm && seq == 0 {
                // Of a firm that has just been founded there is nothing else.
                statements.push(checkpoint::beat(platform::now()));
            }
            if entries.iter().any(projection::erases)
                && let Ok(conversation) = name.parse()
            {
                statements.push(search::erase(&firm, conversation));
            }
            if failures > 0 {
                let version = entries.last().map_or(Version::NONE, |entry| entry.version);
                statements.push(sync_failure::resolve(&ObjectKey { kind: A::KIND, name: name.clone() }, version));
            }
            let index = self.index(&firm).await?;
            let rows = if entries.iter().any(Entry::is_event) { self.rows(&firm, &name)? } else { Rows::default() };
            match self.outbox.touch(&rows) {
                Some(touch) => {
                    statements.extend(rows.details(self.outbox.shown()));
                    statements.push(touch);
                    let there = index.batch_ending(&statements).await?;
                    if let (false, Some(row)) = (there, &rows.conversation) {
                        index.batch(&[row.to_statement()]).await?;
                    }
                }
                None => {
                    statements.extend(rows.conversation.iter().map(IndexRow::to_statement));
                    statements.extend(rows.details(Version::NONE));
                    index.batch(&statements).await?;
                }
            }
            self.outbox.show(rows.conversation);
            self.arrived_up_to(last)?;
        }
    }

    /// The firm's index, with its tables.
    pub(crate) async fn index(&self, firm: &FirmId) -> Result<Index, Error> {
        let index = Index::of(&self.env, firm)?;
        if !self.indexed.get() && !INDEXED.with_borrow(|indexed| indexed.contains(firm)) {
            let is_filled = set_up(&index).await?;
            self.indexed.set(true);
            if is_filled {
                INDEXED.with_borrow_mut(|indexed| indexed.insert(firm.clone()));
            } else if self.host()?.is_some_and(|host| host.seq > 0) {
                self.have_filled(firm).await?;
            }
        }
        Ok(index)
    }

    /// Has the index filled from all objects, for it no longer holds what this one wrote into it.
    async fn have_filled(&self, firm: &FirmId) -> Result<(), Error> {
        let (actor, purpose) = (Actor::SYSTEM, Purpose::Fill);
        if A::KIND == Kind::Firm {
            return self.begin_run(actor, purpose).map(drop);
        }
        wire::ask::<Firm, Progress>(&self.env, firm, firm.as_str(), Ask::Begin { actor, purpose }).await.map(drop)
    }

    /// What waits to be written into the firm's index; all of it while that is being filled.
    pub(crate) async fn backlog(&self, firm: &FirmId) -> Result<Backlog, Error> {
        // Lists may be asked for before anything is written, and have to find their tables, and be told when those are empty.
        if let Err(error) = self.index(firm).await {
            platform::log("the index cannot be looked at", &error);
        }
        let mut backlog = directory::backlog(&mut self.storage.clone())?;
        backlog.running = self.compared()?;
        if self.is_filling()? {
            backlog.filling = true;
            backlog.since = self.entries_after(0)?.first().map(|entry| entry.at);
            backlog.entries = backlog.entries.max(1);
        }
        Ok(backlog)
    }

    /// Puts this object on the index's list of what it could not take in, if the index takes anything.
    async fn stand_back(&self, error: &Error) -> Result<(), Error> {
        let Some(Pushed { firm, name, .. }) = self.host()? else { return Ok(()) };
        let version = self.with_live(&firm, &name, |activation| Ok(activation.version))?;
        let key = ObjectKey { kind: A::KIND, name };
        let noted = sync_failure::park(&key, version, 1, &error.to_string(), platform::now());
        Index::of(&self.env, &firm)?.batch(&[noted]).await
    }

    /// Has the firm know how far the index lies behind this object, where it does and once it no longer does.
    async fn tell_of_lag(&self) {
        let told = async {
            let Some(Pushed { firm, name, seq, failures }) = self.host()? else { return Ok(()) };
            let entries = u64::try_from(self.last_stored()? - seq).unwrap_or(0);
            let since = self.entries_after(seq)?.first().map(|entry| entry.at).filter(|_| failures > 0);
            if A::KIND == Kind::Firm {
                return directory::lags(&mut self.storage.clone(), Kind::Firm, &name, since, entries, failures.into());
            }
            let lags = Ask::Lags { kind: A::KIND, name, since, entries, failures: failures.into() };
            wire::ask::<Firm, ()>(&self.env, &firm, firm.as_str(), lags).await
        };
        if let Err(error) = told.await {
            platform::log("the firm could not be told how far the index has come", &error);
        }
    }

    /// What is written of the entries themselves.
    fn statements(&self, firm: &FirmId, entries: &[Entry]) -> Result<Vec<Statement>, Error> {
        let mut statements = vec![];
        for entry in entries {
            statements.push(projection::audit_row(firm, entry)?.to_statement());
            if let Some(passage) = projection::passage_row(firm, entry)? {
                statements.push(passage.to_statement());
            }
            if let Some(id) = projection::conflict_of(entry)?
                && let Some(kept) = registry::conflict(&mut self.storage.clone(), id)?
            {
                statements.push(projection::conflict_row(firm, &kept).to_statement());
            }
        }
        Ok(statements)
    }

    /// The rows that show the object's state.
    pub(crate) fn rows(&self, firm: &FirmId, name: &str) -> Result<Rows, Error> {
        self.with_live(firm, name, |activation| Rows::of(firm, activation))
    }
}

/// The rows of one object's state.
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) conversation: Option<ConversationRow>,
    pub(crate) assignments: Vec<AssignmentRow>,
    pub(crate) user: Option<UserRow>,
}

impl Rows {
    /// Those of an object as it is.
    pub(crate) fn of<A: Hosted>(firm: &FirmId, activation: &Activation<A>) -> Result<Self, Error> {
        let name = &activation.key.name;
        let wrong = || Error::Corrupt(format!("an object called {name:?}"));
        let state = &*activation.state as &dyn Any;
        if !activation.exists() {
            return Ok(Self::default());
        }
        if let Some(state) = state.downcast_ref::<Conversation>() {
            let id = name.parse().map_err(|_| wrong())?;
            let conversation = Some(projection::conversation_row(firm, id, state));
            let assignments = projection::assignment_rows(firm, id, state);
            return Ok(Self { conversation, assignments, user: None });
        }
        if let Some(state) = state.downcast_ref::<User>() {
            let user = Some(projection::user_row(firm, name.parse().map_err(|_| wrong())?, state));
            return Ok(Self { user, ..Self::default() });
        }
        // A firm is shown by no row of its own.
        Ok(Self::default())
    }

    /// The rows beside the conversation's that the index lacks, which shows the object as of a version.
    fn details(&self, shown: Version) -> impl Iterator<Item = Statement> {
        let assignments = self.assignments.iter().filter(move |row| row.version > shown).map(IndexRow::to_statement);
        assignments.chain(self.user.iter().map(IndexRow::to_statement))
    }
}

/// Makes the tables of an index that has none; whether they have been filled.
async fn set_up(index: &Index) -> Result<bool, Error> {
    if index.rows(&IsSetUp.statement(), IsSetUp::decode).await?.first() != Some(&true) {
        let made = index.batch(&schema::statements()).await;
        // Another object may have been faster.
        if index.rows(&IsSetUp.statement(), IsSetUp::decode).await?.first() != Some(&true) {
            return made.map(|()| false);
        }
    }
    let found = index.rows(&ReadCheckpoint.statement(), ReadCheckpoint::decode).await?;
    match found.first() {
        Some(checkpoint) if checkpoint.schema_version == SCHEMA_VERSION => Ok(checkpoint.heartbeat.is_some()),
        found => Err(Error::Corrupt(format!(
            "the index has version {}, this is version {SCHEMA_VERSION}: it has to be migrated (engage cloudflare apply)",
            found.map_or(0, |checkpoint| checkpoint.schema_version)
        ))),
    }
}
