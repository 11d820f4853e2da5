//! A conversation's events on a live stream: the public form of each, apart from the stored one, which may change.

use engage_domain::{
    Timestamp,
    conversation::{Event, Identity, Terms},
};
use engage_journal::Streamed;
use serde_json::{Value, json};

use super::Audience;

/// `{version, id, at, type, …}` with what belongs to the event. Tokens' hashes never leave; what the firm notes for itself does not
/// reach the client, who is told that something happened and when, so that versions have no gap.
pub(crate) fn event(streamed: &Streamed, audience: Audience) -> Value {
    let mut view = match &streamed.event {
        Some(event) => fields(event, audience),
        None => json!({ "erased": true }),
    };
    view["version"] = json!(streamed.version);
    view["id"] = json!(streamed.id);
    view["at"] = json!(streamed.at);
    view["type"] = json!(streamed.action);
    view
}

fn fields(event: &Event, audience: Audience) -> Value {
    let staff = audience == Audience::Staff;
    match event {
        Event::ConversationCreated { at, identity, practice_area, goals, external_id } => {
            let mut view = particulars(identity);
            view["practiceArea"] = json!(practice_area);
            view["goals"] = json!(goals);
            if let Some(external_id) = external_id.as_ref().filter(|_| staff) {
                view["externalId"] = json!(external_id);
            }
            timed(view, *at)
        }
        Event::MessageAdded { at, role, content } => timed(json!({ "role": role, "content": content }), *at),
        Event::IdentityUpdated { at, identity } => timed(particulars(identity), *at),
        Event::ConversationClassified { at, practice_area } => timed(json!({ "practiceArea": practice_area }), *at),
        Event::GoalAdded { at, goal } => timed(json!({ "goal": goal }), *at),
        Event::GoalCompleted { at, id } => timed(json!({ "goal": { "id": id } }), *at),
        Event::AttorneyAssigned { at, assignee, assigned_by, terms, pending } => {
            let mut view = json!({ "assignedTo": assignee });
            if staff {
                let Terms { priority, due_date, estimated_hours, notes } = terms;
                view["assignedBy"] = json!(assigned_by);
                view["priority"] = json!(priority);
                view["dueDate"] = json!(due_date);
                view["estimatedHours"] = json!(estimated_hours);
                view["notes"] = json!(notes);
                view["pending"] = json!(pending);
            }
            timed(view, *at)
        }
        Event::AttorneyReassigned { at, from } => timed(json!({ "from": from }), *at),
        Event::AssignmentCompleted { at, assignee, actual_hours } => {
            let view = json!({ "assignedTo": assignee, "actualHours": actual_hours.filter(|_| staff) });
            timed(view, *at)
        }
        Event::PhaseChanged { at, from, to } => timed(json!({ "from": from, "to": to }), *at),
        Event::ConflictDecided { at, status } => {
            timed(if staff { json!({ "conflictStatus": status }) } else { json!({}) }, *at)
        }
        Event::ConflictsScreened { at, status, registry, frozen } => {
            let view = json!({ "conflictStatus": status, "registryVersion": registry, "frozen": frozen });
            timed(if staff { view } else { json!({}) }, *at)
        }
        Event::ConversationSecured { at, user } => timed(json!({ "userId": user }), *at),
        Event::ConversationClosed { at, status } => timed(json!({ "status": status }), *at),
        Event::ResumeTokenIssued { at, hash: _, until } => timed(json!({ "until": until }), *at),
        Event::LegalHoldSet { at, reason } => timed(if staff { json!({ "reason": reason }) } else { json!({}) }, *at),
        Event::LegalHoldReleased { at } | Event::ConversationErased { at, .. } => timed(json!({}), *at),
        Event::ConversationReopened { at }
        | Event::ConversationDeleted { at }
        | Event::ConversationRestored { at }
        | Event::ResumeTokenExpired { at } => timed(json!({}), *at),
    }
}

fn timed(mut view: Value, at: Timestamp) -> Value {
    view["timestamp"] = json!(at);
    view
}

fn particulars(identity: &Identity) -> Value {
    let Identity { name, email, phone, legal_area, situation, address } = identity;
    let known = [
        ("clientName", name),
        ("clientEmail", email),
        ("clientPhone", phone),
        ("legalArea", legal_area),
        ("situation", situation),
        ("address", address),
    ];
    let known = known.into_iter().filter_map(|(field, value)| Some((field.to_owned(), json!(value.as_ref()?))));
    Value::Object(known.collect())
}

#[cfg(test)]
mod tests {
    use engage_domain::{EntryId, Version, conversation::Priority, token::TokenHash};

    use super::*;

    fn view(event: Event, audience: Audience) -> Value {
        let id = EntryId::from_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap());
        let (at, action) = (Timestamp::from_millis(1), "x".into());
        super::event(&Streamed { version: Version(7), id, at, action, event: Some(event) }, audience)
    }

    #[test]
    fn a_message_shows_its_words() {
        let at = Timestamp::from_millis(0);
        let message = Event::MessageAdded { at, role: engage_domain::conversation::Author::User, content: "Hi".into() };
        assert_eq!(
            view(message, Audience::Client),
            json!({
                "version": 7, "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "at": "1970-01-01T00:00:00.001Z", "type": "x",
                "role": "user", "content": "Hi", "timestamp": "1970-01-01T00:00:00.000Z",
            })
        );
    }

    #[test]
    fn a_token_hash_never_leaves_and_notes_stay_in_the_firm() {
        let at = Timestamp::from_millis(0);
        let issued = Event::ResumeTokenIssued { at, hash: TokenHash::of("x"), until: at };
        assert!(view(issued, Audience::Staff).get("hash").is_none());
        let firm = "acme".parse().unwrap();
        let terms = Terms { priority: Priority::High, notes: Some("difficult".into()), ..Terms::default() };
        let assignee = engage_domain::UserId::from_email(&firm, "a@x.org");
        let assigned = Event::AttorneyAssigned { at, assignee, assigned_by: None, terms, pending: false };
        assert_eq!(view(assigned.clone(), Audience::Staff)["notes"], "difficult");
        assert!(view(assigned, Audience::Client).get("notes").is_none());
    }
}
