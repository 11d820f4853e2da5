//! The chains: whole after honest turns, and broken by every way of changing what was written.

use engage_domain::{Actor, Conversation, Role, actor::Access};
use engage_journal::verify::{ChainError, ERRORS_MAX};

use crate::desk::{Desk, attorney, conversation, message, sees, user_id};

/// Ten entries of a firm and two conversations, seen and refused once.
///
/// | seq | object | action |
/// |---|---|---|
/// | 1 | the firm | `firm_created` |
/// | 2, 3 | 1, 2 | `conversation_created` |
/// | 4, 5, 6, 7 | 1, 2, 1, 2 | `message_added` |
/// | 8 | 1 | `access_conversation` |
/// | 9 | 1 | `message_added` |
/// | 10 | 2 | `access_denied` |
fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.create_firm();
    for n in [1, 2] {
        desk.start(n);
    }
    for (n, text) in [(1, "a"), (2, "b"), (1, "c"), (2, "d")] {
        desk.now += 10;
        desk.tell(n, message(text));
    }
    desk.call::<Conversation>(&conversation(1), &sees(attorney(), Access::Detail));
    desk.tell(1, message("e"));
    desk.call::<Conversation>(&conversation(2), &sees(Actor::user(user_id(9), Role::Client), Access::Detail));
    desk
}

fn shown(errors: &[ChainError]) -> Vec<String> {
    let (first, second) = (conversation(1).name, conversation(2).name);
    let name = |object: &str| object.replace(&*first, "1").replace(&*second, "2");
    errors.iter().map(|error| format!("{} {}: {}", name(&error.object), error.seq, error.problem)).collect()
}

/// Runs `tampering` on an honest journal and compares what the walk says.
#[track_caller]
fn check(tampering: &[&str], expected: &[&str]) {
    let mut desk = desk();
    for sql in tampering {
        assert!(desk.sql.tamper(sql) > 0, "{sql} changes nothing");
    }
    assert_eq!(shown(&desk.walk().errors), expected);
}

const CHANGED: &str = "was changed: its hash is another";
const LOOSE: &str = "does not follow the entry before it";

#[test]
fn an_honest_journal_is_whole() {
    let mut desk = desk();
    let walk = desk.walk();
    assert_eq!((walk.objects, walk.entries, walk.errors), (3, 10, vec![]));
    assert_eq!(desk.actions()[7..], ["access_conversation", "message_added", "access_denied"]);
}

#[test]
fn an_empty_journal_is_whole() {
    let walk = Desk::new().walk();
    assert_eq!((walk.objects, walk.entries, walk.errors), (0, 0, vec![]));
}

#[test]
fn a_changed_payload_shows() {
    let change = "UPDATE entry SET payload = replace(payload, '\"a\"', '\"x\"') WHERE seq = 4";
    check(&[change], &["conversation/1 4: has a payload that was changed"]);
}

#[test]
fn a_payload_changed_together_with_its_hash_shows() {
    let change = "UPDATE entry SET payload = (SELECT payload FROM entry WHERE seq = 6),
                                   payload_hash = (SELECT payload_hash FROM entry WHERE seq = 6) WHERE seq = 4";
    check(&[change], &[&format!("conversation/1 4: {CHANGED}")]);
}

#[test]
fn a_payload_given_to_an_access_entry_shows() {
    check(&["UPDATE entry SET payload = '{}' WHERE seq = 8"], &["conversation/1 8: has a payload that was changed"]);
}

#[test]
fn each_changed_column_of_the_envelope_shows() {
    for change in [
        "details = '{\"role\":\"agent\",\"bytes\":1}'",
        "details = details || ' '",
        "actor = '{\"role\":\"attorney\"}'",
        "at = '2026-11-23T00:00:00.011Z'",
        "action = 'identity_updated'",
        "outcome = 'failure'",
        "schema = 2",
        "command_id = 'x'",
        // The same letters, another boundary between the fields.
        "actor = '{\"role\":\"system\"', action = '}message_added'",
        "payload_hash = zeroblob(32)",
    ] {
        let mut desk = desk();
        desk.sql.tamper(&format!("UPDATE entry SET {change} WHERE seq = 4"));
        let errors = shown(&desk.walk().errors);
        assert!(errors.contains(&format!("conversation/1 4: {CHANGED}")), "{change}: {errors:?}");
    }
}

#[test]
fn a_changed_id_shows() {
    // The last digit alone, so that the order of ids stays.
    let change = "UPDATE entry SET id = substr(id, 1, 25) || iif(substr(id, 26) = '0', '1', '0') WHERE seq = 4";
    check(&[change], &[&format!("conversation/1 4: {CHANGED}")]);
}

#[test]
fn a_changed_version_shows() {
    check(
        &["UPDATE entry SET version = 5 WHERE seq = 4"],
        &[
            &format!("conversation/1 4: {CHANGED}"),
            "conversation/1 4: has version 5 where 2 belongs",
            "conversation/1 6: has version 3 where 6 belongs",
        ],
    );
}

#[test]
fn a_changed_hash_shows_there_and_at_the_next_entry() {
    check(
        &["UPDATE entry SET hash = zeroblob(32) WHERE seq = 4"],
        &[&format!("conversation/1 4: {CHANGED}"), &format!("conversation/1 6: {LOOSE}")],
    );
}

#[test]
fn an_entry_dropped_in_the_middle_shows() {
    check(
        &["DELETE FROM entry WHERE seq = 4"],
        &[
            "journal 4: entries are missing up to 4",
            &format!("conversation/1 6: {LOOSE}"),
            "conversation/1 6: has version 3 where 2 belongs",
            "conversation/1 6: is linked to entry 4 where 2 belongs",
        ],
    );
}

#[test]
fn an_entry_dropped_and_the_rest_renumbered_shows() {
    check(
        &["DELETE FROM entry WHERE seq = 8", "UPDATE entry SET seq = 8 WHERE seq = 9"],
        &["conversation/1 8: does not follow the entry before it", "journal 9: entries are missing up to 9"]
            .into_iter()
            .chain(["conversation/1 0: its last entry is 8, the directory says 9"])
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_gap_in_a_chain_closed_by_hand_shows() {
    check(
        &[
            "UPDATE entry SET prev_hash = (SELECT hash FROM entry WHERE seq = 6) WHERE seq = 9",
            "DELETE FROM entry WHERE seq = 8",
            "UPDATE entry SET seq = seq - 1 WHERE seq = 9",
            "UPDATE entry SET seq = seq - 1 WHERE seq = 10",
            "UPDATE object SET seq = seq - 1 WHERE kind = 'conversation'",
            "UPDATE object SET last_event = 8 WHERE last_event = 9",
        ],
        &[&format!("conversation/1 8: {CHANGED}")],
    );
}

#[test]
fn a_link_to_another_entry_shows() {
    // To an earlier event, another object's, an access entry, itself, none and one that is not there; of an event and of an access.
    for (seq, belongs, wrong) in
        [(6, 4, 2), (6, 4, 5), (9, 6, 8), (9, 6, 9), (9, 6, 0), (9, 6, 99), (8, 6, 4), (10, 7, 5)]
    {
        let object = if seq == 10 { 2 } else { 1 };
        check(
            &[&format!("UPDATE entry SET prev = {wrong} WHERE seq = {seq}")],
            &[&format!("conversation/{object} {seq}: is linked to entry {wrong} where {belongs} belongs")],
        );
    }
}

#[test]
fn a_link_from_the_first_entry_shows() {
    check(&["UPDATE entry SET prev = 1 WHERE seq = 2"], &["conversation/1 2: is linked to entry 1 where 0 belongs"]);
}

#[test]
fn a_directory_that_disagrees_shows_in_what() {
    for (change, problem) in [
        ("seq = 8", "its last entry is 9, the directory says 8"),
        ("last_event = 6", "its last event is 9, the directory says 6"),
        ("version = 3", "its version is 4, the directory says 3"),
    ] {
        let change = format!("UPDATE object SET {change} WHERE name LIKE '%01'");
        check(&[&change], &[&format!("conversation/1 0: {problem}")]);
    }
    let mut desk = desk();
    desk.sql.tamper("UPDATE object SET hash = zeroblob(32) WHERE name LIKE '%01'");
    let errors = shown(&desk.walk().errors);
    let says = format!(", the directory says {}", "0".repeat(64));
    assert!(errors.len() == 1 && errors[0].starts_with("conversation/1 0: its last hash is "), "{errors:?}");
    assert!(errors[0].ends_with(&says), "{errors:?}");
}

#[test]
fn the_last_entry_of_an_object_dropped_shows() {
    check(
        &["DELETE FROM entry WHERE seq = 9"],
        &["journal 9: entries are missing up to 9", "conversation/1 0: its last entry is 8, the directory says 9"],
    );
}

#[test]
fn the_last_entry_of_the_journal_dropped_shows() {
    check(&["DELETE FROM entry WHERE seq = 10"], &["conversation/2 0: its last entry is 7, the directory says 10"]);
}

#[test]
fn two_entries_with_contents_swapped_show() {
    let swap = |column: &str| {
        format!(
            "UPDATE entry SET {column} = other.{column} FROM (SELECT * FROM entry WHERE seq IN (4, 6)) AS other
             WHERE entry.seq IN (4, 6) AND other.seq = 10 - entry.seq"
        )
    };
    check(
        &[&swap("payload")],
        &["conversation/1 4: has a payload that was changed", "conversation/1 6: has a payload that was changed"],
    );
    let mut desk = desk();
    for column in ["payload", "payload_hash", "details", "id"] {
        desk.sql.tamper(&swap(column));
    }
    let errors = shown(&desk.walk().errors);
    for seq in [4, 6] {
        assert!(errors.contains(&format!("conversation/1 {seq}: {CHANGED}")), "{errors:?}");
    }
}

fn swap_places(a: i64, b: i64) -> [String; 3] {
    [(a, -1), (b, a), (-1, b)].map(|(from, to)| format!("UPDATE entry SET seq = {to} WHERE seq = {from}"))
}

#[test]
fn two_entries_of_one_object_in_each_others_place_show() {
    let mut desk = desk();
    for sql in swap_places(4, 6) {
        desk.sql.tamper(&sql);
    }
    let errors = shown(&desk.walk().errors);
    assert!(errors.contains(&format!("conversation/1 4: {LOOSE}")), "{errors:?}");
}

#[test]
fn two_entries_of_different_objects_in_each_others_place_show() {
    const ORDER: &str = "conversation/1 5: has an id or a time before that of the entry before it";
    let [first, second, third] = swap_places(4, 5);
    check(
        &[&first, &second, &third],
        &[
            ORDER,
            "conversation/1 6: is linked to entry 4 where 5 belongs",
            "conversation/2 7: is linked to entry 5 where 4 belongs",
        ],
    );
    // With the links put right each chain is as it was; only the order between the two objects is another.
    let relink = "UPDATE entry SET prev = iif(seq = 6, 5, 4) WHERE seq IN (6, 7)";
    check(&[&first, &second, &third, relink], &[ORDER]);
}

#[test]
fn a_deleted_directory_row_shows_at_each_of_its_entries() {
    let mut desk = desk();
    desk.sql.tamper("DELETE FROM object WHERE id = (SELECT object FROM entry WHERE seq = 5)");
    let walk = desk.walk();
    let places: Vec<_> = walk.errors.iter().map(|error| (error.object.as_str(), error.seq)).collect();
    assert_eq!(places, [3, 5, 7, 10].map(|seq| ("unknown", seq)));
    assert_eq!((walk.objects, walk.entries), (2, 10));
}

#[test]
fn a_renamed_object_shows() {
    let mut desk = desk();
    desk.sql.tamper("UPDATE object SET name = '00000000000000000000000009' WHERE name LIKE '%02'");
    let errors = desk.walk().errors;
    assert!(errors.iter().any(|error| error.seq == 3 && error.problem == CHANGED), "{errors:?}");
}

#[test]
fn an_object_of_another_kind_shows() {
    let mut desk = desk();
    desk.sql.tamper("UPDATE object SET kind = 'user' WHERE name LIKE '%02'");
    let seqs: Vec<_> = desk.walk().errors.iter().map(|error| (error.seq, error.problem == CHANGED)).collect();
    assert_eq!(seqs, [3, 5, 7, 10].map(|seq| (seq, true)));
}

#[test]
fn an_object_without_entries_shows() {
    let invent = "INSERT INTO object (kind, name, version, hash, seq, last_event)
                  VALUES ('user', 'nobody', 0, zeroblob(32), 0, 0)";
    check(&[invent], &["user/nobody 0: has no entries"]);
}

#[test]
fn an_invented_entry_shows() {
    let invent = "INSERT INTO entry SELECT 11, object, 9, version + 1, '7ZZZZZZZZZ0000000000000000', at, actor, action,
                  outcome, details, schema, payload, payload_hash, hash, hash, command_id FROM entry WHERE seq = 9";
    check(
        &[invent],
        &[&format!("conversation/1 11: {CHANGED}"), "conversation/1 0: its last entry is 11, the directory says 9"],
    );
}

#[test]
fn a_journal_transplanted_to_another_firm_shows_at_every_entry() {
    let mut desk = desk();
    let other = "other-llp".parse().unwrap();
    let walk = engage_journal::verify::walk(&mut desk.sql, &other).unwrap();
    let seqs: Vec<_> = walk.errors.iter().filter(|error| error.problem == CHANGED).map(|error| error.seq).collect();
    assert_eq!(seqs, Vec::from_iter(1..=10));
}

#[test]
fn an_entry_that_cannot_be_read_does_not_stop_the_walk() {
    for change in ["at = 'yesterday'", "id = 'x'", "hash = x'00'", "version = -1", "schema = -1"] {
        let mut desk = desk();
        desk.sql.tamper(&format!("UPDATE entry SET {change} WHERE seq = 4"));
        let walk = desk.walk();
        assert_eq!(walk.entries, 10, "{change}");
        let errors = shown(&walk.errors);
        assert!(errors[0].starts_with("unknown 4: "), "{change}: {errors:?}");
        assert_eq!(
            errors[1..],
            [
                format!("conversation/1 6: {LOOSE}"),
                "conversation/1 6: has version 3 where 2 belongs".into(),
                "conversation/1 6: is linked to entry 4 where 2 belongs".into(),
            ]
        );
    }
}

#[test]
fn a_walk_lists_a_bounded_number_of_errors() {
    let mut desk = Desk::new();
    desk.start(1);
    for _ in 0..ERRORS_MAX {
        desk.tell(1, message("x"));
    }
    desk.sql.tamper("UPDATE entry SET details = '{}', hash = zeroblob(32)");
    assert_eq!(desk.walk().errors.len(), ERRORS_MAX);
}
