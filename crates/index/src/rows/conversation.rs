//! `conversation_index`.

use engage_domain::{
    ConversationId, FirmId, PracticeArea, Timestamp, UserId, Version,
    conversation::{ConflictStatus, Phase, Status},
    text::Private,
};
use engage_journal::{self as journal, Row};

use super::{IndexRow, maybe_parse, parse, private, text_of, unsigned, version, word};
use crate::{Param, Statement, Table, scan::Key};

/// Most characters of [`ConversationRow::client_sort`]: what two names share beyond that, no reader compares.
pub const CLIENT_SORT_MAX: usize = 200;

macro_rules! touch {
    ($set:literal) => {
        concat!("UPDATE conversation_index SET ", $set, " WHERE firmId = ?1 AND sessionId = ?2 AND version = ?3")
    };
}

/// A conversation as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// The firm.
    pub firm_id: FirmId,
    /// The conversation.
    pub session_id: ConversationId,
    /// The signed-in client it belongs to.
    pub user_id: Option<UserId>,
    /// The client's name.
    pub client_name: Option<Private>,
    /// The client's e-mail address.
    pub client_email: Option<Private>,
    /// The practice area.
    pub practice_area: Option<PracticeArea>,
    /// Whether it goes on.
    pub status: Status,
    /// Where the intake stands.
    pub phase: Phase,
    /// Who is responsible.
    pub assigned_to: Option<UserId>,
    /// What is known of conflicts of interest.
    pub conflict_status: ConflictStatus,
    /// How many goals were reached.
    pub goals_completed: u32,
    /// How many goals there are.
    pub goals_total: u32,
    /// Data quality, 0 to 100.
    pub data_quality_score: u8,
    /// When it began.
    pub created_at: Timestamp,
    /// When somebody last did something in it; never before `created_at`.
    pub last_activity: Timestamp,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// The client's name in lower case, cut at [`CLIENT_SORT_MAX`] characters, empty where there is none: what a list sorted by
    /// name sorts by.
    pub client_sort: Private,
    /// The version that the row shows.
    pub version: Version,
}

impl IndexRow for ConversationRow {
    const TABLE: Table = Table::Conversation;

    fn params(&self) -> Vec<Param> {
        vec![
            (&self.firm_id).into(),
            self.session_id.into(),
            Param::maybe(self.user_id),
            text_of(&self.client_name),
            text_of(&self.client_email),
            Param::maybe(self.practice_area.as_ref().map(PracticeArea::as_str)),
            self.status.as_str().into(),
            self.phase.as_str().into(),
            Param::maybe(self.assigned_to),
            self.conflict_status.as_str().into(),
            i64::from(self.goals_completed).into(),
            i64::from(self.goals_total).into(),
            i64::from(self.data_quality_score).into(),
            self.created_at.into(),
            self.last_activity.into(),
            i64::from(self.is_deleted).into(),
            self.client_sort.as_str().into(),
            Param::maybe(self.completion_ms()),
            self.version.into(),
        ]
    }

    fn decode(row: &dyn Row) -> Result<Self, journal::Error> {
        let t = Self::TABLE;
        Ok(Self {
            firm_id: parse(t, row, 0)?,
            session_id: parse(t, row, 1)?,
            user_id: maybe_parse(t, row, 2)?,
            client_name: private(row, 3)?,
            client_email: private(row, 4)?,
            practice_area: maybe_parse(t, row, 5)?,
            status: word(t, row, 6, Status::parse)?,
            phase: word(t, row, 7, Phase::parse)?,
            assigned_to: maybe_parse(t, row, 8)?,
            conflict_status: word(t, row, 9, ConflictStatus::parse)?,
            goals_completed: unsigned(t, row, 10)?,
            goals_total: unsigned(t, row, 11)?,
            data_quality_score: unsigned(t, row, 12)?,
            created_at: parse(t, row, 13)?,
            last_activity: parse(t, row, 14)?,
            is_deleted: row.integer(15)? != 0,
            client_sort: row.text(16)?.into(),
            version: version(t, row, 18)?, // 17 follows from the others
        })
    }

    fn key(&self) -> Key {
        Key(self.session_id.to_string().into(), "".into())
    }

    fn version(&self) -> Version {
        self.version
    }
}

impl ConversationRow {
    /// How long a completed conversation took, from its beginning to its last activity, in milliseconds; none of any other.
    pub fn completion_ms(&self) -> Option<i64> {
        let took = self.last_activity.as_millis() - self.created_at.as_millis();
        (self.status == Status::Completed).then_some(took)
    }

    /// A cheaper way to write this row over `previous`, the row of the same conversation that was written last: what a message
    /// changes is the version, the time and perhaps the score, and an `UPDATE` that names no other column leaves alone every
    /// index without them. None where more has changed.
    ///
    /// The statement changes one row if the table still holds `previous`, and none otherwise: then write the whole row with
    /// [`IndexRow::to_statement`].
    pub fn touch(&self, previous: &Self) -> Option<Statement> {
        let same = Self {
            version: self.version,
            last_activity: self.last_activity,
            data_quality_score: self.data_quality_score,
            ..previous.clone()
        } == *self;
        // How long it took is in no `touch!`.
        if !same || self.version <= previous.version || self.completion_ms() != previous.completion_ms() {
            return None;
        }
        let mut params: Vec<Param> =
            vec![(&self.firm_id).into(), self.session_id.into(), previous.version.into(), self.version.into()];
        let moved = self.last_activity != previous.last_activity;
        let rescored = self.data_quality_score != previous.data_quality_score;
        let sql = match (moved, rescored) {
            (false, false) => touch!("version = ?4"),
            (true, false) => touch!("version = ?4, lastActivity = ?5"),
            (false, true) => touch!("version = ?4, dataQualityScore = ?5"),
            (true, true) => touch!("version = ?4, lastActivity = ?5, dataQualityScore = ?6"),
        };
        params.extend(moved.then(|| self.last_activity.into()));
        params.extend(rescored.then(|| Param::Integer(self.data_quality_score.into())));
        Some(Statement::new(sql, params))
    }
}
