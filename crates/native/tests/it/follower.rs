//! The follower: objects that cannot be indexed, lag, what an erasure leaves.

use engage_app::Runtime;
use engage_domain::{Version, conversation::Command};
use engage_index::{Limit, sync_failure::SyncFailures};
use engage_journal::{Row, Value, sql};
use engage_native::sqlite::Db;

use crate::rig::{Rig, change, conversation, eventually, integer, message, rows, start, texts};

/// The version that the index shows of a conversation.
fn shown(rig: &Rig, number: u64) -> Option<i64> {
    let text = format!("SELECT version FROM conversation_index WHERE sessionId = '{}'", conversation(number));
    sql::first(&mut Db::reader(&rig.file("index.db")).unwrap(), &text, &[], |row: &dyn Row| row.integer(0)).unwrap()
}

/// Puts `payload` in place of that of a conversation's first event; gives the one that was there.
fn plant(rig: &Rig, number: u64, payload: &str) -> String {
    let mut journal = rig.journal();
    let object = rig.object(number);
    let found = texts(&mut journal, &format!("SELECT payload FROM entry WHERE object = {object} AND version = 1"));
    let text = "UPDATE entry SET payload = ?2 WHERE object = ?1 AND version = 1";
    change(&mut journal, text, &[Value::Integer(object), Value::Text(payload)], 1);
    found.into_iter().next().unwrap()
}

fn failures(rig: &Rig) -> Vec<engage_index::sync_failure::SyncFailure> {
    let query = SyncFailures { after: 0, limit: Limit::default() };
    let statement = engage_index::Query::statement(&query);
    let mut index = Db::reader(&rig.file("index.db")).unwrap();
    sql::all(&mut index, &statement.sql, &statement.values(), <SyncFailures as engage_index::Query>::decode).unwrap()
}

/// Three conversations, of which the second can no longer be read, and no index.
async fn with_a_broken_one() -> (Rig, String) {
    let mut rig = Rig::new().await;
    for number in 1..=3 {
        rig.tell(number, start()).await;
        rig.tell(number, message("hello")).await;
    }
    rig.caught_up().await;
    rig.close();
    rig.remove_index();
    let whole = plant(&rig, 2, "{\"unheard_of\":{}}");
    (rig, whole)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_cannot_be_indexed_stands_back_and_the_others_go_on() {
    let (mut rig, whole) = with_a_broken_one().await;
    rig.open();
    rig.caught_up().await;
    assert_eq!((shown(&rig, 1), shown(&rig, 2), shown(&rig, 3)), (Some(2), None, Some(2)));
    let failed = failures(&rig);
    assert_eq!(
        (failed.len(), &*failed[0].object.name, failed[0].version),
        (1, &*conversation(2).to_string(), Version(2))
    );
    assert!(failed[0].error.contains("unheard_of"), "{}", failed[0].error);
    // The audit trail is complete all the same.
    assert_eq!(integer(&mut rig.index(), "SELECT count(*) FROM audit_log_index"), 7);
    let handle = rig.platform().handle(&rig.firm).unwrap();
    assert_eq!((handle.failures(), handle.parked()), (0, 0));

    // Tries far apart, as after several failures; whoever else writes does not wait for the next one.
    rig.close();
    change(&mut rig.index(), "UPDATE sync_failure SET attempts = 6, lastFailedAt = '2099-01-01T00:00:00.000Z'", &[], 1);
    rig.open();
    rig.caught_up().await;
    rig.tell(1, message("hello")).await;
    rig.caught_up().await;
    assert_eq!((shown(&rig, 1), failures(&rig)[0].attempts), (Some(3), 6));

    // The last try parks it: from now on only an entry of its own has it tried again.
    rig.close();
    change(&mut rig.index(), "UPDATE sync_failure SET attempts = 7, lastFailedAt = '2020-01-01T00:00:00.000Z'", &[], 1);
    rig.open();
    rig.caught_up().await;
    let handle = rig.platform().handle(&rig.firm).unwrap();
    eventually("a parked object", || async { (handle.parked() == 1).then_some(()) }).await;
    assert_eq!(failures(&rig)[0].attempts, 8);

    rig.close();
    plant(&rig, 2, &whole);
    rig.open();
    rig.caught_up().await;
    assert_eq!((shown(&rig, 2), failures(&rig).len()), (None, 1));
    rig.tell(2, message("well again")).await;
    rig.is_sound().await;
    assert_eq!((shown(&rig, 2), failures(&rig)), (Some(3), vec![]));
    assert_eq!(rig.platform().handle(&rig.firm).unwrap().parked(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_can_be_indexed_again_is_taken_in_at_the_next_try() {
    let (mut rig, whole) = with_a_broken_one().await;
    rig.open();
    rig.caught_up().await;
    eventually("a second try", || async {
        rig.clock.advance_millis(1_000);
        (failures(&rig)[0].attempts > 1).then_some(())
    })
    .await;
    plant(&rig, 2, &whole);
    eventually("a row of the conversation", || async {
        rig.clock.advance_millis(60_000);
        shown(&rig, 2)
    })
    .await;
    rig.is_sound().await;
    assert_eq!(failures(&rig), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_breaks_a_rule_of_the_index_holds_up_nothing_else() {
    let rig = Rig::new().await;
    rig.tell(1, start()).await;
    rig.caught_up().await;
    let rule = "CREATE TRIGGER rule BEFORE UPDATE ON conversation_index WHEN new.assignedTo IS NOT NULL
                BEGIN SELECT RAISE(ABORT, 'against the rule'); END";
    engage_journal::Sql::script(&mut rig.index(), rule).unwrap();
    let assignee = crate::rig::person(1);
    rig.tell(1, Command::Assign { assignee, terms: Box::default(), pending: false }).await;
    rig.tell(2, start()).await;
    rig.caught_up().await;
    assert_eq!((shown(&rig, 1), shown(&rig, 2)), (Some(1), Some(1)));
    assert!(failures(&rig)[0].error.contains("against the rule"));
    engage_journal::Sql::script(&mut rig.index(), "DROP TRIGGER rule").unwrap();
    rig.tell(1, message("hello")).await;
    rig.is_sound().await;
    assert_eq!(failures(&rig), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lag_grows_while_the_index_is_held_and_returns_to_nothing() {
    let rig = Rig::new().await;
    rig.tell(1, start()).await;
    rig.caught_up().await;
    let handle = rig.platform().handle(&rig.firm).unwrap();
    let fresh = handle.freshness(rig.platform().now());
    assert_eq!((fresh.lag_ms, fresh.as_of), (0, rig.platform().now()));
    let mut holder = rig.index();
    holder.begin().unwrap();
    let written_at = rig.tell(1, message("hello")).await.recorded[0].at;
    rig.clock.advance_millis(1_234);
    rig.tell(1, message("hello")).await;
    let behind = handle.freshness(rig.platform().now());
    // From the oldest that waits, not from the newest.
    assert_eq!((behind.lag_ms, behind.as_of), (1_234, written_at));
    holder.rollback();
    rig.caught_up().await;
    let fresh = handle.freshness(rig.platform().now());
    assert_eq!((fresh.lag_ms, fresh.as_of), (0, rig.platform().now()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_built_over_erased_events_equals_its_source() {
    let mut rig = Rig::new().await;
    for number in 1..=3 {
        rig.tell(number, start()).await;
        rig.tell(number, message("a secret")).await;
        rig.tell(number, message("another")).await;
    }
    rig.tell_user(1, crate::rig::register("Ann", engage_domain::Role::Attorney)).await;
    rig.close();
    let mut journal = rig.journal();
    let erase = "UPDATE entry SET payload = NULL WHERE object = ?1 AND version = ?2";
    for (number, version) in [(1, 3), (2, 2), (3, 1)] {
        change(&mut journal, erase, &[Value::Integer(rig.object(number)), Value::Integer(version)], 1);
    }
    change(&mut journal, "UPDATE entry SET payload = NULL WHERE action = 'user_registered'", &[], 1);
    drop(journal);
    rig.remove_index();
    rig.open();
    rig.is_sound().await;
    let versions = rows(&mut rig.index(), "SELECT version FROM conversation_index", 1);
    assert_eq!(versions, [["Integer(3)"]; 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_shows_that_it_is_alive_when_nothing_happens() {
    let rig = Rig::new().await;
    rig.caught_up().await;
    rig.clock.advance_millis(60_000);
    eventually("a heartbeat", || async { (rig.platform().heartbeat_age_ms() < 60_000).then_some(()) }).await;
}
