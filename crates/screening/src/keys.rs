//! The keys by which a word finds words like it, and a name finds the same name spaced another way.
//!
//! Apart from the containers that hold them: each container is filled from what is prepared here and asked with the same keys,
//! so that all answer alike, whether they are in memory or tables of a database. A key is 32 bits; two things that share one by
//! chance only cause a comparison in vain.

use crate::{
    fold,
    identifier::Identifier,
    name::{Class, Kind, Name, Token},
    party::Party,
    sound, tables,
};

/// A key, a hash of what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub u32);

/// What a key stands for; keys of different sorts never mean the same.
#[derive(Clone, Copy)]
enum Sort {
    Exact = 1,
    Sounds,
    Skeleton,
    Coarse,
    CoarseBare,
    Delete,
    Nickname,
    Synonym,
    Whole,
    Start,
    End,
    Identifier,
}

/// FNV-1a begins with it.
pub(crate) const FNV: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: a hash that goes on over some bytes.
pub(crate) fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// FNV-1a, folded; only ever compared with itself.
fn key(sort: Sort, parts: &[&[u8]]) -> Key {
    let seed = FNV ^ (sort as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut hash = parts.iter().fold(seed, |hash, part| fnv(hash, part));
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    Key((hash ^ (hash >> 32)) as u32)
}

/// The shortest word whose letters are left out to find slips.
const DELETE_MIN: usize = 4;
/// The fewest consonants that are a key.
const SKELETON_MIN: usize = 2;
/// The fewest consonants of a whole name that are a key.
const WHOLE_MIN: usize = 4;
/// The letters of a half that are a key, and the shortest word that has halves.
const HALF: usize = 4;
const HALVES_MIN: usize = 7;

/// The key of the word itself.
pub fn exact(text: &str, bare: bool) -> Key {
    key(Sort::Exact, &[text.as_bytes(), &[u8::from(bare)]])
}

fn deletes(text: &str, mut visit: impl FnMut(Key)) {
    let w = text.as_bytes();
    if w.len() < DELETE_MIN {
        return;
    }
    visit(key(Sort::Delete, &[w]));
    for at in 0..w.len() {
        // Leaving out either of two equal neighbours gives the same.
        if at == 0 || w[at] != w[at - 1] {
            visit(key(Sort::Delete, &[&w[..at], &w[at + 1..]]));
        }
    }
}

/// The keys under which a word of the vocabulary is kept.
fn of_word(text: &str, sounds: &str, bare: bool) -> Vec<Key> {
    let mut keys = vec![exact(text, bare)];
    deletes(text, |key| keys.push(key));
    let coarse = sound::coarse(sounds);
    if !coarse.as_bytes().is_empty() {
        keys.push(key(if bare { Sort::CoarseBare } else { Sort::Coarse }, &[coarse.as_bytes()]));
    }
    if !bare {
        keys.push(key(Sort::Sounds, &[sounds.as_bytes()]));
        let skeleton = sound::skeleton(sounds);
        if skeleton.as_bytes().len() >= SKELETON_MIN {
            keys.push(key(Sort::Skeleton, &[skeleton.as_bytes()]));
        }
        keys.extend(tables::nicknames(text).iter().map(|class| key(Sort::Nickname, &[&class.to_le_bytes()])));
    }
    keys.extend(tables::synonyms(text).iter().map(|class| key(Sort::Synonym, &[&class.to_le_bytes()])));
    keys.extend(of_halves(text));
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The keys that a word is looked up under: those it is kept under, and those of the other kind of script.
pub fn to_find(text: &str, sounds: &str, bare: bool) -> Vec<Key> {
    let mut keys = of_word(text, sounds, bare);
    for half in of_halves(text) {
        keys.retain(|key| *key != half);
    }
    let coarse = sound::coarse(sounds);
    if !coarse.as_bytes().is_empty() {
        keys.push(key(if bare { Sort::Coarse } else { Sort::CoarseBare }, &[coarse.as_bytes()]));
        if bare {
            let others = sound::coarse_otherwise(sounds).filter(|other| !other.as_bytes().is_empty());
            keys.extend(others.map(|other| key(Sort::Coarse, &[other.as_bytes()])));
            // One consonant more or fewer is common between scripts.
            for at in 0..coarse.as_bytes().len() {
                let w = coarse.as_bytes();
                if w.len() > 3 {
                    keys.push(key(Sort::Coarse, &[&w[..at], &w[at + 1..]]));
                }
            }
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The keys of the first and last letters of a long word, for words with two slips in the other half: asked for when nothing closer is found.
pub fn of_halves(text: &str) -> impl Iterator<Item = Key> {
    let w = text.as_bytes();
    let halves =
        (w.len() >= HALVES_MIN).then(|| [key(Sort::Start, &[&w[..HALF]]), key(Sort::End, &[&w[w.len() - HALF..]])]);
    halves.into_iter().flatten()
}

/// The key of a whole name: its consonants without spaces.
pub fn whole(tokens: &[Token]) -> Option<Key> {
    let mut joined = String::new();
    for token in tokens.iter().filter(|token| token.class.aligns() && token.text != "and") {
        joined.push_str(&token.text);
    }
    let skeleton = sound::skeleton(&sound::sounds(&joined));
    (skeleton.as_bytes().len() >= WHOLE_MIN).then(|| key(Sort::Whole, &[skeleton.as_bytes()]))
}

/// The key of an identifier.
pub fn identifier(identifier: &Identifier) -> Key {
    key(Sort::Identifier, &[&[identifier.sort() as u8], identifier.value().as_bytes()])
}

/// A word of a name to be kept.
#[derive(Clone, Debug)]
pub struct PreparedWord {
    /// Letters a–z and digits; for a word that is not lined up, `=` and the word or the class of the legal form.
    pub text: String,
    /// As it sounds.
    pub sounds: String,
    /// Whether its script leaves vowels out.
    pub bare: bool,
    /// What it is in this name.
    pub class: Class,
}

/// A name to be kept.
#[derive(Clone, Debug)]
pub struct PreparedName {
    /// As it was given.
    pub text: String,
    /// As it was given or guessed.
    pub kind: Kind,
    /// Whether it is one of the party's other names.
    pub alias: bool,
    /// Its words in their order.
    pub words: Vec<PreparedWord>,
    /// The key of the whole name.
    pub whole: Option<Key>,
}

impl PreparedName {
    /// Reads a name.
    pub fn new(text: &str, kind: Kind, alias: bool) -> Self {
        let name = Name::read(text, kind);
        let whole = whole(name.tokens());
        let kind = name.kind();
        let words = name.into_tokens().into_iter().take(fold::WORDS_MAX).map(PreparedWord::new).collect();
        Self { text: text.to_owned(), kind, alias, words, whole }
    }
}

impl PreparedWord {
    /// The keys under which it is kept.
    pub fn keys(&self) -> Vec<Key> {
        if self.class.aligns() {
            of_word(&self.text, &self.sounds, self.bare)
        } else {
            vec![exact(&self.text, self.bare)]
        }
    }

    fn new(token: Token) -> Self {
        // Marked, so that the form `co` and somebody called Co are two words of the vocabulary.
        let (text, sounds) = if token.class.aligns() {
            let sounds = sound::sounds_of(&token.text, token.bare);
            (token.text, sounds)
        } else {
            (format!("={}", token.text), String::new())
        };
        Self { text, sounds, bare: token.bare, class: token.class }
    }
}

/// The names of a party, prepared for keeping: its name, and then its aliases.
pub fn prepare(party: &Party) -> Vec<PreparedName> {
    let names = std::iter::once((&party.name, false)).chain(party.aliases.iter().map(|alias| (alias, true)));
    let mut prepared = Vec::with_capacity(1 + party.aliases.len());
    for (name, alias) in names {
        prepared.push(PreparedName::new(name, party.kind, alias));
        if let Some(without) = without_aside(name).filter(|_| party.kind == Kind::Person) {
            // It is shown as it was given.
            prepared.push(PreparedName { text: name.clone(), ..PreparedName::new(&without, party.kind, alias) });
        }
    }
    prepared
}

/// A name without what stands in brackets or quotes within it: `William (Bill) Smith`; none when nothing does.
fn without_aside(name: &str) -> Option<String> {
    const ASIDES: [(char, char); 3] = [('(', ')'), ('"', '"'), ('“', '”')];
    let (from, until, close) = ASIDES.into_iter().find_map(|(open, close)| {
        let from = name.find(open)?;
        let after = from + open.len_utf8();
        Some((from, after + name[after..].find(close)?, close))
    })?;
    let (before, after) = (name[..from].trim(), name[until + close.len_utf8()..].trim());
    (!before.is_empty() && !after.is_empty()).then(|| format!("{before} {after}"))
}

/// Whether a legal form of a name is so short that it may be a name.
fn short_form(text: &str) -> bool {
    const SHORT: usize = 2;
    let words = fold::fold(text);
    words.iter().any(|raw| raw.text.len() <= SHORT && tables::legal_form(&[raw.text.as_str()]).is_some())
}

/// The names of a party, prepared for looking up, each with its readings. Where nobody said what it is and a name reads in two ways, it has
/// both.
pub(crate) fn prepare_to_find(party: &Party) -> Vec<Vec<PreparedName>> {
    prepare(party).into_iter().map(|name| readings(name, party.kind)).collect()
}

fn readings(name: PreparedName, kind: Kind) -> Vec<PreparedName> {
    let other = match name.kind {
        _ if kind != Kind::Unknown => return vec![name],
        Kind::Person => Kind::Organisation,
        // Only a short form (`Co`, `Sa`) can be a person's name as well.
        _ if name.words.iter().any(|word| word.class == Class::Legal) && !short_form(&name.text) => return vec![name],
        _ => Kind::Person,
    };
    let read = PreparedName::new(&name.text, other, name.alias);
    let same = |(a, b): (&PreparedWord, &PreparedWord)| a.class == b.class && a.text == b.text;
    if read.words.len() == name.words.len() && read.words.iter().zip(&name.words).all(same) {
        vec![name]
    } else {
        vec![name, read]
    }
}
