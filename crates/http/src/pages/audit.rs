//! The audit trail: what happened, who did it, and what was refused.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::Runtime;
use engage_domain::{Outcome, calendar::Calendar};
use engage_index::{AuditRow, audit::ListedEntry};
use maud::{Markup, html};
use serde_json::Value;

use super::{
    address::Address,
    chains,
    frame::{Place, Source, framed},
    kit,
    session::Visitor,
    users,
    vocabulary::{self, ACTIONS, KINDS},
};
use crate::{problem::Problem, routes::AuditQuery, server::Shared};

/// The trail in the API.
const LIST: &str = "/api/v1/firm/audit";
/// Entries on a page: with their details they are long.
const ROWS: &str = "35";

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let here = Address::of(Place::Audit.path(), &uri);
    let calendar = visitor.calendar()?;
    let span = here.span(&calendar);
    let span = span.each_ref().map(|(name, at)| (*name, at.as_str()));
    let limit = Some(here.get("limit")).filter(|limit| !limit.is_empty()).unwrap_or(ROWS);
    let asked = [span[0], span[1], ("limit", limit)];
    let list = here.read::<AuditQuery>(&asked)?.list(visitor.caller.firm.clone())?;
    let found = server.engage.list_audit(&visitor.caller, list, None).await?;
    let staff = users::staff(&server.engage, &visitor.caller, None).await?;
    let latest = server.engage.last_verification(&visitor.caller).await?;
    let now = server.engage.runtime().now();
    let called = |value: &str| {
        let word = vocabulary::known(ACTIONS, value).map(str::to_owned).or_else(|| vocabulary::thing(value));
        word.or_else(|| users::called(&staff.rows, value))
    };
    let content = html! {
        div class="head" { div { h1 { "Audit" } p class="soft" { "Every change, every look at an object, every refusal. Nothing here can be changed." } } (chains::state(&visitor, latest.as_ref(), now, &calendar)) }
        (here.said(called))
        form class="fields many" method="get" action=(Place::Audit.path()) data-live="" {
            (here.kept(&["limit"]))
            (here.choice("Who", "userId", users::options(&staff.rows, here.get("userId"))))
            (here.choice("Action", "action", vocabulary::choices(ACTIONS, here.get("action"))))
            (here.choice("About", "resource", vocabulary::choices(KINDS, here.get("resource"))))
            (here.choice("Outcome", "outcome", Outcome::ALL.map(|of| (of.as_str(), kit::words(of.as_str())))))
            (here.day("From", "from")) (here.day("To", "to"))
            button { "Filter" }
            @if here.is_filtered() { a class="small" href="/audit" { "The whole trail" } }
        }
        section class="card" {
            @if found.rows.is_empty() {
                (kit::empty("search", "Nothing of the kind is on record", html! { "Take a filter away, or " a href="/audit" { "see the whole trail" } "." }))
            } @else {
                (table(&found.rows, &here, &calendar))
                (here.pager(found.next.map(|next| next.to_string()), &here.file(LIST, &span)))
            }
        }
    };
    let source = Source::Index(found.freshness);
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Audit, "Audit", source, &content)))
}

fn table(rows: &[ListedEntry], here: &Address, calendar: &Calendar) -> Markup {
    html! {
        div class="table" { table class="cards trail" {
            caption { "The newest first. A name, an action or a thing leads to its own entries." }
            thead { tr { th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "Action" } th scope="col" { "About" } th scope="col" { "Outcome" } th scope="col" { "Details" } } }
            tbody { @for ListedEntry { row, user_name, user_role } in rows { tr {
                th scope="row" class="nowrap" { time datetime=(row.timestamp) title=(row.timestamp) { (calendar.moment(row.timestamp)) } }
                td data-name="Who" { @match row.user_id {
                    Some(id) => a href=(here.with(&[("userId", &id.to_string())])) title=[user_role.map(|role| kit::words(role.as_str()))] { (kit::person(user_name.as_ref())) },
                    None => span class="soft" { "A visitor or the platform" },
                } }
                td data-name="Action" { a href=(here.with(&[("action", &row.action)])) { (vocabulary::called(ACTIONS, &row.action)) } }
                td data-name="About" { (about(row, here)) }
                td data-name="Outcome" { (outcome(row.outcome)) }
                td data-name="Details" { (details(row)) }
            } } }
        } }
    }
}

fn about(row: &AuditRow, here: &Address) -> Markup {
    let kind = vocabulary::called(KINDS, &row.resource_type);
    let one = row
        .resource_id
        .as_ref()
        .map_or_else(|| row.resource_type.to_string(), |id| format!("{}/{id}", row.resource_type));
    html! { a href=(here.with(&[("resource", &one)])) { (kind) } }
}

fn outcome(outcome: Outcome) -> Markup {
    match outcome {
        Outcome::Success => kit::mark("good bare", "done", "Done"),
        Outcome::Failure => kit::mark("wait", "alert", "Failed"),
        Outcome::Blocked => kit::mark("alert", "ended", "Refused"),
    }
}

/// What an entry says beside its columns, folded away.
fn details(row: &AuditRow) -> Markup {
    // The projection has read them as JSON before it wrote them.
    let details: Value = serde_json::from_str(&row.details).unwrap_or_default();
    let said = details.as_object().into_iter().flatten();
    let said =
        said.map(|(name, value)| (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    let around = [
        ("action", Some(row.action.to_string())),
        ("version", Some(row.version.to_string())),
        ("address", row.ip_address.as_deref().map(str::to_owned)),
        ("browser", row.user_agent.as_deref().map(str::to_owned)),
        ("entry", Some(row.audit_id.to_string())),
    ];
    let around = around.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let page = match &*row.resource_type {
        "conversation" => Some("conversations"),
        "conflict" => Some("conflicts"),
        "user" => Some("users"),
        _ => None,
    };
    html! {
        details { summary class="nowrap" { "Show" } dl class="facts" {
            @if let Some(id) = &row.resource_id { dt { "id" } dd { @match page { Some(page) => a href={ "/" (page) "/" (id) } { (id) }, None => (id) } } }
            @for (name, value) in said.chain(around) { dt { (name) } dd { (value) } } } }
    }
}
