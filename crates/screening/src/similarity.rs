//! How alike two words are, and why.
//!
//! Three measures, the best of which counts: equality of what is known (nicknames, ways of writing a word), edits of letters
//! (optimal string alignment, Damerau 1964) and edits of sounds, in which vowels, `h` and sounds of one place of articulation
//! weigh less. Between a script without vowels and one with them the consonants alone are compared.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::{sound, tables};

/// Why two words were lined up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The same letters.
    Exact,
    /// Another way to write the same word: `intl` and `international`, `2` and `two`.
    Synonym,
    /// A nickname, a pet form, the same name in another language.
    Nickname,
    /// The first letter alone.
    Initial,
    /// The same words with the spaces elsewhere.
    Spacing,
    /// It sounds the same.
    Phonetic,
    /// The same consonants, in a script that leaves vowels out.
    Consonants,
    /// A few letters differ.
    Spelling,
}

/// A word as it is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spelled<'a> {
    pub(crate) text: &'a str,
    pub(crate) sounds: &'a str,
    pub(crate) bare: bool,
}

/// How alike two words are: from 0, not at all, to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Likeness {
    pub(crate) score: f32,
    pub(crate) reason: Reason,
}

/// Below it two words are taken for different ones.
pub(crate) const LIKE_MIN: f32 = 0.55;

const fn like(score: f32, reason: Reason) -> Option<Likeness> {
    Some(Likeness { score, reason })
}

/// How alike two words of more than one letter are; none when they are taken for different ones. Symmetric.
pub(crate) fn compare(a: Spelled<'_>, b: Spelled<'_>) -> Option<Likeness> {
    if a.text == b.text {
        // Two scripts without vowels agree on more than one with and one without.
        return if a.bare == b.bare { like(1.0, Reason::Exact) } else { like(0.9, Reason::Consonants) };
    }
    if share(tables::synonyms(a.text), tables::synonyms(b.text)) {
        return like(0.97, Reason::Synonym);
    }
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let (in_a, in_b) = (digits(a.text), digits(b.text));
    if in_a + in_b > 0 {
        // A number is another number; a digit among letters may be a slip for one (`Ig0r`).
        let slip = in_a.min(in_b) == 0 && in_a.max(in_b) * 2 < a.text.len().min(b.text.len());
        if !slip {
            return None;
        }
    }
    if a.bare != b.bare {
        return across_scripts(a, b);
    }
    let nickname = share(tables::nicknames(a.text), tables::nicknames(b.text));
    let spelled = spelling(a, b);
    if nickname && spelled.is_none_or(|spelled| spelled.score < 0.9) {
        return like(0.9, Reason::Nickname);
    }
    spelled
}

fn share(a: &[u16], b: &[u16]) -> bool {
    !a.is_empty() && a.iter().any(|class| b.contains(class))
}

/// The better of the two ways to read the word without vowels.
fn across_scripts(a: Spelled<'_>, b: Spelled<'_>) -> Option<Likeness> {
    let (bare, full) = if a.bare { (a, b) } else { (b, a) };
    let consonants = sound::coarse(full.sounds);
    let score = |read: sound::Consonants| by_consonants(bare, full, read.as_bytes(), consonants.as_bytes());
    let first = score(sound::coarse(bare.sounds));
    let others = sound::coarse_otherwise(bare.sounds).filter_map(score).map(|score| score - 0.02);
    let best = others.chain(first).fold(0f32, f32::max);
    if best >= LIKE_MIN { like(best, Reason::Consonants) } else { None }
}

fn by_consonants(a: Spelled<'_>, b: Spelled<'_>, ca: &[u8], cb: &[u8]) -> Option<f32> {
    let (short, long) = (ca.len().min(cb.len()), ca.len().max(cb.len()));
    if long == 0 {
        return None;
    }
    // A long word for few consonants has more in it than they say.
    let spread = (a.text.len() as f32 / b.text.len() as f32).max(b.text.len() as f32 / a.text.len() as f32);
    let lengths = (spread - 1.8).max(0.0) * 0.15;
    let score = if ca == cb {
        match short {
            1 => 0.66,
            2 => 0.82,
            3 => 0.88,
            _ => 0.92,
        }
    } else {
        let edits = osa(ca, cb, 2)?;
        0.92 - edits as f32 / long as f32 * 0.95
    } - lengths;
    // The first sound is written in every script.
    let first = match (ca.first(), cb.first()) {
        (Some(x), Some(y)) if x != y => 0.08,
        _ => 0.0,
    };
    Some(score - first)
}

fn spelling(a: Spelled<'_>, b: Spelled<'_>) -> Option<Likeness> {
    let (x, y) = (a.text.as_bytes(), b.text.as_bytes());
    let (short, long) = (x.len().min(y.len()), x.len().max(y.len()));
    if short < 2 || long - short > 5 {
        return prefix(x, y);
    }
    let most = ((1.0 - LIKE_MIN) * long as f32 / 0.95) as usize;
    let letters = osa(x, y, most.min(4)).map_or(0.0, |edits| {
        let first = if x.first() == y.first() { 0.0 } else { 0.06 };
        1.0 - edits as f32 / long as f32 * 0.95 - first
    });
    let heard = if a.bare && b.bare { 0.0 } else { 0.98 - by_sound(a.sounds.as_bytes(), b.sounds.as_bytes()) };
    let score = letters.max(heard);
    if score < LIKE_MIN {
        return prefix(x, y);
    }
    let same = a.sounds == b.sounds
        || heard >= 0.78 && sound::skeleton(a.sounds).as_bytes() == sound::skeleton(b.sounds).as_bytes();
    like(score, if same { Reason::Phonetic } else { Reason::Spelling })
}

/// A word cut short.
fn prefix(x: &[u8], y: &[u8]) -> Option<Likeness> {
    let short = x.len().min(y.len());
    if short >= 4 && x[..short] == y[..short] { like(0.62, Reason::Spelling) } else { None }
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours; none when more than `most`.
pub(crate) fn osa(a: &[u8], b: &[u8], most: usize) -> Option<usize> {
    const LONGEST: usize = 48;
    let (a, b) = (&a[..a.len().min(LONGEST)], &b[..b.len().min(LONGEST)]);
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut rows = [[0u8; LONGEST + 1]; 3];
    for (at, cell) in rows[0].iter_mut().enumerate().take(b.len() + 1) {
        *cell = at as u8;
    }
    for i in 1..=a.len() {
        let (now, before, earlier) = (i % 3, (i + 2) % 3, (i + 1) % 3);
        rows[now][0] = i as u8;
        let mut least = rows[now][0];
        for j in 1..=b.len() {
            let same = a[i - 1] == b[j - 1];
            let mut cost = (rows[before][j - 1] + u8::from(!same)).min(rows[before][j] + 1).min(rows[now][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(rows[earlier][j - 2] + 1);
            }
            rows[now][j] = cost;
            least = least.min(cost);
        }
        if usize::from(least) > most {
            return None;
        }
    }
    let edits = usize::from(rows[a.len() % 3][b.len()]);
    (edits <= most).then_some(edits)
}

/// Costs are counted in twentieths.
const WHOLE: u8 = 20;

/// What it costs to leave a sound out.
const LEFT_OUT: [u8; 128] = {
    let mut costs = [WHOLE; 128];
    let mut c = 0;
    while c < 128 {
        costs[c] = match c as u8 {
            c if sound::is_vowel(c) => 9,
            b'h' => 8,
            b'w' => 12,
            _ => WHOLE,
        };
        c += 1;
    }
    costs
};

/// Sounds that are taken for one another.
const NEAR: [&[u8]; 8] = [b"kgqXGC", b"szcSZC", b"bpfv", b"vwu", b"dt", b"jyi", b"jZGg", b"Xh"];

/// What it costs to take one sound for another.
static TAKEN_FOR: LazyLock<[[u8; 128]; 128]> =
    LazyLock::new(|| std::array::from_fn(|a| std::array::from_fn(|b| taken_for(a as u8, b as u8))));

fn taken_for(a: u8, b: u8) -> u8 {
    let both = |group: &[u8]| group.contains(&a) && group.contains(&b);
    if a == b {
        0
    } else if sound::is_vowel(a) && sound::is_vowel(b) {
        if both(b"iey") || both(b"ou") { 5 } else { 8 }
    } else if NEAR.iter().any(|group| both(group)) {
        8
    } else if both(b"mn") {
        14
    } else {
        WHOLE
    }
}

/// The edits of sounds, weighed; as a share of the longer word it is at least `1.0` when consonants differ too much to try.
fn by_sound(a: &[u8], b: &[u8]) -> f32 {
    const LONGEST: usize = 40;
    const TOO_FAR: f32 = 1.0;
    let (a, b) = (&a[..a.len().min(LONGEST)], &b[..b.len().min(LONGEST)]);
    let long = a.len().max(b.len()).max(3) as f32;
    // Each sort of consonant that only one of them has costs at least half of one.
    let strange = (sorts(a) ^ sorts(b)).count_ones();
    if strange as f32 * 0.5 / long > 1.0 - LIKE_MIN {
        return TOO_FAR;
    }
    let taken_for = &*TAKEN_FOR;
    let mut before = [0u16; LONGEST + 1];
    for (j, &c) in b.iter().enumerate() {
        before[j + 1] = before[j] + u16::from(LEFT_OUT[usize::from(c & 127)]);
    }
    for &x in a {
        let (costs, out) = (&taken_for[usize::from(x & 127)], u16::from(LEFT_OUT[usize::from(x & 127)]));
        let mut diagonal = before[0];
        before[0] += out;
        for (j, &y) in b.iter().enumerate() {
            let above = before[j + 1];
            let taken = diagonal + u16::from(costs[usize::from(y & 127)]);
            let left = before[j] + u16::from(LEFT_OUT[usize::from(y & 127)]);
            diagonal = above;
            before[j + 1] = taken.min(above + out).min(left);
        }
    }
    f32::from(before[b.len()]) / f32::from(WHOLE) / long
}

/// The sorts of consonants of a word, a bit each; sounds that are taken for one another are of one sort.
fn sorts(sounds: &[u8]) -> u32 {
    sounds.iter().fold(0, |sorts, c| {
        sorts
            | match c {
                b'k' | b'g' | b'q' | b'X' | b'G' | b'C' | b's' | b'z' | b'c' | b'S' | b'Z' | b'j' => 1,
                b'b' | b'p' | b'f' | b'v' => 2,
                b'd' | b't' => 4,
                b'm' | b'n' => 8,
                b'l' => 16,
                b'r' => 32,
                _ => 0,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reason(a: &str, b: &str) -> Option<Reason> {
        let (sa, sb) = (sound::sounds(a), sound::sounds(b));
        let (x, y) = (Spelled { text: a, sounds: &sa, bare: false }, Spelled { text: b, sounds: &sb, bare: false });
        assert_eq!(compare(x, y), compare(y, x), "{a} {b}");
        compare(x, y).map(|like| like.reason)
    }

    #[test]
    fn each_reason_is_given_where_it_holds() {
        assert_eq!(reason("smith", "smith"), Some(Reason::Exact));
        assert_eq!(reason("bill", "william"), Some(Reason::Nickname));
        assert_eq!(reason("intl", "international"), Some(Reason::Synonym));
        assert_eq!(reason("kassim", "qasim"), Some(Reason::Phonetic));
        assert_eq!(reason("martic", "martoc"), Some(Reason::Phonetic));
        assert_eq!(reason("mallock", "nallock"), Some(Reason::Spelling));
        assert_eq!(reason("2007", "2008"), None);
        assert_eq!(reason("smith", "garcia"), None);
    }

    #[test]
    fn swapped_neighbours_are_one_edit() {
        assert_eq!(osa(b"pukrdon", b"purdon", 3), Some(1));
        assert_eq!(osa(b"ab", b"ba", 3), Some(1));
        assert_eq!(osa(b"abcdef", b"uvwxyz", 3), None);
    }
}
