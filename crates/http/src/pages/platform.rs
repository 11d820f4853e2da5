//! The platform in view: how the index is, what it could not take in, and when it was last held against its sources.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{
    Runtime,
    operations::{Reconciliations, Replayed},
    runtime::Health,
};
use engage_domain::{Timestamp, actor::Permission, calendar::Calendar};
use engage_index::{
    AuditRow, Limit,
    audit::ListedEntry,
    reconciliation::{Rebuilt, Reconciled, Tally},
    sync_failure::{SyncFailure, SyncFailures},
};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::{
    address::Address,
    form::{Nothing, Posted, csrf},
    frame::{Place, Source, framed},
    kit::{self, icon, number},
    see,
    session::Visitor,
};
use crate::{params::Id, problem::Problem, routes::SyncFailureId, server::Shared};

/// Runs and failures that are shown; the files have all of them.
const SHOWN: u32 = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// What came of a replay that was asked for on this page.
    replayed: Option<String>,
}

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let Asked { replayed } = Address::of(Place::Platform.path(), &uri).read(&[])?;
    let outcome = replayed.map(|word| {
        let known = || format!("must be one of {}", Replayed::ALL.map(|one| one.as_str()).join(", "));
        let outcome = Replayed::ALL.into_iter().find(|one| one.as_str() == word);
        outcome.ok_or_else(|| Problem::invalid("replayed", known()))
    });
    let outcome = outcome.transpose()?;
    let (engage, caller) = (&server.engage, &visitor.caller);
    let health = engage.health(caller).await?;
    let limit = Limit::new(SHOWN).unwrap_or_default();
    let failures = engage.list_sync_failures(caller, SyncFailures { after: 0, limit }, None).await?;
    let runs = engage.list_reconciliations(caller, Reconciliations { after: None, limit }, None).await?;
    let (calendar, now) = (visitor.calendar()?, engage.runtime().now());
    let operates = caller.actor.role.may(Permission::OperatePlatform);
    let content = html! {
        div class="head" { div { h1 { "Platform" } p class="soft" { "The index is derived from the journal. Here is how far it is, and whether it is right." } } (ready((server.config.ready)())) }
        @if let Some(outcome) = &outcome { (tried(outcome)) }
        (figures(&health))
        div class="talk" {
            div class="stack" {
                section class="card" { h2 { "What the index could not take in" } (failed(&failures.rows, operates.then_some(&visitor), now, &calendar)) }
                section class="card" { h2 { "Reconciliations" } (reconciliations(&runs.rows, now, &calendar)) }
            }
            div class="aside" {
                (last(&health, now, &calendar))
                (health.running.map_or_else(idle, running))
                @if operates { (operations(&visitor)) } @else { section class="card" { p class="soft small" { "Your role sees the platform and does not operate it." } } }
            }
        }
    };
    let source = Source::Index(health.freshness);
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Platform, "Platform", source, &content)))
}

/// What `/readyz` answers.
fn ready(state: Result<(), String>) -> Markup {
    match state {
        Ok(()) => kit::mark("good", "done", "The server is ready"),
        Err(reason) => kit::mark("alert", "alert", &format!("The server is not ready: {reason}")),
    }
}

fn tried(outcome: &Replayed) -> Markup {
    let (class, name, text) = match outcome {
        Replayed::Indexed => ("good", "done", "The index has taken the object in."),
        Replayed::Failed => ("alert", "alert", "It went wrong again. What went wrong stands below."),
        Replayed::Queued => ("", "wait", "It will be tried as soon as the index comes to it."),
    };
    html! { div class={ "notice " (class) } role="status" { (icon(name)) div { (text) } } }
}

fn figures(health: &Health) -> Markup {
    let figures = [
        (
            "Lag",
            kit::seconds(health.freshness.lag_ms),
            if health.building { "the index is being built" } else { "of the oldest entry that lists do not show" },
        ),
        ("Waiting entries", number(health.pending_entries), "recorded and not in the index yet"),
        ("Parked objects", number(health.parked_objects), "given up on until they change or are replayed"),
        ("Failed passes", number(health.failed_passes), "since the server's start"),
        ("Queue", number(health.queue_depth), "calls that wait for their turn"),
        ("Heartbeat", kit::seconds(health.heartbeat_age_ms), "since the follower was last seen"),
    ];
    html! {
        div class="figures" { @for (label, value, note) in figures {
            div class="card figure" { span class="label" { (label) } span class="value" { (value) } span class="change" { (note) } } } }
    }
}

fn failed(rows: &[SyncFailure], operator: Option<&Visitor>, now: Timestamp, calendar: &Calendar) -> Markup {
    if rows.is_empty() {
        return html! { p class="soft" { (icon("done")) " Nothing: the index has taken in every object." } };
    }
    html! {
        div class="table" { table class="cards" {
            caption { "Those that wait the longest first" }
            thead { tr { th scope="col" { "Object" } th scope="col" class="num" { "Tries" } th scope="col" { "Since" } th scope="col" { "What went wrong" } @if operator.is_some() { th scope="col" { span class="hidden" { "Replay" } } } } }
            tbody { @for row in rows { tr {
                th scope="row" { (kit::words(row.object.kind.as_str())) br; code class="soft small" { (row.object.name) " @" (row.version) } }
                td data-name="Tries" class="num" { (number(row.attempts)) }
                td data-name="Since" class="nowrap" { (kit::time(row.first_failed_at, now, calendar)) }
                td data-name="Error" { code class="small" { (row.error) } }
                @if let Some(visitor) = operator {
                    td { form method="post" action={ "/platform/sync-failures/" (row.id) "/replay" } { (csrf(visitor)) button { "Try again" span class="hidden" { ": " (row.object.name) } } } }
                }
            } } }
        } }
        p { a class="button" href="/api/v1/platform/sync-failures.csv" download="" { (icon("file")) "As a file (CSV)" } }
    }
}

/// What an entry of a run says, in the columns of the list.
fn told(row: &AuditRow) -> [u64; 5] {
    // The projection has read them as JSON before it wrote them.
    let details: Value = serde_json::from_str(&row.details).unwrap_or_default();
    let count = |name: &str| details[name].as_u64().unwrap_or_default();
    let differences = ["missing", "stale", "orphaned", "drifted"].map(count).iter().sum();
    [count("rows"), differences, count("repaired"), count("unreadable"), count("durationMs")]
}

fn is_dry(row: &AuditRow) -> bool {
    serde_json::from_str::<Value>(&row.details).is_ok_and(|details| details["dryRun"] == true)
}

/// Whether everything agreed.
fn verdict(differences: u64, unreadable: u64) -> Markup {
    if differences + unreadable == 0 {
        kit::mark("good", "done", "All agree")
    } else {
        kit::mark("alert", "alert", &format!("{} differed", number(differences)))
    }
}

fn reconciliations(rows: &[ListedEntry], now: Timestamp, calendar: &Calendar) -> Markup {
    if rows.is_empty() {
        return html! { p class="soft" { "There was none yet. One runs on the schedule of the server; whoever operates the platform can run one now." } };
    }
    html! {
        div class="table" { table class="cards" {
            caption { "The newest first" }
            thead { tr { th scope="col" { "When" } th scope="col" { "By" } th scope="col" { "Result" } th scope="col" class="num" { "Rows" } th scope="col" class="num" { "Mended" } th scope="col" class="num" { "Took" } } }
            tbody { @for ListedEntry { row, user_name, .. } in rows {
                @let [compared, differences, repaired, unreadable, took] = told(row);
                tr {
                    th scope="row" class="nowrap" { (kit::time(row.timestamp, now, calendar)) }
                    td data-name="By" { @match row.user_id { Some(_) => (kit::person(user_name.as_ref())), None => span class="soft" { "The platform" } } }
                    td data-name="Result" { (verdict(differences, unreadable)) }
                    td data-name="Rows" class="num" { (number(compared)) }
                    td data-name="Mended" class="num" { @if is_dry(row) { span class="soft" { "dry run" } } @else { (number(repaired)) } }
                    td data-name="Took" class="num" { (kit::seconds(took)) }
                }
            } }
        } }
        p { a class="button" href="/api/v1/platform/reconciliations.csv" download="" { (icon("file")) "As a file (CSV)" } }
    }
}

fn last(health: &Health, now: Timestamp, calendar: &Calendar) -> Markup {
    html! {
        section class="card stack" {
            h2 { "Is the index right?" }
            @match &health.last_reconciliation {
                Some(row) => {
                    @let [rows, differences, _, unreadable, _] = told(row);
                    p { (verdict(differences, unreadable)) }
                    p class="soft small" { "Held against the journal " (kit::time(row.timestamp, now, calendar)) ", " (number(rows)) " rows." }
                },
                None => p class="soft" { "It has not been held against the journal since the server's start." },
            }
        }
    }
}

/// Where a run that is under way is shown, once there is one.
fn idle() -> Markup {
    html! { div id="run" {} }
}

/// A run that is under way: as long as it is, a script asks for this again.
fn running(rows: u64) -> Markup {
    html! {
        div id="run" class="notice" role="status" data-poll="/platform/run" {
            (icon("pulse")) div { strong { "A run is under way." } @if rows > 0 { " Rows compared so far: " (number(rows)) "." } }
        }
    }
}

/// How far a run is that is under way; or that it has ended, for whoever has asked while it was.
pub(super) async fn run<R: Runtime>(State(server): State<Shared<R>>, visitor: Visitor) -> Result<Response, Problem> {
    let health = server.engage.health(&visitor.caller).await?;
    let ended = || {
        html! {
            div id="run" class="notice good" role="status" { (icon("done")) div { "The run has ended. " a href=(Place::Platform.path()) { "See what it found" } } }
        }
    };
    Ok(super::html(StatusCode::OK, health.running.map_or_else(ended, running)))
}

fn operations(visitor: &Visitor) -> Markup {
    html! {
        section class="card stack" {
            h2 { "Operate" }
            p class="soft small" { "A reconciliation compares every row with the journal beside live writers, and mends what differs. A dry run mends nothing." }
            form method="post" action="/platform/reconciliation" class="row" data-watch="/platform/run#run" {
                (csrf(visitor)) button class="primary" name="dryRun" value="false" { (icon("pulse")) "Reconcile" } button name="dryRun" value="true" { "Dry run" }
            }
            details {
                summary class="soft small" { "Build the index anew" }
                div class="stack more" {
                    p class="soft small" { "A new index is made from the journal beside the one that answers, and takes its place. It reads everything that was ever recorded." }
                    form method="post" action="/platform/rebuild" data-watch="/platform/run#run" { (csrf(visitor)) button { "Rebuild" } }
                }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReconcileForm {
    dry_run: bool,
}

/// Compares, and shows what was found. The answer is to the form itself: the run is on record, its findings are not.
pub(super) async fn reconcile<R: Runtime>(
    State(server): State<Shared<R>>,
    Posted { visitor, body: ReconcileForm { dry_run } }: Posted<ReconcileForm>,
) -> Result<Response, Problem> {
    let run = server.engage.reconcile(&visitor.caller, visitor.caller.firm.as_str(), dry_run).await?;
    let title = if dry_run { "Dry run" } else { "Reconciliation" };
    done(&visitor, title, &run, None)
}

pub(super) async fn rebuild<R: Runtime>(
    State(server): State<Shared<R>>,
    Posted { visitor, body: Nothing {} }: Posted<Nothing>,
) -> Result<Response, Problem> {
    let Rebuilt { run, entries } = server.engage.rebuild(&visitor.caller, visitor.caller.firm.as_str()).await?;
    done(&visitor, "Rebuild", &run, Some(entries))
}

fn done(visitor: &Visitor, title: &str, run: &Reconciled, entries: Option<u64>) -> Result<Response, Problem> {
    let calendar = visitor.calendar()?;
    let Tally { rows, missing, stale, orphaned, drifted, repaired, unreadable } = run.tally;
    let differences = run.tally.differences();
    let content = html! {
        div class="head" { div { p class="small" { a href=(Place::Platform.path()) { "Platform" } } h1 { (title) } } }
        @if differences + unreadable == 0 {
            div class="notice good" role="status" { (icon("done")) div { strong { "Every row agrees with the journal." } } }
        } @else {
            div class="notice alert" role="status" { (icon("alert")) div { strong { (number(differences)) @if differences == 1 { " row differed." } @else { " rows differed." } }
                @if entries.is_some() { " The new index has them right." } @else if run.dry_run { " Nothing was changed." } @else { " Mended: " (number(repaired)) "." }
                @if unreadable > 0 { " Could not be read: " (number(unreadable)) ", whose rows were left alone." } } }
        }
        div class="columns" {
            section class="card" {
                h2 { "What differed" }
                @if run.findings.is_empty() { p class="soft" { "Nothing." } }
                @else { div class="table" { table class="cards" {
                    caption { "The first hundred" }
                    thead { tr { th scope="col" { "Row" } th scope="col" { "Table" } th scope="col" { "How" } } }
                    tbody { @for found in &run.findings { tr { th scope="row" { code { (found.key) } } td data-name="Table" { (found.table) } td data-name="How" { (kit::words(found.difference.as_str())) } } } }
                } } }
            }
            section class="card" {
                h2 { "The run" }
                dl class="facts" {
                    dt { "Ended" } dd { (calendar.moment(run.finished_at)) }
                    dt { "Took" } dd { (kit::seconds((run.finished_at.as_millis() - run.started_at.as_millis()).unsigned_abs())) }
                    @if let Some(entries) = entries { dt { "Entries" } dd { (number(entries)) } }
                    @for (name, count) in [("Rows", rows), ("Missing", missing), ("Stale", stale), ("Orphaned", orphaned), ("Drifted", drifted), ("Unreadable", unreadable), ("Mended", repaired)] { dt { (name) } dd { (number(count)) } }
                }
            }
        }
    };
    Ok(super::html(StatusCode::OK, framed(visitor, Place::Platform, title, Source::Object, &content)))
}

pub(super) async fn replay<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(SyncFailureId(id)): Id<SyncFailureId>,
    Posted { visitor, body: Nothing {} }: Posted<Nothing>,
) -> Result<Response, Problem> {
    let (_, outcome) = server.engage.replay(&visitor.caller, i64::from(id)).await?;
    Ok(see(&format!("{}?replayed={}", Place::Platform.path(), outcome.as_str())))
}
