//! What the callers ask.

use engage_domain::{
    Actor, Role, Version,
    actor::Access,
    conversation::{
        Author, Close, Command, ConflictStatus, Dated, GoalPriority, GoalTemplate, Identity, Phase, Priority, Start,
        Terms,
    },
    text::Private,
    token::TokenHash,
    user,
};
use engage_journal::{Call, CommandId, Intent};
use proptest::{option, prelude::*, sample::select};

use super::{CONVERSATIONS, USERS};
use crate::rig::{START_MS, person};

/// A call on an object.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Conversation(u64, Call<Command>),
    User(u64, Call<user::Command>),
}

/// A call, and whether the caller rests after it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) target: Target,
    pub(crate) pause: bool,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let conversations = (1..=CONVERSATIONS, called(conversation_command()));
    let users = (1..=USERS, called(user_command()));
    let target = prop_oneof![
        4 => conversations.prop_map(|(object, call)| Target::Conversation(object, name_after(call, object))),
        1 => users.prop_map(|(object, call)| Target::User(object, name_after(call, 100 + object))),
    ];
    (target, any::<bool>()).prop_map(|(target, pause)| Step { target, pause })
}

/// A command id names what is asked of which object, so that the same id for another thing is told apart.
fn name_after<C: std::fmt::Debug>(mut call: Call<C>, object: u64) -> Call<C> {
    if let Some(named) = &mut call.command_id {
        let asked = format!("{object} {:?}", call.intent);
        let folded = asked.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        named.fingerprint[..8].copy_from_slice(&folded.to_be_bytes());
    }
    call
}

fn called<C: Clone + std::fmt::Debug + 'static>(
    command: impl Strategy<Value = C> + 'static,
) -> impl Strategy<Value = Call<C>> {
    let intent = prop_oneof![
        12 => command.prop_map(Intent::Command),
        1 => select(vec![Access::Detail, Access::Messages, Access::Stream]).prop_map(Intent::Access),
        1 => Just(Intent::Peek),
    ];
    let named = option::weighted(0.25, 0..4_u8).prop_map(|number| {
        number.map(|number| CommandId { id: format!("command-{number}").into(), fingerprint: [0; 32] })
    });
    let expected = option::weighted(0.1, (0..6_u64).prop_map(Version));
    (actor(), named, expected, intent).prop_map(|(actor, command_id, expected, intent)| Call {
        actor,
        command_id,
        expected,
        intent,
    })
}

fn actor() -> impl Strategy<Value = Actor> {
    let somewhere = Actor {
        ip: Some("192.0.2.7".into()),
        user_agent: Some("Téléphone \"1\"".into()),
        ..Actor::user(person(8), Role::FirmAdmin)
    };
    prop_oneof![
        6 => Just(Actor::SYSTEM),
        6 => Just(somewhere),
        1 => Just(Actor::user(person(7), Role::Paralegal)),
        1 => Just(Actor::user(person(6), Role::ComplianceOfficer)),
        1 => Just(Actor::user(person(1), Role::Client)),
        1 => Just(Actor::visitor(TokenHash::of("0"))),
    ]
}

fn text() -> impl Strategy<Value = Private> {
    prop_oneof![
        20 => select(vec!["Good morning", "Ärger mit dem Vermieter\nseit Mai", "𝄞 'quoted' \"twice\""]),
        // Whose batch is to fail.
        4 => Just("poison"),
        1 => Just(""),
    ]
    .prop_map(Private::from)
}

fn identity() -> impl Strategy<Value = Identity> {
    let name = option::of(select(vec!["Ann Ask", "Çelik", "ann ask"]).prop_map(Private::from));
    let email = option::weighted(0.3, select(vec!["Ann@Acme.test", "no address"]).prop_map(Private::from));
    (name, email).prop_map(|(name, email)| Identity { name, email, ..Identity::default() })
}

fn goal() -> impl Strategy<Value = GoalTemplate> {
    (0..4_u8, select(GoalPriority::ALL.to_vec())).prop_map(|(number, priority)| GoalTemplate {
        id: format!("goal_{number}"),
        title: "Find out".into(),
        priority,
    })
}

fn begin() -> impl Strategy<Value = Command> {
    let resume = option::of((0..2_u8).prop_map(|token| (TokenHash::of(&token.to_string()), 86_400_000)));
    (identity(), resume)
        .prop_map(|(identity, resume)| Command::Start(Box::new(Start { identity, resume, ..Start::default() })))
}

fn conversation_command() -> impl Strategy<Value = Command> {
    let hours = || option::of(select(vec![0.0, 0.1, 7.25, -1.0]));
    let terms =
        (select(Priority::ALL.to_vec()), hours(), option::of(text())).prop_map(|(priority, estimated_hours, notes)| {
            Box::new(Terms { priority, due_date: None, estimated_hours, notes })
        });
    let said = || text().prop_map(|content| Command::AddMessage { author: Author::User, content });
    let dated = |command| Dated { at: engage_domain::Timestamp::from_millis(START_MS - 1_000), command };
    prop_oneof![
        8 => begin(),
        12 => said(),
        3 => (begin(), said()).prop_map(move |(first, second)| Command::History(vec![dated(first), dated(second)])),
        3 => identity().prop_map(|identity| Command::UpdateIdentity(Box::new(identity))),
        2 => select(vec!["family_law", "tax"]).prop_map(|area| Command::Classify {
            practice_area: area.parse().unwrap(),
            goals: vec![],
        }),
        3 => goal().prop_map(Command::AddGoal),
        2 => select(vec!["user_identification", "goal_0", "goal_1"]).prop_map(|id| Command::CompleteGoal { id: id.into() }),
        6 => (1..=USERS + 1, terms, any::<bool>()).prop_map(|(assignee, terms, pending)| Command::Assign {
            assignee: person(assignee),
            terms,
            pending,
        }),
        2 => Just(Command::Unassign),
        2 => hours().prop_map(|actual_hours| Command::CompleteAssignment { actual_hours }),
        3 => select(Phase::ALL.to_vec()).prop_map(Command::MovePhase),
        2 => select(ConflictStatus::ALL.to_vec()).prop_map(Command::DecideConflict),
        3 => (1..=USERS).prop_map(|user| Command::Secure { user: person(user) }),
        1 => select(vec![Close::Completed, Close::Terminated]).prop_map(Command::Close),
        2 => Just(Command::Reopen),
        2 => Just(Command::Delete),
        3 => Just(Command::Restore),
        1 => text().prop_map(|reason| Command::Hold { reason }),
        1 => Just(Command::ReleaseHold),
        1 => (0..2_u8).prop_map(|token| Command::RotateResumeToken {
            hash: TokenHash::of(&token.to_string()),
            ttl_ms: 86_400_000,
        }),
    ]
}

fn user_command() -> impl Strategy<Value = user::Command> {
    use user::Command::{ChangeRole, RecordSignIn, Register, Reinstate, Rename, RevokeSessions, Suspend};
    let role = || select(Role::ALL.to_vec());
    prop_oneof![
        4 => role().prop_map(|role| Register { subject: Some("oidc|1".into()), email: None, name: None, role }),
        2 => text().prop_map(Rename),
        2 => role().prop_map(ChangeRole),
        1 => Just(Suspend),
        1 => Just(Reinstate),
        1 => Just(RecordSignIn),
        1 => Just(RevokeSessions),
    ]
}
