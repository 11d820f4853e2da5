//! One conversation, from the object itself: what was said, and what can be done.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Runtime, Write, assignments::AssignmentChange, messages::MessagePage};
use engage_domain::{
    Conversation, ConversationId, Timestamp, Version,
    actor::Permission,
    calendar::Calendar,
    conversation::{Author, Goal, GoalPriority, Status, Terms},
    text::Private,
};
use engage_journal::Message;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form::{self, Posted, csrf, expecting},
    frame::{Place, Source, framed},
    intake::keyed,
    kit::{self, icon},
    see,
    session::Visitor,
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
    let assigned = page.conversation.assigned_to;
    let names = engage.names(caller, assigned.into_iter().collect()).await?;
    let responsible = assigned.map(|user| kit::person(names.get(&user)));
    let now = engage.runtime().now();
    let calendar = visitor.calendar()?;
    let state = &page.conversation;
    let client = kit::client(state.identity.name.as_ref());
    let content = html! {
        div class="head" {
            div {
                p class="small" { a href="/conversations" { "Conversations" } }
                h1 { (client) }
                p class="row" data-part="marks" { (kit::status(state.status)) (kit::conflict(state.conflict_status)) span class="soft" { (kit::phase(state.phase)) ", began " (kit::time(state.created_at, now, &calendar)) } }
            }
            span class="chip" data-stream=(format!("/api/v1/firm/conversations/{id}/stream?after={}", state.version)) { "Live updates" }
        }
        div class="talk" {
            section class="card stack" aria-label="Transcript" {
                (transcript(id, &page, before.is_some(), now, &calendar))
                @if before.is_none() { (reply_form(&visitor, id, state, &engage.runtime().ulid().to_string())) }
            }
            div class="aside" {
                (identity(state))
                (goals(&visitor, id, state))
                (assignment(&visitor, id, state, responsible, now, &calendar))
                (course(&visitor, id, state))
            }
        }
    };
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Conversations, client, Source::Object, &content)))
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

fn said(message: &Message, now: Timestamp, calendar: &Calendar) -> Markup {
    let (class, who) = match message.role {
        Author::User => ("user", "Client"),
        Author::Agent => ("agent", "Firm"),
        Author::System => ("system", "Engage"),
    };
    html! {
        li class={ "message " (class) } {
            header { strong { (who) } (kit::time(message.timestamp, now, calendar)) }
            @match &message.content { Some(text) => p { (text.as_str()) }, None => p class="soft" { "Erased, as the firm's retention asks." } }
        }
    }
}

/// What every form of this page carries.
fn hidden(visitor: &Visitor, state: &Conversation) -> Markup {
    html! { (csrf(visitor)) input type="hidden" name="version" value=(state.version); }
}

fn may_write(visitor: &Visitor) -> bool {
    visitor.caller.actor.role.may(Permission::WriteConversations)
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

fn identity(state: &Conversation) -> Markup {
    let of = &state.identity;
    let facts: [(&str, &Option<Private>); 6] = [
        ("Name", &of.name),
        ("E-mail", &of.email),
        ("Phone", &of.phone),
        ("Legal area", &of.legal_area),
        ("Address", &of.address),
        ("Situation", &of.situation),
    ];
    html! {
        section class="card" data-part="identity" {
            h2 { "Client" }
            dl class="facts" {
                @for (name, value) in facts { dt { (name) } dd { @match value { Some(value) => (value.as_str()), None => span class="soft" { "not known" } } } }
                dt { "Area" } dd { @match &state.practice_area { Some(area) => (kit::words(area.as_str())), None => span class="soft" { "not known" } } }
                dt { "Quality" } dd { (kit::quality(state.quality_score())) }
            }
        }
    }
}

fn goals(visitor: &Visitor, id: ConversationId, state: &Conversation) -> Markup {
    let mut goals: Vec<&Goal> = state.goals.iter().collect();
    goals.sort_by_key(|goal| {
        (goal.completed_at.is_some(), GoalPriority::ALL.iter().position(|of| *of == goal.template.priority))
    });
    let can = may_write(visitor) && state.status == Status::Active;
    html! {
        section class="card" data-part="goals" {
            div class="title" { h2 { "Goals" } span class="soft small" { (state.goals_completed()) " of " (state.goals.len()) } }
            ul class="goals" { @for goal in goals { li {
                @if goal.completed_at.is_some() { span class="done" { (icon("done")) " " (goal.template.title) } }
                @else {
                    span { (icon("open")) " " (goal.template.title) br; span class="soft small" { (kit::words(goal.template.priority.as_str())) } }
                    @if can { form method="post" action={ "/conversations/" (id) "/goals" } {
                        (hidden(visitor, state)) button class="plain" name="goal" value=(goal.template.id) { "Reached" span class="hidden" { ": " (goal.template.title) } } } }
                }
            } } }
        }
    }
}

fn assignment(
    visitor: &Visitor,
    id: ConversationId,
    state: &Conversation,
    responsible: Option<&str>,
    now: Timestamp,
    calendar: &Calendar,
) -> Markup {
    html! {
        section class="card stack" data-part="assignment" {
            h2 { "Responsible" }
            @match (responsible, state.current_assignment()) {
                (Some(name), Some(assignment)) => {
                    p { strong { (name) } br; span class="soft small" { (kit::words(assignment.terms.priority.as_str())) " priority, since " (kit::time(assignment.assigned_at, now, calendar))
                        @if let Some(due) = assignment.terms.due_date { ", due " (kit::time(due, now, calendar)) } } }
                },
                _ => p class="soft" { "Nobody yet." },
            }
            @if visitor.caller.actor.role.may(Permission::Assign) && state.status == Status::Active {
                form method="post" action={ "/conversations/" (id) "/assignment" } class="fields" {
                    (hidden(visitor, state))
                    label { "Assign to (e-mail)" input type="email" name="assignee" required autocomplete="off"; }
                    button { "Assign" }
                }
            }
        }
    }
}

fn course(visitor: &Visitor, id: ConversationId, state: &Conversation) -> Markup {
    html! {
        section class="card stack" data-part="course" {
            h2 { "Course" }
            dl class="facts" {
                dt { "Version" } dd { (state.version) }
                @if state.frozen_since.is_some() { dt { "Frozen" } dd { "for a conflict of interest" } }
                @if state.held_since.is_some() { dt { "Hold" } dd { "kept, whatever the retention" } }
            }
            @if may_write(visitor) {
                form method="post" action={ "/conversations/" (id) "/status" } class="row" {
                    (hidden(visitor, state))
                    @match state.status {
                        Status::Active => { button name="status" value="completed" { (icon("done")) "Complete" } button name="status" value="terminated" { (icon("ended")) "Terminate" } },
                        Status::Completed | Status::Terminated => button name="status" value="active" { "Take up again" },
                    }
                }
            }
        }
    }
}

fn back(id: ConversationId) -> Response {
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

#[derive(Deserialize)]
pub(super) struct StatusForm {
    status: Status,
    version: u64,
}

pub(super) async fn set_status<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConversationId>,
    Posted { visitor, body }: Posted<StatusForm>,
) -> Result<Response, Problem> {
    server.engage.set_status(&visitor.caller, id, &expecting(body.version), body.status).await?;
    Ok(back(id))
}

#[derive(Deserialize)]
pub(super) struct GoalForm {
    goal: String,
    version: u64,
}

pub(super) async fn complete_goal<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConversationId>,
    Posted { visitor, body }: Posted<GoalForm>,
) -> Result<Response, Problem> {
    server.engage.complete_goal(&visitor.caller, id, &expecting(body.version), body.goal).await?;
    Ok(back(id))
}

#[derive(Deserialize)]
pub(super) struct AssignmentForm {
    assignee: String,
    version: u64,
}

pub(super) async fn assign<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<ConversationId>,
    Posted { visitor, body }: Posted<AssignmentForm>,
) -> Result<Response, Problem> {
    let terms = Terms::default();
    let change = AssignmentChange::Assign { assignee: body.assignee, terms, pending: false };
    server.engage.change_assignment(&visitor.caller, id, &expecting(body.version), change).await?;
    Ok(back(id))
}
