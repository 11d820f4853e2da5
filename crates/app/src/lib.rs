//! The application service: it authorises, addresses the object, looks up what the command needs, and answers.
//!
//! - [`runtime`]: the port to whatever hosts objects and index.
//! - [`access`]: who is let in, in which role; people that the firm does not know yet are registered on the way.
//! - [`conversations`], [`messages`], [`assignments`], [`intake`]: what can be done with conversations, by staff and by clients.
//! - [`registry`], [`screening`]: parties, conflicts of interest, and how names are compared.
//! - [`users`], [`settings`]: the firm's people and what it can set.
//! - [`lists`], [`conflicts`], [`search`], [`analytics`]: what the index answers.
//! - [`audit`], [`reports`]: the audit trail, and what the index's rows come to.
//! - [`exports`]: a whole list, page after page, on record.
//! - [`operations`]: how the index is, and what it could not take in.
//! - [`stream`]: a conversation's events as they happen.
//! - [`import`]: conversations from elsewhere.
//! - [`transfer`]: a firm on its way from one host to another.
//! - [`placement`]: where a firm is kept, on a host that has the choice.
//! - [`idempotency`], [`resume`], [`consistency`]: keys, tokens and what hangs on them.
//!
//! Architecture invariant: generic over [`Runtime`]; knows neither HTTP nor tokio nor Workers. Every refusal leaves an entry
//! before it is answered: on the object if there is one, on the firm's own if there is not.

pub mod access;
pub mod analytics;
pub mod assignments;
pub mod audit;
mod call;
pub mod conflicts;
pub mod consistency;
pub mod conversations;
pub mod error;
pub mod exports;
pub mod idempotency;
pub mod import;
pub mod intake;
pub mod lists;
pub mod messages;
pub mod operations;
pub mod placement;
pub mod registry;
pub mod reports;
pub mod resume;
pub mod runtime;
pub mod screening;
pub mod search;
pub mod settings;
pub mod stream;
pub mod transfer;
pub mod users;

pub use access::{Caller, Claims, Origin};
pub use error::{Error, Resource};
pub use idempotency::{IdempotencyKey, Write};
pub use resume::ResumeToken;
pub use runtime::{Fault, Freshness, Runtime, Standing};

/// The application, over a platform.
pub struct Engage<R> {
    runtime: R,
    resume_secret: resume::Secret,
    export_secret: transfer::Secret,
}

impl<R: Runtime> Engage<R> {
    /// Puts the application on `runtime`. From `secret`, which stays the same over restarts, come the resume tokens of commands
    /// that may be repeated, and the tokens of exports.
    pub fn new(runtime: R, secret: &[u8]) -> Self {
        let resume_secret = resume::Secret::derived_from(secret);
        Self { runtime, resume_secret, export_secret: transfer::Secret::derived_from(secret) }
    }

    /// The platform.
    pub const fn runtime(&self) -> &R {
        &self.runtime
    }
}
