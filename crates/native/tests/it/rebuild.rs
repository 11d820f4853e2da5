//! An index is rebuilt beside the live one while lists answer, and what the journal cannot account for shows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use engage_app::{Fault, Runtime};
use engage_domain::{Actor, Role, conversation::Command};
use engage_index::{ConversationList, Limit, conversations::Filters, reconciliation::Rebuilt};
use engage_journal::Sql;
use engage_native::sqlite::Db;

use crate::rig::{NAMES, Rig, conversation, eventually, integer, message, person, register, start};

async fn rig() -> Rig {
    let rig = Rig::new().await;
    for number in 1..=40 {
        rig.tell_user(number, register("Ann", Role::Attorney)).await;
        rig.tell(number, start()).await;
        rig.tell(number, message("hello")).await;
        rig.tell(number, Command::Assign { assignee: person(number), terms: Box::default(), pending: false }).await;
    }
    rig.three_conflicts().await;
    rig.is_sound().await;
    rig
}

async fn rebuild(rig: &Rig) -> Rebuilt {
    rig.platform().rebuild_index(&rig.firm, &Actor::user(person(1), Role::FirmAdmin)).await.unwrap()
}

fn list(rig: &Rig) -> ConversationList {
    ConversationList {
        firm: rig.firm.clone(),
        filters: Filters::default(),
        order: Default::default(),
        after: None,
        limit: Limit::default(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuilt_index_is_row_by_row_the_one_it_replaces_which_is_kept() {
    let mut rig = rig().await;
    let before = rig.dump();
    let entries = rig.entries().len() as u64;
    let done = rebuild(&rig).await;
    assert!(done.run.tally.is_clean(), "{done:?}");
    assert_eq!(done.entries, entries);
    // The firm has no row of its own; everything else has been compared.
    // A user, a conversation, an assignment and a passage each, the conflicts, and every entry.
    assert_eq!(done.run.tally.rows, 4 * 40 + NAMES.len() as u64 + entries);
    let record = rig.entries().pop().unwrap();
    assert_eq!((&*record.action, record.actor().unwrap().user_id), ("index_rebuilt", Some(person(1))));
    rig.tell(41, start()).await;
    rig.is_sound().await;
    let (rows, _) = rig.platform().query(&rig.firm, list(&rig), None).await.unwrap();
    assert_eq!(rows.len(), 41);
    assert!(rig.file("index.prev.db").exists() && !rig.file("index.next.db").exists());
    let again = rebuild(&rig).await;
    assert!(again.run.tally.is_clean());
    rig.settle();
    let mut after = rig.dump();
    for (table, rows) in before {
        let found = after.remove(&table).unwrap();
        let kept: Vec<_> = rows.iter().filter(|row| !found.contains(row)).collect();
        // What a count or a checkpoint says has moved on with what happened since.
        assert!(table == "checkpoint" || kept.is_empty(), "{table}: {kept:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_a_replay_cannot_recreate_is_detected_and_gone_after() {
    let rig = rig().await;
    let faults = [
        format!("UPDATE conversation_index SET clientName = 'Nobody' WHERE sessionId = '{}'", conversation(2)),
        format!("DELETE FROM user_index WHERE userId = '{}'", person(3)),
        format!("DELETE FROM conflict_detection_index WHERE conflictId = '{}'", rig.second_conflict()),
        "INSERT INTO audit_log_index (firmId, auditId, action, resourceType, timestamp, outcome, details, seq, version)
         VALUES ('acme', 'made up', 'x', 'conversation', '2026-01-01T00:00:00.000Z', 'success', '{}', 1, 1)"
            .to_owned(),
    ];
    faults.iter().for_each(|fault| rig.index().script(fault).unwrap());
    let done = rebuild(&rig).await;
    let tally = done.run.tally;
    assert_eq!((tally.drifted, tally.missing, tally.orphaned, tally.stale), (1, 2, 1, 0), "{done:?}");
    assert_eq!(done.run.findings.len(), 4);
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_answer_and_writers_go_on_while_it_is_built() {
    let rig = Arc::new(rig().await);
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (rig, stop) = (Arc::clone(&rig), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut number = 100;
            while !stop.load(Ordering::SeqCst) {
                rig.tell(number, start()).await;
                rig.tell(number, Command::Assign { assignee: person(1), terms: Box::default(), pending: false }).await;
                rig.tell(1 + number % 40, message("more")).await;
                number += 1;
                // As fast as it can, it would outrun a rebuild that yields to writers, and make each of them longer than the one before.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            number - 100
        })
    };
    let reader = {
        let (rig, stop) = (Arc::clone(&rig), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut asked = 0;
            while !stop.load(Ordering::SeqCst) {
                let (rows, _) = rig.platform().query(&rig.firm, list(&rig), None).await.unwrap();
                assert!(rows.len() >= 40, "a list was short: {}", rows.len());
                asked += 1;
            }
            asked
        })
    };
    for _ in 0..5 {
        let done = rebuild(&rig).await;
        assert!(done.run.tally.is_clean(), "{done:?}");
    }
    stop.store(true, Ordering::SeqCst);
    let (written, asked) = (writer.await.unwrap(), reader.await.unwrap());
    assert!(written > 0 && asked > 0);
    rig.is_sound().await;
    assert_eq!(integer(&mut rig.index(), "SELECT count(*) FROM conversation_index"), 40 + written as i64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_of_an_older_version_answers_until_the_new_one_takes_its_place() {
    let mut rig = rig().await;
    rig.settle();
    let before = rig.dump();
    // So much of an older schema that this version's lists of conversations can still be answered from it.
    rig.index().script("UPDATE checkpoint SET schemaVersion = schemaVersion - 1; DROP TABLE user_index").unwrap();
    rig.open();
    let (rows, _) = rig.platform().query(&rig.firm, list(&rig), None).await.unwrap();
    assert_eq!(rows.len(), 40);
    rig.is_sound().await;
    rig.settle();
    assert_eq!(rig.dump(), before);
    assert!(rig.file("index.prev.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_rebuild_left_that_a_restart_cut_off_is_thrown_away() {
    let mut rig = rig().await;
    rig.settle();
    // What was left: an index with rows that nothing can account for in one case, no database in the other.
    std::fs::copy(rig.file("index.db"), rig.file("index.next.db")).unwrap();
    Db::index(&rig.file("index.next.db"))
        .unwrap()
        .script("UPDATE conversation_index SET clientName = 'Nobody'")
        .unwrap();
    rig.open();
    assert!(rebuild(&rig).await.run.tally.is_clean());
    rig.settle();
    std::fs::write(rig.file("index.next.db"), "not a database, and longer than the header of one would be".repeat(30))
        .unwrap();
    rig.open();
    let done =
        eventually("a rebuild", || async { rig.platform().rebuild_index(&rig.firm, &Actor::SYSTEM).await.ok() }).await;
    assert!(done.run.tally.is_clean());
    rig.is_sound().await;
    let unknown = rig.platform().rebuild_index(&"nobody".parse().unwrap(), &Actor::SYSTEM).await;
    assert!(matches!(unknown, Err(Fault::UnknownFirm)));
}
