//! The list of assignments, by due date, each with the client's name.
//!
//! SQLite sorts absent values first; here those without a due date come last. So the list has two parts, the dated and the undated, each
//! a walk along an index, and a page that reaches the end of the first goes on with the second ([`AssignmentList::undated`]). Where
//! no single index holds what is asked for in the order of its due dates, several are walked at once and merged: one a status for a
//! person's assignments, one a priority for everybody's. Either way a page costs what it shows; further filters are checked row
//! by row.
//!
//! A deleted conversation's assignments are in no list, as the conversation itself is not.

use std::{fmt, str::FromStr};

use engage_domain::{
    ConversationId, FirmId, Timestamp, UserId,
    conversation::{AssignmentStatus, Priority},
    text::Private,
};
use engage_journal::{self as journal, Row};
use serde::{Deserialize, Serialize};

use crate::{
    AssignmentRow, IndexRow, Query, Statement, Table,
    conversations::CursorError,
    page::{Direction, Limit, cut},
    place, rows,
    statement::Draft,
};

/// Which assignments a list holds: those that satisfy every filter present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssignmentFilters {
    /// Of this person.
    pub assigned_to: Option<UserId>,
    /// With this status.
    pub status: Option<AssignmentStatus>,
    /// Of this priority.
    pub priority: Option<Priority>,
    /// Active, and due before this instant. An index cannot ask a clock, so the caller says what time it is.
    pub overdue_at: Option<Timestamp>,
}

impl AssignmentFilters {
    /// The status that the list has to have: that it is overdue says that it is active.
    fn status(&self) -> Option<AssignmentStatus> {
        self.status.or(self.overdue_at.map(|_| AssignmentStatus::Active))
    }
}

/// One page of a firm's assignments, by due date, those without one last; conversation and person settle ties.
#[derive(Clone, Debug)]
pub struct AssignmentList {
    /// The firm.
    pub firm: FirmId,
    /// Which ones.
    pub filters: AssignmentFilters,
    /// Behind which row the page begins; none: at the first.
    pub after: Option<AssignmentPlace>,
    /// Most rows of the page.
    pub limit: Limit,
}

/// Where a page of assignments ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentPlace {
    /// The part of the list that it lies in; in the dated one, the last row's due date.
    pub due: Option<Timestamp>,
    /// The last row's conversation and person; none: at the beginning of the part.
    pub last: Option<(ConversationId, UserId)>,
}

impl AssignmentPlace {
    const fn behind(row: &AssignmentRow) -> Self {
        Self { due: row.due_date, last: Some((row.session_id, row.assigned_to)) }
    }
}

impl fmt::Display for AssignmentPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place::write(self, f)
    }
}

impl FromStr for AssignmentPlace {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let found: Self = place::read(text)?;
        // A due date alone is the place of no row.
        if found.due.is_some() && found.last.is_none() { Err(CursorError::Malformed) } else { Ok(found) }
    }
}

/// An assignment with what its conversation says of the client.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedAssignment {
    /// The assignment.
    pub row: AssignmentRow,
    /// The client's name.
    pub client_name: Option<Private>,
}

impl AssignmentList {
    /// The list from the beginning of its undated part, where `found` rows of the dated part do not fill the page; none: there is no more
    /// to ask for. What is found there is to be put behind them.
    pub fn undated(&self, found: usize) -> Option<Self> {
        let dated = self.after.is_none_or(|place| place.due.is_some()) && self.filters.overdue_at.is_none();
        let left = self.limit.get().checked_sub(u32::try_from(found).unwrap_or(u32::MAX)).filter(|_| dated)?;
        // A page that is exactly full still has to learn whether there is another.
        let limit = Limit::new(left.max(1)).ok()?;
        Some(Self { after: Some(AssignmentPlace { due: None, last: None }), limit, ..self.clone() })
    }

    /// Makes a page of the answers' rows, with the place behind which the next page begins if there is one.
    pub fn page(&self, rows: Vec<ListedAssignment>) -> (Vec<ListedAssignment>, Option<AssignmentPlace>) {
        let (rows, more) = cut(rows, self.limit);
        let next = rows.last().filter(|_| more).map(|last| AssignmentPlace::behind(&last.row));
        (rows, next)
    }
}

impl Query for AssignmentList {
    type Row = ListedAssignment;

    /// One row more than the page has, of the part in which it begins; [`AssignmentList::page`] takes it off.
    fn statement(&self) -> Statement {
        let AssignmentFilters { assigned_to, status: _, priority, overdue_at } = self.filters;
        let status = self.filters.status();
        let mut draft = Draft::of_firm(String::new(), &self.firm);
        draft.compare("a.assignedTo", "=", assigned_to);
        draft.compare("a.priority", "=", priority.map(Priority::as_str));
        // Said literally: only so does SQLite see that the index of active assignments holds what is asked for.
        let active = " AND a.status = 'active'".to_owned();
        let (walked, parts) = match (assigned_to, status, priority) {
            (Some(_), None, _) => {
                let each = AssignmentStatus::ALL.map(|status| format!(" AND a.status = '{}'", status.as_str()));
                ("idx_firm_assignee", each.to_vec())
            }
            (Some(_), Some(AssignmentStatus::Active), _) => ("idx_firm_assignee", vec![active]),
            (Some(_), Some(_), _) => ("idx_firm_assignee", vec![String::new()]),
            // What is overdue is less than what has a priority.
            (None, _, _) if overdue_at.is_some() => ("idx_firm_overdue", vec![active]),
            (None, Some(AssignmentStatus::Active), None) => ("idx_firm_overdue", vec![active]),
            (None, _, Some(_)) => ("idx_firm_priority", vec![String::new()]),
            (None, _, None) => {
                let each = Priority::ALL.map(|priority| format!(" AND a.priority = '{}'", priority.as_str()));
                ("idx_firm_priority", each.to_vec())
            }
        };
        if status != Some(AssignmentStatus::Active) || walked == "idx_firm_priority" {
            draft.compare("a.status", "=", status.map(AssignmentStatus::as_str));
        }
        // The outer loop, whose order the page has, is the assignments'.
        let head = format!(
            "SELECT {}, c.clientName FROM case_assignment_index AS a INDEXED BY {walked} CROSS JOIN conversation_index AS c
               ON c.firmId = a.firmId AND c.sessionId = a.sessionId AND c.isDeleted = 0 WHERE a.firmId = ?1",
            rows::select_of("a", Table::Assignment)
        );
        let parts: Vec<_> = parts.into_iter().map(|part| format!("{head}{part}")).collect();
        let parts_of = |condition: &str| parts.iter().map(|part| format!("{part}{condition}")).collect::<Vec<_>>();
        draft.compare("a.dueDate", "<", overdue_at);
        match self.after {
            Some(AssignmentPlace { due: None, last }) => {
                let columns = ["a.sessionId", "a.assignedTo"];
                if let Some((session, user)) = last {
                    draft.behind(&columns, Direction::Asc, vec![session.into(), user.into()]);
                }
                draft.merged(&parts_of(" AND a.dueDate IS NULL"), &columns, Direction::Asc, self.limit)
            }
            place => {
                let columns = ["a.dueDate", "a.sessionId", "a.assignedTo"];
                match place {
                    Some(AssignmentPlace { due: Some(due), last: Some((session, user)) }) => {
                        draft.behind(&columns, Direction::Asc, vec![due.into(), session.into(), user.into()]);
                        draft.merged(&parts, &columns, Direction::Asc, self.limit)
                    }
                    _ => draft.merged(&parts_of(" AND a.dueDate IS NOT NULL"), &columns, Direction::Asc, self.limit),
                }
            }
        }
    }

    fn decode(row: &dyn Row) -> Result<ListedAssignment, journal::Error> {
        let own = Table::Assignment.columns().len();
        Ok(ListedAssignment { row: AssignmentRow::decode(row)?, client_name: row.maybe_text(own)?.map(Private::from) })
    }
}
