//! Errors on the wire: RFC 9457 problem details with a stable code.
//!
//! Invariant: this is the only place that knows which status an error has. Each code is documented in `docs/errors/`, and what goes
//! out is public: the detail of a fault goes to the log, under the same request id.

mod code;

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use engage_app::{Error, Fault, Resource};
use engage_domain::{Version, conversation, firm, user};
use serde::Serialize;

pub use self::code::Code;

/// An error on its way out. As a response it is bare until the edge has written it with the request's id.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What kind of error it is.
    pub code: Code,
    /// What went wrong this time, for people; public.
    pub detail: Cow<'static, str>,
    /// The field, parameter or header that is wrong.
    pub field: Option<Cow<'static, str>>,
    /// The version that the object has, where the caller expected another.
    pub current_version: Option<Version>,
    /// What the log gets to know, and nobody else.
    pub(crate) fault: Option<Fault>,
}

impl Problem {
    /// A problem that concerns no field.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), field: None, current_version: None, fault: None }
    }

    /// A problem with one field, parameter or header. `detail` reads as a sentence on its own.
    pub fn with_field(code: Code, field: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field.into()), ..Self::new(code, detail) }
    }

    /// A wrong value: `reason` reads on from the field's name.
    pub fn invalid(field: impl Into<Cow<'static, str>>, reason: impl std::fmt::Display) -> Self {
        let field = field.into();
        let detail = format!("{field} {reason}");
        Self::with_field(Code::InvalidValue, field, detail)
    }

    /// A header that cannot be read.
    pub fn header(name: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::with_field(Code::InvalidHeader, name, format!("{name} {reason}"))
    }

    /// What the caller asked for is not there, whatever is wrong with its name.
    pub fn unknown(resource: Resource) -> Self {
        Error::NotFound(resource).into()
    }

    /// The body, as it goes out.
    pub(crate) fn body(&self, request_id: &str) -> Vec<u8> {
        let wire = Wire {
            r#type: format!("/docs/errors/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.as_str(),
            request_id,
            field: self.field.as_deref(),
            current_version: self.current_version.map(|version| version.0),
        };
        serde_json::to_vec(&wire).expect("strings and numbers always serialise")
    }

    /// The headers that go with the code.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (header::HeaderName, HeaderValue)> {
        let challenge = match self.code.status() {
            // RFC 6750, section 3.1: no error is named to who shows no token.
            StatusCode::UNAUTHORIZED if self.code == Code::Unauthenticated => Some("Bearer"),
            StatusCode::UNAUTHORIZED => Some("Bearer error=\"invalid_token\""),
            _ => None,
        };
        let retry = self.code.status() == StatusCode::SERVICE_UNAVAILABLE;
        let challenge = challenge.map(|value| (header::WWW_AUTHENTICATE, HeaderValue::from_static(value)));
        challenge.into_iter().chain(retry.then(|| (header::RETRY_AFTER, HeaderValue::from_static("1"))))
    }
}

/// The problem object.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(crate) struct Wire<'a> {
    /// Where the code is described.
    r#type: String,
    /// What the code means.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong this time.
    detail: &'a str,
    /// The stable code to decide by.
    code: &'static str,
    /// The request's id, also in `X-Request-Id`; name it when you report the problem.
    request_id: &'a str,
    /// The field, parameter or header that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// The version that the object has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<u64>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Revoked => Self::new(Code::TokenRevoked, detail),
            Error::FirmSuspended => Self::new(Code::FirmSuspended, detail),
            Error::UserBarred(_) => Self::new(Code::UserSuspended, detail),
            Error::Forbidden(_) => Self::new(Code::Forbidden, detail),
            Error::NotFound(Resource::SyncFailure) => {
                Self::with_field(Code::UnknownSyncFailure, "id", "nothing of that id stands among the sync failures")
            }
            Error::NotFound(resource) => {
                let code = match resource {
                    Resource::Firm => Code::UnknownFirm,
                    Resource::Conversation => Code::UnknownConversation,
                    Resource::User => Code::UnknownUser,
                    Resource::Party => Code::UnknownParty,
                    Resource::Conflict => Code::UnknownConflict,
                    Resource::SyncFailure => Code::UnknownSyncFailure,
                };
                Self::new(code, detail)
            }
            Error::Gone => Self::new(Code::ConversationDeleted, detail),
            Error::Paused => Self::new(Code::IntakePaused, detail),
            Error::Conversation(rejection) => of_conversation(rejection, detail),
            Error::User(rejection) => of_user(rejection, detail),
            Error::Firm(rejection) => of_firm(rejection, detail),
            Error::Stale { current } => {
                Self { current_version: Some(current), ..Self::new(Code::StaleVersion, detail) }
            }
            Error::CommandIdReused => Self::with_field(Code::IdempotencyKeyReused, "Idempotency-Key", detail),
            Error::Invalid { field, reason } => Self::invalid(field, reason),
            Error::Fault(fault) => fault.into(),
        }
    }
}

fn of_conversation(rejection: conversation::Rejection, detail: String) -> Problem {
    use conversation::Rejection;
    match rejection {
        Rejection::AlreadyStarted => Problem::new(Code::ConversationExists, detail),
        Rejection::Closed => Problem::new(Code::ConversationClosed, detail),
        Rejection::Frozen => Problem::new(Code::IntakeFrozen, detail),
        Rejection::Screened => Problem::with_field(Code::AlreadyScreened, "conflictStatus", detail),
        Rejection::Deleted => Problem::new(Code::ConversationDeleted, detail),
        Rejection::Erased => Problem::new(Code::ConversationErased, detail),
        // Nobody asks for an erasure over HTTP; whoever does is told the truth.
        Rejection::OnHold | Rejection::NotDue => Problem::new(Code::ConversationOnHold, detail),
        Rejection::IllegalPhase { .. } => Problem::with_field(Code::IllegalPhase, "phase", detail),
        Rejection::UnknownGoal { .. } => Problem::new(Code::UnknownGoal, detail),
        Rejection::DuplicateGoal { .. } => Problem::with_field(Code::DuplicateGoal, "id", detail),
        Rejection::Full { .. } => Problem::new(Code::ConversationFull, detail),
        Rejection::NotAssigned => Problem::new(Code::NotAssigned, detail),
        Rejection::SecuredToAnother => Problem::new(Code::AlreadySecured, detail),
        // In the request a goal is the whole body.
        Rejection::Invalid { field, reason } => Problem::invalid(field.strip_prefix("goal.").unwrap_or(field), reason),
    }
}

fn of_user(rejection: user::Rejection, detail: String) -> Problem {
    use user::Rejection;
    match rejection {
        Rejection::AlreadyRegistered => Problem::new(Code::UserExists, detail),
        Rejection::RoleNotAssignable(_) => Problem::with_field(Code::InvalidValue, "role", detail),
        Rejection::OwnAccount => Problem::new(Code::OwnAccount, detail),
        Rejection::Invalid { field, reason } => Problem::invalid(field, reason),
    }
}

fn of_firm(rejection: firm::Rejection, detail: String) -> Problem {
    use firm::Rejection;
    match rejection {
        Rejection::AlreadyExists => Problem::new(Code::FirmExists, detail),
        Rejection::EmailTaken => Problem::with_field(Code::EmailTaken, "email", detail),
        Rejection::UnknownConflict => Problem::new(Code::UnknownConflict, detail),
        Rejection::ConflictMovedOn { current } => {
            Problem { current_version: Some(current), ..Problem::new(Code::StaleVersion, detail) }
        }
        Rejection::ConflictResolved => Problem::new(Code::ConflictResolved, detail),
        Rejection::TooManyParties => Problem::new(Code::ConversationFull, detail),
        Rejection::Invalid { field, reason } => Problem::invalid(field, reason),
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::UnknownFirm => Self::new(Code::UnknownFirm, "unknown firm"),
            Fault::Overloaded(_) => Self {
                fault: Some(fault),
                ..Self::new(Code::Overloaded, "too much is waiting already; nothing was stored")
            },
            Fault::Storage(_) => Self {
                fault: Some(fault),
                ..Self::new(Code::StorageFailed, "the storage failed; nothing was acknowledged")
            },
        }
    }
}
