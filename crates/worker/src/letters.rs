//! What a firm's events have for its conversations, delivered after the commit and, until it has arrived, by alarm.

use std::rc::Rc;

use engage_domain::{Actor, Conversation, Kind};
use engage_journal::{Call, Error, Hosted, Intent, Turn, registry};

use crate::{
    object::Object,
    platform,
    push::Pushed,
    wire::{self, Ask},
};

/// How long a letter that could not be delivered waits.
const LETTER_RETRY_MS: i64 = 60_000;
/// Letters delivered at a time.
const LETTERS_MAX: i64 = 64;

impl<A: Hosted> Object<A> {
    /// Tells conversations what the firm's events have for them. A letter goes when its conversation has taken it in.
    pub(crate) async fn deliver(self: &Rc<Self>) {
        if A::KIND != Kind::Firm || self.delivering.replace(true) {
            return;
        }
        if let Err(error) = self.deliver_due().await {
            platform::log("letters cannot be delivered", &error);
        }
        self.delivering.set(false);
    }

    async fn deliver_due(self: &Rc<Self>) -> Result<(), Error> {
        let Some(Pushed { firm, .. }) = self.host()? else { return Ok(()) };
        let mut sql = self.storage.clone();
        loop {
            let due = registry::letters_due(&mut sql, platform::now(), LETTERS_MAX)?;
            if due.is_empty() {
                return Ok(());
            }
            for letter in due {
                let name = letter.outcome.conversation.to_string();
                let call = Call::new(Actor::SYSTEM, Intent::Command(letter.command()));
                let told =
                    wire::ask::<Conversation, Turn<Conversation>>(&self.env, &firm, &name, Ask::Call(call)).await;
                match told {
                    Ok(Turn::Done(_)) => registry::delivered(&mut sql, letter.id)?,
                    told => {
                        if let Err(error) = told {
                            platform::log("a conversation could not be told of its conflicts", &error);
                        }
                        registry::postpone(&mut sql, letter.id, platform::now().plus_millis(LETTER_RETRY_MS))?;
                    }
                }
            }
        }
    }
}
