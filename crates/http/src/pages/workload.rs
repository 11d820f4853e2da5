//! Workload: who has how much to do, and what of it is late.

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::Runtime;
use engage_domain::{Actor, Timestamp, actor::Permission, calendar::Calendar};
use engage_index::analytics::WorkloadRow;
use maud::{Markup, html};

use super::{
    frame::{Place, Source, framed},
    kit::{self, icon, number},
    session::Visitor,
};
use crate::{problem::Problem, server::Shared};

/// People who are shown, the busiest ones; the figures are of all, and the file has all.
const SHOWN: usize = 40;

pub(super) async fn page<R: Runtime>(State(server): State<Shared<R>>, visitor: Visitor) -> Result<Response, Problem> {
    let (report, overdue_before) = server.engage.workload(&visitor.caller, None).await?;
    let calendar = visitor.calendar()?;
    let content = html! {
        div class="head" {
            h1 { "Workload" }
            a class="button" href="/api/v1/firm/assignments/workload.csv" download="" { (icon("file")) "As a file (CSV)" }
        }
        @if report.body.is_empty() {
            section class="card" { (kit::empty("people", "Nobody works here yet", html! { "Whoever signs in, or is registered under " a href="/users" { "Users" } ", appears here." })) }
        } @else {
            (figures(&report.body))
            section class="card" { (table(&report.body, &visitor.caller.actor, overdue_before, &calendar)) }
        }
    };
    let source = Source::Index(report.freshness);
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Workload, "Workload", source, &content)))
}

fn figures(rows: &[WorkloadRow]) -> Markup {
    let sum = |of: fn(&WorkloadRow) -> u64| rows.iter().map(of).sum::<u64>();
    let free = rows.iter().filter(|row| row.active_conversations == 0 && row.assigned_cases == 0).count();
    let overdue = sum(|row| row.overdue_cases);
    let active = sum(|row| row.active_conversations);
    let figures = [
        ("People", number(rows.len() as u64), format!("{} with nothing to do", number(free as u64))),
        ("Active conversations", number(active), format!("{:.1} a person", active as f64 / rows.len().max(1) as f64)),
        ("Assignments", number(sum(|row| row.assigned_cases)), "taken up and not done".to_owned()),
        (
            "Overdue",
            number(overdue),
            if overdue == 0 { "nothing is late" } else { "their due date has passed" }.to_owned(),
        ),
    ];
    html! {
        div class="figures" {
            @for (label, value, note) in figures {
                div class="card figure" { span class="label" { (label) } span class="value" { (value) } span class="change" { (note) } }
            }
        }
    }
}

fn table(rows: &[WorkloadRow], actor: &Actor, overdue_before: Timestamp, calendar: &Calendar) -> Markup {
    // One measure for both bars, so that they can be compared.
    let most = rows.iter().map(|row| row.active_conversations.max(row.assigned_cases)).max().unwrap_or_default();
    let assigns = actor.role.may(Permission::Assign);
    html! {
        div class="title" { h2 { "Person by person" } (legend()) }
        div class="table" { table class="cards grid" {
            caption { (kit::shown(rows.len(), SHOWN)) "The most active conversations first; overdue as of " (calendar.moment(overdue_before)) }
            thead { tr {
                th scope="col" { "Person" } th scope="col" { "Active conversations" } th scope="col" { "Assigned" }
                th scope="col" { "Overdue" } th scope="col" { "Quality" } th scope="col" class="num" { "Hours each" }
                @if assigns { th scope="col" { span class="hidden" { "Reassign" } } }
            } }
            tbody { @for row in rows.iter().take(SHOWN) {
                @let path = format!("/conversations?assignedTo={}", row.user_id);
                @let name = kit::person(row.name.as_ref());
                tr {
                    th scope="row" class="long" { div {
                        a href=(path) { (name) } @if Some(row.user_id) == actor.user_id { span class="soft" { " (you)" } }
                        @if let Some(role) = row.role { div class="soft small again" { (kit::words(role.as_str())) } }
                    } }
                    td data-name="Active" { (kit::bar(row.active_conversations, most)) }
                    td data-name="Assigned" { (assigned(row, most)) }
                    td data-name="Overdue" { @if row.overdue_cases > 0 { (kit::mark("alert", "alert", &number(row.overdue_cases))) } @else { (kit::none()) } }
                    td data-name="Quality" { (kit::mean_quality(row.average_data_quality)) }
                    td data-name="Hours each" class="num" { @match row.average_estimated_hours { Some(hours) => (format!("{hours:.1}")), None => (kit::none()) } }
                    @if assigns { td { @if row.active_conversations > 0 { a href={ (path) "&status=active" } { "Reassign" span class="hidden" { " what " (name) " has" } } } } }
                }
            } }
        } }
    }
}

fn legend() -> Markup {
    html! {
        div class="legend" aria-hidden="true" {
            @for (class, word) in [("bar-new", "active or assigned"), ("bar-late", "overdue")] {
                span { svg viewBox="0 0 10 10" { rect class=(class) width="10" height="10" rx="2" {} } (word) }
            }
        }
    }
}

/// Their assignments as a bar, the overdue ones at its foot.
fn assigned(row: &WorkloadRow, most: u64) -> Markup {
    let width = |count: u64| format!("{:.1}", 100.0 * count as f64 / most.max(1) as f64);
    html! {
        span class="row nowrap" {
            svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                rect class="track" width="100" height="8" rx="2" {}
                rect class="bar-new" width=(width(row.assigned_cases)) height="8" rx="2" {}
                @if row.overdue_cases > 0 { rect class="bar-late" width=(width(row.overdue_cases)) height="8" rx="2" {} }
            }
            span { (number(row.assigned_cases)) }
        }
    }
}
