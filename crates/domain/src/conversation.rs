//! The `Conversation` aggregate: one client's intake, from the first word to its end.
//!
//! Invariant: the state is bounded whatever the length of the conversation. Messages are not in it, only their number
//! and the time of the last; they are journal entries, read by page.

mod assignment;
mod command;
mod decide;
mod event;
mod goal;
mod identity;
mod phase;

use serde::{Deserialize, Serialize};

pub use self::{
    assignment::{ASSIGNEES_MAX, Assignment, AssignmentStatus, HOURS_MAX, NOTES_MAX, Priority, Terms},
    command::{Close, Command, Dated, Rejection, Start},
    decide::{HOLD_REASON_MAX, MESSAGE_MAX},
    event::{Author, Event, Remains},
    goal::{GOAL_ID_MAX, GOAL_TITLE_MAX, GOALS_MAX, Goal, GoalPriority, GoalTemplate},
    identity::{ADDRESS_MAX, Identity, LEGAL_AREA_MAX, NAME_MAX, PHONE_MAX, SITUATION_MAX},
    phase::{ConflictStatus, Phase, Status},
};
use crate::{
    aggregate::Version, id::UserId, practice_area::PracticeArea, text::Private, time::Timestamp, token::TokenHash,
};

/// A conversation's state: what its events add up to, without the messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Conversation {
    /// Its version: the number of its events.
    pub version: Version,
    /// The signed-in client it belongs to.
    pub user_id: Option<UserId>,
    /// What the client told of themselves.
    pub identity: Identity,
    /// The practice area it belongs to.
    pub practice_area: Option<PracticeArea>,
    /// Whether it goes on.
    pub status: Status,
    /// Where the intake stands.
    pub phase: Phase,
    /// The phase before the final one; a reopened conversation returns to it.
    pub phase_before_close: Option<Phase>,
    /// What is known of conflicts of interest.
    pub conflict_status: ConflictStatus,
    /// The firm's version whose screening that status comes from; none: nobody was screened, people may decide.
    pub screened: Option<Version>,
    /// Since when the intake is frozen for a conflict of interest; none: it is not.
    pub frozen_since: Option<Timestamp>,
    /// Who is responsible now.
    pub assigned_to: Option<UserId>,
    /// Each person's latest assignment, in the order in which they first were assigned.
    pub assignments: Vec<Assignment>,
    /// Its goals, in the order in which they were set.
    pub goals: Vec<Goal>,
    /// How many messages it has.
    pub message_count: u64,
    /// When it began.
    pub created_at: Timestamp,
    /// When somebody last did something in it.
    pub last_activity: Timestamp,
    /// When it was closed; none while it goes on.
    pub closed_at: Option<Timestamp>,
    /// When it was deleted; none while it is not.
    pub deleted_at: Option<Timestamp>,
    /// What it is called in the system it was imported from.
    pub external_id: Option<Private>,
    /// The hash of the token with which the client can resume it.
    pub resume_token: Option<TokenHash>,
    /// When that token stops working.
    pub resume_until: Option<Timestamp>,
    /// Since when it must be kept, whatever the firm's retention says; none: it need not.
    pub held_since: Option<Timestamp>,
    /// When what was said in it was erased.
    pub erased_at: Option<Timestamp>,
}

impl Conversation {
    /// Whether it has begun.
    pub fn exists(&self) -> bool {
        self.version > Version::NONE
    }

    /// Whether it was deleted and not restored.
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Whether what was said in it has been erased.
    pub fn is_erased(&self) -> bool {
        self.erased_at.is_some()
    }

    /// How many goals were reached.
    pub fn goals_completed(&self) -> usize {
        self.goals.iter().filter(|goal| goal.completed_at.is_some()).count()
    }

    /// Data quality, 0 to 100: `round(50·done/total + 30·(name, email, phone, legal area present)/4 + 20·(conflict decided))`,
    /// half points up; the first term is 0 without goals.
    pub fn quality_score(&self) -> u8 {
        // Everything times 4·total, so that the rounding is exact: no float decides a half point.
        let total = self.goals.len().max(1) as u64;
        let done = self.goals_completed() as u64;
        let known = u64::from(self.identity.completeness());
        let decided = u64::from(self.conflict_status.is_decided());
        let numerator = 200 * done + 30 * known * total + 80 * decided * total;
        let denominator = 4 * total;
        ((2 * numerator + denominator) / (2 * denominator)) as u8
    }

    /// The assignment of the person who is responsible now.
    pub fn current_assignment(&self) -> Option<&Assignment> {
        self.assigned_to.and_then(|user| self.assignment_of(user))
    }

    /// The latest assignment of `user`.
    pub fn assignment_of(&self, user: UserId) -> Option<&Assignment> {
        self.assignments.iter().find(|assignment| assignment.assigned_to == user)
    }

    /// The goal called `id`.
    pub fn goal(&self, id: &str) -> Option<&Goal> {
        self.goals.iter().find(|goal| goal.template.id == id)
    }
}

#[cfg(test)]
mod tests;
