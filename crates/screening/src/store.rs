//! Where keys, words and names are kept: the port that the search is written against.
//!
//! In memory it is [`Compact`](crate::Compact); a database keeps the same in tables (word by key, word by id, name by word, name
//! by key, name by id). Reads cannot fail here: a container over a database keeps its first error to itself and finds
//! nothing from then on, and whoever owns it asks for the error before believing the answer.

use std::borrow::Cow;

use crate::{
    identifier::Identifier,
    keys::{Key, PreparedName},
    name::{Class, Kind},
    party::Handle,
};

/// A word of the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WordId(pub u32);

/// A name of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(pub u32);

/// A word of the vocabulary, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// As in [`PreparedWord`](crate::keys::PreparedWord).
    pub text: Cow<'a, str>,
    /// As it sounds.
    pub sounds: Cow<'a, str>,
    /// Whether its script leaves vowels out.
    pub bare: bool,
    /// How many names it identifies.
    pub names: u32,
}

/// A word where it stands in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The word.
    pub word: WordId,
    /// What it is in this name.
    pub class: Class,
}

/// A name, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Whose it is.
    pub party: Handle,
    /// As it was given.
    pub text: Cow<'a, str>,
    /// As it was given or guessed.
    pub kind: Kind,
    /// Whether it is one of the party's other names.
    pub alias: bool,
}

/// How much is walked in memory ([`Store::walk_max`]).
pub(crate) const WALK_MAX: usize = 60_000;

/// A container, as it is read.
pub trait Store {
    /// How many names there are.
    fn names(&self) -> u32;
    /// Visits the words that are kept under a key, up to `most`.
    fn words_with(&self, key: Key, most: usize, visit: &mut dyn FnMut(WordId));
    /// A word that [`words_with`](Self::words_with) gave.
    fn word(&self, id: WordId) -> Word<'_>;
    /// Visits the names that a word identifies, up to `most`.
    fn names_of(&self, id: WordId, most: usize, visit: &mut dyn FnMut(NameId));
    /// Visits the names that are kept under the key of a whole name or of an identifier, up to `most`.
    fn names_with(&self, key: Key, most: usize, visit: &mut dyn FnMut(NameId));
    /// The words of a name in their order, into `terms`, which is emptied first.
    fn terms(&self, id: NameId, terms: &mut Vec<Term>);
    /// What else is known of a name.
    fn entry(&self, id: NameId) -> Entry<'_>;
    /// How many entries of the lists of [`names_of`](Self::names_of) one search may walk to find names with two common words. In memory that
    /// is a nanosecond each; a database answers less.
    fn walk_max(&self) -> usize {
        WALK_MAX
    }
    /// The identifiers of a party.
    fn identifiers(&self, party: Handle) -> Cow<'_, [Identifier]>;
}

/// A container, as it is changed. A party's names go in and out together.
pub trait StoreMut: Store {
    /// Keeps a party that is not kept yet.
    fn add(&mut self, party: Handle, names: &[PreparedName], identifiers: &[Identifier]);
    /// Forgets a party; false when it was not kept.
    fn forget(&mut self, party: Handle) -> bool;
}
