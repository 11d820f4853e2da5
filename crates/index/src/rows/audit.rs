//! `audit_log_index`.

use std::sync::LazyLock;

use engage_domain::{EntryId, FirmId, Outcome, Timestamp, UserId, Version};
use engage_journal::{self as journal, Row};

use super::{IndexRow, maybe_parse, parse, upsert, version, word};
use crate::{Param, Statement, Table, scan::Key};

/// One entry as the audit trail shows it. Written once, never replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// The firm.
    pub firm_id: FirmId,
    /// The entry. Ids sort in the order in which entries were recorded.
    pub audit_id: EntryId,
    /// Who acted; none for a visitor and for the platform itself.
    pub user_id: Option<UserId>,
    /// What was done.
    pub action: Box<str>,
    /// The kind of thing it was done to.
    pub resource_type: Box<str>,
    /// Which one; none where it was no single one, such as a list.
    pub resource_id: Option<Box<str>>,
    /// When it was recorded.
    pub timestamp: Timestamp,
    /// From which address.
    pub ip_address: Option<Box<str>>,
    /// With which browser or program.
    pub user_agent: Option<Box<str>>,
    /// How it ended.
    pub outcome: Outcome,
    /// A JSON object without client data.
    pub details: Box<str>,
    /// The entry's place in its journal.
    pub seq: i64,
    /// The object's version after it.
    pub version: Version,
}

impl AuditRow {
    /// Rows in one statement of [`AuditRow::batch_statement`].
    pub const BATCH: usize = 32;

    /// Writes some rows at once, each as [`IndexRow::to_statement`] would: they go in side by side, so that SQLite finds its place in the
    /// table and its indexes once for all of them.
    pub fn batch_statement(rows: &[Self; Self::BATCH]) -> Statement {
        static TEXT: LazyLock<String> = LazyLock::new(|| upsert::compose(Table::Audit, AuditRow::BATCH));
        Statement::new(&**TEXT, rows.iter().flat_map(IndexRow::params).collect())
    }
}

impl IndexRow for AuditRow {
    const TABLE: Table = Table::Audit;

    fn params(&self) -> Vec<Param> {
        vec![
            (&self.firm_id).into(),
            self.audit_id.into(),
            Param::maybe(self.user_id),
            (&*self.action).into(),
            (&*self.resource_type).into(),
            Param::maybe(self.resource_id.as_deref()),
            self.timestamp.into(),
            Param::maybe(self.ip_address.as_deref()),
            Param::maybe(self.user_agent.as_deref()),
            self.outcome.as_str().into(),
            (&*self.details).into(),
            self.seq.into(),
            self.version.into(),
        ]
    }

    fn decode(row: &dyn Row) -> Result<Self, journal::Error> {
        let t = Self::TABLE;
        Ok(Self {
            firm_id: parse(t, row, 0)?,
            audit_id: parse(t, row, 1)?,
            user_id: maybe_parse(t, row, 2)?,
            action: row.text(3)?.into(),
            resource_type: row.text(4)?.into(),
            resource_id: row.maybe_text(5)?.map(Box::from),
            timestamp: parse(t, row, 6)?,
            ip_address: row.maybe_text(7)?.map(Box::from),
            user_agent: row.maybe_text(8)?.map(Box::from),
            outcome: word(t, row, 9, Outcome::parse)?,
            details: row.text(10)?.into(),
            seq: row.integer(11)?,
            version: version(t, row, 12)?,
        })
    }

    fn key(&self) -> Key {
        Key(self.audit_id.to_string().into(), "".into())
    }

    fn version(&self) -> Version {
        self.version
    }
}
