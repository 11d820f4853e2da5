//! A conversation's detail.

use engage_domain::{
    Conversation, ConversationId, FirmId, PracticeArea, Timestamp, UserId, Version,
    conversation::{Assignment, AssignmentStatus, ConflictStatus, Goal, GoalPriority, Phase, Priority, Status},
    text::Private,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Audience;
use crate::schema;

/// A conversation. What the firm notes for itself (assignments, the conflict check, data quality, its name elsewhere) is empty or null for
/// the client.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Conversation)]
pub(crate) struct ConversationView<'a> {
    #[schema(schema_with = schema::ulid)]
    session_id: ConversationId,
    #[schema(schema_with = schema::firm)]
    firm_id: &'a FirmId,
    /// Its version, also the ETag.
    #[schema(schema_with = schema::version)]
    version: Version,
    #[schema(schema_with = schema::status)]
    status: Status,
    #[schema(schema_with = schema::phase)]
    phase: Phase,
    /// The signed-in client it belongs to.
    #[schema(schema_with = schema::maybe_ulid)]
    user_id: Option<UserId>,
    #[schema(schema_with = schema::maybe_text)]
    client_name: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_text)]
    client_email: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_text)]
    client_phone: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_text)]
    legal_area: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_text)]
    situation: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_text)]
    address: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_text)]
    practice_area: Option<&'a PracticeArea>,
    /// Who is responsible now.
    #[schema(schema_with = schema::maybe_ulid)]
    assigned_to: Option<UserId>,
    /// Each person's latest assignment, in the order in which they first were assigned.
    assignments: Vec<AssignmentView<'a>>,
    #[schema(schema_with = schema::maybe_conflict_status)]
    conflict_status: Option<ConflictStatus>,
    /// Since when the client is asked for nothing more, for a conflict of interest is not resolved; null: it is not so.
    #[schema(schema_with = schema::maybe_time)]
    frozen_since: Option<Timestamp>,
    goals: Vec<GoalView<'a>>,
    goals_completed: usize,
    goals_total: usize,
    /// 0 to 100.
    data_quality_score: Option<u8>,
    message_count: u64,
    #[schema(schema_with = schema::time)]
    created_at: Timestamp,
    /// When somebody last did something in it.
    #[schema(schema_with = schema::time)]
    last_activity: Timestamp,
    #[schema(schema_with = schema::maybe_time)]
    closed_at: Option<Timestamp>,
    #[schema(schema_with = schema::maybe_time)]
    deleted_at: Option<Timestamp>,
    is_deleted: bool,
    /// Since when it is on legal hold: kept, whatever the firm's retention says.
    #[schema(schema_with = schema::maybe_time)]
    held_since: Option<Timestamp>,
    /// When what was said in it was erased.
    #[schema(schema_with = schema::maybe_time)]
    erased_at: Option<Timestamp>,
    /// What it is called in the system it was imported from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::text)]
    external_id: Option<&'a Private>,
}

/// A person's latest assignment to a conversation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Assignment)]
pub(crate) struct AssignmentView<'a> {
    #[schema(schema_with = schema::ulid)]
    assigned_to: UserId,
    /// Who said so; null for the platform itself.
    #[schema(schema_with = schema::maybe_ulid)]
    assigned_by: Option<UserId>,
    #[schema(schema_with = schema::time)]
    assigned_at: Timestamp,
    #[schema(schema_with = schema::assignment_status)]
    status: AssignmentStatus,
    #[schema(schema_with = schema::priority)]
    priority: Priority,
    #[schema(schema_with = schema::maybe_time)]
    due_date: Option<Timestamp>,
    estimated_hours: Option<f64>,
    actual_hours: Option<f64>,
    #[schema(schema_with = schema::maybe_text)]
    notes: Option<&'a Private>,
}

/// A goal of the intake.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Goal)]
pub(crate) struct GoalView<'a> {
    id: &'a str,
    title: &'a str,
    #[schema(schema_with = schema::goal_priority)]
    priority: GoalPriority,
    completed: bool,
    #[schema(schema_with = schema::maybe_time)]
    completed_at: Option<Timestamp>,
}

/// A conversation alone.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationAnswer<'a> {
    pub(crate) conversation: ConversationView<'a>,
}

/// A conversation and the token with which its client resumes it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResumableAnswer<'a> {
    pub(crate) conversation: ConversationView<'a>,
    /// Shown once; works for thirty days.
    pub(crate) resume_token: &'a str,
}

impl<'a> ConversationView<'a> {
    pub(crate) fn new(firm_id: &'a FirmId, id: ConversationId, state: &'a Conversation, audience: Audience) -> Self {
        let staff = audience == Audience::Staff;
        let identity = &state.identity;
        let assignments = state.assignments.iter().filter(|_| staff).map(AssignmentView::new).collect();
        Self {
            session_id: id,
            firm_id,
            version: state.version,
            status: state.status,
            phase: state.phase,
            user_id: state.user_id,
            client_name: identity.name.as_ref(),
            client_email: identity.email.as_ref(),
            client_phone: identity.phone.as_ref(),
            legal_area: identity.legal_area.as_ref(),
            situation: identity.situation.as_ref(),
            address: identity.address.as_ref(),
            practice_area: state.practice_area.as_ref(),
            assigned_to: state.assigned_to,
            assignments,
            conflict_status: staff.then_some(state.conflict_status),
            frozen_since: state.frozen_since.filter(|_| staff),
            goals: state.goals.iter().map(GoalView::new).collect(),
            goals_completed: state.goals_completed(),
            goals_total: state.goals.len(),
            data_quality_score: staff.then(|| state.quality_score()),
            message_count: state.message_count,
            created_at: state.created_at,
            last_activity: state.last_activity,
            closed_at: state.closed_at,
            deleted_at: state.deleted_at,
            is_deleted: state.is_deleted(),
            held_since: state.held_since.filter(|_| staff),
            erased_at: state.erased_at,
            external_id: state.external_id.as_ref().filter(|_| staff),
        }
    }
}

impl<'a> AssignmentView<'a> {
    fn new(assignment: &'a Assignment) -> Self {
        let Assignment { assigned_to, assigned_by, assigned_at, status, terms, actual_hours, version: _ } = assignment;
        Self {
            assigned_to: *assigned_to,
            assigned_by: *assigned_by,
            assigned_at: *assigned_at,
            status: *status,
            priority: terms.priority,
            due_date: terms.due_date,
            estimated_hours: terms.estimated_hours,
            actual_hours: *actual_hours,
            notes: terms.notes.as_ref(),
        }
    }
}

impl<'a> GoalView<'a> {
    fn new(goal: &'a Goal) -> Self {
        let Goal { template, completed_at } = goal;
        Self {
            id: &template.id,
            title: &template.title,
            priority: template.priority,
            completed: completed_at.is_some(),
            completed_at: *completed_at,
        }
    }
}
