//! The firm's registry: every party that it knows, the results of screening them, the conflicts of interest among them, and the rules
//! that make a match a conflict (ABA Model Rules 1.7, 1.9, 1.10 and 1.18).
//!
//! The registry belongs to the `Firm` object, so a party is screened and registered in **one** turn: of two adverse intakes, whichever
//! registers second sees the first. It is unbounded, so it is rows beside the firm's state, kept in step with its events by the host, and
//! a decision is given what it must know of them ([`Known`]). The events are the truth; the rows can be made anew from them.

mod conflict;
mod known;
mod party;
mod rules;
mod screening;

pub use self::{
    conflict::{
        ARTEFACT_MAX, Artefact, Conflict, ConflictState, Detection, NOTES_MAX, REASON_MAX, Resolution, Resolved,
        Verdict,
    },
    known::{Found, Inquiry, Known, PartyRecord},
    party::{
        ALIASES_MAX, IDENTIFIERS_MAX, Identifier, IdentifierSort, MATTER_MAX, PARTIES_MAX, PARTY_NAME_MAX, Party,
        PartyKind, PartyRole, Related, Relation, VALUE_MAX,
    },
    rules::{ConflictType, Side, conflict_type},
    screening::{Aligned, Evidence, MatchType, Matched, Outcome, Reason, Screening},
};

/// Adds to an enum of words its list, and reading and writing them. The words are stored and on the wire, so they never change.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every one.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The stored word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// Reads the stored word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == word)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = std::borrow::Cow::<str>::deserialize(deserializer)?;
                Self::parse(&word).ok_or_else(|| serde::de::Error::custom(concat!("unknown ", stringify!($name))))
            }
        }
    };
}
use words;
