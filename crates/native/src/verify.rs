//! Whether a firm's chains are whole and its index equals what its journal says.
//!
//! Both sides are streamed in key order and merged, so memory does not grow with the firm (but for the chains' heads and the users'
//! counts). Nothing is repaired here. The caller sees to it that nobody writes meanwhile and that the index has caught up: a row
//! that is merely late would be called missing.

use std::{cmp::Ordering, collections::HashMap, ops::ControlFlow, path::Path};

use engage_domain::{Conversation, FirmId, Kind, User, UserId};
use engage_index::{
    IndexRow, Table, projection,
    scan::{Key, Print, UserCounts, Walk},
};
use engage_journal::{
    Activation, Error, ObjectKey, read,
    verify::{self, ChainError},
};
use serde::Serialize;

use crate::{follower::all, sqlite::Db};

/// Rows read at a time.
const PAGE: u32 = 1_000;
/// Most differences that a report lists one by one; all are counted.
const DIFFERENCES_MAX: usize = 100;

/// How a row differs from what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Difference {
    /// It is not there.
    Missing,
    /// It shows an earlier version of its object.
    Stale,
    /// Its object is not there.
    Orphaned,
    /// It has another content at the same version, or a version that its object never had.
    Drifted,
}

/// One row that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its table.
    pub table: &'static str,
    /// What names it in its table.
    pub key: String,
    /// How it differs.
    pub difference: Difference,
}

/// What was found in one firm.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The firm.
    pub firm: FirmId,
    /// How many objects its journal holds.
    pub objects: u64,
    /// How many entries.
    pub entries: u64,
    /// How many places of its chains are wrong.
    pub chain_errors: u64,
    /// How many rows are missing in the index.
    pub missing: u64,
    /// How many show an earlier version.
    pub stale: u64,
    /// How many have no object.
    pub orphaned: u64,
    /// How many have another content.
    pub drifted: u64,
    /// The first places of the chains that are wrong.
    pub chain: Vec<ChainError>,
    /// The first rows that differ.
    pub rows: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong.
    pub const fn is_clean(&self) -> bool {
        self.chain_errors == 0 && self.missing == 0 && self.stale == 0 && self.orphaned == 0 && self.drifted == 0
    }

    fn note(&mut self, table: Table, key: &Key, difference: Difference) {
        match difference {
            Difference::Missing => self.missing += 1,
            Difference::Stale => self.stale += 1,
            Difference::Orphaned => self.orphaned += 1,
            Difference::Drifted => self.drifted += 1,
        }
        if self.rows.len() < DIFFERENCES_MAX {
            let Key(first, second) = key;
            let key = if second.is_empty() { first.to_string() } else { format!("{first}/{second}") };
            self.rows.push(Finding { table: table.name(), key, difference });
        }
    }
}

/// Checks one firm's folder.
pub fn check(firm: &FirmId, folder: &Path) -> Result<Report, Error> {
    let mut journal = Db::reader(&folder.join("journal.db"))?;
    let mut index = Db::index_reader(&folder.join("index.db"))?;
    journal.begin_read()?;
    index.begin_read()?;
    let walk = verify::walk(&mut journal, firm)?;
    let mut report = Report {
        firm: firm.clone(),
        objects: walk.objects,
        entries: walk.entries,
        chain_errors: walk.errors.len() as u64,
        missing: 0,
        stale: 0,
        orphaned: 0,
        drifted: 0,
        chain: walk.errors.into_iter().take(DIFFERENCES_MAX).collect(),
        rows: vec![],
    };
    let counts = check_conversations(&mut report, &mut journal, &mut index)?;
    check_users(&mut report, &mut journal, &mut index, &counts)?;
    check_audit(&mut report, &mut journal, &mut index)?;
    // Nothing projects conflicts yet, so whatever stands in their table has no source.
    Merge::new(Table::Conflict).finish(&mut report, &mut index)?;
    Ok(report)
}

/// How many conversations are a user's own, and are assigned to them.
type Counts = HashMap<UserId, (u64, u64)>;

fn check_conversations(report: &mut Report, journal: &mut Db, index: &mut Db) -> Result<Counts, Error> {
    let firm = report.firm.clone();
    let (mut conversations, mut assignments) = (Merge::new(Table::Conversation), Merge::new(Table::Assignment));
    let mut counts = Counts::new();
    each_object(report, journal, Kind::Conversation, |report, journal, key| {
        let Activation { state, .. } = Activation::<Conversation>::load(journal, key.clone())?;
        let id = key.name.parse().map_err(|_| Error::Corrupt(format!("conversation called {:?}", key.name)))?;
        let row = projection::conversation_row(&firm, id, &state);
        if !row.is_deleted {
            row.user_id.into_iter().for_each(|user| counts.entry(user).or_default().0 += 1);
            row.assigned_to.into_iter().for_each(|user| counts.entry(user).or_default().1 += 1);
        }
        conversations.expect(report, index, &row.print())?;
        let mut prints: Vec<_> = projection::assignment_rows(&firm, id, &state).iter().map(IndexRow::print).collect();
        prints.sort_by(|a, b| a.key.cmp(&b.key));
        prints.iter().try_for_each(|print| assignments.expect(report, index, print))
    })?;
    conversations.finish(report, index)?;
    assignments.finish(report, index)?;
    Ok(counts)
}

fn check_users(report: &mut Report, journal: &mut Db, index: &mut Db, counts: &Counts) -> Result<(), Error> {
    let firm = report.firm.clone();
    let mut users = Merge::new(Table::User);
    each_object(report, journal, Kind::User, |report, journal, key| {
        let Activation { state, .. } = Activation::<User>::load(journal, key.clone())?;
        let id = key.name.parse().map_err(|_| Error::Corrupt(format!("user called {:?}", key.name)))?;
        users.expect(report, index, &projection::user_row(&firm, id, &state).print())
    })?;
    users.finish(report, index)?;
    let mut after = None;
    loop {
        let page = all(index, &UserCounts { firm: firm.clone(), after, limit: PAGE })?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.user_id.clone());
        for row in page {
            // A row whose id is none was found orphaned above; nothing can be its own.
            let user = row.user_id.parse().ok();
            let expected = user.and_then(|user: UserId| counts.get(&user).copied()).unwrap_or_default();
            if expected != (row.conversation_count, row.assigned_conversation_count) {
                report.note(Table::User, &Key(row.user_id, "".into()), Difference::Drifted);
            }
        }
    }
}

fn check_audit(report: &mut Report, journal: &mut Db, index: &mut Db) -> Result<(), Error> {
    let firm = report.firm.clone();
    // Entries are numbered in the order of their ids, so the journal's order is the table's.
    let mut audit = Merge::new(Table::Audit);
    let mut after = 0;
    loop {
        let before = after;
        let page = read::entries_after(journal, after, i64::from(PAGE), &mut |entry| {
            after = entry.seq;
            match projection::audit_row(&firm, &entry) {
                Ok(row) => audit.expect(report, index, &row.print())?,
                // The chain's walk has counted it already.
                Err(Error::Corrupt(_)) => {}
                Err(error) => return Err(error),
            }
            Ok(ControlFlow::Continue(()))
        });
        match page {
            Ok(()) if after == before => break,
            Ok(()) => {}
            // So has it one that cannot be read, which comes next.
            Err(Error::Corrupt(_)) => after += 1,
            Err(error) => return Err(error),
        }
    }
    audit.finish(report, index)
}

/// Shows `visit` every object of a kind, in the order of their names. One that cannot be loaded is an error of its chain.
fn each_object(
    report: &mut Report,
    journal: &mut Db,
    kind: Kind,
    mut visit: impl FnMut(&mut Report, &mut Db, &ObjectKey) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let page = read::objects_after(journal, kind, &after, i64::from(PAGE))?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = last.name.to_string();
        for (key, _) in &page {
            match visit(report, journal, key) {
                Ok(()) => {}
                Err(Error::Corrupt(problem)) => {
                    report.chain_errors += 1;
                    if report.chain.len() < DIFFERENCES_MAX {
                        let object = format!("{}/{}", kind.as_str(), key.name);
                        report.chain.push(ChainError { object, seq: 0, problem });
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// One table's rows, read in key order beside what they should be.
struct Merge {
    table: Table,
    page: std::vec::IntoIter<Print>,
    next: Option<Print>,
    last: Option<Key>,
    started: bool,
}

impl Merge {
    fn new(table: Table) -> Self {
        Self { table, page: vec![].into_iter(), next: None, last: None, started: false }
    }

    /// The next stored row, without taking it.
    fn peek(&mut self, firm: &FirmId, index: &mut Db) -> Result<Option<&Print>, Error> {
        if self.next.is_none() {
            self.next = self.page.next();
        }
        if self.next.is_none() && (!self.started || self.last.is_some()) {
            self.started = true;
            let walk = Walk { table: self.table, firm: firm.clone(), after: self.last.take(), limit: PAGE };
            self.page = all(index, &walk)?.into_iter();
            self.next = self.page.next();
        }
        if let Some(print) = &self.next {
            self.last = Some(print.key.clone());
        }
        Ok(self.next.as_ref())
    }

    /// Compares the next row that should be there with those that are. Expected rows come in key order.
    fn expect(&mut self, report: &mut Report, index: &mut Db, expected: &Print) -> Result<(), Error> {
        let firm = report.firm.clone();
        loop {
            let table = self.table;
            let difference = match self.peek(&firm, index)? {
                None => Some(Difference::Missing),
                Some(stored) => match stored.key.cmp(&expected.key) {
                    Ordering::Less => {
                        report.note(table, &stored.key, Difference::Orphaned);
                        self.next = None;
                        continue;
                    }
                    Ordering::Greater => Some(Difference::Missing),
                    Ordering::Equal => {
                        let difference = match stored.version.cmp(&expected.version) {
                            Ordering::Less => Some(Difference::Stale),
                            Ordering::Equal if stored.digest == expected.digest => None,
                            Ordering::Equal | Ordering::Greater => Some(Difference::Drifted),
                        };
                        self.next = None;
                        difference
                    }
                },
            };
            if let Some(difference) = difference {
                report.note(table, &expected.key, difference);
            }
            return Ok(());
        }
    }

    /// Whatever is stored behind the last expected row has no source.
    fn finish(&mut self, report: &mut Report, index: &mut Db) -> Result<(), Error> {
        let firm = report.firm.clone();
        let table = self.table;
        while let Some(stored) = self.peek(&firm, index)? {
            report.note(table, &stored.key, Difference::Orphaned);
            self.next = None;
        }
        Ok(())
    }
}
