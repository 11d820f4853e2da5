//! The outermost layer: every answer leaves with a request id and the security headers, every problem with its body, every fault in
//! the log, every request in the metrics.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode, header, header::HeaderName},
    middleware::Next,
    response::Response,
};
use engage_app::{Fault, Runtime};

use crate::{
    pages::failure,
    problem::{Code, Problem},
    server::Shared,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id that is taken over from a caller.
const REQUEST_ID_MAX: usize = 64;

pub(crate) async fn edge<R: Runtime>(State(server): State<Shared<R>>, request: Request, next: Next) -> Response {
    let request_id = request_id(&request, &server);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let page = failure::is_wanted(request.uri().path(), request.headers()).then(|| {
        (request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned(), request.headers().clone())
    });
    let watch = Stopwatch::start();
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Arc<Problem>>().or_else(|| bare(&response));
    if let Some(problem) = problem {
        log(&problem, request_id.to_str().unwrap_or_default());
        response = match page {
            Some((path, headers)) => failure::page(&problem, request_id.to_str().unwrap_or_default(), &path, &headers),
            None => rendered(&problem, response, &request_id),
        };
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, request_id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    watch.record(&method, route.as_ref().map_or("unknown", MatchedPath::as_str), response.status());
    response
}

/// The caller's request id if it is a sane one, otherwise a fresh one.
fn request_id<R: Runtime>(request: &Request, server: &Shared<R>) -> HeaderValue {
    let sane = |id: &&HeaderValue| {
        (1..=REQUEST_ID_MAX).contains(&id.len())
            && id.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    if let Some(id) = request.headers().get(REQUEST_ID).filter(sane) {
        return id.clone();
    }
    let ulid = server.engage.runtime().ulid().to_string();
    HeaderValue::try_from(ulid).expect("a ULID is fit for a header")
}

/// The problem behind an error that the router itself answered.
fn bare(response: &Response) -> Option<Arc<Problem>> {
    let problem = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(Code::MethodNotAllowed, "the address does not take this method; see Allow")
        }
        _ => return None,
    };
    Some(Arc::new(problem))
}

fn rendered(problem: &Problem, response: Response, request_id: &HeaderValue) -> Response {
    let body = problem.body(request_id.to_str().unwrap_or_default());
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    parts.headers.extend(problem.headers());
    Response::from_parts(parts, Body::from(body))
}

fn log(problem: &Problem, request_id: &str) {
    match &problem.fault {
        Some(Fault::Storage(error)) => {
            let error: &dyn std::error::Error = &**error;
            tracing::error!(request_id, code = problem.code.as_str(), error, "request failed");
        }
        Some(Fault::Overloaded(what)) => {
            tracing::warn!(request_id, code = problem.code.as_str(), what, "request turned away");
        }
        Some(Fault::UnknownFirm) | None => {}
    }
}

/// Times a request, where there is a clock to time it with: a Worker has none that moves within a request.
struct Stopwatch {
    #[cfg(not(target_arch = "wasm32"))]
    started: std::time::Instant,
}

impl Stopwatch {
    fn start() -> Self {
        Self {
            #[cfg(not(target_arch = "wasm32"))]
            started: std::time::Instant::now(),
        }
    }

    fn record(&self, method: &Method, route: &str, status: StatusCode) {
        let (method, route) = (method_label(method), route.to_owned());
        let outcome = match status.as_u16() {
            100..400 => "ok",
            400..500 => "refused",
            _ => "failed",
        };
        metrics::counter!("engage_http_requests_total", "method" => method, "route" => route.clone(), "outcome" => outcome)
            .increment(1);
        #[cfg(not(target_arch = "wasm32"))]
        metrics::histogram!("engage_http_request_seconds", "method" => method, "route" => route)
            .record(self.started.elapsed());
    }
}

/// A caller can send any word as a method; only those that are served become labels.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
