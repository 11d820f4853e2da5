//! Dates as people export them.

use engage_domain::{Invalid, Timestamp};
use jiff::{
    civil::{Date, DateTime},
    fmt::strtime,
    tz::TimeZone,
};

use super::Error;

/// Reads dates in the shapes that exports use:
///
/// - RFC 3339, with any offset;
/// - `YYYY-MM-DD`, `YYYY-MM-DD HH:MM[:SS]` (also with a `T`), `MM/DD/YYYY [HH:MM[:SS]]` as in the US, in the reader's zone.
///
/// A format of one's own takes the place of the US shape, so that day and month are never guessed. A day without a time is the
/// day's start, which is not midnight everywhere.
#[derive(Clone, Debug)]
pub(super) struct DateReader {
    format: Option<String>,
    zone: TimeZone,
}

/// The US shapes, tried in turn.
const US_FORMATS: [&str; 3] = ["%m/%d/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"];
/// A date with a two-digit day above 12, time and all, to try a format on.
const SAMPLE: &str = "2016-10-23T17:45:09Z";

impl DateReader {
    /// A reader of `format` (as `strftime` writes it) beside the unambiguous shapes.
    pub(super) fn new(format: Option<&str>, zone: TimeZone) -> Result<Self, Error> {
        let reader = Self { format: format.map(str::to_owned), zone };
        if let Some(format) = format {
            let fail = |reason: String| Error::DateFormat { format: format.to_owned(), reason };
            let sample: jiff::Timestamp = SAMPLE.parse().expect("the sample is RFC 3339");
            let written = strtime::format(format, &sample.to_zoned_datetime(reader.zone.clone()));
            let written = written.map_err(|error| fail(error.to_string()))?;
            if reader.read_format(format, &written).is_none() {
                return Err(fail("does not hold a whole date, such as %d/%m/%Y does".into()));
            }
        }
        Ok(reader)
    }

    /// The instant that `text` stands for; the reason says which shapes are understood.
    pub(super) fn read(&self, text: &str) -> Result<Timestamp, Invalid> {
        let text = text.trim();
        let own = self.format.as_deref().and_then(|format| self.read_format(format, text));
        let us = || match self.format {
            Some(_) => None,
            None => US_FORMATS.iter().find_map(|format| self.read_format(format, text)),
        };
        let instant = own.or_else(|| self.read_iso(text)).or_else(us);
        instant.ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Invalid::new(match &self.format {
                Some(format) => format!("must be a date like {format} or RFC 3339, not {shown:?}"),
                None => format!(
                    "must be a date like 2026-11-23, 2026-11-23 09:30, 11/23/2026 (month first) or RFC 3339, not \
                     {shown:?}; for another order say --date-format"
                ),
            })
        })
    }

    fn read_iso(&self, text: &str) -> Option<Timestamp> {
        if !text.get(..5)?.ends_with('-') {
            return None; // jiff also reads forms such as 20261123, which is as likely to be a number.
        }
        if let Ok(instant) = text.parse() {
            return Some(instant);
        }
        match text.len() {
            10 => self.start_of(text.parse().ok()?),
            16.. if !text.contains(['[', '+', 'Z', 'z']) => self.local(text.parse().ok()?),
            _ => None,
        }
    }

    fn read_format(&self, format: &str, text: &str) -> Option<Timestamp> {
        let parsed = strtime::parse(format, text).ok()?;
        if let Ok(instant) = parsed.to_timestamp() {
            return Some(of(instant));
        }
        match parsed.hour() {
            None => self.start_of(parsed.to_date().ok()?),
            Some(_) => self.local(parsed.to_datetime().ok()?),
        }
    }

    fn start_of(&self, day: Date) -> Option<Timestamp> {
        self.local(day.at(0, 0, 0, 0))
    }

    fn local(&self, time: DateTime) -> Option<Timestamp> {
        // A time that the clock skipped is moved past the gap; of a time that came twice, the first is meant.
        Some(of(self.zone.to_timestamp(time).ok()?))
    }
}

fn of(instant: jiff::Timestamp) -> Timestamp {
    Timestamp::from_millis(instant.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(format: Option<&str>, zone: &str) -> DateReader {
        DateReader::new(format, jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap()).unwrap()
    }

    #[test]
    fn dates_are_read_in_the_firms_time_zone() {
        let check = |text: &str, expected: &str| {
            assert_eq!(reader(None, "America/Chicago").read(text).unwrap().to_string(), expected, "{text}");
        };
        check("2016-10-23", "2016-10-23T05:00:00.000Z");
        check("2016-01-23 09:30", "2016-01-23T15:30:00.000Z");
        check("2016-01-23 09:30:15", "2016-01-23T15:30:15.000Z");
        check("2016-01-23T09:30:15.250", "2016-01-23T15:30:15.250Z");
        check("10/23/2016", "2016-10-23T05:00:00.000Z");
        check(" 1/2/2016 ", "2016-01-02T06:00:00.000Z");
        check("01/23/2016 09:30", "2016-01-23T15:30:00.000Z");
        check("01/23/2016 09:30:15", "2016-01-23T15:30:15.000Z");
        check("2016-01-23T09:30:15+01:00", "2016-01-23T08:30:15.000Z");
        check("2016-01-23T09:30:15-05:00", "2016-01-23T14:30:15.000Z");
        check("2016-01-23T09:30:15Z", "2016-01-23T09:30:15.000Z");
    }

    #[test]
    fn a_day_without_midnight_begins_where_its_clock_begins() {
        // In São Paulo the clock went from 23:59:59 on the 14th to 01:00 on the 15th.
        let start = reader(None, "America/Sao_Paulo").read("2017-10-15").unwrap();
        assert_eq!(start.to_string(), "2017-10-15T03:00:00.000Z");
    }

    #[test]
    fn a_format_of_ones_own_wins_over_month_first() {
        let day_first = reader(Some("%d/%m/%Y"), "UTC");
        assert_eq!(day_first.read("02/01/2016").unwrap().to_string(), "2016-01-02T00:00:00.000Z");
        assert_eq!(day_first.read("2016-01-02").unwrap().to_string(), "2016-01-02T00:00:00.000Z");
        assert!(day_first.read("01/23/2016").is_err(), "month and day are never guessed");
        let with_zone = reader(Some("%d.%m.%Y %H:%M %z"), "UTC");
        assert_eq!(with_zone.read("02.01.2016 12:00 +0200").unwrap().to_string(), "2016-01-02T10:00:00.000Z");
        let twelve_hours = reader(Some("%m/%d/%Y %I:%M %p"), "UTC");
        assert_eq!(twelve_hours.read("01/02/2016 03:04 PM").unwrap().to_string(), "2016-01-02T15:04:00.000Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in
            ["", "soon", "13/23/2016", "2016-02-30", "23/10/2016", "42", "20161023", "2016-10", "2016-10-23 25:00"]
        {
            assert!(reader(None, "UTC").read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_format_without_a_whole_date_is_a_usage_error() {
        for bad in ["%Y", "%m/%d", "%", "%!", "today"] {
            assert!(DateReader::new(Some(bad), TimeZone::UTC).is_err(), "{bad}");
        }
    }
}
