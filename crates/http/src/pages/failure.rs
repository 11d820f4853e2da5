//! A problem as a page, for browsers.

use axum::{
    http::{HeaderMap, header},
    response::Response,
};
use maud::html;

use super::{frame, kit::icon, session::Theme};
use crate::problem::{Code, Problem};

/// Whether whoever asks reads pages rather than JSON.
pub(crate) fn is_wanted(path: &str, headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accepts.contains("text/html") && !path.starts_with("/api/")
}

/// What went wrong, what can be done, and the id by which it is found in the log.
pub(crate) fn page(problem: &Problem, request_id: &str, path: &str, headers: &HeaderMap) -> Response {
    let status = problem.code.status();
    let advice = match problem.code {
        Code::Forbidden => "Your role does not reach this page. The attempt is on record, as every refusal is.",
        Code::StaleVersion => {
            "Somebody has changed it since you opened the page. Go back, reload, and see what they did before you save."
        }
        Code::UnknownRoute | Code::UnknownConversation | Code::UnknownUser => {
            "It may have been moved, or the address is mistyped."
        }
        _ if status.is_server_error() => {
            "Nothing was lost. Try again in a moment; if it stays, tell your administrator the number below."
        }
        _ => "Go back, mend it, and send it again.",
    };
    let body = html! {
        div class="door" {
            main id="main" class="stack" {
                span class="brand" { (icon("mark")) "Engage" }
                section class="card stack" {
                    h1 { (problem.code.title()) }
                    p { @if let Some(field) = &problem.field { strong { (field) } ": " } (sentence(&problem.detail)) }
                    p class="soft" { (advice) }
                    div class="row" {
                        @if status.is_server_error() { a class="button primary" href=(path) { "Try again" } }
                        @match path.strip_prefix("/intake/").and_then(|rest| rest.split(['/', '?']).next()) {
                            Some(firm) => a class="button" href={ "/intake/" (firm) } { "To the conversation" },
                            None => a class="button" href="/overview" { "To the overview" },
                        }
                    }
                    p class="soft small" { "Request " code { (request_id) } }
                }
            }
        }
    };
    super::html(status, frame::document(problem.code.title(), Theme::of(headers), &body))
}

fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}
