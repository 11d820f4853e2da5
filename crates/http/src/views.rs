//! What objects and rows look like on the wire: camelCase, borrowed from the state they show.

pub(crate) mod analytics;
pub(crate) mod conflict;
pub(crate) mod conflict_list;
pub(crate) mod conversation;
pub(crate) mod event;
pub(crate) mod firm;
pub(crate) mod list;
pub(crate) mod message;
pub(crate) mod party;
pub(crate) mod platform;
pub(crate) mod reconciliation;
pub(crate) mod report;
pub(crate) mod saved_view;
pub(crate) mod search;
pub(crate) mod user;

use engage_app::Caller;
use engage_domain::Role;

/// Who reads a view. A client does not read what the firm notes for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The firm's people.
    Staff,
    /// A client or visitor.
    Client,
}

impl Audience {
    pub(crate) const fn of(caller: &Caller) -> Self {
        match caller.actor.role {
            Role::Client | Role::Visitor => Self::Client,
            Role::ManagingPartner
            | Role::FirmAdmin
            | Role::Attorney
            | Role::Paralegal
            | Role::IntakeSpecialist
            | Role::ComplianceOfficer
            | Role::System => Self::Staff,
        }
    }
}
