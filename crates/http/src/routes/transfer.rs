//! A firm's journal taken out, or brought in.

use axum::{
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Runtime, transfer::Landed};
use engage_domain::{Kind, Timestamp, Version};
use engage_journal::{
    ObjectKey,
    transfer::{Line, ObjectHead, Place},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    answer,
    caller::{Bearer, Sender, Signed},
    document::Problems,
    input::Input,
    page::linked,
    params::Params,
    problem::Problem,
    schema,
    server::Shared,
};

/// Longest body in bytes: a line of the longest message, escaped, fits several times.
const LINES_MAX: usize = 32 * 1024 * 1024;

/// The route that takes long bodies, with its own limit.
pub(super) fn api<R: Runtime>() -> OpenApiRouter<Shared<R>> {
    use crate::routes::transfer;
    OpenApiRouter::new()
        .routes(handlers!(R: transfer::lines, transfer::receive, transfer::abandon))
        .layer(DefaultBodyLimit::max(LINES_MAX))
}

/// An export that has begun.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JournalExport)]
struct ExportView {
    /// What pages of lines are asked for with.
    token: String,
    /// Until when it works.
    #[schema(schema_with = schema::time)]
    expires_at: Timestamp,
}

/// An export that has begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportAnswer {
    export: ExportView,
}

/// Begins an export of the firm's whole journal. The entry `journal_exported` says who began it. Only an administrator may.
#[utoipa::path(post, path = "/api/v1/platform/firms/{firm}/journal/exports", tag = "platform",
    params(("firm" = String, Path, description = "The caller's firm")),
    responses((status = 201, body = ExportAnswer), Problems))]
pub(crate) async fn export<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Path(firm): Path<String>,
) -> Result<Response, Problem> {
    let (token, expires_at) = server.engage.begin_export(&caller, &firm).await?;
    Ok(answer::json(StatusCode::CREATED, &ExportAnswer { export: ExportView { token, expires_at } }))
}

/// Which heads.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HeadsQuery {
    /// The `page.next` of the page before.
    cursor: Option<String>,
}

/// The head of an object's hash chain.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ObjectHead)]
struct HeadView {
    /// `conversation`, `user` or `firm`.
    kind: &'static str,
    /// Its id.
    name: Box<str>,
    #[schema(schema_with = schema::version)]
    version: Version,
    /// The hash of its last entry, which stands for all before it.
    hash: String,
}

impl From<ObjectHead> for HeadView {
    fn from(ObjectHead { key, version, hash }: ObjectHead) -> Self {
        Self { kind: key.kind.as_str(), name: key.name, version, hash: hash.to_string() }
    }
}

/// Where the next page begins.
#[derive(Serialize, ToSchema)]
#[schema(as = JournalPage)]
struct NextView {
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

/// A page of heads, in the order of kind and name.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeadsAnswer {
    objects: Vec<HeadView>,
    page: NextView,
}

fn object(cursor: &str) -> Result<ObjectKey, Problem> {
    let key = cursor.split_once('/').and_then(|(kind, name)| Some((Kind::parse(kind)?, name)));
    let (kind, name) = key.ok_or_else(|| Problem::invalid("cursor", "must be the next of the page before"))?;
    Ok(ObjectKey { kind, name: name.into() })
}

/// The heads of the hash chains of the firm's objects. Where they are the same, the journals are. A page may be empty and not the last.
#[utoipa::path(get, path = "/api/v1/platform/firms/{firm}/journal/heads", tag = "platform",
    params(("firm" = String, Path, description = "The caller's firm"), HeadsQuery),
    responses((status = 200, body = HeadsAnswer), Problems))]
pub(crate) async fn heads<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Path(firm): Path<String>,
    uri: Uri,
    Params(HeadsQuery { cursor }): Params<HeadsQuery>,
) -> Result<Response, Problem> {
    let after = cursor.as_deref().map(object).transpose()?;
    let (heads, next) = server.engage.journal_heads(&caller, &firm, after).await?;
    let next = next.map(|key| format!("{}/{}", key.kind.as_str(), key.name));
    let body =
        HeadsAnswer { objects: heads.into_iter().map(HeadView::from).collect(), page: NextView { next: next.clone() } };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinesQuery {
    /// The token of the export.
    export: String,
    /// The `page.next` of the page before.
    cursor: Option<String>,
}

/// A page of lines.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinesAnswer {
    /// Entries and first answers to repeatable requests, each as `engage export` writes it. The lines of an object come in their order.
    #[schema(value_type = Vec<Object>)]
    lines: Vec<Line>,
    page: NextView,
}

/// A page of the lines of the firm's journal. Writers go on meanwhile: whoever needs one moment of it compares the heads afterwards.
#[utoipa::path(get, path = "/api/v1/platform/firms/{firm}/journal/lines", tag = "platform",
    params(("firm" = String, Path, description = "The caller's firm"), LinesQuery),
    responses((status = 200, body = LinesAnswer), Problems))]
pub(crate) async fn lines<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Path(firm): Path<String>,
    uri: Uri,
    Params(LinesQuery { export, cursor }): Params<LinesQuery>,
) -> Result<Response, Problem> {
    let after = cursor.map_or(Ok(Place::START), |cursor| cursor.parse());
    let after = after.map_err(|reason| Problem::invalid("cursor", reason))?;
    let page = server.engage.journal_lines(&caller, &firm, &export, after).await?;
    let next = page.next.map(|next| next.to_string());
    let body = LinesAnswer { lines: page.lines, page: NextView { next: next.clone() } };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}

/// Lines of a journal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = JournalLines)]
pub(crate) struct LinesBody {
    /// The form of the lines, as the first line of an exported file says it.
    format: u32,
    /// The lines, each as `engage export` writes it; those of an object in their order. The last of all is the file's last.
    #[schema(value_type = Vec<Object>)]
    lines: Vec<Line>,
}

/// Where the firm that is being brought in stands.
#[derive(Serialize, ToSchema)]
struct ArrivalView {
    /// `receiving` until the last line has come, then `complete`; `abandoned` when nothing is left of it.
    state: &'static str,
}

/// Where the firm that is being brought in stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct ArrivalAnswer {
    journal: ArrivalView,
}

/// Takes in lines of the journal of a firm that is not here yet, whose administrator the token names. Every hash is checked; sending the same
/// lines again changes nothing. The firm is there once its last line has come and the digest in it is right, and until then for nobody.
#[utoipa::path(post, path = "/api/v1/platform/firms/{firm}/journal/lines", tag = "platform",
    params(("firm" = String, Path, description = "The firm that the token names")), request_body = LinesBody,
    responses((status = 200, body = ArrivalAnswer), Problems))]
pub(crate) async fn receive<R: Runtime>(
    State(server): State<Shared<R>>,
    Bearer(claims): Bearer,
    Sender(origin): Sender,
    Path(firm): Path<String>,
    Input { body, .. }: Input<LinesBody>,
) -> Result<Response, Problem> {
    let landed = server.engage.receive_journal(&claims, origin, &firm, body.format, body.lines).await?;
    let state = if landed == Landed::Whole { "complete" } else { "receiving" };
    Ok(answer::json(StatusCode::OK, &ArrivalAnswer { journal: ArrivalView { state } }))
}

/// Takes away the lines of a firm whose last ones have not come, so that another journal can be brought in or the firm be founded. A firm
/// that is there is never touched.
#[utoipa::path(delete, path = "/api/v1/platform/firms/{firm}/journal/lines", tag = "platform",
    params(("firm" = String, Path, description = "The firm that the token names")),
    responses((status = 200, body = ArrivalAnswer), Problems))]
pub(crate) async fn abandon<R: Runtime>(
    State(server): State<Shared<R>>,
    Bearer(claims): Bearer,
    Sender(origin): Sender,
    Path(firm): Path<String>,
) -> Result<Response, Problem> {
    server.engage.abandon_journal(&claims, origin, &firm).await?;
    Ok(answer::json(StatusCode::OK, &ArrivalAnswer { journal: ArrivalView { state: "abandoned" } }))
}
