//! A conflict of interest, with its two parties side by side.

use engage_app::registry::ConflictDetail;
use engage_domain::{
    ConflictId, ConversationId, Timestamp, UserId, Version,
    registry::{
        Artefact, Conflict, ConflictState, ConflictType, MatchType, PartyRecord, PartyRole, Resolution, Resolved,
    },
    text::Private,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::party::{EvidenceView, PartyView};
use crate::schema;

/// A conflict of interest between two parties.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Conflict)]
pub(crate) struct ConflictView<'a> {
    #[schema(schema_with = schema::ulid)]
    conflict_id: ConflictId,
    /// Its version, also the ETag: the firm's version that touched it last.
    #[schema(schema_with = schema::version)]
    version: Version,
    #[schema(schema_with = schema::conflict_state)]
    status: ConflictState,
    /// What it is with: the party that was known earlier.
    #[schema(schema_with = schema::conflict_type)]
    conflict_type: ConflictType,
    #[schema(schema_with = schema::match_type)]
    match_type: MatchType,
    /// How likely the two are the same, 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    confidence: f64,
    evidence: EvidenceView<'a>,
    /// The version of the rules and weights that compared the names.
    rules_version: u32,
    #[schema(schema_with = schema::time)]
    detected_at: Timestamp,
    /// The party that came later.
    party: SideView<'a>,
    /// The party that was known.
    other: SideView<'a>,
    /// Who reviews it.
    #[schema(schema_with = schema::maybe_ulid)]
    reviewer: Option<UserId>,
    /// What the reviewer noted, or why it was opened again.
    #[schema(schema_with = schema::maybe_text)]
    notes: Option<&'a Private>,
    /// How it was resolved; null while it is open.
    resolution: Option<ResolutionView<'a>>,
    /// How often it was opened again.
    reopened: u32,
}

/// One of the two parties of a conflict.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConflictParty)]
struct SideView<'a> {
    /// The name that was compared.
    #[schema(schema_with = schema::text)]
    name: &'a Private,
    #[schema(schema_with = schema::party_role)]
    role: PartyRole,
    #[schema(schema_with = schema::maybe_ulid)]
    conversation_id: Option<ConversationId>,
    /// The party as the registry knows it now.
    party: Option<PartyView<'a>>,
}

/// How a conflict was resolved.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Resolution)]
struct ResolutionView<'a> {
    #[schema(schema_with = schema::resolution)]
    resolution: Resolution,
    #[schema(schema_with = schema::text)]
    reason: &'a Private,
    /// The document that proves it.
    artefact: Option<ArtefactView<'a>>,
    /// The conversation that the firm declines.
    #[schema(schema_with = schema::maybe_ulid)]
    declined_conversation_id: Option<ConversationId>,
    /// Who said so; null: the platform itself.
    #[schema(schema_with = schema::maybe_ulid)]
    resolved_by: Option<UserId>,
    #[schema(schema_with = schema::time)]
    resolved_at: Timestamp,
}

/// The document that proves a consent or a waiver.
#[derive(Serialize, ToSchema)]
#[schema(as = Artefact)]
struct ArtefactView<'a> {
    #[schema(schema_with = schema::text)]
    name: &'a Private,
    #[schema(schema_with = schema::text)]
    reference: &'a Private,
    sha256: Option<&'a str>,
}

impl<'a> ConflictView<'a> {
    pub(crate) fn new(detail: &'a ConflictDetail) -> Self {
        let ConflictDetail { version, conflict, party, other } = detail;
        let Conflict { detection, .. } = conflict;
        Self {
            conflict_id: conflict.id,
            version: *version,
            status: conflict.state,
            conflict_type: conflict.conflict_type,
            match_type: detection.match_type,
            confidence: detection.confidence,
            evidence: EvidenceView::new(&detection.evidence),
            rules_version: detection.rules,
            detected_at: detection.at,
            party: SideView {
                name: &conflict.name,
                role: conflict.role,
                conversation_id: conflict.conversation,
                party: party.as_ref().map(PartyView::new),
            },
            other: SideView {
                name: &conflict.other_name,
                role: conflict.other_role,
                conversation_id: conflict.other_conversation,
                party: other.as_ref().map(|record: &PartyRecord| PartyView::new(record)),
            },
            reviewer: conflict.reviewer,
            notes: conflict.notes.as_ref(),
            resolution: conflict.resolved.as_ref().map(ResolutionView::new),
            reopened: conflict.reopened,
        }
    }
}

impl<'a> ResolutionView<'a> {
    fn new(resolved: &'a Resolved) -> Self {
        let artefact = |Artefact { name, reference, sha256 }: &'a Artefact| ArtefactView {
            name,
            reference,
            sha256: sha256.as_deref(),
        };
        Self {
            resolution: resolved.resolution,
            reason: &resolved.reason,
            artefact: resolved.artefact.as_ref().map(artefact),
            declined_conversation_id: resolved.declined,
            resolved_by: resolved.by,
            resolved_at: resolved.at,
        }
    }
}

/// A conflict alone.
#[derive(Serialize, ToSchema)]
#[schema(as = ConflictAnswer)]
pub(crate) struct ConflictAnswer<'a> {
    pub(crate) conflict: ConflictView<'a>,
    /// `object`: the source itself, not the index.
    pub(crate) source: &'static str,
}
