//! The `Firm` aggregate: its name, its settings, and who holds which e-mail address in it.
//!
//! Invariant: the state is bounded by the settings' limits. E-mail claims are unbounded, so they are rows that the journal
//! keeps beside it (see [`Aggregate::claim`]).

mod event;
mod registry;
mod settings;
mod view;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::event::Event;
pub use self::settings::{
    AREA_GOALS_MAX, NAME_MAX, PRACTICE_AREAS_MAX, PracticeAreaSettings, RETENTION_DAYS_DEFAULT, RETENTION_DAYS_MAX,
    Settings, SettingsChange,
};
use self::settings::{checked_name, refuse};
pub use self::view::{SavedView, VIEW_NAME_MAX, VIEW_QUERY_MAX, VIEWS_MAX, VIEWS_OF_ONE_MAX};

use crate::{
    actor::{Access, Actor, Denial, Intent, Permission},
    aggregate::{Aggregate, Context, Kind, Version},
    conversation::GoalTemplate,
    id::{ConflictId, FirmId, PartyId, UserId},
    practice_area::PracticeArea,
    registry::{Inquiry, Outcome, Party, Verdict},
    text::{self, Invalid, Private},
    time::Timestamp,
};

/// Whether a firm is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirmStatus {
    /// It is.
    #[default]
    Active,
    /// Every request of its people is refused until it is reinstated.
    Suspended,
}

impl FirmStatus {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// A firm's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Firm {
    /// Its version: the number of its events.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// Whether it is served.
    pub status: FirmStatus,
    /// Its settings.
    pub settings: Settings,
    /// When it was created.
    pub created_at: Timestamp,
    /// How many parties its registry holds.
    pub parties: u64,
    /// The views that people keep, in the order in which they were first saved.
    pub views: Vec<SavedView>,
}

/// What can be asked of a firm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Come to be.
    Create {
        /// Its name.
        name: String,
        /// The settings that differ from the defaults.
        settings: Box<SettingsChange>,
    },
    /// Change name or settings.
    Change(Box<SettingsChange>),
    /// Make sure that a practice area is known; known already: nothing happens.
    AddPracticeArea {
        /// Its slug.
        id: PracticeArea,
        /// What people call it.
        name: String,
    },
    /// Give an e-mail address to a user; theirs already: nothing happens.
    ClaimEmail {
        /// The address.
        email: Private,
        /// The user.
        user: UserId,
    },
    /// Screen a party and register it.
    Register {
        /// The id that it has, or gets.
        id: PartyId,
        /// The party.
        party: Box<Party>,
    },
    /// Screen a party without registering it; recorded all the same.
    Check(Box<Party>),
    /// Look at a conflict; the same person again with the same notes: nothing happens.
    Review {
        /// The conflict.
        id: ConflictId,
        /// Its version that the caller saw; none: any.
        seen: Option<Version>,
        /// What was noted, in at most [`crate::registry::NOTES_MAX`] bytes.
        notes: Option<Private>,
    },
    /// Resolve a conflict, or resolve it otherwise than before.
    Resolve {
        /// The conflict.
        id: ConflictId,
        /// Its version that the caller saw; none: any.
        seen: Option<Version>,
        /// How.
        verdict: Box<Verdict>,
    },
    /// Take up a conflict again that was resolved; open: nothing happens.
    Reopen {
        /// The conflict.
        id: ConflictId,
        /// Its version that the caller saw; none: any.
        seen: Option<Version>,
        /// Why, in at most [`crate::registry::REASON_MAX`] bytes.
        reason: Private,
    },
    /// Keep a view; one of the same name and owner is replaced, the same again: nothing happens.
    SaveView(SavedView),
    /// Keep a view no longer; not kept: nothing happens.
    RemoveView {
        /// Whose; none: the firm's.
        owner: Option<UserId>,
        /// What it is called.
        name: String,
    },
    /// Refuse the firm's people until reinstated.
    Suspend,
    /// Serve the firm again.
    Reinstate,
}

/// Why a firm turned a command down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejection {
    /// It exists already.
    #[error("the firm already exists")]
    AlreadyExists,
    /// No conflict of that id.
    #[error("the firm has no such conflict")]
    UnknownConflict,
    /// It has moved on from the version that the caller saw.
    #[error("the conflict is at version {current} now")]
    ConflictMovedOn {
        /// Its version now.
        current: Version,
    },
    /// A resolved conflict is not reviewed; it can be reopened.
    #[error("the conflict is resolved")]
    ConflictResolved,
    /// A conversation has as many parties as it can.
    #[error("the conversation already has {} parties", crate::registry::PARTIES_MAX)]
    TooManyParties,
    /// The address belongs to another user.
    #[error("email is already registered in this firm")]
    EmailTaken,
    /// A value is wrong.
    #[error("{field} {reason}")]
    Invalid {
        /// The field's name on the wire.
        #[serde(deserialize_with = "text::word")]
        field: text::Word,
        /// What is wrong with it.
        reason: Invalid,
    },
}

impl Firm {
    /// Whether it exists.
    pub fn exists(&self) -> bool {
        self.version > Version::NONE
    }

    /// The goals that the firm sets for conversations of `area`, beside the base goals; none for an area it does not know.
    pub fn goals_of(&self, area: &PracticeArea) -> &[GoalTemplate] {
        let known = self.settings.practice_areas.iter().find(|known| known.id == *area);
        known.map_or(&[], |known| &known.goals)
    }
}

impl Aggregate for Firm {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Id = FirmId;

    const KIND: Kind = Kind::Firm;
    const EVENT_SCHEMA: u32 = 1;
    const STATE_SCHEMA: u32 = 3;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Rejection> {
        let at = context.now;
        match command {
            Command::Create { .. } if self.exists() => Err(Rejection::AlreadyExists),
            Command::Create { name, settings } => {
                let mut name = checked_name("name", name)?;
                let mut initial = Settings::default();
                settings.checked()?.apply_to(&mut name, &mut initial);
                Ok(vec![Event::FirmCreated { at, name, settings: Box::new(initial) }])
            }
            Command::Change(change) => {
                let change = change.checked()?;
                let (mut name, mut settings) = (self.name.clone(), self.settings.clone());
                change.apply_to(&mut name, &mut settings);
                let same = name == self.name && settings == self.settings;
                Ok(if same { vec![] } else { vec![Event::SettingsChanged { at, change: Box::new(change) }] })
            }
            Command::AddPracticeArea { id, name } => {
                let areas = &self.settings.practice_areas;
                if areas.iter().any(|known| known.id == *id) {
                    return Ok(vec![]);
                }
                if areas.len() >= PRACTICE_AREAS_MAX {
                    return refuse("practiceAreas", format!("must be at most {PRACTICE_AREAS_MAX}"));
                }
                let name = checked_name("practiceArea", name)?;
                let area = PracticeAreaSettings { id: id.clone(), name, goals: vec![] };
                Ok(vec![Event::PracticeAreaAdded { at, area }])
            }
            Command::ClaimEmail { user, .. } if context.claimed_by == Some(&user.to_string()) => Ok(vec![]),
            Command::ClaimEmail { .. } if context.claimed_by.is_some() => Err(Rejection::EmailTaken),
            Command::ClaimEmail { email, user } => {
                let email =
                    text::email(email.as_str()).map_err(|reason| Rejection::Invalid { field: "email", reason })?;
                Ok(vec![Event::EmailClaimed { at, email: Private::new(email), user: *user }])
            }
            Command::Register { id, party } => self.decide_registration(*id, party, context),
            Command::Check(party) => self.decide_check(party, context),
            Command::Review { id, seen, notes } => self.decide_review(*id, *seen, notes.as_ref(), context),
            Command::Resolve { id, seen, verdict } => self.decide_resolution(*id, *seen, verdict, context),
            Command::Reopen { id, seen, reason } => self.decide_reopening(*id, *seen, reason, context),
            Command::SaveView(view) => self.decide_view(view, at),
            Command::RemoveView { owner, name } if self.view(*owner, name).is_none() => Ok(vec![]),
            Command::RemoveView { owner, name } => {
                Ok(vec![Event::ViewRemoved { at, owner: *owner, name: name.clone() }])
            }
            Command::Suspend if self.status == FirmStatus::Suspended => Ok(vec![]),
            Command::Suspend => Ok(vec![Event::FirmSuspended { at }]),
            Command::Reinstate if self.status == FirmStatus::Active => Ok(vec![]),
            Command::Reinstate => Ok(vec![Event::FirmReinstated { at }]),
        }
    }

    fn apply(&mut self, event: &Event, version: Version) {
        self.version = version;
        match event {
            Event::FirmCreated { at, name, settings } => {
                self.created_at = *at;
                self.name = name.clone();
                self.settings = (**settings).clone();
            }
            Event::SettingsChanged { change, .. } => change.apply_to(&mut self.name, &mut self.settings),
            Event::PracticeAreaAdded { area, .. } => self.settings.practice_areas.push(area.clone()),
            Event::PartyRegistered { .. } => self.parties += 1,
            Event::EmailClaimed { .. }
            | Event::PartyChanged { .. }
            | Event::ConflictChecked { .. }
            | Event::ConflictDetected { .. }
            | Event::ConflictReviewed { .. }
            | Event::ConflictResolved { .. }
            | Event::ConflictReopened { .. } => {}
            Event::ViewSaved { view, .. } => self.keep_view(view),
            Event::ViewRemoved { owner, name, .. } => {
                self.views.retain(|view| view.owner != *owner || view.name != *name);
            }
            Event::FirmSuspended { .. } => self.status = FirmStatus::Suspended,
            Event::FirmReinstated { .. } => self.status = FirmStatus::Active,
        }
    }

    fn apply_erased(&mut self, _action: &str, version: Version) {
        self.version = version;
    }

    fn permit(&self, actor: &Actor, intent: Intent<'_, Command>) -> Result<(), Denial> {
        let permission = match intent {
            Intent::Access(_) => Permission::ReadSettings,
            Intent::Command(Command::ClaimEmail { .. }) => Permission::ManageUsers,
            Intent::Command(Command::AddPracticeArea { .. }) => Permission::Import,
            Intent::Command(Command::Register { .. }) => Permission::WriteConversations,
            Intent::Command(Command::Check(_)) => Permission::CheckConflicts,
            Intent::Command(Command::Review { .. } | Command::Resolve { .. } | Command::Reopen { .. }) => {
                Permission::ResolveConflicts
            }
            Intent::Command(
                Command::SaveView(SavedView { owner: Some(owner), .. })
                | Command::RemoveView { owner: Some(owner), .. },
            ) if actor.user_id == Some(*owner) => Permission::ListConversations,
            Intent::Command(Command::SaveView(_) | Command::RemoveView { .. }) => Permission::ManageSettings,
            Intent::Command(Command::Create { .. } | Command::Change(_) | Command::Suspend | Command::Reinstate) => {
                Permission::ManageSettings
            }
        };
        if actor.role.may(permission) { Ok(()) } else { Err(Denial::Role(permission)) }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Create { .. })
    }

    fn access_action(_access: Access) -> &'static str {
        "access_settings"
    }

    fn action(event: &Event) -> &'static str {
        event.action()
    }

    fn details(event: &Event) -> Value {
        event.details()
    }

    fn upcast(_schema: u32, event: Value) -> Value {
        event
    }

    fn wants_claim(command: &Command) -> Option<String> {
        match command {
            Command::ClaimEmail { email, .. } => text::email(email.as_str()).ok().map(|email| format!("email:{email}")),
            Command::Create { .. }
            | Command::Change(_)
            | Command::AddPracticeArea { .. }
            | Command::Register { .. }
            | Command::Check(_)
            | Command::Review { .. }
            | Command::Resolve { .. }
            | Command::Reopen { .. }
            | Command::SaveView(_)
            | Command::RemoveView { .. }
            | Command::Suspend
            | Command::Reinstate => None,
        }
    }

    fn inquiry(command: &Command) -> Option<Inquiry<'_>> {
        match command {
            Command::Register { id, party } => Some(Inquiry::Party { id: Some(*id), party }),
            Command::Check(party) => Some(Inquiry::Party { id: None, party }),
            Command::Review { id, .. } | Command::Resolve { id, .. } | Command::Reopen { id, .. } => {
                Some(Inquiry::Conflict(*id))
            }
            Command::Create { .. }
            | Command::Change(_)
            | Command::AddPracticeArea { .. }
            | Command::ClaimEmail { .. }
            | Command::SaveView(_)
            | Command::RemoveView { .. }
            | Command::Suspend
            | Command::Reinstate => None,
        }
    }

    fn registers(event: &Event) -> Option<&Event> {
        event.is_of_registry().then_some(event)
    }

    fn outcomes(event: &Event) -> &[Outcome] {
        event.outcomes()
    }

    fn claim(event: &Event) -> Option<(String, Option<String>)> {
        match event {
            Event::EmailClaimed { email, user, .. } => {
                Some((format!("email:{}", email.as_str()), Some(user.to_string())))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(state: &Firm, command: &Command, claimed_by: Option<&str>) -> Result<Vec<Event>, Rejection> {
        state.decide(command, &Context { claimed_by, ..Context::new(&Actor::SYSTEM, Timestamp::from_millis(1)) })
    }

    fn created() -> Firm {
        let mut firm = Firm::default();
        let command = Command::Create { name: "Acme LLP".into(), settings: Box::default() };
        for event in decide(&firm, &command, None).unwrap() {
            firm.apply(&event, firm.version.next());
        }
        firm
    }

    #[track_caller]
    fn refuses(change: SettingsChange, field: &str) {
        match decide(&created(), &Command::Change(Box::new(change)), None) {
            Err(Rejection::Invalid { field: named, .. }) => assert_eq!(named, field),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_refused_by_name() {
        refuses(SettingsChange { time_zone: Some("Mars/Olympus".into()), ..Default::default() }, "timeZone");
        refuses(SettingsChange { retention_days: Some(0), ..Default::default() }, "retentionDays");
        refuses(SettingsChange { name: Some(" ".into()), ..Default::default() }, "name");
        let area = PracticeAreaSettings { id: "tax".parse().unwrap(), name: "Tax".into(), goals: vec![] };
        refuses(
            SettingsChange { practice_areas: Some(vec![area.clone(), area]), ..Default::default() },
            "practiceAreas",
        );
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let mut firm = created();
        let change = SettingsChange { time_zone: Some("America/Chicago".into()), ..Default::default() };
        for event in decide(&firm, &Command::Change(Box::new(change)), None).unwrap() {
            firm.apply(&event, firm.version.next());
        }
        assert_eq!((firm.name.as_str(), firm.settings.time_zone.as_str()), ("Acme LLP", "America/Chicago"));
        assert_eq!(firm.settings.retention_days, RETENTION_DAYS_DEFAULT);
    }

    #[test]
    fn an_email_has_one_holder() {
        let user = UserId::from_ulid(ulid::Ulid(1));
        let claim = Command::ClaimEmail { email: "A@x.org".into(), user };
        assert_eq!(decide(&created(), &claim, None).unwrap().len(), 1);
        assert_eq!(decide(&created(), &claim, Some(&user.to_string())).unwrap(), []);
        assert_eq!(decide(&created(), &claim, Some("somebody else")), Err(Rejection::EmailTaken));
    }
}
