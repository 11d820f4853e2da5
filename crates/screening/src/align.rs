//! Lining up the words of two names.
//!
//! Greedy: of all pairs of words that are alike, the one that says most (by likeness and by how rare the words are) is taken first,
//! then the next of what is left. Neighbours may be taken together for one word of the other name. The two names are put into
//! one order first, so that the result does not depend on which one was asked for.

use std::{borrow::Cow, ops::Range};

use crate::{
    name::{Class, Kind},
    similarity::{self, Likeness, Reason, Spelled},
    sound,
};

/// A word as it is lined up.
#[derive(Clone, Debug)]
pub(crate) struct Unit<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) sounds: Cow<'a, str>,
    pub(crate) bare: bool,
    pub(crate) class: Class,
    /// How much it says: its rarity, less for small words.
    pub(crate) weight: f32,
}

impl Unit<'_> {
    fn spelled(&self) -> Spelled<'_> {
        Spelled { text: &self.text, sounds: &self.sounds, bare: self.bare }
    }
}

/// A name as it is lined up.
#[derive(Clone, Debug)]
pub(crate) struct Side<'a> {
    pub(crate) units: Vec<Unit<'a>>,
    /// Classes of legal forms.
    pub(crate) legal: Vec<Cow<'a, str>>,
    pub(crate) suffixes: Vec<Cow<'a, str>>,
    pub(crate) kind: Kind,
}

/// Words of either name that were lined up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    pub(crate) a: Range<usize>,
    pub(crate) b: Range<usize>,
    pub(crate) score: f32,
    pub(crate) weight: f32,
    pub(crate) reason: Reason,
}

/// How alike a word of one name and one of the other are. `known` may remember answers.
pub(crate) type Compare<'f> = &'f mut dyn FnMut(usize, usize) -> Option<Likeness>;

/// How alike two units are.
pub(crate) fn compare(a: &Unit<'_>, b: &Unit<'_>) -> Option<Likeness> {
    if a.class == Class::Initial || b.class == Class::Initial {
        if !a.text.starts_with(b.text.as_ref()) && !b.text.starts_with(a.text.as_ref()) {
            return None;
        }
        if a.class == b.class {
            return Some(Likeness { score: 1.0, reason: Reason::Exact });
        }
        let other = if a.class == Class::Initial { b.class } else { a.class };
        // A single letter in a company's name is not short for a word.
        return (other == Class::Word).then_some(Likeness { score: 0.8, reason: Reason::Initial });
    }
    if a.class == Class::Particle || b.class == Class::Particle {
        return match (a.text == b.text, a.class == b.class) {
            (true, _) => Some(Likeness { score: 1.0, reason: Reason::Exact }),
            (false, true) if close_particles(&a.text, &b.text) => {
                Some(Likeness { score: 0.8, reason: Reason::Spelling })
            }
            _ => None,
        };
    }
    similarity::compare(a.spelled(), b.spelled())
}

/// Ways of writing one particle.
fn close_particles(a: &str, b: &str) -> bool {
    const SAME: &[&[&str]] = &[
        &["al", "el", "ul", "ud", "ur", "ad", "ar", "as", "ash", "at", "az", "an"],
        &["bin", "ibn", "ben"],
        &["abu", "abou"],
        &["von", "van"],
        &["de", "del", "di", "du", "da", "dos", "das"],
        &["y", "e", "and", "et", "und"],
    ];
    SAME.iter().any(|group| group.contains(&a) && group.contains(&b))
}

/// Likeness from which a word is not tried together with its neighbours.
const WHOLE: f32 = 0.97;

/// Lines up two names.
pub(crate) fn align(a: &Side<'_>, b: &Side<'_>, compare: Compare<'_>) -> Vec<Link> {
    let mut links = Vec::with_capacity(a.units.len() * b.units.len());
    let (mut whole_a, mut whole_b) = (vec![false; a.units.len()], vec![false; b.units.len()]);
    for (i, x) in a.units.iter().enumerate() {
        for (j, y) in b.units.iter().enumerate() {
            if let Some(like) = compare(i, j) {
                whole_a[i] |= like.score >= WHOLE;
                whole_b[j] |= like.score >= WHOLE;
                let weight = (x.weight + y.weight) / 2.0;
                links.push(Link { a: i..i + 1, b: j..j + 1, score: like.score, weight, reason: like.reason });
            }
        }
    }
    join(&a.units, &b.units, &whole_a, &whole_b, |many, one, score| {
        let weight = (a.units[many.clone()].iter().map(|unit| unit.weight).sum::<f32>() + b.units[one].weight) / 2.0;
        links.push(Link { a: many, b: one..one + 1, score, weight, reason: Reason::Spacing });
    });
    join(&b.units, &a.units, &whole_b, &whole_a, |many, one, score| {
        let weight = (b.units[many.clone()].iter().map(|unit| unit.weight).sum::<f32>() + a.units[one].weight) / 2.0;
        links.push(Link { a: one..one + 1, b: many, score, weight, reason: Reason::Spacing });
    });
    links.sort_by(|x, y| {
        // A close pair of common words comes before a loose one of rare ones.
        let gain = |link: &Link| link.score.powi(3) * link.weight;
        let text = |link: &Link| (a.units[link.a.start].text.as_ref(), b.units[link.b.start].text.as_ref());
        let apart = |link: &Link| link.a.start.abs_diff(link.b.start);
        gain(y).total_cmp(&gain(x)).then_with(|| text(x).cmp(&text(y))).then_with(|| apart(x).cmp(&apart(y)))
    });
    let (mut taken_a, mut taken_b) = (vec![false; a.units.len()], vec![false; b.units.len()]);
    links.retain(|link| {
        let free = !link.a.clone().any(|i| taken_a[i]) && !link.b.clone().any(|j| taken_b[j]);
        if free {
            link.a.clone().for_each(|i| taken_a[i] = true);
            link.b.clone().for_each(|j| taken_b[j] = true);
        }
        free
    });
    links
}

/// Neighbours of one name that together are a word of the other. Only where one of them finds no equal by itself.
fn join(
    many: &[Unit<'_>],
    ones: &[Unit<'_>],
    whole_many: &[bool],
    whole_ones: &[bool],
    mut found: impl FnMut(Range<usize>, usize, f32),
) {
    for (j, one) in ones.iter().enumerate() {
        if whole_ones[j] || one.class != Class::Word || one.text.len() < 2 {
            continue;
        }
        for from in 0..many.len() {
            let mut joined = String::new();
            for to in from + 1..=many.len().min(from + 4) {
                if many[to - 1].text != "and" {
                    joined.push_str(&many[to - 1].text);
                }
                if joined.len() > one.text.len() + 2 {
                    break;
                }
                if to < from + 2 || joined.len() + 2 < one.text.len() || whole_many[from..to].iter().all(|whole| *whole)
                {
                    continue;
                }
                let score = if joined == *one.text {
                    0.97
                } else if one.text.len() < 4 {
                    continue;
                } else {
                    let sounds = sound::sounds(&joined);
                    let spelled = Spelled { text: &joined, sounds: &sounds, bare: many[from].bare };
                    match similarity::compare(spelled, one.spelled()) {
                        Some(like) if like.score >= 0.78 && like.reason != Reason::Nickname => like.score * 0.95,
                        _ => continue,
                    }
                };
                found(from..to, j, score);
            }
        }
    }
}
