//! Rows of the audit trail, of the list of assignments, and of reports.

use engage_app::reports::DailyAccess;
use engage_domain::{
    ConversationId, EntryId, FirmId, Role, Timestamp, UserId, Version,
    conversation::{AssignmentStatus, Priority},
    text::Private,
};
use engage_index::{assignments::ListedAssignment, audit::ListedEntry, reports::ConflictCount};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::list::{IndexView, PageView};
use crate::schema;

/// An entry of the audit trail.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
pub(crate) struct AuditEntryView<'a> {
    #[schema(schema_with = schema::firm)]
    firm_id: &'a FirmId,
    #[schema(schema_with = schema::ulid)]
    audit_id: EntryId,
    /// When it was recorded.
    #[schema(schema_with = schema::time)]
    timestamp: Timestamp,
    /// Who acted; null for a visitor and for the platform itself.
    #[schema(schema_with = schema::maybe_ulid)]
    user_id: Option<UserId>,
    #[schema(schema_with = schema::maybe_text)]
    user_name: Option<&'a Private>,
    /// Their role today.
    #[schema(schema_with = schema::maybe_text)]
    user_role: Option<Role>,
    action: &'a str,
    resource_type: &'a str,
    resource_id: Option<&'a str>,
    #[schema(schema_with = schema::outcome)]
    outcome: &'static str,
    ip_address: Option<&'a str>,
    user_agent: Option<&'a str>,
    /// More about it; never what a client said.
    #[schema(value_type = Object)]
    details: Value,
    /// The object's version after it.
    #[schema(schema_with = schema::version)]
    version: Version,
}

impl<'a> From<&'a ListedEntry> for AuditEntryView<'a> {
    fn from(listed: &'a ListedEntry) -> Self {
        let row = &listed.row;
        Self {
            firm_id: &row.firm_id,
            audit_id: row.audit_id,
            timestamp: row.timestamp,
            user_id: row.user_id,
            user_name: listed.user_name.as_ref(),
            user_role: listed.user_role,
            action: &row.action,
            resource_type: &row.resource_type,
            resource_id: row.resource_id.as_deref(),
            outcome: row.outcome.as_str(),
            ip_address: row.ip_address.as_deref(),
            user_agent: row.user_agent.as_deref(),
            // The projection has read them as JSON.
            details: serde_json::from_str(&row.details).unwrap_or_default(),
            version: row.version,
        }
    }
}

/// A page of the audit trail.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditAnswer<'a> {
    pub(crate) audit: Vec<AuditEntryView<'a>>,
    pub(crate) page: PageView,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}

/// An assignment in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AssignmentRow)]
pub(crate) struct AssignmentRowView<'a> {
    #[schema(schema_with = schema::firm)]
    firm_id: &'a FirmId,
    #[schema(schema_with = schema::ulid)]
    session_id: ConversationId,
    #[schema(schema_with = schema::maybe_text)]
    client_name: Option<&'a Private>,
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
    /// The conversation's version that last touched it.
    #[schema(schema_with = schema::version)]
    version: Version,
}

impl<'a> From<&'a ListedAssignment> for AssignmentRowView<'a> {
    fn from(listed: &'a ListedAssignment) -> Self {
        let row = &listed.row;
        Self {
            firm_id: &row.firm_id,
            session_id: row.session_id,
            client_name: listed.client_name.as_ref(),
            assigned_to: row.assigned_to,
            assigned_by: row.assigned_by,
            assigned_at: row.assigned_at,
            status: row.status,
            priority: row.priority,
            due_date: row.due_date,
            estimated_hours: row.estimated_hours,
            actual_hours: row.actual_hours,
            notes: row.notes.as_ref(),
            version: row.version,
        }
    }
}

/// A page of the firm's assignments.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssignmentsAnswer<'a> {
    pub(crate) assignments: Vec<AssignmentRowView<'a>>,
    pub(crate) page: PageView,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}

/// What one user looked at on one day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DailyAccess)]
pub(crate) struct DailyAccessView<'a> {
    /// The day, `YYYY-MM-DD`, in the firm's time zone.
    access_date: String,
    /// Null for visitors and the platform itself.
    #[schema(schema_with = schema::maybe_ulid)]
    user_id: Option<UserId>,
    #[schema(schema_with = schema::maybe_text)]
    user_name: Option<&'a Private>,
    /// Their role today.
    #[schema(schema_with = schema::maybe_text)]
    user_role: Option<Role>,
    /// How often they looked or tried to.
    access_count: u64,
    /// At how many different things.
    unique_resources_accessed: u64,
    /// How often they were refused.
    blocked_attempts: u64,
}

impl<'a> From<&'a DailyAccess> for DailyAccessView<'a> {
    fn from(DailyAccess { day, count }: &'a DailyAccess) -> Self {
        Self {
            access_date: day.to_string(),
            user_id: count.user_id,
            user_name: count.user_name.as_ref(),
            user_role: count.user_role,
            access_count: count.accesses,
            unique_resources_accessed: count.resources,
            blocked_attempts: count.blocked,
        }
    }
}

/// A page of who looked at the firm's data.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataAccessAnswer<'a> {
    /// The newest day first, on each day whoever looked most first.
    pub(crate) accesses: Vec<DailyAccessView<'a>>,
    /// The first instant that counts.
    #[schema(schema_with = schema::time)]
    pub(crate) from: Timestamp,
    /// The first instant that no longer does.
    #[schema(schema_with = schema::time)]
    pub(crate) to: Timestamp,
    /// The zone whose days they are.
    pub(crate) time_zone: String,
    pub(crate) page: PageView,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}

/// Conflicts of one sort.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConflictCount)]
pub(crate) struct ConflictCountView<'a> {
    /// `client`, `opposing_party`, `matter` or `entity`.
    conflict_type: Option<&'a str>,
    /// `exact`, `fuzzy`, `phonetic` or `alias`.
    match_type: Option<&'a str>,
    /// `detected`, `reviewing`, `cleared` or `confirmed`.
    status: &'a str,
    conflict_count: u64,
    /// How sure the match was on average, 0 to 1.
    avg_confidence: Option<f64>,
    confirmed_conflicts: u64,
    cleared_conflicts: u64,
}

impl<'a> From<&'a ConflictCount> for ConflictCountView<'a> {
    fn from(count: &'a ConflictCount) -> Self {
        Self {
            conflict_type: count.conflict_type.as_deref(),
            match_type: count.match_type.as_deref(),
            status: &count.status,
            conflict_count: count.count,
            avg_confidence: count.average_confidence,
            confirmed_conflicts: count.confirmed,
            cleared_conflicts: count.cleared,
        }
    }
}

/// The conflicts detected in a span, by sort.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConflictsAnswer<'a> {
    /// The most frequent first.
    pub(crate) conflicts: Vec<ConflictCountView<'a>>,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}
