//! The firm's settings, from the firm itself.

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::Runtime;
use engage_domain::{
    Firm,
    actor::Permission,
    firm::{RETENTION_DAYS_MAX, SettingsChange},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form::{Posted, csrf, expecting},
    frame::{Place, Source, framed},
    kit::{self, icon, number},
    saved, see,
    session::Visitor,
};
use crate::{problem::Problem, server::Shared};

/// Practice areas that are shown; the API has all.
const SHOWN: usize = 60;

pub(super) async fn page<R: Runtime>(State(server): State<Shared<R>>, visitor: Visitor) -> Result<Response, Problem> {
    let firm = server.engage.settings(&visitor.caller).await?.state;
    let held = |within: &str| server.engage.is_held_within(&visitor.caller.firm, within);
    let is_held = firm.settings.jurisdiction.as_deref().is_some_and(held);
    let content = html! {
        div class="head" { div { h1 { "Settings" } p class="soft" { "Version " (firm.version) ", of " (firm.name) "." } } }
        div class="columns" {
            div class="stack" {
                section class="card" { h2 { "Practice areas" } (areas(&firm)) }
                (saved::section(&visitor, &firm))
            }
            div class="stack" {
                @if visitor.caller.actor.role.may(Permission::ManageSettings) { (form(&visitor, &firm, is_held)) } @else { (facts(&firm, is_held)) }
            }
        }
    };
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Settings, "Settings", Source::Object, &content)))
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

fn form(visitor: &Visitor, firm: &Firm, is_held: bool) -> Markup {
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

fn areas(firm: &Firm) -> Markup {
    let areas = &firm.settings.practice_areas;
    if areas.is_empty() {
        return kit::empty(
            "areas",
            "No practice areas yet",
            html! { "An import adds those that it brings; the API sets them with their goals (" code { "PUT /api/v1/firm/settings" } ")." },
        );
    }
    html! {
        div class="table" { table class="cards" {
            caption { (kit::shown(areas.len(), SHOWN)) "What conversations of each are to reach, beside the goals that all have" }
            thead { tr { th scope="col" { "Area" } th scope="col" { "Goals" } } }
            tbody { @for area in areas.iter().take(SHOWN) { tr {
                th scope="row" { (area.name) br; code class="soft small" { (area.id.as_str()) } }
                td data-name="Goals" {
                    @if area.goals.is_empty() { span class="soft" { "None of its own" } }
                    @else { ul class="goals" { @for goal in &area.goals { li { span { (goal.title) } span class="soft small" { (kit::words(goal.priority.as_str())) } } } } }
                }
            } } }
        } }
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
    let change =
        SettingsChange { name, practice_areas: None, time_zone, retention_days, jurisdiction, freeze_on_conflict };
    server.engage.change_settings(&visitor.caller, &expecting(version), change).await?;
    Ok(see(Place::Settings.path()))
}
