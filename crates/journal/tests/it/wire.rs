//! Calls and what they come to as text: how they travel between hosts that share no memory.

use engage_domain::{Actor, Conversation, Denial, Role, Version, actor::Access, conversation, firm, token::TokenHash};
use engage_journal::{Call, Intent, Turn};

use crate::desk::{Desk, attorney, by, conversation as key, message, named, sees, start};

fn carried<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

#[test]
fn a_call_arrives_as_it_was_sent_with_the_visitors_key_that_no_entry_stores() {
    let visitor = Actor::visitor(TokenHash::of("token"));
    let call = named("key", 7, by(visitor.clone(), message("hello")));
    let arrived = carried(&call);
    assert_eq!(arrived.actor, visitor);
    assert_eq!((&arrived.command_id, arrived.expected), (&call.command_id, call.expected));
    assert_eq!(format!("{:?}", arrived.intent), format!("{:?}", call.intent));
    let refused: Call<firm::Command> = Call::new(
        Actor::SYSTEM,
        Intent::Refused { resource_type: "conversation", resource_id: Some("x".into()), denial: "not_own" },
    );
    assert_eq!(format!("{:?}", carried(&refused)), format!("{refused:?}"));
}

#[test]
fn every_end_of_a_turn_arrives_as_it_was() {
    let mut desk = Desk::new();
    let started = desk.call::<Conversation>(&key(1), &by(Actor::SYSTEM, start()));
    let stale = Call { expected: Some(Version(9)), ..by(Actor::SYSTEM, message("hello")) };
    let ends = [
        started,
        desk.call::<Conversation>(&key(1), &by(Actor::SYSTEM, message(" "))),
        desk.call::<Conversation>(&key(1), &by(Actor::user(crate::desk::user_id(1), Role::Client), message("hello"))),
        desk.call::<Conversation>(&key(1), &stale),
        desk.call::<Conversation>(&key(2), &sees(attorney(), Access::Detail)),
    ];
    for end in &ends {
        assert_eq!(format!("{:?}", carried(end)), format!("{end:?}"));
    }
    let invalid: Turn<Conversation> = carried(&ends[1]);
    let Turn::Rejected(conversation::Rejection::Invalid { field, .. }) = invalid else { panic!("{invalid:?}") };
    assert_eq!(field, "content");
    assert!(matches!(carried(&ends[2]), Turn::Denied::<Conversation> { denial: Denial::NotOwn, recorded: true }));
    assert!(matches!(carried(&ends[3]), Turn::Stale::<Conversation> { current: Version(1) }));
    assert!(matches!(carried(&ends[4]), Turn::NotFound::<Conversation>));
}
