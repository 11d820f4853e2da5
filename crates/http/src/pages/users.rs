//! The firm's people: their roles, and whether they may come in.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Caller, Engage, Runtime, Write, users::NewUser};
use engage_domain::{Role, Timestamp, actor::Permission, calendar::Calendar, text::Private, user::UserStatus};
use engage_index::{Limit, UserRow, users::UserList};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    address::Address,
    form::{Posted, csrf},
    frame::{Place, Source, framed},
    kit::{self, icon, number},
    see,
    session::Visitor,
};
use crate::{problem::Problem, routes::UsersQuery, server::Shared};

/// People whom a filter offers; somebody else is filtered by from a link of theirs.
const OFFERED: u32 = 100;

/// The people whom filters offer: the firm's users, clients among them, the first so many.
pub(super) async fn people<R: Runtime>(engage: &Engage<R>, caller: &Caller) -> Result<Vec<UserRow>, Problem> {
    let limit = Limit::new(OFFERED).unwrap_or_default();
    let list = UserList { firm: caller.firm.clone(), role: None, status: None, after: None, limit };
    Ok(engage.list_users(caller, list, None).await?.rows)
}

/// The staff among them by name, as the words of a choice, with the one who is chosen.
pub(super) fn options(people: &[UserRow], chosen: &str) -> Vec<(String, String)> {
    let option =
        |row: &UserRow| (row.user_id.to_string(), kit::person(row.name.as_ref().or(row.email.as_ref())).to_owned());
    let staff = people.iter().filter(|row| row.role.is_some_and(Role::is_staff));
    let mut options: Vec<_> = staff.map(option).collect();
    options.sort_by_key(|(_, name)| name.to_lowercase());
    if !chosen.is_empty() && options.iter().all(|(id, _)| id != chosen) {
        let other = people.iter().map(option).find(|(id, _)| id == chosen);
        options.push(other.unwrap_or_else(|| (chosen.to_owned(), "The one chosen".to_owned())));
    }
    options
}

/// How somebody stands.
pub(super) fn standing(status: UserStatus) -> Markup {
    match status {
        UserStatus::Active => kit::mark("good", "done", "Active"),
        UserStatus::Inactive => kit::mark("", "ended", "Inactive"),
        UserStatus::Suspended => kit::mark("alert", "alert", "Suspended"),
    }
}

/// The roles that somebody can have, as the words of a choice.
pub(super) fn roles() -> [(&'static str, String); Role::ASSIGNABLE.len()] {
    Role::ASSIGNABLE.map(|role| (role.as_str(), kit::words(role.as_str())))
}

pub(super) async fn page<R: Runtime>(
    State(server): State<Shared<R>>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Problem> {
    let here = Address::of(Place::Users.path(), &uri);
    let caller = &visitor.caller;
    let list = here.read::<UsersQuery>(&[])?.list(caller.firm.clone())?;
    let found = server.engage.list_users(caller, list, None).await?;
    let (calendar, now) = (visitor.calendar()?, server.engage.runtime().now());
    let manages = caller.actor.role.may(Permission::ManageUsers);
    let list = html! {
        section class="card" {
            @if found.rows.is_empty() {
                (kit::empty("search", "Nobody is like that", html! { "Take a filter away, or " a href="/users" { "see everybody" } "." }))
            } @else {
                (table(&found.rows, now, &calendar))
                (here.pager(found.next.map(|next| next.to_string()), &here.file("/api/v1/firm/users", &[])))
            }
        }
    };
    let content = html! {
        div class="head" { h1 { "Users" } }
        form class="fields" method="get" action=(Place::Users.path()) data-live="" {
            (here.kept(&["limit"]))
            (here.choice("Role", "role", roles()))
            (here.choice("Status", "status", UserStatus::ALL.map(|of| (of.as_str(), kit::words(of.as_str())))))
            button { "Filter" }
        }
        @if manages { div class="talk" { (list) div class="aside" { (registration(&visitor)) } } } @else { (list) }
    };
    let source = Source::Index(found.freshness);
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Users, "Users", source, &content)))
}

fn table(rows: &[UserRow], now: Timestamp, calendar: &Calendar) -> Markup {
    html! {
        div class="table" { table class="cards grid" {
            caption { (rows.len()) " on this page" }
            thead { tr { th scope="col" { "Name" } th scope="col" { "E-mail" } th scope="col" { "Role" } th scope="col" { "Status" } th scope="col" class="num" { "Responsible for" } th scope="col" { "Last signed in" } } }
            tbody { @for row in rows {
                @let path = format!("/users/{}", row.user_id);
                tr data-href=(path) {
                    th scope="row" class="long" { a href=(path) { (kit::person(row.name.as_ref())) } }
                    td data-name="E-mail" class="long" { @match &row.email { Some(email) => (email.as_str()), None => (kit::none()) } }
                    td data-name="Role" { @match row.role { Some(role) => (kit::words(role.as_str())), None => (kit::none()) } }
                    td data-name="Status" { (standing(row.status)) }
                    td data-name="Responsible for" class="num" { (number(row.assigned_conversation_count)) }
                    td data-name="Last signed in" { @match row.last_login { Some(at) => (kit::time(at, now, calendar)), None => span class="soft" { "Never" } } }
                }
            } }
        } }
    }
}

fn registration(visitor: &Visitor) -> Markup {
    html! {
        section class="card stack" {
            h2 { "Register somebody" }
            form method="post" action=(Place::Users.path()) class="stack" {
                (csrf(visitor))
                label { "E-mail, which they sign in with" input type="email" name="email" required maxlength="254" autocomplete="off"; }
                label { "Name" input name="name" maxlength="200" autocomplete="off"; }
                (kit::choice("Role", "role", None, Role::Attorney.as_str(), roles()))
                div { button class="primary" { (icon("people")) "Register" } }
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct RegistrationForm {
    email: Private,
    name: Option<Private>,
    role: Role,
}

pub(super) async fn register<R: Runtime>(
    State(server): State<Shared<R>>,
    Posted { visitor, body: RegistrationForm { email, name, role } }: Posted<RegistrationForm>,
) -> Result<Response, Problem> {
    let done = server.engage.register_user(&visitor.caller, &Write::default(), NewUser { email, name, role }).await?;
    Ok(see(&format!("/users/{}", done.id)))
}
