//! What readers ask: beside the writer, by page, without a trace.

use std::{ops::ControlFlow, path::PathBuf};

use engage_domain::{Actor, Conversation, Kind, Role, Timestamp, Version, actor::Access, conversation::Dated};
use engage_journal::{Sql, read};

use crate::{
    desk::{Desk, START_MS, attorney, by, conversation, conversation_id, done, message, sees, start, user, user_id},
    sqlite::Sqlite,
};

/// Conversation 1 with messages "1" to "9", seen and refused in between.
fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.start(1);
    for n in 1..=9 {
        desk.now += 1;
        desk.tell(1, message(&n.to_string()));
        desk.call::<Conversation>(&conversation(1), &sees(attorney(), Access::Messages));
        desk.call::<Conversation>(&conversation(1), &sees(Actor::user(user_id(9), Role::Client), Access::Messages));
    }
    desk
}

fn page(desk: &mut Desk, before: Option<u64>, limit: u32) -> Vec<(u64, String)> {
    let page = read::messages(&mut desk.sql, conversation_id(1), before.map(Version), limit).unwrap();
    page.into_iter().map(|message| (message.version.0, message.content.unwrap().as_str().to_owned())).collect()
}

#[test]
fn messages_are_paged_newest_first() {
    let mut desk = desk();
    let expect = |versions: &[u64]| Vec::from_iter(versions.iter().map(|&v| (v, (v - 1).to_string())));
    assert_eq!(page(&mut desk, None, 4), expect(&[10, 9, 8, 7]));
    assert_eq!(page(&mut desk, Some(7), 4), expect(&[6, 5, 4, 3]));
    assert_eq!(page(&mut desk, Some(3), 4), expect(&[2]));
    assert_eq!(page(&mut desk, Some(2), 4), []);
    assert_eq!(page(&mut desk, Some(0), 4), []);
    assert_eq!(read::messages(&mut desk.sql, conversation_id(2), None, 4).unwrap(), []);
}

#[test]
fn a_message_has_the_id_of_its_entry_and_the_time_at_which_it_was_said() {
    let mut desk = Desk::new();
    let said = Timestamp::from_millis(1_000);
    let steps = [start(), message("long ago")].map(|command| Dated { at: said, command });
    let answer = desk.tell(1, engage_domain::conversation::Command::History(steps.into()));
    let message = read::messages(&mut desk.sql, conversation_id(1), None, 1).unwrap().remove(0);
    assert_eq!((message.id, message.timestamp), (answer.recorded[1].id, said));
    assert_eq!(answer.recorded[1].at, Timestamp::from_millis(START_MS));
}

#[test]
fn events_come_in_order_and_without_a_gap() {
    let mut desk = desk();
    let mut versions = vec![];
    let mut after = Version::NONE;
    loop {
        let page = read::events(&mut desk.sql, conversation_id(1), after, 4).unwrap();
        let Some(last) = page.last() else { break };
        after = last.version;
        versions.extend(page.iter().map(|event| event.version.0));
    }
    assert_eq!(versions, Vec::from_iter(1..=10));
}

#[test]
fn entries_come_in_the_journals_order_from_anywhere() {
    let mut desk = desk();
    let mut seqs = vec![];
    read::entries_after(&mut desk.sql, 25, 2, &mut |entry| {
        seqs.push((entry.seq, entry.is_event()));
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    assert_eq!(seqs, [(26, true), (27, false)]);
    let mut first = None;
    read::entries_after(&mut desk.sql, 0, 10, &mut |entry| {
        first = Some(entry.seq);
        Ok(ControlFlow::Break(()))
    })
    .unwrap();
    assert_eq!(first, Some(1));
    assert_eq!(read::last_entry(&mut desk.sql).unwrap(), Some((28, Timestamp::from_millis(START_MS + 9))));
    assert_eq!(read::counts(&mut desk.sql).unwrap(), (1, 28));
    assert_eq!(read::last_entry(&mut Desk::new().sql).unwrap(), None);
}

#[test]
fn the_directory_is_walked_by_name_and_kind() {
    let mut desk = Desk::new();
    desk.create_firm();
    for n in [3, 1, 2] {
        desk.start(n);
    }
    desk.tell(2, message("hello"));
    let mut walk = |kind, after: &str, limit| read::objects_after(&mut desk.sql, kind, after, limit).unwrap();
    let one = walk(Kind::Conversation, "", 2);
    assert_eq!(one, [(conversation(1), Version(1)), (conversation(2), Version(2))]);
    assert_eq!(walk(Kind::Conversation, &one[1].0.name, 2), [(conversation(3), Version(1))]);
    assert_eq!(walk(Kind::User, "", 2), []);
    assert!(read::object_exists(&mut desk.sql, &conversation(3)).unwrap());
    assert!(!read::object_exists(&mut desk.sql, &conversation(4)).unwrap());
    assert!(!read::object_exists(&mut desk.sql, &user(3)).unwrap());
}

fn file(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    for suffix in ["", "-wal", "-shm"] {
        let mut path = path.clone().into_os_string();
        path.push(suffix);
        let _ = std::fs::remove_file(path);
    }
    path
}

#[test]
fn a_reader_beside_the_writer_sees_what_was_committed() {
    let path = file("reader_beside_writer.db");
    let mut desk = Desk::over(Sqlite::file(&path), "acme");
    desk.start(1);
    let mut reader = Sqlite::read_only(&path);
    let mut read = || read::messages(&mut reader, conversation_id(1), None, 10).unwrap().len();
    assert_eq!(read(), 0);
    desk.sql.script("BEGIN").unwrap();
    let mut activation = desk.load::<Conversation>(&conversation(1)).unwrap();
    done(desk.hot(&mut activation, &by(Actor::SYSTEM, message("hello"))).unwrap());
    activation.flush(&mut desk.sql).unwrap();
    assert_eq!(read(), 0);
    desk.sql.script("COMMIT").unwrap();
    assert_eq!(read(), 1);
}

#[test]
fn a_journal_on_disk_is_taken_up_where_it_was_left() {
    let path = file("taken_up.db");
    let mut desk = Desk::over(Sqlite::file(&path), "acme");
    desk.start(1);
    let left = desk.tell(1, message("hello"));
    drop(desk);
    let mut desk = Desk::over(Sqlite::file(&path), "acme");
    assert_eq!(desk.journal.last_seq(), 2);
    let next = desk.tell(1, message("again"));
    assert_eq!((next.state.version, next.state.message_count), (Version(3), 2));
    assert!(next.recorded[0].id > left.recorded[0].id);
    desk.verified();
}

#[test]
fn no_statement_but_a_count_walks_a_table_or_sorts() {
    let mut desk = desk();
    desk.create_firm();
    desk.verified();
    for n in 10..=2 * 64 {
        desk.tell(1, message(&n.to_string()));
    }
    page(&mut desk, Some(5), 2);
    assert!(desk.sql.texts().iter().any(|text| text.contains("INDEXED BY entry_mark")));
    read::events(&mut desk.sql, conversation_id(1), Version(3), 2).unwrap();
    read::objects_after(&mut desk.sql, Kind::Conversation, "", 10).unwrap();
    read::object_exists(&mut desk.sql, &conversation(1)).unwrap();
    read::last_entry(&mut desk.sql).unwrap();
    engage_journal::store::earliest_alarm(&mut desk.sql).unwrap();
    engage_journal::store::prune_commands(&mut desk.sql, Timestamp::from_millis(START_MS), 10).unwrap();
    for text in desk.sql.texts().clone() {
        // The last entry is the end of the table; the walk compares the whole directory on purpose.
        let on_purpose = text.contains("ORDER BY seq DESC LIMIT 1")
            || text == "SELECT kind, name, version, hash, seq, last_event FROM object"
            || text.contains("FROM alarm JOIN object")
            || text.contains("FROM sqlite_master")
            || text.contains("FROM migration");
        for line in desk.sql.plan(&text) {
            // The entries that a walk along the links has come to, one by one.
            if line.contains("SCAN chain") || line.contains("SCAN CONSTANT ROW") {
                continue;
            }
            assert!(on_purpose || !(line.contains("SCAN") || line.contains("TEMP B-TREE")), "{line}: {text}");
            assert!(!line.contains("TEMP B-TREE"), "{line}: {text}");
        }
    }
}
