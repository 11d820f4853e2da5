//! How a word sounds: a rough spelling in one letter a sound, and the consonants of it.
//!
//! After Philips' Metaphone (1990, 2000) and the consonant skeletons used for matching across transliterations (e.g. Freeman,
//! Condon & Ackerman, "Cross Linguistic Name Matching in English and Arabic", NAACL 2006): what
//! romanisations of one name differ in are vowels, doubled letters, `h`, and letters of one place of articulation.

/// A word as it sounds, one byte a sound: vowels stay letters, `S` is sh, `C` is ch, `X` is kh, `G` is gh, `Z` is zh.
pub(crate) fn sounds(word: &str) -> String {
    heard(word, true)
}

/// The same for a word whose script leaves vowels out: there two letters that are the same may have a vowel between them.
pub(crate) fn sounds_of(word: &str, bare: bool) -> String {
    heard(word, !bare)
}

fn heard(word: &str, merge: bool) -> String {
    let w = word.as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(w.len());
    let mut at = 0;
    while at < w.len() {
        let rest = &w[at..];
        let (sound, taken) = one(rest, at == 0, out.last().copied());
        for &byte in sound {
            // A doubled sound is one sound; digits stay as they are.
            if !merge || out.last() != Some(&byte) || byte.is_ascii_digit() {
                out.push(byte);
            }
        }
        at += taken;
    }
    String::from_utf8(out).unwrap_or_default()
}

/// The first sound of `rest` and how many letters it takes.
fn one(rest: &[u8], first: bool, before: Option<u8>) -> (&'static [u8], usize) {
    const PLAIN: &[u8; 256] = &{
        let mut table = [0u8; 256];
        let mut at = 0;
        while at < 256 {
            table[at] = at as u8;
            at += 1;
        }
        table
    };
    let next = rest.get(1).copied().unwrap_or(0);
    let starts = |text: &[u8]| rest.starts_with(text);
    let soft = |c: u8| matches!(c, b'e' | b'i' | b'y');
    match rest[0] {
        b's' if starts(b"shch") => (b"S", 4),
        b's' if starts(b"sch") => (b"S", 3),
        b's' if starts(b"sh") => (b"S", 2),
        b's' if starts(b"sz") => (b"S", 2),
        b't' if starts(b"tsch") => (b"C", 4),
        b't' if starts(b"tch") => (b"C", 3),
        b't' if starts(b"th") => (b"t", 2),
        b't' if starts(b"ts") || starts(b"tz") => (b"c", 2),
        b'c' if starts(b"ch") => (b"C", 2),
        b'c' if starts(b"ck") => (b"k", 2),
        b'c' if starts(b"cz") => (b"C", 2),
        b'c' if soft(next) => (b"s", 1),
        b'c' => (b"k", 1),
        b'd' if starts(b"dzh") => (b"j", 3),
        b'd' if starts(b"dj") || starts(b"dg") => (b"j", 2),
        b'd' if starts(b"dh") => (b"d", 2),
        b'g' if starts(b"ght") => (b"", 2),
        b'g' if starts(b"gh") => (b"G", 2),
        b'k' if starts(b"kh") => (b"X", 2),
        b'k' if first && starts(b"kn") => (b"n", 2),
        b'p' if starts(b"ph") => (b"f", 2),
        b'q' if next == b'u' => (b"k", 2),
        b'q' => (b"k", 1),
        b'w' if first && starts(b"wr") => (b"r", 2),
        b'w' if starts(b"wh") => (b"w", 2),
        b'x' if first => (b"s", 1),
        b'x' => (b"ks", 1),
        b'z' if starts(b"zh") => (b"Z", 2),
        b'o' if starts(b"ou") || starts(b"oo") => (b"u", 2),
        b'e' if starts(b"ee") || starts(b"ea") || starts(b"ei") || starts(b"ey") => (b"i", 2),
        b'i' if starts(b"ie") => (b"i", 2),
        b'a' if starts(b"ai") || starts(b"ay") => (b"e", 2),
        b'y' if !first && before.is_some_and(|c| !is_vowel(c)) => (b"i", 1),
        c => (std::slice::from_ref(&PLAIN[c as usize]), 1),
    }
}

/// Whether a sound is a vowel.
pub(crate) const fn is_vowel(c: u8) -> bool {
    matches!(c, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// The consonants of a word. Not on the heap: they are made for each comparison.
#[derive(Clone, Copy)]
pub(crate) struct Consonants {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl Consonants {
    const MOST: usize = 48;

    /// The consonants of sounds; the group of each as `group` says. Two of one group with nothing between are one.
    fn new(sounds: &str, group: impl Fn(u8) -> Option<u8>) -> Self {
        let mut out = Self { bytes: [0; Self::MOST], len: 0 };
        let mut last = None;
        for byte in sounds.bytes().take(Self::MOST) {
            let kept = group(byte);
            if let Some(kept) = kept.filter(|kept| last != Some(*kept) || kept.is_ascii_digit()) {
                out.bytes[out.len] = kept;
                out.len += 1;
            }
            last = kept;
        }
        out
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The consonants of a word, voiced and unvoiced told apart.
pub(crate) fn skeleton(sounds: &str) -> Consonants {
    Consonants::new(sounds, |c| match c {
        c if is_vowel(c) => None,
        b'h' | b'w' => None,
        b'X' => Some(b'k'),
        b'G' => Some(b'g'),
        b'z' | b'S' | b'C' | b'Z' | b'c' => Some(b's'),
        c => Some(c),
    })
}

/// The consonants of a word, told apart no further than scripts that spell them in one another's letters do: Arabic has no `p`
/// and no `v`, Hebrew writes `b` and `v`, `p` and `f` with one letter each.
pub(crate) fn coarse(sounds: &str) -> Consonants {
    Consonants::new(sounds, place)
}

const fn place(c: u8) -> Option<u8> {
    match c {
        c if is_vowel(c) => None,
        b'h' | b'w' | b'X' => None,
        b'b' | b'p' | b'f' | b'v' => Some(b'p'),
        b'k' | b'g' | b'G' | b'q' => Some(b'k'),
        b's' | b'z' | b'S' | b'C' | b'Z' | b'c' | b'j' => Some(b's'),
        b'd' | b't' => Some(b't'),
        c => Some(c),
    }
}

/// The other ways to read the consonants of a word whose script has one letter for `v`, `o` and `u`, and one for `j` and `g`.
pub(crate) fn coarse_otherwise(sounds: &str) -> impl Iterator<Item = Consonants> {
    let has = |letter: char| sounds.contains(letter);
    [(true, false), (false, true), (true, true)].into_iter().filter_map(move |(waw, jim)| {
        if waw && !has('w') || jim && !has('j') {
            return None;
        }
        Some(Consonants::new(sounds, |c| match c {
            b'w' if waw => Some(b'p'),
            b'j' if jim => Some(b'k'),
            c => place(c),
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_sound_are_one() {
        assert_eq!(sounds("philips"), sounds("fillips"));
        assert_eq!(sounds("schmidt"), "Smidt");
        assert_eq!(skeleton(&sounds("qassim")).as_bytes(), skeleton(&sounds("kasim")).as_bytes());
        assert_eq!(skeleton(&sounds("lynda")).as_bytes(), skeleton(&sounds("linda")).as_bytes());
    }

    #[test]
    fn scripts_without_vowels_leave_the_same_consonants() {
        assert_eq!(coarse(&sounds("rysly")).as_bytes(), coarse(&sounds("riseley")).as_bytes());
        assert_eq!(coarse(&sounds("plkwn")).as_bytes(), coarse(&sounds("falcon")).as_bytes());
    }
}
