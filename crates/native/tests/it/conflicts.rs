//! Conflicts on their way from the firm's registry into the index.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use engage_app::{Runtime, runtime::Token};
use engage_domain::{
    Actor, ConflictId, Kind, Role, Timestamp, UserId, Version,
    firm::Command,
    registry::{ConflictState, ConflictType, MatchType, PartyRole, Resolution, Verdict},
};
use engage_index::{
    ConflictRow, Limit,
    conflicts::{ConflictFilters, ConflictList},
    rows::DetectedBy,
};
use engage_journal::{Call, Intent, ObjectKey, Sql};

use crate::rig::{NAMES, Rig, START_MS, conversation, done, integer, person, start, texts};

/// Four conversations, and of those between the first two a conflict.
async fn rig() -> (Rig, ConflictId) {
    let rig = Rig::new().await;
    for number in 1..=4 {
        rig.tell(number, start()).await;
    }
    let conflict = rig.adverse(1, 2, NAMES[0]).await;
    (rig, conflict)
}

fn list(rig: &Rig) -> ConflictList {
    let filters = ConflictFilters::default();
    ConflictList { firm: rig.firm.clone(), filters, after: None, limit: Limit::default() }
}

/// The list once the index has caught up.
async fn listed(rig: &Rig) -> Vec<ConflictRow> {
    rig.caught_up().await;
    rig.platform().query(&rig.firm, list(rig), None).await.unwrap().0
}

/// Asks as somebody; gives the firm's version after.
async fn ask(rig: &Rig, user: UserId, command: Command) -> Version {
    let call = Call::new(Actor::user(user, Role::ManagingPartner), Intent::Command(command));
    done(rig.call::<engage_domain::Firm>(rig.firm.clone(), call).await).state.version
}

fn verdict(resolution: Resolution) -> Box<Verdict> {
    Box::new(Verdict { resolution, reason: "another one".into(), artefact: None, declined: None })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adverse_pair_is_one_row_that_says_who_found_whom() {
    let (rig, conflict) = rig().await;
    let rows = listed(&rig).await;
    let version = rows[0].version;
    let expected = ConflictRow {
        firm_id: rig.firm.clone(),
        conflict_id: conflict,
        session_id: Some(conversation(1)),
        conflict_type: ConflictType::OpposingParty,
        conflict_entity: NAMES[0].into(),
        match_type: MatchType::Exact,
        confidence: rows[0].confidence,
        detected_at: Timestamp::from_millis(START_MS),
        detected_by: DetectedBy::System,
        status: ConflictState::Detected,
        resolved_at: None,
        resolved_by: None,
        resolution: None,
        notes: None,
        party_name: NAMES[0].into(),
        other_session_id: Some(conversation(2)),
        version,
    };
    assert_eq!(rows, [expected]);
    assert!(rows[0].confidence > 0.9, "{rows:?}");
    let detected = rig.entries().into_iter().find(|entry| &*entry.action == "conflict_detected").unwrap();
    assert_eq!(version, detected.version);
    // The same party again is known already, and is no other conflict.
    rig.register_party(1, PartyRole::Client, NAMES[0]).await;
    assert_eq!(listed(&rig).await, rows);
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_follows_its_conflict_to_its_end_and_back() {
    let (rig, id) = rig().await;
    let notes = Some("asked the partner".into());
    ask(&rig, person(1), Command::Review { id, seen: None, notes }).await;
    let [row] = &listed(&rig).await[..] else { panic!("one row") };
    assert_eq!((row.status, row.notes.as_ref().unwrap().as_str()), (ConflictState::Reviewing, "asked the partner"));

    rig.clock.advance_millis(5);
    let version =
        ask(&rig, person(2), Command::Resolve { id, seen: None, verdict: verdict(Resolution::NoConflict) }).await;
    let [row] = &listed(&rig).await[..] else { panic!("one row") };
    assert_eq!((row.status, row.resolution), (ConflictState::Cleared, Some(Resolution::NoConflict)));
    assert_eq!((row.resolved_by, row.resolved_at), (Some(person(2)), Some(Timestamp::from_millis(START_MS + 5))));
    assert_eq!((row.notes.as_ref().unwrap().as_str(), row.version), ("another one", version));

    ask(&rig, person(1), Command::Reopen { id, seen: None, reason: "a new name".into() }).await;
    let [row] = &listed(&rig).await[..] else { panic!("one row") };
    assert_eq!((row.status, row.resolution, row.resolved_by), (ConflictState::Detected, None, None));
    assert_eq!(row.notes.as_ref().unwrap().as_str(), "a new name");
    rig.letters_delivered().await;
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_with_the_token_of_an_event_of_the_registry_holds_it() {
    let (rig, id) = rig().await;
    let with = async |version: Version| {
        let object = ObjectKey { kind: Kind::Firm, name: rig.firm.as_str().into() };
        let token = Token { object, version };
        rig.platform().query(&rig.firm, list(&rig), Some(token)).await.unwrap()
    };
    rig.register_party(3, PartyRole::OpposingParty, NAMES[1]).await;
    let (_, version) = rig.register_party(4, PartyRole::Client, NAMES[1]).await;
    let (rows, freshness) = with(version).await;
    assert!(freshness.consistent && rows.len() == 2, "{rows:?}");
    let version = ask(&rig, person(1), Command::Review { id, seen: None, notes: None }).await;
    let (rows, freshness) = with(version).await;
    assert!(freshness.consistent && rows.iter().any(|row| row.status == ConflictState::Reviewing), "{rows:?}");
    let version = ask(&rig, person(1), Command::Resolve { id, seen: None, verdict: verdict(Resolution::Waived) }).await;
    let (rows, freshness) = with(version).await;
    assert!(freshness.consistent && rows.iter().any(|row| row.resolution == Some(Resolution::Waived)), "{rows:?}");
    let (_, freshness) = with(Version(1_000_000)).await;
    assert!(!freshness.consistent, "no list holds what has not happened");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_that_cannot_be_indexed_holds_nobody_up_and_is_made_up_for() {
    let (rig, first) = rig().await;
    rig.caught_up().await;
    let rule = "CREATE TRIGGER rule BEFORE INSERT ON conflict_detection_index WHEN NEW.partyName LIKE 'Tamsin%'
        BEGIN SELECT RAISE(ABORT, 'against the rule'); END";
    rig.index().script(rule).unwrap();
    let bad = rig.adverse(3, 4, NAMES[1]).await;
    let good = rig.adverse(4, 3, NAMES[2]).await;
    rig.caught_up().await;
    let held =
        |rig: &Rig| texts(&mut rig.index(), "SELECT conflictId FROM conflict_detection_index ORDER BY conflictId");
    let sorted = |mut ids: Vec<ConflictId>| {
        ids.sort();
        ids.into_iter().map(|id| id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(held(&rig), sorted(vec![first, good]));
    let failures = "SELECT kind || '/' || name FROM sync_failure";
    assert_eq!(texts(&mut rig.index(), failures), ["firm/acme"]);
    rig.index().script("DROP TRIGGER rule").unwrap();
    // Whatever the firm's next event is about, it is tried again with it.
    rig.tell_firm(Command::AddPracticeArea { id: "tax".parse().unwrap(), name: "Tax".into() }).await;
    rig.caught_up().await;
    assert_eq!(held(&rig), sorted(vec![first, good, bad]));
    assert_eq!(integer(&mut rig.index(), "SELECT count(*) FROM sync_failure"), 0);
    rig.letters_delivered().await;
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_gone_comes_back_with_its_conflicts() {
    let (mut rig, id) = rig().await;
    rig.adverse(3, 4, NAMES[1]).await;
    ask(&rig, person(1), Command::Resolve { id, seen: None, verdict: verdict(Resolution::CannotRepresent) }).await;
    rig.letters_delivered().await;
    rig.is_sound().await;
    rig.settle();
    let before = rig.dump();
    assert_eq!(before["conflict_detection_index"].len(), 2);
    rig.remove_index();
    rig.open();
    rig.peek_conversation(1).await.unwrap();
    rig.is_sound().await;
    rig.settle();
    assert_eq!(rig.dump(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_that_cannot_be_read_is_told_of_and_the_others_are_built() {
    let (mut rig, spoilt) = rig().await;
    let whole = rig.adverse(3, 4, NAMES[1]).await;
    rig.is_sound().await;
    rig.settle();
    rig.journal().script(&format!("UPDATE conflict SET record = 'nothing' WHERE id = '{spoilt}'")).unwrap();
    let report = rig.check();
    // Once as a row that differs from its entries, once as one that no row of the index can be held against.
    assert_eq!((report.chain_errors, report.missing, report.stale, report.drifted), (2, 0, 0, 0), "{report:#?}");
    let told = report.chain.iter().map(|error| format!("{} {}", error.object, error.problem));
    assert!(told.into_iter().all(|error| error.contains(&spoilt.to_string())), "{report:#?}");
    rig.open();
    rig.peek_conversation(1).await.unwrap();
    rig.caught_up().await;
    rig.platform().rebuild_index(&rig.firm, &Actor::SYSTEM).await.unwrap();
    let held = texts(&mut rig.index(), "SELECT conflictId FROM conflict_detection_index");
    assert_eq!(held, [whole.to_string()]);
    assert_eq!(texts(&mut rig.index(), "SELECT name FROM sync_failure"), ["acme"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_an_index_is_reconciled_or_rebuilt_is_not_called_wrong() {
    let (rig, id) = rig().await;
    let (rig, stop) = (Arc::new(rig), Arc::new(AtomicBool::new(false)));
    let writer = {
        let (rig, stop) = (Arc::clone(&rig), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut conflicts = 1;
            while !stop.load(Ordering::SeqCst) {
                // One that is new, and one that the runs have met.
                let name = format!("{} {conflicts}", NAMES[conflicts % 3]);
                rig.register_party(3, PartyRole::OpposingParty, &name).await;
                rig.register_party(4, PartyRole::Client, &name).await;
                ask(&rig, person(1), Command::Review { id, seen: None, notes: Some(name.as_str().into()) }).await;
                conflicts += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
                if conflicts == 90 {
                    // A conversation has no more than two hundred parties.
                    break;
                }
            }
        })
    };
    for _ in 0..3 {
        let run = rig.platform().reconcile_with(&rig.firm, &Actor::SYSTEM, false, &Arc::default()).await.unwrap();
        assert!(run.tally.is_clean(), "what was merely new was called wrong: {run:?}");
        let done = rig.platform().rebuild_index(&rig.firm, &Actor::SYSTEM).await.unwrap();
        assert!(done.run.tally.is_clean(), "{done:?}");
    }
    stop.store(true, Ordering::SeqCst);
    writer.await.unwrap();
    rig.letters_delivered().await;
    rig.is_sound().await;
    let (kept, held) = (
        integer(&mut rig.journal(), "SELECT count(*) FROM conflict"),
        integer(&mut rig.index(), "SELECT count(*) FROM conflict_detection_index"),
    );
    assert!(kept > 1 && kept == held, "{kept} conflicts, {held} rows");
}
