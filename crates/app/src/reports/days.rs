//! A firm's days: from midnight to midnight in its time zone, which are not always 24 hours, and not every date is one.

use engage_domain::Timestamp;
use jiff::{ToSpan, civil::Date, tz::TimeZone};

/// A day, or what of it lies in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) date: Date,
    /// The first instant of it.
    pub(super) from: Timestamp,
    /// The first instant after it.
    pub(super) to: Timestamp,
}

/// The local date at an instant.
fn date(zone: &TimeZone, at: Timestamp) -> Date {
    let instant = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    zone.to_datetime(instant).date()
}

/// The first instant of a date; where the clocks step over its midnight, the instant of the step. None beyond the last year.
fn midnight(zone: &TimeZone, date: Date) -> Option<Timestamp> {
    let instant = zone.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

/// The first instant of the `days` days that end with the one before `end`, which counts.
pub(super) fn start(zone: &TimeZone, end: Timestamp, days: i32) -> Timestamp {
    let last = date(zone, end.plus_millis(-1));
    let first = last.checked_sub((days - 1).days()).unwrap_or(last);
    midnight(zone, first).unwrap_or(end)
}

/// The days of `[from, to)`, newest first, the outer ones cut to the span; none where they are more than `most`.
pub(super) fn between(zone: &TimeZone, from: Timestamp, to: Timestamp, most: usize) -> Option<Vec<Day>> {
    let (first, mut day) = (date(zone, from), date(zone, to.plus_millis(-1)));
    let apart = first.until(day).ok()?.get_days();
    if usize::try_from(apart).ok()? >= most {
        return None;
    }
    let mut days = vec![];
    let mut end = to;
    loop {
        let begin = if day <= first { from } else { midnight(zone, day)?.max(from) };
        // A date that the zone left out, when it crossed the date line, has no instants.
        if begin < end {
            days.push(Day { date: day, from: begin, to: end });
            end = begin;
        }
        if day <= first {
            return Some(days);
        }
        day = day.yesterday().ok()?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    const HOUR: i64 = 3_600_000;

    fn zone(name: &str) -> TimeZone {
        jiff::tz::TimeZoneDatabase::bundled().get(name).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_as_long_as_the_clocks_make_it() {
        let chicago = zone("America/Chicago");
        let hours = |from, to| {
            let days = between(&chicago, at(from), at(to), 366).unwrap();
            days.iter().map(|day| (day.to.as_millis() - day.from.as_millis()) / HOUR).collect::<Vec<_>>()
        };
        assert_eq!(hours("2026-03-07T06:00:00Z", "2026-03-10T05:00:00Z"), [24, 23, 24]);
        assert_eq!(hours("2026-10-31T05:00:00Z", "2026-11-03T06:00:00Z"), [24, 25, 24]);
    }

    #[test]
    fn a_date_that_a_zone_left_out_is_no_day() {
        let days = between(&zone("Pacific/Apia"), at("2011-12-29T10:00:00Z"), at("2011-12-31T10:00:00Z"), 9).unwrap();
        let dates: Vec<_> = days.iter().map(|day| day.date.to_string()).collect();
        assert_eq!(dates, ["2011-12-31", "2011-12-29"]);
    }

    #[test]
    fn thirty_days_are_the_last_one_and_the_29_before() {
        let chicago = zone("America/Chicago");
        let end = at("2026-11-24T20:00:00Z");
        let from = start(&chicago, end, 30);
        assert_eq!(from, at("2026-10-26T05:00:00Z"));
        assert_eq!(between(&chicago, from, end, 30).unwrap().len(), 30);
        assert_eq!(between(&chicago, from, end, 29), None);
        // Midnight itself belongs to the day that it begins, and a span that ends there does not hold that day.
        assert_eq!(start(&chicago, at("2026-11-24T06:00:00Z"), 1), at("2026-11-23T06:00:00Z"));
    }

    #[test]
    fn the_ends_of_time_are_days_too() {
        let last = Timestamp::from_millis(i64::MAX);
        for name in ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"] {
            assert_eq!(between(&zone(name), last.plus_millis(-1), last, 1).unwrap().len(), 1, "{name}");
            let first = Timestamp::from_millis(i64::MIN);
            assert_eq!(between(&zone(name), first, first.plus_millis(1), 1).unwrap().len(), 1, "{name}");
            assert_eq!(between(&zone(name), first, last, 366), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_of_a_span_lies_in_one_day_and_it_is_the_local_one(
            name in select(&["UTC", "America/Chicago", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "America/Havana"][..]),
            from in 1_200_000_000_000i64..1_800_000_000_000,
            length in 1i64..40 * 24 * HOUR,
            share in 0.0f64..1.0,
        ) {
            let zone = zone(name);
            let (from, to) = (Timestamp::from_millis(from), Timestamp::from_millis(from + length));
            let days = between(&zone, from, to, 366).unwrap();
            prop_assert_eq!((days.last().unwrap().from, days[0].to), (from, to));
            prop_assert!(days.windows(2).all(|pair| pair[0].from == pair[1].to && pair[0].date > pair[1].date));
            let inside = from.plus_millis((length as f64 * share) as i64);
            for at in [inside, from, to.plus_millis(-1)] {
                let holding: Vec<_> = days.iter().filter(|day| day.from <= at && at < day.to).collect();
                prop_assert_eq!(holding.len(), 1);
                prop_assert_eq!(holding[0].date, date(&zone, at));
            }
        }
    }
}
