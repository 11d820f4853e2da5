//! What is asked for, as it stands in the address of a page: its filters, and where in a list it is.

use axum::http::Uri;
use engage_domain::{
    Timestamp,
    calendar::{Calendar, Day},
};
use maud::{Markup, html};
use serde::de::DeserializeOwned;

use super::{
    form,
    kit::{self, icon},
};
use crate::problem::Problem;

/// Where in a list the page begins, and how long it is: what a file, which is whole, does not take.
const PAGING: [&str; 2] = ["cursor", "limit"];

/// The address of a page.
pub(super) struct Address {
    path: &'static str,
    fields: Vec<(String, String)>,
}

impl Address {
    /// Of a field that comes several times, as boxes that are ticked do, the values become one, parted by commas.
    pub(super) fn of(path: &'static str, uri: &Uri) -> Self {
        Self::parse(path, uri.query().unwrap_or_default())
    }

    pub(super) fn parse(path: &'static str, query: &str) -> Self {
        let mut fields: Vec<(String, String)> = vec![];
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.trim().is_empty() {
                continue;
            }
            match fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => *values = format!("{values},{value}"),
                None => fields.push((name.into_owned(), value.into_owned())),
            }
        }
        Self { path, fields }
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Whether anything is filtered by.
    pub(super) fn is_filtered(&self) -> bool {
        self.fields.iter().any(|(name, _)| !PAGING.contains(&name.as_str()))
    }

    /// The fields that it has.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    /// The address itself, without the page of the list.
    pub(super) fn question(&self) -> String {
        kit::query(&self.fields, &PAGING.map(|name| (name, ""))).trim_start_matches('?').to_owned()
    }

    /// What is filtered by, in words, for a page that is printed without its form; `called` says what a value is called.
    pub(super) fn said(&self, called: impl Fn(&str) -> Option<String>) -> Markup {
        let asked = self.fields.iter().filter(|(name, _)| !PAGING.contains(&name.as_str()));
        let said = |(name, value): &(String, String)| {
            // As the forms call them.
            let label = match name.as_str() {
                "userId" => "who",
                "resource" => "about",
                name => name,
            };
            format!("{label}: {}", called(value).unwrap_or_else(|| kit::words(value)))
        };
        let said: Vec<_> = asked.map(said).collect();
        html! { @if !said.is_empty() { p class="paper" { "Only " (said.join(", ")) } } }
    }

    /// The address with some of it changed; another question begins at its first page.
    pub(super) fn with(&self, changes: &[(&str, &str)]) -> String {
        let moves = changes.iter().any(|(name, _)| *name == "cursor");
        let all: Vec<_> = changes.iter().copied().chain((!moves).then_some(("cursor", ""))).collect();
        format!("{}{}", self.path, kit::query(&self.fields, &all))
    }

    /// The address with some of it changed, at the same page of the list.
    pub(super) fn here_with(&self, changes: &[(&str, &str)]) -> String {
        format!("{}{}", self.path, kit::query(&self.fields, changes))
    }

    /// What the API is asked, which the address says but for `changes`.
    pub(super) fn read<T: DeserializeOwned>(&self, changes: &[(&str, &str)]) -> Result<T, Problem> {
        let asked = kit::query(&self.fields, changes);
        let fields: Vec<_> = form_urlencoded::parse(asked.trim_start_matches('?').as_bytes()).into_owned().collect();
        form::read(&fields)
    }

    /// The same question as a file of the API.
    pub(super) fn file(&self, list: &str, changes: &[(&str, &str)]) -> String {
        let all: Vec<_> = PAGING.map(|name| (name, "")).into_iter().chain(changes.iter().copied()).collect();
        format!("{list}.csv{}", kit::query(&self.fields, &all))
    }

    /// The days `from` and `to`, both included, as the instants between which a list is asked for: where a field holds a day it is the firm's;
    /// anything else is left for whoever reads it.
    pub(super) fn span(&self, calendar: &Calendar) -> [(&'static str, String); 2] {
        self.days(["from", "to"], calendar)
    }

    /// As [`Self::span`], of days that are called otherwise.
    pub(super) fn days(&self, [from, to]: [&'static str; 2], calendar: &Calendar) -> [(&'static str, String); 2] {
        [(from, 0), (to, 1)].map(|(name, days)| {
            let text = self.get(name);
            let instant = text.parse().map(|day: Day| calendar.start_of(day.plus(days)));
            (name, instant.map_or_else(|_| text.to_owned(), |instant: Timestamp| instant.to_string()))
        })
    }

    /// Fields that the address has and a form does not show, so that it keeps them.
    pub(super) fn kept(&self, names: &[&str]) -> Markup {
        html! { @for name in names { @if !self.get(name).is_empty() { input type="hidden" name=(name) value=(self.get(name)); } } }
    }

    /// A choice among words.
    pub(super) fn choice<W: AsRef<str>>(
        &self,
        label: &str,
        name: &str,
        words: impl IntoIterator<Item = (W, String)>,
    ) -> Markup {
        kit::choice(label, name, Some("All"), self.get(name), words)
    }

    /// A day.
    pub(super) fn day(&self, label: &str, name: &str) -> Markup {
        html! { label { (label) input type="date" name=(name) value=(self.get(name)); } }
    }

    /// The way to the other pages of a list, and to all of it as a file.
    pub(super) fn pager(&self, next: Option<String>, file: &str) -> Markup {
        html! {
            nav class="pager" aria-label="Pages" {
                div class="row" {
                    @if !self.get("cursor").is_empty() { a class="button" href=(self.with(&[])) rel="first" { "First page" } }
                    @match next {
                        Some(next) => a class="button" rel="next" href=(self.with(&[("cursor", &next)])) { "Next page" },
                        None => span class="soft small" { "That is the end of the list." },
                    }
                }
                a class="button" href=(file) download="" { (icon("file")) "As a file (CSV)" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(query: &str) -> Address {
        Address::of("/audit", &format!("/audit?{query}").parse().unwrap())
    }

    #[test]
    fn another_question_begins_at_its_first_page_and_a_file_has_none() {
        let here = address("action=a%26b&cursor=x&limit=5&outcome=");
        assert_eq!(here.with(&[("outcome", "blocked")]), "/audit?action=a%26b&limit=5&outcome=blocked");
        assert_eq!(here.with(&[("cursor", "y")]), "/audit?action=a%26b&limit=5&cursor=y");
        assert_eq!(here.file("/api/v1/firm/audit", &[]), "/api/v1/firm/audit.csv?action=a%26b");
        assert!(here.is_filtered() && !address("cursor=x&limit=5").is_filtered());
    }

    #[test]
    fn days_are_the_firms_and_the_last_one_is_included() {
        let chicago = Calendar::of("America/Chicago").unwrap();
        let [(_, from), (_, to)] = address("from=2026-11-23&to=2026-11-23").span(&chicago);
        assert_eq!((&*from, &*to), ("2026-11-23T06:00:00.000Z", "2026-11-24T06:00:00.000Z"));
        let [(_, from), (_, to)] = address("from=2026-11-23T00%3A00%3A00Z").span(&chicago);
        assert_eq!((&*from, &*to), ("2026-11-23T00:00:00Z", ""));
    }
}
