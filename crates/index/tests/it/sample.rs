//! Rows and states to test with: fixed ones, and strategies that draw odd ones.

use engage_domain::{
    Conversation, ConversationId, FirmId, PracticeArea, Role, Timestamp, User, UserId, Version,
    conversation::{
        Assignment, AssignmentStatus, ConflictStatus, Goal, GoalTemplate, Identity, Phase, Priority, Status, Terms,
    },
    text::Private,
    user::UserStatus,
};
use engage_index::{ConversationRow, projection};
use proptest::{option, prelude::*, sample::select};
use ulid::Ulid;

pub(crate) fn firm() -> FirmId {
    "acme".parse().unwrap()
}

pub(crate) fn session(n: u64) -> ConversationId {
    ConversationId::from_ulid(Ulid::from_parts(1_700_000_000_000 + n, 7))
}

pub(crate) fn user(n: u64) -> UserId {
    UserId::from_ulid(Ulid::from_parts(1_600_000_000_000 + n, 7))
}

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + ms)
}

/// An active conversation, nobody's, begun at `at(n)`.
pub(crate) fn conversation(n: u64) -> ConversationRow {
    let state = Conversation {
        version: Version(1),
        created_at: at(n as i64),
        last_activity: at(n as i64),
        ..Conversation::default()
    };
    projection::conversation_row(&firm(), session(n), &state)
}

fn private() -> impl Strategy<Value = Private> {
    // Quotes, NUL, letters that grow in lower case, and what no field accepts from outside.
    prop_oneof![Just("".to_owned()), "[aAİßΣ'\"\u{0} é]{1,12}", any::<String>()].prop_map(Private::new)
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![(-5i64..5).prop_map(at), any::<i64>().prop_map(Timestamp::from_millis)]
}

fn hours() -> impl Strategy<Value = f64> {
    prop_oneof![Just(-0.0), Just(3.0), Just(f64::NAN), any::<f64>()]
}

prop_compose! {
    fn identity()(name in option::of(private()), email in option::of(private()), phone in option::of(private())) -> Identity {
        Identity { name, email, phone, ..Identity::default() }
    }
}

prop_compose! {
    fn assignment()(
        assigned_to in 0u64..9,
        assigned_by in option::of(0u64..9),
        (assigned_at, due_date) in (time(), option::of(time())),
        (status, priority) in (select(&AssignmentStatus::ALL[..]), select(&Priority::ALL[..])),
        (estimated_hours, actual_hours) in (option::of(hours()), option::of(hours())),
        notes in option::of(private()),
        version in 1u64..99,
    ) -> Assignment {
        Assignment {
            assigned_to: user(assigned_to),
            assigned_by: assigned_by.map(user),
            assigned_at,
            status,
            terms: Terms { priority, due_date, estimated_hours, notes },
            actual_hours,
            version: Version(version),
        }
    }
}

prop_compose! {
    fn goal()(completed_at in option::of(time())) -> Goal {
        let [template, ..] = GoalTemplate::base();
        Goal { template, completed_at }
    }
}

prop_compose! {
    pub(crate) fn conversation_state()(
        version in 1u64..1_000,
        (user_id, assigned_to) in (option::of(0u64..9), option::of(0u64..9)),
        identity in identity(),
        practice_area in option::of(select(vec!["family_law", "erbrecht_für_ältere"])),
        (status, phase) in (select(&Status::ALL[..]), select(&Phase::ALL[..])),
        conflict_status in select(&ConflictStatus::ALL[..]),
        assignments in proptest::collection::vec(assignment(), 0..4),
        goals in proptest::collection::vec(goal(), 0..5),
        (created_at, last_activity, deleted_at) in (time(), time(), option::of(time())),
    ) -> Conversation {
        Conversation {
            version: Version(version),
            user_id: user_id.map(user),
            identity,
            practice_area: practice_area.map(|area| area.parse::<PracticeArea>().unwrap()),
            status,
            phase,
            conflict_status,
            assigned_to: assigned_to.map(user),
            assignments,
            goals,
            created_at,
            last_activity,
            deleted_at,
            ..Conversation::default()
        }
    }
}

prop_compose! {
    pub(crate) fn user_state()(
        version in 1u64..1_000,
        (subject, email, name) in (option::of(private()), option::of(private()), option::of(private())),
        role in option::of(select(&Role::ASSIGNABLE[..])),
        status in select(&UserStatus::ALL[..]),
        (created_at, last_login) in (time(), option::of(time())),
    ) -> User {
        User { version: Version(version), subject, email, name, role, status, created_at, last_login, ..User::default() }
    }
}
