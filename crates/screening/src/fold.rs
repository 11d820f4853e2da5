//! From any script to plain letters: the first step of reading a name.
//!
//! Text is put into NFKC (Unicode Standard Annex #15), so that full-width letters, ligatures and composed accents are what they
//! look like; each character is then written with the letters a–z (`any_ascii`, whose tables follow the usual romanisation of
//! each script) and in lower case. Apostrophes and marks that romanisations write for ayn, hamza or soft signs vanish;
//! whatever else is not a letter or digit separates words.
//!
//! A script that does not write its short vowels (Arabic, Hebrew, Syriac, and the inherent vowel of the Indic scripts) yields
//! words without them. Such words are marked as [`Raw::bare`], and are later compared by their consonants.

use unicode_normalization::UnicodeNormalization;

/// Characters of a name that are read; the rest of a longer one is not.
const READ_MAX: usize = 400;
/// Letters of a word that are read.
const WORD_MAX: usize = 40;
/// Words of a name that are read.
pub(crate) const WORDS_MAX: usize = 24;

/// A word in plain letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Raw {
    /// Letters a–z and digits.
    pub(crate) text: String,
    /// Whether its script left vowels out.
    pub(crate) bare: bool,
    /// Whether it was written as letters with full stops between them: `S.A.`
    pub(crate) dotted: bool,
    /// Whether a comma stands behind it.
    pub(crate) comma: bool,
    /// Whether a hyphen stands behind it.
    pub(crate) hyphen: bool,
    /// Whether it is a single letter of an alphabet, which may be several in Latin.
    pub(crate) single: bool,
    /// Whether a slash stands before it.
    pub(crate) slash: bool,
}

/// The words of a text.
pub(crate) fn fold(text: &str) -> Vec<Raw> {
    let characters: Vec<char> =
        if text.is_ascii() { text.chars().take(READ_MAX).collect() } else { text.nfkc().take(READ_MAX).collect() };
    let characters = spaced(characters);
    let mut words = Vec::new();
    let mut word = Raw::default();
    for (at, &c) in characters.iter().enumerate() {
        if words.len() >= WORDS_MAX {
            break;
        }
        if is_silent(c) {
            continue;
        }
        if c == '.' && dotted(&characters, at) {
            word.dotted = true;
            continue;
        }
        let (next, before) = (characters.get(at + 1).copied(), at.checked_sub(1).map(|at| characters[at]));
        let plain = hebrew(c, before, next).unwrap_or_else(|| any_ascii::any_ascii_char(c));
        let joins = c == '&' || c == '+';
        let letters = if joins { "and" } else { plain };
        if joins || !letters.bytes().any(|byte| byte.is_ascii_alphanumeric()) || is_punctuation(c) {
            // A letter that is not written in Latin (the Arabic alef, the soft sign) is part of the word all the same.
            if !joins && c.is_alphanumeric() {
                word.single &= word.text.is_empty();
                word.bare |= leaves_vowels_out(c);
                continue;
            }
            if joins && word.text.is_empty() && words.is_empty() {
                continue;
            }
            push(&mut words, &mut word);
            if let Some(last) = words.last_mut() {
                last.comma |= matches!(c, ',' | '،');
                last.hyphen |= c == '-';
            }
            word.slash = c == '/' || word.slash && c == ' ';
            if joins {
                word.text.push_str(letters);
                push(&mut words, &mut word);
            }
            continue;
        }
        word.single = word.text.is_empty() && c.is_alphabetic() && !is_syllable(c);
        // One ideograph is one syllable of a word; the next one goes on with it.
        word.bare |= leaves_vowels_out(c);
        if word.text.len() < WORD_MAX {
            word.text.extend(
                letters.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| char::from(byte).to_ascii_lowercase()),
            );
        }
    }
    if words.len() < WORDS_MAX {
        push(&mut words, &mut word);
    }
    words
}

/// A name of one word in camel case is one whose space was lost.
fn spaced(characters: Vec<char>) -> Vec<char> {
    const PART_MIN: usize = 2;
    let inside = |at: usize| characters[at - 1].is_lowercase() && characters[at].is_uppercase();
    let one = characters.iter().all(|c| c.is_alphabetic() || is_silent(*c));
    let borders: Vec<usize> = (1..characters.len()).filter(|at| inside(*at)).collect();
    match borders.as_slice() {
        [at] if one && *at > PART_MIN && characters.len() - at >= PART_MIN => {
            let (left, right) = characters.split_at(*at);
            [left, &[' '], right].concat()
        }
        _ => characters,
    }
}

fn push(words: &mut Vec<Raw>, word: &mut Raw) {
    let done = std::mem::take(word);
    if !done.text.is_empty() {
        words.push(done);
    }
}

/// Whether the full stop at `at` stands between single letters.
fn dotted(characters: &[char], at: usize) -> bool {
    let single = |from: usize, to: usize| {
        let letter = characters.get(from).is_some_and(|c| c.is_alphabetic());
        letter && characters.get(to).is_none_or(|c| !c.is_alphanumeric())
    };
    let before = at >= 1 && single(at - 1, at.wrapping_sub(2));
    let after = single(at + 1, at + 2);
    before && after
}

/// Hebrew letters that stand for several sounds, as the one that [`crate::sound`] groups with the others.
///
/// A geresh makes another sound of some; two waws are one consonant.
fn hebrew(c: char, before: Option<char>, next: Option<char>) -> Option<&'static str> {
    let geresh = matches!(next, Some('\'' | '׳' | '’'));
    match c {
        'ג' if geresh => Some("j"),
        'ז' if geresh => Some("zh"),
        'צ' | 'ץ' if geresh => Some("ch"),
        'ו' if before == Some('ו') => Some(""),
        'ב' => Some("b"),
        'ו' => Some("w"),
        'פ' | 'ף' => Some("p"),
        'כ' | 'ך' => Some("k"),
        _ => None,
    }
}

/// Marks inside a word that say nothing of which word it is.
fn is_silent(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '´' | '‘' | '’' | '‛' | 'ʼ' | 'ʾ' | 'ʿ' | 'ʹ' | 'ʺ' | 'ˈ' | '′' | '׳' | '״' | '"' | '\u{200b}'..='\u{200f}'
            | '\u{feff}' | '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{5b0}'..='\u{5c7}' | 'ـ'
    )
}

/// Symbols that have a reading, which is no part of a name.
fn is_punctuation(c: char) -> bool {
    !c.is_alphanumeric() && !is_mark(c)
}

/// The signs that Indic scripts write for vowels and the like are not letters by themselves, but are of the word.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{dff}' | '\u{e00}'..='\u{eff}' | '\u{f00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

/// Whether a character is a syllable or a word by itself.
fn is_syllable(c: char) -> bool {
    matches!(c, '\u{1200}'..='\u{137f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a script leaves out vowels that are spoken.
fn leaves_vowels_out(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{5ff}' | '\u{600}'..='\u{6ff}' | '\u{700}'..='\u{74f}' | '\u{750}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}'
            | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{900}'..='\u{dff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        fold(text).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn accents_case_and_apostrophes_make_no_difference() {
        assert_eq!(words("ÉLÉONORE d’Arc"), ["eleonore", "darc"]);
        assert_eq!(words("O'Brien-Smith"), ["obrien", "smith"]);
        assert_eq!(words("\u{ff21}cme"), ["acme"]);
    }

    #[test]
    fn letters_with_full_stops_between_them_are_one_word() {
        assert_eq!(words("Acme S.A. de C.V."), ["acme", "sa", "de", "cv"]);
        assert_eq!(words("J. K. Rowling"), ["j", "k", "rowling"]);
        assert!(fold("L.X.C")[0].dotted);
        assert_eq!(words("St.Mary"), ["st", "mary"]);
    }

    #[test]
    fn other_scripts_are_written_in_latin_letters() {
        assert_eq!(words("Юрий Щербаков"), ["yuriy", "shcherbakov"]);
        assert_eq!(words("Κυριάκος"), ["kyriakos"]);
        assert!(fold("محمد").iter().all(|word| word.bare && word.text == "mhmd"));
        assert!(!fold("Boris")[0].bare);
    }

    #[test]
    fn an_ampersand_is_a_word() {
        assert_eq!(words("Smith & Sons"), ["smith", "and", "sons"]);
        assert_eq!(words("H&E"), ["h", "and", "e"]);
    }

    #[test]
    fn what_has_no_letters_has_no_words() {
        assert!(words("!?, — …").is_empty());
    }
}
