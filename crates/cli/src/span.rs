//! Spans of time as people type them: `90s`, `15m`, `12h`, `30d`.

use std::time::Duration;

/// Longest span: ten years.
const SECONDS_MAX: u64 = 10 * 365 * 24 * 3600;

/// Reads a number and a unit.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || "must be a number and s, m, h or d, such as 12h".to_owned();
    let unit = match text.chars().last().ok_or_else(wrong)? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    match number.checked_mul(unit) {
        Some(seconds @ 1..=SECONDS_MAX) => Ok(Duration::from_secs(seconds)),
        Some(_) | None => Err("must be between 1s and 3650d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_bounded() {
        assert_eq!(parse("90s").unwrap().as_secs(), 90);
        assert_eq!(parse("12h").unwrap().as_secs(), 43_200);
        for bad in ["", "12", "h", "0s", "-1h", "1w", "9999999d", "é"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
