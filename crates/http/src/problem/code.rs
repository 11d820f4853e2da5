//! The codes: what a program decides by. A code's meaning never changes and a code is never reused.

use axum::http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $title:literal;)+) => {
        /// What kind of error a problem is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code on the wire; `docs/errors/` has a page of that name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The status that it has.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// What it means, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }
        }
    };
}

codes! {
    /// The body is no JSON.
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not JSON";
    /// A header cannot be read.
    InvalidHeader = "invalid_header", BAD_REQUEST, "A header cannot be read";
    /// The body did not arrive whole.
    IncompleteBody = "incomplete_body", BAD_REQUEST, "The body did not arrive whole";
    /// No token.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "A bearer token is needed";
    /// A token that is not accepted.
    InvalidToken = "invalid_token", UNAUTHORIZED, "The token is not accepted";
    /// A token from before a revocation.
    TokenRevoked = "token_revoked", UNAUTHORIZED, "The token was revoked";
    /// The firm is suspended.
    FirmSuspended = "firm_suspended", FORBIDDEN, "The firm is suspended";
    /// The user may not come in.
    UserSuspended = "user_suspended", FORBIDDEN, "The user may not come in";
    /// The role may not.
    Forbidden = "forbidden", FORBIDDEN, "The role may not do this";
    /// Nobody changes their own rights.
    OwnAccount = "own_account", FORBIDDEN, "Nobody changes their own role or status";
    /// No such firm.
    UnknownFirm = "unknown_firm", NOT_FOUND, "Unknown firm";
    /// No such conversation, or not the caller's.
    UnknownConversation = "unknown_conversation", NOT_FOUND, "Unknown conversation";
    /// The form is not of the session that sends it.
    FormExpired = "form_expired", FORBIDDEN, "The form has expired";
    /// No such user.
    UnknownUser = "unknown_user", NOT_FOUND, "Unknown user";
    /// No such goal.
    UnknownGoal = "unknown_goal", NOT_FOUND, "Unknown goal";
    /// No such conflict.
    UnknownConflict = "unknown_conflict", NOT_FOUND, "Unknown conflict";
    /// No such party.
    UnknownParty = "unknown_party", NOT_FOUND, "Unknown party";
    /// Nothing that the index could not take in has that id.
    UnknownSyncFailure = "unknown_sync_failure", NOT_FOUND, "Unknown sync failure";
    /// No such address.
    UnknownRoute = "unknown_route", NOT_FOUND, "Unknown address";
    /// The address does not take the method.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The address does not take this method";
    /// The conversation goes no further.
    ConversationClosed = "conversation_closed", CONFLICT, "The conversation is closed";
    /// The conversation has begun already.
    ConversationExists = "conversation_exists", CONFLICT, "The conversation has already started";
    /// It is kept, whatever the retention.
    ConversationOnHold = "conversation_on_hold", CONFLICT, "The conversation is on hold";
    /// The client is asked for nothing more until a conflict is resolved.
    IntakeFrozen = "intake_frozen", CONFLICT, "The intake is frozen until a conflict of interest is resolved";
    /// The firm has paused it; what a client is told.
    IntakePaused = "intake_paused", CONFLICT, "The firm has paused the conversation";
    /// What is known of its conflicts comes from the registry.
    AlreadyScreened = "already_screened", CONFLICT, "The conversation's parties were screened";
    /// It is resolved, and can be reopened.
    ConflictResolved = "conflict_resolved", CONFLICT, "The conflict is resolved";
    /// The phase machine knows no such move.
    IllegalPhase = "illegal_phase", CONFLICT, "The intake cannot move to that phase";
    /// The goal is there already.
    DuplicateGoal = "duplicate_goal", CONFLICT, "The goal already exists";
    /// No more of something fits.
    ConversationFull = "conversation_full", CONFLICT, "The conversation holds no more of these";
    /// Nobody is responsible.
    NotAssigned = "not_assigned", CONFLICT, "Nobody is responsible for the conversation";
    /// It belongs to another client.
    AlreadySecured = "already_secured", CONFLICT, "The conversation belongs to another client";
    /// The user is registered already.
    UserExists = "user_exists", CONFLICT, "The user is already registered";
    /// The e-mail address is somebody else's.
    EmailTaken = "email_taken", CONFLICT, "The e-mail address is already registered";
    /// The firm is there already.
    FirmExists = "firm_exists", CONFLICT, "The firm already exists";
    /// The conversation was deleted.
    ConversationDeleted = "conversation_deleted", GONE, "The conversation was deleted";
    /// What was said in it is gone.
    ConversationErased = "conversation_erased", GONE, "The conversation was erased";
    /// The object has moved on.
    StaleVersion = "stale_version", PRECONDITION_FAILED, "The object has changed since";
    /// The body is too long.
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "The body is too long";
    /// The body is not declared as JSON.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body must be JSON";
    /// A value is wrong.
    InvalidValue = "invalid_value", UNPROCESSABLE_ENTITY, "A value is wrong";
    /// The idempotency key was used for another request.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "The idempotency key was used before";
    /// The storage failed.
    StorageFailed = "storage_failed", INTERNAL_SERVER_ERROR, "The storage failed";
    /// Too much is waiting.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "Too much is waiting";
    /// Not ready to serve.
    NotReady = "not_ready", SERVICE_UNAVAILABLE, "Not ready";
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;

    #[test]
    fn every_code_has_its_page_and_every_page_its_code() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
        let codes: BTreeSet<_> = Code::ALL.iter().map(|code| format!("{}.md", code.as_str())).collect();
        assert_eq!(codes.len(), Code::ALL.len(), "a code is used twice");
        let pages = std::fs::read_dir(&folder).expect("docs/errors is there");
        let pages: BTreeSet<_> =
            pages.map(|page| page.expect("a readable folder").file_name().to_string_lossy().into_owned()).collect();
        let pages: BTreeSet<_> = pages.into_iter().filter(|page| page != "README.md").collect();
        assert_eq!(codes, pages);
        for code in Code::ALL {
            let page = std::fs::read_to_string(folder.join(format!("{}.md", code.as_str()))).expect("a readable page");
            let heading = format!("# `{}` ({})", code.as_str(), code.status().as_u16());
            assert_eq!(page.lines().next(), Some(heading.as_str()));
        }
    }
}
