//! Answers: JSON once serialised, with the version as ETag and the consistency token of a write.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use engage_domain::{Aggregate, Version};
use engage_journal::Answer;
use serde::Serialize;

use crate::params::CONSISTENCY;

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // Most answers are a conversation: they fit without growing.
    let mut bytes = Vec::with_capacity(2048);
    serde_json::to_writer(&mut bytes, body).expect("views hold strings, numbers and sequences alone");
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The answer to a write: with the object's version, and the token with which a list can be asked to hold it.
pub(crate) fn written<A: Aggregate>(
    status: StatusCode,
    answer: &Answer<A>,
    version: Version,
    body: &impl Serialize,
) -> Response {
    let mut response = tagged(status, version, body);
    let token = format!("{}/{}@{version}", A::KIND.as_str(), answer.id);
    insert(&mut response, CONSISTENCY, &token);
    response
}

/// The answer to a read of an object: with its version.
pub(crate) fn tagged(status: StatusCode, version: Version, body: &impl Serialize) -> Response {
    let mut response = json(status, body);
    insert(&mut response, header::ETAG, &format!("\"{version}\""));
    response
}

/// Says where something new is.
pub(crate) fn located(mut response: Response, location: &str) -> Response {
    insert(&mut response, header::LOCATION, location);
    response
}

pub(crate) fn insert(response: &mut Response, name: header::HeaderName, value: &str) {
    // Ids, versions and percent-encoded text: always fit for a header.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
