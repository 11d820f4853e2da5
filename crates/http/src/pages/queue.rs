//! My queue: what whoever is signed in has taken up and not done, by when it is due and how urgent it is.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::Runtime;
use engage_domain::{
    Timestamp,
    calendar::Calendar,
    conversation::{AssignmentStatus, Priority},
};
use engage_index::assignments::ListedAssignment;
use maud::{Markup, html};

use super::{
    address::Address,
    frame::{Place, Source, framed},
    kit::{self, number},
    session::Visitor,
};
use crate::{problem::Problem, routes::AssignmentsQuery, server::Shared};

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Overdue,
    Today,
    Later,
    Undated,
}

impl Due {
    const ALL: [Self; 4] = [Self::Overdue, Self::Today, Self::Later, Self::Undated];

    fn of(due: Option<Timestamp>, now: Timestamp, tomorrow: Timestamp) -> Self {
        match due {
            None => Self::Undated,
            Some(due) if due < now => Self::Overdue,
            Some(due) if due < tomorrow => Self::Today,
            Some(_) => Self::Later,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Overdue => "Overdue",
            Self::Today => "Today",
            Self::Later => "Later",
            Self::Undated => "Without a due date",
        }
    }
}

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let here = Address::of(Place::Queue.path(), &uri);
    let (engage, caller, now) = (&server.engage, &visitor.caller, server.engage.runtime().now());
    let me = caller.actor.user_id.map(|me| me.to_string()).unwrap_or_default();
    let mine = [("assignedTo", &*me), ("status", AssignmentStatus::Active.as_str())];
    let list = here.read::<AssignmentsQuery>(&mine)?.list(caller.firm.clone(), now)?;
    let found = engage.list_assignments(caller, list, None).await?;
    let calendar = visitor.calendar()?;
    let tomorrow = calendar.start_of(calendar.day_of(now).plus(1));
    let content = html! {
        div class="head" { div { h1 { "My queue" } p class="soft" { "What you have taken up and not done, the most urgent first." } } }
        @if found.rows.is_empty() {
            section class="card" { (kit::empty("queue", "Nothing waits for you", html! {
                "What is assigned to you appears here. See " a href="/conversations?status=active" { "the active conversations" } ", or who has " a href="/workload" { "too much to do" } "." })) }
        } @else {
            @for due in Due::ALL { (group(due, &found.rows, (now, tomorrow), &calendar)) }
            (here.pager(found.next.map(|next| next.to_string()), &here.file("/api/v1/firm/assignments", &mine)))
        }
    };
    let source = Source::Index(found.freshness);
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Queue, "My queue", source, &content)))
}

fn group(due: Due, rows: &[ListedAssignment], (now, tomorrow): (Timestamp, Timestamp), calendar: &Calendar) -> Markup {
    let mut rows: Vec<_> = rows.iter().filter(|of| Due::of(of.row.due_date, now, tomorrow) == due).collect();
    // Within a priority they keep the order of the list, which is that of the due dates.
    rows.sort_by_key(|of| Priority::ALL.iter().position(|priority| *priority == of.row.priority));
    html! {
        @if !rows.is_empty() {
            section class="card" {
                div class="title" { h2 { (due.name()) } @if due == Due::Overdue { (kit::mark("alert", "alert", &number(rows.len() as u64))) } @else { span class="soft small" { (number(rows.len() as u64)) } } }
                div class="table" { table class="cards even" {
                    caption class="hidden" { (due.name()) }
                    thead { tr { th scope="col" class="wide" { "Client" } th scope="col" { "Priority" } th scope="col" { "Due" } th scope="col" { "Yours since" } th scope="col" class="num" { "Hours" } } }
                    tbody { @for ListedAssignment { row, client_name } in rows {
                        @let path = format!("/conversations/{}", row.session_id);
                        tr {
                            th scope="row" { div { a href=(path) { (kit::client(client_name.as_ref())) } @if let Some(notes) = &row.notes { div class="soft small again" { (notes.as_str()) } } } }
                            td data-name="Priority" { (priority(row.priority)) }
                            td data-name="Due" class="nowrap" { @match row.due_date {
                                Some(at) if due == Due::Today => (calendar.moment(at)),
                                Some(at) => (kit::time(at, now, calendar)),
                                None => (kit::none()),
                            } }
                            td data-name="Yours since" class="nowrap" { (kit::time(row.assigned_at, now, calendar)) }
                            td data-name="Hours" class="num" { @match row.estimated_hours { Some(hours) => (format!("{hours:.1}")), None => (kit::none()) } }
                        }
                    } }
                } }
            }
        }
    }
}

fn priority(priority: Priority) -> Markup {
    match priority {
        Priority::Urgent => kit::mark("alert", "alert", "Urgent"),
        Priority::High => kit::mark("wait", "up", "High"),
        Priority::Normal => kit::mark("", "open", "Normal"),
        Priority::Low => kit::mark("bare", "down", "Low"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_today_is_not_overdue_before_its_hour_and_not_later_before_midnight() {
        let at = Timestamp::from_millis;
        let due = |due: Option<i64>| Due::of(due.map(at), at(1_000), at(5_000));
        assert_eq!(
            [Some(999), Some(1_000), Some(4_999), Some(5_000), None].map(due),
            [Due::Overdue, Due::Today, Due::Today, Due::Later, Due::Undated]
        );
    }
}
