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
    form,
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

/// What is asked for, as it stands in the address.
struct Asked {
    fields: Vec<(String, String)>,
}

impl Asked {
    fn of(uri: &Uri) -> Self {
        let fields = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned();
        Self { fields: fields.filter(|(_, value)| !value.is_empty()).collect() }
    }

    fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// The address with some of it changed; another question begins at its first page.
    fn with(&self, changes: &[(&str, &str)]) -> String {
        let from_the_first = [("cursor", "")];
        let changes: Vec<_> = from_the_first
            .iter()
            .filter(|_| !changes.iter().any(|(name, _)| *name == "cursor"))
            .chain(changes)
            .copied()
            .collect();
        format!("/conversations{}", kit::query(&self.fields, &changes))
    }

    fn list(&self) -> Result<ListQuery, Problem> {
        let fields: Vec<_> = self.fields.iter().filter(|(name, _)| name != DENSITY).cloned().collect();
        form::read(&fields)
    }

    /// The same question as a file.
    fn file(&self) -> String {
        let fields: Vec<_> = self
            .fields
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), DENSITY | "cursor" | "limit"))
            .cloned()
            .collect();
        format!("/api/v1/firm/conversations.csv{}", kit::query(&fields, &[]))
    }
}

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = Asked::of(&uri);
    let list = asked.list()?.list(visitor.caller.firm.clone())?;
    let order = list.order;
    let found = server.engage.list_conversations(&visitor.caller, list, None).await?;
    let people: BTreeSet<_> = found.rows.iter().filter_map(|row| row.assigned_to).collect();
    let names = server.engage.names(&visitor.caller, people).await?;
    let (calendar, now) = (visitor.calendar()?, server.engage.runtime().now());
    let content = html! {
        div class="head" {
            h1 { "Conversations" }
            div class="row" { a class="button" href=(asked.with(&[(DENSITY, if asked.get(DENSITY).is_empty() { "dense" } else { "" })])) {
                @if asked.get(DENSITY).is_empty() { "Denser" } @else { "Wider" } } }
        }
        (filters(&asked, &visitor))
        section class="card" {
            @if found.rows.is_empty() { (nothing(&asked)) }
            @else { (grid(&asked, &found, order, &names, now, &calendar)) }
        }
    };
    let markup = framed(&visitor, Place::Conversations, "Conversations", Source::Index(found.freshness), &content);
    Ok(super::html(StatusCode::OK, markup))
}

fn filters(asked: &Asked, visitor: &Visitor) -> Markup {
    let areas = &visitor.firm.settings.practice_areas;
    let area_name =
        |slug: &str| areas.iter().find(|area| area.id.as_str() == slug).map_or(slug, |area| &area.name).to_owned();
    let chips: Vec<(&str, String)> = [
        ("status", kit::words(asked.get("status"))),
        ("phase", kit::words(asked.get("phase"))),
        ("conflictStatus", kit::words(asked.get("conflictStatus"))),
        ("practiceArea", area_name(asked.get("practiceArea"))),
        ("assignedTo", "One person's".to_owned()),
        ("createdFrom", format!("Began since {}", asked.get("createdFrom").get(..10).unwrap_or_default())),
        ("createdTo", format!("Began before {}", asked.get("createdTo").get(..10).unwrap_or_default())),
        ("activityFrom", format!("Active since {}", asked.get("activityFrom").get(..10).unwrap_or_default())),
        ("activityTo", format!("Not active since {}", asked.get("activityTo").get(..10).unwrap_or_default())),
    ]
    .into_iter()
    .filter(|(name, _)| !asked.get(name).is_empty())
    .collect();
    let kept =
        ["sort", "order", "limit", DENSITY, "createdFrom", "createdTo", "activityFrom", "activityTo", "assignedTo"];
    html! {
        form class="fields" method="get" action="/conversations" data-live="" {
            @for name in kept { @if !asked.get(name).is_empty() { input type="hidden" name=(name) value=(asked.get(name)); } }
            label { "Status" select name="status" { option value="" { "All" }
                @for status in Status::ALL { option value=(status.as_str()) selected[asked.get("status") == status.as_str()] { (kit::words(status.as_str())) } } } }
            label { "Phase" select name="phase" { option value="" { "All" }
                @for phase in Phase::ALL { option value=(phase.as_str()) selected[asked.get("phase") == phase.as_str()] { (kit::phase(phase)) } } } }
            label { "Conflicts" select name="conflictStatus" { option value="" { "All" }
                @for status in ConflictStatus::ALL { option value=(status.as_str()) selected[asked.get("conflictStatus") == status.as_str()] { (kit::words(status.as_str())) } } } }
            @if !areas.is_empty() { label { "Practice area" select name="practiceArea" { option value="" { "All" }
                @for area in areas { option value=(area.id.as_str()) selected[asked.get("practiceArea") == area.id.as_str()] { (area.name) } } } } }
            button { "Filter" }
        }
        @if !chips.is_empty() {
            div class="filters" aria-label="Filters in force" role="group" {
                @for (name, text) in &chips { a class="chip" href=(asked.with(&[(name, "")])) { (text) (icon("close")) span class="hidden" { "Take this filter away" } } }
                a class="small" href="/conversations" { "All conversations" }
            }
        }
    }
}

fn nothing(asked: &Asked) -> Markup {
    let filtered = asked.fields.iter().any(|(name, _)| !matches!(name.as_str(), DENSITY | "sort" | "order" | "limit"));
    if filtered {
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
    asked: &Asked,
    found: &ListPage<ConversationRow, Cursor>,
    order: Order,
    names: &HashMap<UserId, Private>,
    now: Timestamp,
    calendar: &Calendar,
) -> Markup {
    let sorted = |sort: Sort| SORTED.iter().find(|(of, _)| *of == sort).map_or("", |(_, name)| *name);
    let head = |sort: Sort, number: bool| {
        let here = order.sort == sort;
        let turned = if here && order.direction == Direction::Desc { Direction::Asc } else { Direction::Desc };
        let aria = here.then_some(if order.direction == Direction::Desc { "descending" } else { "ascending" });
        html! { th scope="col" class=[number.then_some("num")] aria-sort=[aria] {
        a href=(asked.with(&[("sort", sort.as_str()), ("order", turned.as_str())])) { (sorted(sort))
            @if here { (icon(if order.direction == Direction::Desc { "down" } else { "up" })) } } } }
    };
    html! {
        div class="table" {
            table class={ "cards grid " (asked.get(DENSITY)) } {
                caption { (found.rows.len()) @if found.next.is_some() || !asked.get("cursor").is_empty() { " on this page" } @else { " in all" } ", by " (sorted(order.sort).to_lowercase()) }
                thead { tr {
                    (head(Sort::ClientName, false)) th scope="col" { "Area" } th scope="col" { "Status" } th scope="col" { "Phase" }
                    th scope="col" { "Responsible" } th scope="col" { "Conflicts" } th scope="col" class="num" { "Goals" } (head(Sort::DataQualityScore, false))
                    (head(Sort::LastActivity, false)) (head(Sort::CreatedAt, false))
                } }
                tbody { @for row in &found.rows { (line(row, names, now, calendar)) } }
            }
        }
        nav class="pager" aria-label="Pages" {
            div class="row" {
                @if !asked.get("cursor").is_empty() { a class="button" href=(asked.with(&[])) rel="first" { "First page" } }
                @match &found.next {
                    Some(next) => a class="button" rel="next" href=(asked.with(&[("cursor", &next.to_string())])) { "Next page" },
                    None => span class="soft small" { "That is the end of the list." },
                }
            }
            a class="button" href=(asked.file()) download="conversations.csv" { (icon("file")) "As a file (CSV)" }
        }
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
            td data-name="Responsible" class="long" { @match row.assigned_to { Some(user) => (names.get(&user).map_or("Somebody without a name", |name| name.as_str())), None => span class="soft" { "Nobody" } } }
            td data-name="Conflicts" { (kit::conflict(row.conflict_status)) }
            td data-name="Goals" class="num" { (row.goals_completed) "/" (row.goals_total) }
            td data-name="Quality" { (kit::quality(row.data_quality_score)) }
            td data-name="Last activity" class="nowrap" { (kit::time(row.last_activity, now, calendar)) }
            td data-name="Began" class="nowrap" { (kit::time(row.created_at, now, calendar)) }
        }
    }
}
