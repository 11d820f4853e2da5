//! What every aggregate is: state that only events change, and a decision that only reads it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    actor::{Access, Actor, Denial, Intent},
    firm,
    registry::{Inquiry, Known, Outcome},
    time::Timestamp,
};

/// An object's own sequence: 0 before its first event, then one more for each event, without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// The version of an object that does not exist yet.
    pub const NONE: Self = Self(0);

    /// The version that the next event gives.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The kinds of object; the word is part of the object's address and of every hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A client conversation.
    Conversation,
    /// A person known to the firm.
    User,
    /// The firm itself; one a journal, named by the firm's slug.
    Firm,
}

impl Kind {
    /// Every kind, in the order of their tables.
    pub const ALL: [Self; 3] = [Self::Conversation, Self::User, Self::Firm];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::User => "user",
            Self::Firm => "firm",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The audit trail's name for a resource of this kind (`resourceType`).
    pub const fn resource_type(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::User => "user",
            Self::Firm => "firm_settings",
        }
    }
}

/// What a decision may know besides state and command.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// Who asks.
    pub actor: &'a Actor,
    /// The time of the turn.
    pub now: Timestamp,
    /// Who holds the key that [`Aggregate::wants_claim`] asked for, if anybody does.
    pub claimed_by: Option<&'a str>,
    /// What is known of the registry that [`Aggregate::inquiry`] asked about.
    pub known: &'a Known,
}

impl<'a> Context<'a> {
    /// A decision that needs to know nothing but who asks, and when.
    pub const fn new(actor: &'a Actor, now: Timestamp) -> Self {
        static NOTHING: Known = Known::nothing();
        Self { actor, now, claimed_by: None, known: &NOTHING }
    }
}

/// A consistency boundary. `decide` and `apply` are pure and synchronous.
pub trait Aggregate: Clone + fmt::Debug + Default + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// What can be asked.
    type Command: fmt::Debug + Send + Serialize + DeserializeOwned + 'static;
    /// What can have happened. JSON is the externally tagged form, the tag being [`Aggregate::action`].
    type Event: Clone + fmt::Debug + Send + Serialize + DeserializeOwned + 'static;
    /// Why a command was turned down: a business "no" the caller can act on.
    type Rejection: std::error::Error + Send + Sync + Serialize + DeserializeOwned + 'static;
    /// What names one object of this kind within its firm.
    type Id: Clone + fmt::Debug + fmt::Display + FromStr + Send + Sync + Serialize + DeserializeOwned + 'static;

    /// The kind of object.
    const KIND: Kind;
    /// The schema version under which events are stored now; older ones are upcast on read.
    const EVENT_SCHEMA: u32;
    /// The schema version of the state; a snapshot of another one is ignored and the events are replayed.
    const STATE_SCHEMA: u32;

    /// Decides everything that `command` leads to, or says why not. Changes nothing.
    fn decide(&self, command: &Self::Command, context: &Context<'_>) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// Takes in one event, which gave the object `version`. Total: an event that was stored always applies.
    fn apply(&mut self, event: &Self::Event, version: Version);

    /// Takes in an event of which an erasure left the `action` alone, and which gave the object `version`.
    fn apply_erased(&mut self, action: &str, version: Version);

    /// Whether `actor` may do this to the object as it now stands.
    fn permit(&self, actor: &Actor, intent: Intent<'_, Self::Command>) -> Result<(), Denial>;

    /// Whether `command` brings a new object into being; every other command needs one that exists.
    fn creates(command: &Self::Command) -> bool;

    /// What the audit trail calls a way of seeing the object: `access_…`.
    fn access_action(access: Access) -> &'static str;

    /// The event's name: its JSON tag, the entry's `action` and the audit trail's.
    fn action(event: &Self::Event) -> &'static str;

    /// What the audit trail may say of an event for good: a JSON object without client data, for it outlives an erasure.
    fn details(event: &Self::Event) -> serde_json::Value;

    /// Brings the stored JSON of an event of an older `schema` to [`Aggregate::EVENT_SCHEMA`].
    fn upcast(schema: u32, event: serde_json::Value) -> serde_json::Value;

    /// Whether `event` is an erasure: the payloads of all events before it are then removed with it, for good. The state after it must
    /// follow from it alone.
    fn erases(_event: &Self::Event) -> bool {
        false
    }

    /// The key whose holder `command` must know to decide: how something is unique among more objects than state could hold.
    fn wants_claim(_command: &Self::Command) -> Option<String> {
        None
    }

    /// The key that `event` gives to a holder, or takes from everyone (`None`).
    fn claim(_event: &Self::Event) -> Option<(String, Option<String>)> {
        None
    }

    /// What `command` must know of the firm's registry to decide.
    fn inquiry(_command: &Self::Command) -> Option<Inquiry<'_>> {
        None
    }

    /// The event as one that changes the firm's registry, if it does.
    fn registers(_event: &Self::Event) -> Option<&firm::Event> {
        None
    }

    /// What conversations are to be told of `event`. It is posted with the event, and delivered whatever happens.
    fn outcomes(_event: &Self::Event) -> &[Outcome] {
        &[]
    }

    /// When the object next wants to be woken, if ever.
    fn alarm(&self) -> Option<Timestamp> {
        None
    }

    /// The command that a due alarm stands for.
    fn on_alarm(&self) -> Option<Self::Command> {
        None
    }
}
