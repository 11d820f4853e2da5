//! An object holds its firm's index to its own journal, and mends what differs.
//!
//! Nobody else writes the rows of an object, so it needs no lock: while it compares it pushes nothing, and turns go on. Rows that have no
//! object are the business of whoever goes over the whole index (`run`).

use std::{ops::ControlFlow, rc::Rc};

use engage_domain::{FirmId, Kind};
use engage_index::{
    IndexRow, Query, Statement, Table,
    ownership::{KEYS_MAX, PrintsOf},
    projection,
    reconciliation::{self, Difference, Finding, Tally},
    scan::{Key, Print},
};
use engage_journal::{Error, Hosted, ObjectKey, read, registry, store, verify};
use serde::{Deserialize, Serialize};

use crate::{
    directory,
    maintenance::Walked,
    object::Object,
    platform::{self, Index, ObjectStorage},
    push::Pushed,
};

/// How long to rest before looking again whether another push has ended.
const REST_MS: u64 = 10;
/// Answers that are forgotten in one statement.
const ANSWERS_MAX: i64 = 1_000;
/// Most findings that are listed; all are counted.
const FINDINGS_MAX: usize = 100;

/// What becomes of the rows that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    /// Nothing.
    Look,
    /// Those that differ are mended.
    Mend,
    /// All are written anew.
    Rewrite,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Compared {
    pub(crate) tally: Tally,
    pub(crate) findings: Vec<Finding>,
    /// Entries of the journals.
    pub(crate) entries: u64,
    /// Places at which chains are broken.
    pub(crate) chain_errors: u64,
}

impl Compared {
    /// Adds what was found elsewhere.
    pub(crate) fn add(&mut self, other: Self) {
        self.tally.add(&other.tally);
        self.entries += other.entries;
        self.chain_errors += other.chain_errors;
        self.findings.extend(other.findings.into_iter().take(FINDINGS_MAX.saturating_sub(self.findings.len())));
    }

    /// Notes a row that differs.
    pub(crate) fn note(&mut self, table: Table, key: &Key, difference: Difference, mended: bool) {
        self.tally.count(difference);
        self.tally.repaired += u64::from(mended);
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding::new(table, key, difference));
        }
    }
}

/// A row as it should be.
struct Expected {
    print: Print,
    insert: Statement,
}

impl Expected {
    fn of(row: &impl IndexRow) -> Self {
        Self { print: row.print(), insert: row.to_statement() }
    }
}

impl<A: Hosted> Object<A> {
    /// Compares all rows of this object.
    pub(crate) async fn compare(self: Rc<Self>, mode: Mode) -> Result<Compared, Error> {
        while !Rc::clone(&self).push().await? {
            platform::sleep(REST_MS).await;
        }
        if mode != Mode::Look {
            self.forget_answers()?;
        }
        // Nothing was awaited since the index was found to hold everything.
        self.pushing.set(true);
        let compared = self.compare_all(mode).await;
        self.pushing.set(false);
        // An object that was brought in has not been woken yet for what it waits for.
        self.reschedule()?;
        let this = Rc::clone(&self);
        self.state.wait_until(async move {
            // What came meanwhile. An error is noted where it happens.
            let _ = this.push().await;
        });
        compared
    }

    /// Forgets the answers to named commands that nobody will send again.
    fn forget_answers(&self) -> Result<(), Error> {
        if !self.is_set_up() {
            return Ok(());
        }
        self.storage.clone().transaction(|sql| {
            let now = platform::now();
            while store::prune_commands(sql, now, ANSWERS_MAX)? == ANSWERS_MAX as usize {}
            if A::KIND == Kind::Firm {
                directory::forget_enrolments(sql, now.plus_millis(-store::COMMAND_TTL_MS))?;
            }
            Ok(())
        })
    }

    async fn compare_all(&self, mode: Mode) -> Result<Compared, Error> {
        let mut compared = Compared::default();
        let Some(Pushed { firm, name, seq: last, .. }) = self.host()? else { return Ok(compared) };
        let index = self.index(&firm).await?;
        let mut sql = self.storage.clone();
        match self.expected_state(&firm, &name) {
            Ok(tables) => {
                for (table, rows) in tables {
                    let keys = vec![name.clone()];
                    settle(&index, &firm, table, keys, rows, mode, &mut compared).await?;
                }
            }
            Err(Error::Corrupt(problem)) => unreadable(&name, &problem, &mut compared),
            Err(error) => return Err(error),
        }
        let mut after = 0;
        while after < last {
            let (mut audit, mut passages, mut broken) = (vec![], vec![], vec![]);
            let before = after;
            read::entries_after(&mut sql, after, KEYS_MAX as i64, &mut |entry| {
                if entry.seq > last {
                    return Ok(ControlFlow::Break(()));
                }
                after = entry.seq;
                match projection::audit_row(&firm, &entry)
                    .and_then(|row| Ok((row, projection::passage_row(&firm, &entry)?)))
                {
                    Ok((row, passage)) => {
                        audit.push(Expected::of(&row));
                        passages.extend(passage.as_ref().map(Expected::of));
                    }
                    Err(error) => broken.push(error.to_string()),
                }
                Ok(ControlFlow::Continue(()))
            })?;
            if after == before {
                break;
            }
            broken.iter().for_each(|problem| unreadable(&name, problem, &mut compared));
            compared.entries += (after - before) as u64;
            for (table, rows) in [(Table::Audit, audit), (Table::Passage, passages)] {
                let keys = rows.iter().map(|row| row.print.key.0.clone()).collect();
                settle(&index, &firm, table, keys, rows, mode, &mut compared).await?;
            }
        }
        if A::KIND == Kind::Firm {
            self.compare_conflicts(&index, &firm, mode, &mut compared).await?;
        }
        let broken = verify::walk(&mut sql, &firm)?.errors;
        for verify::ChainError { object, seq, problem } in &broken {
            platform::log("a hash chain is broken", &Error::Corrupt(format!("{object}, entry {seq}: {problem}")));
        }
        compared.chain_errors = broken.len() as u64;
        Ok(compared)
    }

    /// Walks along this object's chain.
    pub(crate) fn walk(&self, firm: &FirmId, name: &str) -> Result<Walked, Error> {
        let head = self.head()?;
        let walk =
            if head.is_some() { verify::walk(&mut self.storage.clone(), firm)? } else { verify::Walk::default() };
        let key = ObjectKey { kind: A::KIND, name: name.into() };
        Ok(Walked { key, entries: walk.entries, errors: walk.errors, head })
    }

    /// The rows that show the object's state.
    fn expected_state(&self, firm: &FirmId, name: &str) -> Result<Vec<(Table, Vec<Expected>)>, Error> {
        let rows = self.rows(firm, name)?;
        Ok(match A::KIND {
            Kind::Firm => vec![],
            Kind::User => vec![(Table::User, rows.user.iter().map(Expected::of).collect())],
            Kind::Conversation => vec![
                (Table::Conversation, rows.conversation.iter().map(Expected::of).collect()),
                (Table::Assignment, rows.assignments.iter().map(Expected::of).collect()),
            ],
        })
    }

    async fn compare_conflicts(
        &self,
        index: &Index,
        firm: &FirmId,
        mode: Mode,
        compared: &mut Compared,
    ) -> Result<(), Error> {
        let (mut sql, mut after) = (self.storage.clone(), Box::<str>::from(""));
        loop {
            let ids = registry::conflict_ids_after(&mut sql, &after, KEYS_MAX as i64)?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = last.clone();
            let mut rows = vec![];
            for id in &ids {
                let wrong = || Error::Corrupt(format!("a conflict called {id:?}"));
                let kept = id.parse().map_err(|_| wrong()).and_then(|id| registry::conflict(&mut sql, id));
                match kept {
                    Ok(kept) => rows.extend(kept.map(|kept| Expected::of(&projection::conflict_row(firm, &kept)))),
                    Err(Error::Corrupt(problem)) => unreadable(id, &problem, compared),
                    Err(error) => return Err(error),
                }
            }
            let keys = rows.iter().map(|row| row.print.key.0.clone()).collect();
            settle(index, firm, Table::Conflict, keys, rows, mode, compared).await?;
        }
    }

    /// Which of the rows of a table, by the first parts of their keys, this object's journal knows.
    pub(crate) fn holds(&self, firm: &FirmId, table: &str, keys: &[Box<str>]) -> Result<Vec<bool>, Error> {
        let mut sql = self.storage.clone();
        let entry = |sql: &mut ObjectStorage, key: &str| match key.parse() {
            Ok(id) => read::entry_of(sql, id),
            Err(_) => Ok(None),
        };
        keys.iter()
            .map(|key| {
                Ok(if table == Table::Audit.name() {
                    entry(&mut sql, key)?.is_some()
                } else if table == Table::Passage.name() {
                    let entry = entry(&mut sql, key)?;
                    entry.map(|entry| projection::passage_row(firm, &entry)).transpose()?.flatten().is_some()
                } else if table == Table::Conflict.name() {
                    key.parse().ok().map(|id| registry::conflict(&mut sql, id)).transpose()?.flatten().is_some()
                } else {
                    // The object's own rows: it compares those itself, if only it is there.
                    read::last_event_of(&mut sql, &ObjectKey { kind: A::KIND, name: key.clone() })?.is_some()
                })
            })
            .collect()
    }
}

fn unreadable(object: &str, problem: &str, compared: &mut Compared) {
    platform::log(&format!("{object} cannot be read, so its rows were left alone"), &Error::Corrupt(problem.into()));
    compared.tally.unreadable += 1;
}

/// Compares the rows under some keys with those that should be there.
async fn settle(
    index: &Index,
    firm: &FirmId,
    table: Table,
    keys: Vec<Box<str>>,
    expected: Vec<Expected>,
    mode: Mode,
    compared: &mut Compared,
) -> Result<(), Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let query = PrintsOf { table, firm: firm.clone(), keys };
    let mut stored = index.rows(&query.statement(), PrintsOf::decode).await?;
    let (mut found, mut statements) = (vec![], vec![]);
    compared.tally.rows += expected.len() as u64;
    for Expected { print, insert } in expected {
        let at = stored.iter().position(|stored| stored.key == print.key);
        let stored = at.map(|at| stored.swap_remove(at));
        let difference = Difference::of(stored.as_ref(), Some(&print));
        if difference.is_some() && mode == Mode::Mend || mode == Mode::Rewrite {
            statements.extend([reconciliation::delete(table, firm, &print.key), insert]);
        }
        found.extend(difference.map(|difference| (print.key, difference)));
    }
    for Print { key, .. } in stored {
        statements.push(reconciliation::delete(table, firm, &key));
        found.push((key, Difference::Orphaned));
    }
    let mends = mode != Mode::Look;
    if mends && !statements.is_empty() {
        index.batch(&statements).await?;
    }
    found.iter().for_each(|(key, difference)| compared.note(table, key, *difference, mends));
    Ok(())
}
