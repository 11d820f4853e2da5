//! Live streams: server-sent events (WHATWG HTML, section 9.2). A reader that comes back with `Last-Event-ID` misses nothing.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use engage_app::{
    Caller, Runtime,
    stream::{EventStream, Next},
};
use engage_domain::{ConversationId, Version};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use utoipa::IntoParams;

use super::intake::token;
use crate::{
    caller::{Sender, Signed},
    document::{IdPath, Problems},
    params::{Id, Params},
    problem::Problem,
    schema,
    server::Shared,
    views::{Audience, event::event},
};

const LAST_EVENT_ID: &str = "Last-Event-ID";
const RESUME_TOKEN: &str = "X-Engage-Resume-Token";

/// Where a stream begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Behind this version; what happens from now on when absent. The header `Last-Event-ID` goes before it.
    #[param(schema_with = schema::version)]
    after: Option<u64>,
}

/// What a reader that comes back sends.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described: `LastEventId` reads it")]
pub(crate) struct StreamHeaders {
    /// The version of the last event that arrived.
    #[param(rename = "Last-Event-ID")]
    last_event_id: Option<String>,
}

/// The version of the last event that a reader saw.
pub(crate) struct LastEventId(Option<Version>);

impl<R: Runtime> FromRequestParts<Shared<R>> for LastEventId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _server: &Shared<R>) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(LAST_EVENT_ID) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default();
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let version = text.parse().ok().filter(|_| digits).map(Version);
        let problem = || Problem::header(LAST_EVENT_ID, "must be the version of an event");
        version.map(|version| Self(Some(version))).ok_or_else(problem)
    }
}

/// A conversation's events as they happen. Each is named after what happened, its id is the version it gave.
#[utoipa::path(get, path = "/api/v1/firm/conversations/{id}/stream", tag = "messages",
    params(IdPath, StreamQuery, StreamHeaders),
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"), Problems))]
pub(crate) async fn staff<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    LastEventId(last): LastEventId,
    Params(StreamQuery { after }): Params<StreamQuery>,
) -> Result<Response, Problem> {
    follow(server, caller, id, last.or(after.map(Version))).await
}

/// Where a client's stream begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ClientStreamQuery {
    /// The resume token, for readers that cannot send the header `X-Engage-Resume-Token`.
    token: Option<String>,
    /// Behind this version; what happens from now on when absent. The header `Last-Event-ID` goes before it.
    #[param(schema_with = schema::version)]
    after: Option<u64>,
}

/// The conversation's events as they happen, for the holder of its resume token.
#[utoipa::path(get, path = "/api/v1/conversations/stream", tag = "clients", security(()),
    params(ClientStreamQuery, StreamHeaders),
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"), Problems))]
pub(crate) async fn visitor<R: Runtime>(
    State(server): State<Shared<R>>,
    Sender(origin): Sender,
    headers: HeaderMap,
    LastEventId(last): LastEventId,
    Params(ClientStreamQuery { token: parameter, after }): Params<ClientStreamQuery>,
) -> Result<Response, Problem> {
    let header = headers.get(RESUME_TOKEN).map(|value| value.to_str().unwrap_or_default());
    let text = header.or(parameter.as_deref());
    let token = token(text.ok_or_else(|| Problem::invalid("token", "must be given, or X-Engage-Resume-Token"))?)?;
    let caller = server.engage.admit_holder(&token, origin).await?;
    follow(server, caller, token.conversation(), last.or(after.map(Version))).await
}

/// Follows a conversation for somebody who was let in.
pub(crate) async fn follow<R: Runtime>(
    server: Shared<R>,
    caller: Caller,
    id: ConversationId,
    after: Option<Version>,
) -> Result<Response, Problem> {
    let audience = Audience::of(&caller);
    let opened = EventStream::open(server.engage.clone(), caller, id, after).await?;
    let batches = stream::unfold(Some(opened), move |state| async move {
        let mut events = state?;
        match events.next().await {
            Ok(Next::Events(batch)) => {
                let batch = batch.iter().filter_map(|streamed| {
                    let named = Event::default().event(&*streamed.action).id(streamed.version.to_string());
                    named.json_data(event(streamed, audience)).ok()
                });
                Some((batch.collect::<Vec<_>>(), Some(events)))
            }
            Ok(Next::Idle) => Some((vec![Event::default().comment("")], Some(events))),
            Ok(Next::Closed) => None,
            // The answer has begun, so the reader can only be cut off; it comes back and is told then.
            Err(fault) => {
                tracing::error!(error = &fault as &dyn std::error::Error, "live stream broke off");
                None
            }
        }
    });
    let events = batches.flat_map(|batch| stream::iter(batch.into_iter().map(Ok::<_, Infallible>)));
    // Lets the reader know at once that it is connected.
    let opening = stream::iter([Ok(Event::default().comment("open"))]);
    let mut response = Sse::new(opening.chain(events)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Nginx and its kin hold answers back otherwise.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}
