//! Invented parties in any number, the same in every run.
//!
//! Words are made of syllables and drawn by Zipf's law, given names from a few thousand, surnames and companies' words from many
//! more, so that a million parties have about as many different words as a real register of that size, the common ones in
//! tens of thousands of names.

use engage_screening::{Kind, Party};

use crate::bench::dice::Dice;

const ONSETS: [&str; 24] = [
    "b", "br", "c", "ch", "d", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "r", "s", "sh", "st", "t", "tr", "v",
    "w", "z",
];
const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ai", "ee", "ou"];
const CODAS: [&str; 12] = ["", "", "", "n", "r", "l", "s", "m", "nd", "rt", "ck", "ng"];
const FORMS: [&str; 6] = ["Inc", "LLC", "Ltd", "Corp", "GmbH", "Holdings LLC"];

const GIVEN: u64 = 6_000;
const SURNAMES: u64 = 70_000;
const WORDS: u64 = 60_000;

/// The word of a rank in a list; lists have words of their own.
fn word(list: u64, rank: u64) -> String {
    let mut dice = Dice::new(list << 40 | rank);
    let mut word = String::new();
    for _ in 0..2 + dice.below(2) {
        word.push_str(ONSETS[dice.below(24) as usize]);
        word.push_str(VOWELS[dice.below(8) as usize]);
        word.push_str(CODAS[dice.below(12) as usize]);
    }
    word[..1].make_ascii_uppercase();
    word
}

/// A party.
pub(crate) fn party(dice: &mut Dice) -> Party {
    if dice.below(10) < 6 {
        let (given, surname) = (word(1, dice.rank(GIVEN)), word(2, dice.rank(SURNAMES)));
        let middle = if dice.below(4) == 0 { format!("{} ", word(1, dice.rank(GIVEN))) } else { String::new() };
        return Party::named(format!("{given} {middle}{surname}")).of_kind(Kind::Person);
    }
    let mut name = word(2, dice.rank(SURNAMES));
    for _ in 0..1 + dice.below(2) {
        name.push(' ');
        name.push_str(&word(3, dice.rank(WORDS)));
    }
    let form = FORMS[dice.below(6) as usize];
    Party::named(format!("{name} {form}")).of_kind(Kind::Organisation)
}

/// The same name as somebody who heard it might write it: as it is, with a slip, or with the words turned around.
pub(crate) fn misspelled(name: &str, dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => name.to_owned(),
        1 => name.split(' ').rev().collect::<Vec<_>>().join(" "),
        _ => {
            let at = 1 + dice.below(name.len() as u64 - 1) as usize;
            let letter = char::from(b'a' + dice.below(26) as u8);
            format!("{}{letter}{}", &name[..at], &name[at + 1..])
        }
    }
}
