//! Workload: who has how much to do, and what of it is late.

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::Runtime;
use engage_domain::{Timestamp, UserId, calendar::Calendar};
use engage_index::analytics::WorkloadRow;
use maud::{Markup, html};

use super::{
    frame::{Place, Source, framed},
    kit::{self, icon, number},
    session::Visitor,
};
use crate::{problem::Problem, server::Shared};

/// People who are shown, the busiest ones; the figures are of all, and the file has all.
const SHOWN: usize = 60;

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
            section class="card" { (table(&report.body, visitor.caller.actor.user_id, overdue_before, &calendar)) }
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

fn table(rows: &[WorkloadRow], me: Option<UserId>, overdue_before: Timestamp, calendar: &Calendar) -> Markup {
    let most = rows.iter().map(|row| row.active_conversations).max().unwrap_or_default();
    html! {
        div class="table" { table class="cards grid" {
            caption { (kit::shown(rows.len(), SHOWN)) "The most active conversations first; overdue as of " (calendar.moment(overdue_before)) }
            thead { tr {
                th scope="col" { "Person" } th scope="col" { "Role" } th scope="col" { "Active conversations" } th scope="col" class="num" { "Assigned" }
                th scope="col" { "Overdue" } th scope="col" { "Quality" } th scope="col" class="num" { "Hours estimated" }
            } }
            tbody { @for row in rows.iter().take(SHOWN) {
                @let path = format!("/conversations?assignedTo={}", row.user_id);
                tr {
                    th scope="row" class="long" { span { a href=(path) { (kit::person(row.name.as_ref())) } @if Some(row.user_id) == me { span class="soft" { " (you)" } } } }
                    td data-name="Role" { @match row.role { Some(role) => (kit::words(role.as_str())), None => (kit::none()) } }
                    td data-name="Active" { (kit::bar(row.active_conversations, most)) }
                    td data-name="Assigned" class="num" { (number(row.assigned_cases)) }
                    td data-name="Overdue" { @if row.overdue_cases > 0 { (kit::mark("alert", "alert", &number(row.overdue_cases))) } @else { (kit::none()) } }
                    td data-name="Quality" { (kit::mean_quality(row.average_data_quality)) }
                    td data-name="Hours" class="num" { @match row.average_estimated_hours { Some(hours) => (format!("{hours:.1}")), None => (kit::none()) } }
                }
            } }
        } }
    }
}
