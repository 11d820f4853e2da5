//! What is measured on two names that were lined up: the numbers that the weights of [`crate::weights`] turn into a confidence.

use crate::{
    align::{Link, Side},
    name::{Class, Kind},
    similarity::Reason,
};

/// How many there are.
pub const FEATURES: usize = 21;

/// Their names, in their order.
pub const FEATURE_NAMES: [&str; FEATURES] = [
    "constant",
    "coverage of the less covered name",
    "coverage of the better covered name",
    "likeness of the weakest pair",
    "weight of the largest unmatched word, less covered name",
    "weight of the largest unmatched word, better covered name",
    "weight that was matched",
    "initials",
    "nicknames",
    "sounds",
    "spelling",
    "spacing",
    "consonants across scripts",
    "legal forms differ",
    "a legal form is missing",
    "kinds differ",
    "a number is unmatched",
    "a single word matched",
    "equal",
    "order differs",
    "each has a word that the other lacks",
];

/// The numbers of a pair of names.
pub type Features = [f32; FEATURES];

pub(crate) fn measure(a: &Side<'_>, b: &Side<'_>, links: &[Link]) -> Features {
    let mut covered = [0f32; 2];
    let total = [total(a), total(b)];
    let (mut taken_a, mut taken_b) = (vec![false; a.units.len()], vec![false; b.units.len()]);
    let mut matched = 0.0;
    let mut weakest = 1f32;
    let mut significant = 0;
    let mut count = [0f32; 6];
    for link in links {
        let of_a: f32 = a.units[link.a.clone()].iter().map(|unit| unit.weight).sum();
        let of_b: f32 = b.units[link.b.clone()].iter().map(|unit| unit.weight).sum();
        covered[0] += of_a * link.score;
        covered[1] += of_b * link.score;
        matched += link.weight * link.score;
        link.a.clone().for_each(|i| taken_a[i] = true);
        link.b.clone().for_each(|j| taken_b[j] = true);
        let small = |side: &Side<'_>, at: usize| side.units[at].class == Class::Particle;
        if !small(a, link.a.start) && !small(b, link.b.start) {
            weakest = weakest.min(link.score);
            significant += 1;
        }
        match link.reason {
            Reason::Exact | Reason::Synonym => {}
            Reason::Initial => count[0] += 1.0,
            Reason::Nickname => count[1] += 1.0,
            Reason::Phonetic => count[2] += 1.0,
            Reason::Spelling => count[3] += 1.0,
            Reason::Spacing => count[4] += 1.0,
            Reason::Consonants => count[5] += 1.0,
        }
    }
    let cover = [covered[0] / total[0].max(0.01), covered[1] / total[1].max(0.01)];
    let unmatched = |side: &Side<'_>, taken: &[bool]| {
        side.units.iter().zip(taken).filter(|(_, taken)| !**taken).map(|(unit, _)| unit.weight).fold(0f32, f32::max)
    };
    let left = [unmatched(a, &taken_a), unmatched(b, &taken_b)];
    let less = usize::from(cover[1] < cover[0]);
    let number = |side: &Side<'_>, taken: &[bool]| {
        side.units.iter().zip(taken).any(|(unit, taken)| !*taken && unit.class == Class::Number)
    };
    let numbers = number(a, &taken_a) || number(b, &taken_b);
    let shared = a.legal.iter().any(|form| b.legal.contains(form));
    let differ = !a.legal.is_empty() && !b.legal.is_empty() && !shared;
    let missing = a.legal.is_empty() != b.legal.is_empty();
    let kinds = a.kind != b.kind && a.kind != Kind::Unknown && b.kind != Kind::Unknown;
    let all = taken_a.iter().all(|taken| *taken) && taken_b.iter().all(|taken| *taken);
    let equal = all && links.iter().all(|link| link.reason == Reason::Exact);
    let mut by_a: Vec<_> = links.iter().map(|link| (link.a.start, link.b.start)).collect();
    by_a.sort_unstable();
    let inverted = by_a.windows(2).any(|two| two[0].1 > two[1].1);
    let truth = |yes: bool| f32::from(u8::from(yes));
    let capped = |count: f32| count.min(2.0);
    [
        1.0,
        cover[less],
        cover[1 - less],
        if links.is_empty() { 0.0 } else { weakest },
        left[less],
        left[1 - less],
        matched.min(1.5),
        capped(count[0]),
        capped(count[1]),
        capped(count[2]),
        capped(count[3]),
        truth(count[4] > 0.0),
        truth(count[5] > 0.0),
        truth(differ),
        truth(missing),
        truth(kinds),
        truth(numbers),
        truth(significant == 1 && !all),
        truth(equal),
        truth(inverted),
        left[0].min(left[1]),
    ]
}

fn total(side: &Side<'_>) -> f32 {
    side.units.iter().map(|unit| unit.weight).sum()
}
