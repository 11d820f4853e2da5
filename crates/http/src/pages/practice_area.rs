//! One of the firm's practice areas, from the firm itself: what it is called, and the goals that its conversations begin with.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use engage_app::Runtime;
use engage_domain::{
    Firm, PracticeArea,
    actor::Permission,
    conversation::{GOAL_ID_MAX, GoalPriority, GoalTemplate},
    firm::{AREA_GOALS_MAX, NAME_MAX, PracticeAreaSettings, SettingsChange},
    text,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form::{Posted, csrf, expecting},
    frame::{Place, Source, framed},
    kit::{self, icon, words},
    overtaken::{Overtaken, newest},
    see,
    session::Visitor,
};
use crate::{
    problem::{Code, Problem},
    server::{Server, Shared},
};

/// Where an area is.
pub(super) fn path(area: &PracticeArea) -> String {
    let slug: String = form_urlencoded::byte_serialize(area.as_str().as_bytes()).collect();
    format!("/settings/practice-areas/{slug}")
}

fn unknown() -> Problem {
    Problem::new(Code::UnknownRoute, "the firm has no such practice area")
}

/// Where in the firm's areas one is.
fn place_of(areas: &[PracticeAreaSettings], slug: &str) -> Result<usize, Problem> {
    areas.iter().position(|area| area.id.as_str() == slug).ok_or_else(unknown)
}

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Problem> {
    let firm = server.engage.settings(&visitor.caller).await?.state;
    let areas = &firm.settings.practice_areas;
    let area = &areas[place_of(areas, &slug)?];
    let content = html! {
        div class="head" { div {
            p class="small" { a href=(Place::Settings.path()) { "Settings" } }
            h1 { (area.name) }
            p class="soft" { "Practice area " code { (area.id) } } }
        }
        div class="talk" {
            section class="card stack" {
                h2 { "Name and goals" }
                @if visitor.caller.actor.role.may(Permission::ManageSettings) { (form(&visitor, &firm, area)) }
                @else { (goals(&area.goals, AREA_GOALS_MAX)) p class="soft small" { "Your role reads the settings and does not change them." } }
            }
            div class="aside" {
                section class="card stack" {
                    h2 { "What all conversations have" }
                    (goals(&GoalTemplate::base(), AREA_GOALS_MAX))
                    p class="soft small" { a href={ "/conversations" (kit::query(&[], &[("practiceArea", area.id.as_str())])) } { "The conversations of this area" } }
                }
                @if visitor.caller.actor.role.may(Permission::ManageSettings) { (removal(&visitor, &firm, area)) }
            }
        }
    };
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Settings, &area.name, Source::Object, &content)))
}

/// Goals, and how much each matters; the first of them where there are more than `most`.
pub(super) fn goals(goals: &[GoalTemplate], most: usize) -> Markup {
    let more = goals.len().saturating_sub(most);
    html! {
        @if goals.is_empty() { span class="soft" { "None of its own" } }
        @else { ul class="goals" {
            @for goal in goals.iter().take(most) { li { span { (goal.title) } span class="soft small" { (words(goal.priority.as_str())) } } }
            @if more > 0 { li class="soft small" { "and " (more) " more" } }
        } }
    }
}

fn form(visitor: &Visitor, firm: &Firm, area: &PracticeAreaSettings) -> Markup {
    let has_room = area.goals.len() < AREA_GOALS_MAX;
    let rows = area.goals.iter().map(Some).chain(has_room.then_some(None));
    html! {
        form method="post" action=(path(&area.id)) class="stack" {
            (csrf(visitor)) input type="hidden" name="version" value=(firm.version);
            label { "Name of the practice area" input name="name" required maxlength=(NAME_MAX) value=(area.name) autocomplete="off"; }
            p class="soft small" { "Conversations begin with these goals, and get them when they are moved here. Those that go on already keep the ones that they have." }
            div class="table" { table class="cards goal-rows" {
                caption class="hidden" { "Goals of the practice area" }
                thead { tr { th scope="col" { "What is to be found out" } th scope="col" { "Priority" } th scope="col" { "Take away" } } }
                tbody { @for (at, goal) in rows.enumerate() { (row(at, goal)) } }
            } }
            @if !has_room { p class="soft small" { "An area has at most " (AREA_GOALS_MAX) " goals." } }
            div { button class="primary" { (icon("done")) "Save" } }
        }
    }
}

/// A row of the form: a goal, or room for another one.
fn row(at: usize, goal: Option<&GoalTemplate>) -> Markup {
    let (number, name) = (at + 1, |field: &str| format!("goal.{at}.{field}"));
    let priority = goal.map_or(GoalPriority::Important, |goal| goal.priority);
    html! {
        tr {
            td data-name="Goal" {
                @if let Some(goal) = goal { input type="hidden" name=(name("id")) value=(goal.id); }
                input name=(name("title")) value=[goal.map(|goal| &goal.title)] maxlength="200" autocomplete="off" aria-label={ @if goal.is_some() { "Goal " (number) } @else { "Another goal" } } placeholder=[goal.is_none().then_some("Another goal")];
            }
            td data-name="Priority" {
                select name=(name("priority")) aria-label={ "Priority of goal " (number) } {
                    @for of in GoalPriority::ALL { option value=(of.as_str()) selected[of == priority] { (words(of.as_str())) } }
                }
            }
            td data-name=[goal.is_some().then_some("Take away")] { @if goal.is_some() { input type="checkbox" name=(name("gone")) value="true" aria-label={ "Take goal " (number) " away" }; } }
        }
    }
}

fn removal(visitor: &Visitor, firm: &Firm, area: &PracticeAreaSettings) -> Markup {
    html! {
        section class="card" {
            details {
                summary class="soft small" { "Take the area away" }
                div class="stack more" {
                    p class="soft small" { "Clients are no longer offered it, and it brings no goals of its own any more. Conversations that are in it stay there, with the goals that they have, and lists and reports go on counting them." }
                    form method="post" action={ (path(&area.id)) "/removal" } {
                        (csrf(visitor)) input type="hidden" name="version" value=(firm.version);
                        button { (icon("close")) "Take away" }
                    }
                }
            }
        }
    }
}

/// Puts what `change` makes of the firm's areas in their place. What was made for another version changes nothing: the firm refuses it.
async fn replace<R: Runtime, T>(
    server: &Server<R>,
    visitor: &Visitor,
    version: u64,
    change: impl FnOnce(&mut Vec<PracticeAreaSettings>) -> Result<T, Problem>,
) -> Result<Option<T>, Problem> {
    let firm = server.engage.settings(&visitor.caller).await?.state;
    let (mut practice_areas, mut changed) = (None, None);
    if firm.version.0 == version {
        let areas = practice_areas.insert(firm.settings.practice_areas.clone());
        changed = Some(change(areas)?);
    }
    let change = SettingsChange { practice_areas, ..SettingsChange::default() };
    server.engage.change_settings(&visitor.caller, &expecting(version), change).await?;
    Ok(changed)
}

#[derive(Deserialize)]
pub(super) struct AreaForm {
    version: u64,
    name: Option<String>,
}

/// A new area behind the others, under the slug that its name comes to.
pub(super) async fn add<R: Runtime>(
    State(server): State<Shared<R>>,
    Posted { visitor, body: AreaForm { version, name } }: Posted<AreaForm>,
) -> Result<Response, Problem> {
    let added = replace(&server, &visitor, version, |areas| {
        let name = named(name.as_deref())?;
        let id: PracticeArea = name.parse().map_err(|reason| Problem::invalid("name", reason))?;
        if areas.iter().any(|area| area.id == id) {
            return Err(Problem::invalid("name", format!("is one of an area that there is already ({id})")));
        }
        areas.push(PracticeAreaSettings { id: id.clone(), name, goals: vec![] });
        Ok(path(&id))
    });
    Ok(see(&added.await?.unwrap_or_else(|| Place::Settings.path().to_owned())))
}

fn named(name: Option<&str>) -> Result<String, Problem> {
    let name = text::line(name.unwrap_or_default(), NAME_MAX).map_err(|reason| Problem::invalid("name", reason))?;
    Ok(name.to_owned())
}

pub(super) async fn change<R: Runtime>(
    State(server): State<Shared<R>>,
    Path(slug): Path<String>,
    Posted { visitor, body: fields }: Posted<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    let version = field("version").and_then(|version| version.parse().ok());
    let version = version.ok_or_else(|| Problem::invalid("version", "must be the one that the form was made for"))?;
    let saved = replace(&server, &visitor, version, |areas| {
        let area = place_of(areas, &slug)?;
        let area = &mut areas[area];
        area.name = named(field("name"))?;
        area.goals = filled(field)?;
        Ok(path(&area.id))
    });
    let problem = match saved.await {
        Ok(path) => return Ok(see(&path.unwrap_or_else(|| Place::Settings.path().to_owned()))),
        Err(problem) => problem,
    };
    let Some(newest) = newest(&problem) else { return Err(problem) };
    let firm = server.engage.settings(&visitor.caller).await?.state;
    // Taken away meanwhile, it is not there to be compared.
    let now = &firm.settings.practice_areas[place_of(&firm.settings.practice_areas, &slug)?];
    let goals = |goals: &[GoalTemplate]| goals.iter().map(|goal| goal.title.as_str()).collect::<Vec<_>>().join("; ");
    let kept = |(name, _): &&(String, String)| !["csrf", "version"].contains(&name.as_str());
    let overtaken = Overtaken {
        place: Place::Settings,
        back: path(&now.id),
        versions: (version, newest),
        rows: vec![
            ("Name", named(field("name"))?, now.name.clone()),
            ("Goals", goals(&filled(field)?), goals(&now.goals)),
        ],
        meanwhile: None,
        again: (
            path(&now.id),
            fields.iter().filter(kept).map(|(name, value)| (name.as_str(), value.clone())).collect(),
        ),
    };
    Ok(overtaken.page(&visitor))
}

pub(super) async fn remove<R: Runtime>(
    State(server): State<Shared<R>>,
    Path(slug): Path<String>,
    Posted { visitor, body: AreaForm { version, .. } }: Posted<AreaForm>,
) -> Result<Response, Problem> {
    let removed = replace(&server, &visitor, version, |areas| {
        let area = place_of(areas, &slug)?;
        areas.remove(area);
        Ok(())
    });
    removed.await?;
    Ok(see(Place::Settings.path()))
}

/// The goals that a form comes to: those that it does not take away, and the one that was written into its empty row.
fn filled<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Result<Vec<GoalTemplate>, Problem> {
    let mut goals: Vec<GoalTemplate> = vec![];
    for at in 0..=AREA_GOALS_MAX {
        let of = |name: &str| field(&format!("goal.{at}.{name}"));
        let wrong =
            |name: &str, reason: &dyn std::fmt::Display| Problem::invalid(format!("{name} of goal {}", at + 1), reason);
        let title = match (of("id"), of("title"), of("gone")) {
            (None, None, _) | (Some(_), _, Some(_)) => continue,
            (_, title, _) => title.unwrap_or_default().trim(),
        };
        let priority = of("priority").unwrap_or_default();
        let priority = GoalPriority::parse(priority).ok_or_else(|| {
            wrong("priority", &format!("must be one of {}", GoalPriority::ALL.map(GoalPriority::as_str).join(", ")))
        })?;
        let id = of("id").map_or_else(|| id_of(title, &goals), str::to_owned);
        let goal = GoalTemplate { id, title: title.to_owned(), priority };
        goal.check().map_err(|(name, reason)| wrong(name.trim_start_matches("goal."), &reason))?;
        goals.push(goal);
    }
    Ok(goals)
}

/// An id for a goal of that title, which none of the others has.
fn id_of(title: &str, others: &[GoalTemplate]) -> String {
    let mut id = String::new();
    for letter in title.chars().map(|letter| letter.to_ascii_lowercase()) {
        if letter.is_ascii_alphanumeric() {
            id.push(letter);
        } else if !id.is_empty() && !id.ends_with('_') {
            id.push('_');
        }
    }
    // Room for a number behind it.
    id.truncate(GOAL_ID_MAX - 4);
    let stem = Some(id.trim_end_matches('_')).filter(|stem| !stem.is_empty()).unwrap_or("goal");
    let base = GoalTemplate::base();
    let is_free = |id: &str| base.iter().chain(others).all(|other| other.id != id);
    let numbered = (2..).map(|number| format!("{stem}_{number}"));
    std::iter::once(stem.to_owned()).chain(numbered).find(|id| is_free(id)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_gets_an_id_that_no_other_has() {
        let goal = |id: &str| GoalTemplate { id: id.into(), title: "x".into(), priority: GoalPriority::Optional };
        let check = |title: &str, others: &[&str], expected: &str| {
            let others: Vec<_> = others.iter().map(|id| goal(id)).collect();
            let id = id_of(title, &others);
            assert_eq!(id, expected);
            assert_eq!(goal(&id).check(), Ok(()));
        };
        check("Date of the marriage?", &[], "date_of_the_marriage");
        check("Date of the marriage?", &["date_of_the_marriage", "date_of_the_marriage_2"], "date_of_the_marriage_3");
        check("User identification", &[], "user_identification_2");
        check("Έτος γάμου", &[], "goal");
        check(&"a".repeat(200), &[], &"a".repeat(60));
    }
}
