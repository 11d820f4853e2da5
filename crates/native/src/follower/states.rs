//! The states that a follower keeps between passes, brought up to date event by event, and the rows that show them.

use std::sync::Arc;

use engage_domain::{Aggregate, Conversation, Kind, User, Version};
use engage_index::{ConversationRow, IndexRow, projection};
use engage_journal::{Activation, Entry, Error, ObjectKey, activation::decode_event};
use hashlink::LruCache;

use super::pass::{key_of, run, write_all};
use crate::{firm::FirmHandle, sqlite::Db};

/// States kept; a conversation that goes on costs one event, not a load.
const STATES_MAX: usize = 8_192;

/// The objects that a follower has seen last.
pub(super) struct States(LruCache<ObjectKey, State>);

/// An object as it was last seen.
enum State {
    Conversation { state: Box<Conversation>, version: Version, row: Option<Box<ConversationRow>> },
    User { state: Box<User>, version: Version },
}

impl States {
    pub(super) fn new() -> Self {
        Self(LruCache::new(STATES_MAX))
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn remove(&mut self, key: &ObjectKey) {
        self.0.remove(key);
    }

    /// Brings the cached state of an event's object up to the event. What is not cached is loaded when its row is written.
    pub(super) fn take_in(&mut self, journal: &mut Db, entry: &Entry) -> Result<(), Error> {
        let key = key_of(entry);
        if entry.version == Version(1) {
            match entry.kind {
                Kind::Conversation => {
                    let state = State::Conversation { state: Box::default(), version: Version::NONE, row: None };
                    self.0.insert(key.clone(), state);
                }
                Kind::User => {
                    self.0.insert(key.clone(), State::User { state: Box::default(), version: Version::NONE });
                }
                Kind::Firm => {}
            }
        }
        let fits = match self.0.get_mut(&key) {
            Some(State::Conversation { state, version, .. }) => apply(state.as_mut(), version, entry)?,
            Some(State::User { state, version }) => apply(state.as_mut(), version, entry)?,
            None => return Ok(()),
        };
        if !fits {
            self.0.remove(&key);
            self.load(journal, &key)?;
        }
        Ok(())
    }

    /// Loads an object as the journal has it at the moment the pass reads.
    fn load(&mut self, journal: &mut Db, key: &ObjectKey) -> Result<(), Error> {
        let state = match key.kind {
            Kind::Conversation => {
                let Activation { state, version, .. } = Activation::<Conversation>::load(journal, key.clone())?;
                State::Conversation { state: Box::new(Arc::unwrap_or_clone(state)), version, row: None }
            }
            Kind::User => {
                let Activation { state, version, .. } = Activation::<User>::load(journal, key.clone())?;
                State::User { state: Box::new(Arc::unwrap_or_clone(state)), version }
            }
            Kind::Firm => return Ok(()),
        };
        self.0.insert(key.clone(), state);
        Ok(())
    }

    /// Writes the rows of one object; of the firm, those of all its conflicts.
    pub(super) fn write_rows(
        &mut self,
        firm: &FirmHandle,
        journal: &mut Db,
        index: &mut Db,
        key: &ObjectKey,
    ) -> Result<(), Error> {
        if key.kind == Kind::Firm {
            return write_all(&firm.id, journal, index);
        }
        if !self.0.contains_key(key) {
            self.load(journal, key)?;
        }
        let name = || Error::Corrupt(format!("object called {:?}", key.name));
        match self.0.get_mut(key) {
            Some(State::Conversation { state, row, .. }) => {
                let id = key.name.parse().map_err(|_| name())?;
                let new = projection::conversation_row(&firm.id, id, state);
                let touched = match row.as_deref().and_then(|previous| new.touch(previous)) {
                    Some(touch) => run(index, &touch)? == 1,
                    None => false,
                };
                if !touched {
                    run(index, &new.to_statement())?;
                }
                for assignment in projection::assignment_rows(&firm.id, id, state) {
                    // Rows of earlier versions are there already, unless this is the first sight of the object.
                    let seen = row.as_deref().is_some_and(|previous| assignment.version <= previous.version);
                    if !seen {
                        run(index, &assignment.to_statement())?;
                    }
                }
                *row = Some(Box::new(new));
            }
            Some(State::User { state, .. }) => {
                let id = key.name.parse().map_err(|_| name())?;
                run(index, &projection::user_row(&firm.id, id, state).to_statement())?;
            }
            None => {}
        }
        Ok(())
    }
}

/// Applies the event if it is the next one. True also when the state is past it; false when something in between is missing.
fn apply<A: Aggregate>(state: &mut A, version: &mut Version, entry: &Entry) -> Result<bool, Error> {
    if entry.version <= *version {
        return Ok(true);
    }
    if entry.version != version.next() {
        return Ok(false);
    }
    match (entry.schema, &entry.payload) {
        (Some(schema), Some(payload)) => {
            state.apply(&decode_event::<A>(i64::from(schema), payload)?, entry.version);
        }
        _ => state.apply_erased(&entry.action, entry.version),
    }
    *version = entry.version;
    Ok(true)
}
