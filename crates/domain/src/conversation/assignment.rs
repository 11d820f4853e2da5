//! Assignments: who is responsible for a conversation, and was.

use serde::{Deserialize, Serialize};

use crate::{aggregate::Version, id::UserId, text::Private, time::Timestamp};

/// Most people that one conversation can have been assigned to; state is bounded.
pub const ASSIGNEES_MAX: usize = 100;
/// Longest assignment note in bytes.
pub const NOTES_MAX: usize = 4096;
/// Most hours that an assignment can be estimated at or have taken: ten working years.
pub const HOURS_MAX: f64 = 20_000.0;

/// How urgent an assignment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before everything else.
    Urgent,
    /// Soon.
    High,
    /// In its turn.
    #[default]
    Normal,
    /// When there is time.
    Low,
}

impl Priority {
    /// Every priority, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Urgent, Self::High, Self::Normal, Self::Low];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == word)
    }
}

/// What became of an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStatus {
    /// Offered, not taken up yet.
    Pending,
    /// Being worked on.
    Active,
    /// Done.
    Completed,
    /// Passed on to somebody else, or taken back.
    Reassigned,
}

impl AssignmentStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Active, Self::Completed, Self::Reassigned];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Reassigned => "reassigned",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// The terms of an assignment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// How urgent it is.
    pub priority: Priority,
    /// By when it is to be done.
    pub due_date: Option<Timestamp>,
    /// How long it should take, in hours.
    pub estimated_hours: Option<f64>,
    /// What the assignee should know.
    pub notes: Option<Private>,
}

/// One person's latest assignment to a conversation; earlier ones of the same person are in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// Who is responsible.
    pub assigned_to: UserId,
    /// Who said so; none for the platform itself.
    pub assigned_by: Option<UserId>,
    /// Since when.
    pub assigned_at: Timestamp,
    /// What became of it.
    pub status: AssignmentStatus,
    /// Its terms.
    #[serde(flatten)]
    pub terms: Terms,
    /// How long it took, in hours, once it is completed.
    pub actual_hours: Option<f64>,
    /// The conversation's version that last touched this assignment: its index row's version.
    pub version: Version,
}
