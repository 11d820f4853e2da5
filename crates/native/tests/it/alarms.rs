//! Alarms: durable, and on time by the platform's clock.

use engage_domain::{
    conversation::{Command, Start},
    token::TokenHash,
};
use engage_journal::Sql;

use crate::rig::{Rig, START_MS, integer, message, reaches, start};

const HOUR_MS: i64 = 3_600_000;

fn resumable(ttl_ms: i64) -> Command {
    let resume = Some((TokenHash::of("secret"), ttl_ms));
    Command::Start(Box::new(Start { resume, ..Start::default() }))
}

fn alarms(rig: &Rig) -> i64 {
    integer(&mut rig.journal(), "SELECT count(*) FROM alarm")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resume_token_expires_when_its_time_has_come() {
    let rig = Rig::new().await;
    rig.tell(1, resumable(HOUR_MS)).await;
    rig.tell(2, resumable(2 * HOUR_MS)).await;
    rig.clock.advance_millis(HOUR_MS - 1);
    assert!(rig.tell(1, message("still in time")).await.state.resume_token.is_some());
    rig.clock.advance_millis(1);
    let state = reaches(&rig, 1, 4).await;
    assert!(state.resume_token.is_none() && state.resume_until.is_none());
    assert!(rig.peek_conversation(2).await.unwrap().resume_token.is_some());
    let entries = rig.entries();
    let expired = entries.iter().find(|entry| &*entry.action == "resume_token_expired").unwrap();
    assert_eq!(expired.at.as_millis(), START_MS + HOUR_MS);
    assert_eq!(expired.actor().unwrap(), engage_domain::Actor::SYSTEM);
    rig.clock.advance_millis(HOUR_MS);
    assert!(reaches(&rig, 2, 3).await.resume_token.is_none());
    assert_eq!(alarms(&rig), 0);
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_survives_a_restart_and_fires_in_a_firm_that_nobody_asks() {
    let mut rig = Rig::new().await;
    rig.tell(1, resumable(HOUR_MS)).await;
    rig.close();
    // Due before the platform is back.
    rig.clock.advance_millis(HOUR_MS);
    rig.open();
    let handle = rig.platform().handle(&rig.firm).unwrap();
    crate::rig::eventually("an entry of the alarm's", || async { (handle.committed_seq() == 4).then_some(()) }).await;
    assert!(rig.peek_conversation(1).await.unwrap().resume_token.is_none());
    // And due only after it is.
    rig.tell(2, resumable(HOUR_MS)).await;
    rig.reopen();
    rig.clock.advance_millis(HOUR_MS);
    let handle = rig.platform().handle(&rig.firm).unwrap();
    crate::rig::eventually("another entry", || async { (handle.committed_seq() == 7).then_some(()) }).await;
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alarms_that_are_due_together_all_fire() {
    let rig = Rig::new().await;
    for number in 1..=30 {
        rig.tell(number, resumable(HOUR_MS)).await;
    }
    rig.clock.advance_millis(HOUR_MS);
    for number in 1..=30 {
        reaches(&rig, number, 3).await;
    }
    assert_eq!(alarms(&rig), 0);
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_that_meets_a_fault_is_not_lost() {
    let mut rig = Rig::new().await;
    rig.tell(1, resumable(HOUR_MS)).await;
    rig.tell(2, start()).await;
    rig.reopen();
    rig.tell(2, message("the journal is open")).await;
    // First it cannot be loaded, then what it leads to cannot be written.
    rig.journal().script("ALTER TABLE snapshot RENAME TO away").unwrap();
    rig.clock.advance_millis(HOUR_MS);
    // Longer than a shard rests.
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert_eq!(alarms(&rig), 1);
    let full = "CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'no room'); END";
    rig.journal().script(&format!("ALTER TABLE away RENAME TO snapshot; {full}")).unwrap();
    rig.clock.advance_millis(2_000);
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert_eq!(alarms(&rig), 1);
    rig.journal().script("DROP TRIGGER full").unwrap();
    rig.clock.advance_millis(2_000);
    assert!(reaches(&rig, 1, 3).await.resume_token.is_none());
    rig.is_sound().await;
}
