//! Reports: what the index's rows come to. Compliance reads them, so they ask for the right to read the audit trail; the conflicts too,
//! since they tell how the firm decided on matters that whoever takes in one client has no part in.

use engage_domain::{
    Timestamp, UserId,
    actor::Permission,
    calendar::{Calendar, Day, DayPart},
};
use engage_index::{
    Limit, Range,
    reports::{AccessCount, AccessesOfDay, ConflictCount, ConflictCounts, DayPlace},
};

use crate::{Caller, Engage, Error, Freshness, Resource, Runtime, lists::ListPage, runtime::Token};

/// Days that the report on accesses covers where the caller does not say since when.
const DAYS_DEFAULT: i32 = 30;
/// Most days that it covers: a leap year.
const DAYS_MAX: usize = 366;

/// A report on who looked at the firm's data: its days and where in them a page begins. The days are the firm's own, from midnight to midnight
/// in its time zone; the first and the last may be cut.
#[derive(Clone, Debug)]
pub struct AccessReport {
    /// The first instant that counts.
    pub from: Timestamp,
    /// The first instant that no longer does.
    pub to: Timestamp,
    /// The zone whose days they are.
    pub time_zone: String,
    /// Behind which row the page begins; none: at the first.
    pub after: Option<DayPlace>,
    /// Most rows of the page.
    pub limit: Limit,
    /// Whose accesses; none: everybody's.
    pub user: Option<UserId>,
    /// Newest first.
    days: Vec<DayPart>,
}

/// What one user looked at on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyAccess {
    /// The day, in the firm's time zone.
    pub day: Day,
    /// Who, and how much.
    pub count: AccessCount,
}

impl<R: Runtime> Engage<R> {
    /// Prepares the report on accesses: on all users or one, over at most 366 days, up to now and over the last thirty days unless
    /// said otherwise.
    pub async fn access_report(
        &self,
        caller: &Caller,
        user: Option<UserId>,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
    ) -> Result<AccessReport, Error> {
        let time_zone = self.runtime.firm(&caller.firm).await?.settings.time_zone.clone();
        let calendar = Calendar::of(&time_zone).map_err(|reason| Error::Invalid { field: "timeZone", reason })?;
        let end = to.unwrap_or_else(|| self.runtime.now());
        let from =
            from.unwrap_or_else(|| calendar.start_of(calendar.day_of(end.plus_millis(-1)).plus(1 - DAYS_DEFAULT)));
        if from >= end {
            return Err(match to {
                Some(_) => Error::invalid("to", "must be after from"),
                None => Error::invalid("from", "must not lie in the future"),
            });
        }
        let days = calendar
            .days_of(from, end, DAYS_MAX)
            .ok_or_else(|| Error::invalid("from", format!("must lie at most {DAYS_MAX} days before the end")))?;
        Ok(AccessReport { from, to: end, time_zone, after: None, limit: Limit::default(), user, days })
    }

    /// A page of a report on accesses: the newest day first, on each day whoever looked most first. Each day is asked for on its own, so that a
    /// page reads no day that it does not show.
    pub async fn list_accesses(
        &self,
        caller: &Caller,
        report: AccessReport,
        mut token: Option<Token>,
    ) -> Result<ListPage<DailyAccess, DayPlace>, Error> {
        self.require(caller, Permission::ReadAudit, Resource::Firm).await?;
        let AccessReport { after, limit, user, days, .. } = report;
        let most = limit.get() as usize;
        let (mut rows, mut freshness) = (vec![], None);
        for day in days {
            let date = day.day.to_string();
            let place = match &after {
                Some(after) if *after.date < *date => continue,
                Some(after) if *after.date == *date => Some(after.place),
                Some(_) | None => None,
            };
            // A page that is exactly full still has to learn whether there is another.
            let left = u32::try_from(most - rows.len()).ok().and_then(|left| Limit::new(left.max(1)).ok());
            let limit = left.unwrap_or_default();
            let firm = caller.firm.clone();
            let query = AccessesOfDay { firm, user, from: day.from, to: day.to, after: place, limit };
            let (found, fresh) = self.runtime.query(&caller.firm, query, token.take()).await?;
            // The first is the oldest: the page holds at least what it held.
            freshness.get_or_insert(fresh);
            rows.extend(found.into_iter().map(|count| DailyAccess { day: day.day, count }));
            if rows.len() > most {
                break;
            }
        }
        let freshness = freshness.ok_or_else(|| Error::invalid("cursor", "was not given by this list"))?;
        let more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| more).map(|DailyAccess { day, count }| DayPlace {
            date: day.to_string().into(),
            place: AccessesOfDay::place_behind(count),
        });
        Ok(ListPage { rows, next, freshness })
    }

    /// The conflicts detected in a span, by what they concern, how they were matched and what became of them.
    pub async fn conflict_counts(
        &self,
        caller: &Caller,
        detected: Range,
        token: Option<Token>,
    ) -> Result<(Vec<ConflictCount>, Freshness), Error> {
        self.require(caller, Permission::ReadAudit, Resource::Firm).await?;
        Ok(self.runtime.query(&caller.firm, ConflictCounts { firm: caller.firm.clone(), detected }, token).await?)
    }
}
