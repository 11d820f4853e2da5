//! What the dashboard shows: what waits, who has how much to do, how practice areas and days compare. The index answers; who may list
//! the firm's conversations may ask.

mod overview;

use std::collections::BTreeMap;

use engage_domain::{PracticeArea, Timestamp, actor::Permission, calendar::Calendar};
use engage_index::{
    Cursor, Query,
    analytics::{
        Attention, AttentionRow, Mean, Means, PracticeAreaCount, PracticeAreaRow, PracticeAreaSpans, PracticeAreas,
        Progress, Workload, WorkloadRow, most_first,
    },
};

pub use self::overview::{DayCount, Overview, Period, Totals};
use crate::{Caller, Engage, Error, Freshness, Resource, Runtime, lists::ListPage, runtime::Token};

const DAY_MS: i64 = 24 * 3_600_000;
/// How long a conversation may rest before it waits for attention.
pub const IDLE_MS: i64 = DAY_MS;

/// How far back a report of practice areas reaches, to the millisecond: days of 24 hours before now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// 7 days.
    Week,
    /// 30 days.
    #[default]
    Month,
    /// 90 days.
    Quarter,
    /// 365 days.
    Year,
    /// Everything.
    All,
}

impl Reach {
    /// Every reach.
    pub const ALL: [Self; 5] = [Self::Week, Self::Month, Self::Quarter, Self::Year, Self::All];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
            Self::Year => "365d",
            Self::All => "all",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reach| reach.as_str() == word)
    }

    /// How many days of 24 hours its spans have, and how many there are: days within a month, weeks within a quarter, a year, all of time.
    const fn spans(self) -> (i64, usize) {
        match self {
            Self::Week => (1, 7),
            Self::Month => (1, 30),
            Self::Quarter => (7, 12),
            Self::Year | Self::All => (7, 52),
        }
    }

    /// The first instant that it reaches to from `now`; none: all of time.
    pub const fn since(self, now: Timestamp) -> Option<Timestamp> {
        let days = match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::Year => 365,
            Self::All => return None,
        };
        Some(now.plus_millis(-days * DAY_MS))
    }
}

/// How many conversations began in each practice area, span by span, the last of which ends now.
#[derive(Clone, Debug)]
pub struct Trends {
    /// How many days each span has, of 24 hours.
    pub days: i64,
    /// How many spans there are.
    pub spans: usize,
    /// The counts of each area that has any; none: conversations without an area.
    pub counts: BTreeMap<Option<PracticeArea>, Vec<u64>>,
}

/// A report, and how fresh the index is that gave it.
#[derive(Clone, Debug)]
pub struct Report<T> {
    /// What it says.
    pub body: T,
    /// How fresh the index is.
    pub freshness: Freshness,
}

impl<R: Runtime> Engage<R> {
    /// A page of the conversations that wait for somebody.
    pub async fn list_attention(
        &self,
        caller: &Caller,
        mut list: Attention,
        token: Option<Token>,
    ) -> Result<ListPage<AttentionRow, Cursor>, Error> {
        list.firm = caller.firm.clone();
        let (rows, freshness) = self.ask(caller, list.clone(), token).await?;
        let (rows, next) = list.page(rows);
        Ok(ListPage { rows, next, freshness })
    }

    /// What each of the firm's active people has to do, and the instant before which what is overdue was due.
    pub async fn workload(
        &self,
        caller: &Caller,
        token: Option<Token>,
    ) -> Result<(Report<Vec<WorkloadRow>>, Timestamp), Error> {
        let now = self.runtime.now();
        let (body, freshness) = self.ask(caller, Workload { firm: caller.firm.clone(), now }, token).await?;
        Ok((Report { body, freshness }, now))
    }

    /// How the practice areas fare, and the first instant that counts; none: all of time.
    pub async fn practice_areas(
        &self,
        caller: &Caller,
        reach: Reach,
        token: Option<Token>,
    ) -> Result<(Report<Vec<PracticeAreaRow>>, Option<Timestamp>), Error> {
        let since = reach.since(self.runtime.now());
        let (rows, freshness) = self.ask(caller, PracticeAreas { firm: caller.firm.clone(), since }, token).await?;
        Ok((Report { body: most_first(rows), freshness }, since))
    }

    /// How many conversations began in each practice area as time went by.
    pub async fn practice_area_trends(&self, caller: &Caller, reach: Reach) -> Result<Report<Trends>, Error> {
        let (now, (days, spans)) = (self.runtime.now(), reach.spans());
        let back = |span: usize| now.plus_millis(-(span as i64) * days * DAY_MS);
        let bounds = (0..=spans).rev().map(back).collect();
        let query = PracticeAreaSpans { firm: caller.firm.clone(), bounds };
        let (rows, freshness) = self.ask(caller, query, None).await?;
        let mut counts: BTreeMap<_, Vec<u64>> = BTreeMap::new();
        for PracticeAreaCount { practice_area, span, count } in rows {
            counts.entry(practice_area).or_insert_with(|| vec![0; spans])[span] = count;
        }
        Ok(Report { body: Trends { days, spans, counts }, freshness })
    }

    /// How the days of a period compare, and the period with the one before it. The means are asked for after the
    /// counts, and may be of an index some moments fresher; the counts have waited for the token.
    pub async fn overview(&self, caller: &Caller, period: Period, token: Option<Token>) -> Result<Overview, Error> {
        self.require(caller, Permission::ListConversations, Resource::Conversation).await?;
        let firm = self.runtime.firm(&caller.firm).await?;
        let zone = firm.settings.time_zone.clone();
        let calendar = Calendar::of(&zone).map_err(|reason| Error::Invalid { field: "timeZone", reason })?;
        let period = period.resolved(calendar.day_of(self.runtime.now()))?;
        let bounds = period.bounds(&calendar);
        let [Some(first), Some(second), Some(end)] =
            [bounds.first(), bounds.get(1), bounds.last()].map(|at| at.copied())
        else {
            return Err(Error::invalid("to", "must be after from"));
        };
        let firm = &caller.firm;
        let (counts, freshness) = self.runtime.query(firm, Progress { firm: firm.clone(), bounds }, token).await?;
        let means = Means { firm: firm.clone(), bounds: [first, second, end] };
        let (means, later) = self.runtime.query(firm, means, None).await?;
        let means = means.first().copied().unwrap_or([Mean::default(); 2]);
        Ok(Overview::new(period, zone, &counts, means, older(freshness, later)))
    }

    async fn ask<Q: Query>(
        &self,
        caller: &Caller,
        query: Q,
        token: Option<Token>,
    ) -> Result<(Vec<Q::Row>, Freshness), Error> {
        self.require(caller, Permission::ListConversations, Resource::Conversation).await?;
        Ok(self.runtime.query(&caller.firm, query, token).await?)
    }
}

/// What can be said of two answers together.
fn older(one: Freshness, other: Freshness) -> Freshness {
    Freshness {
        as_of: one.as_of.min(other.as_of),
        lag_ms: one.lag_ms.max(other.lag_ms),
        consistent: one.consistent && other.consistent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reach_reads_as_it_is_written_and_reaches_back_so_many_days() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let since = Reach::ALL.map(|reach| {
            assert_eq!(Reach::parse(reach.as_str()), Some(reach));
            reach.since(now).map(|since| since.to_string())
        });
        assert_eq!(Reach::parse("1d"), None);
        let days = ["2026-11-17", "2026-10-25", "2026-08-26", "2025-11-24"];
        assert_eq!(since[..4], days.map(|day| Some(format!("{day}T12:00:00.000Z"))));
        assert_eq!(since[4], None);
        for reach in Reach::ALL {
            let (days, spans) = reach.spans();
            let begin = now.plus_millis(-(spans as i64) * days * DAY_MS);
            assert!(reach.since(now).is_none_or(|since| since <= begin), "its spans lie within");
            assert!(spans < PracticeAreaSpans::BOUNDS_MAX);
        }
    }

    #[test]
    fn of_two_answers_the_older_one_speaks() {
        let at = Timestamp::from_millis;
        let one = Freshness { as_of: at(5), lag_ms: 0, consistent: true };
        let other = Freshness { as_of: at(4), lag_ms: 7, consistent: false };
        assert_eq!(older(one, other), other);
        assert_eq!(older(other, one), other);
        assert_eq!(older(one, one), one);
    }
}
