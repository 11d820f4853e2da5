//! `conflict_detection_index`.

use engage_domain::{
    ConflictId, ConversationId, FirmId, Timestamp, UserId, Version,
    registry::{ConflictState, ConflictType, MatchType, Resolution},
    text::Private,
};
use engage_journal::{self as journal, Row};

use super::{IndexRow, maybe_parse, maybe_word, parse, private, text_of, version, word};
use crate::{Param, Table, scan::Key};

/// Who found a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DetectedBy {
    /// The registry, when it screened a party.
    System,
    /// Somebody by hand.
    Manual,
}

impl DetectedBy {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::System, Self::Manual];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Manual => "manual",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// A conflict of interest as lists show it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictRow {
    /// The firm.
    pub firm_id: FirmId,
    /// The conflict.
    pub conflict_id: ConflictId,
    /// The conversation of the party that came later; of the other one, where that has none.
    pub session_id: Option<ConversationId>,
    /// What it is with: the party that was known.
    pub conflict_type: ConflictType,
    /// The name of the known party that matched.
    pub conflict_entity: Private,
    /// How the two were matched.
    pub match_type: MatchType,
    /// How likely they are the same, 0 to 1.
    pub confidence: f64,
    /// When it was found, or what reopened it was.
    pub detected_at: Timestamp,
    /// Who found it.
    pub detected_by: DetectedBy,
    /// How far it has come.
    pub status: ConflictState,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// Who resolved it; none also for the platform itself.
    pub resolved_by: Option<UserId>,
    /// How it was resolved; none while it is open.
    pub resolution: Option<Resolution>,
    /// Why it was resolved so, or what its reviewer noted.
    pub notes: Option<Private>,
    /// The name of the party that came later.
    pub party_name: Private,
    /// The other party's conversation, where it is another one.
    pub other_session_id: Option<ConversationId>,
    /// The firm's version that last touched it.
    pub version: Version,
}

impl IndexRow for ConflictRow {
    const TABLE: Table = Table::Conflict;

    fn params(&self) -> Vec<Param> {
        vec![
            (&self.firm_id).into(),
            self.conflict_id.into(),
            Param::maybe(self.session_id),
            self.conflict_type.as_str().into(),
            self.conflict_entity.as_str().into(),
            self.match_type.as_str().into(),
            Param::Real(self.confidence),
            self.detected_at.into(),
            self.detected_by.as_str().into(),
            self.status.as_str().into(),
            Param::maybe(self.resolved_at),
            Param::maybe(self.resolved_by),
            Param::maybe(self.resolution.map(Resolution::as_str)),
            text_of(&self.notes),
            self.party_name.as_str().into(),
            Param::maybe(self.other_session_id),
            self.version.into(),
        ]
    }

    fn decode(row: &dyn Row) -> Result<Self, journal::Error> {
        let t = Self::TABLE;
        let confidence = row.maybe_real(6)?;
        Ok(Self {
            firm_id: parse(t, row, 0)?,
            conflict_id: parse(t, row, 1)?,
            session_id: maybe_parse(t, row, 2)?,
            conflict_type: word(t, row, 3, ConflictType::parse)?,
            conflict_entity: row.text(4)?.into(),
            match_type: word(t, row, 5, MatchType::parse)?,
            confidence: confidence.ok_or_else(|| super::corrupt(t, 6, "NULL"))?,
            detected_at: parse(t, row, 7)?,
            detected_by: word(t, row, 8, DetectedBy::parse)?,
            status: word(t, row, 9, ConflictState::parse)?,
            resolved_at: maybe_parse(t, row, 10)?,
            resolved_by: maybe_parse(t, row, 11)?,
            resolution: maybe_word(t, row, 12, Resolution::parse)?,
            notes: private(row, 13)?,
            party_name: row.text(14)?.into(),
            other_session_id: maybe_parse(t, row, 15)?,
            version: version(t, row, 16)?,
        })
    }

    fn key(&self) -> Key {
        Key(self.conflict_id.to_string().into(), "".into())
    }

    fn version(&self) -> Version {
        self.version
    }
}
