//! Days as a firm has them: a date, and the instants at which it begins and ends where the firm is.
//!
//! A day of a change to or from summer time has 23 or 25 hours; where midnight is skipped it begins with the first instant that bears its
//! date; and a date that a place skipped whole, as Samoa did in 2011, is a day of no length. So days are never counted in hours.

use std::{fmt, str::FromStr};

use jiff::{
    Span,
    civil::Date,
    tz::{TimeZone, TimeZoneDatabase},
};

use crate::{text::Invalid, time::Timestamp};

/// A date of the Gregorian calendar, in the years 0001 to 9998: `2026-11-23`.
///
/// ```
/// use engage_domain::calendar::Day;
/// let day: Day = "2026-11-23".parse().unwrap();
/// assert_eq!(day.plus(8).to_string(), "2026-12-01");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// Within them every day begins and ends at an instant that has a text form, wherever it is.
const FIRST: Day = Day(Date::constant(1, 1, 1));
const LAST: Day = Day(Date::constant(9998, 12, 31));

impl Day {
    /// The day so many days later (negative: earlier), held within the representable years.
    pub fn plus(self, days: i32) -> Self {
        let bound = if days < 0 { FIRST } else { LAST };
        self.0.checked_add(Span::new().days(days)).map_or(bound, |date| Self(date).clamp(FIRST, LAST))
    }

    /// How many days `self` lies behind `earlier`; negative where it lies before it.
    pub fn days_since(self, earlier: Self) -> i32 {
        self.0.duration_since(earlier.0).as_hours().div_euclid(24) as i32
    }
}

impl FromStr for Day {
    type Err = Invalid;

    /// Reads `YYYY-MM-DD` and nothing else.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let date = shape.then(|| text.parse().ok()).flatten().map(Self);
        let day = date.ok_or_else(|| Invalid::new("must be a date like 2026-11-23"))?;
        if (FIRST..=LAST).contains(&day) {
            Ok(day)
        } else {
            Err(Invalid::new("must lie within the years 0001 to 9998"))
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The days of one time zone.
#[derive(Clone, Debug)]
pub struct Calendar(TimeZone);

impl Calendar {
    /// That of a zone of the IANA database, as [`Settings`](crate::firm::Settings) name it.
    pub fn of(zone: &str) -> Result<Self, Invalid> {
        let known = TimeZoneDatabase::bundled().get(zone);
        known.map(Self).map_err(|_| Invalid::new("must be an IANA time zone such as America/Chicago"))
    }

    /// The day on which an instant falls.
    pub fn day_of(&self, at: Timestamp) -> Day {
        let instant = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
        Day(self.0.to_datetime(instant).date()).clamp(FIRST, LAST)
    }

    /// The first instant of a day.
    pub fn start_of(&self, day: Day) -> Timestamp {
        // Of a midnight that comes twice jiff takes the first; of one that is skipped, the instant of the jump.
        let start = self.0.to_timestamp(day.0.into());
        start.map_or(Timestamp::from_millis(i64::MAX), |start| Timestamp::from_millis(start.as_millisecond()))
    }

    /// The instants at which the days from `from` on begin, and last that at which `to` does, which ends the day before it: one more than
    /// there are days. Ascending.
    pub fn bounds(&self, from: Day, to: Day) -> Vec<Timestamp> {
        (0..=to.days_since(from)).map(|days| self.start_of(from.plus(days))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    const ZONES: [&str; 8] = [
        "UTC",
        "America/Chicago",
        "Asia/Kolkata",
        "Pacific/Apia",
        "Europe/Berlin",
        "America/Sao_Paulo",
        "America/Havana",
        "Australia/Lord_Howe",
    ];

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn start(zone: &str, text: &str) -> String {
        Calendar::of(zone).unwrap().start_of(day(text)).to_string()
    }

    #[test]
    fn a_day_begins_where_the_firm_is() {
        assert_eq!(start("UTC", "2026-11-23"), "2026-11-23T00:00:00.000Z");
        assert_eq!(start("America/Chicago", "2026-11-23"), "2026-11-23T06:00:00.000Z");
        assert_eq!(start("Asia/Kolkata", "2026-11-23"), "2026-11-22T18:30:00.000Z");
    }

    #[test]
    fn days_of_a_change_of_the_clock_have_23_or_25_hours() {
        let hours = |zone: &str, from: &str| {
            let bounds = Calendar::of(zone).unwrap().bounds(day(from), day(from).plus(1));
            (bounds[1].as_millis() - bounds[0].as_millis()) as f64 / 3_600_000.0
        };
        assert_eq!(hours("America/Chicago", "2026-03-08"), 23.0);
        assert_eq!(hours("America/Chicago", "2026-11-01"), 25.0);
        assert_eq!(hours("Europe/Berlin", "2026-03-29"), 23.0);
        assert_eq!(hours("Europe/Berlin", "2026-10-25"), 25.0);
        assert_eq!(hours("Australia/Lord_Howe", "2026-04-05"), 24.5);
        assert_eq!(hours("Pacific/Apia", "2011-12-30"), 0.0, "Samoa skipped that day");
        assert_eq!(hours("America/Sao_Paulo", "2018-11-04"), 23.0, "midnight was skipped");
    }

    #[test]
    fn only_a_date_reads_as_one() {
        for bad in
            ["", "2026-1-1", "20261123", "2026-02-29", "2026-11-23T00:00:00Z", "0000-01-01", "9999-01-01", "-026-01-01"]
        {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
        assert_eq!(day("2024-02-29").plus(1), day("2024-03-01"));
        assert_eq!(day("9998-12-31").plus(1), day("9998-12-31"));
        assert_eq!(day("0001-01-01").plus(-400), day("0001-01-01"));
    }

    #[test]
    fn an_unknown_zone_is_refused() {
        assert!(Calendar::of("Mars/Olympus").is_err());
    }

    proptest! {
        #[test]
        fn the_bounds_of_a_day_hold_what_falls_on_it(zone in select(&ZONES[..]), ms in 0i64..2_000_000_000_000, near in -2i64..3) {
            let calendar = Calendar::of(zone).unwrap();
            // As often as not within two milliseconds of where a day begins.
            let at = Timestamp::from_millis(ms);
            for at in [at, calendar.start_of(calendar.day_of(at)).plus_millis(near)] {
                let today = calendar.day_of(at);
                let bounds = calendar.bounds(today, today.plus(1));
                prop_assert!(bounds[0] <= at && at < bounds[1], "{at} on {today} in {bounds:?}");
            }
        }

        #[test]
        fn counting_days_undoes_adding_them(days in -100_000i32..100_000) {
            prop_assert_eq!(day("2026-11-23").plus(days).days_since(day("2026-11-23")), days);
        }
    }
}
