//! The conversations that wait for somebody.

use engage_domain::{FirmId, Timestamp, text::Private};
use engage_journal::{self as journal, Row};

use crate::{
    ConversationRow, Cursor, IndexRow, Query, Statement, Table,
    conversations::{Order, Sort},
    page::{Direction, Limit, bound_walk, cut},
    rows,
    statement::Draft,
};

/// One page of the active conversations that nobody is responsible for or in which nothing has happened since `idle_before`, those that
/// wait the longest first.
///
/// The idle ones all come before the others, so the list is two walks, one behind the other: along everything active up to that
/// instant, then along the unassigned from there on. Neither steps over a row, so a page costs what it shows, however many
/// conversations are well looked after.
#[derive(Clone, Debug)]
pub struct Attention {
    /// The firm.
    pub firm: FirmId,
    /// A conversation last active before this instant is idle; one that was active at it is not.
    pub idle_before: Timestamp,
    /// Behind which row the page begins; none: at the first. A cursor of [`Attention::ORDER`]. It stays good while `idle_before` moves on.
    pub after: Option<Cursor>,
    /// Most rows of the page.
    pub limit: Limit,
}

/// A conversation that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttentionRow {
    /// The conversation.
    pub conversation: ConversationRow,
    /// The name of who is responsible, where there is somebody whom the index shows with a name.
    pub assigned_to_name: Option<Private>,
}

impl Attention {
    /// The order of the list.
    pub const ORDER: Order = Order { sort: Sort::LastActivity, direction: Direction::Asc };

    /// Makes a page of the query's answer, with the cursor of the next page if there is one.
    pub fn page(&self, rows: Vec<AttentionRow>) -> (Vec<AttentionRow>, Option<Cursor>) {
        let (rows, more) = cut(rows, self.limit);
        let next = rows.last().filter(|_| more).map(|last| Cursor::behind(Self::ORDER, &last.conversation));
        (rows, next)
    }
}

const WALKED: [&str; 2] = ["lastActivity", "sessionId"];

impl Query for Attention {
    type Row = AttentionRow;

    /// One row more than the page has; [`Attention::page`] takes it off.
    fn statement(&self) -> Statement {
        let Self { firm, idle_before, after, limit } = self;
        assert!(after.as_ref().is_none_or(|cursor| cursor.order() == Self::ORDER), "the cursor is of another list");
        let after = after.as_ref().and_then(Cursor::time);
        let columns = rows::select(Table::Conversation);
        let mut draft = Draft::of_firm(
            format!(
                "SELECT {columns},
                   (SELECT u.name FROM user_index AS u WHERE u.firmId = ?1 AND u.userId = conversation_index.assignedTo)
                 FROM conversation_index INDEXED BY idx_firm_status
                 WHERE firmId = ?1 AND isDeleted = 0 AND status = 'active'"
            ),
            firm,
        );
        let place = || after.map(|(at, session)| (at, session.into()));
        bound_walk(&mut draft, WALKED, Direction::Asc, (None, Some(*idle_before)), place());
        draft.push(&format!(
            " UNION ALL SELECT {columns}, NULL FROM conversation_index INDEXED BY idx_firm_active_assigned
             WHERE firmId = ?1 AND isDeleted = 0 AND status = 'active' AND assignedTo IS NULL"
        ));
        bound_walk(&mut draft, WALKED, Direction::Asc, (Some(*idle_before), None), place());
        draft.page(&WALKED, Direction::Asc, *limit)
    }

    fn decode(row: &dyn Row) -> Result<AttentionRow, journal::Error> {
        let conversation = ConversationRow::decode(row)?;
        let name = row.maybe_text(Table::Conversation.columns().len())?;
        Ok(AttentionRow { conversation, assigned_to_name: name.map(Private::from) })
    }
}
