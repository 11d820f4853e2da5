//! What every list has: a bound on its length, ranges of time, and an order in which the next page continues.

use engage_domain::{Invalid, Timestamp};

use crate::{Param, statement::Draft};

/// Most rows of one page: enough for a screen, and the longest that one request holds a reader.
pub const LIMIT_MAX: u32 = 100;

/// How many rows a page has at most, 1 to [`LIMIT_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(u32);

impl Limit {
    /// Checks the bounds; the message reads on from the field's name.
    pub fn new(rows: u32) -> Result<Self, Invalid> {
        if (1..=LIMIT_MAX).contains(&rows) {
            Ok(Self(rows))
        } else {
            Err(Invalid::new(format!("must be 1 to {LIMIT_MAX}")))
        }
    }

    /// The number of rows.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

/// A span of time, half open: `from` belongs to it, `to` does not. An absent end is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Range {
    /// All of time.
    pub const ALL: Self = Self { from: None, to: None };

    /// Checks that the range does not end before it begins; an empty one is allowed.
    pub fn new(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Self, Invalid> {
        match (from, to) {
            (Some(from), Some(to)) if to < from => Err(Invalid::new("must not end before it begins")),
            _ => Ok(Self { from, to }),
        }
    }

    /// The first instant of it.
    pub const fn from(self) -> Option<Timestamp> {
        self.from
    }

    /// The first instant after it.
    pub const fn to(self) -> Option<Timestamp> {
        self.to
    }

    /// Whether `at` lies in it.
    pub fn contains(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// Which way a list runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Asc,
    /// Largest first; of times, the newest.
    #[default]
    Desc,
}

impl Direction {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Asc, Self::Desc];

    /// The word on the wire and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.as_str() == word)
    }

    /// The comparison that the rows behind a cursor satisfy.
    pub(crate) const fn behind(self) -> &'static str {
        match self {
            Self::Asc => ">",
            Self::Desc => "<",
        }
    }
}

/// Cuts a list that was asked for one row more than its page has. The flag says whether there is a next page.
pub(crate) fn cut<R>(mut rows: Vec<R>, limit: Limit) -> (Vec<R>, bool) {
    let more = rows.len() > limit.0 as usize;
    rows.truncate(limit.0 as usize);
    (rows, more)
}

/// Bounds a walk along `columns`, a time and the key that settles ties, by a span of that time and by the place behind which the
/// page begins. The walk gets one bound on each side, the tighter one: of two, SQLite would take either, and with the looser one
/// page 100 would read all the pages before it.
pub(crate) fn bound_walk(
    draft: &mut Draft,
    columns: [&str; 2],
    direction: Direction,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    after: Option<(Timestamp, Param)>,
) {
    let tighter = after.filter(|(at, _)| match direction {
        Direction::Asc => from.is_none_or(|from| from <= *at),
        Direction::Desc => to.is_none_or(|to| *at < to),
    });
    let open = tighter.is_none();
    draft.compare(columns[0], ">=", from.filter(|_| open || direction == Direction::Desc));
    draft.compare(columns[0], "<", to.filter(|_| open || direction == Direction::Asc));
    if let Some((at, key)) = tighter {
        draft.behind(&columns, direction, vec![at.into(), key]);
    }
}
