//! Reconciliation finds and mends what is wrong in an index, beside live writers, and nothing else.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use engage_app::{Fault, Runtime};
use engage_domain::{
    Actor, Firm, Role, Timestamp,
    conversation::Command,
    firm::{self, SettingsChange},
};
use engage_index::{
    Table,
    reconciliation::{Difference, Reconciled, Tally, Unfinished},
};
use engage_journal::{Call, Intent, Sql};

use crate::rig::{Rig, START_MS, conversation, done, integer, message, person, register, said, start, texts};

/// Some of everything; the second of each is the one to be spoilt.
async fn rig() -> Rig {
    let rig = Rig::new().await;
    for number in 1..=3 {
        rig.tell_user(number, register("Ann", Role::Attorney)).await;
        rig.tell(number, start()).await;
        rig.tell(number, message("hello")).await;
        rig.tell(number, Command::Assign { assignee: person(number), terms: Box::default(), pending: false }).await;
    }
    rig.three_conflicts().await;
    rig.is_sound().await;
    rig
}

async fn reconcile(rig: &Rig, dry_run: bool) -> Reconciled {
    rig.platform().reconcile_with(&rig.firm, &Actor::SYSTEM, dry_run, &Arc::default()).await.unwrap()
}

/// What picks the second row of a table.
fn second(rig: &Rig, table: Table) -> String {
    match table {
        Table::Conversation | Table::Assignment => format!("sessionId = '{}'", conversation(2)),
        Table::User => format!("userId = '{}'", person(2)),
        Table::Audit => format!("auditId = '{}'", rig.entries()[4].id),
        Table::Passage => format!("sessionId = '{}'", conversation(2)),
        Table::Conflict => format!("conflictId = '{}'", rig.second_conflict()),
    }
}

fn orphan(table: Table, second: &str, other: &str) -> String {
    let (name, columns) = (table.name(), table.columns().join(", "));
    let key = table.key()[0];
    let other = format!("'{other}'");
    let values = table.columns().iter().map(|column| if *column == key { &other } else { *column }).collect::<Vec<_>>();
    format!("INSERT INTO {name} ({columns}) SELECT {} FROM {name} WHERE {second}", values.join(", "))
}

/// A column to change in place, and a value that the schema takes.
const fn drift(table: Table) -> &'static str {
    match table {
        Table::Conversation => "status = 'completed'",
        Table::User => "name = 'Bob'",
        Table::Assignment => "priority = 'urgent'",
        Table::Audit => "action = 'nothing'",
        Table::Conflict => "notes = 'x'",
        Table::Passage => "message = 'bye'",
    }
}

/// Plants a fault, sees a dry run find it and leave it, a run mend it, and another find nothing.
async fn mends(rig: &Rig, table: Table, fault: &str, expected: Difference) {
    rig.caught_up().await;
    rig.index().script(fault).unwrap();
    let dry = reconcile(rig, true).await;
    let found: Vec<_> = dry.findings.iter().map(|finding| (&*finding.table, finding.difference)).collect();
    assert_eq!(found, [(table.name(), expected)], "{fault}");
    assert_eq!((dry.tally.differences(), dry.tally.repaired), (1, 0), "{fault}");
    rig.caught_up().await;
    assert!(!rig.check().is_clean(), "a dry run has changed something: {fault}");
    let run = reconcile(rig, false).await;
    assert_eq!((run.findings, run.tally.repaired), (dry.findings, 1), "{fault}");
    let again = reconcile(rig, false).await;
    assert!(again.tally.is_clean() && again.tally.rows > 0, "{fault}: {again:?}");
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn correction_7_every_class_of_fault_is_found_and_mended_in_every_table() {
    let rig = rig().await;
    for table in Table::ALL {
        let (name, second) = (table.name(), second(&rig, table));
        mends(&rig, table, &format!("DELETE FROM {name} WHERE {second}"), Difference::Missing).await;
        let older = format!("UPDATE {name} SET version = version - 1, {} WHERE {second}", drift(table));
        mends(&rig, table, &older, Difference::Stale).await;
        let other = format!("UPDATE {name} SET {} WHERE {second}", drift(table));
        mends(&rig, table, &other, Difference::Drifted).await;
        let never = format!("UPDATE {name} SET version = version + 1 WHERE {second}");
        mends(&rig, table, &never, Difference::Drifted).await;
        for other in ["00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "no id at all"] {
            mends(&rig, table, &orphan(table, &second, other), Difference::Orphaned).await;
        }
    }
    for counter in Table::User.counters() {
        let fault = format!("UPDATE user_index SET {counter} = {counter} + 1 WHERE {}", second(&rig, Table::User));
        mends(&rig, Table::User, &fault, Difference::Drifted).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_recorded_with_who_asked_for_it_and_what_it_found() {
    let rig = rig().await;
    rig.index().script(&format!("DELETE FROM user_index WHERE userId = '{}'", person(2))).unwrap();
    let actor = Actor::user(person(1), Role::FirmAdmin);
    let run = rig.platform().reconcile_with(&rig.firm, &actor, false, &Arc::default()).await.unwrap();
    assert_eq!((run.tally.missing, run.tally.repaired, run.resumed), (1, 1, false));
    let entry = rig.entries().pop().unwrap();
    assert_eq!((&*entry.action, entry.is_event()), ("index_reconciled", false));
    assert_eq!(entry.actor().unwrap().user_id, Some(person(1)));
    let details: serde_json::Value = serde_json::from_str(&entry.details).unwrap();
    assert_eq!((&details["missing"], &details["repaired"], &details["dryRun"]), (&1.into(), &1.into(), &false.into()));
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn correction_8_what_comes_and_goes_while_it_runs_is_neither_lost_nor_brought_back() {
    let rig = Arc::new(rig().await);
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (rig, stop) = (Arc::clone(&rig), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut number = 10;
            while !stop.load(Ordering::SeqCst) {
                rig.tell(number, start()).await;
                rig.tell(number, message("hello")).await;
                rig.tell(number, Command::Assign { assignee: person(1), terms: Box::default(), pending: false }).await;
                if number % 2 == 0 {
                    rig.tell(number, Command::Delete).await;
                }
                // Also one that sorts before what a run has passed.
                rig.tell(1, message("more")).await;
                number += 1;
            }
            number
        })
    };
    for _ in 0..20 {
        let run = reconcile(&rig, false).await;
        assert!(run.tally.is_clean(), "what was merely new was called wrong: {run:?}");
    }
    stop.store(true, Ordering::SeqCst);
    let written = writer.await.unwrap() - 10;
    assert!(written > 0);
    rig.is_sound().await;
    let kept = integer(&mut rig.index(), "SELECT count(*) FROM conversation_index WHERE isDeleted = 0");
    assert_eq!(kept, 3 + written as i64 / 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn correction_9_a_run_that_was_interrupted_goes_on_where_it_was() {
    let rig = rig().await;
    // Behind the conversations: a fault among them is not met again, one among the users is.
    let tally = Tally { rows: 7, missing: 1, repaired: 1, ..Tally::default() };
    let state = Unfinished {
        started_at: Timestamp::from_millis(START_MS),
        dry_run: false,
        stage: 1,
        after: person(1).to_string().into(),
        tally,
        findings: vec![],
    };
    let mut index = rig.index();
    let faults = [
        format!("DELETE FROM user_index WHERE userId = '{}'", person(1)),
        format!("DELETE FROM user_index WHERE userId = '{}'", person(3)),
    ];
    faults.iter().for_each(|fault| index.script(fault).unwrap());
    let save = state.save().unwrap();
    index.execute(&save.sql, &save.values()).unwrap();
    let run = reconcile(&rig, false).await;
    assert!(run.resumed);
    assert_eq!((run.tally.missing, run.tally.repaired), (2, 2), "{run:?}");
    assert_eq!(run.findings.iter().map(|finding| finding.key.clone()).collect::<Vec<_>>(), [person(3).to_string()]);
    assert!(run.tally.rows > 7);
    assert_eq!(texts(&mut index, "SELECT state FROM reconciliation"), Vec::<String>::new());
    // The next one begins at the beginning, and finds the first user's.
    let next = reconcile(&rig, false).await;
    assert!(!next.resumed);
    assert_eq!(next.tally.missing, 1);
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_run_a_firm_at_a_time_and_none_of_a_firm_that_is_not_there() {
    let rig = Arc::new(rig().await);
    for number in 100..400 {
        rig.tell(number, start()).await;
    }
    let runs: Vec<_> = (0..8)
        .map(|_| {
            let rig = Arc::clone(&rig);
            tokio::spawn(async move {
                rig.platform().reconcile_with(&rig.firm, &Actor::SYSTEM, true, &Arc::default()).await
            })
        })
        .collect();
    let mut done = 0;
    for run in runs {
        match run.await.unwrap() {
            Ok(_) => done += 1,
            Err(Fault::Overloaded(why)) => assert_eq!(why, "another long run of this firm is under way"),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(done >= 1);
    let stranger = "nobody".parse().unwrap();
    let unknown = rig.platform().reconcile_with(&stranger, &Actor::SYSTEM, true, &Arc::default()).await;
    assert!(matches!(unknown, Err(Fault::UnknownFirm)), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_tells_how_far_a_run_is_as_long_as_there_is_one() {
    let rig = Arc::new(rig().await);
    for number in 100..1_000 {
        rig.tell(number, start()).await;
    }
    let running = async || rig.platform().health(&rig.firm).await.unwrap().running;
    assert_eq!(running().await, None);
    let mut seen = None;
    // A run may be over before anybody looks; the next one is looked at, too.
    for _ in 0..50 {
        let run = Arc::clone(&rig);
        let run = tokio::spawn(async move { run.platform().reconcile(&run.firm, &Actor::SYSTEM, true).await });
        while !run.is_finished() {
            seen = seen.max(running().await);
            tokio::task::yield_now().await;
        }
        assert!(run.await.unwrap().unwrap().tally.is_clean());
        if seen > Some(0) {
            break;
        }
    }
    assert!(seen > Some(0), "{seen:?}");
    assert_eq!(running().await, None);
}

#[tokio::test]
async fn a_walk_finds_every_chain_whole_and_its_digest_is_the_journals() {
    let rig = rig().await;
    let walk = rig.platform().verify(&rig.firm).await.unwrap();
    let report = rig.check();
    assert_eq!((walk.objects, walk.entries, walk.errors), (report.objects, report.entries, vec![]));
    assert_eq!(format!("{:?}", walk.digest), report.journal_digest);
    let stranger = "nobody".parse().unwrap();
    assert!(matches!(rig.platform().verify(&stranger).await, Err(Fault::UnknownFirm)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_of_the_platform_ends_a_run_which_says_so() {
    let rig = Arc::new(rig().await);
    for number in 100..1_500 {
        rig.tell(number, start()).await;
    }
    let progress = Arc::new(AtomicU64::new(0));
    let run = {
        let (rig, progress) = (Arc::clone(&rig), Arc::clone(&progress));
        tokio::spawn(async move { rig.platform().reconcile_with(&rig.firm, &Actor::SYSTEM, false, &progress).await })
    };
    while progress.load(Ordering::SeqCst) == 0 && !run.is_finished() {
        tokio::task::yield_now().await;
    }
    assert!(rig.platform().shut_down(crate::rig::PATIENCE));
    match run.await.unwrap() {
        // It was through before it heard of it.
        Ok(run) => assert!(run.tally.is_clean()),
        Err(Fault::Storage(error)) => assert!(said(&*error).contains("shutting down"), "{error:?}"),
        Err(Fault::Overloaded(_)) => {}
        Err(other) => panic!("{other:?}"),
    }
    assert!(rig.check().is_clean());
}

/// What was noted on the firm's own object without changing it.
fn actions(rig: &Rig) -> Vec<String> {
    let entries = rig.entries();
    let noted = entries.iter().filter(|entry| entry.kind == engage_domain::Kind::Firm && !entry.is_event());
    noted.map(|entry| entry.action.to_string()).collect()
}

const HOUR_MS: i64 = 60 * 60 * 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_night_has_one_run_and_a_missed_one_is_made_up_once() {
    let mut rig = rig().await;
    let schedule = "0 2 * * *".parse().unwrap();
    // It is midnight, and the firm was founded now.
    assert_eq!(rig.platform().maintain(&schedule).await, []);
    rig.clock.advance_millis(3 * HOUR_MS);
    assert_eq!(rig.platform().maintain(&schedule).await, [rig.firm.clone()]);
    assert_eq!(actions(&rig), ["chains_verified", "index_reconciled"]);
    assert_eq!(rig.platform().maintain(&schedule).await, []);
    rig.clock.advance_millis(22 * HOUR_MS);
    assert_eq!(rig.platform().maintain(&schedule).await, [], "it is one in the morning");
    rig.caught_up().await;
    // A restart knows of the run; nothing runs for four days.
    rig.reopen();
    rig.peek_conversation(1).await.unwrap();
    rig.caught_up().await;
    assert_eq!(rig.platform().maintain(&schedule).await, []);
    rig.close();
    rig.clock.advance_millis(4 * 24 * HOUR_MS);
    rig.open();
    rig.peek_conversation(1).await.unwrap();
    rig.caught_up().await;
    assert_eq!(rig.platform().maintain(&schedule).await, [rig.firm.clone()]);
    assert_eq!(rig.platform().maintain(&schedule).await, []);
    assert_eq!(actions(&rig).len(), 4);
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_by_hand_does_not_stand_in_for_the_nightly_one() {
    let mut rig = rig().await;
    let schedule = "0 2 * * *".parse().unwrap();
    rig.clock.advance_millis(4 * HOUR_MS);
    reconcile(&rig, true).await;
    rig.caught_up().await;
    rig.reopen();
    rig.peek_conversation(1).await.unwrap();
    rig.caught_up().await;
    assert_eq!(rig.platform().maintain(&schedule).await, [rig.firm.clone()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_deleted_longer_ago_than_the_firm_keeps_it_is_erased_but_for_holds() {
    let rig = rig().await;
    let schedule = "0 2 * * *".parse().unwrap();
    let change = SettingsChange { retention_days: Some(2), ..SettingsChange::default() };
    let change = Call::new(Actor::SYSTEM, Intent::Command(firm::Command::Change(Box::new(change))));
    done(rig.call::<Firm>(rig.firm.clone(), change).await);
    for number in 1..=2 {
        rig.tell(number, Command::Delete).await;
    }
    rig.tell(2, Command::Hold { reason: "Roe v. Acme".into() }).await;
    // A day later the third is deleted; two days after the first it is not due.
    rig.clock.advance_millis(24 * HOUR_MS);
    rig.tell(3, Command::Delete).await;
    rig.clock.advance_millis(27 * HOUR_MS);
    rig.caught_up().await;
    assert_eq!(rig.platform().maintain(&schedule).await, std::slice::from_ref(&rig.firm));
    let erased = async |number| rig.peek_conversation(number).await.unwrap().is_erased();
    assert_eq!((erased(1).await, erased(2).await, erased(3).await), (true, false, false));
    rig.tell(2, Command::ReleaseHold).await;
    rig.clock.advance_millis(24 * HOUR_MS);
    rig.caught_up().await;
    assert_eq!(rig.platform().maintain(&schedule).await, std::slice::from_ref(&rig.firm));
    assert_eq!((erased(2).await, erased(3).await), (true, true));
    // Chains verify, and the index is what a replay gives.
    rig.is_sound().await;
    // Nor are the words left in its file, in the passages or among what is searched.
    let found = "SELECT count(*) FROM passage_text WHERE passage_text MATCH 'hello'";
    assert_eq!(integer(&mut rig.index(), found), 0);
    rig.index().checkpoint().unwrap();
    let bytes = std::fs::read(rig.file("index.db")).unwrap();
    assert!(!bytes.windows(5).any(|window| window == b"hello"));
    let done = rig.platform().rebuild_index(&rig.firm, &Actor::SYSTEM).await.unwrap();
    assert!(done.run.tally.is_clean(), "{done:?}");
    let left = "SELECT count(*) FROM entry JOIN object ON object.id = entry.object
                WHERE object.kind = 'conversation' AND payload LIKE '%hello%'";
    assert_eq!(integer(&mut rig.journal(), left), 0);
    let named =
        "SELECT count(*) FROM conversation_index WHERE isDeleted = 1 AND clientName IS NULL AND createdAt > '2026'";
    assert_eq!(integer(&mut rig.index(), named), 3);
}
