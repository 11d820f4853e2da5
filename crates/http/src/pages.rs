//! The dashboard: pages of HTML, made here, that work without script.
//!
//! - [`session`]: who is signed in, and proof that a form came from a page of theirs.
//! - [`sign_in`]: signing in and out.
//! - `frame`: what surrounds every page; `kit`: what pages are made of; `address`: what is asked for; `form`: what is sent; `assets`: the style, the script, the icons.
//! - `overview`, `conversations` (with `grid`, `bulk`, `saved`), `conversation` (with `dossier`, `changes`), `queue`, `search`: the firm's work; `workload`, `practice_areas`: how it is spread.
//! - `conflicts`, `conflict`, `check`: conflicts of interest; `audit`, `chains`, `data_access`, `heat`: who did and saw what.
//! - `users`, `user`, `settings`, `practice_area`, `platform`: what administrators look after; `intake`: the client's own page.
//!
//! Invariant: a page asks the application exactly what the API asks it, as the same caller, so roles, refusals and the audit trail are
//! the same. No style or script stands in a page: the policy forbids both.

mod address;
mod assets;
mod audit;
mod bulk;
mod chains;
mod changes;
mod check;
mod conflict;
mod conflicts;
mod conversation;
mod conversations;
mod data_access;
mod dossier;
pub(crate) mod failure;
mod form;
mod frame;
mod grid;
mod heat;
mod intake;
mod kit;
mod overtaken;
mod overview;
mod platform;
mod practice_area;
mod practice_areas;
mod queue;
mod saved;
mod search;
pub(crate) mod session;
mod settings;
pub(crate) mod sign_in;
mod user;
mod users;
mod vocabulary;
mod workload;

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use engage_app::Runtime;
use maud::Markup;

pub(crate) use self::saved::grid_question;
use crate::server::Shared;

/// Every page.
pub(crate) fn routes<R: Runtime>() -> Router<Shared<R>> {
    Router::new()
        .route("/", get(async || Redirect::to("/overview")))
        .route("/assets/{file}", get(assets::serve))
        .route("/sign-in", get(sign_in::page::<R>).post(sign_in::enter::<R>))
        .route("/sign-out", post(sign_in::leave::<R>))
        .route("/sign-out/everywhere", post(sign_in::leave_everywhere::<R>))
        .route("/theme", post(session::choose_theme::<R>))
        .route("/overview", get(overview::page::<R>))
        .route("/conversations", get(conversations::page::<R>))
        .route("/conversations/selection", post(bulk::act::<R>))
        .route("/conversations/views", post(saved::keep::<R>))
        .route("/conversations/views/removal", post(saved::remove::<R>))
        .route("/search", get(search::page::<R>))
        .route("/conversations/{id}", get(conversation::page::<R>))
        .route("/conversations/{id}/messages", post(conversation::reply::<R>))
        .route("/conversations/{id}/status", post(changes::set_status::<R>))
        .route("/conversations/{id}/goals", post(changes::complete_goal::<R>))
        .route("/conversations/{id}/assignment", post(changes::assign::<R>))
        .route("/conversations/{id}/identity", post(changes::set_identity::<R>))
        .route("/conversations/{id}/parties", post(changes::name_party::<R>))
        .route("/queue", get(queue::page::<R>))
        .route("/workload", get(workload::page::<R>))
        .route("/practice-areas", get(practice_areas::page::<R>))
        .route("/conflicts", get(conflicts::page::<R>))
        .route("/conflicts/check", get(check::page::<R>).post(check::check::<R>))
        .route("/conflicts/{id}", get(conflict::page::<R>))
        .route("/conflicts/{id}/resolution", post(conflict::resolve::<R>))
        .route("/conflicts/{id}/review", post(conflict::review::<R>))
        .route("/conflicts/{id}/reopening", post(conflict::reopen::<R>))
        .route("/audit", get(audit::page::<R>))
        .route("/audit/verification", post(chains::verify::<R>))
        .route("/data-access", get(data_access::page::<R>))
        .route("/users", get(users::page::<R>).post(users::register::<R>))
        .route("/users/{id}", get(user::page::<R>).post(user::change::<R>))
        .route("/users/{id}/revocation", post(user::revoke::<R>))
        .route("/settings", get(settings::page::<R>).post(settings::change::<R>))
        .route("/settings/practice-areas", post(practice_area::add::<R>))
        .route("/settings/practice-areas/{slug}", get(practice_area::page::<R>).post(practice_area::change::<R>))
        .route("/settings/practice-areas/{slug}/removal", post(practice_area::remove::<R>))
        .route("/platform", get(platform::page::<R>))
        .route("/platform/run", get(platform::run::<R>))
        .route("/platform/reconciliation", post(platform::reconcile::<R>))
        .route("/platform/rebuild", post(platform::rebuild::<R>))
        .route("/platform/sync-failures/{id}/replay", post(platform::replay::<R>))
        .route("/intake/{firm}", get(intake::page::<R>).post(intake::begin::<R>))
        .route("/intake/{firm}/messages", post(intake::say::<R>))
        .route("/intake/{firm}/leave", post(intake::leave::<R>))
        .route("/intake/{firm}/stream", get(intake::stream::<R>))
}

/// What a page may load and where its forms may go: only from and to here. It holds no style and no script of its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page on its way out.
fn html(status: StatusCode, markup: Markup) -> Response {
    let mut response = Response::new(Body::from(markup.into_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Sends the browser to another page, to ask for it anew.
fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}
