//! The lists of assignments: a person's, and those that are overdue.

use engage_domain::{
    ConversationId, FirmId, Timestamp, UserId,
    conversation::{AssignmentStatus, Priority},
};
use engage_journal::{self as journal, Row};

use crate::{
    AssignmentRow, IndexRow, Query, Statement, Table,
    page::{Direction, Limit, cut},
    rows,
    statement::Draft,
};

/// One page of a firm's assignments. One person's come by status (by its word), then by conversation; everybody's come by
/// conversation, then by person.
#[derive(Clone, Debug)]
pub struct AssignmentList {
    /// The firm.
    pub firm: FirmId,
    /// Of this person alone.
    pub assigned_to: Option<UserId>,
    /// With this status alone.
    pub status: Option<AssignmentStatus>,
    /// Of this priority alone.
    pub priority: Option<Priority>,
    /// Behind which row the page begins; none: at the first.
    pub after: Option<AssignmentPlace>,
    /// Most rows of the page.
    pub limit: Limit,
}

/// Where a page of assignments ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssignmentPlace {
    /// The last row's status.
    pub status: AssignmentStatus,
    /// Its conversation.
    pub session_id: ConversationId,
    /// Its person.
    pub assigned_to: UserId,
}

impl AssignmentList {
    /// Makes a page of the query's answer, with the place behind which the next page begins if there is one.
    pub fn page(&self, rows: Vec<AssignmentRow>) -> (Vec<AssignmentRow>, Option<AssignmentPlace>) {
        let (rows, more) = cut(rows, self.limit);
        let next = rows.last().filter(|_| more).map(|last| AssignmentPlace {
            status: last.status,
            session_id: last.session_id,
            assigned_to: last.assigned_to,
        });
        (rows, next)
    }
}

impl Query for AssignmentList {
    type Row = AssignmentRow;

    /// One row more than the page has; [`AssignmentList::page`] takes it off.
    fn statement(&self) -> Statement {
        const ASSIGNEES: &str = "case_assignment_index INDEXED BY idx_firm_assignee";
        let order: &[&str] = match (self.assigned_to, self.status) {
            (Some(_), Some(_)) => &["sessionId"],
            (Some(_), None) => &["status", "sessionId"],
            (None, _) => &["sessionId", "assignedTo"],
        };
        // A `+` keeps SQLite from walking an index by the filter, for which it would have to sort.
        let (table, [status, priority]) = match self.assigned_to {
            Some(_) => (ASSIGNEES, ["status", "priority"]),
            None => ("case_assignment_index", ["+status", "+priority"]),
        };
        let sql = format!("SELECT {} FROM {table} WHERE firmId = ?1", rows::select(Table::Assignment));
        let mut draft = Draft::of_firm(sql, &self.firm);
        draft.compare("assignedTo", "=", self.assigned_to);
        draft.compare(status, "=", self.status.map(AssignmentStatus::as_str));
        draft.compare(priority, "=", self.priority.map(Priority::as_str));
        if let Some(AssignmentPlace { status, session_id, assigned_to }) = self.after {
            let place = match (self.assigned_to, self.status) {
                (Some(_), Some(_)) => vec![session_id.into()],
                (Some(_), None) => vec![status.as_str().into(), session_id.into()],
                (None, _) => vec![session_id.into(), assigned_to.into()],
            };
            draft.behind(order, Direction::Asc, place);
        }
        draft.page(order, Direction::Asc, self.limit)
    }

    fn decode(row: &dyn Row) -> Result<AssignmentRow, journal::Error> {
        AssignmentRow::decode(row)
    }
}

/// One page of the active assignments that were due before `now`, the longest overdue first.
#[derive(Clone, Debug)]
pub struct OverdueAssignments {
    /// The firm.
    pub firm: FirmId,
    /// The instant that "overdue" is asked against; an index cannot ask a clock.
    pub now: Timestamp,
    /// The last row's due date, conversation and person, behind which the page begins; none: at the first.
    pub after: Option<(Timestamp, ConversationId, UserId)>,
    /// Most rows of the page.
    pub limit: Limit,
}

impl OverdueAssignments {
    /// Makes a page of the query's answer, with the place behind which the next page begins if there is one.
    pub fn page(&self, rows: Vec<AssignmentRow>) -> (Vec<AssignmentRow>, Option<(Timestamp, ConversationId, UserId)>) {
        let (rows, more) = cut(rows, self.limit);
        let last = rows.last().filter(|_| more);
        let next = last.and_then(|last| Some((last.due_date?, last.session_id, last.assigned_to)));
        (rows, next)
    }
}

impl Query for OverdueAssignments {
    type Row = AssignmentRow;

    /// One row more than the page has; [`OverdueAssignments::page`] takes it off.
    fn statement(&self) -> Statement {
        let sql = format!(
            "SELECT {} FROM case_assignment_index INDEXED BY idx_firm_overdue WHERE firmId = ?1 AND status = 'active'",
            rows::select(Table::Assignment)
        );
        let mut draft = Draft::of_firm(sql, &self.firm);
        let columns = ["dueDate", "sessionId", "assignedTo"];
        draft.compare("dueDate", "<", Some(self.now));
        if let Some((due, session, user)) = self.after {
            draft.behind(&columns, Direction::Asc, vec![due.into(), session.into(), user.into()]);
        }
        draft.page(&columns, Direction::Asc, self.limit)
    }

    fn decode(row: &dyn Row) -> Result<AssignmentRow, journal::Error> {
        AssignmentRow::decode(row)
    }
}
