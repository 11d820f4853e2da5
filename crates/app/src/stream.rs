//! A conversation's events as they happen: without a gap, from any version on, for as long as the caller would still be let in.

use std::{pin::pin, sync::Arc};

use engage_domain::{
    Conversation, ConversationId, Role, Timestamp, Version,
    actor::{Access, Permission},
    conversation::Event,
};
use engage_journal::Streamed;
use futures_util::future::{Either, select};

use crate::{Caller, Engage, Error, Fault, Runtime, runtime::Changes};

/// Events that are read at a time; a reader holds its connection no longer than for these.
const BATCH: u32 = 100;
/// After so many milliseconds without an event the caller hears that the stream is alive, and it is asked whether they may still listen.
/// Proxies commonly cut connections that were silent for 60 s.
const IDLE_MS: u64 = 15_000;

/// What comes next on a stream.
#[derive(Debug)]
pub enum Next {
    /// These happened.
    Events(Vec<Streamed>),
    /// Nothing did for a while.
    Idle,
    /// Nothing more will come: the platform is going down, or the caller may no longer listen.
    Closed,
}

/// A conversation's events from some version on.
pub struct EventStream<R: Runtime> {
    engage: Arc<Engage<R>>,
    caller: Caller,
    conversation: ConversationId,
    opened_at: Timestamp,
    opened_on: Version,
    after: Version,
    closing: bool,
    changes: R::Changes,
}

impl<R: Runtime> EventStream<R> {
    /// Opens the stream behind version `after`; none: what happens from now on. Leaves an access entry.
    pub async fn open(
        engage: Arc<Engage<R>>,
        caller: Caller,
        conversation: ConversationId,
        after: Option<Version>,
    ) -> Result<Self, Error> {
        // Before the first look, so that nothing falls between the two.
        let changes = engage.runtime.subscribe(&caller.firm, conversation);
        let seen = engage.access::<Conversation>(&caller, conversation, Access::Stream).await?;
        if after.is_some_and(|after| after > seen.state.version) {
            let reason = format!("must not be beyond the conversation's version {}", seen.state.version);
            return Err(Error::invalid("Last-Event-ID", reason));
        }
        let (opened_at, opened_on) = (engage.runtime.now(), seen.state.version);
        let after = after.unwrap_or(opened_on);
        Ok(Self { engage, caller, conversation, opened_at, opened_on, after, closing: false, changes })
    }

    /// Waits for what comes next.
    pub async fn next(&mut self) -> Result<Next, Fault> {
        if self.closing || !self.engage.still_admitted(&self.caller, self.opened_at).await? {
            return Ok(Next::Closed);
        }
        let runtime = &self.engage.runtime;
        loop {
            let events = runtime.events(&self.caller.firm, self.conversation, self.after, BATCH).await?;
            if let Some(last) = events.last() {
                self.after = last.version;
                let new = events.iter().filter(|event| event.version > self.opened_on);
                self.closing = new.filter_map(|event| event.event.as_ref()).any(|event| self.shuts_out(event));
                return Ok(Next::Events(events));
            }
            let (changed, idle) = (pin!(self.changes.changed()), pin!(runtime.sleep(IDLE_MS)));
            match select(changed, idle).await {
                Either::Left((true, _)) => {}
                Either::Left((false, _)) => return Ok(Next::Closed),
                Either::Right(((), _)) => return Ok(Next::Idle),
            }
        }
    }

    /// Whether the listener, who hears of `event`, would be refused after it: nothing more comes, and they may ask again.
    fn shuts_out(&self, event: &Event) -> bool {
        let role = self.caller.actor.role;
        match event {
            Event::ConversationDeleted { .. } => !role.may(Permission::DeleteConversations),
            Event::ResumeTokenIssued { .. } | Event::ResumeTokenExpired { .. } => role == Role::Visitor,
            Event::ConversationCreated { .. }
            | Event::MessageAdded { .. }
            | Event::IdentityUpdated { .. }
            | Event::ConversationClassified { .. }
            | Event::GoalAdded { .. }
            | Event::GoalCompleted { .. }
            | Event::AttorneyAssigned { .. }
            | Event::AttorneyReassigned { .. }
            | Event::AssignmentCompleted { .. }
            | Event::PhaseChanged { .. }
            | Event::ConflictDecided { .. }
            | Event::ConflictsScreened { .. }
            | Event::ConversationSecured { .. }
            | Event::ConversationClosed { .. }
            | Event::ConversationReopened { .. }
            | Event::ConversationRestored { .. }
            | Event::LegalHoldSet { .. }
            | Event::LegalHoldReleased { .. }
            | Event::ConversationErased { .. } => false,
        }
    }
}
