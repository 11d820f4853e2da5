//! `case_assignment_index`.

use engage_domain::{
    ConversationId, FirmId, Timestamp, UserId, Version,
    conversation::{AssignmentStatus, Priority},
    text::Private,
};
use engage_journal::{self as journal, Row};

use super::{IndexRow, maybe_parse, parse, private, text_of, version, word};
use crate::{Param, Table, scan::Key};

/// One person's latest assignment to a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignmentRow {
    /// The firm.
    pub firm_id: FirmId,
    /// The conversation.
    pub session_id: ConversationId,
    /// Who is responsible, or was.
    pub assigned_to: UserId,
    /// Who said so; none for the platform itself.
    pub assigned_by: Option<UserId>,
    /// Since when.
    pub assigned_at: Timestamp,
    /// What became of it.
    pub status: AssignmentStatus,
    /// How urgent it is.
    pub priority: Priority,
    /// By when it is to be done.
    pub due_date: Option<Timestamp>,
    /// How long it should take, in hours.
    pub estimated_hours: Option<f64>,
    /// How long it took, in hours.
    pub actual_hours: Option<f64>,
    /// What the assignee should know.
    pub notes: Option<Private>,
    /// The conversation's version that last touched it.
    pub version: Version,
}

impl IndexRow for AssignmentRow {
    const TABLE: Table = Table::Assignment;

    fn params(&self) -> Vec<Param> {
        vec![
            (&self.firm_id).into(),
            self.session_id.into(),
            self.assigned_to.into(),
            Param::maybe(self.assigned_by),
            self.assigned_at.into(),
            self.status.as_str().into(),
            self.priority.as_str().into(),
            Param::maybe(self.due_date),
            self.estimated_hours.map_or(Param::Null, Param::Real),
            self.actual_hours.map_or(Param::Null, Param::Real),
            text_of(&self.notes),
            self.version.into(),
        ]
    }

    fn decode(row: &dyn Row) -> Result<Self, journal::Error> {
        let t = Self::TABLE;
        Ok(Self {
            firm_id: parse(t, row, 0)?,
            session_id: parse(t, row, 1)?,
            assigned_to: parse(t, row, 2)?,
            assigned_by: maybe_parse(t, row, 3)?,
            assigned_at: parse(t, row, 4)?,
            status: word(t, row, 5, AssignmentStatus::parse)?,
            priority: word(t, row, 6, Priority::parse)?,
            due_date: maybe_parse(t, row, 7)?,
            estimated_hours: row.maybe_real(8)?,
            actual_hours: row.maybe_real(9)?,
            notes: private(row, 10)?,
            version: version(t, row, 11)?,
        })
    }

    fn key(&self) -> Key {
        Key(self.session_id.to_string().into(), self.assigned_to.to_string().into())
    }

    fn version(&self) -> Version {
        self.version
    }
}
