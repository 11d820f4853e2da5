//! The platform in view: the health of a firm's index, its reconciliations, what it could not take in.

use axum::{
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{
    Resource, Runtime,
    operations::{Reconciliations, Replayed},
};
use engage_index::sync_failure::SyncFailures;
use serde::Deserialize;
use utoipa::IntoParams;

use super::audit::place;
use crate::{
    answer,
    caller::Signed,
    document::{ListHeaders, Problems},
    page::{limit, linked},
    params::{Consistency, Id, Params, PathId},
    problem::Problem,
    server::Shared,
    views::{
        list::PageView,
        platform::{
            FirmHealthView, HealthAnswer, ReconciliationView, ReconciliationsAnswer, ReplayAnswer, SyncFailureView,
            SyncFailuresAnswer,
        },
        reconciliation::{RebuildAnswer, RunAnswer, RunView},
    },
};

/// How the index of the caller's firm is, and what is behind it. Answers from memory, also when the index cannot.
#[utoipa::path(get, path = "/api/v1/platform/health", tag = "platform",
    responses((status = 200, body = HealthAnswer), Problems))]
pub(crate) async fn health<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
) -> Result<Response, Problem> {
    let health = server.engage.health(&caller).await?;
    let body = HealthAnswer { firms: vec![FirmHealthView::new(&caller.firm, &health)] };
    Ok(answer::json(StatusCode::OK, &body))
}

/// Which reconciliations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReconciliationsQuery {
    /// The `page.next` of the page before.
    cursor: Option<String>,
    /// Most rows of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl ReconciliationsQuery {
    pub(super) fn list(self) -> Result<Reconciliations, Problem> {
        Ok(Reconciliations { after: place(self.cursor)?, limit: limit(self.limit)? })
    }
}

/// When the index was held against its sources and what was found, the newest first.
#[utoipa::path(get, path = "/api/v1/platform/reconciliations", tag = "platform", params(ReconciliationsQuery, ListHeaders),
    responses((status = 200, body = ReconciliationsAnswer), Problems))]
pub(crate) async fn reconciliations<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    uri: Uri,
    Params(query): Params<ReconciliationsQuery>,
) -> Result<Response, Problem> {
    let list = query.list()?;
    let page = server.engage.list_reconciliations(&caller, list, token).await?;
    let next = page.next.map(|place| place.to_string());
    let body = ReconciliationsAnswer {
        reconciliations: page.rows.iter().map(|entry| ReconciliationView::from(&entry.row)).collect(),
        page: PageView { next: next.clone(), limit: list.limit.get() },
        index: page.freshness.into(),
        source: "index",
    };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}

/// Which failures.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SyncFailuresQuery {
    /// The `page.next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<u32>,
    /// Most rows of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl SyncFailuresQuery {
    pub(super) fn list(self) -> Result<SyncFailures, Problem> {
        Ok(SyncFailures { after: self.cursor.map_or(0, i64::from), limit: limit(self.limit)? })
    }
}

/// The objects that the index could not take in, the longest first.
#[utoipa::path(get, path = "/api/v1/platform/sync-failures", tag = "platform", params(SyncFailuresQuery, ListHeaders),
    responses((status = 200, body = SyncFailuresAnswer), Problems))]
pub(crate) async fn sync_failures<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    uri: Uri,
    Params(query): Params<SyncFailuresQuery>,
) -> Result<Response, Problem> {
    let list = query.list()?;
    let page = server.engage.list_sync_failures(&caller, list, token).await?;
    let next = page.next.map(|id| id.to_string());
    let body = SyncFailuresAnswer {
        sync_failures: page.rows.iter().map(SyncFailureView::from).collect(),
        page: PageView { next: next.clone(), limit: list.limit.get() },
        index: page.freshness.into(),
        source: "index",
    };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}

/// The `{id}` of a failure.
pub(crate) struct SyncFailureId(pub(crate) u32);

impl std::str::FromStr for SyncFailureId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl PathId for SyncFailureId {
    const RESOURCE: Resource = Resource::SyncFailure;
}

/// The failure of the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only described: `Id` reads it")]
pub(crate) struct FailurePath {
    /// Its `id` in the list.
    #[param(minimum = 1, example = 1)]
    id: u32,
}

/// Has the index try an object again at once, however often it was tried. Safe to repeat: it changes nothing but the index.
#[utoipa::path(post, path = "/api/v1/platform/sync-failures/{id}/replay", tag = "platform", params(FailurePath),
    responses((status = 200, description = "It was tried", body = ReplayAnswer),
        (status = 202, description = "It will be tried", body = ReplayAnswer), Problems))]
pub(crate) async fn replay<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(SyncFailureId(id)): Id<SyncFailureId>,
) -> Result<Response, Problem> {
    let (failure, outcome) = server.engage.replay(&caller, i64::from(id)).await?;
    let status = match outcome {
        Replayed::Indexed | Replayed::Failed => StatusCode::OK,
        Replayed::Queued => StatusCode::ACCEPTED,
    };
    Ok(answer::json(status, &ReplayAnswer::new(&failure, &outcome)))
}

/// Whether to mend.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ReconcileQuery {
    /// Report and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// Compares the firm's index with its journal, beside live writers, and mends what differs. Answers when it is done. The run is on record as `index_reconciled`, also where nobody waited for it. 503 while another one is running.
#[utoipa::path(post, path = "/api/v1/platform/firms/{firm}/reconcile", tag = "platform",
    params(("firm" = String, Path, description = "The caller's firm"), ReconcileQuery),
    responses((status = 200, body = RunAnswer), Problems))]
pub(crate) async fn reconcile<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Path(firm): Path<String>,
    Params(ReconcileQuery { dry_run }): Params<ReconcileQuery>,
) -> Result<Response, Problem> {
    let run = server.engage.reconcile(&caller, &firm, dry_run).await?;
    Ok(answer::json(StatusCode::OK, &RunAnswer { reconciliation: RunView::from(&run) }))
}

/// Builds the firm's index anew from its journal beside the live one, compares the two and puts it in the other's place; lists keep
/// answering. Answers when it is done. What differed is what the replaced index held otherwise than the journal says. On record as
/// `index_rebuilt`. 503 while a reconciliation or another rebuild is running.
#[utoipa::path(post, path = "/api/v1/platform/firms/{firm}/rebuild", tag = "platform",
    params(("firm" = String, Path, description = "The caller's firm")),
    responses((status = 200, body = RebuildAnswer), Problems))]
pub(crate) async fn rebuild<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Path(firm): Path<String>,
) -> Result<Response, Problem> {
    let done = server.engage.rebuild(&caller, &firm).await?;
    let body = RebuildAnswer { rebuild: RunView::from(&done.run), entries: done.entries };
    Ok(answer::json(StatusCode::OK, &body))
}
