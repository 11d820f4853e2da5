//! The hash chains behind the audit trail: whether they are whole.

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::Runtime;
use engage_domain::{Timestamp, calendar::Calendar};
use engage_index::AuditRow;
use engage_journal::verify::{ChainError, Walk};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form::{Nothing, Posted, csrf},
    frame::{Place, Source, framed},
    kit::{self, icon, number},
    session::Visitor,
};
use crate::{problem::Problem, server::Shared};

/// Broken places that are listed one by one; all are counted.
const SHOWN: usize = 100;

/// What the entry of a walk says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Walked {
    objects: u64,
    entries: u64,
    errors: u64,
}

/// How many of what, as people say it.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// Whether nothing is broken.
fn verdict(errors: u64) -> Markup {
    match errors {
        0 => kit::mark("good", "shield", "Chains whole"),
        _ => kit::mark("alert", "alert", &format!("Chains broken in {}", counted(errors, "place", "places"))),
    }
}

/// What the latest walk along the chains found, and the way to another one.
pub(super) fn state(visitor: &Visitor, latest: Option<&AuditRow>, now: Timestamp, calendar: &Calendar) -> Markup {
    html! {
        div class="row" {
            @match latest {
                Some(row) => {
                    // The projection has read them as JSON before it wrote them.
                    @let Walked { objects, entries, errors } = serde_json::from_str(&row.details).unwrap_or_default();
                    (verdict(errors))
                    span class="soft small" { (counted(entries, "entry", "entries")) " of " (counted(objects, "object", "objects")) ", " (kit::time(row.timestamp, now, calendar)) }
                },
                None => span class="soft small" { "The chains have not been walked yet." },
            }
            form method="post" action="/audit/verification" { (csrf(visitor)) button { (icon("shield")) "Check the chains" } }
        }
    }
}

/// Walks the chains, and shows what was found. The answer is to the form itself: the walk is on record, the broken places are not.
pub(super) async fn verify<R: Runtime>(
    State(server): State<Shared<R>>,
    Posted { visitor, body: Nothing {} }: Posted<Nothing>,
) -> Result<Response, Problem> {
    let walk = server.engage.verify_chains(&visitor.caller).await?;
    let at = visitor.calendar()?.moment(server.engage.runtime().now());
    let Walk { objects, entries, digest, errors } = &walk;
    let content = html! {
        div class="head" { div { p class="small" { a href=(Place::Audit.path()) { "Audit" } } h1 { "The hash chains" } } }
        @if errors.is_empty() {
            div class="notice good" role="status" { (icon("shield")) div { strong { "Every chain is whole." } " No entry was changed, taken out, put in or moved." } }
        } @else {
            div class="notice alert" role="status" { (icon("alert")) div { strong { "Broken in " (counted(errors.len() as u64, "place", "places")) "." } " What is recorded is not what was written. Keep the files as they are, and compare them with a copy." } }
        }
        div class="columns" {
            section class="card" { h2 { "What is broken" } (broken(errors)) }
            section class="card stack" {
                h2 { "The walk" }
                dl class="facts" {
                    dt { "Ended" } dd { (at) }
                    dt { "Objects" } dd { (number(*objects)) }
                    dt { "Entries" } dd { (number(*entries)) }
                    dt { "Digest" } dd { code { (format!("{digest:?}")) } }
                }
                p class="soft small" { "Each entry carries the hash of the one before it, object by object. The digest stands for all of them: kept elsewhere, it also tells of a journal that was cut off at its end or written anew." }
            }
        }
    };
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Audit, "The hash chains", Source::Object, &content)))
}

fn broken(errors: &[ChainError]) -> Markup {
    html! {
        @if errors.is_empty() { p class="soft" { "Nothing." } }
        @else { div class="table" { table class="cards" {
            caption { (kit::shown(errors.len(), SHOWN)) "In the order of the journal" }
            thead { tr { th scope="col" { "Object" } th scope="col" class="num" { "Entry" } th scope="col" { "What is wrong" } } }
            tbody { @for ChainError { object, seq, problem } in errors.iter().take(SHOWN) { tr {
                th scope="row" { a href={ (Place::Audit.path()) (kit::query(&[], &[("resource", object)])) } { code { (object) } } }
                td data-name="Entry" class="num" { @if *seq > 0 { (seq) } @else { span class="soft" { "directory" } } }
                td data-name="Problem" { (problem) }
            } } }
        } } }
    }
}
