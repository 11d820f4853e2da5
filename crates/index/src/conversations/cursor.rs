//! Where a page ended, as text that a caller hands back: opaque, URL-safe, and checked before it is believed.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use engage_domain::{ConversationId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Order, Sort};
use crate::{ConversationRow, page::Direction, rows::CLIENT_SORT_MAX};

/// Longest text that is looked at: the longest name takes four bytes a character, JSON may double them, base 64 adds a third.
const TEXT_MAX: usize = 4096;

/// Why a cursor was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// No list gave it.
    #[error("cursor was not given by this list")]
    Malformed,
    /// A list in another order gave it.
    #[error("cursor belongs to a list sorted by {} {}", .0.sort.as_str(), .0.direction.as_str())]
    OtherOrder(Order),
}

/// The place behind a row in a list of one order. It stays good when that row moves or goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Cursor {
    order: Order,
    place: Place,
    session: ConversationId,
}

/// The row's value of what the list is sorted by.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Place {
    Time(Timestamp),
    Name(Box<str>),
    Score(u8),
}

/// The text behind the base 64: `["lastActivity","desc","2026-11-23T01:00:00.000Z","01J…"]`.
#[derive(Serialize, Deserialize)]
struct Wire<'a>(
    #[serde(borrow)] std::borrow::Cow<'a, str>,
    std::borrow::Cow<'a, str>,
    serde_json::Value,
    ConversationId,
);

impl Cursor {
    /// The place behind `row` in a list in `order`.
    pub fn behind(order: Order, row: &ConversationRow) -> Self {
        let place = match order.sort {
            Sort::LastActivity => Place::Time(row.last_activity),
            Sort::CreatedAt => Place::Time(row.created_at),
            Sort::ClientName => Place::Name(row.client_sort.as_str().into()),
            Sort::DataQualityScore => Place::Score(row.data_quality_score),
        };
        Self { order, place, session: row.session_id }
    }

    /// Reads the text that a list in `order` gave.
    pub fn parse(text: &str, order: Order) -> Result<Self, CursorError> {
        let read = || {
            let json = URL_SAFE_NO_PAD.decode(Some(text).filter(|text| text.len() <= TEXT_MAX)?).ok()?;
            let Wire(sort, direction, place, session) = serde_json::from_slice(&json).ok()?;
            let order = Order { sort: Sort::parse(&sort)?, direction: Direction::parse(&direction)? };
            let place = match order.sort {
                Sort::LastActivity | Sort::CreatedAt => Place::Time(place.as_str()?.parse().ok()?),
                Sort::ClientName => Place::Name(place.as_str().filter(|name| is_client_sort(name))?.into()),
                Sort::DataQualityScore => Place::Score(place.as_u64().filter(|score| *score <= 100)?.try_into().ok()?),
            };
            Some(Self { order, place, session })
        };
        let cursor: Self = read().ok_or(CursorError::Malformed)?;
        if cursor.order == order { Ok(cursor) } else { Err(CursorError::OtherOrder(cursor.order)) }
    }

    /// The order of the list that gave it.
    pub const fn order(&self) -> Order {
        self.order
    }

    /// The time and the conversation that it lies behind, in a list sorted by a time.
    pub(crate) const fn time(&self) -> Option<(Timestamp, ConversationId)> {
        match self.place {
            Place::Time(at) => Some((at, self.session)),
            Place::Name(_) | Place::Score(_) => None,
        }
    }

    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    pub(super) const fn session(&self) -> ConversationId {
        self.session
    }
}

fn is_client_sort(name: &str) -> bool {
    name.chars().count() <= CLIENT_SORT_MAX
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match &self.place {
            Place::Time(at) => at.to_string().into(),
            Place::Name(name) => (&**name).into(),
            Place::Score(score) => (*score).into(),
        };
        let Order { sort, direction } = self.order;
        let wire = Wire(sort.as_str().into(), direction.as_str().into(), place, self.session);
        f.write_str(&URL_SAFE_NO_PAD.encode(serde_json::to_vec(&wire).map_err(|_| fmt::Error)?))
    }
}

/// A name is a client's: `Debug` shows the order alone.
impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({:?}, {})", self.order, self.session)
    }
}
