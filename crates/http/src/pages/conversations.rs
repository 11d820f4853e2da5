//! The data grid of conversations. All of its state is in the address.

use std::collections::{BTreeSet, HashMap};

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Runtime, lists::ListPage};
use engage_domain::{
    Timestamp, UserId,
    calendar::Calendar,
    conversation::{ConflictStatus, Phase, Status},
    text::Private,
};
use engage_index::{
    ConversationRow, Cursor,
    conversations::{Order, Sort},
    page::Direction,
};
use maud::{Markup, html};

use super::{
    address::Address,
    frame::{Place, Source, framed},
    kit::{self, icon},
    session::Visitor,
};
use crate::{problem::Problem, routes::ListQuery, server::Shared};

/// What is sorted by, and what its column is called.
const SORTED: [(Sort, &str); 4] = [
    (Sort::ClientName, "Client"),
    (Sort::DataQualityScore, "Quality"),
    (Sort::LastActivity, "Last activity"),
    (Sort::CreatedAt, "Began"),
];

/// What the page keeps in the address for itself.
const DENSITY: &str = "density";
/// The list in the API.
const LIST: &str = "/api/v1/firm/conversations";

/// What the page keeps in its address, of the things that the list is not asked.
const OWN: [(&str, &str); 1] = [(DENSITY, "")];
/// What its filters are called, and what the page begins behind: with any of them there may be conversations that it does not show.
const NARROWING: [&str; 10] = [
    "status",
    "phase",
    "conflictStatus",
    "practiceArea",
    "assignedTo",
    "createdFrom",
    "createdTo",
    "activityFrom",
    "activityTo",
    "cursor",
];

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let here = Address::of(Place::Conversations.path(), &uri);
    let list = here.read::<ListQuery>(&OWN)?.list(visitor.caller.firm.clone())?;
    let order = list.order;
    let found = server.engage.list_conversations(&visitor.caller, list, None).await?;
    let people: BTreeSet<_> = found.rows.iter().filter_map(|row| row.assigned_to).collect();
    let names = server.engage.names(&visitor.caller, people).await?;
    let (calendar, now) = (visitor.calendar()?, server.engage.runtime().now());
    let content = html! {
        div class="head" {
            h1 { "Conversations" }
            div class="row" { a class="button" href=(here.with(&[(DENSITY, if here.get(DENSITY).is_empty() { "dense" } else { "" })])) {
                @if here.get(DENSITY).is_empty() { "Denser" } @else { "Wider" } } }
        }
        (filters(&here, &visitor))
        section class="card" {
            @if found.rows.is_empty() { (nothing(&here)) }
            @else { (grid(&here, &found, order, &names, now, &calendar)) }
        }
    };
    let markup = framed(&visitor, Place::Conversations, "Conversations", Source::Index(found.freshness), &content);
    Ok(super::html(StatusCode::OK, markup))
}

fn filters(here: &Address, visitor: &Visitor) -> Markup {
    let areas = &visitor.firm.settings.practice_areas;
    let area_name =
        |slug: &str| areas.iter().find(|area| area.id.as_str() == slug).map_or(slug, |area| &area.name).to_owned();
    let chips: Vec<(&str, String)> = [
        ("status", kit::words(here.get("status"))),
        ("phase", kit::words(here.get("phase"))),
        ("conflictStatus", kit::words(here.get("conflictStatus"))),
        ("practiceArea", area_name(here.get("practiceArea"))),
        ("assignedTo", "One person's".to_owned()),
        ("createdFrom", format!("Began since {}", here.get("createdFrom").get(..10).unwrap_or_default())),
        ("createdTo", format!("Began before {}", here.get("createdTo").get(..10).unwrap_or_default())),
        ("activityFrom", format!("Active since {}", here.get("activityFrom").get(..10).unwrap_or_default())),
        ("activityTo", format!("Not active since {}", here.get("activityTo").get(..10).unwrap_or_default())),
    ]
    .into_iter()
    .filter(|(name, _)| !here.get(name).is_empty())
    .collect();
    let kept =
        ["sort", "order", "limit", DENSITY, "createdFrom", "createdTo", "activityFrom", "activityTo", "assignedTo"];
    html! {
        form class="fields" method="get" action="/conversations" data-live="" {
            (here.kept(&kept))
            (here.choice("Status", "status", Status::ALL.map(|status| (status.as_str(), kit::words(status.as_str())))))
            (here.choice("Phase", "phase", Phase::ALL.map(|phase| (phase.as_str(), kit::phase(phase)))))
            (here.choice("Conflicts", "conflictStatus", ConflictStatus::ALL.map(|status| (status.as_str(), kit::words(status.as_str())))))
            @if !areas.is_empty() { (here.choice("Practice area", "practiceArea", areas.iter().map(|area| (area.id.as_str(), area.name.clone())))) }
            button { "Filter" }
        }
        @if !chips.is_empty() {
            div class="filters" aria-label="Filters in force" role="group" {
                @for (name, text) in &chips { a class="chip" href=(here.with(&[(name, "")])) { (text) (icon("close")) span class="hidden" { "Take this filter away" } } }
                a class="small" href="/conversations" { "All conversations" }
            }
        }
    }
}

fn nothing(here: &Address) -> Markup {
    if NARROWING.iter().any(|name| !here.get(name).is_empty()) {
        kit::empty(
            "search",
            "No conversation is like that",
            html! { "Take a filter away, or " a href="/conversations" { "see all of them" } "." },
        )
    } else {
        kit::empty(
            "conversations",
            "No conversations yet",
            html! { "They appear here as soon as a client begins one, or an import brings them in." },
        )
    }
}

fn grid(
    here: &Address,
    found: &ListPage<ConversationRow, Cursor>,
    order: Order,
    names: &HashMap<UserId, Private>,
    now: Timestamp,
    calendar: &Calendar,
) -> Markup {
    let sorted = |sort: Sort| SORTED.iter().find(|(of, _)| *of == sort).map_or("", |(_, name)| *name);
    let head = |sort: Sort, number: bool| {
        let is_sorted = order.sort == sort;
        let turned = if is_sorted && order.direction == Direction::Desc { Direction::Asc } else { Direction::Desc };
        let aria = is_sorted.then_some(if order.direction == Direction::Desc { "descending" } else { "ascending" });
        html! { th scope="col" class=[number.then_some("num")] aria-sort=[aria] {
        a href=(here.with(&[("sort", sort.as_str()), ("order", turned.as_str())])) { (sorted(sort))
            @if is_sorted { (icon(if order.direction == Direction::Desc { "down" } else { "up" })) } } } }
    };
    html! {
        div class="table" {
            table class={ "cards grid " (here.get(DENSITY)) } {
                caption { (found.rows.len()) @if found.next.is_some() || !here.get("cursor").is_empty() { " on this page" } @else { " in all" } ", by " (sorted(order.sort).to_lowercase()) }
                thead { tr {
                    (head(Sort::ClientName, false)) th scope="col" { "Area" } th scope="col" { "Status" } th scope="col" { "Phase" }
                    th scope="col" { "Responsible" } th scope="col" { "Conflicts" } th scope="col" class="num" { "Goals" } (head(Sort::DataQualityScore, false))
                    (head(Sort::LastActivity, false)) (head(Sort::CreatedAt, false))
                } }
                tbody { @for row in &found.rows { (line(row, names, now, calendar)) } }
            }
        }
        (here.pager(found.next.as_ref().map(ToString::to_string), &here.file(LIST, &OWN)))
    }
}

fn line(row: &ConversationRow, names: &HashMap<UserId, Private>, now: Timestamp, calendar: &Calendar) -> Markup {
    let path = format!("/conversations/{}", row.session_id);
    html! {
        tr {
            th scope="row" class="long" { a href=(path) { (kit::client(row.client_name.as_ref())) } }
            td data-name="Area" class="long" { @if let Some(area) = &row.practice_area { (kit::words(area.as_str())) } @else { span class="soft" { "–" } } }
            td data-name="Status" { (kit::status(row.status)) }
            td data-name="Phase" class="short" { (kit::phase(row.phase)) }
            td data-name="Responsible" class="long" { @match row.assigned_to { Some(user) => (kit::person(names.get(&user))), None => span class="soft" { "Nobody" } } }
            td data-name="Conflicts" { (kit::conflict(row.conflict_status)) }
            td data-name="Goals" class="num" { (row.goals_completed) "/" (row.goals_total) }
            td data-name="Quality" { (kit::quality(row.data_quality_score)) }
            td data-name="Last activity" class="nowrap" { (kit::time(row.last_activity, now, calendar)) }
            td data-name="Began" class="nowrap" { (kit::time(row.created_at, now, calendar)) }
        }
    }
}
