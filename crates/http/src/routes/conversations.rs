//! Conversations: the list, the detail, and what changes one.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{
    Runtime,
    conversations::{NewConversation, PhaseChange},
};
use engage_domain::{
    Conversation, ConversationId, FirmId, PracticeArea, Timestamp, UserId,
    conversation::{ConflictStatus, Identity, Phase, Status},
    text::Private,
};
use engage_index::{
    ConversationList, Cursor, Range,
    conversations::{Filters, Order, Sort},
    page::Direction,
};
use engage_journal::Answer;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer,
    caller::Signed,
    document::{IdPath, ListHeaders, Problems, WriteHeaders},
    input::{Conditions, Input},
    page::{limit, linked},
    params::{Consistency, Id, Params},
    problem::Problem,
    schema,
    server::Shared,
    views::{
        Audience,
        conversation::{ConversationAnswer, ConversationView, ResumableAnswer},
        list::{ConversationRowView, ConversationsAnswer, PageView},
        message::{DetailAnswer, MessageCursor},
    },
};

/// Which conversations, in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    #[param(schema_with = schema::status)]
    status: Option<Status>,
    /// A user's id.
    #[param(schema_with = schema::ulid)]
    assigned_to: Option<UserId>,
    /// A practice area's slug.
    #[param(schema_with = schema::text)]
    practice_area: Option<PracticeArea>,
    #[param(schema_with = schema::phase)]
    phase: Option<Phase>,
    #[param(schema_with = schema::conflict_status)]
    conflict_status: Option<ConflictStatus>,
    /// Begun then or later.
    #[param(schema_with = schema::time)]
    created_from: Option<Timestamp>,
    /// Begun before then.
    #[param(schema_with = schema::time)]
    created_to: Option<Timestamp>,
    /// Last active then or later.
    #[param(schema_with = schema::time)]
    activity_from: Option<Timestamp>,
    /// Last active before then.
    #[param(schema_with = schema::time)]
    activity_to: Option<Timestamp>,
    /// `lastActivity` unless said otherwise; `createdAt` where `createdTo` is given and no bound on activity.
    #[param(schema_with = schema::sort)]
    sort: Option<String>,
    /// `desc` unless said otherwise.
    #[param(schema_with = schema::direction)]
    order: Option<String>,
    /// The `page.next` of the page before.
    cursor: Option<String>,
    /// Most rows of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// The firm's conversations, from its index. A client gets their own.
#[utoipa::path(get, path = "/api/v1/firm/conversations", tag = "conversations", params(ListQuery, ListHeaders),
    responses((status = 200, body = ConversationsAnswer), Problems))]
pub(crate) async fn list<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    uri: Uri,
    Params(query): Params<ListQuery>,
) -> Result<Response, Problem> {
    let list = query.list(caller.firm.clone())?;
    let limit = list.limit.get();
    let page = server.engage.list_conversations(&caller, list, token).await?;
    let audience = Audience::of(&caller);
    let next = page.next.as_ref().map(ToString::to_string);
    let conversations = page.rows.iter().map(|row| ConversationRowView::new(row, audience)).collect();
    let body = ConversationsAnswer {
        conversations,
        page: PageView { next: next.clone(), limit },
        index: page.freshness.into(),
        source: "index",
    };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}

impl ListQuery {
    pub(crate) fn list(self, firm: FirmId) -> Result<ConversationList, Problem> {
        // A span of beginnings with an end, in the order of last activity, would step over everything that was active since;
        // in the order of the beginnings it is read from its end.
        let by_beginning = self.created_to.is_some() && self.activity_from.is_none() && self.activity_to.is_none();
        let sort = match self.sort {
            None if by_beginning => Sort::CreatedAt,
            sort => word("sort", sort, Sort::parse, Sort::ALL.map(Sort::as_str))?,
        };
        let direction = word("order", self.order, Direction::parse, Direction::ALL.map(Direction::as_str))?;
        let order = Order { sort, direction };
        let range = |field, from: Option<Timestamp>, to| match Range::new(from, to) {
            Ok(_) if from.is_some() && from == to => Err(Problem::invalid(field, "must be after its beginning")),
            range => range.map_err(|reason| Problem::invalid(field, reason)),
        };
        let after = self.cursor.map(|text| Cursor::parse(&text, order)).transpose();
        Ok(ConversationList {
            firm,
            filters: Filters {
                owner: None,
                assigned_to: self.assigned_to,
                practice_area: self.practice_area,
                conflict_status: self.conflict_status,
                phase: self.phase,
                status: self.status,
                created: range("createdTo", self.created_from, self.created_to)?,
                activity: range("activityTo", self.activity_from, self.activity_to)?,
            },
            order,
            after: after.map_err(|error| {
                Problem::with_field(crate::problem::Code::InvalidValue, "cursor", error.to_string())
            })?,
            limit: limit(self.limit)?,
        })
    }
}

/// Reads a word of a small vocabulary, or takes the default.
fn word<T: Default, const N: usize>(
    field: &'static str,
    text: Option<String>,
    parse: fn(&str) -> Option<T>,
    known: [&str; N],
) -> Result<T, Problem> {
    let Some(text) = text else { return Ok(T::default()) };
    parse(&text).ok_or_else(|| Problem::invalid(field, format!("must be one of {}", known.join(", "))))
}

/// A conversation to begin for a client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewConversation)]
pub(crate) struct CreateBody {
    #[schema(value_type = String, max_length = 200)]
    client_name: Private,
    #[schema(value_type = Option<String>, max_length = 254)]
    client_email: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 40)]
    client_phone: Option<Private>,
    /// A practice area: its slug, or text that becomes one.
    #[schema(value_type = String)]
    practice_area: PracticeArea,
    #[schema(value_type = Option<String>, max_length = 200)]
    legal_area: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 8192)]
    situation: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 500)]
    address: Option<Private>,
    /// What it is called in the system it comes from.
    #[schema(value_type = Option<String>, max_length = 200)]
    external_id: Option<Private>,
}

/// Begins a conversation. One that a client begins is theirs.
#[utoipa::path(post, path = "/api/v1/firm/conversations", tag = "conversations", params(WriteHeaders),
    request_body = CreateBody, responses((status = 201, body = ConversationAnswer), Problems))]
pub(crate) async fn create<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Input { body, write }: Input<CreateBody>,
) -> Result<Response, Problem> {
    let new = NewConversation {
        identity: Identity {
            name: Some(body.client_name),
            email: body.client_email,
            phone: body.client_phone,
            legal_area: body.legal_area,
            situation: body.situation,
            address: body.address,
        },
        practice_area: Some(body.practice_area),
        external_id: body.external_id,
    };
    let done = server.engage.start_conversation(&caller, &write, new).await?;
    let response = written(StatusCode::CREATED, &caller, &done);
    Ok(answer::located(response, &format!("/api/v1/firm/conversations/{}", done.id)))
}

/// The answer to a write: the conversation as it is now.
pub(super) fn written(status: StatusCode, caller: &engage_app::Caller, done: &Answer<Conversation>) -> Response {
    let conversation = ConversationView::new(&caller.firm, done.id, &done.state, Audience::of(caller));
    answer::written(status, done, done.state.version, &ConversationAnswer { conversation })
}

/// A conversation's detail, from the object itself, with its newest messages. Leaves an access entry.
#[utoipa::path(get, path = "/api/v1/firm/conversations/{id}", tag = "conversations", params(IdPath),
    responses((status = 200, body = DetailAnswer), Problems))]
pub(crate) async fn detail<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
) -> Result<Response, Problem> {
    let page = server.engage.conversation(&caller, id).await?;
    Ok(detailed(&caller.firm, &page, Audience::of(&caller)))
}

pub(super) fn detailed(firm: &FirmId, page: &engage_app::messages::MessagePage, audience: Audience) -> Response {
    let body = DetailAnswer {
        conversation: ConversationView::new(firm, page.id, &page.conversation, audience),
        messages: page.messages.iter().map(Into::into).collect(),
        page: MessageCursor { next: page.next.map(|version| version.to_string()) },
        source: "object",
    };
    answer::tagged(StatusCode::OK, page.conversation.version, &body)
}

/// Hides a conversation. Managing partners and administrators can bring it back.
#[utoipa::path(delete, path = "/api/v1/firm/conversations/{id}", tag = "conversations", params(IdPath, WriteHeaders),
    responses((status = 200, body = ConversationAnswer), Problems))]
pub(crate) async fn delete<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Conditions(write): Conditions,
) -> Result<Response, Problem> {
    let done = server.engage.delete_conversation(&caller, id, &write).await?;
    Ok(written(StatusCode::OK, &caller, &done))
}

/// Brings a deleted conversation back.
#[utoipa::path(post, path = "/api/v1/firm/conversations/{id}/restore", tag = "conversations",
    params(IdPath, WriteHeaders), responses((status = 200, body = ConversationAnswer), Problems))]
pub(crate) async fn restore<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Conditions(write): Conditions,
) -> Result<Response, Problem> {
    let done = server.engage.restore_conversation(&caller, id, &write).await?;
    Ok(written(StatusCode::OK, &caller, &done))
}

/// Whether a conversation must be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LegalHoldChange)]
pub(crate) struct HoldBody {
    /// Whether it is to be on hold.
    hold: bool,
    /// Why; needed to put it on hold.
    #[schema(value_type = Option<String>, max_length = 1024)]
    reason: Option<Private>,
}

/// Puts a conversation on legal hold, or lifts the hold. One on hold is not erased, even when it is deleted and the firm's
/// retention has passed.
#[utoipa::path(put, path = "/api/v1/firm/conversations/{id}/legal-hold", tag = "conversations",
    params(IdPath, WriteHeaders), request_body = HoldBody,
    responses((status = 200, body = ConversationAnswer), Problems))]
pub(crate) async fn hold<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Input { body, write }: Input<HoldBody>,
) -> Result<Response, Problem> {
    let reason = match body {
        HoldBody { hold: true, reason: None } => return Err(Problem::invalid("reason", "must say why it is kept")),
        HoldBody { hold: false, reason: Some(_) } => {
            return Err(Problem::invalid("reason", "does not go with the end of a hold"));
        }
        HoldBody { reason, .. } => reason,
    };
    let done = server.engage.set_legal_hold(&caller, id, &write, reason).await?;
    Ok(written(StatusCode::OK, &caller, &done))
}

/// Particulars of a client; what is absent or null stays as it was.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = IdentityChange)]
pub(crate) struct IdentityBody {
    #[schema(value_type = Option<String>, max_length = 200)]
    client_name: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 254)]
    client_email: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 40)]
    client_phone: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 200)]
    legal_area: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 8192)]
    situation: Option<Private>,
    #[schema(value_type = Option<String>, max_length = 500)]
    address: Option<Private>,
    /// A practice area; its goals join those that the conversation has.
    #[schema(value_type = Option<String>)]
    practice_area: Option<PracticeArea>,
}

/// Takes in a client's particulars, and the practice area.
#[utoipa::path(put, path = "/api/v1/firm/conversations/{id}/identity", tag = "conversations",
    params(IdPath, WriteHeaders), request_body = IdentityBody,
    responses((status = 200, body = ConversationAnswer), Problems))]
pub(crate) async fn identity<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Input { body, write }: Input<IdentityBody>,
) -> Result<Response, Problem> {
    let IdentityBody { client_name, client_email, client_phone, legal_area, situation, address, practice_area } = body;
    let identity =
        Identity { name: client_name, email: client_email, phone: client_phone, legal_area, situation, address };
    let done = server.engage.update_identity(&caller, id, &write, identity, practice_area).await?;
    Ok(written(StatusCode::OK, &caller, &done))
}

/// Whether a conversation is to go on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatusChange)]
pub(crate) struct StatusBody {
    /// `active` takes a closed conversation up again.
    #[schema(schema_with = schema::status)]
    status: Status,
}

/// Closes a conversation, or takes it up again.
#[utoipa::path(put, path = "/api/v1/firm/conversations/{id}/status", tag = "conversations",
    params(IdPath, WriteHeaders), request_body = StatusBody,
    responses((status = 200, body = ConversationAnswer), Problems))]
pub(crate) async fn status<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Input { body, write }: Input<StatusBody>,
) -> Result<Response, Problem> {
    let done = server.engage.set_status(&caller, id, &write, body.status).await?;
    Ok(written(StatusCode::OK, &caller, &done))
}

/// Where an intake is to go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = PhaseChange)]
pub(crate) struct PhaseBody {
    #[schema(schema_with = schema::phase)]
    phase: Phase,
    /// The outcome of the conflict check; only with the phase `conflict_check_complete`.
    #[schema(schema_with = schema::conflict_status, required = false)]
    conflict_status: Option<ConflictStatus>,
}

/// Moves an intake to another phase.
#[utoipa::path(put, path = "/api/v1/firm/conversations/{id}/phase", tag = "conversations",
    params(IdPath, WriteHeaders), request_body = PhaseBody,
    responses((status = 200, body = ConversationAnswer), Problems))]
pub(crate) async fn phase<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Input { body: PhaseBody { phase, conflict_status }, write }: Input<PhaseBody>,
) -> Result<Response, Problem> {
    let change = PhaseChange { phase, conflict_status };
    let done = server.engage.move_phase(&caller, id, &write, change).await?;
    Ok(written(StatusCode::OK, &caller, &done))
}

/// Issues a new resume token for the conversation's client; the one before stops working.
#[utoipa::path(post, path = "/api/v1/firm/conversations/{id}/resume-token", tag = "conversations",
    params(IdPath, WriteHeaders), responses((status = 200, body = ResumableAnswer), Problems))]
pub(crate) async fn rotate<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Conditions(write): Conditions,
) -> Result<Response, Problem> {
    let (done, token) = server.engage.rotate_resume_token(&caller, id, &write).await?;
    let conversation = ConversationView::new(&caller.firm, done.id, &done.state, Audience::of(&caller));
    let body = ResumableAnswer { conversation, resume_token: token.as_str() };
    Ok(answer::written(StatusCode::OK, &done, done.state.version, &body))
}
