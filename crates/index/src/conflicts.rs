//! The list of conflicts of interest, the newest detected first.
//!
//! A page is one walk along an index: of the conversation that is asked about, else of the state, else of all. A conversation is on one
//! side of some conflicts and on the other side of others, so its list merges two walks. What a conflict is with and how it was matched
//! is checked row by row on the way: each has a vocabulary of four words, and a firm's conflicts are few beside its conversations.
//!
//! Conflicts of deleted conversations are in the list: a closed matter never drops out of the registry.

use std::{fmt, str::FromStr};

use engage_domain::{
    ConflictId, ConversationId, FirmId, Timestamp,
    registry::{ConflictState, ConflictType, MatchType},
};
use engage_journal::{self as journal, Row};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    ConflictRow, IndexRow, Query, Statement, Table,
    conversations::CursorError,
    page::{Direction, Limit, Range, bound_walk, cut},
    place, rows,
    statement::Draft,
};

/// In which states a list's conflicts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Detected or under review: they wait for a resolution.
    Open,
    /// In this one.
    In(ConflictState),
}

impl Standing {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::In(ConflictState::Detected),
        Self::In(ConflictState::Reviewing),
        Self::In(ConflictState::Cleared),
        Self::In(ConflictState::Confirmed),
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::In(state) => state.as_str(),
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == word)
    }

    /// Whether a conflict in `state` is meant.
    pub fn holds(self, state: ConflictState) -> bool {
        match self {
            Self::Open => state.is_open(),
            Self::In(wanted) => state == wanted,
        }
    }
}

impl<'de> Deserialize<'de> for Standing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let words = || Self::ALL.map(Self::as_str).join(", ");
        Self::parse(&word).ok_or_else(|| serde::de::Error::custom(format!("must be one of {}", words())))
    }
}

/// Which conflicts a list holds: those that satisfy every filter present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConflictFilters {
    /// In these states.
    pub status: Option<Standing>,
    /// With such a party.
    pub conflict_type: Option<ConflictType>,
    /// Matched so.
    pub match_type: Option<MatchType>,
    /// That concern this conversation, on either side.
    pub conversation: Option<ConversationId>,
    /// Detected in this span.
    pub detected: Range,
}

/// One page of a firm's conflicts, the newest detected first; the conflict's id settles ties.
#[derive(Clone, Debug)]
pub struct ConflictList {
    /// The firm.
    pub firm: FirmId,
    /// Which ones.
    pub filters: ConflictFilters,
    /// Behind which row the page begins; none: at the first.
    pub after: Option<ConflictPlace>,
    /// Most rows of the page.
    pub limit: Limit,
}

/// Where a page of conflicts ended: when the last row was detected, and its conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictPlace(pub Timestamp, pub ConflictId);

impl fmt::Display for ConflictPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place::write(self, f)
    }
}

impl FromStr for ConflictPlace {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        place::read(text)
    }
}

impl ConflictList {
    /// Makes a page of the query's answer, with the place behind which the next page begins if there is one.
    pub fn page(&self, rows: Vec<ConflictRow>) -> (Vec<ConflictRow>, Option<ConflictPlace>) {
        let (rows, more) = cut(rows, self.limit);
        let next = rows.last().filter(|_| more).map(|last| ConflictPlace(last.detected_at, last.conflict_id));
        (rows, next)
    }
}

/// The states in which a conflict is open, as the index of open ones says it: only so does SQLite see that it holds what is asked for.
const OPEN: &str = " AND status IN ('detected', 'reviewing')";
/// The order of the list.
const ORDER: [&str; 2] = ["detectedAt", "conflictId"];

impl Query for ConflictList {
    type Row = ConflictRow;

    /// One row more than the page has; [`ConflictList::page`] takes it off.
    fn statement(&self) -> Statement {
        let ConflictFilters { status, conflict_type, match_type, conversation, detected } = self.filters;
        let walk = |index: &str, of: &str| {
            let columns = rows::select(Table::Conflict);
            format!("SELECT {columns} FROM conflict_detection_index INDEXED BY {index} WHERE firmId = ?1{of}")
        };
        let mut draft = Draft::of_firm(String::new(), &self.firm);
        let parts = match (conversation, status) {
            (Some(conversation), _) => {
                let at = draft.bind(conversation);
                vec![
                    walk("idx_firm_conflict_session", &format!(" AND sessionId = ?{at}")),
                    walk("idx_firm_conflict_other", &format!(" AND otherSessionId = ?{at}")),
                ]
            }
            (None, None) => vec![walk("idx_firm_conflict_detected", "")],
            (None, Some(Standing::Open)) => vec![walk("idx_firm_unresolved", "")],
            (None, Some(Standing::In(_))) => vec![walk("idx_firm_conflicts", "")],
        };
        match status {
            None => {}
            Some(Standing::Open) => draft.push(OPEN),
            Some(Standing::In(state)) => draft.compare("status", "=", Some(state.as_str())),
        }
        draft.compare("conflictType", "=", conflict_type.map(ConflictType::as_str));
        draft.compare("matchType", "=", match_type.map(MatchType::as_str));
        let after = self.after.map(|ConflictPlace(at, conflict)| (at, conflict.into()));
        bound_walk(&mut draft, ORDER, Direction::Desc, (detected.from(), detected.to()), after);
        draft.merged(&parts, &ORDER, Direction::Desc, self.limit)
    }

    fn decode(row: &dyn Row) -> Result<ConflictRow, journal::Error> {
        ConflictRow::decode(row)
    }
}
