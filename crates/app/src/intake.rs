//! What clients do from outside the firm: begin a conversation, talk in it, come back to it with their resume token, and take it over
//! when they sign in.

use engage_domain::{
    Conversation, FirmId,
    actor::Access,
    conversation::{Author, Command},
    text::Private,
};
use engage_journal::Answer;

use crate::{
    Caller, Engage, Error, Origin, ResumeToken, Runtime, Write,
    conversations::NewConversation,
    messages::{MessagePage, PAGE_DEFAULT},
};

impl<R: Runtime> Engage<R> {
    /// Begins a conversation for a visitor, who gets a resume token. With an idempotency key a retry gets the same conversation and
    /// the same token.
    pub async fn start_as_visitor(
        &self,
        firm: &FirmId,
        origin: Origin,
        write: &Write,
        new: NewConversation,
    ) -> Result<(Answer<Conversation>, ResumeToken), Error> {
        let caller = self.admit_visitor(firm, origin).await?;
        write.check_visitor(caller.actor.role).map_err(|reason| Error::Invalid { field: "Idempotency-Key", reason })?;
        match self.start(&caller, write, new, true).await? {
            (answer, Some(token)) => Ok((answer, token)),
            (_, None) => unreachable!("a resumable start issues a token"),
        }
    }

    /// Lets the holder of a resume token in.
    pub async fn admit_holder(&self, token: &ResumeToken, origin: Origin) -> Result<Caller, Error> {
        let mut caller = self.admit_visitor(token.firm(), origin).await?;
        caller.actor.resume_key = Some(token.hash());
        caller.conversation = Some(token.conversation());
        Ok(caller)
    }

    /// Adds a client's message.
    pub async fn add_message_as_holder(
        &self,
        token: &ResumeToken,
        origin: Origin,
        write: &Write,
        content: Private,
    ) -> Result<Answer<Conversation>, Error> {
        let caller = self.admit_holder(token, origin).await?;
        self.add_message(&caller, token.conversation(), write, Author::User, content).await
    }

    /// The conversation to which a token belongs, with its newest messages.
    pub async fn resume(&self, token: &ResumeToken, origin: Origin) -> Result<MessagePage, Error> {
        let caller = self.admit_holder(token, origin).await?;
        self.page(&caller, token.conversation(), Access::Resume, None, PAGE_DEFAULT).await
    }

    /// Replaces a token by a new one. With an idempotency key, whoever lost the answer gets it again for the old token, though that
    /// one no longer opens anything else.
    pub async fn rotate_as_holder(
        &self,
        token: &ResumeToken,
        origin: Origin,
        write: &Write,
    ) -> Result<(Answer<Conversation>, ResumeToken), Error> {
        let (mut caller, id) = (self.admit_holder(token, origin).await?, token.conversation());
        if write.key.is_some() {
            // The new token follows from the old one, the key and the server's secret: if it is in force, this request put it there.
            let hash = self.resume_token(&caller, id, write).hash();
            let state = self.peek::<Conversation>(&caller, id).await?.state;
            if state.resume_token == Some(hash) {
                caller.actor.resume_key = Some(hash);
            }
        }
        self.rotate_resume_token(&caller, id, write).await
    }

    /// Gives the conversation of a token to the client who has signed in. A token of another firm belongs to no conversation of theirs.
    pub async fn secure(
        &self,
        caller: &Caller,
        token: &ResumeToken,
        write: &Write,
    ) -> Result<Answer<Conversation>, Error> {
        let Some(user) = caller.actor.user_id else {
            return Err(Error::invalid("resumeToken", "can only be redeemed by a signed-in client"));
        };
        let mut holder = caller.clone();
        // The hash covers the firm's name, so another firm's token opens nothing here.
        holder.actor.resume_key = Some(token.hash());
        self.command(&holder, token.conversation(), write, 0, Command::Secure { user }).await
    }
}
