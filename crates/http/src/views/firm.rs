//! A firm's settings.

use engage_app::{Engage, Runtime};
use engage_domain::{
    Firm, FirmId, PracticeArea, Timestamp, Version,
    conversation::{GoalPriority, GoalTemplate},
    firm::{FirmStatus, PracticeAreaSettings},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// A firm and what it has set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Settings)]
pub(crate) struct SettingsView<'a> {
    #[schema(schema_with = schema::firm)]
    firm_id: &'a FirmId,
    /// Its version, also the ETag.
    #[schema(schema_with = schema::version)]
    version: Version,
    name: &'a str,
    #[schema(schema_with = schema::firm_status)]
    status: FirmStatus,
    practice_areas: Vec<PracticeAreaView<'a>>,
    /// The IANA time zone in which the firm's days begin.
    time_zone: &'a str,
    /// How many days a deleted conversation is kept before it is erased.
    retention_days: u32,
    /// Where the firm's data must stay.
    jurisdiction: Option<&'a str>,
    /// Whether the host itself keeps its objects there; otherwise it is recorded, and up to whoever runs the host. False where none is set.
    jurisdiction_enforced: bool,
    /// Whether an intake stops when a conflict of interest is found.
    freeze_on_conflict: bool,
    #[schema(schema_with = schema::time)]
    created_at: Timestamp,
}

/// A practice area.
#[derive(Serialize, ToSchema)]
#[schema(as = PracticeArea)]
pub(crate) struct PracticeAreaView<'a> {
    /// Its slug.
    #[schema(schema_with = schema::text)]
    id: &'a PracticeArea,
    name: &'a str,
    /// The goals of its conversations, beside the base goals.
    goals: Vec<TemplateView<'a>>,
}

/// A goal as it is set for new conversations.
#[derive(Serialize, ToSchema)]
#[schema(as = GoalTemplate)]
pub(crate) struct TemplateView<'a> {
    id: &'a str,
    title: &'a str,
    #[schema(schema_with = schema::goal_priority)]
    priority: GoalPriority,
}

impl<'a> SettingsView<'a> {
    pub(crate) fn new<R: Runtime>(engage: &Engage<R>, firm_id: &'a FirmId, state: &'a Firm) -> Self {
        let jurisdiction = state.settings.jurisdiction.as_deref();
        Self {
            firm_id,
            version: state.version,
            name: &state.name,
            status: state.status,
            practice_areas: state.settings.practice_areas.iter().map(PracticeAreaView::new).collect(),
            time_zone: &state.settings.time_zone,
            retention_days: state.settings.retention_days,
            jurisdiction,
            jurisdiction_enforced: jurisdiction.is_some_and(|within| engage.is_held_within(firm_id, within)),
            freeze_on_conflict: state.settings.freeze_on_conflict,
            created_at: state.created_at,
        }
    }
}

impl<'a> PracticeAreaView<'a> {
    fn new(area: &'a PracticeAreaSettings) -> Self {
        Self { id: &area.id, name: &area.name, goals: area.goals.iter().map(TemplateView::new).collect() }
    }
}

impl<'a> TemplateView<'a> {
    fn new(goal: &'a GoalTemplate) -> Self {
        Self { id: &goal.id, title: &goal.title, priority: goal.priority }
    }
}

/// The settings alone.
#[derive(Serialize, ToSchema)]
pub(crate) struct SettingsAnswer<'a> {
    pub(crate) settings: SettingsView<'a>,
    /// `object`: the source itself, not the index.
    pub(crate) source: &'static str,
}
