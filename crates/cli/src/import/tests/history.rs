//! What a row becomes: its values, and the history that it brings in.

use engage_domain::{
    Actor, Aggregate, Context, Conversation, ConversationId, Timestamp, UserId,
    conversation::{Author, Event, MESSAGE_MAX},
};

use super::*;

fn events(row: &Row, assignee: Option<UserId>) -> Vec<Event> {
    let context = Context::new(&Actor::SYSTEM, target().now);
    Conversation::default().decide(&row.command(assignee, vec![]), &context).unwrap()
}

fn state(row: &Row, assignee: Option<UserId>) -> Conversation {
    let mut state = Conversation::default();
    for event in events(row, assignee) {
        state.apply(&event, state.version.next());
    }
    state
}

fn anna() -> UserId {
    UserId::from_email(&target().firm, "anna@acme.example")
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[track_caller]
fn refused(header: &str, value: &str, expected: &str) {
    assert_eq!(row(header, value).unwrap_err().to_string(), expected);
}

#[test]
fn every_field_arrives() {
    let row = row(
        "clientName,clientEmail,clientPhone,practiceArea,legalArea,situation,status,createdAt,lastActivity,assignedTo,message",
        "Jane Roe,Jane@Mail.example,+1 555 0100,Family Law,Divorce,Separated,closed,2016-01-02,2016-03-04,Anna@acme.example,Hello",
    )
    .unwrap();
    assert_eq!(row.conversation_id, ConversationId::named(&target().firm, "external:id", "1"));
    assert_eq!(row.assigned_to.as_deref(), Some("anna@acme.example"));
    let state = state(&row, Some(anna()));
    assert_eq!(state.external_id, Some("1".into()));
    assert_eq!(state.identity.name, Some("Jane Roe".into()));
    assert_eq!(state.identity.email, Some("jane@mail.example".into()));
    assert_eq!(state.identity.phone, Some("+1 555 0100".into()));
    assert_eq!(state.identity.legal_area, Some("Divorce".into()));
    assert_eq!(state.identity.situation, Some("Separated".into()));
    assert_eq!(state.practice_area.as_ref().unwrap().as_str(), "family_law");
    assert_eq!(row.practice_area.unwrap().1, "Family Law");
    assert_eq!(state.status.as_str(), "completed");
    assert_eq!(state.created_at, time("2016-01-02T05:00:00Z"));
    assert_eq!(state.last_activity, time("2016-03-04T05:00:00Z"));
    assert_eq!(state.closed_at, Some(state.last_activity));
    assert_eq!(state.assigned_to, Some(anna()));
    assert_eq!(state.assignments[0].assigned_at, state.created_at);
    assert_eq!(state.message_count, 1);
    assert_eq!(row.notes, []);
}

#[test]
fn blank_values_are_absent() {
    let row = row("clientName,status,message,practiceArea,createdAt", " ,,\"  \n\",  ,").unwrap();
    assert_eq!((row.identity.name, row.message, row.practice_area), (None, None, None));
    assert_eq!(row.status.as_str(), "active");
    assert_eq!(row.created_at, target().now);
}

#[test]
fn the_last_activity_comes_out_whatever_the_row_holds() {
    let dates = "2016-01-02,2016-03-04";
    let check = |header: &str, values: &str, assignee: Option<UserId>| {
        let row = row(&format!("createdAt,lastActivity,{header}"), &format!("{dates},{values}")).unwrap();
        let state = state(&row, assignee);
        assert_eq!(state.created_at, time("2016-01-02T05:00:00Z"), "{header}");
        assert_eq!(state.last_activity, time("2016-03-04T05:00:00Z"), "{header}");
        assert_eq!(row.notes, []);
        assert_eq!(state.identity, row.identity);
        assert_eq!(state.practice_area, row.practice_area.map(|(area, _)| area));
    };
    check("situation,message,practiceArea", "s,m,a", None);
    check("clientName,clientEmail", "Jane,j@x.example", None);
    check("clientName", "Jane", Some(anna()));
    check("practiceArea,message", "a,m", None);
    check("assignedTo", "anna@acme.example", Some(anna()));
    check("message", "m", None);
    check("status", "terminated", None);
    check("status", "closed", Some(anna()));
}

#[test]
fn a_message_keeps_the_time_at_which_the_conversation_began() {
    let row = row("createdAt,lastActivity,situation,message", "2016-01-02,2016-03-04,s,m").unwrap();
    let at = events(&row, None).into_iter().find_map(|event| match event {
        Event::MessageAdded { at, .. } => Some(at),
        _ => None,
    });
    assert_eq!(at, Some(row.created_at));
}

#[test]
fn a_row_with_nothing_to_date_says_so() {
    let row = row("createdAt,lastActivity", "2016-01-02,2016-03-04").unwrap();
    assert_eq!(row.notes, [Note::ActivityLeftOut { last_activity: time("2016-03-04T05:00:00Z") }]);
    assert_eq!(state(&row, None).last_activity, row.created_at);
}

#[test]
fn a_last_activity_before_the_beginning_is_noted_and_the_beginning_taken() {
    let row = row("createdAt,lastActivity,status", "2016-01-02,2016-01-01,closed").unwrap();
    assert!(matches!(row.notes[..], [Note::ActivityBeforeCreation { .. }]));
    let state = state(&row, None);
    assert_eq!((state.last_activity, state.closed_at), (row.created_at, Some(row.created_at)));
}

#[test]
fn without_createdat_the_last_activity_or_else_the_import_is_the_beginning() {
    assert_eq!(row("lastActivity", "2016-01-01").unwrap().created_at, time("2016-01-01T05:00:00Z"));
    assert_eq!(row("clientName", "Jane").unwrap().created_at, target().now);
}

#[test]
fn wrong_values_name_their_field() {
    refused("status", "odd", "status \"odd\" is not known; say --value status:odd=active, completed or terminated");
    refused("clientEmail", "jane", "clientEmail must be an e-mail address");
    refused("assignedTo", "Anna", "assignedTo must be an e-mail address or a user id");
    refused("clientName", &"x".repeat(201), "clientName must be at most 200 bytes, has 201");
    refused("situation", &"x".repeat(8193), "situation must be at most 8192 bytes, has 8193");
    refused("message", "a\0b", "message must not contain NUL");
    refused("practiceArea", "Family\tlaw", "practiceArea must not contain control characters");
    refused("practiceArea", "??", "practiceArea must contain a letter or digit");
    let date = row("createdAt", "23/10/2016").unwrap_err().to_string();
    assert!(date.starts_with("createdAt must be a date like 2026-11-23,") && date.contains("--date-format"), "{date}");
    let id = lines(format!("id,status\n{},open\n", "x".repeat(201)), Format::Csv, &args(&[])).remove(0).1;
    assert_eq!(id.unwrap_err().to_string(), "externalId must be at most 200 bytes, has 201");
}

#[test]
fn a_user_id_is_an_assignee_too() {
    let id = anna().to_string();
    assert_eq!(row("assignedTo", &id.to_lowercase()).unwrap().assigned_to, Some(id));
}

#[test]
fn a_message_longer_than_a_message_may_be_becomes_several() {
    let text = "word ".repeat(20_000);
    let row = row("message", &text).unwrap();
    let parts: Vec<_> = events(&row, None)
        .into_iter()
        .filter_map(|event| match event {
            Event::MessageAdded { role, content, .. } => {
                assert_eq!(role, Author::User);
                Some(content)
            }
            _ => None,
        })
        .collect();
    assert_eq!(parts.len(), 4);
    assert!(parts.iter().all(|part| part.as_str().len() <= MESSAGE_MAX));
    assert_eq!(parts.iter().map(|part| part.as_str()).collect::<String>(), text);
}

#[test]
fn a_long_practice_area_keeps_the_words_that_fit_a_slug() {
    let name = "\"Credit reporting, credit repair services, or other personal consumer reports, long and longer and the longest of all the names there are in the file, plus some more\"";
    let row = row("practiceArea", name).unwrap();
    let (slug, original) = row.practice_area.unwrap();
    assert!(slug.as_str().starts_with("credit_reporting_credit_repair_services_or_other"), "{slug}");
    assert_eq!(original, name.trim_matches('"'));
    assert!(matches!(row.notes[..], [Note::PracticeAreaShortened { .. }]));
}
