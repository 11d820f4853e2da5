//! Text that came from outside: bounded, without control characters, and never shown by `Debug` when it is a client's.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Deserializer, Serialize};

/// Why a value was refused: a sentence fragment that follows the field's name, such as `must not be empty`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
#[error("{0}")]
pub struct Invalid(String);

impl Invalid {
    /// The reason, lower case, without a full stop, reading on from the field's name.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// A client's words or particulars. `Debug` shows the length alone, so that logs hold no privileged text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private(Box<str>);

impl Private {
    /// Wraps text as it stands; limits are the command's business.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹{} bytes›", self.0.len())
    }
}

impl From<&str> for Private {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

/// One of the product's own words, such as the name of a field. An alias, for serde borrows what is written as a reference.
pub type Word = &'static str;

/// Reads one of the product's own words, where it comes from another part of the platform. Each is kept once
/// for good, so this is for words that the product itself wrote, of which there are few.
pub fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    static WORDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let word = std::borrow::Cow::<str>::deserialize(deserializer)?;
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = words.get(&*word) {
        return Ok(known);
    }
    let kept: &'static str = Box::leak(word.into_owned().into_boxed_str());
    words.insert(kept);
    Ok(kept)
}

/// Checks a one-line value: 1 to `max` bytes after trimming, no control characters. Returns it trimmed.
pub fn line(text: &str, max: usize) -> Result<&str, Invalid> {
    let text = text.trim();
    if text.is_empty() {
        Err(Invalid::new("must not be empty"))
    } else if text.len() > max {
        Err(Invalid::new(format!("must be at most {max} bytes, has {}", text.len())))
    } else if text.chars().any(char::is_control) {
        Err(Invalid::new("must not contain control characters"))
    } else {
        Ok(text)
    }
}

/// Checks running text: 1 to `max` bytes and not blank; kept as it is, line breaks included. NUL is refused, since
/// SQLite's text functions stop there.
pub fn prose(text: &str, max: usize) -> Result<&str, Invalid> {
    if text.trim().is_empty() {
        Err(Invalid::new("must not be empty"))
    } else if text.len() > max {
        Err(Invalid::new(format!("must be at most {max} bytes, has {}", text.len())))
    } else if text.contains('\0') {
        Err(Invalid::new("must not contain NUL"))
    } else {
        Ok(text)
    }
}

/// Checks an e-mail address by shape (one `@`, something on both sides, no space; RFC 5321 lengths), and lowers its case, so that
/// the same mailbox written twice is one.
pub fn email(text: &str) -> Result<String, Invalid> {
    let text = line(text, 254)?;
    let shaped = text.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && local.len() <= 64 && !host.is_empty() && !host.contains('@') && !host.starts_with('.')
    });
    if shaped && !text.contains(char::is_whitespace) {
        Ok(text.to_lowercase())
    } else {
        Err(Invalid::new("must be an e-mail address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_text_never_shows_in_debug() {
        assert_eq!(format!("{:?}", Private::from("Jane Roe")), "‹8 bytes›");
    }

    #[test]
    fn emails_are_checked_by_shape_and_lowered() {
        assert_eq!(email(" Jane@Example.COM ").unwrap(), "jane@example.com");
        for bad in ["", "jane", "@x", "jane@", "a b@x.y", "a@b@c", "a@.x"] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lines_are_trimmed_and_bounded() {
        assert_eq!(line(" a ", 1).unwrap(), "a");
        for bad in ["", "  ", "ab", "\u{7}"] {
            assert!(line(bad, 1).is_err(), "{bad:?}");
        }
    }
}
