//! Rows of the table of corrections that only a running platform can show.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use engage_domain::{Aggregate, Conversation, Role, conversation::Command};
use engage_index::{IndexRow, projection};
use engage_journal::{Sql, activation::decode_event};
use engage_native::sqlite::Db;

use crate::rig::{Rig, conversation, integer, message, person, register, rows, start};

fn assign(assignee: u64) -> Command {
    Command::Assign { assignee: person(assignee), terms: Box::default(), pending: false }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn correction_5_an_older_version_never_replaces_a_newer_row() {
    let rig = Rig::new().await;
    let commands = [start(), assign(1), message("hello"), assign(2), Command::Delete, Command::Restore, assign(1)];
    for command in commands {
        rig.tell(1, command).await;
    }
    rig.caught_up().await;
    let before = rig.dump();
    let mut state = Conversation::default();
    let mut writes = vec![];
    for entry in rig.entries().iter().filter(|entry| *entry.object == *conversation(1).to_string()) {
        state.apply(&decode_event::<Conversation>(1, entry.payload.as_ref().unwrap()).unwrap(), entry.version);
        writes.push(projection::conversation_row(&rig.firm, conversation(1), &state).to_statement());
        let assignments = projection::assignment_rows(&rig.firm, conversation(1), &state);
        writes.extend(assignments.iter().map(IndexRow::to_statement));
    }
    // Late, twice and in disorder, as from a network.
    let mut index = rig.index();
    for write in writes.iter().rev().chain(&writes) {
        index.execute(&write.sql, &write.values()).unwrap();
    }
    assert_eq!(rig.dump(), before);
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn correction_6_an_index_update_survives_a_crash() {
    let rig = Rig::new().await;
    rig.tell(1, start()).await;
    rig.caught_up().await;
    // Somebody else holds the index, so that the follower cannot write while people go on.
    let mut holder = rig.index();
    holder.begin().unwrap();
    rig.tell(1, message("acknowledged, not in the index yet")).await;
    rig.tell(2, start()).await;
    // The files as they are on the disk now: what a crash at this moment leaves.
    let crashed = tempfile::tempdir().unwrap();
    let folder = crashed.path().join("firms/acme");
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["journal.db", "journal.db-wal", "index.db", "index.db-wal"] {
        std::fs::copy(rig.file(name), folder.join(name)).unwrap();
    }
    holder.rollback();
    rig.is_sound().await;

    let checkpoint = "SELECT seq FROM checkpoint";
    assert_eq!(integer(&mut Db::reader(&folder.join("index.db")).unwrap(), checkpoint), 2);
    let platform = engage_native::Platform::open(crashed.path(), rig.options.clone()).unwrap();
    assert!(platform.catch_up(&rig.firm, crate::rig::PATIENCE).await.unwrap());
    let report = engage_native::verify::check(&rig.firm, &folder).unwrap();
    assert!(report.is_clean() && report.entries == 4, "{report:#?}");
    drop(platform);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn correction_6_an_index_that_cannot_be_written_delays_nobody_and_catches_up() {
    let mut rig = Rig::new().await;
    rig.close();
    // A folder where the file belongs: no connection to it can be opened.
    rig.remove_index();
    std::fs::create_dir(rig.file("index.db")).unwrap();
    rig.open();
    rig.tell(1, start()).await;
    let handle = rig.platform().handle(&rig.firm).unwrap();
    crate::rig::eventually("a failed pass", || async { (handle.failures() > 1).then_some(()) }).await;
    for _ in 0..10 {
        rig.tell(1, message("hello")).await;
    }
    rig.clock.advance_millis(5_000);
    assert!(handle.freshness(engage_app::Runtime::now(rig.platform())).lag_ms >= 5_000);
    assert!(!rig.platform().catch_up(&rig.firm, std::time::Duration::ZERO).await.unwrap());
    std::fs::remove_dir(rig.file("index.db")).unwrap();
    rig.is_sound().await;
    assert_eq!(handle.freshness(engage_app::Runtime::now(rig.platform())).lag_ms, 0);
}

/// Users whose counts are not those of the rows that the same moment shows.
const MISCOUNTED: &str = "SELECT u.userId, u.conversationCount, u.assignedConversationCount FROM user_index AS u WHERE
    u.conversationCount <> (SELECT count(*) FROM conversation_index AS c WHERE c.userId = u.userId AND c.isDeleted = 0) OR
    u.assignedConversationCount <> (SELECT count(*) FROM conversation_index AS c WHERE c.assignedTo = u.userId AND c.isDeleted = 0)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn correction_12_counts_are_kept_with_the_rows_they_count() {
    let rig = Arc::new(Rig::new().await);
    rig.tell_user(1, register("Ann", Role::Attorney)).await;
    rig.caught_up().await;
    let over = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (over, path) = (Arc::clone(&over), rig.file("index.db"));
        tokio::task::spawn_blocking(move || {
            let mut looks = 0;
            while !over.load(Ordering::SeqCst) {
                let mut index = Db::reader(&path).unwrap();
                assert_eq!(rows(&mut index, MISCOUNTED, 3), Vec::<Vec<String>>::new());
                looks += 1;
            }
            looks
        })
    };
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let rig = Arc::clone(&rig);
            tokio::spawn(async move {
                for number in (1..=12).map(|number| writer * 100 + number) {
                    let commands =
                        [start(), Command::Secure { user: person(2) }, assign(1), assign(2), Command::Delete];
                    for command in commands {
                        rig.tell(number, command).await;
                    }
                    if number % 2 == 0 {
                        rig.tell(number, Command::Restore).await;
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    // After their conversations, so that the counts are made up for.
    rig.tell_user(2, register("Bob", Role::Client)).await;
    rig.caught_up().await;
    over.store(true, Ordering::SeqCst);
    assert!(watcher.await.unwrap() > 0);
    let mut index = Db::reader(&rig.file("index.db")).unwrap();
    let counts =
        rows(&mut index, "SELECT conversationCount, assignedConversationCount FROM user_index ORDER BY userId", 2);
    assert_eq!(counts, [["Integer(0)", "Integer(0)"], ["Integer(24)", "Integer(24)"]]);
    rig.is_sound().await;
}
