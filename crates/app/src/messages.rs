//! Messages: adding one, and reading them by page. Reading leaves an access entry before anything is answered.

use std::sync::Arc;

use engage_domain::{
    Conversation, ConversationId, Version,
    actor::Access,
    conversation::{Author, Command},
    text::Private,
};
use engage_journal::{Answer, Call, Intent, Message};

use crate::{Caller, Engage, Error, Runtime, Write};

/// Most messages of one page.
pub const PAGE_MAX: u32 = 100;
/// Messages of a page when nobody says how many.
pub const PAGE_DEFAULT: u32 = 50;

/// A page of a conversation's messages.
#[derive(Clone, Debug)]
pub struct MessagePage {
    /// The conversation as of the page.
    pub conversation: Arc<Conversation>,
    /// The conversation's id.
    pub id: ConversationId,
    /// The messages, oldest first.
    pub messages: Vec<Message>,
    /// Where the page of older ones ends; none: there are none.
    pub next: Option<Version>,
}

impl<R: Runtime> Engage<R> {
    /// Adds a message.
    pub async fn add_message(
        &self,
        caller: &Caller,
        id: ConversationId,
        write: &Write,
        author: Author,
        content: Private,
    ) -> Result<Answer<Conversation>, Error> {
        self.command(caller, id, write, 0, Command::AddMessage { author, content }).await
    }

    /// A conversation's detail with its newest messages.
    pub async fn conversation(&self, caller: &Caller, id: ConversationId) -> Result<MessagePage, Error> {
        self.page(caller, id, Access::Detail, None, PAGE_DEFAULT).await
    }

    /// A page of messages with versions below `before`, or the newest; `limit` is 1 to [`PAGE_MAX`].
    pub async fn messages(
        &self,
        caller: &Caller,
        id: ConversationId,
        before: Option<Version>,
        limit: u32,
    ) -> Result<MessagePage, Error> {
        self.page(caller, id, Access::Messages, before, limit).await
    }

    pub(crate) async fn page(
        &self,
        caller: &Caller,
        id: ConversationId,
        access: Access,
        before: Option<Version>,
        limit: u32,
    ) -> Result<MessagePage, Error> {
        let limit = limit.clamp(1, PAGE_MAX);
        let call = Call::new(caller.actor.clone(), Intent::Access(access));
        // The page is as of the entry, so that it agrees with the state beside it.
        let (turn, mut messages) = self.runtime.read(&caller.firm, id, call, before, limit + 1).await?;
        let seen = self.ended::<Conversation>(caller, id, turn).await?;
        let more = messages.len() > limit as usize;
        messages.truncate(limit as usize);
        let next = messages.last().filter(|_| more).map(|oldest| oldest.version);
        messages.reverse();
        Ok(MessagePage { conversation: seen.state, id: seen.id, messages, next })
    }
}
