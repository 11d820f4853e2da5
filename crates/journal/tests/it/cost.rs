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
    assert_eq!((young_load.statements, old_load.statements), (2, 2));
    assert_eq!((young_load.rows_read, old_load.rows_read), (2, 1));
    assert!(old_load.bytes_read < young_load.bytes_read + 1_000, "{young_load:?} {old_load:?}");
    assert_eq!((old_turn.statements, old_turn.rows_read), (young_turn.statements, young_turn.rows_read));
    assert_eq!(old_turn.bytes_bound, young_turn.bytes_bound);
    assert!(old_turn.steps <= young_turn.steps + 10, "{young_turn:?} {old_turn:?}");
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

#[test]
fn correction_10_a_page_of_messages_costs_the_same_anywhere() {
    let mut desk = desk(10_000);
    let mut cost = |before| {
        desk.sql.take_cost();
        let page = read::messages(&mut desk.sql, conversation_id(1), before, 50).unwrap();
        assert_eq!(page.len(), 50);
        desk.sql.take_cost()
    };
    let (newest, middle, oldest) = (cost(None), cost(Some(Version(5_000))), cost(Some(Version(52))));
    assert_eq!((newest.rows_read, middle.rows_read, oldest.rows_read), (51, 51, 51));
    assert!(middle.steps.abs_diff(newest.steps) <= 20 && oldest.steps.abs_diff(newest.steps) <= 20);
}
