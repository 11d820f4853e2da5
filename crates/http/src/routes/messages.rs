//! Messages of a conversation.

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::{Caller, Runtime, messages::PAGE_DEFAULT};
use engage_domain::{Conversation, ConversationId, Version, conversation::Author, text::Private};
use engage_journal::Answer;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer,
    caller::Signed,
    document::{IdPath, Problems, WriteHeaders},
    input::Input,
    page::linked,
    params::{Id, Params},
    problem::Problem,
    schema,
    server::Shared,
    views::{
        Audience,
        conversation::ConversationView,
        message::{Added, AddedAnswer, MessageCursor, MessagesAnswer},
    },
};

/// A message to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMessage)]
pub(crate) struct MessageBody {
    /// Who speaks: the client, the firm, or the platform.
    #[schema(schema_with = schema::author)]
    role: Author,
    /// What is said: 1 to 32,768 bytes.
    #[schema(value_type = String, min_length = 1, max_length = 32_768)]
    content: Private,
}

/// Adds a message. It is durable when the answer arrives.
#[utoipa::path(post, path = "/api/v1/firm/conversations/{id}/messages", tag = "messages",
    params(IdPath, WriteHeaders), request_body = MessageBody,
    responses((status = 201, body = AddedAnswer), Problems))]
pub(crate) async fn add<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Input { body: MessageBody { role, content }, write }: Input<MessageBody>,
) -> Result<Response, Problem> {
    let done = server.engage.add_message(&caller, id, &write, role, content).await?;
    Ok(added(&caller, &done, role))
}

pub(super) fn added(caller: &Caller, done: &Answer<Conversation>, role: Author) -> Response {
    let recorded = done.recorded.first().expect("a message that was added left an entry, and a repeated one its first");
    let body = AddedAnswer {
        message: Added::new(recorded, role),
        conversation: ConversationView::new(&caller.firm, done.id, &done.state, Audience::of(caller)),
    };
    answer::written(StatusCode::CREATED, done, done.state.version, &body)
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The `page.next` of the page before: older messages follow.
    cursor: Option<String>,
    /// Most messages of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A page of messages, the newest unless a cursor says otherwise. Leaves an access entry.
#[utoipa::path(get, path = "/api/v1/firm/conversations/{id}/messages", tag = "messages",
    params(IdPath, PageQuery), responses((status = 200, body = MessagesAnswer), Problems))]
pub(crate) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    uri: axum::http::Uri,
    Params(PageQuery { cursor, limit }): Params<PageQuery>,
) -> Result<Response, Problem> {
    let before = cursor.map(|cursor| before(&cursor)).transpose()?;
    let limit =
        limit.map_or(Ok(PAGE_DEFAULT), |limit| crate::page::limit(Some(limit)).map(engage_index::Limit::get))?;
    let page = server.engage.messages(&caller, id, before, limit).await?;
    let next = page.next.map(|version| version.to_string());
    let body = MessagesAnswer {
        messages: page.messages.iter().map(Into::into).collect(),
        page: MessageCursor { next: next.clone() },
        source: "object",
    };
    let response = answer::tagged(StatusCode::OK, page.conversation.version, &body);
    Ok(linked(response, &uri, next.as_deref()))
}

/// The version before which a page ends.
fn before(cursor: &str) -> Result<Version, Problem> {
    let digits = !cursor.is_empty() && cursor.bytes().all(|b| b.is_ascii_digit());
    let version = cursor.parse().ok().filter(|version| digits && *version < 1 << 53);
    version.map(Version).ok_or_else(|| Problem::invalid("cursor", "was not given by this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_a_version() {
        assert_eq!(before("7").unwrap(), Version(7));
        for bad in ["", "x", "+7", "-1", "99999999999999999"] {
            assert_eq!(before(bad).expect_err("refused").field.as_deref(), Some("cursor"), "{bad}");
        }
    }
}
