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

/// A day, or what of it lies in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPart {
    /// The day.
    pub day: Day,
    /// The first instant of it that counts.
    pub from: Timestamp,
    /// The first instant that no longer does.
    pub to: Timestamp,
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

    /// An instant as people write it down: `24 Nov 2026, 14:05 CST`.
    pub fn moment(&self, at: Timestamp) -> String {
        let instant = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
        instant.to_zoned_datetime(self.0.clone()).strftime("%-d %b %Y, %H:%M %Z").to_string()
    }

    /// A day as people write it down: `24 Nov 2026`.
    pub fn date(&self, day: Day) -> String {
        day.0.strftime("%-d %b %Y").to_string()
    }

    /// The same without the year.
    pub fn short_date(&self, day: Day) -> String {
        day.0.strftime("%-d %b").to_string()
    }

    /// The first instant of a day.
    pub fn start_of(&self, day: Day) -> Timestamp {
        // Of a midnight that comes twice jiff takes the first; of one that is skipped, the instant of the jump.
        let start = self.0.to_timestamp(day.0.into());
        start.map_or(Timestamp::from_millis(i64::MAX), |start| Timestamp::from_millis(start.as_millisecond()))
    }

    /// The days of `[from, to)`, newest first, the outer ones cut to the span; none where they are more than `most`.
    pub fn days_of(&self, from: Timestamp, to: Timestamp, most: usize) -> Option<Vec<DayPart>> {
        let (first, last) = (self.day_of(from), self.day_of(to.plus_millis(-1)));
        if usize::try_from(last.days_since(first)).ok()? >= most {
            return None;
        }
        let mut days = vec![];
        let (mut day, mut end) = (last, to);
        loop {
            let begin = if day <= first { from } else { self.start_of(day).max(from) };
            // A date that the zone left out, when it crossed the date line, has no instants.
            if begin < end {
                days.push(DayPart { day, from: begin, to: end });
                end = begin;
            }
            if day <= first {
                return Some(days);
            }
            day = day.plus(-1);
        }
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

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
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

    #[test]
    fn a_date_that_a_zone_left_out_is_no_day() {
        let span = (at("2011-12-29T10:00:00Z"), at("2011-12-31T10:00:00Z"));
        let days = Calendar::of("Pacific/Apia").unwrap().days_of(span.0, span.1, 9).unwrap();
        let dates: Vec<_> = days.iter().map(|day| day.day.to_string()).collect();
        assert_eq!(dates, ["2011-12-31", "2011-12-29"]);
    }

    #[test]
    fn a_day_of_a_span_is_as_long_as_the_clocks_make_it() {
        let chicago = Calendar::of("America/Chicago").unwrap();
        let hours = |from, to| {
            let days = chicago.days_of(at(from), at(to), 366).unwrap();
            days.iter().map(|part| (part.to.as_millis() - part.from.as_millis()) / 3_600_000).collect::<Vec<_>>()
        };
        assert_eq!(hours("2026-03-07T06:00:00Z", "2026-03-10T05:00:00Z"), [24, 23, 24]);
        assert_eq!(hours("2026-10-31T05:00:00Z", "2026-11-03T06:00:00Z"), [24, 25, 24]);
    }

    #[test]
    fn thirty_days_are_no_more_than_thirty() {
        let chicago = Calendar::of("America/Chicago").unwrap();
        let (from, end) = (at("2026-10-26T05:00:00Z"), at("2026-11-24T20:00:00Z"));
        assert_eq!(chicago.start_of(chicago.day_of(end.plus_millis(-1)).plus(-29)), from);
        assert_eq!(chicago.days_of(from, end, 30).unwrap().len(), 30);
        assert_eq!(chicago.days_of(from, end, 29), None);
        // Midnight itself belongs to the day that it begins, and a span that ends there does not hold that day.
        let days = chicago.days_of(at("2026-11-23T06:00:00Z"), at("2026-11-24T06:00:00Z"), 9).unwrap();
        assert_eq!(days.iter().map(|part| part.day.to_string()).collect::<Vec<_>>(), ["2026-11-23"]);
    }

    #[test]
    fn the_ends_of_time_are_days_too() {
        let last = Timestamp::from_millis(i64::MAX);
        for name in ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"] {
            assert_eq!(Calendar::of(name).unwrap().days_of(last.plus_millis(-1), last, 1).unwrap().len(), 1, "{name}");
            let first = Timestamp::from_millis(i64::MIN);
            assert_eq!(Calendar::of(name).unwrap().days_of(first, first.plus_millis(1), 1).unwrap().len(), 1, "{name}");
            assert_eq!(Calendar::of(name).unwrap().days_of(first, last, 366), None, "{name}");
        }
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

        #[test]
        fn every_instant_of_a_span_lies_in_one_day_and_it_is_the_local_one(
            name in select(&["UTC", "America/Chicago", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "America/Havana"][..]),
            from in 1_200_000_000_000i64..1_800_000_000_000,
            length in 1i64..40 * 24 * 3_600_000,
            share in 0.0f64..1.0,
        ) {
            let calendar = Calendar::of(name).unwrap();
            let (from, to) = (Timestamp::from_millis(from), Timestamp::from_millis(from + length));
            let days = calendar.days_of(from, to, 366).unwrap();
            prop_assert_eq!((days.last().unwrap().from, days[0].to), (from, to));
            prop_assert!(days.windows(2).all(|pair| pair[0].from == pair[1].to && pair[0].day > pair[1].day));
            let inside = from.plus_millis((length as f64 * share) as i64);
            for at in [inside, from, to.plus_millis(-1)] {
                let holding: Vec<_> = days.iter().filter(|day| day.from <= at && at < day.to).collect();
                prop_assert_eq!(holding.len(), 1);
                prop_assert_eq!(holding[0].day, calendar.day_of(at));
            }
        }
    }
}
