//! The API over HTTP: one axum router for every target.
//!
//! - `routes`: a handler for each operation, registered together with its description.
//! - `views`: what objects and rows look like on the wire.
//! - [`problem`]: errors on the wire; the only place that knows status codes of errors.
//! - `pages`: the dashboard, as HTML.
//! - [`token`], [`caller`]: bearer tokens, and who sends a request.
//! - `input`, `params`, `page`, `answer`: what comes in and goes out around the JSON.
//! - `export`: whole lists as files.
//! - `edge`: the outermost layer: request ids, security headers, the body of every problem.
//! - `document`, `schema`: the OpenAPI document, made from the same code.
//!
//! Architecture invariant: reaches the objects through `app` alone, and compiles for `wasm32-unknown-unknown`: no tokio, no clock.

mod answer;
pub mod caller;
mod document;
mod edge;
mod export;
mod input;
mod page;
mod pages;
mod params;
pub mod problem;
mod routes;
mod schema;
mod server;
pub mod token;
mod views;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware};
use engage_app::{Engage, Runtime};
use utoipa_axum::router::OpenApiRouter;

pub use self::{
    caller::Peer,
    pages::sign_in::Identity,
    problem::{Code, Problem},
    server::Config,
    token::{TokenKey, TokenRequest, issue_token},
};

/// The whole service: the API under `/api`, the pages, `/healthz`, `/readyz`, `/metrics`.
pub fn router<R: Runtime>(engage: Arc<Engage<R>>, config: Config) -> Router {
    let server = Arc::new(server::Server::new(engage, config));
    let (api, document) = OpenApiRouter::with_openapi(document::base()).merge(routes::api::<R>()).split_for_parts();
    // Outside of the routes' own layers, so that one of them can have another limit.
    let limited = DefaultBodyLimit::max(input::BODY_MAX);
    api.merge(routes::health(&document))
        .merge(pages::routes())
        .fallback(async || Problem::new(Code::UnknownRoute, "there is nothing at this address"))
        .layer(limited)
        .layer(middleware::from_fn_with_state(Arc::clone(&server), edge::edge::<R>))
        .with_state(server)
}

/// The OpenAPI 3.1 document that the service serves under `/api/openapi.json`.
pub fn openapi<R: Runtime>() -> utoipa::openapi::OpenApi {
    OpenApiRouter::with_openapi(document::base()).merge(routes::api::<R>()).into_openapi()
}
