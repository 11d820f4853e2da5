//! A turn: one call on one object, from permission to the entries it leaves.
//!
//! Guarantees: everything is decided before the first write; a refused call leaves one `access_denied` entry, a rejected one
//! leaves nothing; a repeated `command_id` gives the first answer and writes nothing. The caller commits, and only then
//! lets the answer out; if the commit fails it drops every activation that the transaction touched.

use std::sync::Arc;

use engage_domain::{
    self as domain, Actor, Aggregate, Context, Conversation, ConversationId, Denial, EntryId, Firm, FirmId, Kind,
    Outcome, Timestamp, User, UserId, Version,
    actor::Access,
    registry::Known,
    text::{Word, word},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Activation, Entry, Error, Screens, Sql, Value,
    activation::decode_event,
    read, registry,
    sql::first,
    store::{self, Draft, Journal, Stamp},
};

/// What an object is called within its firm.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectKey {
    /// Its kind.
    pub kind: Kind,
    /// Its name: a conversation's or user's id, the firm's slug.
    pub name: Box<str>,
}

impl ObjectKey {
    /// The key of the object of kind `A` with that id.
    pub fn of<A: Aggregate>(id: &A::Id) -> Self {
        Self { kind: A::KIND, name: id.to_string().into() }
    }
}

/// The caller's name for a command, so that repeating it does not repeat its effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandId {
    /// Unique within the firm: the caller's key with who they are and what they address.
    pub id: Box<str>,
    /// A hash of what was asked, so that the same key with another request is told apart.
    pub fingerprint: [u8; 32],
}

/// What a caller wants of an object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Intent<C> {
    /// Change it.
    Command(C),
    /// See it; leaves an access entry.
    Access(Access),
    /// Note that the actor was refused something that has no object of its own, such as a list or an unknown id.
    Refused {
        /// The kind of thing.
        #[serde(deserialize_with = "word")]
        resource_type: Word,
        /// Which one, where there is one.
        resource_id: Option<Box<str>>,
        /// Why.
        #[serde(deserialize_with = "word")]
        denial: Word,
    },
    /// Note something done that changes no state, such as an export or a reconciliation: one entry, no new version. Whoever sends it has
    /// seen to the permission.
    Note {
        /// What was done.
        #[serde(deserialize_with = "word")]
        action: Word,
        /// A JSON object without client data.
        details: Box<str>,
    },
    /// The platform itself looks, for a decision that it leaves a trace of elsewhere: no permission, no entry.
    Peek,
}

/// One call on one object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call<C> {
    /// Who asks.
    #[serde(with = "whole_actor")]
    pub actor: Actor,
    /// The caller's name for it; none: repeating it repeats its effect.
    pub command_id: Option<CommandId>,
    /// The version that the caller saw last (`If-Match`); none: any.
    pub expected: Option<Version>,
    /// What they want.
    pub intent: Intent<C>,
}

/// An actor as a call carries them: with the resume key, which no entry stores.
mod whole_actor {
    use engage_domain::{Actor, token::TokenHash};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(actor: &Actor, serializer: S) -> Result<S::Ok, S::Error> {
        (actor, actor.resume_key).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Actor, D::Error> {
        let (actor, resume_key) = <(Actor, Option<TokenHash>)>::deserialize(deserializer)?;
        Ok(Actor { resume_key, ..actor })
    }
}

impl<C> Call<C> {
    /// A call without a command id and whatever the version.
    pub const fn new(actor: Actor, intent: Intent<C>) -> Self {
        Self { actor, command_id: None, expected: None, intent }
    }
}

/// An entry that a turn left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its id.
    pub id: EntryId,
    /// The object's version after it.
    pub version: Version,
    /// When it was recorded.
    pub at: Timestamp,
}

/// What a call came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "A: Aggregate")]
pub struct Answer<A: Aggregate> {
    /// The object: for a repeated command that created one, the one it created first.
    pub id: A::Id,
    /// The object's state after the call, which carries its version.
    pub state: Arc<A>,
    /// The entries it left, in order.
    pub recorded: Vec<Recorded>,
    /// What happened, in order; nothing for an access, and of a repeated command what an erasure left.
    pub events: Vec<A::Event>,
    /// Whether this is the first answer to a command that came again.
    pub replayed: bool,
}

/// How a turn ended, the storage being well.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "A: Aggregate")]
pub enum Turn<A: Aggregate> {
    /// It was done.
    Done(Answer<A>),
    /// There is no such object.
    NotFound,
    /// The actor may not.
    Denied {
        /// Why.
        denial: Denial,
        /// Whether an `access_denied` entry was left here. It was not where the object would have been a new one.
        recorded: bool,
    },
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

/// What a turn needs from the platform: the time and randomness for ids.
pub struct Ground<'a> {
    /// The time of the turn; the journal keeps it from running backwards.
    pub now: Timestamp,
    /// Fresh random bits.
    pub random: &'a mut dyn FnMut() -> u128,
    /// Whoever compares names, where a firm is hosted.
    pub screens: Option<&'a mut dyn Screens>,
}

/// The first answer to a named command, as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept<S> {
    /// The schema version of `state`.
    schema: u32,
    state: S,
    recorded: Vec<Recorded>,
}

impl Journal {
    /// Runs one call on one object. Nothing is durable before the caller's commit; [`Activation::flush`] comes before it.
    pub fn turn<A: Aggregate>(
        &mut self,
        sql: &mut dyn Sql,
        activation: &mut Activation<A>,
        call: &Call<A::Command>,
        ground: &mut Ground<'_>,
    ) -> Result<Turn<A>, Error> {
        let now = self.not_before_last(ground.now);
        let actor = to_json(&call.actor)?;
        let stamp = Stamp {
            now,
            at: &now.to_string(),
            actor: &actor,
            command_id: call.command_id.as_ref().map(|command| &*command.id),
        };
        let screens = ground.screens.as_mut().map(|screens| &mut **screens as &mut dyn Screens);
        let mut pen = Pen { journal: self, sql, stamp, random: ground.random, screens };
        let command = match &call.intent {
            Intent::Peek if activation.exists() => return pen.done(activation, vec![], vec![]),
            Intent::Command(command) if activation.exists() || A::creates(command) => command,
            Intent::Access(_) if activation.exists() => return pen.access(activation, call),
            Intent::Refused { resource_type, resource_id, denial } if activation.exists() => {
                let details = json!({ "denial": denial, "resourceType": resource_type, "resourceId": resource_id });
                let recorded = pen.entry(activation, "access_denied", Outcome::Blocked, &details.to_string(), None)?;
                return pen.done(activation, vec![recorded], vec![]);
            }
            Intent::Note { action, details } if activation.exists() => {
                let recorded = pen.entry(activation, action, Outcome::Success, details, None)?;
                return pen.done(activation, vec![recorded], vec![]);
            }
            Intent::Peek | Intent::Command(_) | Intent::Access(_) | Intent::Refused { .. } | Intent::Note { .. } => {
                return Ok(Turn::NotFound);
            }
        };
        if let Err(denial) = activation.state.permit(&call.actor, domain::Intent::Command(command)) {
            return pen.denied(activation, denial);
        }
        if let Some(named) = &call.command_id
            && let Some(first) = kept(pen.sql, activation, named)?
        {
            return Ok(first);
        }
        if let Some(expected) = call.expected
            && expected != activation.version
        {
            return Ok(Turn::Stale { current: activation.version });
        }
        let claimed_by = match A::wants_claim(command) {
            Some(key) => store::claimed_by(pen.sql, &key)?,
            None => None,
        };
        let known = match A::inquiry(command) {
            Some(inquiry) => registry::look_up(pen.sql, screens_of(&mut pen.screens)?, inquiry)?,
            None => Known::nothing(),
        };
        let context = Context { actor: &call.actor, now, claimed_by: claimed_by.as_deref(), known: &known };
        let events = match activation.state.decide(command, &context) {
            Ok(events) => events,
            Err(rejection) => return Ok(Turn::Rejected(rejection)),
        };
        let mut recorded = Vec::with_capacity(events.len());
        for event in &events {
            recorded.push(pen.event(activation, event)?);
        }
        pen.alarm(activation)?;
        if let Some(named) = &call.command_id {
            pen.keep(activation, named, &recorded)?;
        }
        pen.done(activation, recorded, events)
    }
}

/// One turn's hand on the journal.
struct Pen<'a> {
    journal: &'a mut Journal,
    sql: &'a mut dyn Sql,
    stamp: Stamp<'a>,
    random: &'a mut dyn FnMut() -> u128,
    screens: Option<&'a mut dyn Screens>,
}

fn screens_of<'s>(screens: &'s mut Option<&mut dyn Screens>) -> Result<&'s mut dyn Screens, Error> {
    match screens {
        Some(screens) => Ok(&mut **screens),
        None => Err(Error::Corrupt("parties are screened where no firm is hosted".into())),
    }
}

impl Pen<'_> {
    fn entry<A: Aggregate>(
        &mut self,
        activation: &mut Activation<A>,
        action: &str,
        outcome: Outcome,
        details: &str,
        event: Option<(u32, &str)>,
    ) -> Result<Recorded, Error> {
        let draft = Draft { action, outcome, details, event };
        self.journal.append(self.sql, activation, &self.stamp, &draft, self.random)
    }

    fn event<A: Aggregate>(&mut self, activation: &mut Activation<A>, event: &A::Event) -> Result<Recorded, Error> {
        let (payload, details) = (to_json(event)?, A::details(event).to_string());
        let schema = Some((A::EVENT_SCHEMA, &*payload));
        let recorded = self.entry(activation, A::action(event), Outcome::Success, &details, schema)?;
        Arc::make_mut(&mut activation.state).apply(event, activation.version);
        if A::erases(event) {
            activation.erase(self.sql)?;
        }
        if let Some((key, holder)) = A::claim(event) {
            store::set_claim(self.sql, &key, holder.as_deref())?;
        }
        if let Some(event) = A::registers(event)
            && let Some((number, party)) = registry::take_in(self.sql, event, recorded.version, activation.seq)?
        {
            screens_of(&mut self.screens)?.keep(self.sql, number, &party.party, party.side)?;
        }
        for outcome in A::outcomes(event) {
            registry::post(self.sql, outcome, recorded.version, recorded.at)?;
            self.journal.letters_posted = true;
        }
        Ok(recorded)
    }

    fn access<A: Aggregate>(
        &mut self,
        activation: &mut Activation<A>,
        call: &Call<A::Command>,
    ) -> Result<Turn<A>, Error> {
        let Intent::Access(access) = call.intent else { unreachable!("called for an access") };
        if let Err(denial) = activation.state.permit(&call.actor, domain::Intent::Access(access)) {
            return self.denied(activation, denial);
        }
        let recorded = self.entry(activation, A::access_action(access), Outcome::Success, "{}", None)?;
        self.done(activation, vec![recorded], vec![])
    }

    fn denied<A: Aggregate>(&mut self, activation: &mut Activation<A>, denial: Denial) -> Result<Turn<A>, Error> {
        let recorded = activation.exists();
        if recorded {
            let details = json!({ "denial": denial.as_str() }).to_string();
            self.entry(activation, "access_denied", Outcome::Blocked, &details, None)?;
        }
        Ok(Turn::Denied { denial, recorded })
    }

    fn alarm<A: Aggregate>(&mut self, activation: &mut Activation<A>) -> Result<(), Error> {
        let due = activation.state.alarm();
        if let Some(object) = activation.object.filter(|_| due != activation.alarm) {
            store::set_alarm(self.sql, object, due)?;
            activation.alarm = due;
            self.journal.alarms_changed = true;
        }
        Ok(())
    }

    fn keep<A: Aggregate>(
        &mut self,
        activation: &Activation<A>,
        named: &CommandId,
        recorded: &[Recorded],
    ) -> Result<(), Error> {
        let reply = to_json(&Kept { schema: A::STATE_SCHEMA, state: &*activation.state, recorded: recorded.to_vec() })?;
        let params = [
            Value::Text(&named.id),
            Value::Blob(&named.fingerprint),
            Value::Text(&activation.key.name),
            Value::Text(&reply),
            Value::Text(self.stamp.at),
        ];
        self.sql
            .execute("INSERT INTO command (id, fingerprint, object, reply, at) VALUES (?1, ?2, ?3, ?4, ?5)", &params)
            .map(drop)
    }

    fn done<A: Aggregate>(
        &mut self,
        activation: &Activation<A>,
        recorded: Vec<Recorded>,
        events: Vec<A::Event>,
    ) -> Result<Turn<A>, Error> {
        let id = id_of::<A>(&activation.key.name)?;
        Ok(Turn::Done(Answer { id, state: Arc::clone(&activation.state), recorded, events, replayed: false }))
    }
}

/// The first answer to a named command, if it came before.
fn kept<A: Aggregate>(
    sql: &mut dyn Sql,
    activation: &Activation<A>,
    named: &CommandId,
) -> Result<Option<Turn<A>>, Error> {
    let text = "SELECT fingerprint, object, reply FROM command WHERE id = ?1";
    let row = first(sql, text, &[Value::Text(&named.id)], |row| {
        Ok((row.blob(0)? == named.fingerprint, Box::<str>::from(row.text(1)?), row.text(2)?.to_owned()))
    })?;
    let Some((same, name, reply)) = row else { return Ok(None) };
    if !same {
        return Ok(Some(Turn::CommandIdReused));
    }
    let corrupt = |error: serde_json::Error| Error::Corrupt(format!("kept answer of {name}: {error}"));
    let Kept { schema, state, recorded } = serde_json::from_str::<Kept<serde_json::Value>>(&reply).map_err(corrupt)?;
    let id = id_of::<A>(&name)?;
    let state = if schema == A::STATE_SCHEMA {
        Arc::new(serde_json::from_value(state).map_err(corrupt)?)
    } else if name == activation.key.name {
        // Kept before an upgrade that reads state otherwise: what was recorded stands, the state is that of today.
        Arc::clone(&activation.state)
    } else {
        Activation::<A>::load(sql, ObjectKey { kind: A::KIND, name })?.state
    };
    let events = events_of::<A>(sql, &recorded)?;
    Ok(Some(Turn::Done(Answer { id, state, recorded, events, replayed: true })))
}

/// What happened in the entries of a first answer.
fn events_of<A: Aggregate>(sql: &mut dyn Sql, recorded: &[Recorded]) -> Result<Vec<A::Event>, Error> {
    let mut events = Vec::with_capacity(recorded.len());
    for Recorded { id, .. } in recorded {
        if let Some(Entry { schema: Some(schema), payload: Some(payload), .. }) = read::entry_of(sql, *id)? {
            events.push(decode_event::<A>(i64::from(schema), &payload)?);
        }
    }
    Ok(events)
}

fn id_of<A: Aggregate>(name: &str) -> Result<A::Id, Error> {
    name.parse().map_err(|_| Error::Corrupt(format!("object called {name:?}")))
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Corrupt(format!("value cannot be written as JSON: {error}")))
}
