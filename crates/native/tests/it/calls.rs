//! What callers rely on besides the turn itself: repeated commands, live changes, standings, lists right after writes.

use std::time::Duration;

use engage_app::{
    Fault, Runtime,
    runtime::{Changes, Token},
};
use engage_domain::{Conversation, Role, Version, user, user::UserStatus};
use engage_index::{ConversationList, Limit, conversations::Filters};
use engage_journal::{Call, CommandId, Turn};

use crate::rig::{Rig, by_system, conversation, done, firm, key_of, message, person, register, start};

fn named<C>(id: &str, fingerprint: u8, command: C) -> Call<C> {
    let command_id = Some(CommandId { id: id.into(), fingerprint: [fingerprint; 32] });
    Call { command_id, ..by_system(command) }
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
async fn a_repeated_command_gives_the_first_answer_also_after_a_restart() {
    let mut rig = Rig::new().await;
    rig.tell(1, start()).await;
    let first = done(rig.call::<Conversation>(conversation(1), named("a", 1, message("once"))).await);
    rig.tell(1, message("another")).await;
    for _ in 0..2 {
        let again = done(rig.call::<Conversation>(conversation(1), named("a", 1, message("once"))).await);
        assert!(again.replayed && !first.replayed);
        assert_eq!((&again.state, &again.recorded), (&first.state, &first.recorded));
        let other = rig.call::<Conversation>(conversation(1), named("a", 2, message("something else"))).await;
        assert!(matches!(other, Ok(Turn::CommandIdReused)), "{other:?}");
        rig.reopen();
    }
    assert_eq!(rig.peek_conversation(1).await.unwrap().message_count, 2);
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_wakes_with_each_change_and_ends_with_the_platform() {
    let mut rig = Rig::new().await;
    rig.tell(1, start()).await;
    rig.tell(2, start()).await;
    let mut changes = rig.platform().subscribe(&rig.firm, conversation(1));
    let now = Duration::ZERO;
    rig.tell(2, message("elsewhere")).await;
    assert!(tokio::time::timeout(now, changes.changed()).await.is_err(), "another conversation changed");
    rig.tell(1, message("here")).await;
    // The answer is out, so the change is known: there is nothing to wait for.
    assert_eq!(tokio::time::timeout(now, changes.changed()).await, Ok(true));
    assert!(tokio::time::timeout(now, changes.changed()).await.is_err(), "it was told once");
    let waiting = tokio::spawn(async move { changes.changed().await });
    assert!(rig.platform().shut_down(crate::rig::PATIENCE));
    assert!(!waiting.await.unwrap());
    let mut late = rig.platform().subscribe(&rig.firm, conversation(1));
    assert!(!late.changed().await, "nothing changes any more");
    let mut unknown = rig.platform().subscribe(&firm("nobody"), conversation(1));
    assert!(!unknown.changed().await, "nothing ever changes there");
    rig.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standing_follows_the_user_at_once_and_over_a_restart() {
    let mut rig = Rig::new().await;
    let known = async |rig: &Rig| rig.platform().standing(&rig.firm, person(1)).await.unwrap();
    assert_eq!(known(&rig).await, None);
    rig.tell_user(1, register("Ann", Role::Attorney)).await;
    assert_eq!(known(&rig).await.unwrap().role, Role::Attorney);
    rig.tell_user(1, user::Command::Suspend).await;
    assert_eq!(known(&rig).await.unwrap().status, UserStatus::Suspended);
    rig.reopen();
    assert_eq!(known(&rig).await.unwrap().status, UserStatus::Suspended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_one_firm_is_in_another() {
    let rig = Rig::new().await;
    rig.found("other").await;
    rig.tell(1, start()).await;
    let other = firm("other");
    let elsewhere = rig.platform().call::<Conversation>(&other, conversation(1), by_system(message("hello"))).await;
    assert!(matches!(elsewhere, Ok(Turn::NotFound)), "{elsewhere:?}");
    let nowhere = rig.platform().call::<Conversation>(&firm("nobody"), conversation(1), by_system(start())).await;
    assert!(matches!(nowhere, Err(Fault::UnknownFirm)), "{nowhere:?}");
    assert!(!rig.path().join("firms/nobody").exists());
    assert!(rig.platform().catch_up(&other, crate::rig::PATIENCE).await.unwrap());
    let (rows, _) =
        rig.platform().query(&other, ConversationList { firm: other.clone(), ..list(&rig) }, None).await.unwrap();
    assert_eq!(rows, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_can_be_asked_right_after_the_firm_was_founded() {
    let rig = Rig::new().await;
    for number in 0..40 {
        let slug = format!("firm-{number}");
        rig.found(&slug).await;
        let list = ConversationList { firm: firm(&slug), ..list(&rig) };
        let (rows, freshness) = rig.platform().query(&firm(&slug), list, None).await.unwrap();
        assert_eq!((rows, freshness.consistent), (vec![], true));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_carries_a_token_holds_what_was_written() {
    let rig = Rig::new().await;
    for number in 1..=20 {
        rig.tell(number, start()).await;
        let token = Token { object: key_of(number), version: Version(1) };
        let (rows, freshness) = rig.platform().query(&rig.firm, list(&rig), Some(token)).await.unwrap();
        assert!(freshness.consistent);
        assert!(rows.iter().any(|row| row.session_id == conversation(number)));
    }
    let never = Token { object: key_of(1), version: Version(99) };
    let (rows, freshness) = rig.platform().query(&rig.firm, list(&rig), Some(never)).await.unwrap();
    assert_eq!((rows.len(), freshness.consistent), (20, false));
}
