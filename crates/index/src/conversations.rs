//! The list of a firm's conversations: typed filters, four orders, both ways, by keyset.
//!
//! Which index serves a page is said here (`INDEXED BY`), not left to the planner, so that no page ever sorts: a list in the
//! default order walks the index of its most selective filter, in any other order the index of that order. Every further
//! filter is checked row by row on the way. Deleted conversations are in no list and in no index.
//!
//! So a page costs what it shows, whatever the size of the firm, unless a further filter turns most of the walk away. The case that
//! people meet is a span of one time in the order of the other: conversations begun before last spring, the last active first, are
//! found behind everything active since (half a second among a million). Asked for in the order of the time that they span
//! they cost a page.

mod cursor;
mod walk;

use engage_domain::{
    ConversationId, FirmId, PracticeArea, Timestamp, UserId,
    conversation::{ConflictStatus, Phase, Status},
};
use engage_journal::{self as journal, Row};

pub use self::cursor::{Cursor, CursorError};
use crate::{
    ConversationRow, IndexRow, Query, Statement, Table,
    page::{Direction, Limit, Range, cut},
    rows,
    statement::Draft,
};

/// What a list is sorted by; the conversation's id settles ties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// When somebody last did something in it.
    #[default]
    LastActivity,
    /// When it began.
    CreatedAt,
    /// The client's name, without regard to case, by code point; conversations without a name come first.
    ClientName,
    /// Data quality.
    DataQualityScore,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 4] = [Self::LastActivity, Self::CreatedAt, Self::ClientName, Self::DataQualityScore];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LastActivity => "lastActivity",
            Self::CreatedAt => "createdAt",
            Self::ClientName => "clientName",
            Self::DataQualityScore => "dataQualityScore",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == word)
    }
}

/// A sort and which way it runs; by default the conversations last active come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Order {
    /// By what.
    pub sort: Sort,
    /// Which way.
    pub direction: Direction,
}

/// Which conversations a list holds: those that satisfy every filter present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// Of this signed-in client. A client's own list always has it.
    pub owner: Option<UserId>,
    /// This person is responsible.
    pub assigned_to: Option<UserId>,
    /// In this practice area.
    pub practice_area: Option<PracticeArea>,
    /// With this outcome of the conflict check.
    pub conflict_status: Option<ConflictStatus>,
    /// In this phase.
    pub phase: Option<Phase>,
    /// With this status.
    pub status: Option<Status>,
    /// Begun in this span.
    pub created: Range,
    /// Last active in this span.
    pub activity: Range,
}

/// One page of a firm's conversations.
#[derive(Clone, Debug)]
pub struct ConversationList {
    /// The firm.
    pub firm: FirmId,
    /// Which ones.
    pub filters: Filters,
    /// In which order.
    pub order: Order,
    /// Behind which row the page begins; none: at the first. Its order is the list's ([`Cursor::parse`] sees to it).
    pub after: Option<Cursor>,
    /// Most rows of the page.
    pub limit: Limit,
}

impl ConversationList {
    /// Makes a page of the query's answer, with the cursor of the next page if there is one.
    pub fn page(&self, rows: Vec<ConversationRow>) -> (Vec<ConversationRow>, Option<Cursor>) {
        let (rows, more) = cut(rows, self.limit);
        let next = rows.last().filter(|_| more).map(|last| Cursor::behind(self.order, last));
        (rows, next)
    }
}

impl Query for ConversationList {
    type Row = ConversationRow;

    /// One row more than the page has; [`ConversationList::page`] takes it off.
    fn statement(&self) -> Statement {
        walk::statement(self)
    }

    fn decode(row: &dyn Row) -> Result<ConversationRow, journal::Error> {
        ConversationRow::decode(row)
    }
}

/// Some conversations by their ids, in no particular order; no row for one that was deleted or is not there.
#[derive(Clone, Debug)]
pub struct ConversationsById {
    /// The firm.
    pub firm: FirmId,
    /// Which ones.
    pub ids: Vec<ConversationId>,
}

impl Query for ConversationsById {
    type Row = ConversationRow;

    /// The ids come as one value, however many they are: D1 binds no more than 100.
    fn statement(&self) -> Statement {
        let ids = serde_json::to_string(&self.ids).expect("ids always serialise");
        let columns = rows::select(Table::Conversation);
        let sql = format!(
            "SELECT {columns} FROM json_each(?2) JOIN conversation_index ON firmId = ?1 AND sessionId = value
             WHERE isDeleted = 0"
        );
        Statement::new(sql, vec![(&self.firm).into(), ids.as_str().into()])
    }

    fn decode(row: &dyn Row) -> Result<ConversationRow, journal::Error> {
        ConversationRow::decode(row)
    }
}

/// A page of the deleted conversations that nobody has done anything in since `before`, in the order of their ids: those among which
/// the ones are that a firm's retention no longer keeps. Erased ones are among them.
#[derive(Clone, Debug)]
pub struct DeletedConversations {
    /// The firm.
    pub firm: FirmId,
    /// The end of the span.
    pub before: Timestamp,
    /// The last row's id, behind which the page begins; none: at the first.
    pub after: Option<ConversationId>,
    /// Most rows of the page.
    pub limit: Limit,
}

impl Query for DeletedConversations {
    type Row = ConversationId;

    fn statement(&self) -> Statement {
        let sql =
            "SELECT sessionId FROM conversation_index INDEXED BY idx_firm_deleted WHERE firmId = ?1 AND isDeleted = 1";
        let mut draft = Draft::of_firm(sql.to_owned(), &self.firm);
        draft.compare("sessionId", ">", self.after);
        draft.compare("lastActivity", "<", Some(self.before));
        draft.page(&["sessionId"], Direction::Asc, self.limit)
    }

    fn decode(row: &dyn Row) -> Result<Self::Row, journal::Error> {
        let id = row.text(0)?;
        id.parse().map_err(|_| journal::Error::Corrupt(format!("{id:?} in conversation_index")))
    }
}
