//! The firm's registry: naming parties, checking names, resolving conflicts.
//!
//! A party is screened and registered in one turn of the firm's object; what that means for conversations is posted with it, and the
//! platform delivers it whatever happens. It is told here as well, so that an answer already shows it: taking it in twice changes nothing.

use engage_domain::{
    Aggregate, ConflictId, Conversation, ConversationId, Firm, Intent, PartyId, Version,
    actor::Permission,
    conversation::{self, ConflictStatus},
    firm::{self, Event},
    registry::{Conflict, Outcome, Party, PartyRecord, PartyRole, Screening, Verdict},
    text::Private,
};
use engage_journal::{
    Answer, Recorded,
    registry::{KeptConflict, KeptParty},
};
use futures_util::future::join_all;
use serde_json::json;

use crate::{
    Caller, Engage, Error, Resource, Runtime, Write,
    call::{Addressed, denied},
};

/// Most parties in one request of an import, a check or a conversation.
pub const BATCH_MAX: usize = 200;

/// A party that was registered, or was known already.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The party and what screening it came to.
    pub party: PartyRecord,
    /// Whether it is new.
    pub created: bool,
    /// Whether anything happened: it is new, or more became known of it.
    pub changed: bool,
    /// The firm's version after it.
    pub version: Version,
    /// Whether this is the first answer to a command that came again.
    pub replayed: bool,
}

/// What became of a party of an import.
#[derive(Debug)]
pub enum ImportedParty {
    /// It is known.
    Registered(Box<Registered>),
    /// It was turned down; the others are not affected.
    Refused(Error),
}

/// What a check came to.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The party as it was compared.
    pub party: Party,
    /// Who was found.
    pub screening: Screening,
    /// The entry that keeps it.
    pub recorded: Option<Recorded>,
}

/// A change of how far a conflict has come.
#[derive(Clone, Debug)]
pub enum ConflictChange {
    /// Somebody looks at it.
    Review {
        /// What they noted.
        notes: Option<Private>,
    },
    /// It is resolved.
    Resolve(Box<Verdict>),
    /// It is open again.
    Reopen {
        /// Why.
        reason: Private,
    },
}

/// A conflict with the two parties as the registry knows them now.
#[derive(Clone, Debug)]
pub struct ConflictDetail {
    /// The firm's version that touched it last.
    pub version: Version,
    /// The conflict.
    pub conflict: Conflict,
    /// The party that came later.
    pub party: Option<PartyRecord>,
    /// The party that was known.
    pub other: Option<PartyRecord>,
}

impl<R: Runtime> Engage<R> {
    /// Screens parties of a conversation and registers them, one after the other; gives each with its result, and the conversation as it
    /// is then. Naming a party again adds to what is known of it and takes nothing away. One that is refused ends the list: those before it
    /// are registered, and naming them again changes nothing.
    pub async fn register_parties(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
        parties: Vec<Party>,
    ) -> Result<(Vec<Registered>, Answer<Conversation>), Error> {
        if parties.len() > BATCH_MAX {
            return Err(Error::invalid("parties", format!("must be at most {BATCH_MAX}, are {}", parties.len())));
        }
        let mut seen = self.writable(caller, id).await?;
        let current = seen.state.version;
        let missed = write.expected.is_some_and(|expected| expected != current);
        if missed && write.key.is_none() {
            return Err(Error::Stale { current });
        }
        // A repetition gives the first answer whatever the version is now. No object has the highest version, so all else is refused.
        let write = &Write { expected: missed.then_some(Version(u64::MAX)), ..write.clone() };
        let mut registered = Vec::with_capacity(parties.len());
        for (party, step) in parties.into_iter().zip(0..=u8::MAX) {
            let party = Party { conversation: Some(id), ..party };
            let done = self.register(caller, write, step, party).await;
            let (one, outcomes, version) = done.map_err(|error| match error {
                Error::Stale { .. } => Error::Stale { current },
                error => error,
            })?;
            for outcome in outcomes {
                if let Some(told) = self.tell(caller, &outcome, version).await?
                    && told.id == id
                {
                    seen = told;
                }
            }
            registered.push(one);
        }
        if registered.iter().any(|one| !one.changed || one.replayed) {
            seen = self.peek(caller, id).await?;
        }
        Ok((registered, seen))
    }

    /// Screens a party of no conversation, such as a former client, and registers it.
    pub async fn register_party(&self, caller: &Caller, write: &Write, party: Party) -> Result<Registered, Error> {
        if let Some(conversation) = party.conversation {
            let (mut registered, _) = self.register_parties(caller, conversation, write, vec![party]).await?;
            return Ok(registered.remove(0));
        }
        let write = &Write { expected: None, ..write.clone() };
        let (registered, outcomes, version) = self.register(caller, write, 0, party).await?;
        for outcome in outcomes {
            self.tell(caller, &outcome, version).await?;
        }
        Ok(registered)
    }

    /// Registers what the firm knew before: parties of no conversation. Importing the same again changes nothing.
    pub async fn import_parties(&self, caller: &Caller, parties: Vec<Party>) -> Result<Vec<ImportedParty>, Error> {
        self.require(caller, Permission::Import, Resource::Party).await?;
        if parties.len() > BATCH_MAX {
            return Err(Error::invalid("parties", format!("must be at most {BATCH_MAX}, are {}", parties.len())));
        }
        let write = Write::default();
        // Side by side, so that they share a commit. The firm takes them in this order.
        let calls =
            parties.into_iter().map(|party| self.register(caller, &write, 0, Party { conversation: None, ..party }));
        let mut imported = vec![];
        for done in join_all(calls).await {
            imported.push(match done {
                Ok((registered, _, _)) => ImportedParty::Registered(Box::new(registered)),
                Err(error @ Error::Fault(_)) => return Err(error),
                Err(refused) => ImportedParty::Refused(refused),
            });
        }
        Ok(imported)
    }

    async fn register(
        &self,
        caller: &Caller,
        write: &Write,
        step: u8,
        party: Party,
    ) -> Result<(Registered, Vec<Outcome>, Version), Error> {
        let id = match (&party.external_id, party.conversation) {
            (Some(external), None) => {
                PartyId::named(&caller.firm, "import", &format!("{}/{}", party.role.as_str(), external.as_str()))
            }
            (_, conversation) => PartyId::of(&caller.firm, conversation, party.role.as_str(), party.name.as_str()),
        };
        let command = firm::Command::Register { id, party: Box::new(party) };
        let done = self.command::<Firm>(caller, caller.firm.clone(), write, step, command).await?;
        let version = done.state.version;
        let first = done.events.first().zip(done.recorded.first());
        let (created, outcomes, posted) = match first {
            Some((Event::PartyRegistered { outcomes, .. }, recorded)) => (true, outcomes.clone(), recorded.version),
            Some((Event::PartyChanged { outcomes, .. }, recorded)) => (false, outcomes.clone(), recorded.version),
            _ => (false, vec![], version),
        };
        let fresh = done.events.first().filter(|_| created).and_then(|event| PartyRecord::after(event, None));
        let party = match fresh {
            Some(party) => party,
            None => self.kept_party(caller, id).await?.record,
        };
        let changed = !done.events.is_empty();
        Ok((Registered { party, created, changed, version, replayed: done.replayed }, outcomes, posted))
    }

    /// Tells a conversation what the registry says of it; none where there is no such conversation.
    async fn tell(
        &self,
        caller: &Caller,
        outcome: &Outcome,
        registry: Version,
    ) -> Result<Option<Answer<Conversation>>, Error> {
        let Outcome { conversation, status, freezes } = *outcome;
        let command = conversation::Command::RecordScreening { status, registry, freezes };
        let system = Caller::system(caller.firm.clone());
        match self.as_system::<Conversation>(&system.actor, &caller.firm, conversation, command).await? {
            engage_journal::Turn::Done(answer) => Ok(Some(answer)),
            // The letter waits, and its conversation cannot be read or is none.
            _ => Ok(None),
        }
    }

    /// A conversation whose parties the caller may name.
    async fn writable(&self, caller: &Caller, id: ConversationId) -> Result<Answer<Conversation>, Error> {
        self.require(caller, Permission::WriteConversations, Resource::Conversation).await?;
        let seen = self.peek::<Conversation>(caller, id).await?;
        let naming = conversation::Command::DecideConflict(ConflictStatus::Pending);
        if let Err(denial) = seen.state.permit(&caller.actor, Intent::Command(&naming)) {
            self.refuse(caller, Conversation::RESOURCE, Some(id.to_string().into()), denial.as_str()).await?;
            return Err(denied::<Conversation>(caller, denial));
        }
        if seen.state.is_deleted() { Err(Error::Gone) } else { Ok(seen) }
    }

    /// Screens a party without registering it. The check and what it came to stay on record.
    pub async fn check_conflicts(&self, caller: &Caller, write: &Write, party: Party) -> Result<Checked, Error> {
        let write = &Write { expected: None, ..write.clone() };
        let command = firm::Command::Check(Box::new(party));
        let done = self.command::<Firm>(caller, caller.firm.clone(), write, 0, command).await?;
        let recorded = done.recorded.first().copied();
        match done.events.into_iter().next() {
            Some(Event::ConflictChecked { party, screening, .. }) => {
                Ok(Checked { party: *party, screening: *screening, recorded })
            }
            _ => Err(Error::NotFound(Resource::Party)),
        }
    }

    /// The parties of a conversation, each with what its latest screening came to.
    pub async fn parties_of(&self, caller: &Caller, id: ConversationId) -> Result<Vec<PartyRecord>, Error> {
        // What was found names other clients: it is the firm's alone.
        self.require(caller, Permission::ReadConversations, Resource::Conversation).await?;
        self.access::<Conversation>(caller, id, engage_domain::actor::Access::Detail).await?;
        let kept = self.runtime.parties_of(&caller.firm, id).await?;
        Ok(kept.into_iter().map(|kept| kept.record).collect())
    }

    /// At most `limit` parties that were registered before number `before`, the latest first.
    pub async fn list_parties(
        &self,
        caller: &Caller,
        before: Option<i64>,
        role: Option<PartyRole>,
        limit: u32,
    ) -> Result<Vec<KeptParty>, Error> {
        self.require(caller, Permission::ListConversations, Resource::Party).await?;
        Ok(self.runtime.parties(&caller.firm, before, role, limit).await?)
    }

    /// A party of the registry. Leaves an access entry.
    pub async fn party(&self, caller: &Caller, id: PartyId) -> Result<PartyRecord, Error> {
        self.require(caller, Permission::ReadConversations, Resource::Party).await?;
        let kept = self.kept_party(caller, id).await?;
        self.seen(caller, "access_party", Resource::Party, &id.to_string()).await?;
        Ok(kept.record)
    }

    /// A conflict with its parties. Leaves an access entry.
    pub async fn conflict(&self, caller: &Caller, id: ConflictId) -> Result<ConflictDetail, Error> {
        self.require(caller, Permission::ReadConversations, Resource::Conflict).await?;
        let KeptConflict { version, conflict, .. } = self.kept_conflict(caller, id).await?;
        self.seen(caller, "access_conflict", Resource::Conflict, &id.to_string()).await?;
        self.detail(caller, version, conflict).await
    }

    /// Changes how far a conflict has come, and tells its conversations.
    pub async fn change_conflict(
        &self,
        caller: &Caller,
        id: ConflictId,
        write: &Write,
        change: ConflictChange,
    ) -> Result<ConflictDetail, Error> {
        let seen = write.expected;
        let write = &Write { expected: None, ..write.clone() };
        let command = match change {
            ConflictChange::Review { notes } => firm::Command::Review { id, seen, notes },
            ConflictChange::Resolve(verdict) => firm::Command::Resolve { id, seen, verdict },
            ConflictChange::Reopen { reason } => firm::Command::Reopen { id, seen, reason },
        };
        let done = match self.command::<Firm>(caller, caller.firm.clone(), write, 0, command).await {
            Err(Error::Firm(firm::Rejection::UnknownConflict)) => {
                self.refuse(caller, Resource::Conflict, Some(id.to_string().into()), "unknown").await?;
                return Err(Error::NotFound(Resource::Conflict));
            }
            done => done?,
        };
        for (event, recorded) in done.events.iter().zip(&done.recorded) {
            for outcome in Firm::outcomes(event) {
                self.tell(caller, outcome, recorded.version).await?;
            }
        }
        let KeptConflict { version, conflict, .. } = self.kept_conflict(caller, id).await?;
        self.detail(caller, version, conflict).await
    }

    async fn detail(&self, caller: &Caller, version: Version, conflict: Conflict) -> Result<ConflictDetail, Error> {
        let of = |id| self.runtime.party(&caller.firm, id);
        let party = of(conflict.party).await?.map(|kept| kept.record);
        let other = of(conflict.other).await?.map(|kept| kept.record);
        Ok(ConflictDetail { version, conflict, party, other })
    }

    async fn kept_party(&self, caller: &Caller, id: PartyId) -> Result<KeptParty, Error> {
        match self.runtime.party(&caller.firm, id).await? {
            Some(kept) => Ok(kept),
            None => {
                self.refuse(caller, Resource::Party, Some(id.to_string().into()), "unknown").await?;
                Err(Error::NotFound(Resource::Party))
            }
        }
    }

    async fn kept_conflict(&self, caller: &Caller, id: ConflictId) -> Result<KeptConflict, Error> {
        match self.runtime.conflict(&caller.firm, id).await? {
            Some(kept) => Ok(kept),
            None => {
                self.refuse(caller, Resource::Conflict, Some(id.to_string().into()), "unknown").await?;
                Err(Error::NotFound(Resource::Conflict))
            }
        }
    }

    /// Notes that something of the registry was seen.
    async fn seen(&self, caller: &Caller, action: &'static str, resource: Resource, id: &str) -> Result<(), Error> {
        self.note(caller, action, &json!({ "resourceType": resource.as_str(), "resourceId": id })).await
    }
}
