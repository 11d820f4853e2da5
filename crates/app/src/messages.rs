//! Messages: adding one, and reading them by page. Reading leaves an access entry before anything is answered.

use std::sync::Arc;

use engage_domain::{
    Conversation, ConversationId, Version,
    actor::{Access, Permission},
    conversation::{Author, Command},
    registry::PartyRecord,
    text::Private,
};
use engage_journal::{Answer, Call, Intent, Message, Streamed};

use crate::{Caller, Engage, Error, Resource, Runtime, Write};

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

    /// The parties of a conversation that the caller has opened: the look is on record with its page.
    pub async fn parties_beside(&self, caller: &Caller, page: &MessagePage) -> Result<Vec<PartyRecord>, Error> {
        // What was found names other clients: it is the firm's alone.
        self.require(caller, Permission::ReadConversations, Resource::Conversation).await?;
        let kept = self.runtime.parties_of(&caller.firm, page.id).await?;
        Ok(kept.into_iter().map(|kept| kept.record).collect())
    }

    /// What happened in a conversation that the caller has opened: at most `limit` events behind a version, the oldest first.
    pub async fn history(
        &self,
        caller: &Caller,
        page: &MessagePage,
        after: Version,
        limit: u32,
    ) -> Result<Vec<Streamed>, Error> {
        self.require(caller, Permission::ReadConversations, Resource::Conversation).await?;
        Ok(self.runtime.events(&caller.firm, page.id, after, limit).await?)
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
