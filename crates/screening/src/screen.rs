//! Parties that are kept, and found.

use crate::{
    compact::Compact,
    keys,
    party::{Handle, Party},
    score::Match,
    search::{self, Options},
    store::{Store, StoreMut},
};

/// A registry of parties that can be searched; in memory unless another container is named.
///
/// Changes are incremental: no party costs a rebuild. Guarantee: a party that was put in and taken out again leaves no trace in any answer.
#[derive(Debug, Default)]
pub struct Screen<S = Compact> {
    store: S,
}

impl Screen {
    /// An empty registry in memory.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S: Store> Screen<S> {
    /// A registry over a container.
    pub const fn over(store: S) -> Self {
        Self { store }
    }

    /// The container.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Parties that may be the one asked for, the likeliest first; of equal ones, that of the lower handle. Each party is answered
    /// once, with the name of it that matches best.
    pub fn search(&self, party: &Party, options: &Options) -> Vec<Match> {
        search::search(&self.store, party, options)
    }

    /// As [`Screen::search`], passing over the parties of `except`, which ascend. They take nobody's place, however many they are.
    pub fn search_beyond(&self, party: &Party, options: &Options, except: &[Handle]) -> Vec<Match> {
        search::search_beyond(&self.store, party, options, except)
    }
}

impl<S: StoreMut> Screen<S> {
    /// Keeps a party; one of the same handle is replaced.
    pub fn insert(&mut self, handle: Handle, party: &Party) {
        self.store.forget(handle);
        self.store.add(handle, &keys::prepare(party), &party.identifiers);
    }

    /// Forgets a party; false when it was not kept.
    pub fn remove(&mut self, handle: Handle) -> bool {
        self.store.forget(handle)
    }
}
