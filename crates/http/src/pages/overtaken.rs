//! A change that was made against a version that is no longer the newest: what was wanted stands beside what is there now, with what happened
//! meanwhile, and it can be done all the same.

use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

use super::{
    form::csrf,
    frame::{Place, Source, framed},
    kit::icon,
    session::Visitor,
};
use crate::problem::{Code, Problem};

/// What it is called, how it was wanted, and how it is now.
pub(super) type Compared<'a> = (&'a str, String, String);

/// What was wanted, and what is there.
pub(super) struct Overtaken<'a> {
    pub(super) place: Place,
    /// What it was made to: a page.
    pub(super) back: String,
    /// The version that it was made against, and the newest.
    pub(super) versions: (u64, u64),
    /// Each of what was wanted.
    pub(super) rows: Vec<Compared<'a>>,
    /// What happened meanwhile, where that is known.
    pub(super) meanwhile: Option<Markup>,
    /// Where the form goes, and its fields but for the version.
    pub(super) again: (String, Vec<(&'a str, String)>),
}

/// The newest version, where a change was refused because it was made against another.
pub(super) fn newest(problem: &Problem) -> Option<u64> {
    problem.current_version.filter(|_| problem.code == Code::StaleVersion).map(|version| version.0)
}

impl Overtaken<'_> {
    pub(super) fn page(&self, visitor: &Visitor) -> Response {
        let (seen, now) = self.versions;
        let (path, fields) = &self.again;
        let title = "Somebody was faster";
        let content = html! {
            div class="head" { div { h1 { (title) } p class="soft" { "You changed version " (seen) "; by now it is version " (now) ". Nothing of yours has been saved yet." } } }
            div class="columns" {
                section class="card stack" {
                    table class="cards" {
                        caption { "Both versions" }
                        thead { tr { td {} th scope="col" { "Yours" } th scope="col" { "As it is now" } } }
                        tbody { @for (name, yours, theirs) in &self.rows { tr {
                            th scope="row" { (name) }
                            td data-name="Yours" { (shown(yours)) }
                            td data-name="Now" { @if yours == theirs { span class="soft" { "the same" } } @else { (shown(theirs)) } }
                        } } }
                    }
                    div class="row" {
                        form method="post" action=(path) {
                            (csrf(visitor)) input type="hidden" name="version" value=(now);
                            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
                            button class="primary" { (icon("done")) "Save mine all the same" }
                        }
                        a class="button" href=(self.back) { "Leave it as it is" }
                    }
                }
                @if let Some(meanwhile) = &self.meanwhile { section class="card" { h2 { "Meanwhile" } (meanwhile) } }
            }
        };
        super::html(StatusCode::PRECONDITION_FAILED, framed(visitor, self.place, title, Source::Object, &content))
    }
}

fn shown(value: &str) -> Markup {
    html! { @if value.is_empty() { span class="soft" { "nothing" } } @else { (value) } }
}
