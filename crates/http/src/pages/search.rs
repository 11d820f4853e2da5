//! What was said, and by whom: the conversations that words are found in.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Runtime, search::FoundConversation};
use engage_domain::{Timestamp, calendar::Calendar};
use engage_index::search::Field;
use maud::{Markup, html};

use super::{
    address::Address,
    frame::{Place, Source, framed},
    kit,
    session::Visitor,
};
use crate::{problem::Problem, routes::SearchQuery, server::Shared};

const PATH: &str = "/search";
/// The list in the API.
const LIST: &str = "/api/v1/firm/search/conversations";
/// Conversations on a page: with their passages they are long.
const ROWS: &str = "20";

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let here = Address::of(PATH, &uri);
    let (engage, caller) = (&server.engage, &visitor.caller);
    let (calendar, now) = (visitor.calendar()?, engage.runtime().now());
    let words = here.get("q");
    if words.is_empty() {
        let content =
            html! { h1 { "Search" } section class="card" { (kit::empty("search", "Search what was said", how())) } };
        let markup = framed(&visitor, Place::Conversations, "Search", Source::Object, &content);
        return Ok(super::html(StatusCode::OK, markup));
    }
    let limit = Some(here.get("limit")).filter(|limit| !limit.is_empty()).unwrap_or(ROWS);
    let search = here.read::<SearchQuery>(&[("limit", limit)])?.search(caller.firm.clone())?;
    let found = engage.search_conversations(caller, search, None).await?;
    let content = html! {
        div class="head" { div { h1 { "“" (words) "”" } @if !found.rows.is_empty() { p class="soft" {
            (found.rows.len()) @if found.next.is_some() || !here.get("cursor").is_empty() { " conversations on this page" } @else { " conversations in all" } ", the best first"
            @if !found.is_exhaustive { ". One of the words is so common that only the newest passages were looked at" }
        } } } }
        section class="card" {
            @if found.rows.is_empty() { (kit::empty("search", "Nothing was found", how())) }
            @else {
                ol class="finds" { @for row in &found.rows { (find(row, now, &calendar)) } }
                (here.pager(found.next.map(|next| next.to_string()), &here.file(LIST, &[])))
            }
        }
    };
    let markup = framed(&visitor, Place::Conversations, "Search", Source::Index(found.freshness), &content);
    Ok(super::html(StatusCode::OK, markup))
}

fn how() -> Markup {
    html! { "Each word has to be found in a conversation: in the client’s name, address or situation, or in a message. " code { "\"late rent\"" } " are two words in a row, " code { "evict*" } " is what begins so. Who searched is on record, the words are not." }
}

/// Where something was found.
const fn name_of(field: Field) -> &'static str {
    match field {
        Field::ClientName => "Name",
        Field::ClientEmail => "E-mail",
        Field::Situation => "Situation",
        Field::Message => "Message",
    }
}

fn find(row: &FoundConversation, now: Timestamp, calendar: &Calendar) -> Markup {
    let of = &row.found.row;
    html! {
        li class="stack" {
            div class="row" {
                h2 { a href={ "/conversations/" (of.session_id) } { (kit::client(of.client_name.as_ref())) } }
                (kit::status(of.status)) (kit::conflict(of.conflict_status))
                span class="soft small" { (kit::phase(of.phase)) ", last active " (kit::time(of.last_activity, now, calendar)) }
            }
            @for find in &row.finds { @for (field, excerpt) in &find.fields {
                p class="find" {
                    span class="soft small" { (name_of(*field)) }
                    span { @for piece in &excerpt.0 { @if piece.found { mark { (piece.text) } } @else { (piece.text) } } }
                }
            } }
        }
    }
}
