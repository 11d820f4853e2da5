//! Claims, which make something unique among objects, and alarms, which wake one.

use engage_domain::{
    Actor, Conversation, Firm, Timestamp,
    conversation::{Close, Command},
    firm::{self, Rejection},
    token::TokenHash,
};
use engage_journal::{
    Activation, Turn,
    store::{claimed_by, earliest_alarm},
};

use crate::desk::{Desk, START_MS, by, conversation, done, message, user_id};

fn claim(desk: &mut Desk, email: &str, user: u128) -> Turn<Firm> {
    let key = desk.firm_key();
    desk.call(&key, &by(Actor::SYSTEM, firm::Command::ClaimEmail { email: email.into(), user: user_id(user) }))
}

#[test]
fn an_email_has_one_holder_whatever_its_case() {
    let mut desk = Desk::new();
    desk.create_firm();
    assert_eq!(done(claim(&mut desk, "Ann@Acme.test", 1)).recorded.len(), 1);
    assert!(matches!(claim(&mut desk, "ann@acme.TEST", 2), Turn::Rejected(Rejection::EmailTaken)));
    assert_eq!(done(claim(&mut desk, "ann@acme.test", 1)).recorded.len(), 0);
    assert_eq!(done(claim(&mut desk, "bob@acme.test", 2)).recorded.len(), 1);
    let holder = claimed_by(&mut desk.sql, "email:ann@acme.test").unwrap();
    assert_eq!(holder, Some(user_id(1).to_string()));
    assert_eq!(desk.actions(), ["firm_created", "email_claimed", "email_claimed"]);
}

#[test]
fn a_claim_is_seen_by_the_next_turn_of_the_same_transaction() {
    let mut desk = Desk::new();
    desk.create_firm();
    let key = desk.firm_key();
    let mut firm: Activation<Firm> = desk.load(&key).unwrap();
    let claim = |user| by(Actor::SYSTEM, firm::Command::ClaimEmail { email: "a@b.test".into(), user: user_id(user) });
    done(desk.hot(&mut firm, &claim(1)).unwrap());
    assert!(matches!(desk.hot(&mut firm, &claim(2)).unwrap(), Turn::Rejected(Rejection::EmailTaken)));
}

fn rotate(ttl_ms: i64) -> Command {
    Command::RotateResumeToken { hash: TokenHash::of("t"), ttl_ms }
}

#[test]
fn the_earliest_alarm_is_known_and_moves_with_its_object() {
    let mut desk = Desk::new();
    assert_eq!(earliest_alarm(&mut desk.sql).unwrap(), None);
    for n in [1, 2] {
        desk.start(n);
    }
    assert_eq!(earliest_alarm(&mut desk.sql).unwrap(), None);
    let mut after = |n, command| {
        desk.tell(n, command);
        let earliest = earliest_alarm(&mut desk.sql).unwrap();
        earliest.map(|(key, due)| (key, due.as_millis() - START_MS))
    };
    assert_eq!(after(1, rotate(500)), Some((conversation(1), 500)));
    assert_eq!(after(2, rotate(400)), Some((conversation(2), 400)));
    assert_eq!(after(2, message("hello")), Some((conversation(2), 400)));
    assert_eq!(after(2, rotate(600)), Some((conversation(1), 500)));
    assert_eq!(after(1, Command::Close(Close::Completed)), Some((conversation(1), 500)));
    desk.verified();
}

#[test]
fn a_due_alarm_clears_itself() {
    let mut desk = Desk::new();
    desk.start(1);
    desk.tell(1, rotate(500));
    desk.now += 499;
    assert_eq!(desk.tell(1, Command::ExpireResumeToken).recorded.len(), 0);
    assert!(earliest_alarm(&mut desk.sql).unwrap().is_some());
    desk.now += 1;
    assert_eq!(desk.tell(1, Command::ExpireResumeToken).recorded.len(), 1);
    assert_eq!(earliest_alarm(&mut desk.sql).unwrap(), None);
    desk.verified();
}

#[test]
fn an_object_that_is_loaded_knows_its_alarm() {
    let mut desk = Desk::new();
    desk.start(1);
    desk.tell(1, rotate(500));
    let loaded: Activation<Conversation> = desk.load(&conversation(1)).unwrap();
    let (_, stored) = earliest_alarm(&mut desk.sql).unwrap().unwrap();
    assert_eq!(loaded.state.resume_until, Some(stored));
    assert_eq!(stored, Timestamp::from_millis(START_MS + 500));
    // And so clears it, though it did not set it.
    desk.now += 500;
    desk.tell(1, Command::ExpireResumeToken);
    assert_eq!(earliest_alarm(&mut desk.sql).unwrap(), None);
}
