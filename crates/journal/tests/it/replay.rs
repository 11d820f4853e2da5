//! The replay law: an object in memory, the same object loaded, and its events replayed from the first are one and the same,
//! whatever was asked of it, and the chain is whole.

use std::ops::ControlFlow;

use engage_domain::{
    Actor, Aggregate, Conversation, Firm, Role, User, UserId, Version,
    actor::Access,
    conversation::{
        Author, Close, Command, ConflictStatus, GoalPriority, GoalTemplate, Identity, Phase, Priority, Start, Terms,
    },
    firm::{self, PracticeAreaSettings, SavedView, SettingsChange},
    text::Private,
    token::TokenHash,
    user,
};
use engage_journal::{Activation, Call, ObjectKey, Turn, activation::decode_event, read};
use proptest::{prelude::*, sample::select};

use crate::desk::{self, Desk, by, named, sees, user_id};

/// What is done to an object, one after the other.
#[derive(Clone, Debug)]
enum Step<C> {
    Call(Box<Call<C>>),
    /// The clock moves, now and then backwards.
    Clock(i64),
    /// The batch ends.
    Commit,
    /// The object hibernates and is loaded again.
    Hibernate,
}

fn actor() -> impl Strategy<Value = Actor> {
    prop_oneof![
        6 => Just(Actor::SYSTEM),
        2 => (0u128..4, select(&Role::ASSIGNABLE[..])).prop_map(|(n, role)| Actor::user(user_id(n), role)),
        1 => (0u8..3).prop_map(|n| Actor::visitor(token(n))),
    ]
}

fn steps<C: Clone + std::fmt::Debug + 'static>(
    command: impl Strategy<Value = C> + 'static,
) -> impl Strategy<Value = Vec<Step<C>>> {
    let call = (actor(), command).prop_map(|(actor, command)| by(actor, command));
    let call = (call, prop::option::weighted(0.2, (0u8..8, 0u8..2))).prop_map(|(call, name)| match name {
        Some((id, fingerprint)) => named(&id.to_string(), fingerprint, call),
        None => call,
    });
    let seen = (actor(), select(&[Access::Detail, Access::Messages][..]));
    let step = prop_oneof![
        12 => call.prop_map(|call| Step::Call(Box::new(call))),
        2 => seen.prop_map(|(actor, access)| Step::Call(Box::new(sees(actor, access)))),
        2 => (-5i64..1000).prop_map(Step::Clock),
        3 => Just(Step::Commit),
        1 => Just(Step::Hibernate),
    ];
    prop::collection::vec(step, 0..160)
}

fn text() -> impl Strategy<Value = Private> {
    prop_oneof![3 => "[a-z]{0,8}", 1 => any::<String>()].prop_map(Private::new)
}

fn hours() -> impl Strategy<Value = Option<f64>> {
    prop::option::of(prop_oneof![Just(0.1 + 0.2), 0.0..20_000.0, any::<f64>()])
}

fn token(n: u8) -> TokenHash {
    TokenHash::of(&n.to_string())
}

fn goal() -> impl Strategy<Value = GoalTemplate> {
    (0u8..6, "[ a-z]{1,8}", select(&GoalPriority::ALL[..])).prop_map(|(n, title, priority)| GoalTemplate {
        id: format!("goal_{n}"),
        title,
        priority,
    })
}

fn area() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,3}", "\\PC{1,12}"]
        .prop_filter("an area has a letter", |area| area.parse::<engage_domain::PracticeArea>().is_ok())
}

fn identity() -> impl Strategy<Value = Identity> {
    let email = prop::option::of("[A-Z]{1,3}@[a-z]{1,3}".prop_map(Private::new));
    let field = || prop::option::of(text());
    (field(), email, field(), field(), field(), field()).prop_map(
        |(name, email, phone, legal_area, situation, address)| Identity {
            name,
            email,
            phone,
            legal_area,
            situation,
            address,
        },
    )
}

fn conversation() -> impl Strategy<Value = Command> {
    let start =
        (identity(), prop::option::of(area()), prop::option::of(0u8..3)).prop_map(|(identity, area, resume)| {
            let practice_area = area.map(|area| area.parse().unwrap());
            let resume = resume.map(|n| (token(n), 2000));
            Command::Start(Box::new(Start { identity, practice_area, resume, ..Start::default() }))
        });
    let terms = (select(&Priority::ALL[..]), hours(), prop::option::of(text()))
        .prop_map(|(priority, estimated_hours, notes)| Terms { priority, due_date: None, estimated_hours, notes });
    prop_oneof![
        2 => start,
        6 => (select(&Author::ALL[..]), text()).prop_map(|(author, content)| Command::AddMessage { author, content }),
        2 => identity().prop_map(|identity| Command::UpdateIdentity(Box::new(identity))),
        1 => (area(), prop::collection::vec(goal(), 0..3))
            .prop_map(|(area, goals)| Command::Classify { practice_area: area.parse().unwrap(), goals }),
        1 => goal().prop_map(Command::AddGoal),
        1 => (0u8..6).prop_map(|n| Command::CompleteGoal { id: format!("goal_{n}") }),
        2 => (0u128..4, terms, any::<bool>())
            .prop_map(|(n, terms, pending)| Command::Assign { assignee: user_id(n), terms: Box::new(terms), pending }),
        1 => Just(Command::Unassign),
        1 => hours().prop_map(|actual_hours| Command::CompleteAssignment { actual_hours }),
        2 => select(&Phase::ALL[..]).prop_map(Command::MovePhase),
        1 => select(&ConflictStatus::ALL[..]).prop_map(Command::DecideConflict),
        2 => (select(&ConflictStatus::ALL[..]), 0u64..5, any::<bool>()).prop_map(|(status, registry, freezes)| {
            Command::RecordScreening { status, registry: Version(registry), freezes }
        }),
        1 => (0u128..2).prop_map(|n| Command::Secure { user: user_id(n) }),
        1 => select(&[Close::Completed, Close::Terminated][..]).prop_map(Command::Close),
        2 => Just(Command::Reopen),
        1 => Just(Command::Delete),
        2 => Just(Command::Restore),
        1 => text().prop_map(|reason| Command::Hold { reason }),
        1 => Just(Command::ReleaseHold),
        1 => Just(Command::Erase { deleted_before: engage_domain::Timestamp::from_millis(i64::MAX) }),
        1 => (0u8..3, -10i64..3000).prop_map(|(n, ttl_ms)| Command::RotateResumeToken { hash: token(n), ttl_ms }),
        1 => Just(Command::ExpireResumeToken),
    ]
}

fn user() -> impl Strategy<Value = user::Command> {
    use user::Command as C;
    let role = || select(&Role::ALL[..]);
    let email = prop::option::of("[A-Z]{1,3}@[a-z]{1,3}".prop_map(Private::new));
    prop_oneof![
        2 => (prop::option::of(text()), email, prop::option::of(text()), role())
            .prop_map(|(subject, email, name, role)| C::Register { subject, email, name, role }),
        1 => text().prop_map(C::Rename),
        1 => role().prop_map(C::ChangeRole),
        1 => select(&[C::Suspend, C::Deactivate, C::Reinstate, C::RecordSignIn, C::RevokeSessions][..]),
    ]
}

fn firm() -> impl Strategy<Value = firm::Command> {
    use firm::Command as C;
    let areas = prop::collection::vec((area(), prop::collection::vec(goal(), 0..3)), 0..3).prop_map(|areas| {
        let area = |(name, goals): (String, _)| PracticeAreaSettings { id: name.parse().unwrap(), name, goals };
        areas.into_iter().map(area).collect()
    });
    let zone = select(&["UTC", "America/Chicago", "Mars/Olympus"][..]).prop_map(str::to_owned);
    let option = || prop::option::of("[a-z]{1,3}");
    let change = (option(), prop::option::of(areas), prop::option::of(zone), prop::option::of(0u32..50_000), option())
        .prop_map(|(name, practice_areas, time_zone, retention_days, jurisdiction)| {
            Box::new(SettingsChange {
                name,
                practice_areas,
                time_zone,
                retention_days,
                jurisdiction,
                freeze_on_conflict: None,
            })
        })
        .boxed();
    prop_oneof![
        2 => ("[a-z]{0,3}", change.clone()).prop_map(|(name, settings)| C::Create { name, settings }),
        2 => change.prop_map(C::Change),
        1 => area().prop_map(|name| C::AddPracticeArea { id: name.parse().unwrap(), name }),
        2 => ("[A-Ca-c]@x", 0u128..3)
            .prop_map(|(email, user)| C::ClaimEmail { email: Private::new(email), user: user_id(user) }),
        1 => select(&[C::Suspend, C::Reinstate][..]),
        2 => ("[ab]", "[xy]?", owner()).prop_map(|(name, query, owner)| C::SaveView(SavedView { name, query, owner })),
        1 => ("[ab]", owner()).prop_map(|(name, owner)| C::RemoveView { owner, name }),
    ]
}

/// Whose a view is: the firm's, or of somebody who acts here.
fn owner() -> impl Strategy<Value = Option<UserId>> {
    prop::option::of((0u128..4).prop_map(user_id))
}

/// Takes the steps and compares the three ways to the object's state.
fn law<A>(key: &ObjectKey, steps: Vec<Step<A::Command>>) -> Result<(), TestCaseError>
where
    A: Aggregate + PartialEq,
{
    let mut desk = Desk::new();
    let mut live = Activation::<A>::new(key.clone());
    for step in steps {
        match step {
            Step::Call(call) => {
                let (version, last_seq) = (live.version, desk.journal.last_seq());
                let turn = desk.hot(&mut live, &call).unwrap();
                let left = desk.journal.last_seq() - last_seq;
                match turn {
                    Turn::Done(answer) if answer.replayed => prop_assert_eq!(left, 0),
                    Turn::Done(answer) => {
                        prop_assert_eq!(left, answer.recorded.len() as i64);
                        prop_assert_eq!(&answer.state, &live.state);
                    }
                    Turn::Denied { recorded, .. } => {
                        prop_assert_eq!((left, live.version), (i64::from(recorded), version));
                    }
                    Turn::NotFound | Turn::Rejected(_) | Turn::Stale { .. } | Turn::CommandIdReused => {
                        prop_assert_eq!((left, live.version), (0, version));
                    }
                }
            }
            Step::Clock(ms) => desk.now += ms,
            Step::Commit => live.flush(&mut desk.sql).unwrap(),
            Step::Hibernate => {
                live.flush(&mut desk.sql).unwrap();
                let loaded = desk.load::<A>(key).unwrap();
                prop_assert_eq!((loaded.version, &loaded.state), (live.version, &live.state));
                live = loaded;
            }
        }
    }
    live.flush(&mut desk.sql).unwrap();
    let loaded = desk.load::<A>(key).unwrap();
    prop_assert_eq!((loaded.version, &loaded.state), (live.version, &live.state));
    desk.sql.tamper("DELETE FROM snapshot");
    let replayed = desk.load::<A>(key).unwrap();
    prop_assert_eq!((replayed.version, &replayed.state), (live.version, &live.state));
    let by_hand = fold::<A>(&mut desk);
    prop_assert_eq!(&by_hand, &*live.state);
    let walk = desk.walk();
    prop_assert_eq!(walk.errors, []);
    prop_assert_eq!(walk.entries as i64, desk.journal.last_seq());
    Ok(())
}

/// The state that the entries add up to, without the journal's own loading.
fn fold<A: Aggregate>(desk: &mut Desk) -> A {
    let mut state = A::default();
    let mut version = Version::NONE;
    read::entries_after(&mut desk.sql, 0, i64::from(u32::MAX), &mut |entry| {
        let Some(schema) = entry.schema else { return Ok(ControlFlow::Continue(())) };
        version = version.next();
        match &entry.payload {
            Some(payload) => state.apply(&decode_event::<A>(i64::from(schema), payload)?, version),
            None => state.apply_erased(&entry.action, version),
        }
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    state
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_conversation_is_what_its_events_add_up_to(steps in steps(conversation())) {
        law::<Conversation>(&desk::conversation(1), steps)?;
    }

    #[test]
    fn a_user_is_what_their_events_add_up_to(steps in steps(user())) {
        law::<User>(&desk::user(1), steps)?;
    }

    #[test]
    fn a_firm_is_what_its_events_add_up_to(steps in steps(firm())) {
        let key = desk::key::<Firm>(&"acme".parse().unwrap());
        law::<Firm>(&key, steps)?;
    }
}
