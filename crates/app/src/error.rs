//! Why the application says no, or cannot say anything.

use engage_domain::{Denial, Invalid, Version, conversation, firm, user, user::UserStatus};

use crate::Fault;

/// What an answer can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A firm.
    Firm,
    /// A conversation.
    Conversation,
    /// A user.
    User,
    /// A party of the registry.
    Party,
    /// A conflict of interest.
    Conflict,
    /// An object that the index could not take in.
    SyncFailure,
}

impl Resource {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firm => "firm",
            Self::Conversation => "conversation",
            Self::User => "user",
            Self::Party => "party",
            Self::Conflict => "conflict",
            Self::SyncFailure => "sync_failure",
        }
    }
}

/// Why a request got no answer. Everything but [`Error::Fault`] is a "no" that the caller can act on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sessions to which the token belongs were revoked.
    #[error("the token was revoked")]
    Revoked,
    /// The firm is not served for now.
    #[error("the firm is suspended")]
    FirmSuspended,
    /// The user may not come in.
    #[error("the user is {}", .0.as_str())]
    UserBarred(UserStatus),
    /// The role does not allow it.
    #[error("{0}")]
    Forbidden(Denial),
    /// There is no such thing, or it is not the caller's to know of.
    #[error("unknown {}", .0.as_str())]
    NotFound(Resource),
    /// The conversation was deleted.
    #[error("the conversation was deleted")]
    Gone,
    /// The conversation turned it down.
    #[error(transparent)]
    Conversation(#[from] conversation::Rejection),
    /// The firm has paused the intake. What a client hears of a conflict of interest, which is the firm's to tell.
    #[error("the firm has paused this conversation and will get in touch")]
    Paused,
    /// The user turned it down.
    #[error(transparent)]
    User(#[from] user::Rejection),
    /// The firm turned it down.
    #[error(transparent)]
    Firm(#[from] firm::Rejection),
    /// The object has moved on from the version that the caller saw.
    #[error("the object is at version {current} now")]
    Stale {
        /// Its version now.
        current: Version,
    },
    /// The idempotency key was used before for something else.
    #[error("the idempotency key was used before for another request")]
    CommandIdReused,
    /// A value is wrong.
    #[error("{field} {reason}")]
    Invalid {
        /// Its name on the wire.
        field: &'static str,
        /// What is wrong with it, reading on from the name.
        reason: Invalid,
    },
    /// The platform could not.
    #[error(transparent)]
    Fault(Fault),
}

impl Error {
    /// A wrong value.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: Invalid::new(reason) }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::UnknownFirm => Self::NotFound(Resource::Firm),
            Fault::Overloaded(_) | Fault::Storage(_) => Self::Fault(fault),
        }
    }
}
