//! Given a conversation, when a command, then events or a rejection.

use super::*;
use crate::{
    actor::{Access, Actor, Denial, Intent, Permission, Role},
    aggregate::{Aggregate, Context},
    token::TokenHash,
};

fn user(n: u128) -> UserId {
    UserId::from_ulid(ulid::Ulid(n))
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn run(state: &mut Conversation, command: Command, now: i64) -> Result<Vec<&'static str>, Rejection> {
    let events = state.decide(&command, &Context::new(&Actor::SYSTEM, at(now)))?;
    for event in &events {
        state.apply(event, state.version.next());
    }
    Ok(events.iter().map(Conversation::action).collect())
}

fn given(commands: impl IntoIterator<Item = Command>) -> Conversation {
    let mut state = Conversation::default();
    run(&mut state, Command::Start(Box::default()), 0).unwrap();
    for (step, command) in commands.into_iter().enumerate() {
        run(&mut state, command, step as i64 + 1).unwrap();
    }
    state
}

#[track_caller]
fn check(mut state: Conversation, command: Command, expected: Result<&[&str], Rejection>) -> Conversation {
    let got = run(&mut state, command, 1000);
    assert_eq!(got.as_deref(), expected.as_deref());
    state
}

fn message(text: &str) -> Command {
    Command::AddMessage { author: Author::User, content: text.into() }
}

fn assign(n: u128) -> Command {
    Command::Assign { assignee: user(n), terms: Box::default(), pending: false }
}

#[test]
fn a_conversation_starts_once_with_the_base_goals() {
    let state = check(Conversation::default(), Command::Start(Box::default()), Ok(&["conversation_created"]));
    let goals: Vec<_> = state.goals.iter().map(|goal| goal.template.id.as_str()).collect();
    assert_eq!(goals, ["user_identification", "legal_needs_assessment", "conflict_check_readiness"]);
    check(state, Command::Start(Box::default()), Err(Rejection::AlreadyStarted));
}

#[test]
fn correction_10_state_does_not_grow_with_messages() {
    let size = |n| serde_json::to_string(&given((0..n).map(|_| message(&"x".repeat(1000))))).unwrap().len();
    assert!(size(1000) - size(100) < 10);
}

#[test]
fn messages_are_bounded_and_not_blank() {
    let refused = |text: &str| {
        let rejection = run(&mut given([]), message(text), 1).unwrap_err();
        assert!(matches!(rejection, Rejection::Invalid { field: "content", .. }), "{rejection:?}");
    };
    refused("");
    refused(" \n ");
    refused("a\0b");
    refused(&"x".repeat(MESSAGE_MAX + 1));
    check(given([]), message(&"x".repeat(MESSAGE_MAX)), Ok(&["message_added"]));
}

#[test]
fn closed_conversation_refuses_new_messages() {
    check(given([Command::Close(Close::Completed)]), message("hello"), Err(Rejection::Closed));
    check(given([Command::Close(Close::Terminated)]), message("hello"), Err(Rejection::Closed));
}

#[test]
fn deleted_conversation_refuses_everything_but_restoration() {
    let deleted = given([Command::Delete]);
    check(deleted.clone(), message("hello"), Err(Rejection::Deleted));
    check(deleted.clone(), Command::Reopen, Err(Rejection::Deleted));
    let restored = check(deleted, Command::Restore, Ok(&["conversation_restored"]));
    check(restored, message("hello"), Ok(&["message_added"]));
}

#[test]
fn phases_move_along_the_machine_and_illegal_moves_are_rejected() {
    let from = Phase::PreLogin;
    check(
        given([]),
        Command::MovePhase(Phase::DataGathering),
        Err(Rejection::IllegalPhase { from, to: Phase::DataGathering }),
    );
    let line = [Phase::LoginSuggested, Phase::Secured, Phase::ConflictCheckComplete, Phase::DataGathering];
    let gathering = given(line.map(Command::MovePhase));
    let done = check(gathering, Command::MovePhase(Phase::Completed), Ok(&["phase_changed"]));
    assert_eq!(done.status, Status::Completed);
    let to = Phase::Terminated;
    check(done.clone(), Command::MovePhase(to), Err(Rejection::IllegalPhase { from: Phase::Completed, to }));
    let reopened = check(done, Command::Reopen, Ok(&["conversation_reopened"]));
    assert_eq!((reopened.phase, reopened.status, reopened.closed_at), (Phase::DataGathering, Status::Active, None));
}

#[test]
fn closing_as_completed_keeps_the_phase_and_terminating_ends_it() {
    let completed = check(given([]), Command::Close(Close::Completed), Ok(&["conversation_closed"]));
    assert_eq!((completed.phase, completed.status), (Phase::PreLogin, Status::Completed));
    let terminated = check(given([]), Command::Close(Close::Terminated), Ok(&["phase_changed"]));
    assert_eq!((terminated.phase, terminated.status), (Phase::Terminated, Status::Terminated));
}

#[test]
fn securing_passes_through_the_phases_before() {
    let secured = check(
        given([]),
        Command::Secure { user: user(7) },
        Ok(&["conversation_secured", "phase_changed", "phase_changed"]),
    );
    assert_eq!((secured.phase, secured.user_id), (Phase::Secured, Some(user(7))));
    check(secured.clone(), Command::Secure { user: user(7) }, Ok(&[]));
    check(secured, Command::Secure { user: user(8) }, Err(Rejection::SecuredToAnother));
}

#[test]
fn a_reassignment_keeps_the_history() {
    let state = check(given([assign(1)]), assign(2), Ok(&["attorney_reassigned", "attorney_assigned"]));
    let history: Vec<_> = state.assignments.iter().map(|a| (a.assigned_to, a.status)).collect();
    assert_eq!(history, [(user(1), AssignmentStatus::Reassigned), (user(2), AssignmentStatus::Active)]);
    let done = check(state, Command::CompleteAssignment { actual_hours: Some(2.5) }, Ok(&["assignment_completed"]));
    assert_eq!(done.current_assignment().unwrap().actual_hours, Some(2.5));
    check(given([]), Command::CompleteAssignment { actual_hours: None }, Err(Rejection::NotAssigned));
}

#[test]
fn repeated_commands_change_nothing() {
    check(given([assign(1)]), assign(1), Ok(&[]));
    check(given([]), Command::MovePhase(Phase::PreLogin), Ok(&[]));
    check(given([]), Command::Reopen, Ok(&[]));
    check(given([]), Command::Restore, Ok(&[]));
    let id = "user_identification".to_owned();
    check(given([Command::CompleteGoal { id: id.clone() }]), Command::CompleteGoal { id }, Ok(&[]));
}

#[test]
fn goals_are_named_once_and_known() {
    let goal = |id: &str| GoalTemplate { id: id.into(), title: "T".into(), priority: GoalPriority::Optional };
    check(given([]), Command::AddGoal(goal("visa")), Ok(&["goal_added"]));
    let id = "user_identification".to_owned();
    check(given([]), Command::AddGoal(goal(&id)), Err(Rejection::DuplicateGoal { id }));
    let id = "nope".to_owned();
    check(given([]), Command::CompleteGoal { id: id.clone() }, Err(Rejection::UnknownGoal { id }));
    let full = given((0..GOALS_MAX - 3).map(|n| Command::AddGoal(goal(&format!("g{n}")))));
    check(full, Command::AddGoal(goal("more")), Err(Rejection::Full { what: "goals", max: GOALS_MAX }));
}

#[test]
fn quality_is_100_when_complete_and_40_when_half() {
    let identity = |full: bool| Identity {
        name: Some("Jane".into()),
        email: Some("j@x.org".into()),
        phone: full.then(|| "1".into()),
        legal_area: full.then(|| "tax".into()),
        ..Identity::default()
    };
    let done = |id: &str| Command::CompleteGoal { id: id.into() };
    let base = ["user_identification", "legal_needs_assessment", "conflict_check_readiness"];
    let complete = base
        .map(done)
        .into_iter()
        .chain([Command::UpdateIdentity(Box::new(identity(true))), Command::DecideConflict(ConflictStatus::Clear)]);
    assert_eq!(given(complete).quality_score(), 100);
    let fourth = GoalTemplate { id: "x".into(), title: "x".into(), priority: GoalPriority::Optional };
    let half =
        [Command::AddGoal(fourth), done(base[0]), done(base[1]), Command::UpdateIdentity(Box::new(identity(false)))];
    assert_eq!(given(half).quality_score(), 40);
    assert_eq!(Conversation::default().quality_score(), 0);
}

#[test]
fn an_identity_change_keeps_what_it_does_not_name_and_checks_what_it_does() {
    let change = |name: Option<&str>, email: Option<&str>| {
        Command::UpdateIdentity(Box::new(Identity {
            name: name.map(Private::from),
            email: email.map(Private::from),
            ..Identity::default()
        }))
    };
    let state = given([change(Some("Jane"), None), change(None, Some("J@X.org"))]);
    assert_eq!(state.identity.name.unwrap().as_str(), "Jane");
    assert_eq!(state.identity.email.unwrap().as_str(), "j@x.org");
    let rejection = run(&mut given([]), change(None, Some("nonsense")), 1).unwrap_err();
    assert_eq!(rejection.to_string(), "clientEmail must be an e-mail address");
}

#[test]
fn a_history_happens_at_its_own_times_and_whole_or_not_at_all() {
    let dated = |ms, command| Dated { at: at(ms), command };
    let mut state = Conversation::default();
    let steps = vec![
        dated(10, Command::Start(Box::default())),
        dated(20, message("hello")),
        dated(30, Command::Close(Close::Completed)),
    ];
    run(&mut state, Command::History(steps), 1_000_000).unwrap();
    assert_eq!((state.created_at, state.last_activity, state.closed_at), (at(10), at(30), Some(at(30))));
    assert_eq!(state.version.0, 3);

    let broken = vec![dated(10, Command::Start(Box::default())), dated(20, message(""))];
    assert!(run(&mut Conversation::default(), Command::History(broken), 0).is_err());
    let nested = vec![dated(10, Command::History(vec![]))];
    assert!(run(&mut Conversation::default(), Command::History(nested), 0).is_err());
}

#[test]
fn a_resume_token_expires_when_its_time_has_come() {
    let rotate = Command::RotateResumeToken { hash: TokenHash::of("t"), ttl_ms: 500 };
    let state = given([rotate]);
    assert_eq!(state.alarm(), Some(at(501)));
    check(state.clone(), Command::ExpireResumeToken, Ok(&["resume_token_expired"]));
    assert_eq!(run(&mut state.clone(), Command::ExpireResumeToken, 500).unwrap(), [""; 0]);
}

#[test]
fn clients_and_visitors_touch_only_their_own() {
    let key = TokenHash::of("t");
    let state = given([Command::RotateResumeToken { hash: key, ttl_ms: 500 }, Command::Secure { user: user(1) }]);
    let see = |actor: &Actor| state.permit(actor, Intent::Access(Access::Detail));
    assert_eq!(see(&Actor::user(user(1), Role::Client)), Ok(()));
    assert_eq!(see(&Actor::user(user(2), Role::Client)), Err(Denial::NotOwn));
    assert_eq!(see(&Actor::visitor(key)), Ok(()));
    assert_eq!(see(&Actor::visitor(TokenHash::of("other"))), Err(Denial::NotOwn));
    let agent = Command::AddMessage { author: Author::Agent, content: "x".into() };
    let denied = state.permit(&Actor::visitor(key), Intent::Command(&agent));
    assert_eq!(denied, Err(Denial::Role(Permission::WriteConversations)));
}

#[test]
fn deleted_conversations_are_seen_by_those_who_may_restore_or_audit() {
    let state = given([Command::Delete]);
    let see = |role| state.permit(&Actor::user(user(1), role), Intent::Access(Access::Detail));
    assert_eq!(see(Role::ManagingPartner), Ok(()));
    assert_eq!(see(Role::ComplianceOfficer), Ok(()));
    assert_eq!(see(Role::Attorney), Err(Denial::Deleted));
}

fn screened(status: ConflictStatus, registry: u64, freezes: bool) -> Command {
    Command::RecordScreening { status, registry: Version(registry), freezes }
}

#[test]
fn what_the_registry_says_counts_until_it_says_something_later() {
    let clear = given([screened(ConflictStatus::Clear, 5, false)]);
    assert_eq!((clear.conflict_status, clear.screened), (ConflictStatus::Clear, Some(Version(5))));
    check(clear.clone(), screened(ConflictStatus::ConflictDetected, 5, true), Ok(&[]));
    check(clear.clone(), screened(ConflictStatus::ConflictDetected, 4, true), Ok(&[]));
    let late = check(clear, screened(ConflictStatus::ConflictDetected, 6, true), Ok(&["conflicts_screened"]));
    assert_eq!((late.conflict_status, late.frozen_since), (ConflictStatus::ConflictDetected, Some(at(1000))));
    // The platform's word is no activity of anybody's.
    assert_eq!(late.last_activity, at(0));
}

#[test]
fn a_frozen_intake_takes_no_facts_and_goes_on_otherwise() {
    let frozen = given([screened(ConflictStatus::ConflictDetected, 1, true)]);
    check(frozen.clone(), message("more"), Err(Rejection::Frozen));
    check(frozen.clone(), Command::CompleteGoal { id: "user_identification".into() }, Err(Rejection::Frozen));
    check(frozen.clone(), Command::MovePhase(Phase::LoginSuggested), Err(Rejection::Frozen));
    check(frozen.clone(), Command::Close(Close::Completed), Err(Rejection::Frozen));
    let said = Command::AddMessage { author: Author::Agent, content: "Please wait.".into() };
    check(frozen.clone(), said, Ok(&["message_added"]));
    check(frozen.clone(), assign(1), Ok(&["attorney_assigned"]));
    check(frozen.clone(), Command::Close(Close::Terminated), Ok(&["phase_changed"]));
    let free = check(frozen, screened(ConflictStatus::Clear, 2, false), Ok(&["conflicts_screened"]));
    check(free, message("more"), Ok(&["message_added"]));
    // A firm that does not freeze is told and goes on.
    check(given([screened(ConflictStatus::ConflictDetected, 1, false)]), message("more"), Ok(&["message_added"]));
}

#[test]
fn an_intake_that_waits_for_the_check_moves_on_with_it_whichever_comes_first() {
    let secured = given([Phase::LoginSuggested, Phase::Secured].map(Command::MovePhase));
    let steps = Ok(&["conflicts_screened", "phase_changed"][..]);
    let checked = check(secured, screened(ConflictStatus::Clear, 1, false), steps);
    assert_eq!(checked.phase, Phase::ConflictCheckComplete);
    let before = given([screened(ConflictStatus::Clear, 1, false)]);
    let steps = ["conversation_secured", "phase_changed", "phase_changed", "phase_changed"];
    let checked = check(before, Command::Secure { user: user(1) }, Ok(&steps));
    assert_eq!(checked.phase, Phase::ConflictCheckComplete);
    check(checked, Command::DecideConflict(ConflictStatus::ConflictDetected), Err(Rejection::Screened));
}

#[test]
fn the_outcome_reaches_a_closed_and_a_deleted_conversation_too() {
    let word = || screened(ConflictStatus::ConflictDetected, 1, true);
    check(given([Command::Close(Close::Completed)]), word(), Ok(&["conflicts_screened"]));
    check(given([Command::Delete]), word(), Ok(&["conflicts_screened"]));
}
