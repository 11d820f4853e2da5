//! The container in memory: dense arrays and few allocations, about 150 bytes a party at a million.

pub(crate) mod multi;

use std::borrow::Cow;
use std::collections::HashMap;

use self::multi::{Multi, Plain};
use crate::{
    identifier::Identifier,
    keys::{self, Key, PreparedName, PreparedWord},
    name::{Class, Kind},
    party::Handle,
    store::{Entry, NameId, Store, StoreMut, Term, WALK_MAX, Word, WordId},
};

/// A word of the vocabulary. One that no name has any more stays, since it may come back; it is never found.
#[derive(Debug)]
struct Slot {
    text: Box<str>,
    sounds: Box<str>,
    bare: bool,
    /// In rising order.
    names: Vec<u32>,
}

/// A name. `party` of a slot that is free is meaningless.
#[derive(Clone, Copy, Debug)]
struct Line {
    text_at: u32,
    terms_at: u32,
    party: u32,
    /// The next name of the same party, or `NONE`.
    next: u32,
    text_len: u16,
    terms_len: u8,
    kind: u8,
}

const NONE: u32 = u32::MAX;
const ALIAS: u8 = 0x80;
/// A term is a word's number and its class.
const CLASS_BITS: u32 = 3;
/// The arenas are rewritten when more than half of them is of names that are gone, and not before it is worth it.
const WASTE_MIN: usize = 64 * 1024;
/// Bytes of a name that are kept as it was given.
const TEXT_MAX: usize = u16::MAX as usize;

/// Keys, words and names in memory.
#[derive(Debug, Default)]
pub struct Compact {
    words: Vec<Slot>,
    words_by_key: Multi,
    lines: Vec<Line>,
    free: Vec<u32>,
    names_by_key: Multi,
    parties: HashMap<u32, u32, Plain>,
    identifiers: HashMap<u32, Box<[Identifier]>, Plain>,
    text: Vec<u8>,
    terms: Vec<u32>,
    waste: usize,
    walk_max: Option<usize>,
}

impl Compact {
    /// An empty container that answers as one does that walks no more than so many entries ([`Store::walk_max`]).
    pub fn walking(walk_max: usize) -> Self {
        Self { walk_max: Some(walk_max), ..Self::default() }
    }

    /// How many parties there are.
    pub fn len(&self) -> usize {
        self.parties.len()
    }

    /// Whether there is no party.
    pub fn is_empty(&self) -> bool {
        self.parties.is_empty()
    }

    /// How many words the vocabulary has.
    pub fn vocabulary(&self) -> usize {
        self.words.len()
    }

    /// Bytes of memory that are held, by the capacity of what is allocated.
    pub fn bytes(&self) -> usize {
        const HEAP: usize = 16;
        let words: usize = self
            .words
            .iter()
            .map(|word| word.text.len() + word.sounds.len() + word.names.capacity() * 4 + 3 * HEAP)
            .sum();
        let identifiers: usize =
            self.identifiers.values().flatten().map(|one| one.value().len() + size_of::<Identifier>() + HEAP).sum();
        words
            + self.words.capacity() * size_of::<Slot>()
            + self.words_by_key.bytes()
            + self.lines.capacity() * size_of::<Line>()
            + self.free.capacity() * 4
            + self.names_by_key.bytes()
            + self.parties.capacity() * 9 * 8 / 7
            + self.identifiers.capacity() * 21 * 8 / 7
            + identifiers
            + self.text.capacity()
            + self.terms.capacity() * 4
    }

    /// The word's number, which it is given when it has none.
    fn intern(&mut self, word: &PreparedWord) -> u32 {
        let mut found = None;
        let words = &self.words;
        self.words_by_key.visit(keys::exact(&word.text, word.bare), usize::MAX, &mut |id| {
            let slot = &words[id as usize];
            if *slot.text == *word.text && slot.bare == word.bare {
                found = Some(id);
            }
        });
        if let Some(id) = found {
            return id;
        }
        let id = self.words.len() as u32;
        for key in word.keys() {
            self.words_by_key.add(key, id);
        }
        self.words.push(Slot {
            text: word.text.as_str().into(),
            sounds: word.sounds.as_str().into(),
            bare: word.bare,
            names: Vec::new(),
        });
        id
    }

    fn line(&self, id: NameId) -> &Line {
        &self.lines[id.0 as usize]
    }

    fn terms_of(&self, line: &Line) -> &[u32] {
        &self.terms[line.terms_at as usize..][..usize::from(line.terms_len)]
    }

    fn text_of(&self, line: &Line) -> &str {
        let bytes = &self.text[line.text_at as usize..][..usize::from(line.text_len)];
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    fn whole_of(&self, line: &Line) -> Option<Key> {
        let tokens: Vec<_> = self
            .terms_of(line)
            .iter()
            .map(|term| {
                let slot = &self.words[(term >> CLASS_BITS) as usize];
                crate::name::Token { text: slot.text.to_string(), class: class(*term), bare: slot.bare }
            })
            .collect();
        keys::whole(&tokens)
    }

    /// Rewrites the arenas without what is gone.
    fn sweep(&mut self) {
        let mut text = Vec::with_capacity(self.text.len() - self.waste.min(self.text.len()));
        let mut terms = Vec::new();
        let mut free = vec![false; self.lines.len()];
        for id in &self.free {
            free[*id as usize] = true;
        }
        for (line, free) in self.lines.iter_mut().zip(free) {
            if free {
                continue;
            }
            let from = line.text_at as usize;
            line.text_at = text.len() as u32;
            text.extend_from_slice(&self.text[from..from + usize::from(line.text_len)]);
            let from = line.terms_at as usize;
            line.terms_at = terms.len() as u32;
            terms.extend_from_slice(&self.terms[from..from + usize::from(line.terms_len)]);
        }
        self.text = text;
        self.terms = terms;
        self.waste = 0;
    }
}

fn class(term: u32) -> Class {
    Class::ALL.get((term & ((1 << CLASS_BITS) - 1)) as usize).copied().unwrap_or(Class::Word)
}

const fn kind_of(bits: u8) -> Kind {
    match bits & !ALIAS {
        0 => Kind::Person,
        1 => Kind::Organisation,
        2 => Kind::Matter,
        _ => Kind::Unknown,
    }
}

const fn kind_bits(kind: Kind) -> u8 {
    match kind {
        Kind::Person => 0,
        Kind::Organisation => 1,
        Kind::Matter => 2,
        Kind::Unknown => 3,
    }
}

/// As much of a text as is kept, whole characters.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl Store for Compact {
    fn walk_max(&self) -> usize {
        self.walk_max.unwrap_or(WALK_MAX)
    }

    fn names(&self) -> u32 {
        (self.lines.len() - self.free.len()) as u32
    }

    fn words_with(&self, key: Key, most: usize, visit: &mut dyn FnMut(WordId)) {
        self.words_by_key.visit(key, most, &mut |id| visit(WordId(id)));
    }

    fn word(&self, id: WordId) -> Word<'_> {
        let slot = &self.words[id.0 as usize];
        Word {
            text: Cow::Borrowed(&slot.text),
            sounds: Cow::Borrowed(&slot.sounds),
            bare: slot.bare,
            names: slot.names.len() as u32,
        }
    }

    fn names_of(&self, id: WordId, most: usize, visit: &mut dyn FnMut(NameId)) {
        self.words[id.0 as usize].names.iter().take(most).for_each(|name| visit(NameId(*name)));
    }

    fn names_with(&self, key: Key, most: usize, visit: &mut dyn FnMut(NameId)) {
        self.names_by_key.visit(key, most, &mut |id| visit(NameId(id)));
    }

    fn terms(&self, id: NameId, terms: &mut Vec<Term>) {
        terms.clear();
        let stored = self.terms_of(self.line(id));
        terms.extend(stored.iter().map(|term| Term { word: WordId(term >> CLASS_BITS), class: class(*term) }));
    }

    fn entry(&self, id: NameId) -> Entry<'_> {
        let line = self.line(id);
        Entry {
            party: Handle(line.party),
            text: Cow::Borrowed(self.text_of(line)),
            kind: kind_of(line.kind),
            alias: line.kind & ALIAS != 0,
        }
    }

    fn identifiers(&self, party: Handle) -> Cow<'_, [Identifier]> {
        Cow::Borrowed(self.identifiers.get(&party.0).map_or(&[], |all| all))
    }
}

impl StoreMut for Compact {
    fn add(&mut self, party: Handle, names: &[PreparedName], identifiers: &[Identifier]) {
        let mut next = NONE;
        for (at, name) in names.iter().enumerate().rev() {
            let text = cut(&name.text);
            let line = Line {
                text_at: self.text.len() as u32,
                terms_at: self.terms.len() as u32,
                party: party.0,
                next,
                text_len: text.len() as u16,
                terms_len: name.words.len() as u8,
                kind: kind_bits(name.kind) | if name.alias { ALIAS } else { 0 },
            };
            self.text.extend_from_slice(text.as_bytes());
            let id = self.free.pop().unwrap_or(self.lines.len() as u32);
            if id as usize == self.lines.len() {
                self.lines.push(line);
            } else {
                self.lines[id as usize] = line;
            }
            next = id;
            for word in &name.words {
                let number = self.intern(word);
                self.terms.push(number << CLASS_BITS | word.class as u32);
                if word.class.identifies() {
                    let names = &mut self.words[number as usize].names;
                    // Nearly always the latest; a place that was freed may be anywhere.
                    if names.last().is_none_or(|last| *last < id) {
                        names.push(id);
                    } else if let Err(place) = names.binary_search(&id) {
                        names.insert(place, id);
                    }
                }
            }
            if let Some(whole) = name.whole {
                self.names_by_key.add(whole, id);
            }
            if at == 0 {
                for identifier in identifiers.iter().filter(|one| one.finds()) {
                    self.names_by_key.add(keys::identifier(identifier), id);
                }
            }
        }
        self.parties.insert(party.0, next);
        if !identifiers.is_empty() {
            self.identifiers.insert(party.0, identifiers.into());
        }
    }

    fn forget(&mut self, party: Handle) -> bool {
        let Some(first) = self.parties.remove(&party.0) else { return false };
        for identifier in self.identifiers.remove(&party.0).iter().flatten().filter(|one| one.finds()) {
            self.names_by_key.remove(keys::identifier(identifier), first);
        }
        let mut id = first;
        while id != NONE {
            let line = self.lines[id as usize];
            if let Some(whole) = self.whole_of(&line) {
                self.names_by_key.remove(whole, id);
            }
            for at in 0..usize::from(line.terms_len) {
                let number = self.terms[line.terms_at as usize + at] >> CLASS_BITS;
                let names = &mut self.words[number as usize].names;
                if let Ok(place) = names.binary_search(&id) {
                    names.remove(place);
                }
            }
            self.waste += usize::from(line.text_len);
            self.free.push(id);
            id = line.next;
        }
        if self.waste > WASTE_MIN && self.waste * 2 > self.text.len() {
            self.sweep();
        }
        true
    }
}
