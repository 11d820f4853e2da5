//! What a turn and a load cost, counted in rows, bytes and SQLite's own instructions, whatever the age of the object.

use engage_domain::{Actor, Conversation, Version, conversation::Dated};
use engage_journal::{Activation, activation::SNAPSHOT_EVERY, read};

use crate::{
    desk::{Desk, by, conversation, conversation_id, done, message, start},
    sqlite::Cost,
};

const TEXT: &str = "a message of some length, so that carrying earlier ones along would show";

/// A conversation of `messages` messages, brought in whole.
fn desk(messages: usize) -> Desk {
    let mut desk = Desk::new();
    let commands = std::iter::once(start()).chain(std::iter::repeat_n(message(TEXT), messages));
    let steps =
        commands.map(|command| Dated { at: engage_domain::Timestamp::from_millis(desk.now), command }).collect();
    desk.tell(1, engage_domain::conversation::Command::History(steps));
    desk
}

/// What adding one more message costs, from the load to the flush, and from an activation that is warm already.
fn add_one(desk: &mut Desk) -> (Cost, Cost) {
    desk.sql.take_cost();
    let mut activation: Activation<Conversation> = desk.load(&conversation(1)).unwrap();
    let load = desk.sql.take_cost();
    done(desk.hot(&mut activation, &by(Actor::SYSTEM, message(TEXT))).unwrap());
    activation.flush(&mut desk.sql).unwrap();
    (load, desk.sql.take_cost())
}

#[test]
fn correction_10_message_100_000_costs_what_message_1_did() {
    let mut young = desk(0);
    let mut old = desk(100_000 - 1);
    assert_eq!(old.load::<Conversation>(&conversation(1)).unwrap().version, Version(100_000));
    // A snapshot has just been written for the old one; the young one has none yet and reads its one event instead.
    let (young_load, young_turn) = add_one(&mut young);
    let (old_load, old_turn) = add_one(&mut old);
    assert_eq!((young_load.statements, old_load.statements), (2, 1));
    assert_eq!((young_load.rows_read, old_load.rows_read), (2, 1));
    assert!(old_load.bytes_read < young_load.bytes_read + 1_000, "{young_load:?} {old_load:?}");
    assert_eq!((old_turn.statements, old_turn.rows_read), (young_turn.statements, young_turn.rows_read));
    assert_eq!(old_turn.bytes_bound, young_turn.bytes_bound);
    assert!(old_turn.steps <= young_turn.steps + 10, "{young_turn:?} {old_turn:?}");
}

/// What each of the next `count` messages costs a warm activation, with the version that it gives.
fn turns(desk: &mut Desk, count: u64) -> Vec<(u64, Cost)> {
    let mut activation: Activation<Conversation> = desk.load(&conversation(1)).unwrap();
    let mut add = |_| {
        desk.sql.take_cost();
        done(desk.hot(&mut activation, &by(Actor::SYSTEM, message(TEXT))).unwrap());
        (activation.version.0, desk.sql.take_cost())
    };
    (0..count).map(&mut add).collect()
}

#[test]
fn correction_10_only_each_64th_message_costs_a_mark_more() {
    let mut young = turns(&mut desk(0), 200);
    let old = turns(&mut desk(10_000), 200);
    // The very first message compiles the statement.
    let plain = young.remove(0).1;
    for (version, turn) in young.into_iter().chain(old) {
        assert_eq!((turn.statements, turn.rows_read), (1, 0), "{version}");
        assert_eq!(turn.bytes_bound, plain.bytes_bound, "{version}");
        let mark = if version % 64 == 0 { 5..=25 } else { 0..=0 };
        assert!(mark.contains(&turn.steps.abs_diff(plain.steps)), "{version}: {turn:?} {plain:?}");
    }
}

#[test]
fn correction_10_a_load_reads_fewer_events_than_a_snapshot_is_apart() {
    let mut desk = Desk::new();
    desk.start(1);
    let mut most = Cost::default();
    for _ in 0..2_000 {
        let (load, turn) = add_one(&mut desk);
        // The directory's row, and the events since the last snapshot.
        assert!(load.rows_read <= u64::from(SNAPSHOT_EVERY), "{load:?}");
        assert!(turn.rows_read == 0 && turn.statements <= 3, "{turn:?}");
        most.bytes_read = most.bytes_read.max(load.bytes_read);
        most.bytes_bound = most.bytes_bound.max(turn.bytes_bound);
    }
    // 63 events and a state without messages; a turn binds its entry, the head and at most one snapshot.
    assert!(most.bytes_read < 20_000 && most.bytes_bound < 3_000, "{most:?}");
}

/// The most that any page of messages costs whose end lies near a mark, near an end, or somewhere in the middle.
fn dearest_page(desk: &mut Desk, messages: u64, limit: u32) -> Cost {
    let mut most = Cost::default();
    let near_an_end = (2..200).chain(messages - 200..messages + 3);
    for before in near_an_end.chain(messages / 2..messages / 2 + 130) {
        desk.sql.take_cost();
        let page = read::messages(&mut desk.sql, conversation_id(1), Some(Version(before)), limit).unwrap();
        let cost = desk.sql.take_cost();
        // The directory's row, at most one mark, at most 63 events passed on the way from it, and the page, at whose end the
        // first event may lie, which is no message.
        let from = (before - 1).min(messages + 1);
        assert_eq!(page.len() as u64, (from - 1).min(u64::from(limit)), "{before}");
        assert!(cost.rows_read <= from.min(u64::from(limit)) + 64 + 1, "{before}: {cost:?}");
        most.rows_read = most.rows_read.max(cost.rows_read);
        most.steps = most.steps.max(cost.steps);
        most.bytes_read = most.bytes_read.max(cost.bytes_read);
    }
    most
}

#[test]
fn correction_10_a_page_of_messages_costs_the_same_anywhere() {
    let (mut young, mut old) = (desk(1_000), desk(20_000));
    for limit in [1, 50] {
        let (young, old) = (dearest_page(&mut young, 1_000, limit), dearest_page(&mut old, 20_000, limit));
        assert_eq!((young.rows_read, old.rows_read), (u64::from(limit) + 65, u64::from(limit) + 65));
        assert!(young.steps.abs_diff(old.steps) <= 20 && old.bytes_read < young.bytes_read + 200, "{young:?} {old:?}");
    }
    old.sql.take_cost();
    read::messages(&mut old.sql, conversation_id(1), None, 50).unwrap();
    assert_eq!(old.sql.take_cost().rows_read, 51);
}

#[test]
fn a_page_of_events_costs_the_same_anywhere() {
    for messages in [1_000, 20_000] {
        let mut desk = desk(messages);
        for after in (0..200).chain(messages as u64 - 200..messages as u64 + 3) {
            desk.sql.take_cost();
            let page = read::events(&mut desk.sql, conversation_id(1), Version(after), 50).unwrap();
            let cost = desk.sql.take_cost();
            // As for messages; a page may reach over two marks, and reads the events up to the second one.
            assert!(cost.rows_read <= page.len() as u64 + 64 + 2, "{after}: {cost:?}");
        }
    }
}
