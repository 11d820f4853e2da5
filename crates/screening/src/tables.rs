//! What the crate knows of names beforehand: nicknames, legal forms, titles, particles, common words.
//!
//! The long tables are plain text beside this file, so that they are read and mended by people who do not program. Each was
//! written for this product. They are read once, at first use.

use std::{
    hash::{BuildHasherDefault, Hasher},
    sync::LazyLock,
};

use crate::keys;

/// A map that is asked several times for each comparison, with FNV-1a, which is quick for words and always the same.
type HashMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Fnv>>;

#[derive(Clone, Copy)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(keys::FNV)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        // The table takes the upper bits for its tags and the lower for the place.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = keys::fnv(self.0, bytes);
    }
}

/// Titles and forms of address before a name: they say nothing of who it is.
const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "doctor",
    "sir",
    "dame",
    "lord",
    "lady",
    "hon",
    "honorable",
    "honourable",
    "rev",
    "reverend",
    "fr",
    "father",
    "sister",
    "brother",
    "rabbi",
    "imam",
    "sheikh",
    "shaykh",
    "shaikh",
    "sheik",
    "cheikh",
    "mullah",
    "mulla",
    "maulana",
    "mawlawi",
    "maulavi",
    "haji",
    "hajji",
    "hajj",
    "hadji",
    "capt",
    "captain",
    "col",
    "colonel",
    "gen",
    "general",
    "lt",
    "lieutenant",
    "maj",
    "major",
    "sgt",
    "sergeant",
    "cmdr",
    "commander",
    "adm",
    "admiral",
    "brig",
    "brigadier",
    "judge",
    "justice",
    "sen",
    "senator",
    "rep",
    "representative",
    "congressman",
    "congresswoman",
    "gov",
    "governor",
    "president",
    "herr",
    "frau",
    "fraulein",
    "monsieur",
    "madame",
    "mme",
    "mlle",
    "mademoiselle",
    "senor",
    "senora",
    "senorita",
    "sr",
    "sra",
    "srta",
    "don",
    "dona",
    "signor",
    "signora",
    "sig",
    "dott",
    "dottssa",
    "ing",
    "dipl",
    "mag",
    "avv",
    "maitre",
    "atty",
    "attorney",
];

/// Degrees, honours and callings behind a name.
const DEGREES: &[&str] = &[
    "esquire", "esq", "phd", "md", "jd", "dds", "dmd", "dvm", "mba", "cpa", "rn", "do", "od", "llm", "llb", "ma", "ba",
    "msc", "bsc", "mbe", "obe", "cbe", "qc", "kc", "ret", "retd", "cfa", "pe", "mp", "mep", "sj", "dr", "mr", "mrs",
    "ms",
];

/// What tells members of a family apart, weakly.
const SUFFIXES: &[&str] = &["jr", "junior", "snr", "senior", "ii", "iii", "iv", "2nd", "3rd", "4th"];

/// Small words of surnames and patronymics in many languages.
const PARTICLES: &[&str] = &[
    "van", "von", "der", "den", "ter", "ten", "de", "del", "della", "di", "da", "do", "dos", "das", "du", "des", "la",
    "le", "las", "los", "el", "al", "ul", "ud", "ur", "ad", "ar", "as", "ash", "at", "az", "an", "bin", "ibn", "ben",
    "bint", "bat", "abu", "abou", "umm", "zu", "zum", "zur", "af", "av", "y", "e", "i", "und", "of", "the", "and",
    "for", "et", "in", "on", "d", "l", "san", "st", "ap", "mac", "mc", "o", "wa", "ou", "aka",
];

/// Small words of an organisation's name.
const STOPS: &[&str] = &[
    "and", "of", "the", "for", "de", "del", "la", "le", "les", "los", "y", "e", "et", "und", "di", "du", "des", "der",
    "die", "das", "in", "a", "an", "on", "by", "at", "al", "el", "d", "l", "i",
];

/// A set of nickname classes that a word is in.
pub(crate) type Classes = &'static [u16];

struct Nicknames {
    of: HashMap<&'static str, Vec<u16>>,
}

static NICKNAMES: LazyLock<Nicknames> = LazyLock::new(|| {
    let mut of: HashMap<&'static str, Vec<u16>> = HashMap::default();
    for (class, line) in (0u16..).zip(lines(include_str!("tables/nicknames.txt"))) {
        for name in line.split_whitespace() {
            let classes = of.entry(name).or_default();
            if classes.last() != Some(&class) {
                classes.push(class);
            }
        }
    }
    Nicknames { of }
});

struct Words {
    common: HashMap<&'static str, u32>,
    same: HashMap<&'static str, Vec<u16>>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words { common: HashMap::default(), same: HashMap::default() };
    let mut class = 0;
    for line in lines(include_str!("tables/words.txt")) {
        if let Some(common) = line.strip_prefix("common ") {
            for (rank, word) in (0u32..).zip(common.split_whitespace()) {
                words.common.entry(word).or_insert(rank);
            }
        } else {
            for word in line.split('=') {
                words.same.entry(word.trim()).or_default().push(class);
            }
            class += 1;
        }
    }
    words
});

/// The phrases of legal forms by their first word, the longest first, each with the name of its class.
type Forms = HashMap<&'static str, Vec<(Vec<&'static str>, &'static str)>>;

static FORMS: LazyLock<Forms> = LazyLock::new(|| {
    let mut forms: Forms = HashMap::default();
    for line in lines(include_str!("tables/legal-forms.txt")) {
        let Some((class, phrases)) = line.split_once(':') else { continue };
        for phrase in phrases.split(',') {
            let words: Vec<_> = phrase.split_whitespace().collect();
            if let Some(first) = words.first() {
                forms.entry(first).or_default().push((words.clone(), class));
            }
        }
    }
    for phrases in forms.values_mut() {
        phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    forms
});

/// Which of the small tables a word is in.
#[derive(Clone, Copy, Default)]
struct Small {
    title: bool,
    degree: bool,
    suffix: bool,
    particle: bool,
    stop: bool,
}

/// The words of the small tables.
static SMALL: LazyLock<HashMap<&'static str, Small>> = LazyLock::new(|| {
    let mut small: HashMap<&'static str, Small> = HashMap::default();
    for word in TITLES {
        small.entry(word).or_default().title = true;
    }
    for word in DEGREES {
        small.entry(word).or_default().degree = true;
    }
    for word in SUFFIXES {
        small.entry(word).or_default().suffix = true;
    }
    for word in PARTICLES {
        small.entry(word).or_default().particle = true;
    }
    for word in STOPS {
        small.entry(word).or_default().stop = true;
    }
    small
});

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The nickname classes of a given name.
pub(crate) fn nicknames(name: &str) -> Classes {
    NICKNAMES.of.get(name).map_or(&[], Vec::as_slice)
}

/// The classes of words that are written in several ways: `intl`, `2`.
pub(crate) fn synonyms(word: &str) -> Classes {
    WORDS.same.get(word).map_or(&[], Vec::as_slice)
}

/// How common a word is in organisations' names: 1 for the most common, down to 0.
pub(crate) fn commonness(word: &str) -> f32 {
    let rank = WORDS.common.get(word);
    rank.map_or(0.0, |rank| 1.0 - (*rank).min(250) as f32 / 500.0)
}

/// The legal form that begins with the first of `words`: its class and how many words it takes.
pub(crate) fn legal_form(words: &[&str]) -> Option<(&'static str, usize)> {
    let phrases = FORMS.get(words.first()?)?;
    phrases.iter().find(|(phrase, _)| words.starts_with(phrase)).map(|(phrase, class)| (*class, phrase.len()))
}

/// Whether a word is a title.
pub(crate) fn is_title(word: &str) -> bool {
    SMALL.get(word).is_some_and(|small| small.title)
}

/// Whether a word is a degree or the like, behind a name.
pub(crate) fn is_degree(word: &str) -> bool {
    SMALL.get(word).is_some_and(|small| small.degree)
}

/// Whether a word tells members of a family apart.
pub(crate) fn is_suffix(word: &str) -> bool {
    SMALL.get(word).is_some_and(|small| small.suffix)
}

/// Whether a word is a particle of persons' names.
pub(crate) fn is_particle(word: &str) -> bool {
    SMALL.get(word).is_some_and(|small| small.particle)
}

/// Whether a word is a small word of organisations' names.
pub(crate) fn is_stop(word: &str) -> bool {
    SMALL.get(word).is_some_and(|small| small.stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(a: &str, b: &str) -> bool {
        nicknames(a).iter().any(|class| nicknames(b).contains(class))
    }

    #[test]
    fn nicknames_meet_their_names_and_each_other() {
        assert!(share("bill", "william") && share("peggy", "margaret") && share("bob", "rob"));
        assert!(!share("bill", "margaret") && nicknames("zzyzx").is_empty());
    }

    #[test]
    fn there_are_several_hundred_classes_and_every_line_says_something() {
        let table: Vec<_> = lines(include_str!("tables/nicknames.txt")).collect();
        assert!(table.len() > 500, "{}", table.len());
        for line in table {
            assert!(line.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b' '), "{line}");
        }
    }

    #[test]
    fn the_longest_legal_form_is_found() {
        assert_eq!(legal_form(&["limited", "liability", "company"]), Some(("llc", 3)));
        assert_eq!(legal_form(&["limited"]), Some(("ltd", 1)));
        assert_eq!(legal_form(&["aktiengesellschaft"]), legal_form(&["ag"]));
        assert_eq!(legal_form(&["smith"]), None);
    }
}
