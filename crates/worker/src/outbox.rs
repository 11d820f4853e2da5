//! What an object knows, as long as it is in memory, of how far its index has come and of what that lacks.
//!
//! A push so reads nothing that the turn before it has just written. Whoever loses this memory reads it again.

use std::{cell::RefCell, ops::ControlFlow};

use engage_domain::Version;
use engage_index::{ConversationRow, Statement, projection};
use engage_journal::{Activation, Entry, Error, Hosted, Sql, Value, read, sql::first};

use crate::{
    object::Object,
    push::{ENTRIES_MAX, Pushed, Rows},
};

/// The memory.
#[derive(Default)]
pub(crate) struct Outbox {
    /// The object's own row, once it was read.
    host: RefCell<Option<Pushed>>,
    /// All entries that the index lacks, but for those that are on their way; none where they have to be read.
    waiting: RefCell<Option<Vec<Entry>>>,
    /// The row of a conversation as the index shows it, where that is known.
    shown: RefCell<Option<ConversationRow>>,
}

impl Outbox {
    /// Forgets everything: what is stored has become another.
    pub(crate) fn forget(&self) {
        self.host.take();
        self.waiting.take();
        self.shown.take();
    }

    /// The cheaper way to write an object's row, where there is one; it changes no row where the index shows another than is known here.
    pub(crate) fn touch(&self, rows: &Rows) -> Option<Statement> {
        rows.conversation.as_ref()?.touch(self.shown.borrow().as_ref()?)
    }

    /// The version that the index shows.
    pub(crate) fn shown(&self) -> Version {
        self.shown.borrow().as_ref().map_or(Version::NONE, |row| row.version)
    }

    /// Notes the row that the index shows from now on, if it has become another.
    pub(crate) fn show(&self, row: Option<ConversationRow>) {
        if row.is_some() {
            self.shown.replace(row);
        }
    }

    /// Takes entries that have just become durable. Those that an erasure follows are not what is stored any more.
    pub(crate) fn add(&self, entries: Vec<Entry>) {
        let mut waiting = self.waiting.borrow_mut();
        if let Some(known) = &mut *waiting {
            known.extend(entries);
            if known.len() > ENTRIES_MAX as usize || known.iter().any(projection::erases) {
                *waiting = None;
            }
        }
    }
}

impl<A: Hosted> Object<A> {
    /// Its own name and place; none before it has a table.
    pub(crate) fn host(&self) -> Result<Option<Pushed>, Error> {
        if let Some(known) = &*self.outbox.host.borrow() {
            return Ok(Some(known.clone()));
        }
        if !self.is_set_up() {
            return Ok(None);
        }
        let text = "SELECT firm, name, pushed, failures FROM host WHERE id = 1";
        let found = first(&mut self.storage.clone(), text, &[], |row| {
            let firm = row.text(0)?;
            Ok(Pushed {
                firm: firm.parse().map_err(|_| Error::Corrupt(format!("an object of the firm {firm:?}")))?,
                name: row.text(1)?.into(),
                seq: row.integer(2)?,
                failures: u32::try_from(row.integer(3)?).unwrap_or(u32::MAX),
            })
        })?;
        self.outbox.host.replace(found.clone());
        Ok(found)
    }

    /// Takes up, when the object is loaded, what the index lacks of a journal that ends at `last`.
    pub(crate) fn take_up(&self, last: i64, activation: &Activation<A>) -> Result<(), Error> {
        let host = self.host()?.filter(|host| host.seq >= last);
        self.outbox.waiting.replace(host.is_some().then(Vec::new));
        let shown = host.map(|host| Rows::of(&host.firm, activation)).transpose()?;
        self.outbox.shown.replace(shown.and_then(|rows| rows.conversation));
        Ok(())
    }

    /// The entries to send next, in order, at most [`ENTRIES_MAX`]. Until they have arrived they are on their way.
    pub(crate) fn next_entries(&self, seq: i64) -> Result<Vec<Entry>, Error> {
        if let Some(waiting) = &mut *self.outbox.waiting.borrow_mut() {
            return Ok(std::mem::take(waiting));
        }
        let entries = self.entries_after(seq)?;
        if entries.is_empty() {
            self.outbox.waiting.replace(Some(vec![]));
        }
        Ok(entries)
    }

    /// At most [`ENTRIES_MAX`] entries behind one, as they are stored.
    pub(crate) fn entries_after(&self, seq: i64) -> Result<Vec<Entry>, Error> {
        let mut entries = vec![];
        read::entries_after(&mut self.storage.clone(), seq, ENTRIES_MAX, &mut |entry| {
            entries.push(entry);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(entries)
    }

    /// Notes that the index holds everything up to an entry.
    pub(crate) fn arrived_up_to(&self, last: i64) -> Result<(), Error> {
        let text = "UPDATE host SET pushed = max(pushed, ?1) WHERE id = 1";
        self.storage.clone().execute(text, &[Value::Integer(last)])?;
        if let Some(host) = &mut *self.outbox.host.borrow_mut() {
            host.seq = host.seq.max(last);
        }
        Ok(())
    }

    /// Notes that the index could not be written; what was on its way is to be sent again.
    pub(crate) fn failed(&self) -> Result<(), Error> {
        self.outbox.waiting.take();
        self.outbox.shown.take();
        self.storage.clone().execute("UPDATE host SET failures = failures + 1 WHERE id = 1", &[])?;
        if let Some(host) = &mut *self.outbox.host.borrow_mut() {
            host.failures = host.failures.saturating_add(1);
        }
        Ok(())
    }

    /// Notes that the index could be written again.
    pub(crate) fn recovered(&self) -> Result<(), Error> {
        self.storage.clone().execute("UPDATE host SET failures = 0 WHERE id = 1", &[])?;
        if let Some(host) = &mut *self.outbox.host.borrow_mut() {
            host.failures = 0;
        }
        Ok(())
    }
}
