//! Finding the parties that may be the one that is asked for.
//!
//! Each word of the name is first looked for in the vocabulary: words that equal it, sound like it, have its consonants, are a letter
//! away, are a nickname of it. Their lists of names are then walked, those that say most first (alike and rare), until a budget
//! is spent; a name that shares a rare word is so found even when its common words are in lists too long to walk. What was
//! found is weighed roughly by the words it has, and the best of it is lined up and scored.

use std::{borrow::Cow, cmp::Reverse, collections::hash_map::Entry};

use crate::{
    align::{self, Side},
    compact::multi::Plain,
    features::Features,
    identifier::{Identifier, IdentifierSort},
    keys::{self, PreparedName},
    name::{Class, Kind},
    party::{Handle, Party},
    score::{self, Match, MatchType},
    similarity::{self, Likeness, Spelled},
    sound,
    store::{NameId, Store, Term, WordId},
};

/// A map by numbers.
type HashMap<K, V> = std::collections::HashMap<K, V, Plain>;

/// Words of the vocabulary that are compared with one word that is asked for.
const COMPARED_MAX: usize = 250;
/// The same for a word without vowels.
const COMPARED_BARE_MAX: usize = 500;
/// Words that are kept as alike.
const ALIKE_MAX: usize = 40;
/// The same for a word without vowels, which is like more.
const ALIKE_BARE_MAX: usize = 200;
/// Names that are looked at for a single word.
const SINGLE_MAX: usize = 600;
/// The same when there is but one word to find them by.
const ALONE_MAX: usize = 2500;
/// Names that are looked at because they have two words.
const TWICE_MAX: usize = 1000;
/// Likeness from which no further word is looked for by halves.
const CLOSE: f32 = 0.8;
/// Likeness from which a word is looked at first.
const STRONG: f32 = 0.85;
/// Names that are lined up.
const SCORED_MAX: usize = 40;
/// Names that are found by the key of the whole name or an identifier.
const KEYED_MAX: usize = 24;
/// How much of what is missing to certainty a shared identifier makes up for.
const IDENTIFIED: f64 = 0.6;
/// The same for a date of birth, which many share.
const BORN: f64 = 0.3;

/// What to answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The most parties that are answered.
    pub limit: usize,
    /// The least confidence.
    pub threshold: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { limit: 10, threshold: crate::THRESHOLD }
    }
}

/// A party that was found, with what its confidence was computed from; for fitting the weights.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The match.
    pub matched: Match,
    /// What was measured.
    pub features: Features,
    /// Whether it is weighed as an organisation.
    pub organisation: bool,
}

/// Parties that may be the one asked for, the likeliest first; of equal ones, that of the lower handle.
pub fn search<S: Store + ?Sized>(store: &S, party: &Party, options: &Options) -> Vec<Match> {
    search_beyond(store, party, options, &[])
}

/// As [`search`], passing over the parties of `except`, which ascend. They take nobody's place, however many they are.
pub(crate) fn search_beyond<S: Store + ?Sized>(
    store: &S,
    party: &Party,
    options: &Options,
    except: &[Handle],
) -> Vec<Match> {
    found(store, party, options, except).into_iter().map(|candidate| candidate.matched).collect()
}

/// As [`search`], with what was measured.
pub fn candidates<S: Store + ?Sized>(store: &S, party: &Party, options: &Options) -> Vec<Candidate> {
    found(store, party, options, &[])
}

fn found<S: Store + ?Sized>(store: &S, party: &Party, options: &Options, except: &[Handle]) -> Vec<Candidate> {
    let mut best: HashMap<Handle, Candidate> = HashMap::default();
    let identified = identified(store, &party.identifiers, except.len());
    for readings in keys::prepare_to_find(party) {
        let mut names: Option<Vec<(NameId, bool)>> = None;
        for name in &readings {
            let mut query = Query::new(store, name, except);
            // What is found by one reading of a name is scored by the other too.
            let names = names.get_or_insert_with(|| query.candidates(&identified));
            for (id, forced) in names {
                let candidate = query.score(*id, &party.identifiers, options.threshold);
                if let Some(candidate) = candidate.filter(|one| *forced || !one.matched.evidence.aligned.is_empty()) {
                    keep(&mut best, candidate);
                }
            }
        }
    }
    let mut found: Vec<_> = best.into_values().collect();
    found.sort_by(|a, b| {
        b.matched.confidence.total_cmp(&a.matched.confidence).then_with(|| a.matched.handle.cmp(&b.matched.handle))
    });
    found.truncate(options.limit);
    found
}

/// Keeps the better of two matches of one party.
fn keep(best: &mut HashMap<Handle, Candidate>, candidate: Candidate) {
    match best.entry(candidate.matched.handle) {
        Entry::Vacant(vacant) => {
            vacant.insert(candidate);
        }
        Entry::Occupied(mut known) => {
            // Of equals the first by the alphabet, so that the answer does not depend on how names are kept.
            fn rank(one: &Candidate) -> (f64, Reverse<MatchType>, Reverse<&str>) {
                (one.matched.confidence, Reverse(one.matched.match_type), Reverse(&one.matched.name))
            }
            if rank(&candidate) > rank(known.get()) {
                known.insert(candidate);
            }
        }
    }
}

/// The first names of parties that share an identifier.
fn identified<S: Store + ?Sized>(store: &S, identifiers: &[Identifier], more: usize) -> Vec<NameId> {
    let mut names = Vec::new();
    for identifier in identifiers.iter().filter(|one| one.finds()) {
        store.names_with(keys::identifier(identifier), KEYED_MAX + more, &mut |id| names.push(id));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// A word of the vocabulary that is like one that is asked for.
struct Alike {
    word: WordId,
    unit: usize,
    score: f32,
    names: u32,
}

struct Query<'a, S: ?Sized> {
    store: &'a S,
    except: &'a [Handle],
    names: u32,
    whole: Option<keys::Key>,
    side: Side<'a>,
    likeness: HashMap<(u32, WordId), Option<Likeness>>,
    terms: Vec<Term>,
}

impl<'a, S: Store + ?Sized> Query<'a, S> {
    fn new(store: &'a S, name: &'a PreparedName, except: &'a [Handle]) -> Self {
        let names = store.names();
        let rarity = |word: &keys::PreparedWord| {
            let mut with_word = 0;
            store.words_with(keys::exact(&word.text, word.bare), usize::MAX, &mut |id| {
                let known = store.word(id);
                if known.text == word.text && known.bare == word.bare {
                    with_word = known.names;
                }
            });
            (with_word, names)
        };
        let side = score::side(name, &rarity);
        Self { store, except, names, whole: name.whole, side, likeness: HashMap::default(), terms: Vec::new() }
    }

    /// The names to score, and whether each is scored whatever its words.
    fn candidates(&mut self, identified: &[NameId]) -> Vec<(NameId, bool)> {
        let alike = self.alike();
        let mut forced: Vec<NameId> = identified.to_vec();
        if let Some(whole) = self.whole {
            self.store.names_with(whole, KEYED_MAX + self.except.len(), &mut |id| forced.push(id));
        }
        forced.sort_unstable();
        forced.dedup();

        let mut lists: Vec<(f32, WordId, u32)> = Vec::with_capacity(alike.len());
        let mut by_word: HashMap<WordId, Vec<(usize, f32)>> =
            HashMap::with_capacity_and_hasher(alike.len(), Plain::default());
        for one in &alike {
            let weight = self.side.units[one.unit].weight;
            let rarity = score::weight("", Class::Word, Kind::Person, one.names, self.names);
            lists.push((one.score * one.score * (weight + rarity), one.word, one.names));
            by_word.entry(one.word).or_default().push((one.unit, one.score));
        }
        lists.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let units = self.side.units.iter().filter(|unit| unit.class.identifies()).count();
        let most = if units > 1 { SINGLE_MAX } else { ALONE_MAX };
        let mut found = self.rarest(&lists, most + self.except.len());
        if units > 1 {
            self.twice(&lists, &by_word, &mut found);
        }
        found.sort_unstable();
        found.dedup();
        if !self.except.is_empty() {
            let wanted = |id: &NameId| self.except.binary_search(&self.store.entry(*id).party).is_err();
            found.retain(wanted);
            forced.retain(wanted);
        }
        let mut rough: Vec<(f32, NameId)> = found.into_iter().map(|id| (self.rough(id, &by_word), id)).collect();
        if rough.len() > SCORED_MAX {
            rough.select_nth_unstable_by(SCORED_MAX - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            rough.truncate(SCORED_MAX);
        }
        let mut chosen: Vec<_> = forced.iter().map(|id| (*id, true)).collect();
        chosen.extend(rough.into_iter().filter(|(_, id)| !forced.contains(id)).map(|(_, id)| (id, false)));
        chosen
    }

    /// Names with one of the words that say most.
    fn rarest(&self, lists: &[(f32, WordId, u32)], most: usize) -> Vec<NameId> {
        let mut walked: Vec<WordId> = Vec::with_capacity(lists.len());
        let mut left = most;
        let mut found: Vec<NameId> = Vec::with_capacity(most);
        for (_, word, names) in lists {
            if left == 0 || walked.contains(word) {
                continue;
            }
            // A list longer than what is left is for the names that have another word too; the first is walked in part all the same.
            if *names as usize > left && !found.is_empty() {
                continue;
            }
            walked.push(*word);
            self.store.names_of(*word, left, &mut |id| found.push(id));
            left -= (*names as usize).min(left);
        }
        found
    }

    /// Adds the names that have words for two of those asked for, however common each is: a bit a name for each word asked for.
    fn twice(
        &self,
        lists: &[(f32, WordId, u32)],
        by_word: &HashMap<WordId, Vec<(usize, f32)>>,
        found: &mut Vec<NameId>,
    ) {
        let mut bits: Vec<Vec<u64>> = vec![Vec::new(); self.side.units.len()];
        let mut walked: Vec<WordId> = Vec::with_capacity(lists.len());
        let (mut walk, mut left) = (self.store.walk_max(), TWICE_MAX + self.except.len());
        for least in [STRONG, 0.0] {
            for (_, word, names) in lists {
                let units = &by_word[word];
                let score = units.iter().map(|(_, score)| *score).fold(0f32, f32::max);
                if score < least || *names as usize > walk || walked.contains(word) {
                    continue;
                }
                walked.push(*word);
                walk -= *names as usize;
                self.store.names_of(*word, *names as usize, &mut |id| {
                    let (place, bit) = (id.0 as usize / 64, 1u64 << (id.0 % 64));
                    for (unit, _) in units {
                        let bits = &mut bits[*unit];
                        if place >= bits.len() {
                            // At once as long as the names are numbered, where nothing was ever removed.
                            bits.resize((place + 1).max(self.names as usize / 64 + 1), 0);
                        }
                        bits[place] |= bit;
                    }
                });
            }
            let long = bits.iter().map(Vec::len).max().unwrap_or(0);
            for place in 0..long {
                let (mut once, mut twice) = (0u64, 0u64);
                for of_unit in &bits {
                    let here = of_unit.get(place).copied().unwrap_or(0);
                    twice |= once & here;
                    once |= here;
                }
                while twice != 0 && left > 0 {
                    left -= 1;
                    found.push(NameId(place as u32 * 64 + twice.trailing_zeros()));
                    twice &= twice - 1;
                }
            }
        }
    }

    /// How much of what is asked for a name has, by the words that are known to be alike.
    fn rough(&mut self, id: NameId, by_word: &HashMap<WordId, Vec<(usize, f32)>>) -> f32 {
        let mut best = [0f32; crate::fold::WORDS_MAX];
        self.store.terms(id, &mut self.terms);
        let mut strange = 0.0;
        for term in &self.terms {
            match by_word.get(&term.word) {
                Some(units) => {
                    for (unit, score) in units {
                        best[*unit] = best[*unit].max(*score);
                    }
                }
                None if term.class.identifies() => strange += 1.0,
                None => {}
            }
        }
        let matched: f32 = self.side.units.iter().zip(best).map(|(unit, score)| unit.weight * score).sum();
        matched - 0.1 * strange
    }

    /// Words of the vocabulary that are like those asked for.
    fn alike(&mut self) -> Vec<Alike> {
        let mut all = Vec::new();
        let mut seen: Vec<WordId> = Vec::new();
        for at in 0..self.side.units.len() {
            let unit = &self.side.units[at];
            if !unit.class.identifies() {
                continue;
            }
            let (text, sounds, bare) = (unit.text.to_string(), unit.sounds.to_string(), unit.bare);
            let mut near = self.near(&text, &sounds, bare, &mut seen);
            for (word, likeness, _) in &near {
                self.likeness.insert((at as u32, *word), Some(*likeness));
            }
            near.truncate(if bare { ALIKE_BARE_MAX } else { ALIKE_MAX });
            let known = near.iter().any(|(_, likeness, _)| likeness.score >= 1.0);
            all.extend(near.into_iter().map(|(word, likeness, names)| Alike {
                word,
                unit: at,
                score: likeness.score,
                names,
            }));
            if !known {
                self.split(at, &text, bare, &mut all);
            }
        }
        self.joined(&mut all, &mut seen);
        all
    }

    /// Words like a text, the most alike first.
    fn near(&self, text: &str, sounds: &str, bare: bool, seen: &mut Vec<WordId>) -> Vec<(WordId, Likeness, u32)> {
        let near = self.under(keys::to_find(text, sounds, bare).into_iter(), text, sounds, bare, seen);
        if near.first().is_some_and(|(_, likeness, _)| likeness.score >= CLOSE) {
            return near;
        }
        let mut all = self.under(keys::of_halves(text), text, sounds, bare, seen);
        all.extend(near);
        all.sort_by(|a, b| b.1.score.total_cmp(&a.1.score).then(a.2.cmp(&b.2)).then(a.0.cmp(&b.0)));
        all.dedup_by_key(|(word, _, _)| *word);
        all
    }

    /// Words under these keys that are like a text, the most alike first.
    fn under(
        &self,
        keys: impl Iterator<Item = keys::Key>,
        text: &str,
        sounds: &str,
        bare: bool,
        seen: &mut Vec<WordId>,
    ) -> Vec<(WordId, Likeness, u32)> {
        seen.clear();
        for key in keys {
            let most = if bare { COMPARED_BARE_MAX } else { COMPARED_MAX };
            self.store.words_with(key, most, &mut |id| seen.push(id));
        }
        seen.sort_unstable();
        seen.dedup();
        let asked = Spelled { text, sounds, bare };
        let mut near: Vec<_> = seen
            .iter()
            .filter_map(|id| {
                let word = self.store.word(*id);
                if word.names == 0 {
                    return None;
                }
                let other = Spelled { text: &word.text, sounds: &word.sounds, bare: word.bare };
                similarity::compare(asked, other).map(|likeness| (*id, likeness, word.names))
            })
            .collect();
        near.sort_by(|a, b| b.1.score.total_cmp(&a.1.score).then(a.2.cmp(&b.2)).then(a.0.cmp(&b.0)));
        near
    }

    /// Two words of the vocabulary that were written as one: `Deltaapparel`.
    fn split(&self, unit: usize, text: &str, bare: bool, all: &mut Vec<Alike>) {
        if bare || text.len() < 5 {
            return;
        }
        let find = |part: &str| {
            let mut found = None;
            self.store.words_with(keys::exact(part, false), usize::MAX, &mut |id| {
                let word = self.store.word(id);
                if word.text == part && !word.bare && word.names > 0 {
                    found = Some((id, word.names));
                }
            });
            found
        };
        for at in 2..text.len() - 1 {
            if let (Some(left), Some(right)) = (find(&text[..at]), find(&text[at..])) {
                for ((word, names), length) in [(left, at), (right, text.len() - at)] {
                    let score = 0.5 + 0.5 * length as f32 / text.len() as f32;
                    all.push(Alike { word, unit, score, names });
                }
            }
        }
    }

    /// Words of the vocabulary that are written as several here: `Elij Ah`.
    fn joined(&self, all: &mut Vec<Alike>, seen: &mut Vec<WordId>) {
        let units = &self.side.units;
        for from in 0..units.len() {
            let mut text = units[from].text.to_string();
            for to in from + 2..=units.len().min(from + 4) {
                text.push_str(&units[to - 1].text);
                if text.len() < 4 {
                    continue;
                }
                let (sounds, bare) = (sound::sounds_of(&text, units[from].bare), units[from].bare);
                let keys = keys::to_find(&text, &sounds, bare);
                let near = self.under(keys.into_iter(), &text, &sounds, bare, seen);
                let close = near.into_iter().filter(|(_, likeness, _)| likeness.score >= 0.8).take(8);
                for (word, likeness, names) in close {
                    // Either of the two, for a rough weight.
                    all.extend((from..to).map(|unit| Alike { word, unit, score: likeness.score * 0.95, names }));
                }
            }
        }
    }

    fn score(&mut self, id: NameId, identifiers: &[Identifier], threshold: f64) -> Option<Candidate> {
        let store = self.store;
        let entry = store.entry(id);
        store.terms(id, &mut self.terms);
        let mut other =
            Side { units: Vec::with_capacity(self.terms.len()), legal: vec![], suffixes: vec![], kind: entry.kind };
        let mut words = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let word = store.word(term.word);
            if term.class.aligns() {
                words.push(term.word);
            }
            score::push(&mut other, word.text, word.sounds, word.bare, term.class, word.names, self.names);
        }
        let (side, likeness) = (&self.side, &mut self.likeness);
        let scored = score::score(side, &other, &mut |i, j| {
            let (a, b) = (&side.units[i], &other.units[j]);
            if a.class.identifies() && b.class.identifies() {
                *likeness.entry((i as u32, words[j])).or_insert_with(|| align::compare(a, b))
            } else {
                align::compare(a, b)
            }
        });
        let theirs = if identifiers.is_empty() { Cow::Borrowed(&[][..]) } else { store.identifiers(entry.party) };
        let mut shared: Vec<IdentifierSort> =
            identifiers.iter().filter(|one| theirs.contains(one)).map(Identifier::sort).collect();
        shared.sort_unstable();
        shared.dedup();
        let doubt = shared.iter().fold(1.0 - scored.confidence, |doubt, sort| {
            doubt
                * (1.0
                    - if *sort == IdentifierSort::DateOfBirth { BORN * scored.confidence.sqrt() } else { IDENTIFIED })
        });
        let confidence = 1.0 - doubt;
        if confidence < threshold {
            return None;
        }
        let match_type = if scored.links.is_empty() {
            MatchType::Fuzzy
        } else {
            score::match_type(&self.side, &other, &scored.links, entry.alias)
        };
        let mut evidence = score::evidence(&self.side, &other, &scored.links);
        evidence.identifiers = shared;
        let matched = Match { handle: entry.party, name: entry.text.into_owned(), confidence, match_type, evidence };
        let organisation = self.side.kind == Kind::Organisation || entry.kind == Kind::Organisation;
        Some(Candidate { matched, features: scored.features, organisation })
    }
}
