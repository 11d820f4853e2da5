//! From what the journal holds to the rows that show it. Pure: the same state or entry always gives the same rows, so that an
//! index rebuilt from the journal equals the one it replaces. A change here raises [`crate::SCHEMA_VERSION`].

use engage_domain::{
    ConflictId, Conversation, ConversationId, Firm, FirmId, Kind, User, UserId,
    conversation::{Assignment, Event},
    firm,
    text::Private,
};
use engage_journal::{self as journal, Entry, activation::decode_event, registry::KeptConflict};
use serde::Deserialize;

use crate::rows::{
    AssignmentRow, AuditRow, CLIENT_SORT_MAX, ConflictRow, ConversationRow, DetectedBy, PassageRow, UserRow,
};

/// The row of a conversation, deleted or not.
pub fn conversation_row(firm: &FirmId, id: ConversationId, state: &Conversation) -> ConversationRow {
    let count = |goals: usize| u32::try_from(goals).unwrap_or(u32::MAX);
    ConversationRow {
        firm_id: firm.clone(),
        session_id: id,
        user_id: state.user_id,
        client_name: state.identity.name.clone(),
        client_email: state.identity.email.clone(),
        practice_area: state.practice_area.clone(),
        status: state.status,
        phase: state.phase,
        assigned_to: state.assigned_to,
        conflict_status: state.conflict_status,
        goals_completed: count(state.goals_completed()),
        goals_total: count(state.goals.len()),
        data_quality_score: state.quality_score(),
        created_at: state.created_at,
        // Equal already, unless an erasure took the event that says when the conversation began.
        last_activity: state.last_activity.max(state.created_at),
        is_deleted: state.is_deleted(),
        client_sort: client_sort(state.identity.name.as_ref()),
        version: state.version,
    }
}

/// What a list sorted by the client's name sorts by.
pub fn client_sort(name: Option<&Private>) -> Private {
    let folded = name.map_or("", Private::as_str).chars().flat_map(char::to_lowercase);
    Private::new(folded.take(CLIENT_SORT_MAX).collect::<String>())
}

/// The rows of everybody who is or was responsible for a conversation, in the order in which they first were.
pub fn assignment_rows(firm: &FirmId, id: ConversationId, state: &Conversation) -> Vec<AssignmentRow> {
    state.assignments.iter().map(|assignment| assignment_row(firm, id, assignment)).collect()
}

fn assignment_row(firm: &FirmId, id: ConversationId, assignment: &Assignment) -> AssignmentRow {
    let Assignment { assigned_to, assigned_by, assigned_at, status, terms, actual_hours, version } = assignment;
    AssignmentRow {
        firm_id: firm.clone(),
        session_id: id,
        assigned_to: *assigned_to,
        assigned_by: *assigned_by,
        assigned_at: *assigned_at,
        status: *status,
        priority: terms.priority,
        due_date: terms.due_date,
        estimated_hours: stored_hours(terms.estimated_hours),
        actual_hours: stored_hours(*actual_hours),
        notes: terms.notes.clone(),
        version: *version,
    }
}

/// Hours as SQLite gives them back: it keeps NaN as NULL and −0 as 0.
fn stored_hours(hours: Option<f64>) -> Option<f64> {
    hours.filter(|hours| !hours.is_nan()).map(|hours| hours + 0.0)
}

/// The row of a user. The counts are the triggers' business.
pub fn user_row(firm: &FirmId, id: UserId, state: &User) -> UserRow {
    UserRow {
        firm_id: firm.clone(),
        user_id: id,
        subject: state.subject.clone(),
        email: state.email.clone(),
        name: state.name.clone(),
        role: state.role,
        status: state.status,
        last_login: state.last_login,
        created_at: state.created_at,
        version: state.version,
        conversation_count: 0,
        assigned_conversation_count: 0,
    }
}

/// The row of a conflict.
pub fn conflict_row(firm: &FirmId, kept: &KeptConflict) -> ConflictRow {
    let KeptConflict { version, conflict, .. } = kept;
    let mut conversations = conflict.conversations();
    let (session_id, other_session_id) = (conversations.next(), conversations.next());
    let resolved = conflict.resolved.as_ref();
    ConflictRow {
        firm_id: firm.clone(),
        conflict_id: conflict.id,
        session_id,
        conflict_type: conflict.conflict_type,
        conflict_entity: conflict.other_name.clone(),
        match_type: conflict.detection.match_type,
        // SQLite keeps −0 as 0.
        confidence: conflict.detection.confidence + 0.0,
        detected_at: conflict.detection.at,
        detected_by: DetectedBy::System,
        status: conflict.state,
        resolved_at: resolved.map(|resolved| resolved.at),
        resolved_by: resolved.and_then(|resolved| resolved.by),
        resolution: resolved.map(|resolved| resolved.resolution),
        notes: resolved.map(|resolved| resolved.reason.clone()).or_else(|| conflict.notes.clone()),
        party_name: conflict.name.clone(),
        other_session_id,
        version: *version,
    }
}

/// The firm's events about conflicts.
const OF_CONFLICTS: [&str; 4] = ["conflict_detected", "conflict_reviewed", "conflict_resolved", "conflict_reopened"];

/// The conflict that an entry is about; none where it is about none.
///
/// [`journal::Error::Corrupt`] where it is not the event that it is called.
pub fn conflict_of(entry: &Entry) -> Result<Option<ConflictId>, journal::Error> {
    let (Kind::Firm, Some(schema)) = (entry.kind, entry.schema) else { return Ok(None) };
    if !OF_CONFLICTS.contains(&&*entry.action) {
        return Ok(None);
    }
    let wrong =
        |what: &str| journal::Error::Corrupt(format!("entry {} is called {} and {what}", entry.id, entry.action));
    let payload = entry.payload.as_ref().ok_or_else(|| wrong("has no payload"))?;
    match decode_event::<Firm>(i64::from(schema), payload)? {
        firm::Event::ConflictDetected { conflict, .. } => Ok(Some(conflict.id)),
        firm::Event::ConflictReviewed { id, .. }
        | firm::Event::ConflictResolved { id, .. }
        | firm::Event::ConflictReopened { id, .. } => Ok(Some(id)),
        _ => Err(wrong("is another event")),
    }
}

/// The row of an entry. The resource is the entry's object, unless the details name another one: a refusal of something that has
/// no object of its own is recorded on the firm's.
///
/// [`journal::Error::Corrupt`] where actor or details are not the JSON that the journal writes.
pub fn audit_row(firm: &FirmId, entry: &Entry) -> Result<AuditRow, journal::Error> {
    let actor = entry.actor()?;
    let details: Details = serde_json::from_str(&entry.details)
        .map_err(|error| journal::Error::Corrupt(format!("details of entry {}: {error}", entry.id)))?;
    let (resource_type, resource_id) = match details.resource_type {
        Some(named) => (named, details.resource_id),
        None => (entry.kind.resource_type().into(), Some(entry.object.clone())),
    };
    Ok(AuditRow {
        firm_id: firm.clone(),
        audit_id: entry.id,
        user_id: actor.user_id,
        action: entry.action.clone(),
        resource_type,
        resource_id,
        timestamp: entry.at,
        ip_address: actor.ip,
        user_agent: actor.user_agent,
        outcome: entry.outcome,
        details: entry.details.clone(),
        seq: entry.seq,
        version: entry.version,
    })
}

/// The events that bring something to search for.
const SPEAKING: [&str; 3] = ["message_added", "conversation_created", "identity_updated"];

/// What an entry brought that can be searched for; none where it brought nothing, or where an erasure took it.
///
/// [`journal::Error::Corrupt`] where it is not the event that it is called.
pub fn passage_row(firm: &FirmId, entry: &Entry) -> Result<Option<PassageRow>, journal::Error> {
    let (Kind::Conversation, Some(schema), Some(payload)) = (entry.kind, entry.schema, &entry.payload) else {
        return Ok(None);
    };
    if !SPEAKING.contains(&&*entry.action) {
        return Ok(None);
    }
    let (identity, message) = match decode_event::<Conversation>(i64::from(schema), payload)? {
        Event::MessageAdded { content, .. } => (None, Some(content)),
        Event::ConversationCreated { identity, .. } | Event::IdentityUpdated { identity, .. } => (Some(identity), None),
        other => {
            return Err(journal::Error::Corrupt(format!(
                "entry {} is called {} and is {other:?}",
                entry.id, entry.action
            )));
        }
    };
    let identity = identity.unwrap_or_default();
    if message.is_none() && identity.name.is_none() && identity.email.is_none() && identity.situation.is_none() {
        return Ok(None);
    }
    let session_id = entry.object.parse();
    Ok(Some(PassageRow {
        firm_id: firm.clone(),
        passage_id: entry.id,
        session_id: session_id
            .map_err(|_| journal::Error::Corrupt(format!("conversation called {:?}", entry.object)))?,
        client_name: identity.name,
        client_email: identity.email,
        situation: identity.situation,
        message,
        version: entry.version,
    }))
}

/// Whether an entry says that the passages of its conversation are to go.
pub fn erases(entry: &Entry) -> bool {
    entry.kind == Kind::Conversation && &*entry.action == "conversation_erased"
}

/// What the details of an entry may say of its resource.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(default)]
    resource_type: Option<Box<str>>,
    #[serde(default)]
    resource_id: Option<Box<str>>,
}
