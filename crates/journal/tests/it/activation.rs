//! Loading: from a snapshot and the events after it, or from the events alone; never from what cannot be.

use engage_domain::{
    Actor, Aggregate, Conversation, Firm, Version,
    firm::{Command, SavedView, SettingsChange},
};
use engage_journal::{Activation, Error, activation::SNAPSHOT_EVERY};

use crate::desk::{Desk, by, conversation, done, message, sees};

fn snapshot_version(desk: &Desk) -> String {
    desk.sql.scalar("SELECT coalesce(max(version), 0) FROM snapshot")
}

/// A conversation of `events` events, each in its own transaction.
fn desk(events: u32) -> Desk {
    let mut desk = Desk::new();
    desk.start(1);
    for n in 1..events {
        desk.now += 1;
        desk.tell(1, message(&n.to_string()));
    }
    desk
}

#[track_caller]
fn corrupt(desk: &mut Desk, message: &str) {
    let error = desk.load::<Conversation>(&conversation(1)).unwrap_err();
    assert!(matches!(error, Error::Corrupt(_)), "{error:?}");
    let name = &conversation(1).name;
    assert_eq!(error.to_string().replace(&**name, "1"), format!("corrupt journal: {message}"));
}

#[test]
fn a_snapshot_is_written_at_each_multiple_and_only_then() {
    let mut desk = desk(SNAPSHOT_EVERY - 1);
    assert_eq!(snapshot_version(&desk), "0");
    desk.tell(1, message("x"));
    assert_eq!(snapshot_version(&desk), "64");
    for _ in 1..SNAPSHOT_EVERY {
        desk.tell(1, message("x"));
    }
    assert_eq!(snapshot_version(&desk), "64");
    desk.tell(1, message("x"));
    assert_eq!(snapshot_version(&desk), "128");
    assert_eq!(desk.sql.scalar("SELECT count(*) FROM snapshot"), "1");
}

#[test]
fn what_is_loaded_is_the_same_with_and_without_a_snapshot() {
    for events in [SNAPSHOT_EVERY - 1, SNAPSHOT_EVERY, SNAPSHOT_EVERY + 1, 3 * SNAPSHOT_EVERY + 5] {
        let mut desk = desk(events);
        let with = desk.load::<Conversation>(&conversation(1)).unwrap();
        desk.sql.tamper("DELETE FROM snapshot");
        let without = desk.load::<Conversation>(&conversation(1)).unwrap();
        assert_eq!((with.version, &with.state), (without.version, &without.state));
        assert_eq!((with.version.0, with.state.message_count), (u64::from(events), u64::from(events) - 1));
    }
}

#[test]
fn a_snapshot_of_another_state_schema_is_ignored_and_replaced() {
    let mut desk = desk(SNAPSHOT_EVERY + 1);
    let before = desk.load::<Conversation>(&conversation(1)).unwrap().state;
    desk.sql.tamper("UPDATE snapshot SET schema = 999, state = '{\"of\":\"another age\"}'");
    assert_eq!(desk.load::<Conversation>(&conversation(1)).unwrap().state, before);
    desk.tell(1, message("x"));
    assert_eq!(
        desk.sql.scalar("SELECT schema || ' ' || version FROM snapshot"),
        format!("{} 66", Conversation::STATE_SCHEMA)
    );
    assert_eq!(desk.load::<Conversation>(&conversation(1)).unwrap().version, Version(66));
}

/// As snapshots of firms were before the firm kept views: without the field, which today's form must have.
#[test]
fn a_firm_from_before_it_kept_views_is_what_its_events_say() {
    let mut desk = Desk::new();
    let mut firm = desk.create_firm().state;
    let key = desk.firm_key();
    while firm.version < Version(u64::from(SNAPSHOT_EVERY)) {
        let name = firm.version.to_string();
        let change = SettingsChange { name: Some(name), ..SettingsChange::default() };
        firm = done(desk.call::<Firm>(&key, &by(Actor::SYSTEM, Command::Change(Box::new(change))))).state;
    }
    let older = "UPDATE snapshot SET schema = 2, state = json_remove(state, '$.views')";
    desk.sql.tamper(older);
    assert_eq!(desk.sql.scalar("SELECT count(*) FROM snapshot WHERE state NOT LIKE '%views%'"), "1");
    assert_eq!(desk.load::<Firm>(&key).unwrap().state, firm);
    let view = SavedView { name: "Mine".into(), query: String::new(), owner: None };
    let kept = done(desk.call::<Firm>(&key, &by(Actor::SYSTEM, Command::SaveView(view.clone())))).state;
    assert_eq!(kept.views, [view]);
    assert_eq!(desk.load::<Firm>(&key).unwrap().state, kept);
}

#[test]
fn a_snapshot_that_cannot_be_read_is_corrupt() {
    let mut desk = desk(SNAPSHOT_EVERY + 1);
    desk.sql.tamper("UPDATE snapshot SET state = '{'");
    let error = desk.load::<Conversation>(&conversation(1)).unwrap_err();
    assert!(matches!(&error, Error::Corrupt(what) if what.starts_with("snapshot of ")), "{error:?}");
    desk.sql.tamper("UPDATE snapshot SET state = '{\"unknown\":1}'");
    assert!(matches!(desk.load::<Conversation>(&conversation(1)), Err(Error::Corrupt(_))));
}

#[test]
fn a_snapshot_ahead_of_the_log_is_corrupt() {
    let mut desk = desk(SNAPSHOT_EVERY + 1);
    desk.sql.tamper("UPDATE snapshot SET version = 70");
    corrupt(&mut desk, "1 ends at version 65, its snapshot at 70");
}

#[test]
fn a_gap_in_the_versions_is_corrupt() {
    let mut desk = desk(10);
    desk.sql.tamper("DELETE FROM entry WHERE version = 5");
    corrupt(&mut desk, "entry 5, version 5 of an object, is missing");
}

#[test]
fn a_missing_end_is_corrupt() {
    let mut desk = desk(10);
    desk.sql.tamper("DELETE FROM entry WHERE version = 10");
    corrupt(&mut desk, "entry 10, version 10 of an object, is missing");
}

#[test]
fn an_event_that_cannot_be_read_is_corrupt() {
    let mut desk = desk(10);
    desk.sql.tamper("UPDATE entry SET payload = '{\"message_lost\":{}}' WHERE version = 5");
    let error = desk.load::<Conversation>(&conversation(1)).unwrap_err();
    assert!(
        matches!(&error, Error::Corrupt(what) if what.starts_with("event of schema 1: unknown variant")),
        "{error}"
    );
}

#[test]
fn a_missing_mark_is_corrupt() {
    let mut desk = desk(2 * SNAPSHOT_EVERY + 5);
    desk.sql.tamper("DELETE FROM snapshot");
    desk.sql.tamper("DELETE FROM entry WHERE version = 64");
    corrupt(&mut desk, "version 64 of an object is missing");
}

#[test]
fn a_link_to_a_wrong_entry_is_corrupt() {
    // Entries 1 to 10 are the events of object 1, each with its number as version; 11 is an access entry made to look like
    // version 5, 16 object 2's event of that version. Then: one too far back, a later one, which would lead in a circle, and itself.
    for wrong in [11, 16, 4, 7, 6] {
        let mut desk = desk(10);
        done(desk.call::<Conversation>(&conversation(1), &sees(Actor::SYSTEM, engage_domain::actor::Access::Detail)));
        desk.start(2);
        for _ in 1..5 {
            desk.tell(2, message("x"));
        }
        desk.sql.tamper("UPDATE entry SET version = 5 WHERE seq = 11");
        assert_eq!(desk.sql.scalar("SELECT group_concat(seq) FROM entry WHERE version = 5"), "5,11,16");
        desk.sql.tamper(&format!("UPDATE entry SET prev = {wrong} WHERE seq = 6"));
        corrupt(&mut desk, &format!("entry {wrong} is not version 5 of its object"));
    }
    for wrong in [0, -1, 99] {
        let mut desk = desk(10);
        desk.sql.tamper(&format!("UPDATE entry SET prev = {wrong} WHERE seq = 6"));
        corrupt(&mut desk, &format!("entry {wrong}, version 5 of an object, is missing"));
    }
}

#[test]
fn a_wrong_last_event_in_the_directory_is_corrupt() {
    let mut desk = desk(10);
    desk.sql.tamper("UPDATE object SET last_event = 9");
    corrupt(&mut desk, "entry 9 is not version 10 of its object");
}

#[test]
fn one_version_written_twice_is_refused_before_the_commit_and_found_after() {
    let mut desk = desk(3);
    let mut one: Activation<Conversation> = desk.load(&conversation(1)).unwrap();
    let mut two = one.clone();
    // A second activation of one object is a bug of the host: the directory has moved on from what it loaded.
    done(desk.hot(&mut one, &by(Actor::SYSTEM, message("x"))).unwrap());
    one.flush(&mut desk.sql).unwrap();
    done(desk.hot(&mut two, &by(Actor::SYSTEM, message("y"))).unwrap());
    let error = two.flush(&mut desk.sql).unwrap_err();
    assert!(
        matches!(&error, Error::Corrupt(problem) if problem.ends_with("was written by another activation")),
        "{error:?}"
    );
    // A host that commits nevertheless is found out by the walk.
    let problems: Vec<_> = desk.walk().errors.into_iter().map(|error| (error.seq, error.problem)).collect();
    let expected = [
        "does not follow the entry before it",
        "has version 4 where 5 belongs",
        "is linked to entry 3 where 4 belongs",
    ];
    assert_eq!(problems[..3], expected.map(|problem| (5, problem.to_owned())));
    // A load follows the links from the directory, so it sees one of the two and never both.
    let loaded = desk.load::<Conversation>(&conversation(1)).unwrap();
    assert_eq!((loaded.version, loaded.state.message_count), (Version(4), 3));
}

#[test]
fn a_mark_cannot_be_written_twice() {
    let mut desk = desk(SNAPSHOT_EVERY - 1);
    let mut one: Activation<Conversation> = desk.load(&conversation(1)).unwrap();
    let mut two = one.clone();
    done(desk.hot(&mut one, &by(Actor::SYSTEM, message("x"))).unwrap());
    let error = desk.hot(&mut two, &by(Actor::SYSTEM, message("y"))).unwrap_err();
    assert!(matches!(&error, Error::Storage { message, .. } if message.contains("UNIQUE")), "{error:?}");
}

#[test]
fn a_flush_without_news_writes_nothing() {
    let mut desk = desk(3);
    let mut activation: Activation<Conversation> = desk.load(&conversation(1)).unwrap();
    desk.sql.take_cost();
    activation.flush(&mut desk.sql).unwrap();
    Activation::<Conversation>::new(conversation(2)).flush(&mut desk.sql).unwrap();
    assert_eq!(desk.sql.take_cost().statements, 0);
}

#[test]
fn being_seen_often_brings_no_snapshot_of_what_has_not_changed() {
    let mut desk = desk(3);
    let mut activation: Activation<Conversation> = desk.load(&conversation(1)).unwrap();
    for seen in 0..3 * SNAPSHOT_EVERY {
        let call = sees(Actor::SYSTEM, engage_domain::actor::Access::Detail);
        done(desk.hot(&mut activation, &call).unwrap());
        activation.flush(&mut desk.sql).unwrap();
        assert!(["0", "3"].contains(&&*snapshot_version(&desk)), "{seen}");
    }
    assert_eq!(desk.load::<Conversation>(&conversation(1)).unwrap().version, Version(3));
    desk.verified();
}
