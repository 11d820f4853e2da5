//! The phases of an intake and which may follow which.

use serde::{Deserialize, Serialize};

/// Where an intake stands: `pre_login → login_suggested → secured → conflict_check_complete → data_gathering → completed`, and
/// `terminated` from any but the two final ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The client talks without having signed in.
    #[default]
    PreLogin,
    /// The client was asked to sign in.
    LoginSuggested,
    /// The conversation belongs to a signed-in client.
    Secured,
    /// The conflict check has an outcome.
    ConflictCheckComplete,
    /// Facts are being collected.
    DataGathering,
    /// The intake is done. Final.
    Completed,
    /// The intake was broken off. Final.
    Terminated,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 7] = [
        Self::PreLogin,
        Self::LoginSuggested,
        Self::Secured,
        Self::ConflictCheckComplete,
        Self::DataGathering,
        Self::Completed,
        Self::Terminated,
    ];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreLogin => "pre_login",
            Self::LoginSuggested => "login_suggested",
            Self::Secured => "secured",
            Self::ConflictCheckComplete => "conflict_check_complete",
            Self::DataGathering => "data_gathering",
            Self::Completed => "completed",
            Self::Terminated => "terminated",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == word)
    }

    /// Whether nothing follows.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Terminated)
    }

    /// Whether `next` may follow directly.
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Completed | Self::Terminated, _) => false,
            (_, Self::Terminated)
            | (Self::PreLogin, Self::LoginSuggested)
            | (Self::LoginSuggested, Self::Secured)
            | (Self::Secured, Self::ConflictCheckComplete)
            | (Self::ConflictCheckComplete, Self::DataGathering)
            | (Self::DataGathering, Self::Completed) => true,
            (Self::PreLogin, _)
            | (Self::LoginSuggested, _)
            | (Self::Secured, _)
            | (Self::ConflictCheckComplete, _)
            | (Self::DataGathering, _) => false,
        }
    }
}

/// Whether a conversation goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It goes on.
    #[default]
    Active,
    /// It was closed with its purpose met.
    Completed,
    /// It was broken off.
    Terminated,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Active, Self::Completed, Self::Terminated];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Terminated => "terminated",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// What is known of conflicts of interest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictStatus {
    /// Not decided yet.
    #[default]
    Pending,
    /// Decided: none.
    Clear,
    /// Decided: there is one.
    ConflictDetected,
}

impl ConflictStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Clear, Self::ConflictDetected];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Clear => "clear",
            Self::ConflictDetected => "conflict_detected",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether the check has an outcome, whichever.
    pub const fn is_decided(self) -> bool {
        !matches!(self, Self::Pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_follow_one_line_and_may_break_off() {
        for (at, phase) in Phase::ALL.into_iter().enumerate() {
            for (to, next) in Phase::ALL.into_iter().enumerate() {
                let forward = at < 5 && to == at + 1;
                let broken_off = at < 5 && next == Phase::Terminated;
                assert_eq!(phase.may_become(next), forward || broken_off, "{phase:?} → {next:?}");
            }
            assert_eq!(Phase::parse(phase.as_str()), Some(phase));
        }
    }
}
