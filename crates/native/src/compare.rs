//! The journal and the index side by side: both are streamed in key order and merged, so memory does not grow with the firm, and
//! whoever compares is told of each row that is not what its source says.
//!
//! What is read in pages may be of different moments. Who needs one moment begins a read transaction on both connections; who
//! compares beside writers looks at each difference again.

use std::{cmp::Ordering, ops::ControlFlow};

use engage_domain::{Conversation, FirmId, Kind, User};
use engage_index::{
    IndexRow, Table, projection,
    reconciliation::{Difference, WrongCounts},
    scan::{Key, Print, Walk},
};
use engage_journal::{Activation, Error, ObjectKey, read, registry};

use crate::{follower::all, sqlite::Db};

/// Rows read at a time.
const PAGE: u32 = 1_000;
/// Sorts behind every key that an object can have.
const LAST: &str = "\u{10ffff}";

/// The parts of a comparison, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Conversations and their assignments, by conversation.
    Conversations,
    Users,
    /// The audit trail and the passages, by the numbers of their entries.
    Audit,
    /// The firm's conflicts, by id.
    Conflicts,
    /// What `user_index` counts.
    Counts,
}

impl Stage {
    pub(crate) const ALL: [Self; 5] = [Self::Conversations, Self::Users, Self::Audit, Self::Conflicts, Self::Counts];
}

/// Where a comparison stands: everything up to `after`, in this stage and in those before it, has been compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) stage: Stage,
    pub(crate) after: String,
}

impl Place {
    pub(crate) const fn start() -> Self {
        Self { stage: Stage::Conversations, after: String::new() }
    }
}

/// Whoever compares.
pub(crate) trait Sink {
    /// A row is not what it should be.
    fn differs(&mut self, table: Table, key: &Key, difference: Difference) -> Result<(), Error>;

    /// A user's counts are not those of the conversations in the index.
    fn miscounts(&mut self, user: &Key) -> Result<(), Error>;

    /// An object cannot be read, so its rows cannot be compared.
    fn unreadable(&mut self, object: &ObjectKey, problem: String) -> Result<(), Error>;

    /// So many more rows have been compared, up to there.
    fn passed(&mut self, rows: u64, place: Place) -> Result<(), Error>;
}

/// Compares all of a firm's tables, from a place on.
pub(crate) fn compare(
    firm: &FirmId,
    journal: &mut Db,
    index: &mut Db,
    from: &Place,
    sink: &mut impl Sink,
) -> Result<(), Error> {
    for stage in Stage::ALL.into_iter().filter(|stage| *stage >= from.stage) {
        let after = if stage == from.stage { from.after.clone() } else { String::new() };
        let mut side = Sides { firm, journal, index, sink };
        match stage {
            Stage::Conversations => side.conversations(after)?,
            Stage::Users => side.users(after)?,
            Stage::Audit => side.audit(&after)?,
            Stage::Conflicts => side.conflicts(after)?,
            Stage::Counts => side.counts(after)?,
        }
    }
    Ok(())
}

struct Sides<'a, S> {
    firm: &'a FirmId,
    journal: &'a mut Db,
    index: &'a mut Db,
    sink: &'a mut S,
}

impl<S: Sink> Sides<'_, S> {
    fn conversations(&mut self, after: String) -> Result<(), Error> {
        let firm = self.firm;
        let begun = !after.is_empty();
        let mut conversations =
            Merge::new(firm, Table::Conversation, begun.then(|| Key(after.as_str().into(), "".into())));
        let mut assignments =
            Merge::new(firm, Table::Assignment, begun.then(|| Key(after.as_str().into(), LAST.into())));
        self.each_object(Kind::Conversation, Stage::Conversations, after, |side, key| {
            let Activation { state, .. } = Activation::<Conversation>::load(side.journal, key.clone())?;
            let id = key.name.parse().map_err(|_| Error::Corrupt(format!("conversation called {:?}", key.name)))?;
            let row = projection::conversation_row(firm, id, &state);
            conversations.expect(&row.print(), side.index, side.sink)?;
            let mut prints: Vec<_> =
                projection::assignment_rows(firm, id, &state).iter().map(IndexRow::print).collect();
            prints.sort_by(|a, b| a.key.cmp(&b.key));
            prints.iter().try_for_each(|print| assignments.expect(print, side.index, side.sink))?;
            Ok(1 + prints.len() as u64)
        })?;
        conversations.finish(self.index, self.sink)?;
        assignments.finish(self.index, self.sink)
    }

    fn users(&mut self, after: String) -> Result<(), Error> {
        let firm = self.firm;
        let begun = !after.is_empty();
        let mut users = Merge::new(firm, Table::User, begun.then(|| Key(after.as_str().into(), "".into())));
        self.each_object(Kind::User, Stage::Users, after, |side, key| {
            let Activation { state, .. } = Activation::<User>::load(side.journal, key.clone())?;
            let id = key.name.parse().map_err(|_| Error::Corrupt(format!("user called {:?}", key.name)))?;
            users.expect(&projection::user_row(firm, id, &state).print(), side.index, side.sink)?;
            Ok(1)
        })?;
        users.finish(self.index, self.sink)
    }

    /// Entries are numbered in the order of their ids, so the journal's order is the table's.
    fn audit(&mut self, after: &str) -> Result<(), Error> {
        let firm = self.firm;
        let mut after: i64 = after.parse().unwrap_or(0);
        let begun = read::entry_id(self.journal, after)?.map(|id| Key(id.to_string().into(), "".into()));
        let mut audit = Merge::new(firm, Table::Audit, begun.clone());
        let mut passages = Merge::new(firm, Table::Passage, begun);
        loop {
            let before = after;
            let (index, sink) = (&mut *self.index, &mut *self.sink);
            let mut rows = 0;
            let page = read::entries_after(self.journal, after, i64::from(PAGE), &mut |entry| {
                after = entry.seq;
                match projection::audit_row(firm, &entry) {
                    Ok(row) => {
                        rows += 1;
                        audit.expect(&row.print(), index, sink)?;
                    }
                    // A walk along the chains tells of it.
                    Err(Error::Corrupt(_)) => {}
                    Err(error) => return Err(error),
                }
                match projection::passage_row(firm, &entry) {
                    Ok(Some(row)) => {
                        rows += 1;
                        passages.expect(&row.print(), index, sink)?;
                    }
                    Ok(None) | Err(Error::Corrupt(_)) => {}
                    Err(error) => return Err(error),
                }
                Ok(ControlFlow::Continue(()))
            });
            match page {
                Ok(()) if after == before => break,
                Ok(()) => {}
                // Of one that cannot be read at all, too. It comes next.
                Err(Error::Corrupt(_)) => after += 1,
                Err(error) => return Err(error),
            }
            self.sink.passed(rows, Place { stage: Stage::Audit, after: after.to_string() })?;
        }
        audit.finish(self.index, self.sink)?;
        passages.finish(self.index, self.sink)
    }

    fn conflicts(&mut self, after: String) -> Result<(), Error> {
        let (firm, mut after) = (self.firm, Box::<str>::from(after));
        let begun = (!after.is_empty()).then(|| Key(after.clone(), "".into()));
        let mut conflicts = Merge::new(firm, Table::Conflict, begun);
        loop {
            let page = registry::conflict_ids_after(self.journal, &after, i64::from(PAGE))?;
            let Some(last) = page.last() else { break };
            after = last.clone();
            let mut rows = 0;
            for text in &page {
                let id = text.parse().map_err(|_| Error::Corrupt(format!("conflict called {text:?}")));
                match id.and_then(|id| registry::conflict(self.journal, id)) {
                    Ok(None) => {}
                    Ok(Some(kept)) => {
                        rows += 1;
                        conflicts.expect(&projection::conflict_row(firm, &kept).print(), self.index, self.sink)?;
                    }
                    Err(Error::Corrupt(problem)) => {
                        let object = ObjectKey { kind: Kind::Firm, name: firm.as_str().into() };
                        self.sink.unreadable(&object, format!("conflict {text}: {problem}"))?;
                    }
                    Err(error) => return Err(error),
                }
            }
            self.sink.passed(rows, Place { stage: Stage::Conflicts, after: after.to_string() })?;
        }
        conflicts.finish(self.index, self.sink)
    }

    fn counts(&mut self, after: String) -> Result<(), Error> {
        let mut after: Box<str> = after.into();
        loop {
            let page = all(self.index, &WrongCounts { firm: self.firm.clone(), after, limit: PAGE })?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.key.0.clone();
            page.iter().filter(|user| !user.right).try_for_each(|user| self.sink.miscounts(&user.key))?;
            self.sink.passed(0, Place { stage: Stage::Counts, after: after.to_string() })?;
        }
    }

    /// Compares every object of a kind, in the order of their names; `compare` gives how many rows it should have.
    fn each_object(
        &mut self,
        kind: Kind,
        stage: Stage,
        mut after: String,
        mut compare: impl FnMut(&mut Self, &ObjectKey) -> Result<u64, Error>,
    ) -> Result<(), Error> {
        loop {
            let page = read::objects_after(self.journal, kind, &after, i64::from(PAGE))?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = last.name.to_string();
            let mut rows = 0;
            for (key, _) in &page {
                match compare(self, key) {
                    Ok(compared) => rows += compared,
                    Err(Error::Corrupt(problem)) => self.sink.unreadable(key, problem)?,
                    Err(error) => return Err(error),
                }
            }
            self.sink.passed(rows, Place { stage, after: after.clone() })?;
        }
    }
}

/// One table's rows, read in key order beside what they should be.
struct Merge<'a> {
    firm: &'a FirmId,
    table: Table,
    page: std::vec::IntoIter<Print>,
    next: Option<Print>,
    last: Option<Key>,
    ended: bool,
}

impl<'a> Merge<'a> {
    /// From the first row behind `after` on.
    fn new(firm: &'a FirmId, table: Table, after: Option<Key>) -> Self {
        Self { firm, table, page: vec![].into_iter(), next: None, last: after, ended: false }
    }

    /// The next stored row, without taking it.
    fn peek(&mut self, index: &mut Db) -> Result<Option<&Print>, Error> {
        if self.next.is_none() {
            self.next = self.page.next();
        }
        if self.next.is_none() && !self.ended {
            let walk = Walk { table: self.table, firm: self.firm.clone(), after: self.last.take(), limit: PAGE };
            let page = all(index, &walk)?;
            self.last = page.last().map(|last| last.key.clone());
            self.ended = page.is_empty();
            self.page = page.into_iter();
            self.next = self.page.next();
        }
        Ok(self.next.as_ref())
    }

    /// Compares the next row that should be there with those that are. Expected rows come in key order.
    fn expect(&mut self, expected: &Print, index: &mut Db, sink: &mut impl Sink) -> Result<(), Error> {
        loop {
            let table = self.table;
            let stored = match self.peek(index)? {
                None => None,
                Some(stored) => match stored.key.cmp(&expected.key) {
                    Ordering::Less => {
                        sink.differs(table, &stored.key, Difference::Orphaned)?;
                        self.next = None;
                        continue;
                    }
                    Ordering::Greater => None,
                    Ordering::Equal => self.next.take(),
                },
            };
            return match Difference::of(stored.as_ref(), Some(expected)) {
                Some(difference) => sink.differs(table, &expected.key, difference),
                None => Ok(()),
            };
        }
    }

    /// Whatever is stored behind the last expected row has no source.
    fn finish(&mut self, index: &mut Db, sink: &mut impl Sink) -> Result<(), Error> {
        let table = self.table;
        while let Some(stored) = self.peek(index)? {
            sink.differs(table, &stored.key, Difference::Orphaned)?;
            self.next = None;
        }
        Ok(())
    }
}
