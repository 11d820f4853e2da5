//! What identifies a party beside its name, put into one form and compared exactly.

use serde::{Deserialize, Serialize};

/// What sort of identifier it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum IdentifierSort {
    /// An e-mail address.
    Email = 1,
    /// A telephone number.
    Phone,
    /// A number in a public register, or a tax number.
    RegistrationNumber,
    /// A date of birth, `YYYY-MM-DD`. Many people share one: it supports a name and finds nobody by itself.
    DateOfBirth,
}

/// An identifier in its one form. Evidence beside a name, never a match of names.
///
/// ```
/// use engage_screening::{Identifier, IdentifierSort};
///
/// let told = Identifier::new(IdentifierSort::Phone, "+1 (212) 555-0100");
/// assert_eq!(told, Identifier::new(IdentifierSort::Phone, "1.212.555.0100"));
/// assert_eq!(Identifier::new(IdentifierSort::Email, " "), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identifier {
    sort: IdentifierSort,
    value: String,
}

/// The longest value that is kept.
const VALUE_MAX: usize = 254;
/// Digits of a telephone number that count: without country and trunk prefixes, which are written or not.
const PHONE_DIGITS: usize = 10;

impl Identifier {
    /// Puts an identifier into its one form; none when nothing of it is left.
    ///
    /// E-mail addresses are in lower case; of telephone numbers the last ten digits count; registration numbers lose
    /// everything but letters and digits and leading zeros; dates are the digits of year, month and day.
    pub fn new(sort: IdentifierSort, text: &str) -> Option<Self> {
        let plain = || text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase());
        let value: String = match sort {
            IdentifierSort::Email => text.trim().to_lowercase().chars().take(VALUE_MAX).collect(),
            IdentifierSort::Phone => {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                digits[digits.len().saturating_sub(PHONE_DIGITS)..].to_owned()
            }
            IdentifierSort::RegistrationNumber => plain().skip_while(|c| *c == '0').take(VALUE_MAX).collect(),
            IdentifierSort::DateOfBirth => plain().filter(char::is_ascii_digit).take(8).collect(),
        };
        let enough = match sort {
            IdentifierSort::Email => value.contains('@'),
            IdentifierSort::Phone => value.len() >= 6,
            IdentifierSort::RegistrationNumber => value.len() >= 3,
            IdentifierSort::DateOfBirth => value.len() == 8,
        };
        enough.then_some(Self { sort, value })
    }

    /// What sort it is.
    pub const fn sort(&self) -> IdentifierSort {
        self.sort
    }

    /// Its one form.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether a party is found by it alone.
    pub const fn finds(&self) -> bool {
        !matches!(self.sort, IdentifierSort::DateOfBirth)
    }
}
