//! Erasing: a payload set to NULL takes what was said with it and leaves everything else as it was.

use engage_domain::{
    Actor, Conversation, Timestamp, Version,
    conversation::{Author, Command, GoalPriority, GoalTemplate, Identity, Rejection, Terms},
};
use engage_journal::{Turn, read};

use crate::desk::{Desk, by, conversation, conversation_id, message, user_id};

fn erase(desk: &mut Desk, version: u64) {
    let erased = desk.sql.tamper(&format!("UPDATE entry SET payload = NULL WHERE schema = 1 AND version = {version}"));
    assert_eq!(erased, 1);
}

fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.start(1);
    for text in ["one", "two", "three"] {
        desk.tell(1, message(text));
    }
    desk
}

#[test]
fn an_erased_payload_still_verifies() {
    let mut desk = desk();
    for version in 1..=4 {
        erase(&mut desk, version);
        desk.verified();
    }
}

#[test]
fn an_erased_message_keeps_its_place_without_its_content() {
    let mut desk = desk();
    let before = read::messages(&mut desk.sql, conversation_id(1), None, 10).unwrap();
    erase(&mut desk, 3);
    let after = read::messages(&mut desk.sql, conversation_id(1), None, 10).unwrap();
    let contents: Vec<_> = after.iter().map(|message| message.content.as_ref().map(|text| text.as_str())).collect();
    assert_eq!(contents, [Some("three"), None, Some("one")]);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(
            (before.id, before.version, before.role, before.timestamp),
            (after.id, after.version, after.role, after.timestamp)
        );
    }
    assert_eq!(after[1].role, Author::User);

    let events = read::events(&mut desk.sql, conversation_id(1), Version(2), 10).unwrap();
    let shown: Vec<_> = events.iter().map(|event| (event.version.0, &*event.action, event.event.is_some())).collect();
    assert_eq!(shown, [(3, "message_added", false), (4, "message_added", true)]);
}

#[test]
fn an_erased_event_still_counts_in_version_and_messages() {
    for version in [2, 3, 4] {
        let mut desk = desk();
        let before = desk.load::<Conversation>(&conversation(1)).unwrap().state;
        erase(&mut desk, version);
        let after = desk.load::<Conversation>(&conversation(1)).unwrap();
        assert_eq!(after.version, Version(4));
        assert_eq!(
            (after.state.version, after.state.message_count),
            (before.version, before.message_count),
            "{version}"
        );
    }
}

#[test]
fn a_conversation_goes_on_after_an_erasure() {
    let mut desk = desk();
    erase(&mut desk, 4);
    let answer = desk.tell(1, message("four"));
    assert_eq!((answer.state.version, answer.state.message_count), (Version(5), 4));
    desk.verified();
}

/// A conversation with everything that a client says of themselves, deleted.
fn deleted(desk: &mut Desk) {
    desk.start(1);
    let identity =
        Identity { name: Some("Jane Roe".into()), email: Some("jane@roe.test".into()), ..Identity::default() };
    let terms = Terms { notes: Some("Jane is shy".into()), ..Terms::default() };
    let said = [
        Command::UpdateIdentity(Box::new(identity)),
        message("my secret"),
        Command::AddGoal(GoalTemplate {
            id: "lease".into(),
            title: "Find Jane's lease".into(),
            priority: GoalPriority::Required,
        }),
        Command::Assign { assignee: user_id(2), terms: Box::new(terms), pending: false },
    ];
    said.into_iter().for_each(|command| drop(desk.tell(1, command)));
    // Past a snapshot, and past a mark of the sparse index.
    (0..140).for_each(|_| drop(desk.tell(1, message("another secret"))));
    desk.tell(1, Command::Delete);
}

const FOR_EVER: Timestamp = Timestamp::from_millis(i64::MAX);

#[test]
fn an_erasure_takes_everything_that_was_said_and_leaves_a_chain_that_verifies() {
    let mut desk = Desk::new();
    deleted(&mut desk);
    desk.start(2);
    desk.tell(2, message("somebody else's secret"));
    let entries = desk.sql.scalar("SELECT count(*) FROM entry");
    let before = desk.load::<Conversation>(&conversation(1)).unwrap().state;
    let after = desk.tell(1, Command::Erase { deleted_before: FOR_EVER }).state;
    for column in ["payload", "details"] {
        let query = format!(
            "SELECT count(*) FROM entry JOIN object ON object.id = entry.object
             WHERE object.name = '{}' AND ({column} LIKE '%Jane%' OR {column} LIKE '%secret%')",
            conversation_id(1)
        );
        assert_eq!(desk.sql.scalar(&query), "0", "{column}");
    }
    for table in ["snapshot", "command"] {
        assert_eq!(
            desk.sql.scalar(&format!("SELECT count(*) FROM {table} WHERE object IN (1, '{}')", conversation_id(1))),
            "0"
        );
    }
    assert_eq!(desk.sql.scalar("SELECT count(*) FROM entry"), (entries.parse::<i64>().unwrap() + 1).to_string());
    desk.verified();
    // The others keep theirs.
    assert_eq!(desk.sql.scalar("SELECT count(*) FROM entry WHERE payload LIKE '%somebody else%'"), "1");
    assert!(after.is_erased() && after.is_deleted());
    assert_eq!(
        (after.message_count, after.created_at, after.last_activity),
        (before.message_count, before.created_at, before.last_activity)
    );
    assert_eq!((&after.identity, after.goals.len(), after.assigned_to), (&Identity::default(), 0, Some(user_id(2))));
    assert!(after.assignments.iter().all(|assignment| assignment.terms.notes.is_none()));
    // What is loaded is what was answered.
    assert_eq!(*desk.load::<Conversation>(&conversation(1)).unwrap().state, *after);
    let messages = read::messages(&mut desk.sql, conversation_id(1), None, 3).unwrap();
    assert!(messages.len() == 3 && messages.iter().all(|message| message.content.is_none()));
}

#[test]
fn an_erasure_comes_once_and_neither_before_its_time_nor_over_a_hold() {
    let mut desk = Desk::new();
    let ask = |desk: &mut Desk, command| desk.call::<Conversation>(&conversation(1), &by(Actor::SYSTEM, command));
    desk.start(1);
    let erase = || Command::Erase { deleted_before: FOR_EVER };
    let rejected = |turn: Turn<Conversation>| match turn {
        Turn::Rejected(rejection) => rejection,
        other => panic!("{other:?}"),
    };
    assert_eq!(rejected(ask(&mut desk, erase())), Rejection::NotDue);
    let at = desk.tell(1, Command::Delete).state.deleted_at.unwrap();
    assert_eq!(rejected(ask(&mut desk, Command::Erase { deleted_before: at })), Rejection::NotDue);
    desk.tell(1, Command::Hold { reason: "Roe v. Acme".into() });
    assert_eq!(rejected(ask(&mut desk, erase())), Rejection::OnHold);
    desk.tell(1, Command::ReleaseHold);
    assert_eq!(desk.tell(1, erase()).recorded.len(), 1);
    assert_eq!(desk.tell(1, erase()).recorded.len(), 0);
    for command in [Command::Restore, Command::Hold { reason: "late".into() }] {
        assert_eq!(rejected(ask(&mut desk, command)), Rejection::Erased);
    }
    desk.verified();
}
