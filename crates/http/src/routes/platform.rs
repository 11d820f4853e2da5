//! Looking after a firm's index.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use engage_app::Runtime;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    answer,
    caller::Signed,
    document::Problems,
    params::Params,
    problem::Problem,
    server::Shared,
    views::reconciliation::{RebuildAnswer, ReconciliationAnswer, ReconciliationView},
};

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
    responses((status = 200, body = ReconciliationAnswer), Problems))]
pub(crate) async fn reconcile<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Path(firm): Path<String>,
    Params(ReconcileQuery { dry_run }): Params<ReconcileQuery>,
) -> Result<Response, Problem> {
    let run = server.engage.reconcile(&caller, &firm, dry_run).await?;
    Ok(answer::json(StatusCode::OK, &ReconciliationAnswer { reconciliation: ReconciliationView::from(&run) }))
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
    let body = RebuildAnswer { rebuild: ReconciliationView::from(&done.run), entries: done.entries };
    Ok(answer::json(StatusCode::OK, &body))
}
