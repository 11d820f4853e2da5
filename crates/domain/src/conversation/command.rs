//! What can be asked of a conversation, and the reasons for a "no".

use serde::{Deserialize, Serialize};

use super::{
    assignment::Terms,
    event::Author,
    goal::GoalTemplate,
    identity::Identity,
    phase::{ConflictStatus, Phase},
};
use crate::{
    aggregate::Version,
    id::UserId,
    practice_area::PracticeArea,
    text::{Invalid, Private, Word, word},
    time::Timestamp,
    token::TokenHash,
};

/// What can be asked of a conversation. Text is as it came from outside; `decide` checks and normalises it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Begin.
    Start(Box<Start>),
    /// Add a message of 1 to [`super::MESSAGE_MAX`] bytes.
    AddMessage {
        /// Who speaks.
        author: Author,
        /// What is said.
        content: Private,
    },
    /// Take in particulars; fields that are `None` stay.
    UpdateIdentity(Box<Identity>),
    /// Say which practice area it belongs to; that area's goals join those it has.
    Classify {
        /// The area.
        practice_area: PracticeArea,
        /// The area's goals, from the firm's settings.
        goals: Vec<GoalTemplate>,
    },
    /// Set a goal.
    AddGoal(GoalTemplate),
    /// Mark a goal as reached; already reached: nothing happens.
    CompleteGoal {
        /// The goal.
        id: String,
    },
    /// Make somebody responsible; the person before, if another, is recorded as reassigned. The same person again: the terms
    /// are replaced.
    Assign {
        /// Who; the caller has made sure that they are an active member of the firm.
        assignee: UserId,
        /// On which terms.
        terms: Box<Terms>,
        /// Offered only, not taken up yet.
        pending: bool,
    },
    /// Take the conversation from whoever is responsible, without giving it to anyone.
    Unassign,
    /// The person responsible is done.
    CompleteAssignment {
        /// How long it took.
        actual_hours: Option<f64>,
    },
    /// Move to another phase; the same phase: nothing happens.
    MovePhase(Phase),
    /// Record what is known of conflicts of interest.
    DecideConflict(ConflictStatus),
    /// Take in what the firm's registry knows of the conflicts of its parties. The platform says so; what is older than what was taken in
    /// already changes nothing.
    RecordScreening {
        /// What is known.
        status: ConflictStatus,
        /// The firm's version that says so.
        registry: Version,
        /// Whether the intake stops until that is resolved.
        freezes: bool,
    },
    /// Give the conversation to the signed-in client it belongs to.
    Secure {
        /// The client.
        user: UserId,
    },
    /// End it.
    Close(Close),
    /// Take it up again after it was closed.
    Reopen,
    /// Hide it from everybody but those who may restore it.
    Delete,
    /// Undo a deletion.
    Restore,
    /// Keep it, whatever the firm's retention says: a legal hold. On hold already: nothing happens.
    Hold {
        /// Why, in at most [`super::HOLD_REASON_MAX`] bytes.
        reason: Private,
    },
    /// End the hold.
    ReleaseHold,
    /// Erase what was said in it, if it was deleted before then and is not on hold. The platform asks for this once the firm's
    /// retention has passed. Erased already: nothing happens.
    Erase {
        /// The end of the time in which it must have been deleted.
        deleted_before: Timestamp,
    },
    /// Replace the resume token.
    RotateResumeToken {
        /// The hash of the new token.
        hash: TokenHash,
        /// How long it works, in milliseconds.
        ttl_ms: i64,
    },
    /// The resume token has outlived its time; the alarm asks for this.
    ExpireResumeToken,
    /// Several commands with the times at which they happened, decided one after the other, all or none: how a conversation
    /// comes in from another system. It cannot contain another history.
    History(Vec<Dated>),
}

/// How a conversation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Close {
    /// With its purpose met. The phase stays where the intake got to.
    Completed,
    /// Broken off. The phase becomes `terminated`.
    Terminated,
}

/// How a conversation begins.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Start {
    /// What is known of the client already.
    pub identity: Identity,
    /// The practice area, where it is known.
    pub practice_area: Option<PracticeArea>,
    /// The area's goals, from the firm's settings; the base goals come of themselves.
    pub goals: Vec<GoalTemplate>,
    /// The hash of the client's resume token and how long it works, in milliseconds.
    pub resume: Option<(TokenHash, i64)>,
    /// What it is called in the system it comes from.
    pub external_id: Option<Private>,
}

/// A command and when it happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dated {
    /// When.
    pub at: Timestamp,
    /// What.
    pub command: Command,
}

/// Why a conversation turned a command down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejection {
    /// It has begun already.
    #[error("the conversation has already started")]
    AlreadyStarted,
    /// It was closed, and the command needs an open one.
    #[error("the conversation is closed")]
    Closed,
    /// A conflict of interest was found, and until it is resolved the client is asked for nothing more.
    #[error("the intake is frozen until a conflict of interest is resolved")]
    Frozen,
    /// Its parties were screened, so what is known of conflicts comes from the registry.
    #[error("the conflict status comes from the screening of its parties; resolve the conflicts instead")]
    Screened,
    /// It was deleted, and only a restoration is possible.
    #[error("the conversation is deleted")]
    Deleted,
    /// What was said in it was erased, and with it what the command needs.
    #[error("the conversation was erased")]
    Erased,
    /// It is on hold, so it is not erased.
    #[error("the conversation is on hold")]
    OnHold,
    /// It is not deleted, or not for long enough.
    #[error("the conversation is not due to be erased")]
    NotDue,
    /// The phase machine knows no such move.
    #[error("a conversation in phase {} cannot move to {}", .from.as_str(), .to.as_str())]
    IllegalPhase {
        /// Where it stands.
        from: Phase,
        /// Where it was to go.
        to: Phase,
    },
    /// No goal of that name.
    #[error("the conversation has no goal {id}")]
    UnknownGoal {
        /// The name.
        id: String,
    },
    /// A goal of that name exists.
    #[error("the conversation already has a goal {id}")]
    DuplicateGoal {
        /// The name.
        id: String,
    },
    /// As many as a conversation can hold.
    #[error("the conversation already has {max} {what}")]
    Full {
        /// Of what.
        #[serde(deserialize_with = "word")]
        what: Word,
        /// How many.
        max: usize,
    },
    /// Nobody is responsible.
    #[error("the conversation is not assigned to anyone")]
    NotAssigned,
    /// It belongs to another client.
    #[error("the conversation already belongs to a signed-in client")]
    SecuredToAnother,
    /// A value is wrong.
    #[error("{field} {reason}")]
    Invalid {
        /// The field's name on the wire.
        #[serde(deserialize_with = "word")]
        field: Word,
        /// What is wrong with it.
        reason: Invalid,
    },
}
