//! The lists of the audit trail: of one resource, and of a span of time.

use engage_domain::{EntryId, FirmId, Timestamp};
use engage_journal::{self as journal, Row};

use crate::{
    AuditRow, IndexRow, Query, Statement, Table,
    page::{Direction, Limit, Range, bound_walk, cut},
    rows,
    statement::Draft,
};

/// One page of what happened to one resource, in the order in which it was recorded.
#[derive(Clone, Debug)]
pub struct AuditOfResource {
    /// The firm.
    pub firm: FirmId,
    /// The kind of thing.
    pub resource_type: Box<str>,
    /// Which one.
    pub resource_id: Box<str>,
    /// Oldest or newest first.
    pub direction: Direction,
    /// Behind which entry the page begins; none: at the first. Ids sort as the times of recording do, and so are the cursor.
    pub after: Option<EntryId>,
    /// Most rows of the page.
    pub limit: Limit,
}

impl AuditOfResource {
    /// Makes a page of the query's answer, with the id behind which the next page begins if there is one.
    pub fn page(&self, rows: Vec<AuditRow>) -> (Vec<AuditRow>, Option<EntryId>) {
        let (rows, more) = cut(rows, self.limit);
        let next = rows.last().filter(|_| more).map(|last| last.audit_id);
        (rows, next)
    }
}

impl Query for AuditOfResource {
    type Row = AuditRow;

    /// One row more than the page has; [`AuditOfResource::page`] takes it off.
    fn statement(&self) -> Statement {
        let sql = format!(
            "SELECT {} FROM audit_log_index INDEXED BY idx_firm_audit_resource WHERE firmId = ?1",
            rows::select(Table::Audit)
        );
        let mut draft = Draft::of_firm(sql, &self.firm);
        draft.compare("resourceType", "=", Some(&*self.resource_type));
        draft.compare("resourceId", "=", Some(&*self.resource_id));
        draft.compare("auditId", self.direction.behind(), self.after);
        draft.page(&["auditId"], self.direction, self.limit)
    }

    fn decode(row: &dyn Row) -> Result<AuditRow, journal::Error> {
        AuditRow::decode(row)
    }
}

/// The newest entries of one action, newest first: at most `limit` of them.
#[derive(Clone, Debug)]
pub struct LatestOf {
    /// The firm.
    pub firm: FirmId,
    /// The action.
    pub action: &'static str,
    /// Most rows.
    pub limit: Limit,
}

impl Query for LatestOf {
    type Row = AuditRow;

    fn statement(&self) -> Statement {
        let sql = format!(
            "SELECT {} FROM audit_log_index INDEXED BY idx_firm_audit_action WHERE firmId = ?1 AND action = ?2
             ORDER BY timestamp DESC, auditId DESC LIMIT ?3",
            rows::select(Table::Audit)
        );
        Statement::new(sql, vec![(&self.firm).into(), self.action.into(), i64::from(self.limit.get()).into()])
    }

    fn decode(row: &dyn Row) -> Result<AuditRow, journal::Error> {
        AuditRow::decode(row)
    }
}

/// One page of everything recorded in a span of time.
#[derive(Clone, Debug)]
pub struct AuditByTime {
    /// The firm.
    pub firm: FirmId,
    /// The span.
    pub span: Range,
    /// Oldest or newest first.
    pub direction: Direction,
    /// The last row's time and id, behind which the page begins; none: at the first.
    pub after: Option<(Timestamp, EntryId)>,
    /// Most rows of the page.
    pub limit: Limit,
}

impl AuditByTime {
    /// Makes a page of the query's answer, with the place behind which the next page begins if there is one.
    pub fn page(&self, rows: Vec<AuditRow>) -> (Vec<AuditRow>, Option<(Timestamp, EntryId)>) {
        let (rows, more) = cut(rows, self.limit);
        let next = rows.last().filter(|_| more).map(|last| (last.timestamp, last.audit_id));
        (rows, next)
    }
}

impl Query for AuditByTime {
    type Row = AuditRow;

    /// One row more than the page has; [`AuditByTime::page`] takes it off.
    fn statement(&self) -> Statement {
        let sql = format!(
            "SELECT {} FROM audit_log_index INDEXED BY idx_firm_audit_time WHERE firmId = ?1",
            rows::select(Table::Audit)
        );
        let mut draft = Draft::of_firm(sql, &self.firm);
        let columns = ["timestamp", "auditId"];
        let after = self.after.map(|(at, id)| (at, id.into()));
        bound_walk(&mut draft, columns, self.direction, (self.span.from(), self.span.to()), after);
        draft.page(&columns, self.direction, self.limit)
    }

    fn decode(row: &dyn Row) -> Result<AuditRow, journal::Error> {
        AuditRow::decode(row)
    }
}
