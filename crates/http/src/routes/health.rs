//! What keeps the server itself in view, and the document.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use engage_app::Runtime;
use serde_json::json;

use crate::{
    answer,
    problem::{Code, Problem},
    server::Shared,
};

/// `/healthz`: the process answers. `/readyz`: it can do its work. `/metrics`: Prometheus text. `/api/openapi.json`: the document.
pub(crate) fn routes<R: Runtime>(document: &utoipa::openapi::OpenApi) -> Router<Shared<R>> {
    let document: Arc<str> = document.to_json().expect("the document is plain data").into();
    let served = move || {
        let document = Arc::clone(&document);
        async move { ([(header::CONTENT_TYPE, "application/json")], document.to_string()) }
    };
    Router::new()
        .route("/healthz", get(async || answer::json(StatusCode::OK, &json!({ "status": "ok" }))))
        .route("/readyz", get(ready::<R>))
        .route("/metrics", get(metrics::<R>))
        .route("/api/openapi.json", get(served))
}

async fn ready<R: Runtime>(State(server): State<Shared<R>>) -> Result<Response, Problem> {
    match (server.config.ready)() {
        Ok(()) => Ok(answer::json(StatusCode::OK, &json!({ "status": "ready" }))),
        Err(reason) => Err(Problem::new(Code::NotReady, reason)),
    }
}

async fn metrics<R: Runtime>(State(server): State<Shared<R>>) -> Response {
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, text)], (server.config.metrics)()).into_response()
}
