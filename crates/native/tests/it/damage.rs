//! Damaged files: a journal stops its own firm and nothing else, an index is built anew.

use std::{
    fs::File,
    io::{Seek, SeekFrom, Write},
};

use engage_app::Runtime;
use engage_domain::Conversation;
use engage_index::{ConversationList, Limit, conversations::Filters};
use engage_journal::{Sql, Value};

use crate::rig::{Rig, by_system, change, conversation, done, eventually, firm, integer, message, said, start};

async fn with_conversations() -> Rig {
    let rig = Rig::new().await;
    for number in 1..=50 {
        rig.tell(number, start()).await;
        rig.tell(number, message("hello")).await;
    }
    rig.caught_up().await;
    rig
}

fn list(rig: &Rig) -> ConversationList {
    ConversationList {
        firm: rig.firm.clone(),
        filters: Filters::default(),
        order: Default::default(),
        after: None,
        limit: Limit::new(100).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_no_database_is_named_and_stops_its_firm_alone() {
    let mut rig = Rig::new().await;
    rig.found("other").await;
    rig.tell(1, start()).await;
    rig.settle();
    let whole = std::fs::read(rig.file("journal.db")).unwrap();
    std::fs::write(rig.file("journal.db"), vec![0x5a; 20_000]).unwrap();
    rig.open();
    let fault = rig.try_tell(1, message("hello")).await.err().unwrap();
    assert!(said(&fault).contains("acme/journal.db"), "{}", said(&fault));
    let other = rig.platform().call::<Conversation>(&firm("other"), conversation(1), by_system(start())).await;
    done(other);
    // Whoever brings back a copy need not restart.
    std::fs::write(rig.file("journal.db"), whole).unwrap();
    rig.tell(1, message("hello")).await;
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_of_a_later_version_is_not_touched() {
    let mut rig = Rig::new().await;
    rig.settle();
    change(&mut rig.journal(), "INSERT INTO migration (version, at) VALUES (99, '')", &[], 1);
    let before = std::fs::read(rig.file("journal.db")).unwrap();
    rig.open();
    let fault = rig.try_tell(1, start()).await.err().unwrap();
    assert!(said(&fault).contains("99"), "{}", said(&fault));
    rig.settle();
    assert_eq!(std::fs::read(rig.file("journal.db")).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_damaged_object_does_not_stop_the_others_of_its_batch() {
    let mut rig = with_conversations().await;
    rig.settle();
    let object = Value::Integer(rig.object(1));
    change(&mut rig.journal(), "UPDATE entry SET payload = '{}' WHERE object = ?1 AND version = 2", &[object], 1);
    rig.open();
    let rig = std::sync::Arc::new(rig);
    let callers: Vec<_> = (1..=50)
        .map(|number| {
            let rig = std::sync::Arc::clone(&rig);
            tokio::spawn(async move { rig.try_tell(number, message("hello")).await })
        })
        .collect();
    for (caller, number) in callers.into_iter().zip(1..) {
        let turn = caller.await.unwrap();
        assert_eq!(turn.is_err(), number == 1, "conversation {number}: {turn:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_no_database_is_built_anew() {
    let mut rig = with_conversations().await;
    let before = rig.dump();
    rig.settle();
    std::fs::write(rig.file("index.db"), vec![0x5a; 20_000]).unwrap();
    rig.open();
    rig.is_sound().await;
    assert_eq!(rig.dump(), before);
}

/// Overwrites every page but the first and those of the checkpoint, so that nothing shows before a row is wanted.
fn spoil(rig: &Rig) {
    let mut index = rig.index();
    let page_size = integer(&mut index, "SELECT page_size FROM pragma_page_size");
    let pages = integer(&mut index, "SELECT page_count FROM pragma_page_count");
    let spared = integer(&mut index, "SELECT rootpage FROM sqlite_master WHERE name = 'checkpoint'");
    drop(index);
    let mut file = File::options().write(true).open(rig.file("index.db")).unwrap();
    // The first pages hold the schema too.
    for page in (20..=pages).filter(|page| *page != spared) {
        file.seek(SeekFrom::Start(((page - 1) * page_size) as u64)).unwrap();
        file.write_all(&vec![0x5a; page_size as usize]).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_whose_pages_are_damaged_is_built_anew_when_the_follower_meets_them() {
    let mut rig = with_conversations().await;
    rig.settle();
    spoil(&rig);
    rig.open();
    for number in 1..=50 {
        rig.tell(number, message("hello again")).await;
    }
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_whose_pages_are_damaged_is_built_anew_when_a_list_meets_them() {
    let mut rig = with_conversations().await;
    let before = rig.dump();
    rig.settle();
    spoil(&rig);
    rig.open();
    eventually("a whole list", || async {
        match rig.platform().query(&rig.firm, list(&rig), None).await {
            Ok((rows, _)) => (rows.len() == 50).then_some(()),
            Err(fault) => {
                assert!(said(&fault).contains("index.db"), "{}", said(&fault));
                None
            }
        }
    })
    .await;
    rig.is_sound().await;
    assert_eq!(rig.dump(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_of_another_schema_is_built_anew() {
    let mut rig = with_conversations().await;
    let before = rig.dump();
    rig.settle();
    let older = "UPDATE checkpoint SET schemaVersion = schemaVersion - 1; DROP TABLE user_index; CREATE TABLE old (a)";
    rig.index().script(older).unwrap();
    rig.open();
    rig.is_sound().await;
    assert_eq!(rig.dump(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_ahead_of_a_journal_that_was_restored_is_built_anew() {
    let mut rig = with_conversations().await;
    rig.settle();
    let copy = std::fs::read(rig.file("journal.db")).unwrap();
    rig.open();
    rig.tell(60, start()).await;
    rig.caught_up().await;
    rig.settle();
    std::fs::write(rig.file("journal.db"), copy).unwrap();
    rig.open();
    rig.is_sound().await;
    assert!(rig.peek_conversation(60).await.is_none());
}
