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
    views::reconciliation::{ReconciliationAnswer, ReconciliationView},
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
