//! The firm's conversations: filters, the grid, a look at one of them beside it. All of its state is in the address.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Runtime, messages::MessagePage};
use engage_domain::{
    ConversationId, FirmId, Timestamp,
    calendar::{Calendar, Day},
    conversation::{ConflictStatus, Phase, Status},
};
use maud::{Markup, html};

use super::{
    address::Address,
    bulk, conversation,
    frame::{Place, Range, Source, framed_over},
    grid::{COLUMNS, Column, DENSITY, Grid, PREVIEW, chooser},
    kit::{self, icon},
    saved,
    session::Visitor,
};
use crate::{problem::Problem, routes::ListQuery, server::Shared};

/// The list in the API.
const LIST: &str = "/api/v1/firm/conversations";
/// Rows of a page, unless the address says otherwise: with their marks they are long.
const ROWS: &str = "40";
/// What the page keeps in its address, of the things that the list is not asked.
const OWN: [(&str, &str); 3] = [(DENSITY, ""), (COLUMNS, ""), (PREVIEW, "")];
/// The days between which conversations began, and were last active.
const BEGAN: [&str; 2] = ["createdFrom", "createdTo"];
const ACTIVE: [&str; 2] = ["activityFrom", "activityTo"];
/// What its filters are called, and what the page begins behind: with any of them there may be conversations that it does not show.
const NARROWING: [&str; 10] = [
    "status",
    "phase",
    "conflictStatus",
    "practiceArea",
    "assignedTo",
    BEGAN[0],
    BEGAN[1],
    ACTIVE[0],
    ACTIVE[1],
    "cursor",
];

/// What the list of the API is asked for by an address of the page.
fn asked(here: &Address, calendar: &Calendar) -> Vec<(&'static str, String)> {
    let days = [BEGAN, ACTIVE].into_iter().flat_map(|names| here.days(names, calendar));
    OWN.map(|(name, value)| (name, value.to_owned())).into_iter().chain(days).collect()
}

/// Whether the page can be asked for like this: what a saved view must be.
pub(super) fn check(here: &Address, firm: &FirmId, calendar: &Calendar) -> Result<(), Problem> {
    let asked = asked(here, calendar);
    let asked: Vec<_> = asked.iter().map(|(name, value)| (*name, value.as_str())).collect();
    here.read::<ListQuery>(&asked)?.list(firm.clone())?;
    Column::chosen(here)?;
    Ok(())
}

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let here = Address::of(Place::Conversations.path(), &uri);
    let (engage, caller) = (&server.engage, &visitor.caller);
    let (calendar, now) = (visitor.calendar()?, engage.runtime().now());
    let asked = asked(&here, &calendar);
    let asked: Vec<_> = asked.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let limit = Some(here.get("limit")).filter(|limit| !limit.is_empty()).unwrap_or(ROWS);
    let paged = [asked.as_slice(), &[("limit", limit)]].concat();
    let list = here.read::<ListQuery>(&paged)?.list(caller.firm.clone())?;
    let (order, columns) = (list.order, Column::chosen(&here)?);
    let found = engage.list_conversations(caller, list, None).await?;
    let people: BTreeSet<_> = found.rows.iter().filter_map(|row| row.assigned_to).collect();
    let names = engage.names(caller, people).await?;
    let preview = match here.get(PREVIEW) {
        "" => None,
        id => {
            let id: ConversationId = id.parse().map_err(|_| Problem::invalid(PREVIEW, "must be a conversation"))?;
            Some(engage.conversation(caller, id).await?)
        }
    };
    let grid = Grid { here: &here, columns, order, names, now, calendar: &calendar };
    let content = html! {
        div class="head" {
            h1 { "Conversations" }
            div class="row" {
                (saved::menu(&visitor, &here))
                (chooser(&here, &grid.columns))
                a class="button" href=(here.here_with(&[(DENSITY, if here.get(DENSITY).is_empty() { "dense" } else { "" })])) {
                    @if here.get(DENSITY).is_empty() { "Denser" } @else { "Wider" } }
            }
        }
        (filters(&here, &visitor, &calendar))
        div class=(if preview.is_some() { "beside" } else { "stack" }) {
            section class="card" {
                @if found.rows.is_empty() { (nothing(&here)) }
                @else {
                    (grid.table(&found))
                    (bulk::bar(&visitor))
                    (here.pager(found.next.as_ref().map(ToString::to_string), &here.file(LIST, &asked)))
                }
            }
            @if let Some(page) = &preview { (beside(&here, page, now, &calendar)) }
        }
    };
    let range = range(&here, calendar.day_of(now));
    let source = Source::Index(found.freshness);
    let markup = framed_over(&visitor, Place::Conversations, "Conversations", source, Some(&range), &content);
    Ok(super::html(StatusCode::OK, markup))
}

/// Since when conversations that are shown began.
fn range(here: &Address, today: Day) -> Range {
    let chosen = here.get(BEGAN[0]).to_owned();
    let since = |days: i32| today.plus(1 - days).to_string();
    let open = here.get(BEGAN[1]).is_empty();
    let choice = |name: &'static str, from: String| {
        let is_chosen = open && chosen == from;
        (name, here.with(&[(BEGAN[0], &from), (BEGAN[1], "")]), is_chosen)
    };
    Range {
        name: "Began",
        choices: vec![
            choice("Any time", String::new()),
            choice("Today", since(1)),
            choice("Last 7 days", since(7)),
            choice("Last 30 days", since(30)),
            choice("Last 90 days", since(90)),
            choice("Last 365 days", since(365)),
        ],
    }
}

fn filters(here: &Address, visitor: &Visitor, calendar: &Calendar) -> Markup {
    let areas = &visitor.firm.settings.practice_areas;
    let area_name =
        |slug: &str| areas.iter().find(|area| area.id.as_str() == slug).map_or(slug, |area| &area.name).to_owned();
    let me = visitor.caller.actor.user_id.is_some_and(|me| me.to_string() == here.get("assignedTo"));
    // Days are shown as the firm's; an instant, as an address of the API has it, as the day in which it lies.
    let day = |name: &str| {
        let text = here.get(name);
        let day = text.parse().or_else(|_| text.parse().map(|at: Timestamp| calendar.day_of(at)));
        day.map_or_else(|_| text.to_owned(), |day: Day| calendar.date(day))
    };
    let chips: Vec<(&str, String)> = [
        ("status", kit::words(here.get("status"))),
        ("phase", kit::words(here.get("phase"))),
        ("conflictStatus", kit::words(here.get("conflictStatus"))),
        ("practiceArea", area_name(here.get("practiceArea"))),
        ("assignedTo", if me { "Mine".to_owned() } else { "One person's".to_owned() }),
        (BEGAN[0], format!("Began since {}", day(BEGAN[0]))),
        (BEGAN[1], format!("Began until {}", day(BEGAN[1]))),
        (ACTIVE[0], format!("Active since {}", day(ACTIVE[0]))),
        (ACTIVE[1], format!("Not active since {}", day(ACTIVE[1]))),
    ]
    .into_iter()
    .filter(|(name, _)| !here.get(name).is_empty())
    .collect();
    let shown = ["status", "phase", "conflictStatus", "practiceArea", "cursor", PREVIEW];
    let kept: Vec<&str> = here.names().filter(|name| !shown.contains(name)).collect();
    html! {
        form class="fields many" method="get" action="/conversations" data-live="" {
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

/// Messages of the conversation that is shown beside the grid.
const NEWEST: usize = 4;

/// One conversation beside the grid: who it is, and what was said last.
fn beside(here: &Address, page: &MessagePage, now: Timestamp, calendar: &Calendar) -> Markup {
    let state = &page.conversation;
    let client = kit::client(state.identity.name.as_ref());
    let newest = page.messages.len().saturating_sub(NEWEST);
    html! {
        aside class="card stack preview" aria-label="Preview" {
            div class="title" { h2 { (client) } a class="button plain" href=(here.here_with(&[(PREVIEW, "")])) data-close="" { (icon("close")) span class="hidden" { "Close the preview" } } }
            p class="row" { (kit::status(state.status)) (kit::conflict(state.conflict_status)) }
            dl class="facts" {
                dt { "Phase" } dd { (kit::phase(state.phase)) }
                dt { "Goals" } dd { (state.goals_completed()) " of " (state.goals.len()) }
                dt { "Messages" } dd { (state.message_count) }
                dt { "Began" } dd { (kit::time(state.created_at, now, calendar)) }
            }
            @if page.messages.is_empty() { p class="soft" { "Nothing has been said yet." } }
            ol class="transcript" { @for message in &page.messages[newest..] { (conversation::said(message, now, calendar)) } }
            p { a class="button primary" href={ "/conversations/" (page.id) } { "Open the conversation" } }
        }
    }
}
