//! What is done with several conversations together: first it is asked how, then each is told on its own, and each has its own result.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engage_app::{
    Error, Runtime, Write,
    assignments::AssignmentChange,
    exports::{Opened, SelectedConversations},
};
use engage_domain::{
    ConversationId, Version,
    actor::Permission,
    conversation::{Status, Terms},
    user::UserStatus,
};
use engage_index::{ConversationRow, page::LIMIT_MAX};
use futures_util::future::join_all;
use maud::{Markup, html};
use serde_json::Map;

use super::{
    form::{Posted, csrf, expecting},
    frame::{Place, Source, framed},
    grid::SELECTION,
    kit::{self, icon},
    session::Visitor,
    users,
};
use crate::{
    export::{self, Format},
    problem::{Code, Problem},
    server::Shared,
    views::Audience,
};

const PATH: &str = "/conversations/selection";

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Assign,
    Status,
    Export,
}

impl Action {
    const ALL: [Self; 3] = [Self::Assign, Self::Status, Self::Export];

    const fn word(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Status => "status",
            Self::Export => "export",
        }
    }

    const fn needs(self) -> Permission {
        match self {
            Self::Assign => Permission::Assign,
            Self::Status => Permission::WriteConversations,
            Self::Export => Permission::ListConversations,
        }
    }

    fn label(self) -> Markup {
        match self {
            Self::Assign => html! { (icon("people")) "Assign…" },
            Self::Status => html! { (icon("active")) "Change status…" },
            Self::Export => html! { (icon("file")) "Export (CSV)" },
        }
    }
}

/// What stands below the grid: what can be done with the rows that are ticked.
pub(super) fn bar(visitor: &Visitor) -> Markup {
    let may = |action: &Action| visitor.caller.actor.role.may(action.needs());
    html! {
        form id=(SELECTION) class="row selection" method="post" action=(PATH) {
            (csrf(visitor))
            span class="soft small" data-count="" { "With those that are ticked:" }
            @for action in Action::ALL.into_iter().filter(may) { button name="do" value=(action.word()) { (action.label()) } }
        }
    }
}

/// A conversation as it was when it was ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticked {
    id: ConversationId,
    version: Version,
}

impl Ticked {
    fn parse(text: &str) -> Option<Self> {
        let (id, version) = text.split_once('@')?;
        Some(Self { id: id.parse().ok()?, version: Version(version.parse().ok()?) })
    }
}

/// What is asked for.
struct Selection {
    action: Action,
    rows: Vec<Ticked>,
    assignee: Option<String>,
    status: Option<Status>,
}

impl Selection {
    fn read(fields: &[(String, String)]) -> Result<Self, Problem> {
        let get = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        let words = || Problem::invalid("do", format!("must be one of {}", Action::ALL.map(Action::word).join(", ")));
        let action = Action::ALL.into_iter().find(|action| get("do") == Some(action.word())).ok_or_else(words)?;
        let ticked = fields.iter().filter(|(name, _)| name == "row").map(|(_, value)| Ticked::parse(value));
        let rows: Option<Vec<_>> = ticked.collect();
        let mut rows = rows.ok_or_else(|| Problem::invalid("row", "must be a conversation and its version"))?;
        let mut seen = std::collections::BTreeSet::new();
        rows.retain(|row| seen.insert(row.id));
        if rows.is_empty() || rows.len() > LIMIT_MAX as usize {
            let reason = format!("must be 1 to {LIMIT_MAX} conversations: tick the boxes before their names");
            return Err(Problem::invalid("row", reason));
        }
        let unknown = || Problem::invalid("status", "must be one of active, completed, terminated");
        let status = get("status")
            .map(|word| Status::ALL.into_iter().find(|status| status.as_str() == word).ok_or_else(unknown));
        Ok(Self { action, rows, assignee: get("assignee").map(str::to_owned), status: status.transpose()? })
    }
}

pub(super) async fn act<R: Runtime>(
    State(server): State<Shared<R>>,
    Posted { visitor, body }: Posted<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let selection = Selection::read(&body)?;
    match (selection.action, &selection.assignee, selection.status) {
        (Action::Export, ..) => file(&server, &visitor, &selection.rows).await,
        (Action::Assign, Some(assignee), _) => assign(&server, &visitor, &selection.rows, assignee).await,
        (Action::Status, _, Some(status)) => set_status(&server, &visitor, &selection.rows, status).await,
        (action, ..) => ask(&server, &visitor, &selection.rows, action).await,
    }
}

async fn file<R: Runtime>(server: &Shared<R>, visitor: &Visitor, rows: &[Ticked]) -> Result<Response, Problem> {
    let caller = visitor.caller.clone();
    let ids = rows.iter().map(|row| row.id).collect();
    let audience = Audience::of(&caller);
    let opened = Opened::open(server.engage.clone(), caller, SelectedConversations(ids), None).await?;
    let freshness = opened.freshness();
    let filters: Map<_, _> = [("selected".to_owned(), rows.len().into())].into_iter().collect();
    let body = export::body(opened.on_record(Format::Csv.as_str(), filters).await?, Format::Csv, audience);
    let firm = visitor.caller.firm.as_str();
    Ok(export::response::<SelectedConversations>(body, firm, Format::Csv, freshness))
}

/// What the index has of them, in the order in which they were ticked.
async fn known<R: Runtime>(
    server: &Shared<R>,
    visitor: &Visitor,
    rows: &[Ticked],
) -> Result<(Vec<Option<ConversationRow>>, Source), Problem> {
    let ids = rows.iter().map(|row| row.id).collect();
    let (found, freshness) = server.engage.conversations_by_id(&visitor.caller, ids, None).await?;
    let of = |row: &Ticked| found.iter().find(|known| known.session_id == row.id).cloned();
    Ok((rows.iter().map(of).collect(), Source::Index(freshness)))
}

/// How many there are.
fn counted(count: usize) -> String {
    if count == 1 { "1 conversation".to_owned() } else { format!("{} conversations", kit::number(count as u64)) }
}

/// The fields that name rows.
fn named(rows: impl Iterator<Item = Ticked>) -> Markup {
    html! { @for row in rows { input type="hidden" name="row" value={ (row.id) "@" (row.version) }; } }
}

/// Asks how.
async fn ask<R: Runtime>(
    server: &Shared<R>,
    visitor: &Visitor,
    rows: &[Ticked],
    action: Action,
) -> Result<Response, Problem> {
    let (found, source) = known(server, visitor, rows).await?;
    let (title, how) = match action {
        Action::Assign => {
            let staff = users::staff(&server.engage, &visitor.caller, Some(UserStatus::Active)).await?;
            let people = users::options(&staff.rows, "");
            let how = html! {
                (kit::choice("To", "assignee", None, "", people))
                p class="soft small" { "Whoever was responsible is so no longer; their work on it is on record." }
                div { button class="primary" { (icon("people")) "Assign" } }
            };
            (format!("Assign {}", counted(rows.len())), how)
        }
        Action::Status | Action::Export => {
            let how = html! {
                p class="soft small" { "One that has changed since you ticked it is left as it is, and you are told." }
                div class="row" {
                    button class="primary" name="status" value="completed" { (icon("done")) "Complete" }
                    button name="status" value="terminated" { (icon("ended")) "Terminate" }
                    button name="status" value="active" { (icon("active")) "Take up again" }
                }
            };
            (format!("Change the status of {}", counted(rows.len())), how)
        }
    };
    let content = html! {
        (head(&title))
        div class="talk" {
            section class="card" { ul class="goals" { @for (row, found) in rows.iter().zip(&found) {
                li { (who(row.id, found.as_ref())) @if let Some(found) = found { (kit::status(found.status)) } }
            } } }
            section class="card stack" {
                form method="post" action=(PATH) class="stack" {
                    (csrf(visitor)) input type="hidden" name="do" value=(action.word());
                    (named(rows.iter().copied()))
                    (how)
                }
            }
        }
    };
    Ok(super::html(StatusCode::OK, framed(visitor, Place::Conversations, &title, source, &content)))
}

fn head(title: &str) -> Markup {
    html! { div class="head" { div { p class="small" { a href="/conversations" { "Conversations" } } h1 { (title) } } } }
}

fn who(id: ConversationId, found: Option<&ConversationRow>) -> Markup {
    match found {
        Some(row) => html! { a href={ "/conversations/" (id) } { (kit::client(row.client_name.as_ref())) } },
        None => html! { code { (id) } },
    }
}

async fn assign<R: Runtime>(
    server: &Shared<R>,
    visitor: &Visitor,
    rows: &[Ticked],
    assignee: &str,
) -> Result<Response, Problem> {
    let (engage, caller) = (&server.engage, &visitor.caller);
    // An assignment does not undo what others did meanwhile, so it asks for no version.
    let done = rows.iter().map(async |row| {
        let change =
            AssignmentChange::Assign { assignee: assignee.to_owned(), terms: Terms::default(), pending: false };
        engage.change_assignment(caller, row.id, &Write::default(), change).await.map(drop)
    });
    let results = join_all(done).await;
    let again = vec![("assignee", assignee)];
    answered(server, visitor, rows, results, ("Assigned", Action::Assign, again)).await
}

async fn set_status<R: Runtime>(
    server: &Shared<R>,
    visitor: &Visitor,
    rows: &[Ticked],
    status: Status,
) -> Result<Response, Problem> {
    let (engage, caller) = (&server.engage, &visitor.caller);
    let done = rows
        .iter()
        .map(async |row| engage.set_status(caller, row.id, &expecting(row.version.0), status).await.map(drop));
    let results = join_all(done).await;
    let word = match status {
        Status::Active => "Taken up again",
        Status::Completed => "Completed",
        Status::Terminated => "Terminated",
    };
    answered(server, visitor, rows, results, (word, Action::Status, vec![("status", status.as_str())])).await
}

/// What came of it, row by row. Those that changed meanwhile can be tried again as they are now.
async fn answered<R: Runtime>(
    server: &Shared<R>,
    visitor: &Visitor,
    rows: &[Ticked],
    results: Vec<Result<(), Error>>,
    (word, action, again): (&str, Action, Vec<(&str, &str)>),
) -> Result<Response, Problem> {
    let results: Vec<_> = results.into_iter().map(|result| result.map_err(Problem::from)).collect();
    // Where nobody was let through it is the refusal that is to be told, with its status.
    if let Some(Err(refused)) = results.first()
        && results.iter().all(|result| matches!(result, Err(problem) if problem.code == refused.code))
        && refused.code != Code::StaleVersion
    {
        return Ok(refused.clone().into_response());
    }
    let (found, source) = known(server, visitor, rows).await?;
    let done = results.iter().filter(|result| result.is_ok()).count();
    let stale = |(row, result): (&Ticked, &Result<(), Problem>)| match result {
        Err(Problem { code: Code::StaleVersion, current_version: Some(version), .. }) => {
            Some(Ticked { id: row.id, version: *version })
        }
        _ => None,
    };
    let moved: Vec<_> = rows.iter().zip(&results).filter_map(stale).collect();
    let title = format!("{word}: {done} of {}", counted(rows.len()));
    let content = html! {
        (head(&title))
        section class="card" { div class="table" { table class="cards" {
            caption { "What came of each" }
            thead { tr { th scope="col" { "Client" } th scope="col" { "Result" } th scope="col" { "Why" } } }
            tbody { @for ((row, found), result) in rows.iter().zip(&found).zip(&results) { tr {
                th scope="row" { (who(row.id, found.as_ref())) }
                @match result {
                    Ok(()) => { td data-name="Result" { (kit::mark("good", "done", word)) } td data-name="Why" { (kit::none()) } },
                    Err(problem) if problem.code == Code::StaleVersion => {
                        td data-name="Result" { (kit::mark("wait", "wait", "Changed meanwhile")) }
                        td data-name="Why" { "Somebody did something in it after you ticked it. Nothing was done." }
                    },
                    Err(problem) => {
                        td data-name="Result" { (kit::mark("alert", "ended", "Refused")) }
                        td data-name="Why" { (problem.code.title()) ": " (problem.detail) }
                    },
                }
            } } }
        } } }
        div class="row" {
            @if !moved.is_empty() {
                form method="post" action=(PATH) {
                    (csrf(visitor)) input type="hidden" name="do" value=(action.word());
                    @for (name, value) in &again { input type="hidden" name=(name) value=(value); }
                    (named(moved.iter().copied()))
                    button class="primary" { "Do it all the same with those " (moved.len()) }
                }
            }
            a class="button" href="/conversations" { "Back to the conversations" }
        }
    };
    Ok(super::html(StatusCode::OK, framed(visitor, Place::Conversations, &title, source, &content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Selection, Problem> {
        let fields: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Selection::read(&fields)
    }

    #[test]
    fn a_selection_names_what_is_wrong_with_it() {
        let row = ("row", "01ARZ3NDEKTSV4RRFFQ69G5FAV@3");
        let twice = read(&[("do", "assign"), row, row]).unwrap();
        assert_eq!((twice.rows.len(), twice.rows[0].version), (1, Version(3)));
        for (pairs, field) in [
            (vec![("do", "burn"), row], "do"),
            (vec![row], "do"),
            (vec![("do", "status")], "row"),
            (vec![("do", "status"), ("row", "x@1")], "row"),
            (vec![("do", "status"), row, ("status", "odd")], "status"),
        ] {
            assert_eq!(read(&pairs).err().unwrap().field.as_deref(), Some(field), "{pairs:?}");
        }
    }
}
