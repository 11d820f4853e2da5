//! The follower: objects that cannot be indexed, lag, what an erasure leaves.

use engage_app::Runtime;
use engage_domain::{Actor, Firm, Version, conversation::Command};
use engage_index::{Limit, sync_failure::SyncFailures};
use engage_journal::{Call, Intent, Row, Value, sql};
use engage_native::sqlite::Db;

use crate::rig::{Rig, change, conversation, done, eventually, integer, message, rows, start, texts};

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

/// Asks for another try of the first failure.
async fn try_again(rig: &Rig) {
    let object = failures(rig)[0].object.clone();
    rig.platform().try_again(&rig.firm, object).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_object_is_tried_again_on_demand_whatever_its_tries() {
    let (mut rig, whole) = with_a_broken_one().await;
    rig.open();
    rig.caught_up().await;
    rig.close();
    // Parked a moment ago: by itself it would stay so for good.
    change(&mut rig.index(), "UPDATE sync_failure SET attempts = 8, lastFailedAt = '2099-01-01T00:00:00.000Z'", &[], 1);
    rig.open();
    rig.caught_up().await;
    let parked = || async { (rig.platform().health(&rig.firm).await.unwrap().parked_objects == 1).then_some(()) };
    eventually("a parked object in health", parked).await;

    try_again(&rig).await;
    eventually("another try", || async { (failures(&rig)[0].attempts == 9).then_some(()) }).await;
    assert_eq!((shown(&rig, 2), rig.platform().handle(&rig.firm).unwrap().parked()), (None, 1));

    plant(&rig, 2, &whole);
    try_again(&rig).await;
    eventually("a row of the conversation", || async { shown(&rig, 2) }).await;
    rig.is_sound().await;
    assert_eq!(failures(&rig), []);
    assert_eq!(rig.platform().health(&rig.firm).await.unwrap().parked_objects, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_while_the_index_is_held_is_tried_when_it_is_let_go() {
    let (mut rig, whole) = with_a_broken_one().await;
    rig.open();
    rig.caught_up().await;
    rig.close();
    change(&mut rig.index(), "UPDATE sync_failure SET attempts = 8", &[], 1);
    rig.open();
    rig.caught_up().await;
    plant(&rig, 2, &whole);
    let mut holder = rig.index();
    holder.begin().unwrap();
    try_again(&rig).await;
    let failed = || async { (rig.platform().health(&rig.firm).await.unwrap().failed_passes > 0).then_some(()) };
    eventually("a failed pass", failed).await;
    assert_eq!(shown(&rig, 2), None);
    holder.rollback();
    eventually("a row of the conversation", || async { shown(&rig, 2) }).await;
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_nothing_is_wrong_with_may_be_tried_again() {
    let rig = Rig::new().await;
    rig.tell(1, start()).await;
    rig.caught_up().await;
    rig.platform().try_again(&rig.firm, crate::rig::key_of(1)).await.unwrap();
    rig.platform().try_again(&rig.firm, crate::rig::key_of(99)).await.unwrap();
    let handle = rig.platform().handle(&rig.firm).unwrap();
    rig.tell(1, message("hello")).await;
    rig.is_sound().await;
    assert_eq!((handle.parked(), handle.failures(), failures(&rig)), (0, 0, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_latest_reconciliation_is_known_after_a_restart_too() {
    let mut rig = Rig::new().await;
    let known =
        |rig: &Rig| rig.platform().handle(&rig.firm).unwrap().last_reconciliation().map(|row| row.details.clone());
    rig.caught_up().await;
    assert_eq!(known(&rig), None);
    for missing in [3, 0] {
        let details = format!(r#"{{"missing":{missing},"stale":0,"orphaned":0,"drifted":2}}"#);
        let note = Intent::Note { action: "index_reconciled", details: details.clone().into() };
        done(rig.call::<Firm>(rig.firm.clone(), Call::new(Actor::SYSTEM, note)).await);
        rig.caught_up().await;
        assert_eq!(known(&rig).as_deref(), Some(&*details));
    }
    rig.reopen();
    rig.caught_up().await;
    let again = eventually("the latest reconciliation", || async { known(&rig) }).await;
    assert!(again.contains(r#""missing":0"#), "{again}");
    rig.clock.advance_millis(5_000);
    let metrics = crate::index_faults::metrics(&rig);
    for line in [
        r#"engage_reconciliation_rows{firm="acme",difference="missing"} 0"#,
        r#"engage_reconciliation_rows{firm="acme",difference="drifted"} 2"#,
        r#"engage_reconciliation_age_seconds{firm="acme"} 5"#,
        r#"engage_index_building{firm="acme"} 0"#,
        r#"engage_shard_queue_depth{shard="1"} 0"#,
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_begun_anew_is_building_until_it_holds_what_there_was() {
    let mut rig = Rig::new().await;
    rig.tell(1, start()).await;
    rig.caught_up().await;
    rig.close();
    rig.remove_index();
    // An entry that cannot be read at all keeps the index from being complete.
    let id = texts(&mut rig.journal(), "SELECT id FROM entry WHERE seq = 2").remove(0);
    let name = |rig: &Rig, id: &str| {
        change(&mut rig.journal(), "UPDATE entry SET id = ?1 WHERE seq = 2", &[Value::Text(id)], 1);
    };
    name(&rig, "no id");
    rig.open();
    let building = || async { rig.platform().health(&rig.firm).await.unwrap().building.then_some(()) };
    eventually("an index that is built", building).await;
    name(&rig, &id);
    rig.is_sound().await;
    assert!(!rig.platform().health(&rig.firm).await.unwrap().building);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_file_in_the_place_of_the_index_is_gone_on_with() {
    let mut rig = Rig::new().await;
    rig.tell(1, start()).await;
    rig.settle();
    let copy = std::fs::read(rig.file("index.db")).unwrap();
    rig.open();
    rig.tell(2, start()).await;
    rig.caught_up().await;
    rig.remove_index();
    std::fs::write(rig.file("index.db"), copy).unwrap();
    // Nothing is written: it is found all the same.
    eventually("a row of the second conversation", || async { shown(&rig, 2) }).await;
    rig.tell(1, message("hello")).await;
    rig.is_sound().await;
}
