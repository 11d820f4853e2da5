//! What clients do from outside the firm.

use axum::{
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use engage_app::{Resource, ResumeToken, Runtime, conversations::NewConversation};
use engage_domain::{
    Conversation, FirmId, PracticeArea,
    conversation::{Author, Identity},
    text::Private,
};
use engage_journal::Answer;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    conversations::{detailed, written},
    messages::added,
};
use crate::{
    answer,
    caller::{Sender, Signed},
    document::{Problems, WriteHeaders},
    input::{Conditions, Input},
    params::segment,
    problem::Problem,
    server::Shared,
    views::{
        Audience,
        conversation::{ConversationAnswer, ConversationView, ResumableAnswer},
        message::{AddedAnswer, DetailAnswer},
    },
};

/// A conversation that a client begins; anything may be told later.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewIntake)]
pub(crate) struct StartBody {
    /// The firm.
    firm_id: String,
    #[schema(value_type = Option<String>, max_length = 200)]
    client_name: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 254)]
    client_email: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 40)]
    client_phone: Option<Private>,
    #[schema(value_type = Option<String>)]
    practice_area: Option<PracticeArea>,
    #[schema(value_type = Option<String>, max_length = 200)]
    legal_area: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 8192)]
    situation: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 500)]
    address: Option<Private>,
}

/// Begins a conversation with a firm. The answer holds the resume token, which is shown this once.
///
/// An `Idempotency-Key` here must be at least 16 random characters: who repeats the request gets the token again.
#[utoipa::path(post, path = "/api/v1/conversations", tag = "clients", security(()), params(WriteHeaders),
    request_body = StartBody, responses((status = 201, body = ResumableAnswer), Problems))]
pub(crate) async fn start<R: Runtime>(
    State(server): State<Shared<R>>,
    Sender(origin): Sender,
    Input { body, write }: Input<StartBody>,
) -> Result<Response, Problem> {
    // Text that is no slug names no firm.
    let firm: FirmId = body.firm_id.parse().map_err(|_| Problem::unknown(Resource::Firm))?;
    let new = NewConversation {
        identity: Identity {
            name: body.client_name,
            email: body.client_email,
            phone: body.client_phone,
            legal_area: body.legal_area,
            situation: body.situation,
            address: body.address,
        },
        practice_area: body.practice_area,
        external_id: None,
    };
    let (done, token) = server.engage.start_as_visitor(&firm, origin, &write, new).await?;
    Ok(resumable(StatusCode::CREATED, &done, &token))
}

fn resumable(status: StatusCode, done: &Answer<Conversation>, token: &ResumeToken) -> Response {
    let conversation = ConversationView::new(token.firm(), done.id, &done.state, Audience::Client);
    let body = ResumableAnswer { conversation, resume_token: token.as_str() };
    answer::written(status, done, done.state.version, &body)
}

/// A client's message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewClientMessage)]
pub(crate) struct ClientMessageBody {
    resume_token: String,
    /// What is said: 1 to 32,768 bytes.
    #[schema(value_type = String, min_length = 1, max_length = 32_768)]
    content: Private,
}

/// Adds a client's message. It is durable when the answer arrives.
#[utoipa::path(post, path = "/api/v1/conversations/message", tag = "clients", security(()), params(WriteHeaders),
    request_body = ClientMessageBody, responses((status = 201, body = AddedAnswer), Problems))]
pub(crate) async fn message<R: Runtime>(
    State(server): State<Shared<R>>,
    Sender(origin): Sender,
    Input { body: ClientMessageBody { resume_token, content }, write }: Input<ClientMessageBody>,
) -> Result<Response, Problem> {
    let token = token(&resume_token)?;
    let caller = server.engage.admit_holder(&token, origin).await?;
    let done = server.engage.add_message(&caller, token.conversation(), &write, Author::User, content).await?;
    Ok(added(&caller, &done, Author::User))
}

/// Text that is no token belongs to no conversation.
pub(super) fn token(text: &str) -> Result<ResumeToken, Problem> {
    text.parse().map_err(|_| Problem::unknown(Resource::Conversation))
}

/// The token of the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only described: `PathToken` reads it")]
pub(crate) struct TokenPath {
    /// The resume token.
    token: String,
}

/// The resume token that stands in the path.
pub(crate) struct PathToken(ResumeToken);

impl<R: Runtime> FromRequestParts<Shared<R>> for PathToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Shared<R>) -> Result<Self, Problem> {
        let token = segment(parts, server, "token", |text| text.parse().ok()).await;
        token.map(Self).ok_or_else(|| Problem::unknown(Resource::Conversation))
    }
}

/// The conversation of a resume token, with its newest messages. Leaves an access entry.
#[utoipa::path(get, path = "/api/v1/conversations/resume/{token}", tag = "clients", security(()), params(TokenPath),
    responses((status = 200, body = DetailAnswer), Problems))]
pub(crate) async fn resume<R: Runtime>(
    State(server): State<Shared<R>>,
    Sender(origin): Sender,
    PathToken(token): PathToken,
) -> Result<Response, Problem> {
    let page = server.engage.resume(&token, origin).await?;
    Ok(detailed(token.firm(), &page, Audience::Client))
}

/// Replaces a resume token by a new one; the old one stops working.
#[utoipa::path(post, path = "/api/v1/conversations/resume/{token}/rotate", tag = "clients", security(()),
    params(TokenPath, WriteHeaders), responses((status = 200, body = ResumableAnswer), Problems))]
pub(crate) async fn rotate<R: Runtime>(
    State(server): State<Shared<R>>,
    Sender(origin): Sender,
    PathToken(token): PathToken,
    Conditions(write): Conditions,
) -> Result<Response, Problem> {
    let (done, token) = server.engage.rotate_as_holder(&token, origin, &write).await?;
    Ok(resumable(StatusCode::OK, &done, &token))
}

/// The conversation that a client takes over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = SecureRequest)]
pub(crate) struct SecureBody {
    resume_token: String,
}

/// Gives the conversation of a resume token to the client who has signed in.
#[utoipa::path(post, path = "/api/v1/conversations/secure", tag = "clients", params(WriteHeaders),
    request_body = SecureBody, responses((status = 200, body = ConversationAnswer), Problems))]
pub(crate) async fn secure<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Input { body: SecureBody { resume_token }, write }: Input<SecureBody>,
) -> Result<Response, Problem> {
    let done = server.engage.secure(&caller, &token(&resume_token)?, &write).await?;
    Ok(written(StatusCode::OK, &caller, &done))
}
