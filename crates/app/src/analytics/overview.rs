//! A period of a firm's days, put together from what the index counts.

use std::collections::BTreeMap;

use engage_domain::{
    Timestamp,
    calendar::{Calendar, Day},
    conversation::{Phase, Status},
};
use engage_index::analytics::{Mean, ProgressCount};

use crate::{Error, Freshness};

/// A period: whole days of the firm, `to` not among them. What is left out is filled in: the last 30 days, today with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Option<Day>,
    /// The day after the last.
    pub to: Option<Day>,
}

impl Period {
    /// Most days: a year, leap years too.
    pub const DAYS_MAX: i32 = 366;
    /// How many days are looked at unless said otherwise.
    pub const DAYS_DEFAULT: i32 = 30;

    /// The period with both ends, neither too long nor empty.
    pub(super) fn resolved(self, today: Day) -> Result<Days, Error> {
        let to = self.to.unwrap_or_else(|| today.plus(1));
        let from = self.from.unwrap_or_else(|| to.plus(-Self::DAYS_DEFAULT));
        // The end that the caller named is to blame; of two, the second.
        let field = if self.to.is_some() || self.from.is_none() { "to" } else { "from" };
        match to.days_since(from) {
            ..1 if field == "to" => Err(Error::invalid(field, "must be after from")),
            ..1 => Err(Error::invalid(field, "must not be after today where there is no to")),
            1..=Self::DAYS_MAX => Ok(Days { from, to }),
            _ => {
                Err(Error::invalid(field, format!("must be at most {} days apart from the other end", Self::DAYS_MAX)))
            }
        }
    }
}

/// A period with both ends, and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Days {
    from: Day,
    to: Day,
}

impl Days {
    fn count(self) -> i32 {
        self.to.days_since(self.from)
    }

    /// The first day of the period before, which is as long.
    fn before(self) -> Day {
        self.from.plus(-self.count())
    }

    /// Where the period before begins, and then where each day does, and last where the period ends.
    pub(super) fn bounds(self, calendar: &Calendar) -> Vec<Timestamp> {
        let mut bounds = vec![calendar.start_of(self.before())];
        bounds.extend(calendar.bounds(self.from, self.to));
        bounds
    }
}

/// What began in a period, and how far it has come by now.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    /// Conversations begun in the period.
    pub created: u64,
    /// Those of them that are completed.
    pub completed: u64,
    /// Mean hours from the beginning of a completed one to its last activity; none of none.
    pub average_hours_to_completion: Option<f64>,
    /// Mean data quality of all of them, 0 to 100; none of none.
    pub average_data_quality: Option<f64>,
    /// How many have each status.
    pub by_status: BTreeMap<Status, u64>,
    /// How many are in each phase.
    pub by_phase: BTreeMap<Phase, u64>,
}

impl Totals {
    fn of(counts: Vec<&ProgressCount>, mean: Mean) -> Self {
        let mut by_status = BTreeMap::from(Status::ALL.map(|status| (status, 0)));
        let mut by_phase = BTreeMap::from(Phase::ALL.map(|phase| (phase, 0)));
        for ProgressCount { status, phase, count, .. } in counts {
            *by_status.entry(*status).or_default() += count;
            *by_phase.entry(*phase).or_default() += count;
        }
        let (created, completed) = (by_status.values().sum(), by_status[&Status::Completed]);
        Self {
            created,
            completed,
            average_hours_to_completion: mean.hours_to_completion,
            average_data_quality: mean.data_quality,
            by_status,
            by_phase,
        }
    }

    /// The share of them that are completed, 0 to 1; none of none.
    pub fn conversion(&self) -> Option<f64> {
        (self.created > 0).then(|| self.completed as f64 / self.created as f64)
    }
}

/// One day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayCount {
    /// The day, where the firm is.
    pub day: Day,
    /// Conversations begun on it.
    pub created: u64,
    /// Those of them that are completed by now, whenever they were.
    pub completed: u64,
}

/// A period, day by day, and the one before it.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The first day.
    pub from: Day,
    /// The day after the last.
    pub to: Day,
    /// The first day of the period before, which ends where this one begins.
    pub previous_from: Day,
    /// The firm's time zone, in which the days are.
    pub time_zone: String,
    /// The period.
    pub current: Totals,
    /// The period before.
    pub previous: Totals,
    /// Every day of the period, in order; what they count adds up to the period's.
    pub days: Vec<DayCount>,
    /// How fresh the index is.
    pub freshness: Freshness,
}

impl Overview {
    /// From the counts of [`Days::bounds`]: the first span is the period before, each other one a day.
    pub(super) fn new(
        period: Days,
        time_zone: String,
        counts: &[ProgressCount],
        [before, now]: [Mean; 2],
        freshness: Freshness,
    ) -> Self {
        let (earlier, current): (Vec<&ProgressCount>, Vec<&ProgressCount>) =
            counts.iter().partition(|count| count.span == 0);
        let mut days: Vec<_> =
            (0..period.count()).map(|day| DayCount { day: period.from.plus(day), created: 0, completed: 0 }).collect();
        for ProgressCount { span, status, count, .. } in &current {
            if let Some(day) = days.get_mut(span - 1) {
                day.created += count;
                day.completed += if *status == Status::Completed { *count } else { 0 };
            }
        }
        Self {
            from: period.from,
            to: period.to,
            previous_from: period.before(),
            time_zone,
            current: Totals::of(current, now),
            previous: Totals::of(earlier, before),
            days,
            freshness,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn period(from: Option<&str>, to: Option<&str>) -> Result<(String, String), String> {
        let period = Period { from: from.map(day), to: to.map(day) };
        let resolved = period.resolved(day("2026-11-24"));
        resolved.map(|days| (days.from.to_string(), days.to.to_string())).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_of_a_period_is_filled_in() {
        let check = |from, to, expected: (&str, &str)| {
            assert_eq!(period(from, to), Ok((expected.0.to_owned(), expected.1.to_owned())));
        };
        check(None, None, ("2026-10-26", "2026-11-25"));
        check(Some("2026-11-24"), None, ("2026-11-24", "2026-11-25"));
        check(None, Some("2026-03-01"), ("2026-01-30", "2026-03-01"));
        check(Some("2024-01-01"), Some("2025-01-01"), ("2024-01-01", "2025-01-01"));
    }

    #[test]
    fn a_period_is_neither_empty_nor_longer_than_a_year() {
        let check = |from, to, expected: &str| assert_eq!(period(from, to), Err(expected.to_owned()));
        check(Some("2026-01-01"), Some("2026-01-01"), "to must be after from");
        check(Some("2026-01-02"), Some("2026-01-01"), "to must be after from");
        check(Some("2026-11-25"), None, "from must not be after today where there is no to");
        check(Some("2025-01-01"), None, "from must be at most 366 days apart from the other end");
        check(Some("2023-12-31"), Some("2025-01-01"), "to must be at most 366 days apart from the other end");
    }

    #[test]
    fn the_period_before_is_as_long_in_days() {
        let days = Period { from: Some(day("2026-03-08")), to: Some(day("2026-03-10")) }.resolved(day("2026-11-24"));
        let bounds = days.unwrap().bounds(&Calendar::of("America/Chicago").unwrap());
        let texts: Vec<_> = bounds.iter().map(ToString::to_string).collect();
        let expected = ["2026-03-06T06:00", "2026-03-08T06:00", "2026-03-09T05:00", "2026-03-10T05:00"];
        assert_eq!(texts, expected.map(|text| format!("{text}:00.000Z")), "the first of the two days has 23 hours");
    }

    #[test]
    fn days_add_up_to_their_period() {
        let days = Period { from: Some(day("2026-03-08")), to: Some(day("2026-03-11")) };
        let days = days.resolved(day("2026-11-24")).unwrap();
        let count = |span, status, phase, count| ProgressCount { span, status, phase, count };
        let counts = [
            count(0, Status::Terminated, Phase::Terminated, 7),
            count(1, Status::Active, Phase::Secured, 2),
            count(1, Status::Completed, Phase::Completed, 1),
            count(3, Status::Completed, Phase::Secured, 5),
        ];
        let freshness = Freshness { as_of: Timestamp::from_millis(0), lag_ms: 0, consistent: true };
        let overview = Overview::new(
            days,
            "UTC".into(),
            &counts,
            [Mean::default(), Mean { hours_to_completion: Some(2.5), data_quality: Some(40.0) }],
            freshness,
        );
        let found: Vec<_> = overview.days.iter().map(|day| (day.created, day.completed)).collect();
        assert_eq!(found, [(3, 1), (0, 0), (5, 5)]);
        assert_eq!((overview.current.created, overview.current.completed), (8, 6));
        assert_eq!(overview.current.by_phase[&Phase::Secured], 7);
        assert_eq!(overview.current.conversion(), Some(0.75));
        assert_eq!(overview.current.average_hours_to_completion, Some(2.5));
        assert_eq!((overview.current.average_data_quality, overview.previous.average_data_quality), (Some(40.0), None));
        assert_eq!((overview.previous.created, overview.previous.conversion()), (7, Some(0.0)));
        assert_eq!(overview.previous.by_status[&Status::Active], 0);
        assert_eq!(overview.previous_from, day("2026-03-05"));
        let nothing = Overview::new(days, "UTC".into(), &[], [Mean::default(); 2], freshness);
        assert_eq!((nothing.current.created, nothing.current.conversion()), (0, None));
    }
}
