//! Practice areas: how many conversations each brought in a span that ends now, and how far they came.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{
    Runtime,
    analytics::{Reach, Trends},
    exports::PracticeAreaReport,
};
use engage_domain::Timestamp;
use engage_index::analytics::PracticeAreaRow;
use maud::{Markup, html};

use super::{
    address::Address,
    frame::{Place, Range, Source, framed_over},
    kit::{self, icon, number},
    session::Visitor,
};
use crate::{problem::Problem, routes::PracticeAreasQuery, server::Shared};

/// Areas that are shown, those with most conversations; the file has all.
const SHOWN: usize = 30;

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let here = Address::of(Place::PracticeAreas.path(), &uri);
    let PracticeAreaReport(reach) = here.read::<PracticeAreasQuery>(&[])?.report()?;
    let (report, since) = server.engage.practice_areas(&visitor.caller, reach, None).await?;
    let trends = server.engage.practice_area_trends(&visitor.caller, reach).await?.body;
    let content = html! {
        div class="head" {
            div { h1 { "Practice areas" } p class="soft" { "Conversations that began in the span, and how far they have come by now." } }
        }
        section class="card" {
            @if report.body.is_empty() {
                (kit::empty("areas", "Nothing began in this span", html! { "Choose a longer one, or " a href=(here.with(&[("range", Reach::All.as_str())])) { "look at all of time" } "." }))
            } @else {
                (table(&report.body, &trends, since, &visitor))
                nav class="pager" aria-label="File" { span {} a class="button" href=(here.file("/api/v1/firm/analytics/practice-areas", &[])) download="" { (icon("file")) "As a file (CSV)" } }
            }
        }
    };
    let choice = |of: Reach| (name(of), here.with(&[("range", of.as_str())]), of == reach);
    let range = Range { name: "Began", choices: Reach::ALL.map(choice).into() };
    let source = Source::Index(report.freshness);
    let markup = framed_over(&visitor, Place::PracticeAreas, "Practice areas", source, Some(&range), &content);
    Ok(super::html(StatusCode::OK, markup))
}

const fn name(reach: Reach) -> &'static str {
    match reach {
        Reach::Week => "Last 7 days",
        Reach::Month => "Last 30 days",
        Reach::Quarter => "Last 90 days",
        Reach::Year => "Last 365 days",
        Reach::All => "Any time",
    }
}

fn table(rows: &[PracticeAreaRow], trends: &Trends, since: Option<Timestamp>, visitor: &Visitor) -> Markup {
    let areas = &visitor.firm.settings.practice_areas;
    let called = |slug: &str| {
        areas.iter().find(|area| area.id.as_str() == slug).map_or_else(|| kit::words(slug), |area| area.name.clone())
    };
    let path = |slug: &str, status: &str| {
        let since = since.map(|since| since.to_string()).unwrap_or_default();
        let fields = [("practiceArea", slug), ("status", status), ("createdFrom", &since)];
        format!("/conversations{}", kit::query(&[], &fields))
    };
    let most = rows.iter().map(|row| row.total).max().unwrap_or_default();
    html! {
        div class="table" { table class="cards grid" {
            caption { (kit::shown(rows.len(), SHOWN)) "Most conversations first. The line is what is new, " (every(trends)) ", each area by a measure of its own." }
            thead { tr {
                th scope="col" { "Practice area" } th scope="col" { "Conversations" } th scope="col" { "New" } th scope="col" class="num" { "Completed" } th scope="col" class="num" { "Conversion" }
                th scope="col" { "Quality" } th scope="col" class="num" { "Time to completion" }
            } }
            tbody { @for row in rows.iter().take(SHOWN) {
                @let slug = row.practice_area.as_ref().map(|area| area.as_str());
                tr {
                    th scope="row" class="long" { @match slug { Some(slug) => a href=(path(slug, "")) { (called(slug)) }, None => span class="soft" { "Not known yet" } } }
                    td data-name="Conversations" { (kit::bar(row.total, most)) }
                    td data-name="New" { (spark(trends, trends.counts.get(&row.practice_area))) }
                    td data-name="Completed" class="num" { @match slug { Some(slug) => a href=(path(slug, "completed")) { (number(row.completed)) }, None => (number(row.completed)) } }
                    td data-name="Conversion" class="num" { (kit::percent(row.completed as f64 / row.total.max(1) as f64)) }
                    td data-name="Quality" { (kit::mean_quality(row.average_data_quality)) }
                    td data-name="Time" class="num" { @match row.average_hours_to_completion { Some(hours) => (kit::hours(hours)), None => (kit::none()) } }
                }
            } }
        } }
    }
}

/// What the lines show.
fn every(Trends { days, spans, .. }: &Trends) -> String {
    let unit = if *days == 1 { "day" } else { "week" };
    format!("{unit} by {unit}, over the last {spans} {unit}s")
}

/// How an area's counts went, as a line.
fn spark(trends: &Trends, counts: Option<&Vec<u64>>) -> Markup {
    let Some(counts) = counts else { return kit::none() };
    let most = counts.iter().copied().max().unwrap_or_default();
    let step = 100.0 / (trends.spans - 1).max(1) as f64;
    let place = |(at, count): (usize, &u64)| {
        format!("{:.0},{:.0}", step * at as f64, 22.0 - 20.0 * *count as f64 / most.max(1) as f64)
    };
    let points: Vec<_> = counts.iter().enumerate().map(place).collect();
    let [first, last] = [counts.first(), counts.last()].map(|count| count.copied().unwrap_or_default());
    html! {
        svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" {
            title { "New " (every(trends)) }
            desc { (number(first)) " in the first, at most " (number(most)) " in one, " (number(last)) " in the last" }
            polyline points=(points.join(" ")) {}
        }
    }
}
