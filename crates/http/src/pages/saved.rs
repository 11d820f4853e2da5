//! Views that are kept: a question to the grid under a name, one's own or the firm's.

use axum::{extract::State, response::Response};
use engage_app::{Runtime, Write};
use engage_domain::{
    Firm, FirmId,
    actor::Permission,
    calendar::Calendar,
    firm::{SavedView, VIEW_NAME_MAX},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    address::Address,
    conversations,
    form::{Posted, csrf},
    frame::Place,
    grid::PREVIEW,
    kit::{self, icon},
    see,
    session::Visitor,
};
use crate::{problem::Problem, server::Shared};

const PATH: &str = "/conversations/views";
const REMOVAL: &str = "/conversations/views/removal";

fn address(view: &SavedView) -> String {
    let path = Place::Conversations.path();
    if view.query.is_empty() { path.to_owned() } else { format!("{path}?{}", view.query) }
}

/// What the grid shows, as a view keeps it: neither a page of it nor what is shown beside it.
fn question(here: &Address) -> String {
    Address::parse(
        Place::Conversations.path(),
        here.here_with(&[(PREVIEW, "")]).split_once('?').map_or("", |(_, query)| query),
    )
    .question()
}

/// What a view keeps of `query`, if the grid can be asked like that.
pub(crate) fn grid_question(query: &str, firm: &FirmId, calendar: &Calendar) -> Result<String, Problem> {
    let here = Address::parse(Place::Conversations.path(), query);
    conversations::check(&here, firm, calendar)?;
    Ok(question(&here))
}

/// The views that the visitor is offered, and a form that keeps what is shown as another.
pub(super) fn menu(visitor: &Visitor, here: &Address) -> Markup {
    let me = visitor.caller.actor.user_id;
    let question = question(here);
    let views: Vec<_> = visitor.firm.views_of(me).collect();
    let shown = views.iter().find(|view| view.query == question && !question.is_empty());
    html! {
        details class="menu" {
            summary class="button" { @match shown { Some(view) => (view.name), None => "Views" } (icon("down")) }
            div class="card stack" {
                @if views.is_empty() { p class="soft small" { "None is kept yet. A view keeps filters, order and columns under a name." } }
                ul { @for view in &views { li {
                    a href=(address(view)) aria-current=[(view.query == question).then_some("true")] { (view.name) @if view.owner.is_none() { span class="soft small" { " the firm’s" } } }
                } } }
                form method="post" action=(PATH) class="stack" {
                    (csrf(visitor)) input type="hidden" name="query" value=(question);
                    label { "Keep what is shown as" input name="name" required maxlength=(VIEW_NAME_MAX) autocomplete="off"; }
                    @if may_share(visitor) { label class="tick" { input type="checkbox" name="shared" value="true"; "For the whole firm" } }
                    div { button { "Keep" } }
                }
                @if !views.is_empty() { a class="small" href="/settings#views" { "Manage views" } }
            }
        }
    }
}

fn may_share(visitor: &Visitor) -> bool {
    visitor.caller.actor.role.may(Permission::ManageSettings)
}

/// The views in the settings: there they are taken away.
pub(super) fn section(visitor: &Visitor, firm: &Firm) -> Markup {
    let views: Vec<_> = firm.views_of(visitor.caller.actor.user_id).collect();
    html! {
        section class="card" id="views" {
            h2 { "Views of conversations" }
            @if views.is_empty() {
                (kit::empty("conversations", "No views are kept", html! { "Filter and sort " a href="/conversations" { "the conversations" } ", then keep what is shown under a name." }))
            } @else {
                ul class="goals" { @for view in views { li {
                    span { a href=(address(view)) { (view.name) } " " span class="soft small" { (if view.owner.is_none() { "the firm’s" } else { "yours" }) } }
                    @if view.owner.is_some() || may_share(visitor) {
                        form method="post" action=(REMOVAL) {
                            (csrf(visitor)) input type="hidden" name="name" value=(view.name);
                            @if view.owner.is_none() { input type="hidden" name="shared" value="true"; }
                            button class="plain" { "Remove" span class="hidden" { ": " (view.name) } }
                        }
                    }
                } } }
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ViewForm {
    name: String,
    query: Option<String>,
    #[serde(default)]
    shared: bool,
}

/// Keeps one, and shows it.
pub(super) async fn keep<R: Runtime>(
    State(server): State<Shared<R>>,
    Posted { visitor, body }: Posted<ViewForm>,
) -> Result<Response, Problem> {
    let (caller, query) = (&visitor.caller, body.query.unwrap_or_default());
    let query = grid_question(&query, &caller.firm, &visitor.calendar()?)?;
    server.engage.save_view(caller, &Write::default(), body.name, query.clone(), body.shared).await?;
    Ok(see(&address(&SavedView { name: String::new(), query, owner: None })))
}

#[derive(Deserialize)]
pub(super) struct RemovalForm {
    name: String,
    #[serde(default)]
    shared: bool,
}

pub(super) async fn remove<R: Runtime>(
    State(server): State<Shared<R>>,
    Posted { visitor, body }: Posted<RemovalForm>,
) -> Result<Response, Problem> {
    server.engage.remove_view(&visitor.caller, &Write::default(), body.name, body.shared).await?;
    Ok(see("/settings#views"))
}
