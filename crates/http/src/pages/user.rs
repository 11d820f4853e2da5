//! One of the firm's people, from the object itself: who they are, and what an administrator may change.

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::{Runtime, users::UserChange};
use engage_domain::{Role, User, UserId, actor::Permission, text::Private, user::UserStatus};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form::{Posted, csrf, expecting},
    frame::{Place, Source, framed},
    kit,
    overtaken::{Overtaken, newest},
    see,
    session::Visitor,
    users,
};
use crate::{params::Id, problem::Problem, server::Shared};

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    Id(id): Id<UserId>,
) -> Result<Response, Problem> {
    let seen = server.engage.user(&visitor.caller, id).await?;
    let (user, calendar, now) = (&seen.state, visitor.calendar()?, server.engage.runtime().now());
    let actor = &visitor.caller.actor;
    let name = kit::person(user.name.as_ref());
    let none = || html! { span class="soft" { "not known" } };
    let content = html! {
        div class="head" { div {
            p class="small" { a href="/users" { "Users" } }
            h1 { (name) }
            p class="row" { (users::standing(user.status)) @if let Some(role) = user.role { span class="soft" { (kit::words(role.as_str())) } } }
        } }
        div class="columns" {
            div class="stack" {
                section class="card" {
                    h2 { "Person" }
                    dl class="facts" {
                        dt { "E-mail" } dd { @match &user.email { Some(email) => (kit::email(email.as_str())), None => (none()) } }
                        dt { "Signs in as" } dd { @match &user.subject { Some(subject) => (subject.as_str()), None => (none()) } }
                        dt { "Registered" } dd { (kit::time(user.created_at, now, &calendar)) }
                        dt { "Last signed in" } dd { @match user.last_login { Some(at) => (kit::time(at, now, &calendar)), None => (none()) } }
                        @if let Some(at) = user.role_changed_at { dt { "Role changed" } dd { (kit::time(at, now, &calendar)) } }
                        @if let Some(at) = user.sessions_revoked_at { dt { "Signed out everywhere" } dd { (kit::time(at, now, &calendar)) } }
                        dt { "Version" } dd { (user.version) }
                    }
                    p { a href={ "/conversations?assignedTo=" (id) } { "What they are responsible for" }
                        @if actor.role.may(Permission::ReadAudit) { br; a href={ "/audit?userId=" (id) } { "What they did" } } }
                }
            }
            @if actor.role.may(Permission::ManageUsers) { (forms(&visitor, id, user)) }
            @else { section class="card" { p class="soft small" { "Your role sees users and does not change them." } } }
        }
    };
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Users, name, Source::Object, &content)))
}

fn forms(visitor: &Visitor, id: UserId, user: &User) -> Markup {
    let hidden = html! { (csrf(visitor)) input type="hidden" name="version" value=(user.version); };
    let is_own = visitor.caller.actor.user_id == Some(id);
    let role = user.role.map_or("", Role::as_str);
    html! {
        div class="stack" {
            section class="card stack" {
                h2 { "Change" }
                form method="post" action={ "/users/" (id) } class="stack" {
                    (hidden)
                    label { "Name" input name="name" maxlength="200" autocomplete="off" value=(user.name.as_ref().map_or("", Private::as_str)); }
                    @if is_own { p class="soft small" { "Nobody changes their own role or status." } }
                    @else {
                        (kit::choice("Role", "role", None, role, users::roles()))
                        (kit::choice("Status", "status", None, user.status.as_str(), UserStatus::ALL.map(|of| (of.as_str(), kit::words(of.as_str())))))
                        p class="soft small" { "Whoever is suspended or inactive is refused from the next request on." }
                    }
                    div { button class="primary" { "Save" } }
                }
            }
            section class="card stack" {
                h2 { "Sessions" }
                p class="soft small" { "Every token that they have got until now is refused: they are signed out everywhere and sign in anew." }
                form method="post" action={ "/users/" (id) "/revocation" } { (hidden) button { (kit::icon("leave")) "Sign out everywhere" } }
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ChangeForm {
    version: u64,
    name: Option<Private>,
    role: Option<Role>,
    status: Option<UserStatus>,
}

/// A form says all that it shows; what is as it was is no change.
pub(super) async fn change<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<UserId>,
    Posted { visitor, body: ChangeForm { version, name, role, status } }: Posted<ChangeForm>,
) -> Result<Response, Problem> {
    let (engage, caller, path) = (&server.engage, &visitor.caller, format!("/users/{id}"));
    let mine = UserChange { name, role, status };
    let done = engage.change_user(caller, id, &expecting(version), mine.clone()).await.map_err(Problem::from);
    let Err(problem) = done else { return Ok(see(&path)) };
    let Some(newest) = newest(&problem) else { return Err(problem) };
    let now = engage.user(caller, id).await?.state;
    let text = |name: &Private| name.as_str().to_owned();
    let [yours, theirs] =
        [(mine.name.as_ref(), mine.role, mine.status), (now.name.as_ref(), now.role, Some(now.status))].map(
            |(name, role, status)| {
                [
                    ("Name", "name", name.map(text)),
                    ("Role", "role", role.map(|role| role.as_str().to_owned())),
                    ("Status", "status", status.map(|status| status.as_str().to_owned())),
                ]
            },
        );
    let rows = yours.iter().zip(&theirs);
    let rows = rows.filter_map(|((name, field, yours), (_, _, theirs))| {
        let said = |word: &str| if *field == "name" { word.to_owned() } else { kit::words(word) };
        Some((*name, said(yours.as_deref()?), said(theirs.as_deref().unwrap_or_default())))
    });
    let overtaken = Overtaken {
        place: Place::Users,
        back: path.clone(),
        versions: (version, newest),
        rows: rows.collect(),
        meanwhile: None,
        again: (path, yours.iter().filter_map(|(_, field, value)| Some((*field, value.clone()?))).collect()),
    };
    Ok(overtaken.page(&visitor))
}

#[derive(Deserialize)]
pub(super) struct RevocationForm {
    version: u64,
}

pub(super) async fn revoke<R: Runtime>(
    State(server): State<Shared<R>>,
    Id(id): Id<UserId>,
    Posted { visitor, body: RevocationForm { version } }: Posted<RevocationForm>,
) -> Result<Response, Problem> {
    server.engage.revoke_sessions(&visitor.caller, id, &expecting(version)).await?;
    Ok(see(&format!("/users/{id}")))
}
