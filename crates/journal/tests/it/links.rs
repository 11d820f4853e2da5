//! Pages along the links: at, beside and between the marks, the same as a plain scan of the journal gives.

use std::ops::ControlFlow;

use engage_domain::{
    Actor, Conversation, Role, Version,
    actor::Access,
    conversation::{Author, Command, Event, Identity},
};
use engage_journal::{Activation, Entry, activation::decode_event, read};
use proptest::{prelude::*, sample::select};
use serde_json::Value;

use crate::desk::{Desk, attorney, by, conversation, conversation_id, message, sees, start, user_id};

const MARK_EVERY: u64 = 64;

/// A conversation 1 of `events` events, every seventh not a message, amid access entries and another conversation's events.
fn desk(events: u64) -> Desk {
    let mut desk = Desk::new();
    for n in 1..=events {
        desk.now += 1;
        match n {
            1 => desk.start(1),
            n if n % 7 == 0 => desk.tell(1, named(n)),
            n => desk.tell(1, message(&n.to_string())),
        };
        if n % 3 == 0 {
            desk.call::<Conversation>(&conversation(1), &sees(attorney(), Access::Messages));
        }
        match n {
            1 => drop(desk.start(2)),
            n if n % 5 == 0 => drop(desk.tell(2, message("another"))),
            _ => {}
        }
    }
    desk
}

fn named(n: u64) -> Command {
    Command::UpdateIdentity(Box::new(Identity { name: Some(n.to_string().as_str().into()), ..Identity::default() }))
}

/// The events of conversation 1, found by looking at every entry.
fn scan(desk: &mut Desk) -> Vec<Entry> {
    let mut entries = vec![];
    read::entries_after(&mut desk.sql, 0, i64::from(u32::MAX), &mut |entry| {
        if entry.object == conversation(1).name && entry.is_event() {
            entries.push(entry);
        }
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    entries
}

fn event(entry: &Entry) -> Event {
    decode_event::<Conversation>(entry.schema.unwrap().into(), entry.payload.as_ref().unwrap()).unwrap()
}

fn expected_messages(scan: &[Entry], before: Option<u64>, limit: u32) -> Vec<read::Message> {
    let below = scan.iter().rev().filter(|entry| before.is_none_or(|before| entry.version.0 < before));
    let messages = below.filter_map(|entry| match event(entry) {
        Event::MessageAdded { at, role, content } => {
            let (id, version) = (entry.id, entry.version);
            Some(read::Message { id, version, role, content: Some(content), timestamp: at })
        }
        _ => None,
    });
    messages.take(limit as usize).collect()
}

/// What a live stream sends of an event, to be compared.
type Sent = (Version, String, String, String, Value);

fn expected_events(scan: &[Entry], after: u64, limit: u32) -> Vec<Sent> {
    let above = scan.iter().filter(|entry| entry.version.0 > after).take(limit as usize);
    above
        .map(|entry| {
            let (version, id, at) = (entry.version, entry.id.to_string(), entry.at.to_string());
            (version, id, at, entry.action.to_string(), serde_json::to_value(event(entry)).unwrap())
        })
        .collect()
}

fn events(desk: &mut Desk, after: u64, limit: u32) -> Vec<Sent> {
    let page = read::events(&mut desk.sql, conversation_id(1), Version(after), limit).unwrap();
    page.into_iter()
        .map(|sent| {
            let event = serde_json::to_value(sent.event.unwrap()).unwrap();
            (sent.version, sent.id.to_string(), sent.at.to_string(), sent.action.to_string(), event)
        })
        .collect()
}

/// Compares both kinds of page, from every place in `places`, with what the scan gives.
#[track_caller]
fn check(desk: &mut Desk, places: &[u64], limits: &[u32]) {
    let scan = scan(desk);
    for &limit in limits {
        for before in places.iter().copied().map(Some).chain([None]) {
            let page = read::messages(&mut desk.sql, conversation_id(1), before.map(Version), limit).unwrap();
            assert_eq!(page, expected_messages(&scan, before, limit), "before {before:?}, limit {limit}");
        }
        for &after in places {
            let page = events(desk, after, limit);
            assert_eq!(page, expected_events(&scan, after, limit), "after {after}, limit {limit}");
        }
    }
}

#[test]
fn a_page_from_anywhere_is_what_a_scan_gives() {
    for events in [0, 1, 2, 63, 64, 65, 127, 128, 129, 130] {
        let mut desk = desk(events);
        assert_eq!(scan(&mut desk).len() as u64, events);
        let places: Vec<_> = (0..=events + 2).chain([1_000, i64::MAX as u64, u64::MAX]).collect();
        check(&mut desk, &places, &[0, 1, 50]);
        let near_marks = |place: &u64| place.wrapping_add(2) % MARK_EVERY <= 4;
        let places: Vec<_> = places.into_iter().filter(near_marks).collect();
        check(&mut desk, &places, &[2, 63, 64, 65, 129, u32::MAX]);
    }
}

#[test]
fn pages_join_without_a_gap_or_an_overlap() {
    for limit in [1, 7, 63, 64, 65] {
        let mut desk = desk(200);
        let scan = scan(&mut desk);
        let (mut messages, mut before) = (vec![], None);
        loop {
            let page = read::messages(&mut desk.sql, conversation_id(1), before, limit).unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.version);
            messages.extend(page);
        }
        assert_eq!(messages, expected_messages(&scan, None, u32::MAX));
        let (mut sent, mut after) = (vec![], 0);
        loop {
            let page = events(&mut desk, after, limit);
            let Some(last) = page.last() else { break };
            after = last.0.0;
            sent.extend(page);
        }
        assert_eq!(sent, expected_events(&scan, 0, u32::MAX));
    }
}

#[test]
fn each_64th_event_is_a_mark_and_nothing_else() {
    let mut desk = desk(130);
    // Of access entries too the version can be a multiple.
    for _ in 131..=192 {
        desk.tell(1, message("x"));
    }
    desk.call::<Conversation>(&conversation(1), &sees(attorney(), Access::Messages));
    let index = desk.sql.scalar("SELECT sql FROM sqlite_master WHERE name = 'entry_mark'");
    assert!(index.ends_with(&format!("WHERE schema IS NOT NULL AND version % {MARK_EVERY} = 0")), "{index}");
    let marks = "SELECT group_concat(version ORDER BY version) FROM entry INDEXED BY entry_mark
                 WHERE object = 1 AND schema IS NOT NULL AND version % 64 = 0";
    assert_eq!(desk.sql.scalar(marks), "64,128,192");
    let at_the_last = "SELECT count(*) FROM entry WHERE object = 1 AND version = 192";
    assert_eq!(desk.sql.scalar(at_the_last), "2");
    check(&mut desk, &[190, 191, 192, 193, 194], &[1, 2, 50]);
}

#[test]
fn a_wrong_link_or_mark_fails_the_pages_that_pass_it_and_no_other() {
    let mut desk = desk(130);
    let seq = |desk: &Desk, version: u64| {
        let text = format!("SELECT seq FROM entry WHERE object = 1 AND version = {version} AND schema IS NOT NULL");
        desk.sql.scalar(&text)
    };
    let wrong = seq(&desk, 20);
    let change = format!("UPDATE entry SET prev = {wrong} WHERE seq = {}", seq(&desk, 101));
    desk.sql.tamper(&change);
    let mut pages = |before, after| {
        let messages = read::messages(&mut desk.sql, conversation_id(1), Some(Version(before)), 5);
        let events = read::events(&mut desk.sql, conversation_id(1), Version(after), 5);
        (messages.map_err(|error| error.to_string()), events.map_err(|error| error.to_string()))
    };
    let refusal = format!("corrupt journal: entry {wrong} is not version 100 of its object");
    let (messages, events) = pages(101, 99);
    assert_eq!((messages.unwrap_err(), events.unwrap_err()), (refusal.clone(), refusal));
    for (before, after) in [(120, 101), (60, 10), (131, 128)] {
        let (messages, events) = pages(before, after);
        assert!(messages.is_ok() && events.is_ok(), "{before} {after}: {messages:?} {events:?}");
    }
    desk.sql.tamper("DELETE FROM entry WHERE object = 1 AND version = 64");
    let error = read::messages(&mut desk.sql, conversation_id(1), Some(Version(60)), 5).unwrap_err();
    assert_eq!(error.to_string(), "corrupt journal: version 64 of an object is missing");
}

/// What is done on the way to a journal.
#[derive(Clone, Copy, Debug)]
enum Step {
    Messages(u8),
    Named,
    Seen,
    Refused,
    Other,
    /// Turns so far become durable together.
    Flush,
    Hibernate,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1u8..40).prop_map(Step::Messages),
        2 => Just(Step::Named),
        2 => Just(Step::Seen),
        1 => Just(Step::Refused),
        2 => Just(Step::Other),
        1 => Just(Step::Flush),
        1 => Just(Step::Hibernate),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_of_any_journal_are_what_a_scan_gives(
        steps in steps(),
        offsets in prop::collection::vec((0u64..6, 0u64..5), 6),
        limit in select(&[1, 2, 31, 63, 64, 65, 100][..]),
    ) {
        let mut desk = Desk::new();
        desk.start(2);
        let mut one = Activation::<Conversation>::new(conversation(1));
        desk.hot(&mut one, &by(Actor::SYSTEM, start())).unwrap();
        for step in steps {
            let call = match step {
                Step::Messages(count) => {
                    for n in 0..count {
                        let add = Command::AddMessage { author: Author::Agent, content: n.to_string().as_str().into() };
                        desk.hot(&mut one, &by(Actor::SYSTEM, add)).unwrap();
                    }
                    continue;
                }
                Step::Named => by(Actor::SYSTEM, named(one.version.0)),
                Step::Seen => sees(attorney(), Access::Detail),
                Step::Refused => sees(Actor::user(user_id(9), Role::Client), Access::Detail),
                Step::Other => {
                    desk.tell(2, message("another"));
                    continue;
                }
                Step::Flush => {
                    one.flush(&mut desk.sql).unwrap();
                    continue;
                }
                Step::Hibernate => {
                    one.flush(&mut desk.sql).unwrap();
                    one = desk.load(&conversation(1)).unwrap();
                    continue;
                }
            };
            desk.hot(&mut one, &call).unwrap();
        }
        one.flush(&mut desk.sql).unwrap();
        let places: Vec<_> = offsets.into_iter().map(|(mark, beside)| (mark * MARK_EVERY + beside).saturating_sub(2)).collect();
        check(&mut desk, &places, &[limit]);
        let loaded = desk.load::<Conversation>(&conversation(1)).unwrap();
        prop_assert_eq!((&loaded.state, loaded.version), (&one.state, one.version));
        desk.sql.tamper("DELETE FROM snapshot");
        let replayed = desk.load::<Conversation>(&conversation(1)).unwrap();
        prop_assert_eq!((&replayed.state, replayed.version), (&one.state, one.version));
        desk.verified();
    }
}
