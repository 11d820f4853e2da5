//! The replay law: an index that is deleted comes back row by row as it was.

use engage_app::Runtime;
use engage_domain::{
    Actor, Role,
    actor::Access,
    conversation::{Close, Command, Dated, Identity, Phase, Terms},
    user,
};
use engage_index::{ConversationList, Limit, conversations::Filters};
use engage_journal::{Call, Intent};
use engage_native::verify;

use crate::rig::{Rig, START_MS, conversation, eventually, message, person, register, start};

const CONVERSATIONS: u64 = 250;
const USERS: u64 = 30;

/// A year of a firm, in small: every kind of object, most kinds of events, accesses and refusals.
async fn fill(rig: &Rig) {
    let roles = Role::ASSIGNABLE;
    for number in 1..=USERS {
        rig.tell_user(number, register(&format!("Person {number}"), roles[number as usize % roles.len()])).await;
    }
    rig.tell_user(3, user::Command::Suspend).await;
    rig.tell_user(4, user::Command::ChangeRole(Role::Paralegal)).await;
    for number in 1..=CONVERSATIONS {
        // A journal knows the time of what it records, and the time at which that happened.
        rig.clock.advance_millis(977);
        let at = engage_domain::Timestamp::from_millis(START_MS - 86_400_000 * number as i64);
        match number % 3 {
            0 => {
                let steps = [start(), message("imported"), Command::Close(Close::Completed)];
                let steps = steps.into_iter().map(|command| Dated { at, command }).collect();
                rig.tell(number, Command::History(steps)).await;
                rig.tell(number, Command::Reopen).await;
            }
            _ => drop(rig.tell(number, start()).await),
        }
        let name = Some(format!("Çlient {}", number % 50).as_str().into());
        rig.tell(number, Command::UpdateIdentity(Box::new(Identity { name, ..Identity::default() }))).await;
        let terms =
            Terms { estimated_hours: Some(number as f64 / 7.0), notes: Some("a — note".into()), ..Terms::default() };
        let assignee = person(1 + number % (USERS + 5));
        rig.tell(number, Command::Assign { assignee, terms: Box::new(terms), pending: number % 2 == 0 }).await;
        match number % 7 {
            0 => drop(rig.tell(number, Command::Delete).await),
            1 => drop(rig.tell(number, Command::MovePhase(Phase::Terminated)).await),
            2 => drop(rig.tell(number, Command::Secure { user: person(1 + number % USERS) }).await),
            3 => drop(rig.tell(number, Command::CompleteAssignment { actual_hours: Some(0.1) }).await),
            4 => drop(rig.tell(number, Command::Unassign).await),
            _ => {}
        }
        let curious = [Role::Attorney, Role::Client][number as usize % 2];
        let look = Call::new(Actor::user(person(99), curious), Intent::Access(Access::Detail));
        rig.platform().call::<engage_domain::Conversation>(&rig.firm, conversation(number), look).await.unwrap();
    }
    // Long enough that a load begins at a snapshot.
    for _ in 0..150 {
        rig.tell(2, message("on and on")).await;
    }
    rig.caught_up().await;
}

/// Whether there is an index that equals its source.
fn is_whole(rig: &Rig) -> bool {
    let folder = rig.file("index.db").parent().unwrap().to_owned();
    verify::check(&rig.firm, &folder).is_ok_and(|report| report.is_clean())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_deleted_comes_back_identical() {
    let mut rig = Rig::new().await;
    fill(&rig).await;
    let before = rig.dump();
    assert_eq!(before["conversation_index"].len() as u64, CONVERSATIONS);
    rig.close();
    rig.remove_index();
    rig.open();
    rig.is_sound().await;
    assert_eq!(rig.dump(), before);

    // Now under a platform that runs, and that learns of it from what comes next.
    rig.remove_index();
    rig.tell(5, message("a sign of life")).await;
    rig.is_sound().await;
    let with_more = rig.dump();
    assert_eq!(with_more["audit_log_index"].len(), before["audit_log_index"].len() + 1);

    // And under one that idles.
    rig.remove_index();
    eventually("a whole new index", || async { is_whole(&rig).then_some(()) }).await;
    assert_eq!(rig.dump(), with_more);
}

/// Five conversations that the index holds, and the list of all.
async fn five_listed() -> (Rig, ConversationList) {
    let rig = Rig::new().await;
    for number in 1..=5 {
        rig.tell(number, start()).await;
    }
    rig.caught_up().await;
    let list = ConversationList {
        firm: rig.firm.clone(),
        filters: Filters::default(),
        order: Default::default(),
        after: None,
        limit: Limit::default(),
    };
    (rig, list)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_outlives_the_deletion_of_its_index() {
    let (rig, list) = five_listed().await;
    for number in 6..=8 {
        let (rows, _) = rig.platform().query(&rig.firm, list.clone(), None).await.unwrap();
        assert_eq!(rows.len() as u64, number - 1);
        rig.remove_index();
        eventually("an index that is whole again", || async {
            // A connection that was open still reads the file that was deleted; the list is there all the time.
            let (rows, _) = rig.platform().query(&rig.firm, list.clone(), None).await.unwrap();
            (rows.len() as u64 == number - 1 && is_whole(&rig)).then_some(())
        })
        .await;
        rig.tell(number, start()).await;
        rig.caught_up().await;
    }
    let (rows, _) = rig.platform().query(&rig.firm, list, None).await.unwrap();
    assert_eq!(rows.len(), 8, "the list is still that of a file that was deleted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_outlives_the_deletion_of_the_log_of_its_index() {
    let (rig, list) = five_listed().await;
    // As whoever removes an index file by file comes to do, where a new one is made in between: all that it holds is in its log yet.
    std::fs::remove_file(rig.file("index.db")).unwrap();
    eventually("a new index", || async { is_whole(&rig).then_some(()) }).await;
    for name in ["index.db-wal", "index.db-shm"] {
        std::fs::remove_file(rig.file(name)).unwrap();
    }
    // Nobody who asks meets an error meanwhile.
    let rows = async || rig.platform().query(&rig.firm, list.clone(), None).await.unwrap().0.len();
    eventually("every row", || async { (rows().await == 5).then_some(()) }).await;
    rig.tell(6, start()).await;
    rig.caught_up().await;
    eventually("an index that is whole again", || async { is_whole(&rig).then_some(()) }).await;
    assert_eq!(rows().await, 6);
}
