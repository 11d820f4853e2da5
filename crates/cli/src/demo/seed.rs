//! Three made-up law firms and a year of their conversations, for the demonstration.
//!
//! Invariant: the same seed and the same `until` give the same firms, people and conversations, and every command is one
//! that its aggregate accepts. Nothing happens after `until`: what a story would go on to tell is cut off there, which is
//! what leaves recent conversations open.
//!
//! All names are invented; e-mail domains end in `.example` (RFC 2606), phone numbers lie in the range 555-0100 to
//! 555-0199 that is set aside for fiction. The text is in the TOML files beside this module.

mod calendar;
mod parties;
mod people;
mod random;
mod script;
mod story;

use engage_domain::{
    ConversationId, FirmId, Role, Timestamp, UserId, conversation, firm,
    firm::{PracticeAreaSettings, SettingsChange},
    text::Private,
    user,
};
use jiff::tz::TimeZone;

pub use self::parties::Told;
use self::{
    calendar::Calendar,
    random::Random,
    script::{FirmScript, Phrases},
    story::Story,
};

/// One firm of the demonstration.
#[derive(Debug)]
pub struct SeedFirm {
    /// Its slug.
    pub id: FirmId,
    /// Its name.
    pub name: String,
    /// Its people, the managing partner first.
    pub staff: Vec<SeedUser>,
    script: FirmScript,
    phrases: Phrases,
    time_zone: TimeZone,
    seed: u64,
    until: Timestamp,
}

/// A person of the demonstration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedUser {
    /// Who: the id of the user registered under `email`.
    pub id: UserId,
    /// E-mail address, lower case, on a domain that does not exist.
    pub email: String,
    /// Full name.
    pub name: String,
    /// What they do.
    pub role: Role,
}

/// One conversation of the demonstration.
#[derive(Clone, Debug)]
pub struct SeedConversation {
    /// Its id; the same seed names it alike whatever `until` is, so that seeding a folder again adds nothing twice.
    pub id: ConversationId,
    /// The signed-in client, to be registered before the history is sent; a client who comes back is met again.
    pub client: Option<SeedUser>,
    /// Everything that happened in it: a [`conversation::Command::History`].
    pub history: conversation::Command,
}

/// The firms. `until` is the demonstration's present, the end of the year that is told.
pub fn firms(seed: u64, until: Timestamp) -> Vec<SeedFirm> {
    script::firms().into_iter().map(|script| SeedFirm::new(script, seed, until)).collect()
}

impl SeedFirm {
    fn new(script: FirmScript, seed: u64, until: Timestamp) -> Self {
        let id: FirmId = script.id.parse().expect("a seed file's firm id is a slug, tested");
        let time_zone = jiff::tz::TimeZoneDatabase::bundled().get(&script.time_zone);
        let staff = script.staff.iter().map(|member| {
            let email = format!("{}@{}.example", member.user, script.id);
            SeedUser { id: UserId::from_email(&id, &email), email, name: member.name.clone(), role: member.role }
        });
        Self {
            staff: staff.collect(),
            name: script.name.clone(),
            time_zone: time_zone.expect("a seed file's time zone is an IANA name, tested"),
            seed: random::mix(seed, &script.id),
            id,
            script,
            phrases: script::phrases(),
            until,
        }
    }

    /// The command that creates the firm, with its practice areas and their goals.
    pub fn create(&self) -> firm::Command {
        let areas = self.script.areas.iter().map(|area| PracticeAreaSettings {
            id: area.id(),
            name: area.name.clone(),
            goals: area.goals.clone(),
        });
        let settings = SettingsChange {
            practice_areas: Some(areas.collect()),
            time_zone: Some(self.script.time_zone.clone()),
            ..SettingsChange::default()
        };
        firm::Command::Create { name: self.name.clone(), settings: Box::new(settings) }
    }

    /// How many conversations [`SeedFirm::conversations`] yields.
    pub fn conversation_count(&self) -> usize {
        self.script.conversations
    }

    /// The conversations, in the order in which they began. Each is made when it is asked for.
    pub fn conversations(&self) -> impl Iterator<Item = SeedConversation> {
        let calendar = Calendar::new(self.time_zone.clone(), self.until);
        let mut random = Random::new(random::mix(self.seed, "calendar"));
        let mut begun: Vec<_> =
            (0..self.script.conversations).map(|number| (calendar.beginning(&mut random), number)).collect();
        begun.sort();
        begun.into_iter().map(move |(created_at, number)| {
            let name = format!("{}:{number}", self.seed);
            let random = Random::new(random::mix(self.seed, &name));
            let (client, history) = Story::tell(self, &calendar, created_at, random);
            SeedConversation { id: ConversationId::named(&self.id, "demo", &name), client, history }
        })
    }
}

impl SeedConversation {
    /// What the client is called; none where they did not say.
    fn client_name(&self) -> Option<String> {
        let conversation::Command::History(steps) = &self.history else { return None };
        steps.iter().find_map(|step| match &step.command {
            conversation::Command::Start(start) => start.identity.name.as_ref().map(|name| name.as_str().to_owned()),
            _ => None,
        })
    }

    /// Whether it came as far as the conflict check.
    fn is_checked(&self) -> bool {
        let conversation::Command::History(steps) = &self.history else { return false };
        steps.iter().any(|step| matches!(step.command, conversation::Command::DecideConflict(_)))
    }
}

impl SeedUser {
    /// The command that gives the person their e-mail address, for the firm.
    pub fn claim(&self) -> firm::Command {
        firm::Command::ClaimEmail { email: Private::from(self.email.as_str()), user: self.id }
    }

    /// The command that registers the person, for the user.
    pub fn register(&self) -> user::Command {
        user::Command::Register {
            subject: None,
            email: Some(self.email.as_str().into()),
            name: Some(self.name.as_str().into()),
            role: self.role,
        }
    }
}

#[cfg(test)]
mod tests;
