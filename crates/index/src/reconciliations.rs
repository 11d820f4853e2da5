//! The list of a firm's reconciliations: the entries that they leave, as the audit trail has them.

use engage_domain::{EntryId, FirmId, Timestamp};
use engage_journal::{self as journal, Row};

use crate::{
    AuditRow, IndexRow, Query, Statement, Table,
    page::{Direction, Limit, cut},
    rows,
    statement::Draft,
};

/// The action of the entry that a reconciliation leaves on its firm's object. Its details are the counts of what was found.
pub const ACTION: &str = "index_reconciled";

/// One page of a firm's reconciliations, the newest first.
#[derive(Clone, Debug)]
pub struct Reconciliations {
    /// The firm.
    pub firm: FirmId,
    /// The last row's time and id, behind which the page begins; none: at the first.
    pub after: Option<(Timestamp, EntryId)>,
    /// Most rows of the page.
    pub limit: Limit,
}

impl Reconciliations {
    /// Makes a page of the query's answer, with the place behind which the next page begins if there is one.
    pub fn page(&self, rows: Vec<AuditRow>) -> (Vec<AuditRow>, Option<(Timestamp, EntryId)>) {
        let (rows, more) = cut(rows, self.limit);
        let next = rows.last().filter(|_| more).map(|last| (last.timestamp, last.audit_id));
        (rows, next)
    }
}

impl Query for Reconciliations {
    type Row = AuditRow;

    /// One row more than the page has; [`Reconciliations::page`] takes it off.
    fn statement(&self) -> Statement {
        let sql = format!(
            "SELECT {} FROM audit_log_index INDEXED BY idx_firm_audit_action WHERE firmId = ?1",
            rows::select(Table::Audit)
        );
        let mut draft = Draft::of_firm(sql, &self.firm);
        draft.compare("action", "=", Some(ACTION));
        let columns = ["timestamp", "auditId"];
        if let Some((at, id)) = self.after {
            draft.behind(&columns, Direction::Desc, vec![at.into(), id.into()]);
        }
        draft.page(&columns, Direction::Desc, self.limit)
    }

    fn decode(row: &dyn Row) -> Result<AuditRow, journal::Error> {
        AuditRow::decode(row)
    }
}
