//! A random small firm, and how it is written through the platform.

use engage_app::Runtime;
use engage_domain::{
    Actor, Conversation, Role, Timestamp, User,
    actor::Access,
    conversation::{Author, Close, Command, Dated, Identity, Priority, Start, Terms},
    firm::SettingsChange,
    user::{self, UserStatus},
};
use engage_journal::{Call, Intent};
use engage_native::{ManualClock, Platform};
use jiff::{ToSpan, tz::TimeZoneDatabase};
use proptest::{bool::weighted, collection::vec, option, prelude::*, sample::select};

use crate::rig::{by_system, conversation, done, firm, message, person, register};

/// What names and messages are made of, and one word that is in neither.
pub(crate) const WORDS: [&str; 5] = ["ann", "roe", "rent", "landlord", "nowhere"];

const ZONES: [&str; 5] = ["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"];

/// Whom conversations are assigned to: people 1 to 4; the next one is a client.
const STAFF: u64 = 4;

#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    pub(crate) zone: &'static str,
    pub(crate) now: Timestamp,
    pub(crate) users: Vec<(Role, UserStatus)>,
    pub(crate) intakes: Vec<Intake>,
    /// Who tries to look at which conversation, after so many milliseconds.
    looks: Vec<(u64, u64, i64)>,
}

/// One conversation's life.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    /// Begun so many local days ago, so many milliseconds from that day's first instant.
    begun: (i32, i64),
    name: Option<&'static str>,
    says: Option<&'static str>,
    area: Option<&'static str>,
    owned: bool,
    assigned: Vec<Assigned>,
    /// Closed so many milliseconds after its beginning.
    closed: Option<(i64, Close)>,
    /// 1: deleted; 2: deleted and restored.
    deleted: u8,
}

#[derive(Clone, Debug)]
struct Assigned {
    to: u64,
    priority: Priority,
    /// So many milliseconds from now.
    due: Option<i64>,
    hours: Option<f64>,
    pending: bool,
    done: bool,
}

fn assigned() -> impl Strategy<Value = Assigned> {
    let due = option::weighted(0.8, select(vec![-86_400_000, -1, 0, 1]));
    let hours = option::of(select(vec![0.0, 0.25, 7.5]));
    (1..=STAFF, select(Priority::ALL.to_vec()), due, hours, weighted(0.25), weighted(0.25))
        .prop_map(|(to, priority, due, hours, pending, done)| Assigned { to, priority, due, hours, pending, done })
}

fn intake() -> impl Strategy<Value = Intake> {
    let begun = (prop_oneof![3 => 0..3_i32, 4 => 0..70_i32, 1 => 360..370_i32], select(vec![-1, 0, 1, 43_200_000]));
    let name = option::of(select(vec!["Ann Roe", "ann roe", "Çelik"]));
    let says = option::of(select(vec!["The rent is late.", "My landlord, Roe"]));
    let area = option::of(select(vec!["family_law", "tax"]));
    let close = select(vec![Close::Completed, Close::Terminated]);
    let closed = option::of((select(vec![0, 1, 90_000_000]), close));
    let deleted = prop_oneof![4 => Just(0), 1 => Just(1), 1 => Just(2)];
    (begun, name, says, area, any::<bool>(), vec(assigned(), 0..3), closed, deleted).prop_map(
        |(begun, name, says, area, owned, assigned, closed, deleted)| Intake {
            begun,
            name,
            says,
            area,
            owned,
            assigned,
            closed,
            deleted,
        },
    )
}

pub(crate) fn drawn() -> impl Strategy<Value = Drawn> {
    // Within the default period: the clocks change in Lord Howe on 4 October, in New York on 1 November.
    let now =
        select(vec!["2026-11-02T04:30:00Z", "2026-11-02T05:00:00Z", "2026-10-05T13:00:00Z", "2026-04-06T13:30:00Z"]);
    let look = (1..=STAFF + 1, 1..14_u64, select(vec![0, 1, 43_200_000, 86_400_000]));
    let user = (select(Role::ASSIGNABLE.to_vec()), select(UserStatus::ALL.to_vec()));
    (select(ZONES.to_vec()), now, vec(user, STAFF as usize + 1), vec(intake(), 0..14), vec(look, 0..12))
        .prop_map(|(zone, now, users, intakes, looks)| Drawn { zone, now: now.parse().unwrap(), users, intakes, looks })
}

impl Drawn {
    /// Writes it: people, then each conversation with the dates of its past, then what is done to it today.
    pub(crate) async fn write(&self, platform: &Platform) {
        let firm = firm("acme");
        let settings = SettingsChange { time_zone: Some(self.zone.to_owned()), ..SettingsChange::default() };
        done(platform.create_firm(&firm, "Acme", settings).await);
        for (number, (role, status)) in (1..).zip(&self.users) {
            let status = match status {
                UserStatus::Active => None,
                UserStatus::Inactive => Some(user::Command::Deactivate),
                UserStatus::Suspended => Some(user::Command::Suspend),
            };
            let name = ["Zoë", "Ann", "Ann"][number as usize % 3];
            for command in std::iter::once(register(name, *role)).chain(status) {
                done(platform.call::<User>(&firm, person(number), by_system(command)).await);
            }
        }
        for (number, intake) in (1..).zip(&self.intakes) {
            let history = Command::History(self.history(intake));
            done(platform.call::<Conversation>(&firm, conversation(number), by_system(history)).await);
            let today = [Command::Delete, Command::Restore];
            for command in today.into_iter().take(intake.deleted.into()) {
                done(platform.call::<Conversation>(&firm, conversation(number), by_system(command)).await);
            }
        }
    }

    /// The days after: people look, and where their role or the conversation forbids it, are refused.
    pub(crate) async fn look(&self, platform: &Platform, clock: &ManualClock) {
        for (user, number, later) in &self.looks {
            clock.advance_millis(*later);
            let actor = Actor::user(person(*user), self.users[*user as usize - 1].0);
            let call = Call::new(actor, Intent::Access(Access::Detail));
            platform.call::<Conversation>(&firm("acme"), conversation(*number), call).await.unwrap();
        }
    }

    fn history(&self, intake: &Intake) -> Vec<Dated> {
        let zone = TimeZoneDatabase::bundled().get(self.zone).unwrap();
        let today = zone.to_datetime(jiff::Timestamp::from_millisecond(self.now.as_millis()).unwrap()).date();
        let (ago, past) = intake.begun;
        let midnight = zone.to_timestamp(today.checked_sub(ago.days()).unwrap().into()).unwrap().as_millisecond();
        let begun = Timestamp::from_millis(midnight + past).min(self.now);
        let identity = Identity { name: intake.name.map(Into::into), ..Identity::default() };
        let practice_area = intake.area.map(|area| area.parse().unwrap());
        let mut steps = vec![Command::Start(Box::new(Start { identity, practice_area, ..Start::default() }))];
        steps.extend(intake.says.map(message));
        if intake.owned {
            steps.push(Command::Secure { user: person(STAFF + 1) });
        }
        for Assigned { to, priority, due, hours, pending, done } in &intake.assigned {
            let due_date = due.map(|ms| self.now.plus_millis(ms));
            let terms = Terms { priority: *priority, due_date, estimated_hours: *hours, notes: None };
            steps.push(Command::Assign { assignee: person(*to), terms: Box::new(terms), pending: *pending });
            if *done {
                steps.push(Command::CompleteAssignment { actual_hours: None });
            }
        }
        if let Some((_, Close::Completed)) = intake.closed {
            steps.push(Command::AddMessage { author: Author::Agent, content: "Done".into() });
        }
        let mut steps: Vec<_> = steps.into_iter().map(|command| Dated { at: begun, command }).collect();
        if let Some((after, close)) = intake.closed {
            steps.push(Dated { at: begun.plus_millis(after).min(self.now), command: Command::Close(close) });
        }
        steps
    }
}
