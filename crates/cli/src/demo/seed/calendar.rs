//! When people write and when a firm works: weekdays, office hours, in the firm's time zone.

use engage_domain::Timestamp;
use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};

use super::random::Random;

/// How many days are told.
const YEAR_DAYS: i64 = 365;
/// The firm's day begins.
const OPENS: Time = Time::constant(8, 30, 0, 0);
/// The firm's day ends.
const CLOSES: Time = Time::constant(18, 0, 0, 0);

/// A firm's calendar, up to the demonstration's present.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    zone: TimeZone,
    until: Timestamp,
}

impl Calendar {
    pub(super) const fn new(zone: TimeZone, until: Timestamp) -> Self {
        Self { zone, until }
    }

    /// The demonstration's present.
    pub(super) const fn until(&self) -> Timestamp {
        self.until
    }

    /// When a conversation begins: any day of the year, the last days a little more often, weekends seldom, mostly in
    /// office hours and else in the evening.
    pub(super) fn beginning(&self, random: &mut Random) -> Timestamp {
        let today = self.local(self.until).date();
        loop {
            let days_ago = if random.chance(7) { random.between(0, 5) } else { random.between(0, YEAR_DAYS - 1) };
            let day = today.saturating_sub(days_ago.days());
            if weekend(day) && random.chance(75) {
                continue;
            }
            // Two draws added: the middle of the day is busier than its ends.
            let office_hours = !weekend(day) && random.chance(80);
            let minute = if office_hours {
                8 * 60 + random.between(0, 299) + random.between(0, 299)
            } else {
                18 * 60 + random.between(0, 269)
            };
            let second = random.between(0, 59);
            let at = self.instant(day.at(0, 0, 0, 0)).plus_millis((minute * 60 + second) * 1000);
            if at <= self.until {
                return at;
            }
        }
    }

    /// `at` itself in office hours, else a moment after the next time the office opens.
    pub(super) fn office(&self, at: Timestamp, random: &mut Random) -> Timestamp {
        let local = self.local(at);
        let mut day = local.date();
        if !weekend(day) && (OPENS..CLOSES).contains(&local.time()) {
            return at;
        }
        if local.time() >= OPENS {
            day = next(day);
        }
        while weekend(day) {
            day = next(day);
        }
        self.instant(day.to_datetime(OPENS)).plus_millis(random.between(60, 5400) * 1000)
    }

    /// Five in the afternoon, `days` days after `at` or on the working day that follows: when things are due.
    pub(super) fn due(&self, at: Timestamp, days: i64) -> Timestamp {
        let mut day = self.local(at).date().saturating_add(days.days());
        while weekend(day) {
            day = next(day);
        }
        self.instant(day.at(17, 0, 0, 0))
    }

    fn local(&self, at: Timestamp) -> DateTime {
        let instant = jiff::Timestamp::from_millisecond(at.as_millis());
        self.zone.to_datetime(instant.expect("the product's times lie within jiff's"))
    }

    fn instant(&self, local: DateTime) -> Timestamp {
        let instant = self.zone.to_timestamp(local).expect("a day of the told year lies within jiff's range");
        Timestamp::from_millis(instant.as_millisecond())
    }
}

fn weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn next(day: Date) -> Date {
    day.saturating_add(1.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_office_answers_in_its_own_hours() {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get("America/Chicago").unwrap();
        let calendar = Calendar::new(zone, "2026-11-24T12:00:00Z".parse().unwrap());
        let check = |at: &str, day: &str| {
            let answered = calendar.office(at.parse().unwrap(), &mut Random::new(1));
            assert!(answered.to_string().starts_with(day), "{at} → {answered}");
        };
        check("2026-11-24T16:00:00Z", "2026-11-24T16:00:00");
        check("2026-11-24T10:00:00Z", "2026-11-24T1");
        check("2026-11-25T02:00:00Z", "2026-11-25T1");
        check("2026-11-28T01:00:00Z", "2026-11-30T1");
        let due = calendar.due("2026-11-24T16:00:00Z".parse().unwrap(), 4);
        assert_eq!(due.to_string(), "2026-11-30T23:00:00.000Z");
    }
}
