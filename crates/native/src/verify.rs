//! Whether a firm's chains are whole and its index equals what its journal says.
//!
//! Both sides are streamed in key order and merged, so memory does not grow with the firm (but for the chains' heads). Nothing is repaired here. The caller sees to it that nobody writes meanwhile and that the index has caught up: a row
//! that is merely late would be called missing.

use std::path::Path;

use engage_domain::FirmId;
pub use engage_index::reconciliation::{Difference, Finding};
use engage_index::{
    Table,
    scan::{Key, Walk},
};
use engage_journal::{
    Error, ObjectKey,
    verify::{self, ChainError},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    compare::{Place, Sink, compare},
    follower::all,
    sqlite::Db,
};

/// Rows read at a time.
const PAGE: u32 = 1_000;
/// Most differences that a report lists one by one; all are counted.
const DIFFERENCES_MAX: usize = 100;

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
    /// Its journal's digest: journals of one digest tell the same, wherever they are.
    pub journal_digest: String,
    /// SHA-256 over the digests of all rows of its index, table by table in the order of their keys. Rows that only number entries as this
    /// host does (the audit trail's `seq`) are part of it.
    pub index_digest: String,
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
            self.rows.push(Finding::new(table, key, difference));
        }
    }
}

impl Sink for Report {
    fn differs(&mut self, table: Table, key: &Key, difference: Difference) -> Result<(), Error> {
        self.note(table, key, difference);
        Ok(())
    }

    fn miscounts(&mut self, user: &Key) -> Result<(), Error> {
        self.note(Table::User, user, Difference::Drifted);
        Ok(())
    }

    fn unreadable(&mut self, object: &ObjectKey, problem: String) -> Result<(), Error> {
        self.chain_errors += 1;
        if self.chain.len() < DIFFERENCES_MAX {
            let object = format!("{}/{}", object.kind.as_str(), object.name);
            self.chain.push(ChainError { object, seq: 0, problem });
        }
        Ok(())
    }

    fn passed(&mut self, _: u64, _: Place) -> Result<(), Error> {
        Ok(())
    }
}

/// Checks one firm's folder.
pub fn check(firm: &FirmId, folder: &Path) -> Result<Report, Error> {
    let mut journal = Db::reader(&folder.join("journal.db"))?;
    let mut index = Db::reader(&folder.join("index.db"))?;
    journal.begin_read()?;
    index.begin_read()?;
    let walk = verify::walk(&mut journal, firm)?;
    let mut report = Report {
        firm: firm.clone(),
        objects: walk.objects,
        entries: walk.entries,
        journal_digest: format!("{:?}", walk.digest),
        index_digest: index_digest(firm, &mut index)?,
        chain_errors: walk.errors.len() as u64,
        missing: 0,
        stale: 0,
        orphaned: 0,
        drifted: 0,
        chain: walk.errors.into_iter().take(DIFFERENCES_MAX).collect(),
        rows: vec![],
    };
    compare(firm, &mut journal, &mut index, &Place::start(), &mut report)?;
    Ok(report)
}

fn index_digest(firm: &FirmId, index: &mut Db) -> Result<String, Error> {
    let mut whole = Sha256::new();
    for table in Table::ALL {
        let mut after = None;
        loop {
            let page = all(index, &Walk { table, firm: firm.clone(), after: after.take(), limit: PAGE })?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            page.iter().for_each(|print| whole.update(print.digest));
        }
        whole.update(table.name());
    }
    Ok(whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
