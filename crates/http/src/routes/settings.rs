//! The firm itself.

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::Runtime;
use engage_domain::{
    Firm, FirmId, PracticeArea,
    conversation::{GoalPriority, GoalTemplate},
    firm::{PracticeAreaSettings, SettingsChange},
};
use engage_journal::Answer;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    answer,
    caller::{Bearer, Sender, Signed},
    document::{Problems, WriteHeaders},
    input::Input,
    problem::Problem,
    schema,
    server::Shared,
    views::firm::{SettingsAnswer, SettingsView},
};

/// What a firm sets; what is absent or null stays as it was, or at its default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = SettingsChange)]
pub(crate) struct SettingsBody {
    #[schema(max_length = 200)]
    name: Option<String>,
    /// The practice areas, all of them.
    practice_areas: Option<Vec<AreaBody>>,
    /// An IANA time zone such as `America/Chicago`.
    time_zone: Option<String>,
    /// How many days a deleted conversation is kept before it is erased.
    #[schema(minimum = 1, maximum = 36_525)]
    retention_days: Option<u32>,
    /// Where the firm's data must stay, such as `eu`.
    jurisdiction: Option<String>,
    /// Whether an intake stops when a conflict of interest is found, until that is resolved; true unless set. Counts for what is found from
    /// then on.
    freeze_on_conflict: Option<bool>,
}

/// A practice area.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PracticeAreaChange)]
struct AreaBody {
    /// Its slug, or text that becomes one.
    #[schema(value_type = String)]
    id: PracticeArea,
    /// What people call it; the slug when absent.
    name: Option<String>,
    /// The goals of its conversations, beside the base goals.
    #[serde(default)]
    goals: Vec<TemplateBody>,
}

/// A goal of a practice area.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GoalTemplateChange)]
struct TemplateBody {
    #[schema(max_length = 64)]
    id: String,
    #[schema(max_length = 200)]
    title: String,
    #[schema(schema_with = schema::goal_priority)]
    priority: GoalPriority,
}

impl From<SettingsBody> for SettingsChange {
    fn from(body: SettingsBody) -> Self {
        let area = |AreaBody { id, name, goals }| PracticeAreaSettings {
            name: name.unwrap_or_else(|| PracticeArea::as_str(&id).to_owned()),
            id,
            goals: goals
                .into_iter()
                .map(|TemplateBody { id, title, priority }| GoalTemplate { id, title, priority })
                .collect(),
        };
        let SettingsBody { name, practice_areas, time_zone, retention_days, jurisdiction, freeze_on_conflict } = body;
        let practice_areas = practice_areas.map(|areas| areas.into_iter().map(area).collect());
        Self { name, practice_areas, time_zone, retention_days, jurisdiction, freeze_on_conflict }
    }
}

fn written<R: Runtime>(server: &Shared<R>, status: StatusCode, firm: &FirmId, done: &Answer<Firm>) -> Response {
    let settings = SettingsView::new(&server.engage, firm, &done.state);
    answer::written(status, done, done.state.version, &SettingsAnswer { settings, source: "object" })
}

/// Brings the firm that the token names into being.
#[utoipa::path(post, path = "/api/v1/firm", tag = "firm", params(WriteHeaders), request_body = SettingsBody,
    responses((status = 201, body = SettingsAnswer), Problems))]
pub(crate) async fn create<R: Runtime>(
    State(server): State<Shared<R>>,
    Bearer(claims): Bearer,
    Sender(origin): Sender,
    Input { body, write }: Input<SettingsBody>,
) -> Result<Response, Problem> {
    let mut settings = SettingsChange::from(body);
    let name = settings.name.take().ok_or_else(|| Problem::invalid("name", "must be given to a new firm"))?;
    let done = server.engage.create_firm_as(&claims, origin, &write, name, settings).await?;
    Ok(answer::located(written(&server, StatusCode::CREATED, &claims.firm, &done), "/api/v1/firm/settings"))
}

/// The firm's name and settings. Leaves an access entry.
#[utoipa::path(get, path = "/api/v1/firm/settings", tag = "firm",
    responses((status = 200, body = SettingsAnswer), Problems))]
pub(crate) async fn read<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
) -> Result<Response, Problem> {
    let seen = server.engage.settings(&caller).await?;
    let settings = SettingsView::new(&server.engage, &caller.firm, &seen.state);
    Ok(answer::tagged(StatusCode::OK, seen.state.version, &SettingsAnswer { settings, source: "object" }))
}

/// Changes the firm's name or settings.
#[utoipa::path(put, path = "/api/v1/firm/settings", tag = "firm", params(WriteHeaders), request_body = SettingsBody,
    responses((status = 200, body = SettingsAnswer), Problems))]
pub(crate) async fn change<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Input { body, write }: Input<SettingsBody>,
) -> Result<Response, Problem> {
    let done = server.engage.change_settings(&caller, &write, body.into()).await?;
    Ok(written(&server, StatusCode::OK, &caller.firm, &done))
}
