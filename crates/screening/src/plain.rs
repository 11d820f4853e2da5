//! A plain container, as tables of a database would hold it: sorted maps, one for each question. What the others are tested
//! against.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::{
    identifier::Identifier,
    keys::{self, Key, PreparedName, PreparedWord},
    name::Kind,
    party::Handle,
    store::{Entry, NameId, Store, StoreMut, Term, Word, WordId},
};

/// The row of a name.
#[derive(Clone, Debug)]
struct Row {
    party: Handle,
    text: String,
    kind: Kind,
    alias: bool,
    terms: Vec<Term>,
    keys: Vec<Key>,
}

/// Keys, words and names in sorted maps.
#[derive(Clone, Debug, Default)]
pub struct PlainStore {
    words: BTreeMap<WordId, (String, String, bool)>,
    spelled: BTreeMap<(String, bool), WordId>,
    words_by_key: BTreeSet<(Key, WordId)>,
    names: BTreeMap<NameId, Row>,
    names_by_word: BTreeSet<(WordId, NameId)>,
    names_by_key: BTreeSet<(Key, NameId)>,
    names_by_party: BTreeSet<(Handle, NameId)>,
    identifiers: BTreeMap<Handle, Vec<Identifier>>,
}

impl PlainStore {
    fn intern(&mut self, word: &PreparedWord) -> WordId {
        if let Some(id) = self.spelled.get(&(word.text.clone(), word.bare)) {
            return *id;
        }
        let id = WordId(self.words.len() as u32);
        self.words.insert(id, (word.text.clone(), word.sounds.clone(), word.bare));
        self.spelled.insert((word.text.clone(), word.bare), id);
        self.words_by_key.extend(word.keys().into_iter().map(|key| (key, id)));
        id
    }
}

impl Store for PlainStore {
    fn names(&self) -> u32 {
        self.names.len() as u32
    }

    fn words_with(&self, key: Key, most: usize, visit: &mut dyn FnMut(WordId)) {
        let range = (key, WordId(0))..=(key, WordId(u32::MAX));
        self.words_by_key.range(range).take(most).for_each(|(_, id)| visit(*id));
    }

    fn word(&self, id: WordId) -> Word<'_> {
        let (text, sounds, bare) = &self.words[&id];
        let names = self.names_by_word.range((id, NameId(0))..=(id, NameId(u32::MAX))).count() as u32;
        Word { text: Cow::Borrowed(text), sounds: Cow::Borrowed(sounds), bare: *bare, names }
    }

    fn names_of(&self, id: WordId, most: usize, visit: &mut dyn FnMut(NameId)) {
        let range = (id, NameId(0))..=(id, NameId(u32::MAX));
        self.names_by_word.range(range).take(most).for_each(|(_, name)| visit(*name));
    }

    fn names_with(&self, key: Key, most: usize, visit: &mut dyn FnMut(NameId)) {
        let range = (key, NameId(0))..=(key, NameId(u32::MAX));
        self.names_by_key.range(range).take(most).for_each(|(_, name)| visit(*name));
    }

    fn terms(&self, id: NameId, terms: &mut Vec<Term>) {
        terms.clear();
        terms.extend_from_slice(&self.names[&id].terms);
    }

    fn entry(&self, id: NameId) -> Entry<'_> {
        let row = &self.names[&id];
        Entry { party: row.party, text: Cow::Borrowed(&row.text), kind: row.kind, alias: row.alias }
    }

    fn identifiers(&self, party: Handle) -> Cow<'_, [Identifier]> {
        Cow::Borrowed(self.identifiers.get(&party).map_or(&[], Vec::as_slice))
    }
}

impl StoreMut for PlainStore {
    fn add(&mut self, party: Handle, names: &[PreparedName], identifiers: &[Identifier]) {
        let first = self.names.last_key_value().map_or(0, |(id, _)| id.0 + 1);
        for (at, name) in names.iter().enumerate() {
            let id = NameId(first + at as u32);
            let terms: Vec<_> =
                name.words.iter().map(|word| Term { word: self.intern(word), class: word.class }).collect();
            let identifying = terms.iter().filter(|term| term.class.identifies());
            self.names_by_word.extend(identifying.map(|term| (term.word, id)));
            let mut keys: Vec<_> = name.whole.into_iter().collect();
            if at == 0 {
                keys.extend(identifiers.iter().filter(|one| one.finds()).map(keys::identifier));
            }
            self.names_by_key.extend(keys.iter().map(|key| (*key, id)));
            self.names_by_party.insert((party, id));
            let (text, kind, alias) = (name.text.clone(), name.kind, name.alias);
            self.names.insert(id, Row { party, text, kind, alias, terms, keys });
        }
        if !identifiers.is_empty() {
            self.identifiers.insert(party, identifiers.to_vec());
        }
    }

    fn forget(&mut self, party: Handle) -> bool {
        let range = (party, NameId(0))..=(party, NameId(u32::MAX));
        let ids: Vec<_> = self.names_by_party.range(range).map(|(_, id)| *id).collect();
        for id in &ids {
            if let Some(row) = self.names.remove(id) {
                for term in &row.terms {
                    self.names_by_word.remove(&(term.word, *id));
                }
                for key in row.keys {
                    self.names_by_key.remove(&(key, *id));
                }
            }
            self.names_by_party.remove(&(party, *id));
        }
        self.identifiers.remove(&party);
        !ids.is_empty()
    }
}
