//! Practice areas: the firm's own vocabulary, held as slugs so that two spellings are one area.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::{Invalid, line};

/// Longest practice-area slug in bytes.
pub const PRACTICE_AREA_MAX: usize = 64;

/// A practice area's slug, such as `family_law`. Text that is no slug yet becomes one: lower case, every run of other characters an
/// underscore (`Bank account or service` → `bank_account_or_service`); letters of any script are kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PracticeArea(Arc<str>);

impl PracticeArea {
    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PracticeArea {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut slug = String::new();
        let mut gap = None;
        for c in line(text, 4 * PRACTICE_AREA_MAX)?.chars().flat_map(char::to_lowercase) {
            if c.is_alphanumeric() {
                slug.extend(gap.take().filter(|_| !slug.is_empty()));
                slug.push(c);
            } else {
                // A hyphen that stands alone between two words is kept: `t-visa` is a slug already.
                gap = Some(if c == '-' && gap.is_none() { '-' } else { '_' });
            }
        }
        if slug.is_empty() {
            Err(Invalid::new("must contain a letter or digit"))
        } else if slug.len() > PRACTICE_AREA_MAX {
            Err(Invalid::new(format!("must be at most {PRACTICE_AREA_MAX} bytes as a slug, has {}", slug.len())))
        } else {
            Ok(Self(slug.into()))
        }
    }
}

impl fmt::Display for PracticeArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PracticeArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PracticeArea {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PracticeArea {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_a_slug_and_a_slug_stays() {
        let check = |text: &str, slug: &str| assert_eq!(text.parse::<PracticeArea>().unwrap().as_str(), slug);
        check("Bank account or service", "bank_account_or_service");
        check("  Consumer Loan ", "consumer_loan");
        check("Other (i.e. phone, health club, etc.)", "other_i_e_phone_health_club_etc");
        check("family_law", "family_law");
        check("personal-injury", "personal-injury");
        check("a - b", "a_b");
        check("Erbrecht für Ältere", "erbrecht_für_ältere");
    }

    #[test]
    fn text_without_a_letter_is_refused() {
        for bad in ["", "  ", "--", "!?", &"x".repeat(65)] {
            assert!(bad.parse::<PracticeArea>().is_err(), "{bad}");
        }
    }
}
