//! When a firm's nightly maintenance is due.
//!
//! A cron expression is read on the firm's own clock, so that "two in the morning" is the firm's night; a time that daylight saving skips
//! moves forward past the gap, one that happens twice counts the first time. Each firm comes at its own moment of the hour that
//! follows, always the same one, so that a thousand firms do not begin together.

use std::{cmp::Ordering, fmt, str::FromStr};

use croner::{
    Cron,
    errors::CronError,
    time::{CivilDateTime, CronDateTime, Resolution, Weekday},
};
use engage_domain::{FirmId, Timestamp};
use jiff::{
    SignedDuration,
    civil::DateTime,
    tz::{TimeZone, TimeZoneDatabase},
};

/// Over how long the firms are spread.
const SPREAD_MS: u64 = 60 * 60 * 1000;

/// A cron expression: five fields (minute, hour, day of month, month, day of week).
#[derive(Clone, Debug)]
pub struct Schedule(Box<Cron>);

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let cron = Cron::from_str(text).map_err(|error| ScheduleError(error.to_string()))?;
        Ok(Self(Box::new(cron)))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.pattern)
    }
}

/// What is wrong with a cron expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a cron expression such as \"0 2 * * *\": {0}")]
pub struct ScheduleError(String);

impl Schedule {
    /// When a firm in `zone` that was last looked after at `last` is due: the first of its moments behind that. None where the expression
    /// names no time any more.
    pub fn due(&self, firm: &FirmId, zone: &str, last: Timestamp) -> Option<Timestamp> {
        // Settings accept known zones alone; a journal from elsewhere may know others.
        let zone = TimeZoneDatabase::bundled().get(zone).unwrap_or(TimeZone::UTC);
        let spread = spread(firm);
        let mut wall = wall(last.plus_millis(-spread), &zone)?;
        loop {
            wall = self.0.find_next_occurrence(&wall, false).ok()?;
            let at = zone.to_ambiguous_timestamp(wall.0).compatible().ok()?;
            let due = Timestamp::from_millis(at.as_millisecond()).plus_millis(spread);
            // Where a clock was set back, the wall's next time may be an instant that is past.
            if due > last {
                return Some(due);
            }
        }
    }
}

/// How far behind the schedule a firm comes.
fn spread(firm: &FirmId) -> i64 {
    // FNV-1a: the same on every machine and in every version.
    let hash = firm
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    i64::try_from(hash % SPREAD_MS).unwrap_or(0)
}

fn wall(at: Timestamp, zone: &TimeZone) -> Option<Wall> {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
    Some(Wall(zone.to_datetime(at)))
}

/// What a clock on the wall shows. It has no zone, so each of its times happens once.
#[derive(Clone)]
struct Wall(DateTime);

impl CronDateTime for Wall {
    fn to_civil(&self) -> CivilDateTime {
        let part = |number: i8| u32::try_from(number).unwrap_or(0);
        CivilDateTime::from_ymd_hms_opt(
            self.0.year().into(),
            part(self.0.month()),
            part(self.0.day()),
            part(self.0.hour()),
            part(self.0.minute()),
            part(self.0.second()),
        )
        .expect("jiff's dates and times are dates and times")
    }

    fn civil_weekday(&self) -> Weekday {
        match self.0.weekday() {
            jiff::civil::Weekday::Sunday => Weekday::Sunday,
            jiff::civil::Weekday::Monday => Weekday::Monday,
            jiff::civil::Weekday::Tuesday => Weekday::Tuesday,
            jiff::civil::Weekday::Wednesday => Weekday::Wednesday,
            jiff::civil::Weekday::Thursday => Weekday::Thursday,
            jiff::civil::Weekday::Friday => Weekday::Friday,
            jiff::civil::Weekday::Saturday => Weekday::Saturday,
        }
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let part = |number: u32| i8::try_from(number).map_err(|_| CronError::InvalidDate);
        let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
        let time = DateTime::new(
            year,
            part(civil.month())?,
            part(civil.day())?,
            part(civil.hour())?,
            part(civil.minute())?,
            part(civil.second())?,
            0,
        );
        time.map(|time| Resolution::Single(Self(time))).map_err(|_| CronError::InvalidDate)
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    /// When the firm is due by the clock, without its own moment of the hour.
    fn due(cron: &str, zone: &str, last: &str) -> String {
        let (schedule, firm): (Schedule, FirmId) = (cron.parse().expect("a schedule"), "acme".parse().expect("a slug"));
        let moment = spread(&firm);
        let due = schedule.due(&firm, zone, at(last).plus_millis(moment)).expect("a time");
        due.plus_millis(-moment).to_string()
    }

    #[test]
    fn two_in_the_morning_is_the_firms_own() {
        assert_eq!(due("0 2 * * *", "UTC", "2026-11-23T01:59:59.999Z"), "2026-11-23T02:00:00.000Z");
        assert_eq!(due("0 2 * * *", "UTC", "2026-11-23T02:00:00.000Z"), "2026-11-24T02:00:00.000Z");
        assert_eq!(due("0 2 * * *", "America/Chicago", "2026-11-23T09:00:00.000Z"), "2026-11-24T08:00:00.000Z");
        assert_eq!(due("0 2 * * *", "Asia/Kolkata", "2026-11-23T00:00:00.000Z"), "2026-11-23T20:30:00.000Z");
        assert_eq!(due("30 3 * * SUN", "UTC", "2026-11-23T00:00:00.000Z"), "2026-11-29T03:30:00.000Z");
        // A zone that nobody knows is no reason to look after a firm never.
        assert_eq!(due("0 2 * * *", "Mars/Olympus", "2026-11-23T00:00:00.000Z"), "2026-11-23T02:00:00.000Z");
    }

    #[test]
    fn a_night_without_the_hour_and_one_with_two_of_it_have_one_run_each() {
        // In Chicago the clock goes from 2:00 to 3:00 on 2026-03-08, and from 2:00 back to 1:00 on 2026-11-01.
        assert_eq!(due("0 2 * * *", "America/Chicago", "2026-03-07T09:00:00.000Z"), "2026-03-08T08:00:00.000Z");
        assert_eq!(due("0 2 * * *", "America/Chicago", "2026-03-08T08:00:00.000Z"), "2026-03-09T07:00:00.000Z");
        assert_eq!(due("30 1 * * *", "America/Chicago", "2026-10-31T12:00:00.000Z"), "2026-11-01T06:30:00.000Z");
        assert_eq!(due("30 1 * * *", "America/Chicago", "2026-11-01T06:30:00.000Z"), "2026-11-02T07:30:00.000Z");
        assert_eq!(due("30 1 * * *", "America/Chicago", "2026-11-01T07:15:00.000Z"), "2026-11-02T07:30:00.000Z");
    }

    #[test]
    fn firms_are_spread_over_the_hour_and_each_keeps_its_moment() {
        let schedule: Schedule = "0 2 * * *".parse().expect("a schedule");
        let from = at("2026-11-23T00:00:00.000Z");
        let mut quarters = [0; 4];
        for number in 0..400 {
            let firm: FirmId = format!("firm-{number}").parse().expect("a slug");
            let due = schedule.due(&firm, "UTC", from).expect("a time");
            let behind = due.as_millis() - at("2026-11-23T02:00:00.000Z").as_millis();
            assert!((0..3_600_000).contains(&behind), "{due}");
            quarters[usize::try_from(behind / 900_000).expect("small")] += 1;
            assert_eq!(schedule.due(&firm, "UTC", due).expect("a time"), due.plus_millis(86_400_000));
        }
        assert!(quarters.iter().all(|firms| (50..150).contains(firms)), "{quarters:?}");
    }

    #[test]
    fn what_is_no_cron_expression_is_refused_with_what_it_should_be() {
        for wrong in ["", "at night", "61 2 * * *", "* * *"] {
            let error = wrong.parse::<Schedule>().expect_err(wrong).to_string();
            assert!(error.starts_with("must be a cron expression such as"), "{error}");
        }
    }
}
