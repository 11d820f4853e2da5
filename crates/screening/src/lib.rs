//! Screening of names: is this party one that we know?
//!
//! Useful on its own, without the rest of the product: a [`Screen`] keeps parties and finds those that a name, written in whatever
//! way, may be one of, with a calibrated confidence, the cheapest sufficient explanation and the words that were lined up; [`pair`]
//! compares two names. Pure: no I/O, no clock, no chance, no threads.
//!
//! ```
//! use engage_screening::{Handle, Kind, MatchType, Options, Party, Screen};
//!
//! let mut screen = Screen::new();
//! screen.insert(Handle(1), &Party::named("Smith, Robert").of_kind(Kind::Person));
//! screen.insert(Handle(2), &Party::named("Acme Holdings, Inc.").also_known_as(["Roadrunner Supplies"]));
//!
//! let found = screen.search(&Party::named("Bob Smith"), &Options::default());
//! assert_eq!((found[0].handle, found[0].match_type), (Handle(1), MatchType::Alias));
//! let found = screen.search(&Party::named("ACME HOLDINGS INCORPORATED"), &Options::default());
//! assert_eq!((found[0].handle, found[0].match_type), (Handle(2), MatchType::Exact));
//! assert!(screen.search(&Party::named("Jane Doe"), &Options::default()).is_empty());
//! ```
//!
//! # How, and after whom
//!
//! | Step | Rule | Source |
//! |---|---|---|
//! | [read](Name) | NFKC, letters of any script in a–z, classes of words | Unicode Standard Annex #15; the romanisations that `any_ascii` follows |
//! | find words | one letter left out on both sides | symmetric deletes (Garbe 2012; Bocek, Hunt & Stiller 2007) |
//! | find words | sounds, consonants | Philips' Metaphone (1990, 2000); Freeman, Condon & Ackerman (NAACL 2006) |
//! | find names | rarest words first | inverse document frequency (Spärck Jones 1972) |
//! | compare words | edits with swaps of neighbours | optimal string alignment (Damerau 1964) |
//! | compare names | weighted words lined up | soft TF-IDF (Cohen, Ravikumar & Fienberg, IIWeb 2003) |
//! | weigh | a sum of agreement weights, as odds | Fellegi & Sunter (1969); logistic regression |
//!
//! # Limits
//!
//! A name is read up to 400 characters and 24 words. Scripts are romanised character by character, so a Japanese name in kanji is
//! read as Chinese. Parties with hundreds of thousands of namesakes are found in part: the budget of one search is spent first on
//! the rarest words.

mod align;
mod compact;
pub mod evaluation;
mod features;
mod fold;
mod identifier;
pub mod keys;
mod name;
mod party;
mod plain;
mod score;
mod screen;
mod search;
mod similarity;
mod sound;
mod store;
mod tables;
mod weights;

pub use self::{
    compact::Compact,
    features::{FEATURE_NAMES, FEATURES, Features},
    identifier::{Identifier, IdentifierSort},
    name::{Class, Kind, Name, Token},
    party::{Handle, Party},
    plain::PlainStore,
    score::{Aligned, Evidence, Match, MatchType, confidence_of, pair, pair_features},
    screen::Screen,
    search::{Candidate, Options, candidates, search},
    similarity::Reason,
    store::{Entry, NameId, Store, StoreMut, Term, Word, WordId},
};

/// The version of the rules and weights: it changes whenever the same parties may get another answer, and is stored with every result.
pub const RULES_VERSION: u32 = 1;

/// The confidence from which a match is shown to a person. Chosen for a recall of at least 0.95 on the given data.
pub const THRESHOLD: f64 = 0.2;
