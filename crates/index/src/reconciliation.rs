//! Reconciliation: how a stored row differs from what it should be, and the statements that find, mend and count.
//!
//! Both sides are streamed in key order and merged by whoever runs this; a difference that the streams show is looked at again under the
//! index's write lock, row by row, before it counts. So a run beside live writers neither calls late what is merely new nor takes back
//! what came meanwhile.

use std::cmp::Ordering;

use engage_domain::{FirmId, Timestamp};
use engage_journal::{self as journal, Row};
use serde::{Deserialize, Serialize};

use crate::{
    Limit, Param, Query, Statement, Table,
    audit::{AuditFilters, AuditList, AuditPlace},
    page::Direction,
    scan::{Key, Print, Walk, select_print},
};

/// What the audit trail calls a run: the action of the entry that it leaves on its firm's object, with its counts as details.
pub const ACTION: &str = "index_reconciled";

/// A page of the runs on record, the newest first.
pub fn runs(firm: FirmId, after: Option<AuditPlace>, limit: Limit) -> AuditList {
    let filters = AuditFilters { action: Some(ACTION.into()), ..AuditFilters::default() };
    AuditList { firm, filters, direction: Direction::Desc, after, limit }
}

/// A page of the walks along the chains that are on record, the newest first.
pub fn walks(firm: FirmId, limit: Limit) -> AuditList {
    let filters = AuditFilters { action: Some(CHAINS_VERIFIED.into()), ..AuditFilters::default() };
    AuditList { firm, filters, direction: Direction::Desc, after: None, limit }
}

/// How a row differs from what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

impl Difference {
    /// How what is `stored` under a key differs from what should be there; none where it does not.
    pub fn of(stored: Option<&Print>, expected: Option<&Print>) -> Option<Self> {
        match (stored, expected) {
            (None, None) => None,
            (None, Some(_)) => Some(Self::Missing),
            (Some(_), None) => Some(Self::Orphaned),
            (Some(stored), Some(expected)) => match stored.version.cmp(&expected.version) {
                Ordering::Less => Some(Self::Stale),
                Ordering::Equal if stored.digest == expected.digest => None,
                Ordering::Equal | Ordering::Greater => Some(Self::Drifted),
            },
        }
    }

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::Orphaned => "orphaned",
            Self::Drifted => "drifted",
        }
    }
}

/// One row that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its table.
    pub table: Box<str>,
    /// What names it in its table.
    pub key: String,
    /// How it differs.
    pub difference: Difference,
}

impl Finding {
    /// Names a row.
    pub fn new(table: Table, Key(first, second): &Key, difference: Difference) -> Self {
        let key = if second.is_empty() { first.to_string() } else { format!("{first}/{second}") };
        Self { table: table.name().into(), key, difference }
    }
}

/// What a run has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Rows that should be there and were compared.
    pub rows: u64,
    /// Rows that were not there.
    pub missing: u64,
    /// Rows of an earlier version.
    pub stale: u64,
    /// Rows without an object.
    pub orphaned: u64,
    /// Rows of another content.
    pub drifted: u64,
    /// How many of these were mended.
    pub repaired: u64,
    /// Objects that could not be read, so that their rows were left alone.
    pub unreadable: u64,
}

impl Tally {
    /// Adds what another part of the same run has counted.
    pub const fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.missing += other.missing;
        self.stale += other.stale;
        self.orphaned += other.orphaned;
        self.drifted += other.drifted;
        self.repaired += other.repaired;
        self.unreadable += other.unreadable;
    }

    /// Counts a difference.
    pub const fn count(&mut self, difference: Difference) {
        match difference {
            Difference::Missing => self.missing += 1,
            Difference::Stale => self.stale += 1,
            Difference::Orphaned => self.orphaned += 1,
            Difference::Drifted => self.drifted += 1,
        }
    }

    /// How many rows differed.
    pub const fn differences(&self) -> u64 {
        self.missing + self.stale + self.orphaned + self.drifted
    }

    /// Whether nothing was wrong.
    pub const fn is_clean(&self) -> bool {
        self.differences() == 0 && self.unreadable == 0
    }
}

/// The row under one key, if it is there.
#[derive(Clone, Debug)]
pub struct PrintOf {
    /// The table.
    pub table: Table,
    /// The firm.
    pub firm: FirmId,
    /// The key.
    pub key: Key,
}

impl Query for PrintOf {
    type Row = Print;

    fn statement(&self) -> Statement {
        let sql = format!("{} AND {}", select_print(self.table), key_condition(self.table));
        Statement::new(sql, key_params(self.table, &self.firm, &self.key))
    }

    fn decode(row: &dyn Row) -> Result<Print, journal::Error> {
        Walk::decode(row)
    }
}

/// Takes one row out. The triggers take it out of the counts as well.
pub fn delete(table: Table, firm: &FirmId, key: &Key) -> Statement {
    let sql = format!("DELETE FROM {} WHERE firmId = ?1 AND {}", table.name(), key_condition(table));
    Statement::new(sql, key_params(table, firm, key))
}

fn key_condition(table: Table) -> String {
    let columns = table.key().iter().enumerate();
    columns.map(|(at, column)| format!("{column} = ?{}", at + 2)).collect::<Vec<_>>().join(" AND ")
}

fn key_params(table: Table, firm: &FirmId, Key(first, second): &Key) -> Vec<Param> {
    let mut params = vec![Param::from(firm), Param::text(first.clone())];
    params.extend((table.key().len() == 2).then(|| Param::text(second.clone())));
    params
}

/// What `user_index` counts, from the rows that it counts.
macro_rules! counted {
    ($column:literal) => {
        concat!(
            "(SELECT count(*) FROM conversation_index AS c WHERE c.firmId = user_index.firmId AND c.",
            $column,
            " = user_index.userId AND c.isDeleted = 0)"
        )
    };
}

/// The users whose counts are not those of the conversations in the index, in the order of their ids: whatever the ids are. Where all
/// rows of conversations are right, these counts are wrong.
#[derive(Clone, Debug)]
pub struct WrongCounts {
    /// The firm.
    pub firm: FirmId,
    /// The user behind whom to begin; empty: at the first.
    pub after: Box<str>,
    /// Most users to look at.
    pub limit: u32,
}

/// A user that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedUser {
    /// What names the row.
    pub key: Key,
    /// Whether both counts are right.
    pub right: bool,
}

impl Query for WrongCounts {
    type Row = CountedUser;

    fn statement(&self) -> Statement {
        let sql = concat!(
            "SELECT userId, conversationCount = ",
            counted!("userId"),
            " AND assignedConversationCount = ",
            counted!("assignedTo"),
            " FROM user_index WHERE firmId = ?1 AND userId > ?2 ORDER BY userId LIMIT ?3"
        );
        Statement::new(sql, vec![(&self.firm).into(), Param::text(self.after.clone()), i64::from(self.limit).into()])
    }

    fn decode(row: &dyn Row) -> Result<CountedUser, journal::Error> {
        Ok(CountedUser { key: Key(row.text(0)?.into(), "".into()), right: row.integer(1)? == 1 })
    }
}

/// Counts a user's conversations anew. Changes a row only where a count was wrong.
pub fn recount(firm: &FirmId, user: &str) -> Statement {
    let sql = concat!(
        "UPDATE user_index SET conversationCount = ",
        counted!("userId"),
        ", assignedConversationCount = ",
        counted!("assignedTo"),
        " WHERE firmId = ?1 AND userId = ?2 AND NOT (conversationCount = ",
        counted!("userId"),
        " AND assignedConversationCount = ",
        counted!("assignedTo"),
        ")"
    );
    Statement::new(sql, vec![firm.into(), Param::text(user)])
}

/// Counts all users' conversations anew.
pub fn recount_all(firm: &FirmId) -> Statement {
    let sql = concat!(
        "UPDATE user_index SET conversationCount = ",
        counted!("userId"),
        ", assignedConversationCount = ",
        counted!("assignedTo"),
        " WHERE firmId = ?1"
    );
    Statement::new(sql, vec![firm.into()])
}

/// How far a run has come that has not ended: what it goes on from after a restart. Kept in the index it is about, and gone with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unfinished {
    /// When it began.
    pub started_at: Timestamp,
    /// Whether it mends nothing.
    pub dry_run: bool,
    /// The part of the work that it is in.
    pub stage: u8,
    /// The key in it behind which it goes on.
    pub after: Box<str>,
    /// What it has counted.
    pub tally: Tally,
    /// The first rows that it found.
    pub findings: Vec<Finding>,
}

/// The run that has not ended, if there is one.
#[derive(Clone, Copy, Debug)]
pub struct ReadUnfinished;

impl Query for ReadUnfinished {
    type Row = Unfinished;

    fn statement(&self) -> Statement {
        Statement::new("SELECT state FROM reconciliation WHERE id = 1", vec![])
    }

    fn decode(row: &dyn Row) -> Result<Unfinished, journal::Error> {
        serde_json::from_str(row.text(0)?)
            .map_err(|error| journal::Error::Corrupt(format!("the state of a reconciliation: {error}")))
    }
}

impl Unfinished {
    /// Keeps it.
    pub fn save(&self) -> Result<Statement, journal::Error> {
        let state = serde_json::to_string(self)
            .map_err(|error| journal::Error::Corrupt(format!("the state of a reconciliation: {error}")))?;
        let sql = "INSERT INTO reconciliation (id, state) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET state = excluded.state";
        Ok(Statement::new(sql, vec![Param::text(state)]))
    }

    /// Forgets the run that has not ended.
    pub fn forget() -> Statement {
        Statement::new("DELETE FROM reconciliation", vec![])
    }
}

/// A run that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reconciled {
    /// The firm.
    pub firm: FirmId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Whether it mended nothing.
    pub dry_run: bool,
    /// Whether it went on from where an earlier one was interrupted.
    pub resumed: bool,
    /// What it counted.
    #[serde(flatten)]
    pub tally: Tally,
    /// The first rows that it found, at most a hundred.
    pub findings: Vec<Finding>,
}

impl Reconciled {
    /// What the audit trail says of it: no client data, for it outlives an erasure.
    pub fn details(&self) -> serde_json::Value {
        let Self { tally, started_at, finished_at, dry_run, .. } = self;
        serde_json::json!({
            "missing": tally.missing,
            "stale": tally.stale,
            "orphaned": tally.orphaned,
            "drifted": tally.drifted,
            "repaired": tally.repaired,
            "unreadable": tally.unreadable,
            "dryRun": dry_run,
            "rows": tally.rows,
            "startedAt": started_at,
            "durationMs": finished_at.as_millis() - started_at.as_millis(),
        })
    }
}

/// A rebuild that has ended: what the index that was replaced held otherwise than the journal says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rebuilt {
    /// The rows of the replaced index against those of the new one.
    #[serde(flatten)]
    pub run: Reconciled,
    /// How many entries of the journal the new index holds.
    pub entries: u64,
}

/// What the audit trail calls a walk along the chains.
pub const CHAINS_VERIFIED: &str = "chains_verified";

/// What the audit trail calls a rebuild.
pub const REBUILT: &str = "index_rebuilt";

impl Rebuilt {
    /// What the audit trail says of it.
    pub fn details(&self) -> serde_json::Value {
        let Reconciled { tally, started_at, finished_at, .. } = &self.run;
        serde_json::json!({
            "entries": self.entries,
            "rows": tally.rows,
            "missing": tally.missing,
            "stale": tally.stale,
            "orphaned": tally.orphaned,
            "drifted": tally.drifted,
            "startedAt": started_at,
            "durationMs": finished_at.as_millis() - started_at.as_millis(),
        })
    }
}
