//! What a reconciliation found.

use engage_domain::{FirmId, Timestamp};
use engage_index::reconciliation::{Difference, Reconciled, Tally};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// A row that differed from its source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Finding)]
pub(crate) struct FindingView<'a> {
    /// Its table in the index.
    table: &'a str,
    /// What names it there.
    key: &'a str,
    /// `missing`, `stale`, `orphaned` or `drifted`.
    #[schema(value_type = String)]
    difference: Difference,
}

/// A reconciliation that has ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReconciliationRun)]
pub(crate) struct RunView<'a> {
    #[schema(schema_with = schema::firm)]
    firm_id: &'a FirmId,
    #[schema(schema_with = schema::time)]
    started_at: Timestamp,
    #[schema(schema_with = schema::time)]
    finished_at: Timestamp,
    /// Whether nothing was to be changed.
    dry_run: bool,
    /// Whether it went on from where an earlier run was interrupted.
    resumed: bool,
    /// Rows compared.
    rows: u64,
    /// Rows that were not there.
    missing: u64,
    /// Rows that showed an earlier version of their object.
    stale: u64,
    /// Rows without an object.
    orphaned: u64,
    /// Rows of another content.
    drifted: u64,
    /// How many of these were mended.
    repaired: u64,
    /// Objects that could not be read; their rows were left alone.
    unreadable: u64,
    /// The first rows that differed, at most a hundred.
    findings: Vec<FindingView<'a>>,
}

impl<'a> From<&'a Reconciled> for RunView<'a> {
    fn from(run: &'a Reconciled) -> Self {
        let Tally { rows, missing, stale, orphaned, drifted, repaired, unreadable } = run.tally;
        let findings = run.findings.iter();
        Self {
            firm_id: &run.firm,
            started_at: run.started_at,
            finished_at: run.finished_at,
            dry_run: run.dry_run,
            resumed: run.resumed,
            rows,
            missing,
            stale,
            orphaned,
            drifted,
            repaired,
            unreadable,
            findings: findings
                .map(|found| FindingView { table: &found.table, key: &found.key, difference: found.difference })
                .collect(),
        }
    }
}

/// The answer to a request for a reconciliation.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunAnswer<'a> {
    pub(crate) reconciliation: RunView<'a>,
}

/// The answer to a request for a rebuild.
#[derive(Serialize, ToSchema)]
pub(crate) struct RebuildAnswer<'a> {
    /// The replaced index against the new one; what differed is right in the new one.
    pub(crate) rebuild: RunView<'a>,
    /// How many entries of the journal the new index holds.
    pub(crate) entries: u64,
}
