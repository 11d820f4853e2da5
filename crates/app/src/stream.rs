//! A conversation's events as they happen: without a gap, from any version on, for as long as the caller would still be let in.

use std::{pin::pin, sync::Arc};

use engage_domain::{
    Conversation, ConversationId, Timestamp, Version,
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
        let (opened_at, after) = (engage.runtime.now(), after.unwrap_or(seen.state.version));
        Ok(Self { engage, caller, conversation, opened_at, after, closing: false, changes })
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
                let deleted = events.iter().any(|event| matches!(event.event, Some(Event::ConversationDeleted { .. })));
                // Whoever would be refused a deleted conversation hears that it was deleted, and nothing after.
                self.closing = deleted && !self.caller.actor.role.may(Permission::DeleteConversations);
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
}
