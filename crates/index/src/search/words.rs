//! What somebody types into a search box, read as words.

use engage_domain::Invalid;

/// Longest question in bytes.
pub const QUERY_MAX: usize = 256;
/// Most words of a question: each is looked up by itself.
pub const WORDS_MAX: usize = 8;
/// Fewest characters before a `*`.
const PREFIX_MIN: usize = 2;

/// The words of a question: single ones, "several in a row" between quotation marks, and beginnings, `evict*`.
///
/// Nothing else has a meaning: what FTS5 takes for an operator is a word like any other.
#[derive(Clone, PartialEq, Eq)]
pub struct Words(Vec<Word>);

#[derive(Clone, PartialEq, Eq)]
struct Word {
    text: String,
    is_prefix: bool,
}

impl Words {
    /// Reads a question; the message reads on from the parameter's name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > QUERY_MAX {
            return Err(Invalid::new(format!("must be at most {QUERY_MAX} bytes, has {}", text.len())));
        }
        if text.chars().any(char::is_control) {
            return Err(Invalid::new("must not contain control characters"));
        }
        let mut words = vec![];
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let (word, behind) = match rest.strip_prefix('"') {
                // A quotation mark that nobody has closed yet reaches to the end.
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => rest.split_at(rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len())),
            };
            let (word, is_prefix) = match word.strip_suffix('*') {
                Some(word) if first != '"' => (word, true),
                _ => (word, false),
            };
            if word.chars().any(char::is_alphanumeric) {
                if is_prefix && word.chars().filter(|c| c.is_alphanumeric()).count() < PREFIX_MIN {
                    return Err(Invalid::new(format!("must have at least {PREFIX_MIN} letters before a *")));
                }
                words.push(Word { text: word.to_owned(), is_prefix });
            }
            rest = behind.trim_start();
        }
        match words.len() {
            0 => Err(Invalid::new("must contain a word")),
            1..=WORDS_MAX => Ok(Self(words)),
            count => Err(Invalid::new(format!("must have at most {WORDS_MAX} words, has {count}"))),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Each word as FTS5 takes it: a string, so that nothing in it is read as an operator.
    pub(super) fn expressions(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|Word { text, is_prefix }| {
            let star = if *is_prefix { "*" } else { "" };
            format!("\"{}\"{star}", text.replace('"', "\"\""))
        })
    }
}

/// They may be a client's name: `Debug` shows their number alone.
impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "‹{} words›", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        Words::parse(text).unwrap().expressions().collect()
    }

    #[test]
    fn a_question_is_words_phrases_and_beginnings() {
        assert_eq!(read("  late rent "), [r#""late""#, r#""rent""#]);
        assert_eq!(read(r#""late rent" evict*"#), [r#""late rent""#, r#""evict"*"#]);
        assert_eq!(read(r#"rent"late fee""#), [r#""rent""#, r#""late fee""#]);
        assert_eq!(read(r#"say "not closed"#), [r#""say""#, r#""not closed""#]);
        assert_eq!(read("o'brien@example.com"), [r#""o'brien@example.com""#]);
        assert_eq!(read("NOT (rent) - *"), [r#""NOT""#, r#""(rent)""#]);
    }

    #[test]
    fn what_is_no_question_is_refused() {
        for bad in ["", "  ", "-", "\"\"", "*", "a*", "a\u{0}b", &"x".repeat(QUERY_MAX + 1), "1 2 3 4 5 6 7 8 9"] {
            assert!(Words::parse(bad).is_err(), "{bad:?}");
        }
    }
}
