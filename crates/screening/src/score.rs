//! From two names to a confidence, a type of match and the evidence.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    align::{self, Compare, Link, Side, Unit},
    features::{self, Features},
    identifier::IdentifierSort,
    keys::{PreparedName, PreparedWord},
    name::{Class, Kind},
    party::Handle,
    similarity::Reason,
    tables, weights,
};

/// The cheapest explanation of a match that suffices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchType {
    /// The same name, but for case, accents, order, titles and the form of the company.
    Exact,
    /// Another name of the same party: an alias, trade name or former name, or a nickname.
    Alias,
    /// It sounds the same.
    Phonetic,
    /// It is close.
    Fuzzy,
}

/// Words of the two names that were lined up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Aligned {
    /// Of the name that was looked for.
    pub queried: String,
    /// Of the name that was found.
    pub found: String,
    /// Why.
    pub reason: Reason,
}

/// Why two parties are taken for one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Words that were lined up, in the order of the name that was looked for.
    pub aligned: Vec<Aligned>,
    /// Words of the name that was looked for that the other does not have.
    pub queried_only: Vec<String>,
    /// Words of the name that was found that the other does not have.
    pub found_only: Vec<String>,
    /// Identifiers that both have.
    pub identifiers: Vec<IdentifierSort>,
}

/// A party that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// The party.
    pub handle: Handle,
    /// The name of it that matched, as it was given.
    pub name: String,
    /// How likely it is the same party, from 0 to 1.
    pub confidence: f64,
    /// The cheapest explanation that suffices.
    pub match_type: MatchType,
    /// Why.
    pub evidence: Evidence,
}

/// How many names there would be in a registry that knows nothing of how common a word is.
const NAMES_MIN: f32 = 4000.0;
/// How much of a word's rarity comes from its place in the table of common words.
const COMMON: f32 = 60.0;

/// How much a word says, from its rarity.
pub(crate) fn weight(word: &str, class: Class, kind: Kind, with_word: u32, names: u32) -> f32 {
    let factor = match class {
        Class::Word => 1.0,
        Class::Number => 0.6,
        Class::Initial => 0.35,
        Class::Particle => 0.12,
        Class::Legal | Class::Title | Class::Suffix => return 0.0,
    };
    let prior = if kind == Kind::Organisation { 1.0 + COMMON * tables::commonness(word) } else { 1.0 };
    let all = names as f32 + NAMES_MIN;
    factor * ((all / (with_word as f32 + prior)).ln() / all.ln()).clamp(0.15, 1.0)
}

/// A name that was prepared, as a side; `rarity` says how many names a word identifies, and how many there are.
pub(crate) fn side<'a>(name: &'a PreparedName, rarity: &dyn Fn(&PreparedWord) -> (u32, u32)) -> Side<'a> {
    let mut side =
        Side { units: Vec::with_capacity(name.words.len()), legal: vec![], suffixes: vec![], kind: name.kind };
    for word in &name.words {
        let (with_word, names) = rarity(word);
        push(
            &mut side,
            Cow::Borrowed(&word.text),
            Cow::Borrowed(&word.sounds),
            word.bare,
            word.class,
            with_word,
            names,
        );
    }
    side
}

pub(crate) fn push<'a>(
    side: &mut Side<'a>,
    text: Cow<'a, str>,
    sounds: Cow<'a, str>,
    bare: bool,
    class: Class,
    with_word: u32,
    names: u32,
) {
    match class {
        Class::Legal => side.legal.push(text),
        Class::Suffix => side.suffixes.push(text),
        Class::Title => {}
        _ => {
            let weight = weight(&text, class, side.kind, with_word, names);
            side.units.push(Unit { text, sounds, bare, class, weight });
        }
    }
}

/// Two names, lined up and weighed.
pub(crate) struct Scored {
    pub(crate) links: Vec<Link>,
    pub(crate) features: Features,
    pub(crate) confidence: f64,
}

/// Lines up and weighs two names. `compare` is asked with the places of the words in `a` and `b`.
pub(crate) fn score(a: &Side<'_>, b: &Side<'_>, compare: Compare<'_>) -> Scored {
    fn order<'s>(side: &'s Side<'_>) -> Vec<&'s str> {
        let mut words: Vec<&str> = side.units.iter().map(|unit| unit.text.as_ref()).collect();
        words.sort_unstable();
        words
    }
    let swapped = order(b) < order(a);
    let links = if swapped {
        let mut links = align::align(b, a, &mut |j, i| compare(i, j));
        for link in &mut links {
            std::mem::swap(&mut link.a, &mut link.b);
        }
        links
    } else {
        align::align(a, b, compare)
    };
    let features = if swapped { features::measure(b, a, &mirrored(&links)) } else { features::measure(a, b, &links) };
    let confidence = confidence(&features, a.kind == Kind::Organisation || b.kind == Kind::Organisation);
    Scored { links, features, confidence }
}

fn mirrored(links: &[Link]) -> Vec<Link> {
    links.iter().map(|link| Link { a: link.b.clone(), b: link.a.clone(), ..*link }).collect()
}

/// What the weights make of the features.
pub(crate) fn confidence(features: &Features, organisation: bool) -> f64 {
    let weights = if organisation { &weights::ORGANISATION } else { &weights::PERSON };
    let sum: f64 = features.iter().zip(weights).map(|(feature, weight)| f64::from(*feature) * weight).sum();
    1.0 / (1.0 + (-sum).exp())
}

/// The cheapest explanation of how the words were lined up.
pub(crate) fn match_type(a: &Side<'_>, b: &Side<'_>, links: &[Link], alias: bool) -> MatchType {
    let covers = |side: &Side<'_>, taken: &dyn Fn(usize) -> bool| {
        side.units.iter().enumerate().all(|(at, unit)| taken(at) || unit.class == Class::Particle)
    };
    let whole = covers(a, &|at| links.iter().any(|link| link.a.contains(&at)))
        && covers(b, &|at| links.iter().any(|link| link.b.contains(&at)));
    let within = |reasons: &[Reason]| links.iter().all(|link| reasons.contains(&link.reason));
    if !whole || links.is_empty() {
        return MatchType::Fuzzy;
    }
    if within(&[Reason::Exact, Reason::Synonym, Reason::Spacing]) {
        return if alias { MatchType::Alias } else { MatchType::Exact };
    }
    if within(&[Reason::Exact, Reason::Synonym, Reason::Spacing, Reason::Nickname]) {
        return MatchType::Alias;
    }
    let heard =
        [Reason::Exact, Reason::Synonym, Reason::Spacing, Reason::Nickname, Reason::Phonetic, Reason::Consonants];
    if within(&heard) { MatchType::Phonetic } else { MatchType::Fuzzy }
}

/// The words that were lined up, and those that were not.
pub(crate) fn evidence(a: &Side<'_>, b: &Side<'_>, links: &[Link]) -> Evidence {
    let words = |side: &Side<'_>, range: std::ops::Range<usize>| {
        side.units[range].iter().map(|unit| unit.text.as_ref()).collect::<Vec<_>>().join(" ")
    };
    let mut links: Vec<_> = links.iter().collect();
    links.sort_by_key(|link| link.a.start);
    let aligned = links
        .iter()
        .map(|link| Aligned { queried: words(a, link.a.clone()), found: words(b, link.b.clone()), reason: link.reason })
        .collect();
    let left = |side: &Side<'_>, taken: &dyn Fn(usize) -> bool| {
        let units = side.units.iter().enumerate().filter(|(at, _)| !taken(*at));
        units.map(|(_, unit)| unit.text.to_string()).collect()
    };
    Evidence {
        aligned,
        queried_only: left(a, &|at| links.iter().any(|link| link.a.contains(&at))),
        found_only: left(b, &|at| links.iter().any(|link| link.b.contains(&at))),
        identifiers: vec![],
    }
}

/// How likely two names are of one party, without a registry that would know how common their words are. Symmetric.
///
/// ```
/// use engage_screening::{Kind, pair};
///
/// let same = pair("Bob Smith", "Smith, Robert", Kind::Person);
/// let other = pair("Bob Smith", "Alice Jones", Kind::Person);
/// assert!(same > 0.5 && other < 0.1, "{same} {other}");
/// ```
pub fn pair(a: &str, b: &str, kind: Kind) -> f64 {
    confidence_of(&pair_features(a, b, kind))
}

/// The features of a pair of names and whether they are weighed as those of an organisation: what [`pair`] is computed from.
pub fn pair_features(a: &str, b: &str, kind: Kind) -> (Features, bool) {
    let (a, b) = (PreparedName::new(a, kind, false), PreparedName::new(b, kind, false));
    let rarity = |_: &PreparedWord| (0, 0);
    let (a, b) = (side(&a, &rarity), side(&b, &rarity));
    let scored = score(&a, &b, &mut |i, j| align::compare(&a.units[i], &b.units[j]));
    (scored.features, a.kind == Kind::Organisation || b.kind == Kind::Organisation)
}

/// What the weights make of features.
pub fn confidence_of((features, organisation): &(Features, bool)) -> f64 {
    confidence(features, *organisation)
}
