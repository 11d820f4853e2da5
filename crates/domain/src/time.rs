//! One instant, one format.
//!
//! Every time in the product (wire, journal, index) is UTC with millisecond precision in the shape
//! `YYYY-MM-DDTHH:MM:SS.sssZ`, so that comparing the texts compares the times. What is finer is cut off on the way in.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::Invalid;

/// An instant in UTC, whole milliseconds since 1970-01-01, from year 1 to the end of 9999 so that the text form sorts.
///
/// ```
/// use engage_domain::Timestamp;
/// let t: Timestamp = "2026-11-23T01:00:00+01:00".parse().unwrap();
/// assert_eq!(t.to_string(), "2026-11-23T00:00:00.000Z");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// 0001-01-01T00:00:00.000Z: before, the year is not four digits and texts no longer sort.
const MIN_MS: i64 = -62_135_596_800_000;
/// 9999-12-30T21:59:59.999Z, the last instant that has a date in every time zone.
const MAX_MS: i64 = 253_402_207_199_999;

impl Timestamp {
    /// The instant `ms` milliseconds after the Unix epoch, held within the years 0001 to 9999.
    pub const fn from_millis(ms: i64) -> Self {
        if ms < MIN_MS {
            Self(MIN_MS)
        } else if ms > MAX_MS {
            Self(MAX_MS)
        } else {
            Self(ms)
        }
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This instant moved by `ms` milliseconds (negative: earlier), held within the representable years.
    pub const fn plus_millis(self, ms: i64) -> Self {
        Self::from_millis(self.0.saturating_add(ms))
    }
}

impl Timestamp {
    /// Writes the text form over a template of it. Each entry shows its time three times over, and the general formatter costs as much as the
    /// entry's hash.
    fn write(self, text: &mut [u8; 24]) -> Result<&str, jiff::Error> {
        let civil = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::from_millisecond(self.0)?);
        let mut digits = |at: usize, width: usize, number: i32| {
            let mut number = number.unsigned_abs();
            for digit in text[at..at + width].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        digits(0, 4, civil.year().into());
        digits(5, 2, civil.month().into());
        digits(8, 2, civil.day().into());
        digits(11, 2, civil.hour().into());
        digits(14, 2, civil.minute().into());
        digits(17, 2, civil.second().into());
        digits(20, 3, civil.millisecond().into());
        Ok(std::str::from_utf8(text).unwrap_or_default())
    }
}

/// Reads the text form that [`Timestamp::write`] writes, and nothing else: stored times are read far more often than callers' ones.
fn read(text: &str) -> Option<jiff::Timestamp> {
    let text: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if separators.iter().any(|(at, separator)| text[*at] != *separator) {
        return None;
    }
    let number = |at: usize, width: usize| {
        let digits = text[at..at + width].iter();
        digits
            .map(|digit| digit.is_ascii_digit().then(|| i16::from(digit - b'0')))
            .try_fold(0, |n, d| Some(n * 10 + d?))
    };
    let small = |at| number(at, 2).map(|number| number as i8);
    let milliseconds = i32::from(number(20, 3)?);
    let civil = jiff::civil::DateTime::new(
        number(0, 4)?,
        small(5)?,
        small(8)?,
        small(11)?,
        small(14)?,
        small(17)?,
        milliseconds * 1_000_000,
    );
    jiff::tz::Offset::UTC.to_timestamp(civil.ok()?).ok()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = *b"0000-00-00T00:00:00.000Z";
        f.pad(self.write(&mut text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = Invalid;

    /// Reads RFC 3339 with any offset (or none, then it is refused: a time without a zone is not an instant).
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let instant = read(text).map_or_else(|| text.parse::<jiff::Timestamp>(), Ok);
        let instant = instant.map_err(|_| Invalid::new("must be a time like 2026-11-23T01:00:00.000Z"))?;
        let ms = instant.as_millisecond();
        if (MIN_MS..=MAX_MS).contains(&ms) {
            Ok(Self(ms))
        } else {
            Err(Invalid::new("must lie within the years 0001 to 9999"))
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn correction_4_one_format_with_milliseconds_and_z() {
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(-1).to_string(), "1969-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(MAX_MS).to_string(), "9999-12-30T21:59:59.999Z");
        assert_eq!(Timestamp::from_millis(MIN_MS).to_string(), "0001-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_time_without_a_zone_is_refused() {
        assert!("2026-11-23T01:00:00".parse::<Timestamp>().is_err());
        assert!("2026-11-23 01:00:00".parse::<Timestamp>().is_err());
    }

    #[test]
    fn reading_the_own_format_directly_gives_what_the_parser_gives() {
        for text in [
            "2026-11-23T01:00:00.000Z",
            "2024-02-29T23:59:59.999Z",
            "0001-01-01T00:00:00.000Z",
            "1969-12-31T23:59:59.999Z",
        ] {
            assert_eq!(read(text), text.parse().ok(), "{text}");
        }
        for text in [
            "2026-02-29T00:00:00.000Z",
            "2026-11-23T24:00:00.000Z",
            "2026-11-23T01:00:60.000Z",
            "2026-11-23T01:00:00,000Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!("2026-02-29T00:00:00.000Z".parse::<Timestamp>().is_err());
    }

    proptest! {
        #[test]
        fn correction_4_texts_sort_as_the_times_do(a in MIN_MS..=MAX_MS, b in MIN_MS..=MAX_MS) {
            let (a, b) = (Timestamp::from_millis(a), Timestamp::from_millis(b));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(a.to_string().parse::<Timestamp>().unwrap(), a);
        }
    }
}
