//! Views that people keep: questions to the dashboard's grid of conversations, under names.

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::{Caller, Runtime};
use engage_domain::{Firm, calendar::Calendar};
use engage_journal::Answer;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    answer,
    caller::Signed,
    document::{Problems, WriteHeaders},
    input::Input,
    pages,
    problem::Problem,
    server::Shared,
    views::saved_view::SavedViewsAnswer,
};

/// A view to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SavedViewChange)]
pub(crate) struct ViewBody {
    /// What it is called. One of the same name and owner is replaced.
    #[schema(max_length = 80)]
    name: String,
    /// What the grid is asked, as the query of its address: filters, order and columns; empty: everything.
    #[schema(max_length = 1000, example = "status=active&sort=createdAt")]
    query: String,
    /// Whether it is the firm's, which only who may change its settings may say; otherwise it is the caller's own.
    #[serde(default)]
    shared: bool,
}

/// A view that is to be kept no longer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SavedViewRemoval)]
pub(crate) struct RemovalBody {
    name: String,
    /// Whether it is the firm's, and not the caller's own.
    #[serde(default)]
    shared: bool,
}

fn written(caller: &Caller, done: &Answer<Firm>) -> Response {
    answer::written(StatusCode::OK, done, done.state.version, &SavedViewsAnswer::new(caller, &done.state))
}

/// The views that the caller is offered: the firm's, and their own. Leaves an access entry.
#[utoipa::path(get, path = "/api/v1/firm/views", tag = "firm",
    responses((status = 200, body = SavedViewsAnswer), Problems))]
pub(crate) async fn list<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
) -> Result<Response, Problem> {
    let seen = server.engage.settings(&caller).await?;
    Ok(answer::tagged(StatusCode::OK, seen.state.version, &SavedViewsAnswer::new(&caller, &seen.state)))
}

/// Keeps a view under a name: the caller's own, or the firm's.
#[utoipa::path(put, path = "/api/v1/firm/views", tag = "firm", params(WriteHeaders), request_body = ViewBody,
    responses((status = 200, body = SavedViewsAnswer), Problems))]
pub(crate) async fn save<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Input { body, write }: Input<ViewBody>,
) -> Result<Response, Problem> {
    let firm = server.engage.runtime().firm(&caller.firm).await?;
    let calendar = Calendar::of(&firm.settings.time_zone).map_err(|reason| Problem::invalid("timeZone", reason))?;
    let query = pages::grid_question(&body.query, &caller.firm, &calendar).map_err(|mut problem| {
        problem.field = Some(problem.field.map_or("query".into(), |field| format!("query.{field}").into()));
        problem
    })?;
    let done = server.engage.save_view(&caller, &write, body.name, query, body.shared).await?;
    Ok(written(&caller, &done))
}

/// Keeps a view no longer. Where none is kept by that name, nothing happens.
#[utoipa::path(post, path = "/api/v1/firm/views/removal", tag = "firm", params(WriteHeaders),
    request_body = RemovalBody, responses((status = 200, body = SavedViewsAnswer), Problems))]
pub(crate) async fn remove<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Input { body, write }: Input<RemovalBody>,
) -> Result<Response, Problem> {
    let done = server.engage.remove_view(&caller, &write, body.name, body.shared).await?;
    Ok(written(&caller, &done))
}
