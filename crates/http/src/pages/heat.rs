//! Who looked at the firm's data on which day, as cells whose colour is the stronger the more it was.

use std::collections::BTreeMap;

use engage_app::reports::DailyAccess;
use engage_domain::calendar::{Calendar, Day};
use maud::{Markup, html};

use super::{data_access::entries, kit};

/// Days that are shown, the last of the span.
pub(super) const DAYS: i32 = 31;
/// People who are shown: whoever was refused, then whoever looked most.
const PEOPLE: usize = 12;
/// Steps of colour.
const STEPS: u64 = 4;

/// A person and what they did on some of the days.
struct Line<'a> {
    refused: u64,
    looks: u64,
    days: BTreeMap<Day, &'a DailyAccess>,
}

/// A line a person, a cell a day.
pub(super) fn strip(rows: &[DailyAccess], (first, last): (Day, Day), calendar: &Calendar) -> Markup {
    let mut people: BTreeMap<_, Line<'_>> = BTreeMap::new();
    for row in rows.iter().filter(|row| (first..=last).contains(&row.day)) {
        let none = || Line { refused: 0, looks: 0, days: BTreeMap::new() };
        let line = people.entry(row.count.user_id).or_insert_with(none);
        line.refused += row.count.blocked;
        line.looks += row.count.accesses;
        line.days.insert(row.day, row);
    }
    let mut lines: Vec<_> = people.into_values().collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.refused > 0, line.looks)));
    let most = rows.iter().map(|row| row.count.accesses).max().unwrap_or_default();
    let days: Vec<_> = (0..=last.days_since(first)).map(|days| first.plus(days)).collect();
    html! {
        section class="card" {
            h2 { "Looks, day by day" }
            div class="table" role="region" aria-label="Day by day" tabindex="0" { table class="heat" {
                caption { (kit::shown(lines.len(), PEOPLE)) "The stronger the colour, the more. An outlined day has attempts that were refused, and leads to them." }
                thead { tr {
                    th scope="col" { "Who" }
                    @for day in &days { th scope="col" title=(calendar.date(*day)) { (calendar.short_date(*day)) } }
                } }
                tbody { @for line in lines.iter().take(PEOPLE) { tr {
                    th scope="row" { @if let Some(row) = line.days.values().next() { (who(row)) } }
                    @for day in &days { @match line.days.get(day) { Some(row) => (cell(row, most)), None => td {} } }
                } } }
            } }
        }
    }
}

/// Whoever it was.
pub(super) fn who(row: &DailyAccess) -> &str {
    match row.count.user_id {
        Some(_) => kit::person(row.count.user_name.as_ref()),
        None => "Visitors and the platform",
    }
}

fn cell(row: &DailyAccess, most: u64) -> Markup {
    let (looks, refused) = (row.count.accesses, row.count.blocked);
    let step = (STEPS * looks).div_ceil(most.max(1));
    html! {
        @if refused > 0 {
            td class={ "h" (step) " no" } { a href=(entries(row, "blocked")) title={ (refused) " refused" } { (looks) span class="hidden" { ", " (refused) " refused" } } }
        } @else { td class={ "h" (step) } { (looks) } }
    }
}
