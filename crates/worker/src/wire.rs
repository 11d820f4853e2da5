//! What the entry and the objects say to each other: one JSON text each way.

use engage_domain::{Actor, ConflictId, FirmId, Kind, PartyId, Timestamp, Version, registry::PartyRole};
use engage_journal::{
    Call, CommandId, Error, Hosted, ObjectKey,
    transfer::{Last, Line},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use worker::Env;

use crate::{compare::Mode, platform, run::Purpose};

/// A question to an object, and which object it is: an object does not know its name by itself.
#[derive(Serialize, Deserialize)]
pub(crate) struct Envelope<C> {
    pub(crate) firm: FirmId,
    pub(crate) name: Box<str>,
    pub(crate) ask: Ask<C>,
}

/// What is asked of an object. Each says what it answers with.
#[derive(Serialize, Deserialize)]
pub(crate) enum Ask<C> {
    /// One turn; a `Turn`.
    Call(Call<C>),
    /// One turn on a conversation, and messages as of then, newest first; a `Turn` and a list of `Message`.
    Read { call: Call<C>, before: Option<Version>, limit: u32 },
    /// A conversation's messages, newest first; a list of `Message`.
    Messages { before: Option<Version>, limit: u32 },
    /// A conversation's events, oldest first; a list of `Streamed`.
    Events { after: Version, limit: u32 },
    /// The number of the object's last entry, once it is another than `seen`, or after a while.
    Changed { seen: i64 },
    /// A party; an `Option<KeptParty>`.
    Party(PartyId),
    /// The parties of a conversation; a list of `KeptParty`.
    PartiesOf(engage_domain::ConversationId),
    /// A page of parties; a list of `KeptParty`.
    Parties { before: Option<i64>, role: Option<PartyRole>, limit: u32 },
    /// A conflict; an `Option<KeptConflict>`.
    Conflict(ConflictId),
    /// Note in the firm's directory that there is about to be an object; the name under which it is to be found, a `Box<str>`. For a
    /// command that came before, that is the name that it gave the first time.
    Enrol { kind: Kind, name: Box<str>, command: Option<CommandId> },
    /// Bring the index up to date at once; whether it is.
    Push,
    /// Hold the index to this object's journal; a `Compared`.
    Compare(Mode),
    /// Which of the rows of a table, by the first parts of their keys, this object's journal knows; a list of `bool`.
    Holds { table: Box<str>, keys: Vec<Box<str>> },
    /// Begin a run over the firm's index; a `Progress`.
    Begin { actor: Actor, purpose: Purpose },
    /// Do the next slice of it; a `Progress`.
    Step,
    /// Note on the firm that an object's entries cannot be written into the index, or (none waiting) that they have been.
    Lags { kind: Kind, name: Box<str>, since: Option<Timestamp>, entries: u64, failures: u64 },
    /// What the firm knows of those; a `Backlog`.
    Backlog,
    /// Walk along the object's chain; a `Walked`.
    Walk,
    /// Have the firm's next objects walk along theirs; a list of `Walked`, in the order of kind and name.
    Walks { after: Option<ObjectKey> },
    /// The head of the object's chain; an `Option<ObjectHead>`.
    Head,
    /// The lines of the object's journal behind one; a `Page`.
    Lines(Last),
    /// Put lines into the object's journal; what is wrong with them, an `Option<String>`.
    TakeIn(Vec<Line>),
    /// Take away everything that the object holds.
    Forget,
    /// The heads of the firm's objects; a list of `ObjectHead`, and the last object looked at where there may be more.
    Heads { after: Option<ObjectKey>, limit: i64 },
    /// The firm's objects; a list of `ObjectKey`.
    Directory { after: Option<ObjectKey>, limit: i64 },
    /// Note in the directory of a firm that is being brought in that there are about to be objects, and which commands brought them into being
    /// where they come from; false where the firm is here.
    Arrive { keys: Vec<ObjectKey>, commands: Vec<(Box<str>, Box<str>)> },
    /// The firm that was being brought in is whole; a `Progress`.
    Arrived,
    /// Take away some of a firm that is being brought in; whether there is more to do.
    Abandon,
}

/// Why an object could not answer.
#[derive(Serialize, Deserialize)]
pub(crate) struct Failure {
    transient: bool,
    message: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let transient = matches!(error, Error::Storage { transient: true, .. });
        let message = platform::told(&error);
        Self { transient, message }
    }
}

impl Failure {
    /// The failure as whoever asked sees it.
    pub(crate) fn of(self, object: &str) -> Error {
        let Self { transient, message } = self;
        Error::Storage { operation: format!("ask {object}"), message, transient, source: None }
    }
}

/// What an object answers.
pub(crate) type Answered<T> = Result<T, Failure>;

/// Asks an object.
pub(crate) async fn ask<A: Hosted, T: DeserializeOwned>(
    env: &Env,
    firm: &FirmId,
    name: &str,
    ask: Ask<A::Command>,
) -> Result<T, Error> {
    let object = format!("{}/{name}", A::KIND.as_str());
    let corrupt = |error: serde_json::Error| Error::Corrupt(format!("what was said to or by {object}: {error}"));
    let envelope = Envelope { firm: firm.clone(), name: name.into(), ask };
    let asked = serde_json::to_string(&envelope).map_err(corrupt)?;
    // No slug holds a solidus.
    let answered = platform::send(env, A::KIND, firm, &format!("{firm}/{name}"), asked).await?;
    let answered: Answered<T> = serde_json::from_str(&answered).map_err(corrupt)?;
    answered.map_err(|failure| failure.of(&object))
}
