//! A turn: what each kind of call comes to and what it leaves.

use engage_domain::{
    Actor, Conversation, Denial, Firm, Role, Timestamp, User, Version,
    actor::{Access, Permission},
    conversation::{Command, Phase, Rejection, Start},
    token::TokenHash,
    user,
};
use engage_journal::{
    Activation, Call, Intent, Sql, Turn, read,
    store::{COMMAND_TTL_MS, prune_commands},
};

use crate::desk::{self, Desk, START_MS, attorney, by, conversation, done, key, message, named, sees, start, user_id};

/// Asserts that `call` leaves nothing behind, and gives what it came to.
#[track_caller]
fn leaves_nothing(desk: &mut Desk, n: u128, call: &Call<Command>) -> Turn<Conversation> {
    let before = desk.sql.dump();
    let turn = desk.call(&conversation(n), call);
    assert_eq!(desk.sql.dump(), before);
    turn
}

#[test]
fn a_turn_answers_with_state_and_entries() {
    let mut desk = Desk::new();
    let started = desk.start(1);
    assert_eq!((started.id, started.replayed, started.state.version), (desk::conversation_id(1), false, Version(1)));
    desk.now += 5;
    let answer = desk.tell(1, Command::Secure { user: user_id(7) });
    let versions: Vec<_> = answer.recorded.iter().map(|entry| entry.version.0).collect();
    assert_eq!((versions, answer.state.phase), (vec![2, 3, 4], Phase::Secured));
    assert!(answer.recorded.iter().all(|entry| entry.at == Timestamp::from_millis(START_MS + 5)));
    assert!(answer.recorded.is_sorted_by(|a, b| a.id < b.id));
    desk.verified();
}

#[test]
fn a_repeated_command_gives_the_first_answer_and_writes_nothing() {
    let mut desk = Desk::new();
    desk.start(1);
    let call = named("key", 1, by(Actor::SYSTEM, message("hello")));
    let first = done(desk.call::<Conversation>(&conversation(1), &call));
    desk.now += 1000;
    desk.tell(1, message("another"));
    let again = done(leaves_nothing(&mut desk, 1, &call));
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!((again.id, &again.state, &again.recorded), (first.id, &first.state, &first.recorded));
    assert_eq!(again.state.message_count, 1);
    assert_eq!(desk.actions(), ["conversation_created", "message_added", "message_added"]);
}

#[test]
fn a_repeated_start_under_a_fresh_id_gives_the_conversation_that_began_first() {
    let mut desk = Desk::new();
    let call = named("key", 1, by(Actor::SYSTEM, start()));
    let first = done(desk.call::<Conversation>(&conversation(1), &call));
    let again = done(leaves_nothing(&mut desk, 2, &call));
    assert_eq!((again.id, again.replayed, &again.state), (first.id, true, &first.state));
    assert!(!desk.load::<Conversation>(&conversation(2)).unwrap().exists());
}

#[test]
fn a_command_that_changed_nothing_is_remembered_too() {
    let mut desk = Desk::new();
    desk.start(1);
    let call = named("key", 1, by(Actor::SYSTEM, Command::Reopen));
    let first = done(desk.call::<Conversation>(&conversation(1), &call));
    assert_eq!((first.recorded.len(), first.state.version), (0, Version(1)));
    desk.tell(1, message("hello"));
    let again = done(leaves_nothing(&mut desk, 1, &call));
    assert!(again.replayed);
    assert_eq!(again.state.version, Version(1));
}

#[test]
fn a_command_id_used_for_something_else_is_told_apart() {
    let mut desk = Desk::new();
    desk.start(1);
    desk.call::<Conversation>(&conversation(1), &named("key", 1, by(Actor::SYSTEM, message("hello"))));
    let other = named("key", 2, by(Actor::SYSTEM, message("bye")));
    assert!(matches!(leaves_nothing(&mut desk, 1, &other), Turn::CommandIdReused));
}

#[test]
fn a_repeat_is_answered_before_the_version_is_compared() {
    let mut desk = Desk::new();
    desk.start(1);
    let call = Call { expected: Some(Version(1)), ..named("key", 1, by(Actor::SYSTEM, message("hello"))) };
    assert_eq!(done(desk.call::<Conversation>(&conversation(1), &call)).state.version, Version(2));
    assert!(done(leaves_nothing(&mut desk, 1, &call)).replayed);
}

#[test]
fn an_answer_kept_before_an_upgrade_is_given_with_the_state_of_today() {
    let mut desk = Desk::new();
    let begin = named("a", 1, by(Actor::SYSTEM, start()));
    let first = done(desk.call::<Conversation>(&conversation(1), &begin));
    let now = desk.tell(1, message("hello"));
    desk.sql.tamper("UPDATE command SET reply = json_set(reply, '$.schema', 0, '$.state', json('{\"old\":1}'))");
    for n in [1, 2] {
        let again = done(leaves_nothing(&mut desk, n, &begin));
        assert_eq!((again.id, again.replayed, &again.recorded), (first.id, true, &first.recorded));
        assert_eq!(again.state, now.state);
    }
}

#[test]
fn a_rejected_command_is_not_remembered() {
    let mut desk = Desk::new();
    desk.start(1);
    desk.tell(1, Command::Close(engage_domain::conversation::Close::Completed));
    let call = named("key", 1, by(Actor::SYSTEM, message("hello")));
    assert!(matches!(leaves_nothing(&mut desk, 1, &call), Turn::Rejected(Rejection::Closed)));
    desk.tell(1, Command::Reopen);
    assert!(!done(desk.call::<Conversation>(&conversation(1), &call)).replayed);
}

#[test]
fn a_call_on_an_older_version_is_stale() {
    let mut desk = Desk::new();
    desk.start(1);
    desk.tell(1, message("hello"));
    for seen in [0, 1, 3] {
        let call = Call { expected: Some(Version(seen)), ..by(Actor::SYSTEM, message("x")) };
        let turn = leaves_nothing(&mut desk, 1, &call);
        assert!(matches!(turn, Turn::Stale { current: Version(2) }), "{turn:?}");
    }
    let call = Call { expected: Some(Version(2)), ..by(Actor::SYSTEM, message("x")) };
    assert_eq!(done(desk.call::<Conversation>(&conversation(1), &call)).state.version, Version(3));
}

#[test]
fn what_was_never_begun_is_not_found() {
    let mut desk = Desk::new();
    let refused = Intent::Refused { resource_type: "conversation", resource_id: None, denial: "not_own" };
    for call in [
        by(Actor::SYSTEM, message("hello")),
        by(Actor::SYSTEM, Command::Restore),
        by(Actor::SYSTEM, Command::History(vec![])),
        sees(attorney(), Access::Detail),
        Call::new(Actor::SYSTEM, Intent::Peek),
        Call::new(Actor::SYSTEM, refused),
    ] {
        let turn = leaves_nothing(&mut desk, 1, &call);
        assert!(matches!(turn, Turn::NotFound), "{call:?}: {turn:?}");
    }
}

#[test]
fn seeing_an_object_leaves_an_entry_and_no_version() {
    let mut desk = Desk::new();
    desk.start(1);
    for (access, action) in [
        (Access::Detail, "access_conversation"),
        (Access::Messages, "access_messages"),
        (Access::Stream, "access_stream"),
        (Access::Resume, "access_resume"),
    ] {
        let answer = done(desk.call::<Conversation>(&conversation(1), &sees(attorney(), access)));
        assert_eq!((answer.state.version, answer.recorded[0].version), (Version(1), Version(1)));
        assert_eq!(desk.actions().last().unwrap(), action);
    }
    assert_eq!(desk.load::<Conversation>(&conversation(1)).unwrap().version, Version(1));
    desk.tell(1, message("hello"));
    desk.verified();
}

#[test]
fn a_refusal_leaves_an_entry_with_its_reason() {
    let mut desk = Desk::new();
    desk.start(1);
    let stranger = Actor::user(user_id(9), Role::Client);
    let turn = desk.call::<Conversation>(&conversation(1), &sees(stranger.clone(), Access::Messages));
    assert!(matches!(turn, Turn::Denied { denial: Denial::NotOwn, recorded: true }), "{turn:?}");
    let officer = Actor::user(user_id(8), Role::ComplianceOfficer);
    let turn = desk.call::<Conversation>(&conversation(1), &by(officer.clone(), message("hello")));
    let denial = Denial::Role(Permission::WriteConversations);
    assert!(matches!(turn, Turn::Denied { denial: found, recorded: true } if found == denial), "{turn:?}");

    let mut entries = vec![];
    read::entries_after(&mut desk.sql, 1, 10, &mut |entry| {
        entries.push((entry.actor()?, entry.action, entry.outcome.as_str(), entry.details, entry.version));
        Ok(std::ops::ControlFlow::Continue(()))
    })
    .unwrap();
    let denied = |actor, reason: &str| {
        (actor, "access_denied".into(), "blocked", format!(r#"{{"denial":"{reason}"}}"#).into(), Version(1))
    };
    assert_eq!(entries, [denied(stranger, "not_own"), denied(officer, "write_conversations")]);
    desk.verified();
}

#[test]
fn a_refused_start_leaves_nothing_where_nothing_was() {
    let mut desk = Desk::new();
    let officer = Actor::user(user_id(8), Role::ComplianceOfficer);
    let turn = leaves_nothing(&mut desk, 1, &by(officer, start()));
    assert!(matches!(turn, Turn::Denied { recorded: false, .. }), "{turn:?}");
}

#[test]
fn a_note_is_an_entry_and_no_new_version() {
    let mut desk = Desk::new();
    let note = Intent::Note { action: "index_reconciled", details: r#"{"missing":0}"#.into() };
    let key = desk.firm_key();
    assert!(matches!(desk.call::<Firm>(&key, &Call::new(attorney(), note.clone())), Turn::NotFound));
    desk.create_firm();
    let answer = done(desk.call::<Firm>(&key, &Call::new(attorney(), note)));
    assert_eq!((answer.recorded.len(), answer.state.version), (1, Version(1)));
    assert_eq!(desk.actions(), ["firm_created", "index_reconciled"]);
    desk.verified();
}

#[test]
fn a_refusal_elsewhere_is_noted_on_the_firm() {
    let mut desk = Desk::new();
    desk.create_firm();
    let refused = Intent::Refused {
        resource_type: "conversation",
        resource_id: Some("01H".into()),
        denial: "list_conversations",
    };
    let key = desk.firm_key();
    let answer = done(desk.call::<Firm>(&key, &Call::new(attorney(), refused)));
    assert_eq!((answer.recorded.len(), answer.state.version), (1, Version(1)));
    assert_eq!(desk.actions(), ["firm_created", "access_denied"]);
    let details: serde_json::Value =
        serde_json::from_str(&desk.sql.scalar("SELECT details FROM entry WHERE seq = 2")).unwrap();
    let expected = serde_json::json!({
        "denial": "list_conversations", "resourceType": "conversation", "resourceId": "01H",
    });
    assert_eq!(details, expected);
    desk.verified();
}

#[test]
fn a_rejected_command_leaves_nothing() {
    let mut desk = Desk::new();
    desk.start(1);
    let turn = leaves_nothing(&mut desk, 1, &by(attorney(), message(" ")));
    assert!(matches!(turn, Turn::Rejected(Rejection::Invalid { field: "content", .. })), "{turn:?}");
    let turn = leaves_nothing(&mut desk, 1, &by(attorney(), start()));
    assert!(matches!(turn, Turn::Rejected(Rejection::AlreadyStarted)), "{turn:?}");
}

#[test]
fn a_peek_leaves_nothing() {
    let mut desk = Desk::new();
    desk.start(1);
    let peek = done(leaves_nothing(&mut desk, 1, &Call::new(Actor::SYSTEM, Intent::Peek)));
    assert_eq!((peek.state.version, peek.recorded.len()), (Version(1), 0));
}

#[test]
fn a_clock_that_goes_back_does_not_take_the_journal_with_it() {
    let mut desk = Desk::new();
    desk.start(1);
    desk.now -= 3_600_000;
    let answer = desk.tell(1, message("hello"));
    let start = Timestamp::from_millis(START_MS);
    assert_eq!((answer.recorded[0].at, answer.state.last_activity), (start, start));
    // Nor when the process starts anew.
    desk.reopen();
    assert_eq!(desk.tell(1, message("hello")).recorded[0].at, start);
    desk.now = START_MS + 1;
    assert_eq!(desk.tell(1, message("hello")).recorded[0].at, start.plus_millis(1));
    desk.verified();
}

#[test]
fn ids_ascend_whatever_clock_and_randomness_do() {
    let mut desk = Desk::new();
    desk.start(1);
    for (moves, random) in [(0, 0), (1, u128::MAX), (0, 5), (0, 5), (-1000, 0), (1001, 0), (0, u128::MAX), (1, 0)] {
        desk.now += moves;
        desk.random = random;
        let left = (desk.journal.last_seq(), desk.journal.last_at());
        desk.reopen();
        assert_eq!((desk.journal.last_seq(), desk.journal.last_at()), left);
        desk.tell(1, Command::Secure { user: user_id(7) });
        desk.tell(1, message("hello"));
    }
    let ids = desk.sql.scalar("SELECT group_concat(id ORDER BY seq) FROM entry");
    let ids: Vec<_> = ids.split(',').collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:#?}");
    desk.verified();
}

#[test]
fn what_a_failed_commit_would_have_held_is_gone_when_all_is_taken_up_anew() {
    let mut desk = Desk::new();
    desk.start(1);
    let before = desk.sql.dump();
    desk.sql.script("BEGIN").unwrap();
    let mut activation: Activation<Conversation> = desk.load(&conversation(1)).unwrap();
    done(desk.hot(&mut activation, &named("key", 1, by(Actor::SYSTEM, message("lost")))).unwrap());
    activation.flush(&mut desk.sql).unwrap();
    desk.sql.script("ROLLBACK").unwrap();
    assert_eq!(desk.sql.dump(), before);
    desk.reopen();
    let answer =
        done(desk.call::<Conversation>(&conversation(1), &named("key", 1, by(Actor::SYSTEM, message("kept")))));
    assert!(!answer.replayed);
    desk.verified();
}

#[test]
fn the_resume_token_of_a_visitor_opens_their_conversation_and_is_not_stored() {
    let mut desk = Desk::new();
    let token = TokenHash::of("secret");
    let visitor = Actor::visitor(token);
    let begin = Command::Start(Box::new(Start { resume: Some((token, 1000)), ..Start::default() }));
    done(desk.call::<Conversation>(&conversation(1), &by(visitor.clone(), begin)));
    done(desk.call::<Conversation>(&conversation(1), &by(visitor, message("hello"))));
    let other = Actor::visitor(TokenHash::of("guess"));
    assert!(matches!(desk.call::<Conversation>(&conversation(1), &by(other, message("hi"))), Turn::Denied { .. }));
    assert_eq!(desk.sql.scalar("SELECT count(*) FROM entry WHERE actor <> '{\"role\":\"visitor\"}'"), "0");
}

#[test]
fn answers_are_forgotten_after_two_days_and_not_before() {
    let mut desk = Desk::new();
    desk.start(1);
    for (n, name) in ["a", "b", "c"].into_iter().enumerate() {
        desk.now = START_MS + n as i64;
        desk.call::<Conversation>(&conversation(1), &named(name, 1, by(Actor::SYSTEM, message("x"))));
    }
    let at = |ms| Timestamp::from_millis(START_MS + COMMAND_TTL_MS + ms);
    let mut prune = |ms, limit| {
        let gone = prune_commands(&mut desk.sql, at(ms), limit).unwrap();
        (gone, desk.sql.scalar("SELECT coalesce(group_concat(id ORDER BY id), '') FROM command"))
    };
    assert_eq!(prune(0, 10), (0, "a,b,c".into()));
    assert_eq!(prune(3, 1), (1, "b,c".into()));
    assert_eq!(prune(2, 10), (1, "c".into()));
    assert_eq!(prune(3, 10), (1, String::new()));
}

#[test]
fn objects_of_every_kind_share_one_journal() {
    let mut desk = Desk::new();
    desk.create_firm();
    desk.start(1);
    let register = user::Command::Register { subject: None, email: None, name: None, role: Role::Attorney };
    // A user and a conversation of one id are two objects.
    done(desk.call::<User>(&key::<User>(&user_id(1)), &by(Actor::SYSTEM, register)));
    assert_eq!(desk.journal.last_seq(), 3);
    assert_eq!(desk.sql.scalar("SELECT group_concat(kind ORDER BY seq) FROM object"), "firm,conversation,user");
    desk.verified();
}
