//! What can have happened to a firm, and what the audit trail says of it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{PracticeAreaSettings, SavedView, Settings, SettingsChange};
use crate::{
    id::{ConflictId, PartyId, UserId},
    registry::{Conflict, Detection, Outcome, Party, Resolved, Screening, Side},
    text::Private,
    time::Timestamp,
};

/// What can have happened to a firm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "each field repeats the command's, documented there")]
pub enum Event {
    /// It came to be.
    FirmCreated { at: Timestamp, name: String, settings: Box<Settings> },
    /// Name or settings changed; only what is new is present.
    SettingsChanged { at: Timestamp, change: Box<SettingsChange> },
    /// A practice area became known.
    PracticeAreaAdded { at: Timestamp, area: PracticeAreaSettings },
    /// An e-mail address belongs to a user.
    EmailClaimed { at: Timestamp, email: Private, user: UserId },
    /// A party was screened and became known.
    PartyRegistered {
        at: Timestamp,
        id: PartyId,
        party: Box<Party>,
        side: Side,
        screening: Box<Screening>,
        outcomes: Vec<Outcome>,
    },
    /// A known party was screened again: more became known of it, or the rules changed.
    PartyChanged {
        at: Timestamp,
        id: PartyId,
        party: Box<Party>,
        side: Side,
        screening: Box<Screening>,
        outcomes: Vec<Outcome>,
    },
    /// A party was screened and not registered.
    ConflictChecked { at: Timestamp, party: Box<Party>, screening: Box<Screening> },
    /// Two parties turned out to be adverse.
    ConflictDetected { at: Timestamp, conflict: Box<Conflict> },
    /// Somebody looks at a conflict.
    ConflictReviewed { at: Timestamp, id: ConflictId, by: Option<UserId>, notes: Option<Private> },
    /// A conflict was resolved.
    ConflictResolved { at: Timestamp, id: ConflictId, resolved: Box<Resolved>, outcomes: Vec<Outcome> },
    /// A resolved conflict is open again: by hand, or because more became known of a party.
    ConflictReopened {
        at: Timestamp,
        id: ConflictId,
        by: Option<UserId>,
        reason: Option<Private>,
        detection: Option<Box<Detection>>,
        outcomes: Vec<Outcome>,
    },
    /// A view is kept, or kept otherwise than before.
    ViewSaved { at: Timestamp, view: SavedView },
    /// A view is kept no longer.
    ViewRemoved { at: Timestamp, owner: Option<UserId>, name: String },
    /// It is no longer served.
    FirmSuspended { at: Timestamp },
    /// It is served again.
    FirmReinstated { at: Timestamp },
}

impl Event {
    /// The JSON tag.
    pub(super) const fn action(&self) -> &'static str {
        match self {
            Self::FirmCreated { .. } => "firm_created",
            Self::SettingsChanged { .. } => "settings_changed",
            Self::PracticeAreaAdded { .. } => "practice_area_added",
            Self::EmailClaimed { .. } => "email_claimed",
            Self::PartyRegistered { .. } => "party_registered",
            Self::PartyChanged { .. } => "party_changed",
            Self::ConflictChecked { .. } => "conflict_checked",
            Self::ConflictDetected { .. } => "conflict_detected",
            Self::ConflictReviewed { .. } => "conflict_reviewed",
            Self::ConflictResolved { .. } => "conflict_resolved",
            Self::ConflictReopened { .. } => "conflict_reopened",
            Self::ViewSaved { .. } => "view_saved",
            Self::ViewRemoved { .. } => "view_removed",
            Self::FirmSuspended { .. } => "firm_suspended",
            Self::FirmReinstated { .. } => "firm_reinstated",
        }
    }

    /// What the audit trail may keep for good: ids, words of our own vocabulary, sizes; no name.
    pub(super) fn details(&self) -> Value {
        match self {
            Self::FirmCreated { settings, .. } => json!({ "timeZone": settings.time_zone }),
            Self::SettingsChanged { change, .. } => {
                let mut details = json!({
                    "name": change.name,
                    "practiceAreas": change.practice_areas.as_ref().map(Vec::len),
                    "timeZone": change.time_zone,
                    "retentionDays": change.retention_days,
                    "jurisdiction": change.jurisdiction,
                });
                // Younger than the entries that do without it.
                if let Some(freeze) = change.freeze_on_conflict {
                    details["freezeOnConflict"] = freeze.into();
                }
                details
            }
            Self::PracticeAreaAdded { area, .. } => json!({ "practiceArea": area.id }),
            Self::EmailClaimed { user, .. } => json!({ "userId": user }),
            Self::PartyRegistered { id, party, screening, .. } | Self::PartyChanged { id, party, screening, .. } => {
                // Whoever asks for a conversation's trail is to see who named whom in it.
                let (resource, resource_id) = match party.conversation {
                    Some(conversation) => ("conversation", conversation.to_string()),
                    None => ("party", id.to_string()),
                };
                json!({
                    "resourceType": resource,
                    "resourceId": resource_id,
                    "party": id,
                    "role": party.role,
                    "conflictStatus": screening.status(),
                    "conflicts": screening.conflicts().count(),
                    "registryVersion": screening.registry,
                    "rulesVersion": screening.rules,
                })
            }
            Self::ConflictChecked { party, screening, .. } => json!({
                "resourceType": "conflict_check",
                "role": party.role,
                "conflictStatus": screening.status(),
                "conflicts": screening.conflicts().count(),
                "registryVersion": screening.registry,
                "rulesVersion": screening.rules,
            }),
            Self::ConflictDetected { conflict, .. } => json!({
                "resourceType": "conflict",
                "resourceId": conflict.id,
                "conflictType": conflict.conflict_type,
                "matchType": conflict.detection.match_type,
                "conversation": conflict.conversation,
                "otherConversation": conflict.other_conversation,
            }),
            Self::ConflictReviewed { id, .. } => json!({ "resourceType": "conflict", "resourceId": id }),
            Self::ConflictResolved { id, resolved, .. } => json!({
                "resourceType": "conflict",
                "resourceId": id,
                "resolution": resolved.resolution,
                "artefact": resolved.artefact.is_some(),
                "declined": resolved.declined,
            }),
            Self::ConflictReopened { id, detection, .. } => json!({
                "resourceType": "conflict",
                "resourceId": id,
                "newFacts": detection.is_some(),
            }),
            Self::ViewSaved { view: SavedView { owner, .. }, .. } | Self::ViewRemoved { owner, .. } => {
                json!({ "resourceType": "saved_view", "owner": owner })
            }
            Self::FirmSuspended { .. } | Self::FirmReinstated { .. } => json!({}),
        }
    }

    /// Whether it changes the registry's rows.
    pub(super) const fn is_of_registry(&self) -> bool {
        match self {
            Self::PartyRegistered { .. }
            | Self::PartyChanged { .. }
            | Self::ConflictDetected { .. }
            | Self::ConflictReviewed { .. }
            | Self::ConflictResolved { .. }
            | Self::ConflictReopened { .. } => true,
            Self::FirmCreated { .. }
            | Self::SettingsChanged { .. }
            | Self::PracticeAreaAdded { .. }
            | Self::EmailClaimed { .. }
            | Self::ConflictChecked { .. }
            | Self::ViewSaved { .. }
            | Self::ViewRemoved { .. }
            | Self::FirmSuspended { .. }
            | Self::FirmReinstated { .. } => false,
        }
    }

    /// What conversations are to be told of it.
    pub(super) fn outcomes(&self) -> &[Outcome] {
        match self {
            Self::PartyRegistered { outcomes, .. }
            | Self::PartyChanged { outcomes, .. }
            | Self::ConflictResolved { outcomes, .. }
            | Self::ConflictReopened { outcomes, .. } => outcomes,
            _ => &[],
        }
    }
}
