//! Who acts, and what each role may do.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{id::UserId, token::TokenHash};

/// A role within a firm. One word each on the wire, in tokens and in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the firm: may do everything in it.
    ManagingPartner,
    /// Administers users and settings, imports, and may do everything in conversations too.
    FirmAdmin,
    /// Leads conversations.
    Attorney,
    /// Works in conversations; assigns nobody.
    Paralegal,
    /// Takes in clients and assigns their conversations.
    IntakeSpecialist,
    /// Reads everything, changes nothing.
    ComplianceOfficer,
    /// A signed-in client: their own conversations alone.
    Client,
    /// A client who has not signed in: the one conversation whose resume token they hold.
    Visitor,
    /// The platform itself: alarms, provisioning, imports from the command line.
    System,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 9] = [
        Self::ManagingPartner,
        Self::FirmAdmin,
        Self::Attorney,
        Self::Paralegal,
        Self::IntakeSpecialist,
        Self::ComplianceOfficer,
        Self::Client,
        Self::Visitor,
        Self::System,
    ];

    /// The roles that a user can hold and a token can carry.
    pub const ASSIGNABLE: [Self; 7] = [
        Self::ManagingPartner,
        Self::FirmAdmin,
        Self::Attorney,
        Self::Paralegal,
        Self::IntakeSpecialist,
        Self::ComplianceOfficer,
        Self::Client,
    ];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ManagingPartner => "managing_partner",
            Self::FirmAdmin => "firm_admin",
            Self::Attorney => "attorney",
            Self::Paralegal => "paralegal",
            Self::IntakeSpecialist => "intake_specialist",
            Self::ComplianceOfficer => "compliance_officer",
            Self::Client => "client",
            Self::Visitor => "visitor",
            Self::System => "system",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether the role belongs to the firm's own people.
    pub const fn is_staff(self) -> bool {
        !matches!(self, Self::Client | Self::Visitor)
    }

    /// Whether the role holds `permission` in every object of the firm. Clients and visitors hold none: what they may do
    /// hangs on the object (`Aggregate::permit`).
    pub const fn may(self, permission: Permission) -> bool {
        use Permission::{
            Assign, CarryJournal, CheckConflicts, DeleteConversations, Import, ListConversations, ManageSettings,
            ManageUsers, OperatePlatform, ReadAudit, ReadConversations, ReadSettings, ReadUsers, ResolveConflicts,
            WriteConversations,
        };
        match self {
            Self::FirmAdmin | Self::System => true,
            Self::ManagingPartner => !matches!(permission, CarryJournal),
            Self::Attorney | Self::IntakeSpecialist => match permission {
                ListConversations | ReadConversations | WriteConversations | Assign | ReadUsers | ReadSettings
                | CheckConflicts => true,
                ResolveConflicts => matches!(self, Self::Attorney),
                DeleteConversations | ManageUsers | ManageSettings | Import | ReadAudit | OperatePlatform
                | CarryJournal => false,
            },
            Self::Paralegal => match permission {
                ListConversations | ReadConversations | WriteConversations | ReadUsers | ReadSettings
                | CheckConflicts => true,
                Assign | DeleteConversations | ManageUsers | ManageSettings | Import | ReadAudit | OperatePlatform
                | ResolveConflicts | CarryJournal => false,
            },
            Self::ComplianceOfficer => match permission {
                ListConversations | ReadConversations | ReadUsers | ReadSettings | ReadAudit | CheckConflicts => true,
                WriteConversations | ResolveConflicts | Assign | DeleteConversations | ManageUsers | ManageSettings
                | Import | OperatePlatform | CarryJournal => false,
            },
            Self::Client | Self::Visitor => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a role may be allowed to do across a firm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Permission {
    /// See the firm's lists of conversations.
    ListConversations,
    /// Open any conversation of the firm.
    ReadConversations,
    /// Start and change conversations.
    WriteConversations,
    /// Assign conversations to people.
    Assign,
    /// Delete, restore, and see deleted conversations.
    DeleteConversations,
    /// See the firm's users.
    ReadUsers,
    /// Register users, change their roles, suspend them.
    ManageUsers,
    /// See the firm's settings.
    ReadSettings,
    /// Change the firm's settings.
    ManageSettings,
    /// Bring in conversations from elsewhere, with their original dates.
    Import,
    /// Read the audit trail.
    ReadAudit,
    /// Check a name against the firm's registry.
    CheckConflicts,
    /// Resolve conflicts of interest.
    ResolveConflicts,
    /// Have the firm's index reconciled, rebuilt, and what it could not take in tried again.
    OperatePlatform,
    /// Take the firm's whole journal out, or bring one in.
    CarryJournal,
}

impl Permission {
    /// The word that a refusal names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ListConversations => "list_conversations",
            Self::ReadConversations => "read_conversations",
            Self::WriteConversations => "write_conversations",
            Self::Assign => "assign",
            Self::DeleteConversations => "delete_conversations",
            Self::ReadUsers => "read_users",
            Self::ManageUsers => "manage_users",
            Self::ReadSettings => "read_settings",
            Self::ManageSettings => "manage_settings",
            Self::Import => "import",
            Self::ReadAudit => "read_audit",
            Self::CheckConflicts => "check_conflicts",
            Self::ResolveConflicts => "resolve_conflicts",
            Self::OperatePlatform => "operate_platform",
            Self::CarryJournal => "carry_journal",
        }
    }
}

/// Who acts, from where. Stored with each entry as JSON, without the resume key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// The user; none for a visitor and for the platform itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_id: Option<UserId>,
    /// The role in which they act.
    pub role: Role,
    /// The client's address, as the outermost trusted hop saw it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ip: Option<Box<str>>,
    /// The `User-Agent` header, cut at [`USER_AGENT_MAX`] bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_agent: Option<Box<str>>,
    /// The hash of the resume token that a visitor showed.
    #[serde(skip)]
    pub resume_key: Option<TokenHash>,
}

/// Most bytes kept of a `User-Agent` header: enough for every browser's, bounded for the journal.
pub const USER_AGENT_MAX: usize = 256;

impl Actor {
    /// The platform itself.
    pub const SYSTEM: Self = Self { user_id: None, role: Role::System, ip: None, user_agent: None, resume_key: None };

    /// A user in a role, from nowhere in particular.
    pub const fn user(user: UserId, role: Role) -> Self {
        Self { user_id: Some(user), role, ip: None, user_agent: None, resume_key: None }
    }

    /// A visitor who shows the resume token that hashes to `key`.
    pub const fn visitor(key: TokenHash) -> Self {
        Self { user_id: None, role: Role::Visitor, ip: None, user_agent: None, resume_key: Some(key) }
    }
}

/// What an actor is about to do to an object.
#[derive(Clone, Copy, Debug)]
pub enum Intent<'a, C> {
    /// Change it.
    Command(&'a C),
    /// See it.
    Access(Access),
}

/// The ways of seeing an object, each with its own action in the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Access {
    /// The object's detail.
    Detail,
    /// A page of a conversation's messages.
    Messages,
    /// A live stream of a conversation's events.
    Stream,
    /// A client or visitor resuming their conversation.
    Resume,
}

/// Why an actor was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Denial {
    /// The role lacks the permission.
    #[error("the role may not {}", .0.as_str())]
    Role(Permission),
    /// The object belongs to somebody else; to a client or visitor it looks as if it were not there.
    #[error("not the actor's own")]
    NotOwn,
    /// The conversation was deleted, and the role may not see deleted ones.
    #[error("the conversation was deleted")]
    Deleted,
}

impl Denial {
    /// The word stored with the refusal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role(permission) => permission.as_str(),
            Self::NotOwn => "not_own",
            Self::Deleted => "deleted",
        }
    }
}

/// How an attempt ended; the audit trail's `outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was allowed and went wrong.
    Failure,
    /// It was refused.
    Blocked,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Success, Self::Failure, Self::Blocked];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Blocked => "blocked",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_reads_as_it_is_written() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{role}\""));
        }
        assert_eq!(Role::parse("emperor"), None);
    }

    #[test]
    fn compliance_reads_and_never_writes() {
        let may = |permission| Role::ComplianceOfficer.may(permission);
        assert!(may(Permission::ReadConversations) && may(Permission::ReadAudit));
        assert!(!may(Permission::OperatePlatform));
        assert!(!may(Permission::WriteConversations) && !may(Permission::ManageUsers) && !may(Permission::Import));
    }

    #[test]
    fn the_resume_key_is_never_stored() {
        let actor = Actor::visitor(TokenHash::of("secret"));
        assert_eq!(serde_json::to_string(&actor).unwrap(), r#"{"role":"visitor"}"#);
    }
}
