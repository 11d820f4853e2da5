//! The end of a platform: what was accepted is durable, the rest is refused, nothing is in between.

use std::{collections::BTreeSet, sync::Arc};

use engage_app::{Fault, Runtime};
use engage_domain::Conversation;
use engage_journal::Turn;
use engage_native::Platform;

use crate::rig::{PATIENCE, Rig, by_system, conversation, done, firm, message, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_in_flight_are_durable_or_refused() {
    let rig = Rig::new().await;
    for caller in 1..=16 {
        rig.tell(caller, start()).await;
    }
    let rig = {
        let shared = Arc::new(rig);
        let callers: Vec<_> = (1..=16)
            .map(|caller| {
                let rig = Arc::clone(&shared);
                tokio::spawn(async move {
                    let mut acknowledged = BTreeSet::new();
                    loop {
                        match rig.try_tell(caller, message("hello")).await {
                            Ok(Turn::Done(answer)) => acknowledged.extend(answer.recorded.iter().map(|entry| entry.id)),
                            Err(Fault::Overloaded(_)) => return acknowledged,
                            other => panic!("{other:?}"),
                        }
                    }
                })
            })
            .collect();
        crate::rig::eventually("some traffic", || async {
            (shared.peek_conversation(16).await.unwrap().message_count > 3).then_some(())
        })
        .await;
        let ending = Arc::clone(&shared);
        let ended = tokio::task::spawn_blocking(move || ending.platform().shut_down(PATIENCE)).await.unwrap();
        assert!(ended);
        let mut acknowledged = BTreeSet::new();
        for caller in callers {
            acknowledged.extend(caller.await.unwrap());
        }
        let rig = Arc::into_inner(shared).unwrap();
        let recorded: BTreeSet<_> =
            rig.entries().iter().filter(|entry| &*entry.action == "message_added").map(|entry| entry.id).collect();
        assert_eq!(recorded, acknowledged);
        rig
    };
    let refused = rig.try_tell(1, message("late")).await;
    assert!(matches!(refused, Err(Fault::Overloaded(_))), "{refused:?}");
    // The indexes had caught up before the end.
    assert!(rig.check().is_clean(), "{:#?}", rig.check());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_folder_is_free_when_the_platform_is_gone() {
    let mut rig = Rig::new().await;
    for _ in 0..5 {
        rig.tell(1, if rig.peek_conversation(1).await.is_none() { start() } else { message("hello") }).await;
        // Dropped rather than drained.
        rig.reopen();
    }
    let path = rig.path().to_owned();
    rig.close();
    let platform = Platform::open(&path, rig.options.clone()).unwrap();
    done(platform.call::<Conversation>(&firm("acme"), conversation(1), by_system(message("hello"))).await);
    drop(platform);
    rig.open();
    rig.is_sound().await;
    assert_eq!(rig.peek_conversation(1).await.unwrap().version.0, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_that_ran_out_of_patience_is_finished_by_the_next() {
    let mut rig = Rig::new().await;
    rig.tell(1, start()).await;
    rig.caught_up().await;
    let mut holder = rig.index();
    holder.begin().unwrap();
    rig.tell(1, message("not in the index")).await;
    let ended = rig.platform().shut_down(std::time::Duration::from_millis(1));
    holder.rollback();
    drop(holder);
    assert!(!ended);
    // Finds nobody who still holds a file.
    rig.settle();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orderly_end_leaves_everything_in_the_journals_one_file() {
    let mut rig = Rig::new().await;
    rig.tell(1, start()).await;
    rig.tell(1, message("kept")).await;
    rig.caught_up().await;
    let entries = rig.entries().len();
    rig.close();
    let log = std::fs::metadata(rig.file("journal.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "the write-ahead log still holds something");
    // A copy of the one file is a backup.
    let copy = rig.path().join("copy.db");
    std::fs::copy(rig.file("journal.db"), &copy).unwrap();
    let mut copy = engage_native::sqlite::Db::reader(&copy).unwrap();
    assert_eq!(engage_journal::read::counts(&mut copy).unwrap().1, entries as u64);
}
