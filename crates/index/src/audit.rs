//! The audit trail: what happened, each entry with the name and role of who did it.
//!
//! Which index serves a page is said here (`INDEXED BY`), not left to the planner: the one of the most selective filter. One thing's trail is
//! the shortest; then come one person's, what was refused or went wrong, and one action's; what is left is walked by time. Every
//! further filter is checked row by row on the way, and so is always a kind of thing without its id. A page costs what it shows,
//! unless a further filter turns most of the walk away.
//!
//! The journal's clock never runs backwards and its ids ascend, so that the order of the ids is the order of the times.

use std::{fmt, str::FromStr};

use engage_domain::{EntryId, FirmId, Outcome, Role, Timestamp, UserId, text::Private};
use engage_journal::{self as journal, Row};
use serde::{Deserialize, Serialize};

use crate::{
    AuditRow, IndexRow, Query, Statement, Table,
    conversations::CursorError,
    page::{Direction, Limit, Range, bound_walk, cut},
    place, rows,
    statement::Draft,
};

/// A kind of thing, or one thing of that kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedResource {
    /// The kind.
    pub kind: Box<str>,
    /// Which one; none: any.
    pub id: Option<Box<str>>,
}

/// Which entries a list holds: those that satisfy every filter present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilters {
    /// Of this person.
    pub user: Option<UserId>,
    /// Of this action.
    pub action: Option<Box<str>>,
    /// About this.
    pub resource: Option<AuditedResource>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// Recorded in this span.
    pub span: Range,
}

/// One page of the audit trail.
#[derive(Clone, Debug)]
pub struct AuditList {
    /// The firm.
    pub firm: FirmId,
    /// Which entries.
    pub filters: AuditFilters,
    /// Oldest or newest first.
    pub direction: Direction,
    /// Behind which entry the page begins; none: at the first.
    pub after: Option<AuditPlace>,
    /// Most rows of the page.
    pub limit: Limit,
}

/// Where a page of the audit trail ended: the last row's time and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPlace(pub Timestamp, pub EntryId);

impl fmt::Display for AuditPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place::write(self, f)
    }
}

impl FromStr for AuditPlace {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        place::read(text)
    }
}

/// An entry with what the index knows of who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedEntry {
    /// The entry.
    pub row: AuditRow,
    /// The user's name.
    pub user_name: Option<Private>,
    /// The user's role today; the one in which they acted then may have been another.
    pub user_role: Option<Role>,
}

impl AuditList {
    /// Makes a page of the query's answer, with the place behind which the next page begins if there is one.
    pub fn page(&self, rows: Vec<ListedEntry>) -> (Vec<ListedEntry>, Option<AuditPlace>) {
        let (rows, more) = cut(rows, self.limit);
        let next = rows.last().filter(|_| more).map(|last| AuditPlace(last.row.timestamp, last.row.audit_id));
        (rows, next)
    }
}

impl Query for AuditList {
    type Row = ListedEntry;

    /// One row more than the page has; [`AuditList::page`] takes it off.
    fn statement(&self) -> Statement {
        let AuditFilters { user, action, resource, outcome, span } = &self.filters;
        let one = resource.as_ref().is_some_and(|resource| resource.id.is_some());
        let refused = outcome.is_some_and(|outcome| outcome != Outcome::Success);
        let (index, held) = match (one, user, action) {
            (true, _, _) => ("idx_firm_audit_resource", ""),
            (false, Some(_), _) => ("idx_firm_audit_user", ""),
            // Said literally: only so does SQLite see that the partial index holds what is asked for.
            (false, None, _) if refused => ("idx_firm_audit_refused", " AND a.outcome <> 'success'"),
            (false, None, Some(_)) => ("idx_firm_audit_action", ""),
            (false, None, None) => ("idx_firm_audit_time", ""),
        };
        let sql = format!(
            "SELECT {}, u.name, u.role FROM audit_log_index AS a INDEXED BY {index} LEFT JOIN user_index AS u
               ON u.firmId = a.firmId AND u.userId = a.userId WHERE a.firmId = ?1{held}",
            rows::select_of("a", Table::Audit)
        );
        let mut draft = Draft::of_firm(sql, &self.firm);
        draft.compare("a.resourceType", "=", resource.as_ref().map(|resource| &*resource.kind));
        draft.compare("a.resourceId", "=", resource.as_ref().and_then(|resource| resource.id.as_deref()));
        draft.compare("a.userId", "=", *user);
        draft.compare("a.action", "=", action.as_deref());
        draft.compare("a.outcome", "=", outcome.map(Outcome::as_str));
        if one {
            draft.compare("a.auditId", self.direction.behind(), self.after.map(|AuditPlace(_, id)| id));
            draft.compare("a.timestamp", ">=", span.from());
            draft.compare("a.timestamp", "<", span.to());
            return draft.page(&["a.auditId"], self.direction, self.limit);
        }
        let columns = ["a.timestamp", "a.auditId"];
        let after = self.after.map(|AuditPlace(at, id)| (at, id.into()));
        bound_walk(&mut draft, columns, self.direction, (span.from(), span.to()), after);
        draft.page(&columns, self.direction, self.limit)
    }

    fn decode(row: &dyn Row) -> Result<ListedEntry, journal::Error> {
        let own = Table::Audit.columns().len();
        Ok(ListedEntry {
            row: AuditRow::decode(row)?,
            user_name: row.maybe_text(own)?.map(Private::from),
            user_role: rows::maybe_word(Table::User, row, own + 1, Role::parse)?,
        })
    }
}
