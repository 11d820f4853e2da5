//! Messages and their pages.

use engage_domain::{EntryId, Timestamp, Version, conversation::Author, text::Private};
use engage_journal::{Message, Recorded};
use serde::Serialize;
use utoipa::ToSchema;

use super::conversation::ConversationView;
use crate::schema;

/// A message.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageView<'a> {
    #[schema(schema_with = schema::ulid)]
    id: EntryId,
    /// The conversation's version that it gave.
    #[schema(schema_with = schema::version)]
    version: Version,
    #[schema(schema_with = schema::author)]
    role: Author,
    /// Null after an erasure.
    #[schema(schema_with = schema::maybe_text)]
    content: Option<&'a Private>,
    #[schema(schema_with = schema::time)]
    timestamp: Timestamp,
}

impl<'a> From<&'a Message> for MessageView<'a> {
    fn from(message: &'a Message) -> Self {
        let Message { id, version, role, content, timestamp } = message;
        Self { id: *id, version: *version, role: *role, content: content.as_ref(), timestamp: *timestamp }
    }
}

/// A message that was just added.
#[derive(Serialize, ToSchema)]
pub(crate) struct Added {
    #[schema(schema_with = schema::ulid)]
    id: EntryId,
    /// The conversation's version that it gave.
    #[schema(schema_with = schema::version)]
    version: Version,
    #[schema(schema_with = schema::author)]
    role: Author,
    #[schema(schema_with = schema::time)]
    timestamp: Timestamp,
}

impl Added {
    pub(crate) const fn new(recorded: &Recorded, role: Author) -> Self {
        Self { id: recorded.id, version: recorded.version, role, timestamp: recorded.at }
    }
}

/// A message that was just added, and the conversation with it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedAnswer<'a> {
    pub(crate) message: Added,
    pub(crate) conversation: ConversationView<'a>,
}

/// A conversation's detail.
#[derive(Serialize, ToSchema)]
pub(crate) struct DetailAnswer<'a> {
    pub(crate) conversation: ConversationView<'a>,
    /// The newest page, oldest first.
    pub(crate) messages: Vec<MessageView<'a>>,
    pub(crate) page: MessageCursor,
    /// `object`: the source itself, not the index.
    pub(crate) source: &'static str,
}

/// A page of messages.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagesAnswer<'a> {
    /// Oldest first.
    pub(crate) messages: Vec<MessageView<'a>>,
    pub(crate) page: MessageCursor,
    /// `object`: the source itself, not the index.
    pub(crate) source: &'static str,
}

/// Where older messages are.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageCursor {
    /// The `cursor` of the page of older messages; null when there are none.
    pub(crate) next: Option<String>,
}
