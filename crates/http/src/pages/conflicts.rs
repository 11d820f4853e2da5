//! Conflicts of interest: those that wait for a resolution first, and what became of the others.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Runtime, lists::ListPage};
use engage_domain::{
    Timestamp,
    actor::Permission,
    calendar::Calendar,
    registry::{ConflictState, ConflictType, MatchType},
};
use engage_index::{ConflictRow, Range, conflicts::ConflictPlace, reports::ConflictCount};
use maud::{Markup, html};

use super::{
    address::Address,
    check,
    frame::{Place, Source, framed},
    kit::{self, icon, number},
    session::Visitor,
};
use crate::{problem::Problem, routes::ConflictListQuery, server::Shared};

/// The list in the API.
const LIST: &str = "/api/v1/firm/conflicts";
/// The states that are offered: the word in the address, what the API is asked for, what people read.
const STANDINGS: [(&str, &str, &str); 4] = [
    ("", "open", "Open"),
    ("cleared", "cleared", "Cleared"),
    ("confirmed", "confirmed", "Confirmed"),
    ("all", "", "All"),
];

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let here = Address::of(Place::Conflicts.path(), &uri);
    let (engage, caller) = (&server.engage, &visitor.caller);
    let status = STANDINGS.iter().find(|(word, ..)| *word == here.get("status"));
    let asked = [("status", status.map_or(here.get("status"), |(_, asked, _)| *asked))];
    let list = here.read::<ConflictListQuery>(&asked)?.list(caller.firm.clone())?;
    let found = engage.list_conflicts(caller, list, None).await?;
    let counts = if caller.actor.role.may(Permission::ReadAudit) {
        Some(engage.conflict_counts(caller, Range::default(), None).await?.0)
    } else {
        None
    };
    let (calendar, now) = (visitor.calendar()?, engage.runtime().now());
    let content = html! {
        div class="head" { div { h1 { "Conflicts" } p class="soft" { "Parties of two matters who may be the same, on opposite sides." } } }
        (filters(&here))
        div class="talk" {
            section class="card" {
                @if found.rows.is_empty() { (nothing(&here)) }
                @else { (table(&found.rows, now, &calendar)) (pager(&here, &found, &asked)) }
            }
            div class="aside" {
                @if caller.actor.role.may(Permission::CheckConflicts) { section class="card stack" { h2 { "Check a name" } (check::form(&visitor, None)) } }
                @if let Some(counts) = &counts { (report(counts)) }
            }
        }
    };
    let source = Source::Index(found.freshness);
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Conflicts, "Conflicts", source, &content)))
}

fn pager(here: &Address, found: &ListPage<ConflictRow, ConflictPlace>, asked: &[(&str, &str)]) -> Markup {
    here.pager(found.next.map(|next| next.to_string()), &here.file(LIST, asked))
}

fn filters(here: &Address) -> Markup {
    html! {
        div class="filters" role="group" aria-label="State" {
            @for (word, _, name) in STANDINGS {
                a class="chip" href=(here.with(&[("status", word)])) aria-current=[(here.get("status") == word).then_some("true")] { (name) }
            }
            @if !here.get("conversationId").is_empty() {
                a class="chip" href=(here.with(&[("conversationId", "")])) { "Of one conversation" (icon("close")) span class="hidden" { "Take this filter away" } }
            }
        }
        form class="fields" method="get" action=(Place::Conflicts.path()) data-live="" {
            (here.kept(&["status", "conversationId", "from", "to", "limit"]))
            (here.choice("With", "conflictType", ConflictType::ALL.map(|of| (of.as_str(), kit::words(of.as_str())))))
            (here.choice("Matched", "matchType", MatchType::ALL.map(|of| (of.as_str(), matched(of.as_str())))))
            button { "Filter" }
        }
    }
}

/// How two names were matched, in words.
pub(super) fn matched(word: &str) -> String {
    match MatchType::parse(word) {
        Some(MatchType::Exact) => "By the same name".into(),
        Some(MatchType::Alias) => "By another name".into(),
        Some(MatchType::Phonetic) => "By its sound".into(),
        Some(MatchType::Fuzzy) => "By a close name".into(),
        None => kit::words(word),
    }
}

/// How far a conflict has come.
pub(super) fn state(state: ConflictState) -> Markup {
    match state {
        ConflictState::Detected => kit::mark("alert", "alert", "Detected"),
        ConflictState::Reviewing => kit::mark("wait", "wait", "Under review"),
        ConflictState::Cleared => kit::mark("good", "done", "Cleared"),
        ConflictState::Confirmed => kit::mark("", "ended", "Confirmed"),
    }
}

fn nothing(here: &Address) -> Markup {
    if here.is_filtered() {
        kit::empty(
            "search",
            "No conflict is like that",
            html! { "Choose another state or filter, or " a href="/conflicts?status=all" { "see all of them" } "." },
        )
    } else {
        kit::empty(
            "shield",
            "No open conflicts",
            html! { "Every party that was named has been held against the firm's registry. " a href="/conflicts?status=all" { "See those that are resolved" } ", or check a name before you take somebody in." },
        )
    }
}

fn table(rows: &[ConflictRow], now: Timestamp, calendar: &Calendar) -> Markup {
    html! {
        div class="table" { table class="cards grid" {
            caption { "The newest found first" }
            thead { tr {
                th scope="col" { "Who came later" } th scope="col" { "Who was known" } th scope="col" { "State" } th scope="col" { "Why" }
                th scope="col" class="num" { "Likelihood" } th scope="col" { "Found" }
            } }
            tbody { @for row in rows {
                @let path = format!("/conflicts/{}", row.conflict_id);
                tr {
                    th scope="row" class="long" { a href=(path) { (row.party_name.as_str()) } }
                    td data-name="Known" class="long" { (row.conflict_entity.as_str()) }
                    td data-name="State" { (state(row.status)) }
                    td data-name="Why" { div { (kit::words(row.conflict_type.as_str())) div class="soft small" { (matched(row.match_type.as_str())) } } }
                    td data-name="Likelihood" class="num" { (kit::percent(row.confidence)) }
                    td data-name="Found" { (kit::time(row.detected_at, now, calendar)) }
                }
            } }
        } }
    }
}

/// What was found since the beginning, counted.
fn report(counts: &[ConflictCount]) -> Markup {
    let word = |word: &Option<Box<str>>| word.as_deref().map_or_else(|| "–".to_owned(), kit::words);
    html! {
        section class="card" {
            h2 { "What became of them" }
            @if counts.is_empty() { p class="soft" { "Nothing was found yet." } }
            @else {
                table {
                    thead { tr { th scope="col" { "With" } th scope="col" { "State" } th scope="col" class="num" { "How many" } } }
                    tbody { @for count in counts { tr {
                        td { (word(&count.conflict_type)) br; span class="soft small" { @if let Some(word) = &count.match_type { (matched(word)) } } }
                        td { (kit::words(&count.status)) }
                        td class="num" { (number(count.count)) }
                    } } }
                }
                p { a class="button" href="/api/v1/firm/reports/conflicts.csv" download="" { (icon("file")) "As a file (CSV)" } }
            }
        }
    }
}
