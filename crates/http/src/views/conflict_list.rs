//! Conflicts of interest in a list.

use engage_domain::{
    ConflictId, ConversationId, FirmId, Timestamp, UserId, Version,
    registry::{ConflictState, ConflictType, MatchType, Resolution},
    text::Private,
};
use engage_index::ConflictRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::list::{IndexView, PageView};
use crate::schema;

/// A conflict of interest in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConflictRow)]
pub(crate) struct ConflictRowView<'a> {
    #[schema(schema_with = schema::firm)]
    firm_id: &'a FirmId,
    #[schema(schema_with = schema::ulid)]
    conflict_id: ConflictId,
    #[schema(schema_with = schema::conflict_state)]
    status: ConflictState,
    /// What it is with: the party that was known earlier.
    #[schema(schema_with = schema::conflict_type)]
    conflict_type: ConflictType,
    /// How the two were matched.
    #[schema(schema_with = schema::match_type)]
    match_type: MatchType,
    /// How likely they are the same, 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    confidence: f64,
    /// The conversation of the party that came later; of the other one, where that has none.
    #[schema(schema_with = schema::maybe_ulid)]
    conversation_id: Option<ConversationId>,
    /// The other party's conversation, where it is another one.
    #[schema(schema_with = schema::maybe_ulid)]
    other_conversation_id: Option<ConversationId>,
    /// The name of the known party that matched.
    #[schema(schema_with = schema::text)]
    entity: &'a Private,
    /// The name of the party that came later.
    #[schema(schema_with = schema::text)]
    party_name: &'a Private,
    /// When it was found, or what reopened it was.
    #[schema(schema_with = schema::time)]
    detected_at: Timestamp,
    #[schema(schema_with = schema::maybe_time)]
    resolved_at: Option<Timestamp>,
    /// Who resolved it; null also for the platform itself.
    #[schema(schema_with = schema::maybe_ulid)]
    resolved_by: Option<UserId>,
    /// Null while it is open.
    #[schema(schema_with = schema::maybe_resolution)]
    resolution: Option<Resolution>,
    /// Why it was resolved so, or what its reviewer noted.
    #[schema(schema_with = schema::maybe_text)]
    notes: Option<&'a Private>,
    /// The firm's version that last touched it.
    #[schema(schema_with = schema::version)]
    version: Version,
}

impl<'a> From<&'a ConflictRow> for ConflictRowView<'a> {
    fn from(row: &'a ConflictRow) -> Self {
        Self {
            firm_id: &row.firm_id,
            conflict_id: row.conflict_id,
            status: row.status,
            conflict_type: row.conflict_type,
            match_type: row.match_type,
            confidence: row.confidence,
            conversation_id: row.session_id,
            other_conversation_id: row.other_session_id,
            entity: &row.conflict_entity,
            party_name: &row.party_name,
            detected_at: row.detected_at,
            resolved_at: row.resolved_at,
            resolved_by: row.resolved_by,
            resolution: row.resolution,
            notes: row.notes.as_ref(),
            version: row.version,
        }
    }
}

/// A page of the firm's conflicts.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConflictListAnswer<'a> {
    /// The newest detected first.
    pub(crate) conflicts: Vec<ConflictRowView<'a>>,
    pub(crate) page: PageView,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}
