//! One conversation, from the object itself: what was said, and what can be done.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Caller, Runtime, Write, messages::MessagePage};
use engage_domain::{
    Conversation, ConversationId, Timestamp, Version,
    calendar::Calendar,
    conversation::{Author, Status},
    text::Private,
    user::UserStatus,
};
use engage_index::{
    Limit,
    conflicts::{ConflictFilters, ConflictList},
};
use engage_journal::Message;
use futures_util::{
    TryFutureExt as _,
    future::{try_join, try_join3},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    dossier::{Dossier, HISTORY, may_assign, may_write},
    form::{self, Posted, csrf},
    frame::{Place, Source, framed},
    intake::keyed,
    kit, see,
    session::Visitor,
    users,
};
use crate::{params::Id, problem::Problem, server::Shared};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    before: Option<u64>,
}

/// Messages on a page.
const MESSAGES: u32 = 50;

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    Id(id): Id<ConversationId>,
    uri: Uri,
) -> Result<Response, Problem> {
    let Asked { before } = form::asked(&uri)?;
    let (engage, caller) = (&server.engage, &visitor.caller);
    let page = match before {
        Some(before) => engage.messages(caller, id, Some(Version(before)), MESSAGES).await?,
        None => engage.conversation(caller, id).await?,
    };
    let state = &page.conversation;
    let assigned = state.assigned_to;
    // The page is of one moment; what stands beside it is asked for side by side.
    // A walk a role, on a page that is asked for again with every event: only for who is offered the choice.
    let staff = async {
        if may_assign(&visitor, state) {
            users::staff(engage, caller, Some(UserStatus::Active)).await.map(|staff| staff.rows)
        } else {
            Ok(vec![])
        }
    };
    let known = try_join3(
        engage.names(caller, assigned.into_iter().collect()).map_err(Problem::from),
        staff,
        engage.conversations_by_id(caller, vec![id], None).map_err(Problem::from),
    );
    let happened = try_join3(
        engage.parties_beside(caller, &page),
        engage.list_conflicts(caller, conflicts_of(caller, id), None),
        engage.history(caller, &page, Version(state.version.0.saturating_sub(HISTORY.into())), HISTORY),
    );
    let ((names, staff, (indexed, _)), (parties, conflicts, history)) =
        try_join(known, happened.map_err(Problem::from)).await?;
    let now = engage.runtime().now();
    let calendar = visitor.calendar()?;
    let dossier = Dossier {
        visitor: &visitor,
        id,
        state,
        indexed: indexed.first().map(|row| row.version),
        staff: &staff,
        responsible: assigned.map(|user| kit::person(names.get(&user))),
        parties: &parties,
        conflicts: &conflicts.rows,
        history: &history,
        now,
        calendar: &calendar,
    };
    let client = kit::client(state.identity.name.as_ref());
    let content = html! {
        div class="head" {
            div {
                p class="small" { a href="/conversations" { "Conversations" } }
                h1 { (client) }
                p class="row" data-part="marks" { (kit::status(state.status)) (kit::conflict(state.conflict_status)) span class="soft" { (kit::phase(state.phase)) ", began " (kit::time(state.created_at, now, &calendar)) } }
            }
            span class="chip wait" data-stream=(format!("/api/v1/firm/conversations/{id}/stream?after={}", state.version)) { "Connecting" }
        }
        div class="talk" {
            section class="card stack" aria-label="Transcript" {
                (transcript(id, &page, before.is_some(), now, &calendar))
                @if before.is_none() { (reply_form(&visitor, id, state, &engage.runtime().ulid().to_string())) }
            }
            div class="aside" {
                (dossier.cards())
            }
        }
    };
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Conversations, client, Source::Object, &content)))
}

/// The conflicts that concern a conversation.
fn conflicts_of(caller: &Caller, id: ConversationId) -> ConflictList {
    let filters = ConflictFilters { conversation: Some(id), ..ConflictFilters::default() };
    ConflictList { firm: caller.firm.clone(), filters, after: None, limit: Limit::default() }
}

fn transcript(id: ConversationId, page: &MessagePage, is_older: bool, now: Timestamp, calendar: &Calendar) -> Markup {
    html! {
        div class="stack" data-part=[(!is_older).then_some("transcript")] {
            @if let Some(next) = page.next { p { a class="button" href={ "/conversations/" (id) "?before=" (next) } { "Older messages" } } }
            @if page.messages.is_empty() { p class="soft" { "Nothing has been said yet." } }
            ol class="transcript" { @for message in &page.messages { (said(message, now, calendar)) } }
            @if is_older { p { a class="button" href={ "/conversations/" (id) } { "The newest messages" } } }
        }
    }
}

pub(super) fn said(message: &Message, now: Timestamp, calendar: &Calendar) -> Markup {
    let (class, who) = match message.role {
        Author::User => ("user", "Client"),
        Author::Agent => ("agent", "Firm"),
        Author::System => ("system", "Engage"),
    };
    html! {
        li class={ "message " (class) } tabindex="-1" {
            header { strong { (who) } (kit::time(message.timestamp, now, calendar)) }
            @match &message.content { Some(text) => p { (text.as_str()) }, None => p class="soft" { "Erased, as the firm's retention asks." } }
        }
    }
}

fn reply_form(visitor: &Visitor, id: ConversationId, state: &Conversation, key: &str) -> Markup {
    if !may_write(visitor) {
        return html! { p class="soft small" { "Your role reads conversations and does not take part in them." } };
    }
    if state.status != Status::Active {
        return html! { p class="soft small" { "The conversation is closed. Take it up again to reply." } };
    }
    html! {
        form method="post" action={ "/conversations/" (id) "/messages" } class="stack" {
            (csrf(visitor))
            input type="hidden" name="key" value=(key);
            label { "Reply to the client" textarea name="content" required maxlength="32768" {} }
            div class="row" { button class="primary" { "Send" } span class="soft small" { "Ctrl + Enter sends" } }
        }
    }
}

pub(super) fn back(id: ConversationId) -> Response {
    see(&format!("/conversations/{id}"))
}

#[derive(Deserialize)]
pub(super) struct Reply {
    key: Option<String>,
    content: Private,
}

/// What the firm says. Whatever else has happened meanwhile does not stand in its way.
pub(super) async fn reply<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConversationId>,
    Posted { visitor, body }: Posted<Reply>,
) -> Result<Response, Problem> {
    let path = format!("/conversations/{id}/messages");
    let write = match &body.key {
        Some(key) => keyed(key, &path, body.content.as_str())?,
        None => Write::default(),
    };
    server.engage.add_message(&visitor.caller, id, &write, Author::Agent, body.content).await?;
    Ok(back(id))
}
