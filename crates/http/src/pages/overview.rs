//! The overview: how many came in, how far they have come, and who waits.

use std::cmp::Ordering;

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{
    Runtime,
    analytics::{IDLE_MS, Overview, Period, Totals},
};
use engage_domain::{
    Timestamp,
    calendar::Calendar,
    conversation::{ConflictStatus, Phase, Status},
};
use engage_index::{
    ConversationList, Limit,
    analytics::{Attention, AttentionRow},
    conversations::{Filters, Order},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form,
    frame::{Place, Range, Source, framed_over},
    kit::{self, icon, number},
    session::Visitor,
};
use crate::{problem::Problem, server::Shared};

/// Conversations that wait, shown here.
const WAITING: u32 = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    days: Option<i32>,
}

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let Asked { days } = form::asked(&uri)?;
    let days = days.unwrap_or(Period::DAYS_DEFAULT);
    if !(1..=Period::DAYS_MAX).contains(&days) {
        return Err(Problem::invalid("days", format!("must be 1 to {}", Period::DAYS_MAX)));
    }
    let (engage, caller, calendar) = (&server.engage, &visitor.caller, visitor.calendar()?);
    let now = engage.runtime().now();
    let to = calendar.day_of(now).plus(1);
    let period = Period { from: Some(to.plus(-days)), to: Some(to) };
    let overview = engage.overview(caller, period, None).await?;
    let limit = Limit::new(WAITING).unwrap_or_default();
    let waiting = Attention { firm: caller.firm.clone(), idle_before: now.plus_millis(-IDLE_MS), after: None, limit };
    let waiting = engage.list_attention(caller, waiting, None).await?;
    let conflicts = ConversationList {
        firm: caller.firm.clone(),
        filters: Filters {
            conflict_status: Some(ConflictStatus::ConflictDetected),
            status: Some(Status::Active),
            ..Filters::default()
        },
        order: Order::default(),
        after: None,
        limit,
    };
    let conflicts = engage.list_conversations(caller, conflicts, None).await?;
    let content = html! {
        div class="head" {
            div { h1 { "Overview" } p class="soft" { (calendar.date(overview.from)) " to " (calendar.date(overview.to.plus(-1))) ", against the " (days) " days before" } }
        }
        (figures(&overview))
        div class="columns" {
            section class="card" { div class="title" { h2 { "Day by day" } (legend()) } (chart(&overview, &calendar)) }
            section class="card" { h2 { "How far they have come" } (funnel(&overview.current, &from(&overview))) }
        }
        div class="columns" {
            section class="card" { h2 { "Waiting for somebody" } (attention(&waiting.rows, now, &calendar)) }
            section class="card" { h2 { "Open conflicts" }
                @if conflicts.rows.is_empty() { p class="soft" { (icon("shield")) " No active conversation has a conflict of interest." } }
                @else { ul class="goals" { @for row in &conflicts.rows { li {
                    a href={ "/conversations/" (row.session_id) } { (kit::client(row.client_name.as_ref())) } (kit::time(row.last_activity, now, &calendar)) } } }
                    p { a href="/conversations?conflictStatus=conflict_detected" { "All of them" } } }
            }
        }
    };
    let freshness =
        if waiting.freshness.lag_ms > overview.freshness.lag_ms { waiting.freshness } else { overview.freshness };
    let (source, range) = (Source::Index(freshness), range(days));
    let markup = framed_over(&visitor, Place::Overview, "Overview", source, Some(&range), &content);
    Ok(super::html(StatusCode::OK, markup))
}

fn range(days: i32) -> Range {
    let all = [(7, "Last 7 days"), (30, "Last 30 days"), (90, "Last 90 days"), (365, "Last 365 days")];
    let choices = all.into_iter().map(|(of, name)| (name, format!("/overview?days={of}"), of == days));
    Range { name: "Period", choices: choices.collect() }
}

/// The first day of the period, as the grid is asked for it.
fn from(overview: &Overview) -> String {
    overview.from.to_string()
}

fn figures(overview: &Overview) -> Markup {
    let (now, before) = (&overview.current, &overview.previous);
    let since = from(overview);
    let rows = |of: &[(&str, &str)]| {
        let fields: Vec<_> = of.iter().copied().chain([("createdFrom", since.as_str())]).collect();
        format!("/conversations{}", kit::query(&[], &fields))
    };
    let [all, active, completed] = ["", "active", "completed"].map(|status| rows(&[("status", status)]));
    let worst = rows(&[("sort", "dataQualityScore"), ("order", "asc")]);
    let count = |totals: &Totals| totals.by_status[&Status::Active];
    let percent = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), kit::percent);
    let duration = |hours: Option<f64>| hours.map_or_else(|| "–".to_owned(), kit::hours);
    let score = |score: Option<f64>| score.map_or_else(|| "–".to_owned(), |score| format!("{score:.0}"));
    let hours = |totals: &Totals| totals.average_hours_to_completion;
    let quality = |totals: &Totals| totals.average_data_quality;
    html! {
        div class="figures" {
            (figure("New", number(now.created), more(now.created, before.created), &all))
            (figure("Active", number(count(now)), more(count(now), count(before)), &active))
            (figure("Completed", number(now.completed), more(now.completed, before.completed), &completed))
            (figure("Conversion", percent(now.conversion()), points(now.conversion(), before.conversion(), 100.0), &completed))
            (figure("Average time", duration(hours(now)), hours(now).zip(hours(before)).and_then(|(now, before)| change(now, before, kit::hours)), &completed))
            (figure("Quality", score(quality(now)), points(quality(now), quality(before), 1.0), &worst))
        }
    }
}

fn figure(label: &str, value: String, change: Option<Change>, rows: &str) -> Markup {
    html! {
        a class="card figure" href=(rows) {
            span class="label" { (label) }
            span class="value" { (value) }
            span class="change" {
                @match change {
                    Some((Ordering::Equal, _)) => "as before",
                    Some((Ordering::Greater, by)) => { (icon("up")) (by) " more" },
                    Some((Ordering::Less, by)) => { (icon("down")) (by) " less" },
                    None => "nothing to compare with",
                }
            }
        }
    }
}

/// Which way something changed, and by how much.
type Change = (Ordering, String);

/// More than this says nothing as a share of what was before.
const PERCENT_MAX: i64 = 200;

/// By how many per cent, or `said` as a difference where that is many times what was before; none where there was nothing before.
fn change(now: f64, before: f64, said: impl Fn(f64) -> String) -> Option<Change> {
    (before > 0.0).then(|| {
        let percent = ((now - before) / before * 100.0).round() as i64;
        let by = if percent > PERCENT_MAX { said(now - before) } else { format!("{} %", percent.abs()) };
        (percent.cmp(&0), by)
    })
}

/// As [`change`], of a number of things.
fn more(now: u64, before: u64) -> Option<Change> {
    change(now as f64, before as f64, |_| number(now.abs_diff(before)))
}

/// By how many points; `each` is how many points one is.
fn points(now: Option<f64>, before: Option<f64>, each: f64) -> Option<Change> {
    let by = ((now? - before?) * each).round() as i64;
    Some((by.cmp(&0), format!("{} points", by.abs())))
}

fn legend() -> Markup {
    html! {
        div class="legend" aria-hidden="true" {
            span { svg viewBox="0 0 10 10" { rect class="bar-done" width="10" height="10" rx="2" {} } "completed by now" }
            span { svg viewBox="0 0 10 10" { rect class="bar-new" width="10" height="10" rx="2" {} } "others that began" }
        }
    }
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 32.0;
const BOTTOM: f64 = 20.0;

/// Bars of what began on each day, what is completed of it at the foot.
fn chart(overview: &Overview, calendar: &Calendar) -> Markup {
    let most = overview.days.iter().map(|day| day.created).max().unwrap_or(0).max(1);
    let top = nice(most);
    let step = (WIDTH - LEFT) / overview.days.len().max(1) as f64;
    let width = (step * 0.72).max(1.0);
    let height = |count: u64| (HEIGHT - BOTTOM) * count as f64 / top as f64;
    let every = overview.days.len().div_ceil(6).max(1);
    let rounded = |number: f64| format!("{number:.1}");
    html! {
        svg class="chart" viewBox={ "0 0 " (WIDTH) " " (HEIGHT + 4.0) } role="img" aria-labelledby="days-title days-desc" {
            title id="days-title" { "Conversations begun on each day" }
            desc id="days-desc" { (number(overview.current.created)) " began, at most " (most) " on one day; " (number(overview.current.completed)) " of them are completed." }
            @for part in [0, top / 2, top] {
                @let y = HEIGHT - BOTTOM - height(part) + 4.0;
                line class="axis" x1=(LEFT) x2=(WIDTH) y1=(rounded(y)) y2=(rounded(y)) {}
                text x=(LEFT - 6.0) y=(rounded(y + 4.0)) text-anchor="end" { (part) }
            }
            @for (at, day) in overview.days.iter().enumerate() {
                @let x = LEFT + step * at as f64 + (step - width) / 2.0;
                @let done = day.completed.min(day.created);
                g {
                    title { (calendar.date(day.day)) ": " (day.created) " began, " (day.completed) " completed by now" }
                    rect class="bar-new" x=(rounded(x)) width=(rounded(width)) y=(rounded(HEIGHT - BOTTOM - height(day.created) + 4.0)) height=(rounded(height(day.created - done))) {}
                    rect class="bar-done" x=(rounded(x)) width=(rounded(width)) y=(rounded(HEIGHT - BOTTOM - height(done) + 4.0)) height=(rounded(height(done))) {}
                }
                @if at % every == 0 { text x=(rounded(x)) y=(HEIGHT) { (calendar.short_date(day.day)) } }
            }
        }
        details class="behind" {
            summary { "As a table" }
            table { thead { tr { th scope="col" { "Day" } th scope="col" class="num" { "Began" } th scope="col" class="num" { "Completed by now" } } }
                tbody { @for day in overview.days.iter().rev() { tr { th scope="row" { (calendar.date(day.day)) } td class="num" { (day.created) } td class="num" { (day.completed) } } } } }
        }
    }
}

/// An even number that is not below, and easy to read.
fn nice(most: u64) -> u64 {
    let mut unit = 1;
    loop {
        for factor in [2, 4, 6, 8, 10] {
            if factor * unit >= most {
                return factor * unit;
            }
        }
        unit *= 10;
    }
}

fn funnel(totals: &Totals, since: &str) -> Markup {
    let most = totals.by_phase.values().copied().max().unwrap_or(0).max(1);
    html! {
        ul class="funnel" {
            @for phase in Phase::ALL {
                @let count = totals.by_phase[&phase];
                li { a href={ "/conversations" (kit::query(&[("phase".to_owned(), phase.as_str().to_owned()), ("createdFrom".to_owned(), since.to_owned())], &[])) } {
                    span { (kit::phase(phase)) }
                    svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" { rect class="track" width="100" height="8" rx="2" {} rect class="bar-new" width=(format!("{:.1}", 100.0 * count as f64 / most as f64)) height="8" rx="2" {} }
                    span class="num" { (number(count)) }
                } }
            }
        }
    }
}

fn attention(rows: &[AttentionRow], now: Timestamp, calendar: &Calendar) -> Markup {
    if rows.is_empty() {
        return html! { p class="soft" { (icon("done")) " Nobody waits: every active conversation has somebody responsible, and moved within a day." } };
    }
    html! {
        div class="table" { table class="cards" {
            thead { tr { th scope="col" { "Client" } th scope="col" { "Phase" } th scope="col" { "Responsible" } th scope="col" { "Last active" } } }
            tbody { @for AttentionRow { conversation: row, assigned_to_name } in rows {
                tr {
                    th scope="row" { a href={ "/conversations/" (row.session_id) } { (kit::client(row.client_name.as_ref())) } }
                    td data-name="Phase" { (kit::phase(row.phase)) }
                    td data-name="Responsible" { @match (assigned_to_name, row.assigned_to) { (Some(name), _) => (name.as_str()), (None, Some(_)) => (kit::person(None)), (None, None) => span class="mark wait" { (icon("wait")) "Nobody" } } }
                    td data-name="Last active" { (kit::time(row.last_activity, now, calendar)) }
                } } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_an_even_number_that_is_not_below() {
        assert_eq!([2, 2, 4, 10, 20, 80, 100, 200], [0, 1, 3, 9, 11, 70, 99, 101].map(nice));
    }

    #[test]
    fn a_change_needs_something_to_compare_with() {
        assert_eq!(more(3, 2), Some((Ordering::Greater, "50 %".to_owned())));
        assert_eq!(more(1, 4), Some((Ordering::Less, "75 %".to_owned())));
        assert_eq!(more(2, 2).unwrap().0, Ordering::Equal);
        assert_eq!(more(3, 0), None);
        assert_eq!(points(Some(0.25), Some(0.5), 100.0), Some((Ordering::Less, "25 points".to_owned())));
        assert_eq!(points(None, Some(0.5), 100.0), None);
    }

    #[test]
    fn a_change_that_is_many_times_what_was_before_is_a_difference() {
        assert_eq!(more(15, 5), Some((Ordering::Greater, "200 %".to_owned())));
        assert_eq!(more(48, 5), Some((Ordering::Greater, "43".to_owned())));
        assert_eq!(change(13.5, 1.5, kit::hours), Some((Ordering::Greater, "12.0 h".to_owned())));
    }
}
