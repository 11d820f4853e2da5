//! Who has how much to do.

use engage_domain::{FirmId, Role, Timestamp, UserId, text::Private};
use engage_journal::{self as journal, Row};

use crate::{Query, Statement};

/// The workload of the firm's active people, clients left out, most active conversations first, then by name.
///
/// Conversations and assignments are added up apart, each along an index, before either meets a person: joined first, every conversation
/// of a person would meet every assignment of theirs and each would be counted as often as there are of the other.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The firm.
    pub firm: FirmId,
    /// The instant that "overdue" is asked against.
    pub now: Timestamp,
}

/// What one person has to do.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkloadRow {
    /// The person.
    pub user_id: UserId,
    /// Their name.
    pub name: Option<Private>,
    /// Their role.
    pub role: Option<Role>,
    /// Active conversations that they are responsible for.
    pub active_conversations: u64,
    /// Mean data quality of those, 0 to 100; none of none.
    pub average_data_quality: Option<f64>,
    /// Their active assignments, whatever the status of the conversation.
    pub assigned_cases: u64,
    /// Mean estimated hours of those that have an estimate; none where none has.
    pub average_estimated_hours: Option<f64>,
    /// Those whose due date is before `now`.
    pub overdue_cases: u64,
}

impl Workload {
    /// Most people of one answer; of more, those with the least to do are left out.
    pub const PEOPLE_MAX: u32 = 10_000;
}

impl Query for Workload {
    type Row = WorkloadRow;

    fn statement(&self) -> Statement {
        const SQL: &str = "
            WITH conversations AS MATERIALIZED (
                SELECT assignedTo AS person, count(*) AS active, avg(dataQualityScore) AS quality
                FROM conversation_index INDEXED BY idx_firm_active_assigned
                WHERE firmId = ?1 AND isDeleted = 0 AND status = 'active' AND assignedTo IS NOT NULL
                GROUP BY assignedTo),
            cases AS MATERIALIZED (
                SELECT assignedTo AS person, count(*) AS assigned, avg(estimatedHours) AS hours,
                    count(*) FILTER (WHERE dueDate < ?2) AS overdue
                FROM case_assignment_index INDEXED BY idx_firm_assignee
                WHERE firmId = ?1 AND status = 'active' AND sessionId NOT IN (
                    SELECT sessionId FROM conversation_index INDEXED BY idx_firm_deleted
                    WHERE firmId = ?1 AND isDeleted = 1)
                GROUP BY assignedTo)
            SELECT userId, name, role, coalesce(active, 0) AS active, quality, coalesce(assigned, 0), hours, coalesce(overdue, 0)
            FROM user_index INDEXED BY idx_firm_user_status
            LEFT JOIN conversations ON conversations.person = userId
            LEFT JOIN cases ON cases.person = userId
            WHERE firmId = ?1 AND status = 'active' AND role IS NOT 'client'
            ORDER BY coalesce(active, 0) DESC, name, userId
            LIMIT ?3";
        Statement::new(SQL, vec![(&self.firm).into(), self.now.into(), i64::from(Self::PEOPLE_MAX).into()])
    }

    fn decode(row: &dyn Row) -> Result<WorkloadRow, journal::Error> {
        let corrupt = |column: &str, text: &str| journal::Error::Corrupt(format!("{text:?} in user_index.{column}"));
        let count = |at| row.integer(at).map(|count| u64::try_from(count).unwrap_or(0));
        let (id, role) = (row.text(0)?, row.maybe_text(2)?);
        Ok(WorkloadRow {
            user_id: id.parse().map_err(|_| corrupt("userId", id))?,
            name: row.maybe_text(1)?.map(Private::from),
            role: role.map(|word| Role::parse(word).ok_or_else(|| corrupt("role", word))).transpose()?,
            active_conversations: count(3)?,
            average_data_quality: row.maybe_real(4)?,
            assigned_cases: count(5)?,
            average_estimated_hours: row.maybe_real(6)?,
            overdue_cases: count(7)?,
        })
    }
}
