//! The `User` aggregate: a person known to a firm, their role, and whether they may come in.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    actor::{Access, Actor, Denial, Intent, Permission, Role},
    aggregate::{Aggregate, Context, Kind, Version},
    id::UserId,
    text::{self, Invalid, Private},
    time::Timestamp,
};

/// Longest name in bytes.
pub const NAME_MAX: usize = 200;
/// Longest subject in bytes; OpenID Connect Core 1.0, section 2, limits `sub` to 255 ASCII characters.
pub const SUBJECT_MAX: usize = 255;

/// Whether a user may come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// They may.
    #[default]
    Active,
    /// They have left: refused, kept for the record.
    Inactive,
    /// They are refused until they are reinstated.
    Suspended,
}

impl UserStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Active, Self::Inactive, Self::Suspended];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Suspended => "suspended",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// A user's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct User {
    /// Its version: the number of its events.
    pub version: Version,
    /// What the identity provider calls them; `auth0UserId` in the index.
    pub subject: Option<Private>,
    /// E-mail address, lower case, unique in the firm.
    pub email: Option<Private>,
    /// Full name.
    pub name: Option<Private>,
    /// Their role; none before they are registered.
    pub role: Option<Role>,
    /// Whether they may come in.
    pub status: UserStatus,
    /// When they were registered.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_login: Option<Timestamp>,
    /// When an administrator last changed the role: a token issued before no longer speaks for it.
    pub role_changed_at: Option<Timestamp>,
    /// Tokens issued before are refused.
    pub sessions_revoked_at: Option<Timestamp>,
}

/// What can be asked of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Become known to the firm.
    Register {
        /// What the identity provider calls them.
        subject: Option<Private>,
        /// E-mail address; the caller holds the firm's claim on it.
        email: Option<Private>,
        /// Full name.
        name: Option<Private>,
        /// Their role.
        role: Role,
    },
    /// Be called something else.
    Rename(Private),
    /// Get another role.
    ChangeRole(Role),
    /// Be refused until reinstated.
    Suspend,
    /// Leave for good; kept for the record.
    Deactivate,
    /// Be let in again.
    Reinstate,
    /// Note that they signed in.
    RecordSignIn,
    /// Refuse every token issued until now.
    RevokeSessions,
}

/// What can have happened to a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "each field repeats the command's, documented there")]
pub enum Event {
    /// They became known to the firm.
    UserRegistered {
        at: Timestamp,
        subject: Option<Private>,
        email: Option<Private>,
        name: Option<Private>,
        role: Role,
    },
    /// They are called something else.
    UserRenamed { at: Timestamp, name: Private },
    /// They have another role.
    RoleChanged { at: Timestamp, from: Role, to: Role },
    /// Whether they may come in changed.
    UserStatusChanged { at: Timestamp, status: UserStatus },
    /// They signed in.
    UserSignedIn { at: Timestamp },
    /// Earlier tokens are refused.
    SessionsRevoked { at: Timestamp },
}

/// Why a user turned a command down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejection {
    /// They are registered already.
    #[error("the user is already registered")]
    AlreadyRegistered,
    /// That role cannot be given to a person.
    #[error("role must be one that a user can hold, not {0}")]
    RoleNotAssignable(Role),
    /// Nobody changes their own rights (the application checks it, for a user does not know their own id), so that a firm is
    /// never left without anyone who could give them back.
    #[error("a user cannot change their own role or status")]
    OwnAccount,
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

impl User {
    /// Whether they are registered.
    pub fn exists(&self) -> bool {
        self.version > Version::NONE
    }
}

fn invalid(field: &'static str) -> impl FnOnce(Invalid) -> Rejection {
    move |reason| Rejection::Invalid { field, reason }
}

fn checked_line(field: &'static str, value: Option<&Private>, max: usize) -> Result<Option<Private>, Rejection> {
    let line = value.map(|text| text::line(text.as_str(), max)).transpose().map_err(invalid(field))?;
    Ok(line.map(Private::from))
}

impl Aggregate for User {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Id = UserId;

    const KIND: Kind = Kind::User;
    const EVENT_SCHEMA: u32 = 1;
    const STATE_SCHEMA: u32 = 1;

    fn decide(&self, command: &Command, context: &Context<'_>) -> Result<Vec<Event>, Rejection> {
        let at = context.now;
        let status = |status| {
            if self.status == status { vec![] } else { vec![Event::UserStatusChanged { at, status }] }
        };
        match command {
            Command::Register { .. } if self.exists() => Err(Rejection::AlreadyRegistered),
            Command::Register { role, .. } | Command::ChangeRole(role) if !Role::ASSIGNABLE.contains(role) => {
                Err(Rejection::RoleNotAssignable(*role))
            }
            Command::Register { subject, email, name, role } => {
                let email = email.as_ref().map(|email| text::email(email.as_str())).transpose();
                Ok(vec![Event::UserRegistered {
                    at,
                    subject: checked_line("subject", subject.as_ref(), SUBJECT_MAX)?,
                    email: email.map_err(invalid("email"))?.map(Private::new),
                    name: checked_line("name", name.as_ref(), NAME_MAX)?,
                    role: *role,
                }])
            }
            Command::Rename(name) => {
                let name = Private::from(text::line(name.as_str(), NAME_MAX).map_err(invalid("name"))?);
                Ok(if self.name.as_ref() == Some(&name) { vec![] } else { vec![Event::UserRenamed { at, name }] })
            }
            Command::ChangeRole(to) => Ok(match self.role {
                Some(from) if from != *to => vec![Event::RoleChanged { at, from, to: *to }],
                Some(_) | None => vec![],
            }),
            Command::Suspend => Ok(status(UserStatus::Suspended)),
            Command::Deactivate => Ok(status(UserStatus::Inactive)),
            Command::Reinstate => Ok(status(UserStatus::Active)),
            Command::RecordSignIn => Ok(vec![Event::UserSignedIn { at }]),
            Command::RevokeSessions => Ok(vec![Event::SessionsRevoked { at }]),
        }
    }

    fn apply(&mut self, event: &Event, version: Version) {
        self.version = version;
        match event {
            Event::UserRegistered { at, subject, email, name, role } => {
                self.created_at = *at;
                self.subject = subject.clone();
                self.email = email.clone();
                self.name = name.clone();
                self.role = Some(*role);
            }
            Event::UserRenamed { name, .. } => self.name = Some(name.clone()),
            Event::RoleChanged { at, to, .. } => {
                self.role = Some(*to);
                self.role_changed_at = Some(*at);
            }
            Event::UserStatusChanged { status, .. } => self.status = *status,
            Event::UserSignedIn { at } => self.last_login = Some(*at),
            Event::SessionsRevoked { at } => self.sessions_revoked_at = Some(*at),
        }
    }

    fn apply_erased(&mut self, _action: &str, version: Version) {
        self.version = version;
    }

    fn permit(&self, actor: &Actor, intent: Intent<'_, Command>) -> Result<(), Denial> {
        let permission = match intent {
            Intent::Access(_) => Permission::ReadUsers,
            Intent::Command(_) => Permission::ManageUsers,
        };
        if actor.role.may(permission) { Ok(()) } else { Err(Denial::Role(permission)) }
    }

    fn creates(command: &Command) -> bool {
        matches!(command, Command::Register { .. })
    }

    fn access_action(_access: Access) -> &'static str {
        "access_user"
    }

    fn action(event: &Event) -> &'static str {
        match event {
            Event::UserRegistered { .. } => "user_registered",
            Event::UserRenamed { .. } => "user_renamed",
            Event::RoleChanged { .. } => "role_changed",
            Event::UserStatusChanged { .. } => "user_status_changed",
            Event::UserSignedIn { .. } => "user_signed_in",
            Event::SessionsRevoked { .. } => "sessions_revoked",
        }
    }

    fn details(event: &Event) -> Value {
        match event {
            Event::UserRegistered { role, .. } => json!({ "role": role }),
            Event::RoleChanged { from, to, .. } => json!({ "from": from, "to": to }),
            Event::UserStatusChanged { status, .. } => json!({ "status": status }),
            Event::UserRenamed { .. } | Event::UserSignedIn { .. } | Event::SessionsRevoked { .. } => json!({}),
        }
    }

    fn upcast(_schema: u32, event: Value) -> Value {
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(state: &mut User, command: Command, ms: i64) -> Result<Vec<&'static str>, Rejection> {
        let context = Context::new(&Actor::SYSTEM, Timestamp::from_millis(ms));
        let events = state.decide(&command, &context)?;
        for event in &events {
            state.apply(event, state.version.next());
        }
        Ok(events.iter().map(User::action).collect())
    }

    fn registered() -> User {
        let mut user = User::default();
        let email = Some("Ann@Acme.test".into());
        let register = Command::Register { subject: None, email, name: Some(" Ann ".into()), role: Role::Attorney };
        run(&mut user, register, 1).unwrap();
        user
    }

    #[test]
    fn a_user_is_registered_once_with_a_normalised_email() {
        let mut user = registered();
        assert_eq!(user.email.as_ref().unwrap().as_str(), "ann@acme.test");
        assert_eq!(user.name.as_ref().unwrap().as_str(), "Ann");
        let again = Command::Register { subject: None, email: None, name: None, role: Role::Client };
        assert_eq!(run(&mut user, again, 2), Err(Rejection::AlreadyRegistered));
    }

    #[test]
    fn nobody_can_hold_the_platforms_own_roles() {
        for role in [Role::System, Role::Visitor] {
            let register = Command::Register { subject: None, email: None, name: None, role };
            assert_eq!(run(&mut User::default(), register, 1), Err(Rejection::RoleNotAssignable(role)));
        }
    }

    #[test]
    fn suspension_and_reinstatement_are_recorded_once() {
        let mut user = registered();
        assert_eq!(run(&mut user, Command::Suspend, 2).unwrap(), ["user_status_changed"]);
        assert_eq!(run(&mut user, Command::Suspend, 3).unwrap(), [""; 0]);
        assert_eq!(user.status, UserStatus::Suspended);
        assert_eq!(run(&mut user, Command::Reinstate, 4).unwrap(), ["user_status_changed"]);
        assert_eq!(user.status, UserStatus::Active);
    }

    #[test]
    fn a_role_change_remembers_its_time() {
        let mut user = registered();
        assert_eq!(run(&mut user, Command::ChangeRole(Role::Attorney), 5).unwrap(), [""; 0]);
        assert_eq!(run(&mut user, Command::ChangeRole(Role::Paralegal), 6).unwrap(), ["role_changed"]);
        assert_eq!((user.role, user.role_changed_at), (Some(Role::Paralegal), Some(Timestamp::from_millis(6))));
    }
}
