//! The firm's settings, from the firm itself.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::Runtime;
use engage_domain::{
    Firm, Role,
    actor::Permission,
    firm::{NAME_MAX, RETENTION_DAYS_MAX, SettingsChange},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form::{self, Posted, csrf, expecting},
    frame::{Place, Source, framed, who},
    kit::{self, icon, number},
    overtaken::{Overtaken, newest},
    practice_area, saved, see,
    session::Visitor,
};
use crate::{problem::Problem, server::Shared};

/// Practice areas on a page.
const SHOWN: usize = 60;
/// Goals of each; its own page has all.
const GOALS_SHOWN: usize = 5;
/// The entries about changes in the audit trail.
const CHANGES: &str = "/audit?action=settings_changed";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    /// How many practice areas are on the pages before.
    areas_from: Option<usize>,
}

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let Asked { areas_from } = form::asked(&uri)?;
    let firm = server.engage.settings(&visitor.caller).await?.state;
    let held = |within: &str| server.engage.is_held_within(&visitor.caller.firm, within);
    let is_held = firm.settings.jurisdiction.as_deref().is_some_and(held);
    let content = html! {
        div class="head" { div { h1 { "Settings" } p class="soft" {
            "Everybody who works here reads them, a " (changers()) " changes them."
            @if visitor.caller.actor.role.may(Permission::ReadAudit) { " " a href=(CHANGES) { "Who changed them" } }
        } } }
        div class="columns" {
            div class="stack" {
                section class="card" { h2 { "Practice areas" } (areas(&visitor, &firm, areas_from.unwrap_or(0))) }
                (saved::section(&visitor, &firm))
            }
            div class="stack" {
                (session(&visitor)?)
                @if visitor.caller.actor.role.may(Permission::ManageSettings) { (of_the_firm(&visitor, &firm, is_held)) } @else { (facts(&firm, is_held)) }
            }
        }
    };
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Settings, "Settings", Source::Object, &content)))
}

/// Who may change the settings.
fn changers() -> String {
    let people = Role::ALL.into_iter().filter(|role| role.may(Permission::ManageSettings) && *role != Role::System);
    people.map(|role| kit::words(role.as_str()).to_lowercase()).collect::<Vec<_>>().join(" or ")
}

/// The session of whoever looks, and how others reach the firm's data.
fn session(visitor: &Visitor) -> Result<Markup, Problem> {
    let Visitor { claims, caller, .. } = visitor;
    let (role, calendar) = (caller.actor.role, visitor.calendar()?);
    Ok(html! {
        section class="card stack" {
            h2 { "Sessions and tokens" }
            dl class="facts" {
                dt { "You" } dd { (who(visitor)) }
                dt { "Role" } dd { (kit::words(role.as_str())) }
                dt { "Since" } dd { (calendar.moment(claims.issued_at)) }
                dt { "Ends" } dd { (calendar.moment(claims.expires_at)) }
            }
            form method="post" action="/sign-out/everywhere" { (csrf(visitor)) button { (icon("leave")) "Sign out everywhere" } }
            p class="soft small" { "Every token that you have got until now is refused then, in this browser, in others and in programs."
                @if role.may(Permission::ManageUsers) { " Those of somebody else are ended on their page under " a href=(Place::Users.path()) { "Users" } "." } }
            p class="soft small" { "A program reaches the firm's data with a token of its own, under " code { "/api/v1/firm" } ", as " a href="/api/openapi.json" { "its description" } " says. Tokens are not made here: whoever holds the server's key makes them, with " code { "engage token" } "." }
        }
    })
}

/// Who sees to it that the data stays where the firm says.
fn kept_by(firm: &Firm, is_held: bool) -> &'static str {
    match (&firm.settings.jurisdiction, is_held) {
        (None, _) => "The firm's data may be kept anywhere.",
        (Some(_), true) => "The platform itself keeps the firm's data there.",
        (Some(_), false) => "It is on record; whoever runs the platform has to see to it.",
    }
}

fn facts(firm: &Firm, is_held: bool) -> Markup {
    let settings = &firm.settings;
    html! {
        section class="card stack" {
            h2 { "The firm" }
            dl class="facts" {
                dt { "Name" } dd { (firm.name) }
                dt { "Time zone" } dd { (settings.time_zone) }
                dt { "Retention" } dd { (number(settings.retention_days.into())) " days" }
                dt { "Jurisdiction" } dd { @match &settings.jurisdiction { Some(within) => (within), None => span class="soft" { "none" } } }
                dt { "Conflicts" } dd { @if settings.freeze_on_conflict { "An intake stops when one is found" } @else { "An intake goes on when one is found" } }
            }
            p class="soft small" { (kept_by(firm, is_held)) " Your role reads the settings and does not change them." }
        }
    }
}

fn of_the_firm(visitor: &Visitor, firm: &Firm, is_held: bool) -> Markup {
    let settings = &firm.settings;
    let freezes =
        [("true", "The intake stops until it is resolved".to_owned()), ("false", "The intake goes on".to_owned())];
    html! {
        section class="card stack" {
            h2 { "The firm" }
            form method="post" action=(Place::Settings.path()) class="stack" {
                (csrf(visitor)) input type="hidden" name="version" value=(firm.version);
                label { "Name" input name="name" required maxlength="200" value=(firm.name); }
                label { "Time zone" input name="timeZone" required value=(settings.time_zone) autocomplete="off"; }
                p class="soft small" { "A name of the IANA database, such as America/Chicago. The firm's days begin and end there." }
                label { "Days until what was deleted is erased" input type="number" name="retentionDays" required min="1" max=(RETENTION_DAYS_MAX) value=(settings.retention_days); }
                label { "Jurisdiction in which the data must stay" input name="jurisdiction" maxlength="200" value=(settings.jurisdiction.as_deref().unwrap_or_default()) autocomplete="off"; }
                p class="soft small" { (kept_by(firm, is_held)) " Once set it can be changed, not taken away." }
                (kit::choice("When a conflict of interest is found", "freezeOnConflict", None, if settings.freeze_on_conflict { "true" } else { "false" }, freezes))
                div { button class="primary" { (icon("done")) "Save" } }
            }
        }
    }
}

fn areas(visitor: &Visitor, firm: &Firm, first: usize) -> Markup {
    let areas = &firm.settings.practice_areas;
    let may = visitor.caller.actor.role.may(Permission::ManageSettings);
    let more = first + SHOWN;
    html! {
        @if areas.is_empty() {
            (kit::empty("areas", "No practice areas yet", html! { "An import adds those that it brings." @if may { " Add one below, then its goals." } }))
        } @else {
            div class="table" { table class="cards tops" {
                caption { (kit::shown(areas.len(), SHOWN)) "What conversations of each are to reach, beside the goals that all have" }
                thead { tr { th scope="col" { "Area" } th scope="col" { "Goals" } } }
                tbody { @for area in areas.iter().skip(first).take(SHOWN) { tr {
                    th scope="row" { a href=(practice_area::path(&area.id)) { (area.name) } br; code class="soft small" { (area.id) } }
                    td data-name="Goals" { (practice_area::goals(&area.goals, GOALS_SHOWN)) }
                } } }
            } }
        }
        @if areas.len() > SHOWN {
            nav class="pager" aria-label="Pages of practice areas" {
                @if first > 0 { a class="button" href="/settings" rel="first" { "First page" } }
                @if more < areas.len() { a class="button" href={ "/settings?areasFrom=" (more) } rel="next" { "Next page" } }
            }
        }
        @if may {
            form method="post" action="/settings/practice-areas" class="fields" {
                (csrf(visitor)) input type="hidden" name="version" value=(firm.version);
                label class="longer" { "Another practice area" input name="name" required maxlength=(NAME_MAX) autocomplete="off"; }
                button { "Add" }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SettingsForm {
    version: u64,
    name: Option<String>,
    time_zone: Option<String>,
    retention_days: Option<u32>,
    jurisdiction: Option<String>,
    freeze_on_conflict: Option<bool>,
}

pub(super) async fn change<R: Runtime>(
    State(server): State<Shared<R>>,
    Posted { visitor, body }: Posted<SettingsForm>,
) -> Result<Response, Problem> {
    let SettingsForm { version, name, time_zone, retention_days, jurisdiction, freeze_on_conflict } = body;
    let mine =
        SettingsChange { name, practice_areas: None, time_zone, retention_days, jurisdiction, freeze_on_conflict };
    let (engage, caller) = (&server.engage, &visitor.caller);
    let done = engage.change_settings(caller, &expecting(version), mine.clone()).await.map_err(Problem::from);
    let Err(problem) = done else { return Ok(see(Place::Settings.path())) };
    let Some(newest) = newest(&problem) else { return Err(problem) };
    let now = engage.settings(caller).await?.state;
    let stops = |freezes: bool| if freezes { "The intake stops" } else { "The intake goes on" }.to_owned();
    let settings = &now.settings;
    let rows = [
        ("Name", mine.name.clone(), now.name.clone()),
        ("Time zone", mine.time_zone.clone(), settings.time_zone.clone()),
        ("Retention in days", mine.retention_days.map(|days| days.to_string()), settings.retention_days.to_string()),
        ("Jurisdiction", mine.jurisdiction.clone(), settings.jurisdiction.clone().unwrap_or_default()),
        ("At a conflict", mine.freeze_on_conflict.map(stops), stops(settings.freeze_on_conflict)),
    ];
    let fields = [
        ("name", mine.name),
        ("timeZone", mine.time_zone),
        ("retentionDays", mine.retention_days.map(|days| days.to_string())),
        ("jurisdiction", mine.jurisdiction),
        ("freezeOnConflict", mine.freeze_on_conflict.map(|freezes| freezes.to_string())),
    ];
    let overtaken = Overtaken {
        place: Place::Settings,
        back: Place::Settings.path().to_owned(),
        versions: (version, newest),
        rows: rows.into_iter().filter_map(|(name, yours, theirs)| Some((name, yours?, theirs))).collect(),
        meanwhile: None,
        again: (
            Place::Settings.path().to_owned(),
            fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        ),
    };
    Ok(overtaken.page(&visitor))
}
