//! The tables as a whole: their names and columns, walks in key order, and counts, for verification and reconciliation.
//!
//! A [`Walk`] reads values as they are stored, not as they should be: a row that no projection could have written is still
//! walked over, and shows by its digest.

use engage_domain::{FirmId, Kind, Version};
use engage_journal::{self as journal, ObjectKey, Row, Value};
use sha2::{Digest, Sha256};

use crate::{Param, Query, Statement};

/// One of the five tables of the specification, or the passages that are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// `conversation_index`
    Conversation,
    /// `user_index`
    User,
    /// `case_assignment_index`
    Assignment,
    /// `audit_log_index`
    Audit,
    /// `conflict_detection_index`
    Conflict,
    /// `passage_index`
    Passage,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 6] =
        [Self::Conversation, Self::User, Self::Assignment, Self::Audit, Self::Conflict, Self::Passage];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conversation => "conversation_index",
            Self::User => "user_index",
            Self::Assignment => "case_assignment_index",
            Self::Audit => "audit_log_index",
            Self::Conflict => "conflict_detection_index",
            Self::Passage => "passage_index",
        }
    }

    /// The columns of its key behind `firmId`.
    pub const fn key(self) -> &'static [&'static str] {
        match self {
            Self::Conversation => &["sessionId"],
            Self::User => &["userId"],
            Self::Assignment => &["sessionId", "assignedTo"],
            Self::Audit => &["auditId"],
            Self::Conflict => &["conflictId"],
            Self::Passage => &["passageId"],
        }
    }

    /// The columns that a projection gives, `firmId` and key first and `version` last; a row's digest covers them all. The
    /// counters of `user_index`, which triggers keep, are not among them.
    #[rustfmt::skip]
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Conversation => &[
                "firmId", "sessionId", "userId", "clientName", "clientEmail", "practiceArea", "status", "phase",
                "assignedTo", "conflictStatus", "goalsCompleted", "goalsTotal", "dataQualityScore", "createdAt",
                "lastActivity", "isDeleted", "clientSort", "completionMs", "version",
            ],
            Self::User => &[
                "firmId", "userId", "auth0UserId", "email", "name", "role", "status", "lastLogin", "createdAt", "version",
            ],
            Self::Assignment => &[
                "firmId", "sessionId", "assignedTo", "assignedBy", "assignedAt", "status", "priority", "dueDate",
                "estimatedHours", "actualHours", "notes", "version",
            ],
            Self::Audit => &[
                "firmId", "auditId", "userId", "action", "resourceType", "resourceId", "timestamp", "ipAddress",
                "userAgent", "outcome", "details", "seq", "version",
            ],
            Self::Conflict => &[
                "firmId", "conflictId", "sessionId", "conflictType", "conflictEntity", "matchType", "confidence",
                "detectedAt", "detectedBy", "status", "resolvedAt", "resolvedBy", "resolution", "notes", "partyName",
                "otherSessionId", "version",
            ],
            Self::Passage => &[
                "firmId", "passageId", "sessionId", "clientName", "clientEmail", "situation", "message", "version",
            ],
        }
    }

    /// The columns that triggers keep.
    pub const fn counters(self) -> &'static [&'static str] {
        match self {
            Self::User => &["conversationCount", "assignedConversationCount"],
            Self::Conversation | Self::Assignment | Self::Audit | Self::Conflict | Self::Passage => &[],
        }
    }

    /// The digest of a row from the values of [`Table::columns`], in order.
    pub(crate) fn digest<'a>(self, values: impl IntoIterator<Item = Value<'a>>) -> [u8; 32] {
        let mut digest = RowDigest::of(self);
        values.into_iter().for_each(|value| digest.add(value));
        digest.finish()
    }
}

/// SHA-256 over a row's columns. Each value goes in behind a tag, text also behind its length, so that no two different rows
/// give the same bytes. A number goes in as a double, which holds every integer up to 2^53, because D1 hands both kinds over alike.
struct RowDigest(Sha256);

impl RowDigest {
    fn of(table: Table) -> Self {
        let mut digest = Self(Sha256::new());
        digest.add(Value::Text(table.name()));
        digest
    }

    fn add(&mut self, value: Value<'_>) {
        let (tag, bytes) = match value {
            Value::Null => (b'0', [].as_slice()),
            Value::Integer(integer) => return self.number(integer as f64),
            Value::Real(real) => return self.number(real),
            Value::Text(text) => (b't', text.as_bytes()),
            Value::Blob(bytes) => (b'b', bytes),
        };
        self.0.update([tag]);
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn number(&mut self, number: f64) {
        self.0.update(b"n");
        // Adding zero makes −0 into 0: SQLite does not tell the two apart.
        self.0.update((number + 0.0).to_bits().to_be_bytes());
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// What names a row within its firm's table: the values of [`Table::key`]; the second is empty where there is only one.
/// Keys sort as SQLite sorts them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub Box<str>, pub Box<str>);

/// One stored row, as much of it as a comparison needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Print {
    /// Its key.
    pub key: Key,
    /// Its version.
    pub version: Version,
    /// Its digest.
    pub digest: [u8; 32],
}

/// The rows of a table in key order, at most `limit` of those behind `after`. To go on, ask again behind the last key.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The table.
    pub table: Table,
    /// The firm.
    pub firm: FirmId,
    /// The key behind which to begin; none: at the first row.
    pub after: Option<Key>,
    /// Most rows to read at once.
    pub limit: u32,
}

/// The text that [`Walk::decode`] reads the answer of, up to the condition on the firm.
pub(crate) fn select_print(table: Table) -> String {
    let (name, key) = (table.name(), table.key());
    let second = key.get(1).unwrap_or(&"''");
    format!("SELECT '{name}', {}, {second}, {} FROM {name} WHERE firmId = ?1", key[0], table.columns().join(", "))
}

/// Ends a text that stops at the condition on the firm: a page of a table in key order, behind a key.
pub(crate) fn page_behind(table: Table, mut sql: String, firm: &FirmId, after: Option<&Key>, limit: u32) -> Statement {
    let key = table.key();
    let mut params = vec![Param::from(firm), Param::Integer(i64::from(limit))];
    if let Some(Key(first, second)) = after {
        params.push(Param::text(first.clone()));
        if key.len() == 2 {
            params.push(Param::text(second.clone()));
            sql.push_str(" AND (sessionId, assignedTo) > (?3, ?4)");
        } else {
            sql += &format!(" AND {} > ?3", key[0]);
        }
    }
    sql += &format!(" ORDER BY {} LIMIT ?2", key.join(", "));
    Statement::new(sql, params)
}

impl Query for Walk {
    type Row = Print;

    fn statement(&self) -> Statement {
        page_behind(self.table, select_print(self.table), &self.firm, self.after.as_ref(), self.limit)
    }

    fn decode(row: &dyn Row) -> Result<Print, journal::Error> {
        const FIRST: usize = 3;
        let name = row.text(0)?;
        let table = Table::ALL.into_iter().find(|table| table.name() == name);
        let table = table.ok_or_else(|| journal::Error::Corrupt(format!("a row of {name:?}")))?;
        let last = FIRST + table.columns().len() - 1;
        let mut digest = RowDigest::of(table);
        for at in FIRST..=last {
            digest.add(row.value(at)?);
        }
        let version = row.integer(last)?;
        Ok(Print {
            key: Key(row.text(1)?.into(), row.text(2)?.into()),
            version: Version(u64::try_from(version).unwrap_or(0)),
            digest: digest.finish(),
        })
    }
}

/// How many rows of a firm a table holds. Reads all of one index.
#[derive(Clone, Debug)]
pub struct Count {
    /// The table.
    pub table: Table,
    /// The firm.
    pub firm: FirmId,
}

impl Query for Count {
    type Row = u64;

    fn statement(&self) -> Statement {
        let sql = format!("SELECT count(*) FROM {} WHERE firmId = ?1", self.table.name());
        Statement::new(sql, vec![(&self.firm).into()])
    }

    fn decode(row: &dyn Row) -> Result<u64, journal::Error> {
        Ok(u64::try_from(row.integer(0)?).unwrap_or(0))
    }
}

/// The version of an object that the index shows; no row where it shows none. What a consistency token is held against.
#[derive(Clone, Debug)]
pub struct VersionOf {
    /// The firm.
    pub firm: FirmId,
    /// The object. The firm itself has no row of its own: its latest entry in the audit trail tells, unless rows of its registry could not be
    /// written, which stand in the same transaction.
    pub object: ObjectKey,
}

impl Query for VersionOf {
    type Row = Version;

    fn statement(&self) -> Statement {
        let (sql, name) = match self.object.kind {
            Kind::Conversation => ("SELECT version FROM conversation_index WHERE firmId = ?1 AND sessionId = ?2", true),
            Kind::User => ("SELECT version FROM user_index WHERE firmId = ?1 AND userId = ?2", true),
            Kind::Firm => (
                // Entries about anything but conversations and users are the firm's own, whatever they say of their resource.
                "SELECT version FROM audit_log_index INDEXED BY idx_firm_audit_own
                 WHERE firmId = ?1 AND resourceType NOT IN ('conversation', 'user')
                   AND NOT EXISTS (SELECT 1 FROM sync_failure WHERE kind = 'firm' AND name = ?1)
                 ORDER BY auditId DESC LIMIT 1",
                false,
            ),
        };
        let name = name.then(|| Param::text(self.object.name.clone()));
        Statement::new(sql, [Param::from(&self.firm)].into_iter().chain(name).collect())
    }

    fn decode(row: &dyn Row) -> Result<Version, journal::Error> {
        Ok(Version(u64::try_from(row.integer(0)?).unwrap_or(0)))
    }
}
