//! Data access: who looked at the firm's data on which of its days, and who was refused.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Engage, Runtime, reports::DailyAccess};
use engage_domain::{Timestamp, UserId, calendar::Calendar};
use engage_index::{Limit, page::LIMIT_MAX};
use maud::{Markup, html};

use super::{
    address::Address,
    frame::{Place, Source, framed},
    heat,
    kit::{self, number},
    session::Visitor,
    users,
};
use crate::{problem::Problem, routes::DataAccessQuery, server::Shared};

/// Rows after which the strip goes no further back.
const COUNTED: usize = 1_000;

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let here = Address::of(Place::DataAccess.path(), &uri);
    let calendar = visitor.calendar()?;
    let span = here.span(&calendar);
    let span = span.each_ref().map(|(name, at)| (*name, at.as_str()));
    let report = here.read::<DataAccessQuery>(&span)?.report(&server, &visitor.caller).await?;
    let (from, to, user) = (report.from, report.to, report.user);
    let found = server.engage.list_accesses(&visitor.caller, report, None).await?;
    let strip = if here.get("cursor").is_empty() {
        strip(&server.engage, &visitor, user, (from, to)).await?
    } else {
        html! {}
    };
    let staff = users::staff(&server.engage, &visitor.caller, None).await?;
    let content = html! {
        div class="head" { div {
            h1 { "Data access" }
            p class="soft" { "Who opened conversations and other objects, " (calendar.date(calendar.day_of(from))) " to " (calendar.date(calendar.day_of(to.plus_millis(-1)))) "." }
        } }
        (here.said(|value| users::called(&staff.rows, value)))
        form class="fields" method="get" action=(Place::DataAccess.path()) data-live="" {
            (here.kept(&["limit"]))
            (here.choice("Who", "userId", users::options(&staff.rows, here.get("userId"))))
            (here.day("From", "from")) (here.day("To", "to"))
            button { "Filter" }
            @if here.is_filtered() { a class="small" href="/data-access" { "The last thirty days" } }
        }
        (strip)
        section class="card" {
            @if found.rows.is_empty() {
                (kit::empty("eye", "Nobody looked at anything", html! { "Choose other days or another person, or " a href="/data-access" { "see the last thirty days" } "." }))
            } @else {
                (table(&found.rows, &calendar))
                (here.pager(found.next.map(|next| next.to_string()), &here.file("/api/v1/firm/reports/data-access", &span)))
            }
        }
    };
    let source = Source::Index(found.freshness);
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::DataAccess, "Data access", source, &content)))
}

/// The last days of the span, whole; nothing where nobody looked.
async fn strip<R: Runtime>(
    engage: &Engage<R>,
    visitor: &Visitor,
    user: Option<UserId>,
    (from, to): (Timestamp, Timestamp),
) -> Result<Markup, Problem> {
    let calendar = visitor.calendar()?;
    let last = calendar.day_of(to.plus_millis(-1));
    let mut first = calendar.day_of(from).max(last.plus(1 - heat::DAYS));
    let from = from.max(calendar.start_of(first));
    let mut report = engage.access_report(&visitor.caller, user, (Some(from), Some(to))).await?;
    report.limit = Limit::new(LIMIT_MAX).unwrap_or_default();
    let mut rows = vec![];
    loop {
        let page = engage.list_accesses(&visitor.caller, report.clone(), None).await?;
        rows.extend(page.rows);
        report.after = match page.next {
            // Of a day that is cut nothing is shown.
            Some(_) if rows.len() >= COUNTED => break rows.last().into_iter().for_each(|row| first = row.day.plus(1)),
            None => break,
            next => next,
        };
    }
    Ok(if rows.is_empty() || first > last {
        html! {}
    } else {
        heat::strip(&rows, (first, last), &calendar)
    })
}

/// The entries behind a row.
pub(super) fn entries(row: &DailyAccess, outcome: &str) -> String {
    let (user, day) = (row.count.user_id.map(|id| id.to_string()).unwrap_or_default(), row.day.to_string());
    format!("/audit{}", kit::query(&[], &[("userId", &user), ("from", &day), ("to", &day), ("outcome", outcome)]))
}

fn table(rows: &[DailyAccess], calendar: &Calendar) -> Markup {
    let most = rows.iter().map(|row| row.count.accesses).max().unwrap_or_default();
    html! {
        div class="table" { table class="cards" {
            caption { "The newest day first, on each day whoever looked most" }
            thead { tr { th scope="col" { "Day" } th scope="col" { "Who" } th scope="col" { "Role" } th scope="col" { "Looks" } th scope="col" class="num" { "Different objects" } th scope="col" { "Refused" } } }
            tbody { @for (at, row) in rows.iter().enumerate() {
                @let count = &row.count;
                @let is_first = at == 0 || rows[at - 1].day != row.day;
                tr {
                    th scope="row" class="nowrap" { @if is_first { (calendar.date(row.day)) } @else { span class="again" { (calendar.date(row.day)) } } }
                    td data-name="Who" { a href=(entries(row, "")) { (heat::who(row)) } }
                    td data-name="Role" { @match count.user_role { Some(role) => (kit::words(role.as_str())), None => (kit::none()) } }
                    td data-name="Looks" { (kit::bar(count.accesses, most)) }
                    td data-name="Objects" class="num" { (number(count.resources)) }
                    td data-name="Refused" { @if count.blocked > 0 { a href=(entries(row, "blocked")) { (kit::mark("alert", "ended", &number(count.blocked))) } } @else { (kit::none()) } }
                }
            } }
        } }
    }
}
