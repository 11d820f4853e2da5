//! The one place where objects are called: every turn's end becomes an answer or an error here, and every refusal that left no
//! entry on an object leaves one on the firm's.

use engage_domain::{Conversation, Denial, Firm, Role, User, actor::Access, conversation, firm};
use engage_journal::{Answer, Call, Hosted, Intent, Turn};

use crate::{Caller, Engage, Error, Resource, Runtime, Write};

/// The kinds of object that people address.
pub(crate) trait Addressed: Hosted {
    /// What an answer calls it.
    const RESOURCE: Resource;

    /// Its "no" as the application's.
    fn rejected(rejection: Self::Rejection) -> Error;
}

impl Addressed for Conversation {
    const RESOURCE: Resource = Resource::Conversation;

    fn rejected(rejection: Self::Rejection) -> Error {
        rejection.into()
    }
}

impl Addressed for User {
    const RESOURCE: Resource = Resource::User;

    fn rejected(rejection: Self::Rejection) -> Error {
        rejection.into()
    }
}

impl Addressed for Firm {
    const RESOURCE: Resource = Resource::Firm;

    fn rejected(rejection: Self::Rejection) -> Error {
        rejection.into()
    }
}

impl<R: Runtime> Engage<R> {
    /// Has an object do `command`. `step` counts the commands that one request comes to, from 0: each has its own name, and the
    /// precondition holds for the first.
    pub(crate) async fn command<A: Addressed>(
        &self,
        caller: &Caller,
        id: A::Id,
        write: &Write,
        step: u8,
        command: A::Command,
    ) -> Result<Answer<A>, Error> {
        let call = Call {
            actor: caller.actor.clone(),
            command_id: write.command_id(caller, step),
            expected: write.expected.filter(|_| step == 0),
            intent: Intent::Command(command),
        };
        self.call(caller, id, call).await
    }

    /// Sees an object, which leaves an access entry.
    pub(crate) async fn access<A: Addressed>(
        &self,
        caller: &Caller,
        id: A::Id,
        access: Access,
    ) -> Result<Answer<A>, Error> {
        self.call(caller, id, Call::new(caller.actor.clone(), Intent::Access(access))).await
    }

    /// Looks at an object for another decision, which leaves the trace.
    pub(crate) async fn peek<A: Addressed>(&self, caller: &Caller, id: A::Id) -> Result<Answer<A>, Error> {
        self.call(caller, id, Call::new(caller.actor.clone(), Intent::Peek)).await
    }

    async fn call<A: Addressed>(&self, caller: &Caller, id: A::Id, call: Call<A::Command>) -> Result<Answer<A>, Error> {
        let turn = self.runtime.call::<A>(&caller.firm, id.clone(), call).await?;
        self.ended(caller, id, turn).await
    }

    /// What a turn's end means for the caller.
    pub(crate) async fn ended<A: Addressed>(
        &self,
        caller: &Caller,
        id: A::Id,
        turn: Turn<A>,
    ) -> Result<Answer<A>, Error> {
        let (denial, error) = match turn {
            Turn::Done(answer) => return Ok(answer),
            Turn::Rejected(rejection) => {
                return Err(match A::rejected(rejection) {
                    Error::Conversation(conversation::Rejection::Frozen) if !caller.actor.role.is_staff() => {
                        Error::Paused
                    }
                    error => error,
                });
            }
            Turn::Stale { current } => return Err(Error::Stale { current }),
            Turn::CommandIdReused => return Err(Error::CommandIdReused),
            Turn::Denied { denial, recorded: true } => return Err(denied::<A>(caller, denial)),
            Turn::Denied { denial, recorded: false } => (denial.as_str(), denied::<A>(caller, denial)),
            Turn::NotFound => ("unknown", Error::NotFound(A::RESOURCE)),
        };
        self.refuse(caller, A::RESOURCE, Some(id.to_string().into()), denial).await?;
        Err(error)
    }

    /// Leaves an entry about a refusal on the firm's own object, for what has no object of its own to leave it on.
    pub(crate) async fn refuse(
        &self,
        caller: &Caller,
        resource: Resource,
        resource_id: Option<Box<str>>,
        denial: &'static str,
    ) -> Result<(), Error> {
        let intent = Intent::Refused { resource_type: resource.as_str(), resource_id, denial };
        self.leave(caller, intent).await
    }

    /// Leaves an entry on the firm's own object about something done that changes no state. `details` hold no client data.
    pub(crate) async fn note(
        &self,
        caller: &Caller,
        action: &'static str,
        details: &serde_json::Value,
    ) -> Result<(), Error> {
        self.leave(caller, Intent::Note { action, details: details.to_string().into() }).await
    }

    async fn leave(&self, caller: &Caller, intent: Intent<firm::Command>) -> Result<(), Error> {
        let call = Call::new(caller.actor.clone(), intent);
        match self.runtime.call::<Firm>(&caller.firm, caller.firm.clone(), call).await? {
            Turn::Done(_) => Ok(()),
            Turn::NotFound => Err(Error::NotFound(Resource::Firm)),
            // Nothing asks for a permission, a version or a decision here.
            Turn::Rejected(rejection) => Err(rejection.into()),
            Turn::Denied { denial, .. } => Err(Error::Forbidden(denial)),
            Turn::Stale { current } => Err(Error::Stale { current }),
            Turn::CommandIdReused => Err(Error::CommandIdReused),
        }
    }
}

/// What a refused caller is told. A client or visitor is not told that somebody else's conversation exists, nor that one was deleted,
/// which the object says before it has looked whose it is.
pub(crate) fn denied<A: Addressed>(caller: &Caller, denial: Denial) -> Error {
    let outsider = matches!(caller.actor.role, Role::Client | Role::Visitor);
    match denial {
        Denial::Role(_) => Error::Forbidden(denial),
        Denial::NotOwn if outsider => Error::NotFound(A::RESOURCE),
        Denial::NotOwn => Error::Forbidden(denial),
        Denial::Deleted if outsider => Error::NotFound(A::RESOURCE),
        Denial::Deleted => Error::Gone,
    }
}
