//! How a firm's index is, what it could not take in, and when it was last held against its sources.

use engage_app::{operations::Replayed, runtime::Health};
use engage_domain::{EntryId, FirmId, Timestamp, UserId, Version};
use engage_index::{AuditRow, sync_failure::SyncFailure};
use serde::Serialize;
use utoipa::ToSchema;

use super::list::{IndexView, PageView};
use crate::schema;

/// How one firm's index is, and what is behind it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FirmHealth)]
pub(crate) struct FirmHealthView {
    #[schema(schema_with = schema::firm)]
    firm_id: FirmId,
    index: IndexHealthView,
    /// Calls that wait for whatever runs the firm's turns.
    queue_depth: u64,
    /// How long ago whatever brings the index up to date last showed that it is alive, in milliseconds.
    heartbeat_age_ms: u64,
    /// The latest reconciliation; null when there was none yet.
    last_reconciliation: Option<ReconciliationView>,
}

/// How the index itself is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IndexHealth)]
pub(crate) struct IndexHealthView {
    /// It holds everything recorded up to then.
    #[schema(schema_with = schema::time)]
    as_of: Timestamp,
    /// How long the oldest entry that it does not hold yet has been waiting, in milliseconds.
    lag_ms: u64,
    /// How many entries it does not hold yet.
    pending_entries: u64,
    /// Objects that it could not take in after all its tries; each is among the sync failures.
    parked_objects: u64,
    /// How often it could not be written, or was found damaged, since the server's start.
    failed_passes: u64,
    /// Whether it was begun anew and does not hold yet what was recorded by then.
    building: bool,
}

impl FirmHealthView {
    pub(crate) fn new(firm: &FirmId, health: &Health) -> Self {
        Self {
            firm_id: firm.clone(),
            index: IndexHealthView {
                as_of: health.freshness.as_of,
                lag_ms: health.freshness.lag_ms,
                pending_entries: health.pending_entries,
                parked_objects: health.parked_objects,
                failed_passes: health.failed_passes,
                building: health.building,
            },
            queue_depth: health.queue_depth,
            heartbeat_age_ms: health.heartbeat_age_ms,
            last_reconciliation: health.last_reconciliation.as_deref().map(ReconciliationView::from),
        }
    }
}

/// The health of the firms that the caller may see: their own.
#[derive(Serialize, ToSchema)]
pub(crate) struct HealthAnswer {
    pub(crate) firms: Vec<FirmHealthView>,
}

/// One reconciliation, as its entry tells of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reconciliation)]
pub(crate) struct ReconciliationView {
    #[schema(schema_with = schema::ulid)]
    id: EntryId,
    #[schema(schema_with = schema::time)]
    at: Timestamp,
    /// Who asked for it; null for the schedule and the command line.
    #[schema(schema_with = schema::maybe_ulid)]
    user_id: Option<UserId>,
    /// What was found, such as the counts `missing`, `stale`, `orphaned`, `drifted` and `repaired`.
    #[schema(value_type = Object)]
    details: serde_json::Value,
}

impl From<&AuditRow> for ReconciliationView {
    fn from(row: &AuditRow) -> Self {
        // The projection has read them as an object before it wrote them.
        let details = serde_json::from_str(&row.details).unwrap_or_default();
        Self { id: row.audit_id, at: row.timestamp, user_id: row.user_id, details }
    }
}

/// A page of the firm's reconciliations.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReconciliationsAnswer {
    pub(crate) reconciliations: Vec<ReconciliationView>,
    pub(crate) page: PageView,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}

/// An object that the index could not take in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SyncFailure)]
pub(crate) struct SyncFailureView<'a> {
    id: i64,
    #[schema(schema_with = schema::kind)]
    kind: &'static str,
    /// The object's id.
    object: &'a str,
    /// The version that could not be taken in.
    #[schema(schema_with = schema::version)]
    version: Version,
    /// How often it was tried. From the eighth try on it is left alone until it has a new entry, or is replayed.
    attempts: u64,
    /// What went wrong the last time.
    error: &'a str,
    #[schema(schema_with = schema::time)]
    first_failed_at: Timestamp,
    #[schema(schema_with = schema::time)]
    last_failed_at: Timestamp,
}

impl<'a> From<&'a SyncFailure> for SyncFailureView<'a> {
    fn from(failure: &'a SyncFailure) -> Self {
        Self {
            id: failure.id,
            kind: failure.object.kind.as_str(),
            object: &failure.object.name,
            version: failure.version,
            attempts: failure.attempts,
            error: &failure.error,
            first_failed_at: failure.first_failed_at,
            last_failed_at: failure.last_failed_at,
        }
    }
}

/// A page of what the index could not take in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncFailuresAnswer<'a> {
    pub(crate) sync_failures: Vec<SyncFailureView<'a>>,
    pub(crate) page: PageView,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}

/// What came of another try.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayAnswer<'a> {
    /// The failure as it stands now; of an object that was taken in, as it stood before.
    sync_failure: SyncFailureView<'a>,
    /// `indexed`: the index holds the object now. `failed`: it went wrong again. `queued`: it is yet to be tried.
    #[schema(schema_with = schema::replayed)]
    outcome: &'static str,
}

impl<'a> ReplayAnswer<'a> {
    pub(crate) fn new(failure: &'a SyncFailure, outcome: &Replayed) -> Self {
        Self { sync_failure: failure.into(), outcome: outcome.as_str() }
    }
}
