//! A turn: one call on one object, from permission to the entries it leaves.
//!
//! Guarantees: everything is decided before the first write; a refused call leaves one `access_denied` entry, a rejected one
//! leaves nothing; a repeated `command_id` gives the first answer and writes nothing. The caller commits, and only then
//! lets the answer out; if the commit fails it drops every activation that the transaction touched.

use std::sync::Arc;

use engage_domain::{
    Actor, Aggregate, Conversation, ConversationId, Denial, EntryId, Firm, FirmId, Kind, Timestamp, User, UserId, Version,
    actor::Access,
};

use crate::Error;

/// What an object is called within its firm.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ObjectKey {
    /// Its kind.
    pub kind: Kind,
    /// Its name: a conversation's or user's id, the firm's slug.
    pub name: Box<str>,
}

/// The caller's name for a command, so that repeating it does not repeat its effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandId {
    /// Unique within the firm: the caller's key with who they are and what they address.
    pub id: Box<str>,
    /// A hash of what was asked, so that the same key with another request is told apart.
    pub fingerprint: [u8; 32],
}

/// What a caller wants of an object.
#[derive(Clone, Debug)]
pub enum Intent<C> {
    /// Change it.
    Command(C),
    /// See it; leaves an access entry.
    Access(Access),
    /// Note that the actor was refused something that has no object of its own, such as a list or an unknown id.
    Refused {
        /// The kind of thing.
        resource_type: &'static str,
        /// Which one, where there is one.
        resource_id: Option<Box<str>>,
        /// Why.
        denial: &'static str,
    },
    /// The platform itself looks, for a decision that it leaves a trace of elsewhere: no permission, no entry.
    Peek,
}

/// One call on one object.
#[derive(Clone, Debug)]
pub struct Call<C> {
    /// Who asks.
    pub actor: Actor,
    /// The caller's name for it; none: repeating it repeats its effect.
    pub command_id: Option<CommandId>,
    /// The version that the caller saw last (`If-Match`); none: any.
    pub expected: Option<Version>,
    /// What they want.
    pub intent: Intent<C>,
}

impl<C> Call<C> {
    /// A call without a command id and whatever the version.
    pub const fn new(actor: Actor, intent: Intent<C>) -> Self {
        Self { actor, command_id: None, expected: None, intent }
    }
}

/// An entry that a turn left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Recorded {
    /// Its id.
    pub id: EntryId,
    /// The object's version after it.
    pub version: Version,
    /// When it was recorded.
    pub at: Timestamp,
}

/// What a call came to.
#[derive(Clone, Debug)]
pub struct Answer<A> {
    /// The object's state after the call, which carries its version.
    pub state: Arc<A>,
    /// The entries it left, in order.
    pub recorded: Vec<Recorded>,
    /// Whether this is the first answer to a command that came again.
    pub replayed: bool,
}

/// How a turn ended, the storage being well.
#[derive(Clone, Debug)]
pub enum Turn<A: Aggregate> {
    /// It was done.
    Done(Answer<A>),
    /// There is no such object.
    NotFound,
    /// The actor may not; an `access_denied` entry was left.
    Denied(Denial),
    /// The object turned the command down.
    Rejected(A::Rejection),
    /// The object has moved on from the version that the caller saw.
    Stale {
        /// Its version now.
        current: Version,
    },
    /// The command id was used before for something else.
    CommandIdReused,
}

/// A call on an object of any kind.
#[derive(Clone, Debug)]
pub enum Request {
    /// On a conversation.
    Conversation(ConversationId, Call<<Conversation as Aggregate>::Command>),
    /// On a user.
    User(UserId, Call<<User as Aggregate>::Command>),
    /// On the firm.
    Firm(FirmId, Call<<Firm as Aggregate>::Command>),
}

/// How a request ended.
#[derive(Clone, Debug)]
pub enum Reply {
    /// On a conversation.
    Conversation(Turn<Conversation>),
    /// On a user.
    User(Turn<User>),
    /// On the firm.
    Firm(Turn<Firm>),
}

/// An aggregate that objects host: how its calls travel among those of the other kinds.
pub trait Hosted: Aggregate {
    /// Packs a call.
    fn request(id: Self::Id, call: Call<Self::Command>) -> Request;
    /// Unpacks the reply to one's own call.
    fn reply(reply: Reply) -> Option<Turn<Self>>;
}

macro_rules! hosted {
    ($kind:ident) => {
        impl Hosted for $kind {
            fn request(id: Self::Id, call: Call<Self::Command>) -> Request {
                Request::$kind(id, call)
            }

            fn reply(reply: Reply) -> Option<Turn<Self>> {
                match reply {
                    Reply::$kind(turn) => Some(turn),
                    _ => None,
                }
            }
        }
    };
}

hosted!(Conversation);
hosted!(User);
hosted!(Firm);
