//! What screening a party came to, as it is kept for good.

use serde::{Deserialize, Serialize};

use super::{ConflictType, IdentifierSort, PartyRole, words};
use crate::{
    aggregate::Version,
    conversation::ConflictStatus,
    id::{ConflictId, ConversationId, PartyId},
    text::Private,
    time::Timestamp,
};

/// The cheapest explanation of a match that suffices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

words!(MatchType { Exact = "exact", Alias = "alias", Phonetic = "phonetic", Fuzzy = "fuzzy" });

/// Why two words are taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The same letters.
    Exact,
    /// Another way to write the same word.
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

words!(Reason {
    Exact = "exact",
    Synonym = "synonym",
    Nickname = "nickname",
    Initial = "initial",
    Spacing = "spacing",
    Phonetic = "phonetic",
    Consonants = "consonants",
    Spelling = "spelling",
});

/// Words of the two names that were lined up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Aligned {
    /// Of the name that was asked for.
    pub queried: Private,
    /// Of the name that was found.
    pub found: Private,
    /// Why.
    pub reason: Reason,
}

/// Why two parties are taken for one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Words that were lined up, in the order of the name that was asked for.
    pub aligned: Vec<Aligned>,
    /// Words that only the name that was asked for has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queried_only: Vec<Private>,
    /// Words that only the name that was found has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found_only: Vec<Private>,
    /// Identifiers that both have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<IdentifierSort>,
}

/// A party of the registry that may be the one that was screened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Matched {
    /// Who was found.
    pub party: PartyId,
    /// In which role.
    pub role: PartyRole,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The name of it that matched.
    pub name: Private,
    /// How it was matched.
    pub match_type: MatchType,
    /// How likely it is the same party, 0 to 1.
    pub confidence: f64,
    /// Why.
    pub evidence: Evidence,
    /// What conflict that is; none: it is information, such as the same client again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_type: Option<ConflictType>,
    /// The conflict that was recorded. None for information, for a check, and where neither of the two is in a conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<ConflictId>,
}

/// The result of screening one party. "Nobody was found at that version" is a result too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Screening {
    /// When.
    pub at: Timestamp,
    /// The firm's version whose registry was asked.
    pub registry: Version,
    /// The version of the rules and weights that compared the names.
    pub rules: u32,
    /// Who was found: conflicts first, then information, each the likeliest first.
    pub matches: Vec<Matched>,
}

impl Screening {
    /// Whether anybody was found who is adverse.
    pub fn status(&self) -> ConflictStatus {
        if self.conflicts().next().is_some() { ConflictStatus::ConflictDetected } else { ConflictStatus::Clear }
    }

    /// Those found who are adverse.
    pub fn conflicts(&self) -> impl Iterator<Item = &Matched> {
        self.matches.iter().filter(|matched| matched.conflict_type.is_some())
    }
}

/// What a conversation is to know of its conflicts, all its parties considered. Posted with the event that leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The conversation.
    pub conversation: ConversationId,
    /// What is known.
    pub status: ConflictStatus,
    /// Whether the intake stops until that is resolved.
    #[serde(default)]
    pub freezes: bool,
}
