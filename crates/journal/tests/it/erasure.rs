//! Erasing: a payload set to NULL takes what was said with it and leaves everything else as it was.

use engage_domain::{Conversation, Version, conversation::Author};
use engage_journal::read;

use crate::desk::{Desk, conversation, conversation_id, message};

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
