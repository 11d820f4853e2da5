//! Goals: what an intake must find out, by priority.

use serde::{Deserialize, Serialize};

use crate::{
    text::{Invalid, line},
    time::Timestamp,
};

/// Most goals that one conversation can have; state is bounded.
pub const GOALS_MAX: usize = 100;
/// Longest goal id in bytes.
pub const GOAL_ID_MAX: usize = 64;
/// Longest goal title in bytes.
pub const GOAL_TITLE_MAX: usize = 200;

/// How much a goal matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoalPriority {
    /// Without it the intake cannot go on.
    Critical,
    /// Without it the intake cannot be completed.
    Required,
    /// Wanted.
    Important,
    /// Useful.
    Optional,
}

impl GoalPriority {
    /// Every priority, the weightiest first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::Required, Self::Important, Self::Optional];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Required => "required",
            Self::Important => "important",
            Self::Optional => "optional",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == word)
    }
}

/// A goal as it is set: by the product, by the firm for a practice area, or by a person in one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GoalTemplate {
    /// Names the goal within its conversation: lower-case letters, digits and underscores.
    pub id: String,
    /// What is to be found out.
    pub title: String,
    /// How much it matters.
    pub priority: GoalPriority,
}

impl GoalTemplate {
    fn new(id: &str, title: &str, priority: GoalPriority) -> Self {
        Self { id: id.to_owned(), title: title.to_owned(), priority }
    }

    /// The three goals that every conversation starts with.
    pub fn base() -> [Self; 3] {
        [
            Self::new("user_identification", "Know who the client is", GoalPriority::Critical),
            Self::new("legal_needs_assessment", "Understand what the client needs", GoalPriority::Required),
            Self::new("conflict_check_readiness", "Have the names for the conflict check", GoalPriority::Critical),
        ]
    }

    /// Checks id and title; names the field that is wrong.
    pub fn check(&self) -> Result<(), (&'static str, Invalid)> {
        let shaped = (1..=GOAL_ID_MAX).contains(&self.id.len())
            && self.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !shaped {
            let reason = format!("must be 1 to {GOAL_ID_MAX} lower-case letters, digits and underscores");
            return Err(("goal.id", Invalid::new(reason)));
        }
        line(&self.title, GOAL_TITLE_MAX).map(drop).map_err(|reason| ("goal.title", reason))
    }
}

/// A goal in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Goal {
    /// What it asks for.
    #[serde(flatten)]
    pub template: GoalTemplate,
    /// When it was reached; none while it is open.
    pub completed_at: Option<Timestamp>,
}
