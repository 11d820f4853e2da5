//! The firm's people: their roles, and whether they may come in.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Caller, Engage, Freshness, Resource, Runtime, Write, users::NewUser};
use engage_domain::{Role, Timestamp, actor::Permission, calendar::Calendar, text::Private, user::UserStatus};
use engage_index::{Limit, UserRow, users::UserList};
use futures_util::future::join_all;
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

/// People of one role who are shown or offered where all of the staff are meant: a page of them is small, and each role has a list of its own.
const OF_A_ROLE: u32 = 15;

/// The firm's staff, clients left out, however many these are.
pub(super) struct Staff {
    /// Role by role, in the order of the roles.
    pub(super) rows: Vec<UserRow>,
    /// The roles that have more people.
    cut: Vec<Role>,
    freshness: Freshness,
}

/// Asks for the staff: one walk a role, side by side.
pub(super) async fn staff<R: Runtime>(
    engage: &Engage<R>,
    caller: &Caller,
    status: Option<UserStatus>,
) -> Result<Staff, Problem> {
    let limit = Limit::new(OF_A_ROLE).unwrap_or_default();
    let roles = Role::ASSIGNABLE.into_iter().filter(|role| role.is_staff());
    let of = |role| UserList { firm: caller.firm.clone(), role: Some(role), status, after: None, limit };
    let pages = roles.map(async |role| engage.list_users(caller, of(role), None).await.map(|page| (role, page)));
    let (mut rows, mut cut, mut freshness): (Vec<UserRow>, _, Option<Freshness>) = (vec![], vec![], None);
    for page in join_all(pages).await {
        let (role, page) = page?;
        rows.extend(page.rows);
        cut.extend(page.next.map(|_| role));
        freshness = freshness.filter(|oldest| oldest.lag_ms >= page.freshness.lag_ms).or(Some(page.freshness));
    }
    let freshness = freshness.ok_or_else(|| Problem::unknown(Resource::User))?;
    Ok(Staff { rows, cut, freshness })
}

/// They by name, as the words of a choice, with the one who is chosen.
pub(super) fn options(staff: &[UserRow], chosen: &str) -> Vec<(String, String)> {
    let option =
        |row: &UserRow| (row.user_id.to_string(), kit::person(row.name.as_ref().or(row.email.as_ref())).to_owned());
    let mut options: Vec<_> = staff.iter().map(option).collect();
    options.sort_by_key(|(_, name)| name.to_lowercase());
    if !chosen.is_empty() && options.iter().all(|(id, _)| id != chosen) {
        options.push((chosen.to_owned(), "The one chosen".to_owned()));
    }
    options
}

/// What one of them is called, by their id.
pub(super) fn called(staff: &[UserRow], id: &str) -> Option<String> {
    let found = staff.iter().find(|row| row.user_id.to_string() == id)?;
    Some(kit::person(found.name.as_ref()).to_owned())
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
    let (engage, caller) = (&server.engage, &visitor.caller);
    let list = here.read::<UsersQuery>(&[])?.list(caller.firm.clone())?;
    let (calendar, now) = (visitor.calendar()?, engage.runtime().now());
    let file = here.file("/api/v1/firm/users", &[]);
    let (rows, pager, freshness) = if list.role.is_none() {
        let Staff { rows, cut, freshness } = staff(engage, caller, list.status).await?;
        let pager = html! {
            nav class="pager" aria-label="Pages" {
                div class="row" { @for role in cut { a class="button" href=(here.with(&[("role", role.as_str())])) { "More: " (kit::words(role.as_str())) } }
                    a href=(here.with(&[("role", Role::Client.as_str())])) { "Clients" } }
                a class="button" href=(file) download="" { (icon("file")) "Everybody as a file (CSV)" }
            }
        };
        (rows, pager, freshness)
    } else {
        let found = engage.list_users(caller, list, None).await?;
        (found.rows, here.pager(found.next.map(|next| next.to_string()), &file), found.freshness)
    };
    let list = html! {
        section class="card" {
            @if rows.is_empty() {
                (kit::empty("search", "Nobody is like that", html! { "Take a filter away, or " a href="/users" { "see all of the staff" } "." }))
            } @else { (table(&rows, now, &calendar)) }
            (pager)
        }
    };
    let content = html! {
        div class="head" { h1 { "Users" } }
        form class="fields" method="get" action=(Place::Users.path()) data-live="" {
            (here.kept(&["limit"]))
            (kit::choice("Role", "role", Some("All staff"), here.get("role"), roles()))
            (here.choice("Status", "status", UserStatus::ALL.map(|of| (of.as_str(), kit::words(of.as_str())))))
            button { "Filter" }
        }
        @if caller.actor.role.may(Permission::ManageUsers) { div class="talk" { (list) div class="aside" { (registration(&visitor)) } } } @else { (list) }
    };
    Ok(super::html(StatusCode::OK, framed(&visitor, Place::Users, "Users", Source::Index(freshness), &content)))
}

fn table(rows: &[UserRow], now: Timestamp, calendar: &Calendar) -> Markup {
    html! {
        div class="table" { table class="cards grid" {
            caption { (rows.len()) " on this page" }
            thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } th scope="col" { "Status" } th scope="col" class="num" { "Responsible for" } th scope="col" { "Last signed in" } } }
            tbody { @for row in rows {
                @let path = format!("/users/{}", row.user_id);
                tr {
                    th scope="row" class="name" { div { a href=(path) { (kit::person(row.name.as_ref())) } @if let Some(email) = &row.email { div class="soft small again" { (kit::email(email.as_str())) } } } }
                    td data-name="Role" { @match row.role { Some(role) => (kit::words(role.as_str())), None => (kit::none()) } }
                    td data-name="Status" { (standing(row.status)) }
                    td data-name="Responsible for" class="num" { (number(row.assigned_conversation_count)) }
                    td data-name="Last signed in" { @match row.last_login { Some(at) => (kit::time(at, now, calendar)), None => (kit::none()) } }
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
