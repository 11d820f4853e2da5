//! What comes in with a write: the JSON body, the idempotency key, the version that the caller saw.

use std::{borrow::Cow, fmt::Write as _};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
};
use engage_app::{IdempotencyKey, Runtime, Write};
use engage_domain::Version;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::{
    problem::{Code, Problem},
    server::Shared,
};

/// Longest body in bytes: the longest message, each byte escaped as `\uXXXX` would take 192 KiB, but text that people write takes
/// little more than itself.
pub(crate) const BODY_MAX: usize = 128 * 1024;

/// The header that names a request, so that repeating it does not repeat its effect.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// A JSON body with the conditions of the write.
pub(crate) struct Input<T> {
    pub(crate) body: T,
    pub(crate) write: Write,
}

impl<T: DeserializeOwned, R: Runtime> FromRequest<Shared<R>> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, server: &Shared<R>) -> Result<Self, Problem> {
        check_media_type(request.headers())?;
        let expected = expected(request.headers())?;
        let named = named(request.headers(), request.method(), request.uri().path());
        let bytes = Bytes::from_request(request, server).await.map_err(|rejection| incomplete(&rejection))?;
        let key = named.map(|named| named.with(&bytes)).transpose()?;
        Ok(Self { body: parse(&bytes)?, write: Write { key, expected } })
    }
}

/// The conditions of a write that has no body.
pub(crate) struct Conditions(pub(crate) Write);

impl<R: Runtime> FromRequestParts<Shared<R>> for Conditions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _server: &Shared<R>) -> Result<Self, Problem> {
        let key = named(&parts.headers, &parts.method, parts.uri.path()).map(|named| named.with(b"")).transpose()?;
        Ok(Self(Write { key, expected: expected(&parts.headers)? }))
    }
}

pub(crate) fn incomplete(rejection: &BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(Code::PayloadTooLarge, "the body is longer than this address takes")
        }
        _ => Problem::new(Code::IncompleteBody, "the body did not arrive whole"),
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim());
    let json = essence.is_some_and(|essence| {
        essence.eq_ignore_ascii_case("application/json")
            || (essence.len() > 5 && essence.is_char_boundary(essence.len() - 5))
                && essence[essence.len() - 5..].eq_ignore_ascii_case("+json")
    });
    let detail = "Content-Type must be application/json";
    if json { Ok(()) } else { Err(Problem::with_field(Code::UnsupportedMediaType, "Content-Type", detail)) }
}

/// Reads a body. The straight way first; only a body that is refused is read again by the way that knows where it went wrong.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let detail = format!("the body is not UTF-8 at byte {}", error.valid_up_to());
        Problem::new(Code::MalformedJson, detail)
    })?;
    // Serde would take a sequence of the fields' values for the object, too.
    if !text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return Err(Problem::invalid("body", "must be an object"));
    }
    serde_json::from_str(text).map_err(|error| {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(located) => refused(located.path().to_string(), located.inner()),
            // The value was fine: what follows it is not.
            Ok(_) => refused(String::new(), &error),
        }
    })
}

fn refused(path: String, error: &serde_json::Error) -> Problem {
    if error.is_data() {
        let text = error.to_string();
        // The place in the text helps nobody who is told the field.
        let reason = text.rfind(" at line ").map_or(&*text, |at| &text[..at]);
        let field = field(&path, reason);
        return Problem::with_field(Code::InvalidValue, field, reason.to_owned());
    }
    let (line, column) = (error.line(), error.column());
    Problem::new(Code::MalformedJson, format!("the body is not JSON at line {line}, column {column}"))
}

/// The field that a reason speaks of: where it is missing or unknown, serde names it in the text and the path ends before it.
pub(crate) fn field(path: &str, reason: &str) -> Cow<'static, str> {
    let path = if path == "." { "" } else { path };
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|prefix| reason.strip_prefix(prefix))
        .and_then(|rest| rest.split('`').next());
    let mut field = path.to_owned();
    if let Some(named) = named
        && path.rsplit('.').next() != Some(named)
    {
        let separator = if field.is_empty() { "" } else { "." };
        let _ = write!(field, "{separator}{named}");
    }
    if field.is_empty() { "body".into() } else { field.into() }
}

/// An idempotency key whose request has not arrived whole yet.
struct Named {
    key: HeaderValue,
    scope: String,
}

fn named(headers: &HeaderMap, method: &Method, path: &str) -> Option<Named> {
    let key = headers.get(IDEMPOTENCY_KEY)?.clone();
    Some(Named { key, scope: format!("{method} {path}") })
}

impl Named {
    fn with(self, body: &[u8]) -> Result<IdempotencyKey, Problem> {
        IdempotencyKey::new(self.key.to_str().unwrap_or_default(), &self.scope, body)
            .map_err(|reason| Problem::header(IDEMPOTENCY_KEY, reason))
    }
}

fn expected(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    headers.get(header::IF_MATCH).map_or(Ok(None), |tag| tagged(tag.to_str().unwrap_or_default()))
}

/// The version that `If-Match` names: `"7"`, or `7` for people who type; `*` is satisfied by every object that exists. A weak tag
/// never matches (RFC 9110, section 13.1.1), so it is a mistake, and one tag is all that one object can have.
fn tagged(tag: &str) -> Result<Option<Version>, Problem> {
    let tag = tag.trim();
    if tag == "*" {
        return Ok(None);
    }
    let bare = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
    let digits = !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit());
    match bare.parse() {
        Ok(version) if digits => Ok(Some(Version(version))),
        _ => Err(Problem::header("If-Match", "must be one ETag such as \"7\", or *")),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Outer {
        name: String,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Inner {
        count: u8,
    }

    #[track_caller]
    fn refuses(body: impl AsRef<[u8]>, code: Code, field: Option<&str>) {
        let problem = parse::<Outer>(body.as_ref()).expect_err("refused");
        assert_eq!((problem.code, problem.field.as_deref()), (code, field), "{}", problem.detail);
    }

    #[test]
    fn a_body_that_is_no_json_says_where() {
        refuses("{", Code::MalformedJson, None);
        refuses(r#"{"name":"a"} x"#, Code::MalformedJson, None);
        refuses(b"{\"name\":\"\xff\"}", Code::MalformedJson, None);
        refuses("", Code::MalformedJson, None);
        refuses(r#"{"name":"\ud800"}"#, Code::MalformedJson, None);
    }

    #[test]
    fn a_wrong_value_names_its_field() {
        refuses(r#"{"name":1}"#, Code::InvalidValue, Some("name"));
        refuses(r#"{}"#, Code::InvalidValue, Some("name"));
        refuses(r#"{"name":"a","x":1}"#, Code::InvalidValue, Some("x"));
        refuses(r#"{"name":"a","name":"b"}"#, Code::InvalidValue, Some("name"));
        refuses(r#"{"name":"a","inner":{}}"#, Code::InvalidValue, Some("inner.count"));
        refuses(r#"{"name":"a","inner":{"count":300}}"#, Code::InvalidValue, Some("inner.count"));
        refuses(r#"{"name":"a","inner":{"count":1,"y":2}}"#, Code::InvalidValue, Some("inner.y"));
        refuses("[]", Code::InvalidValue, Some("body"));
        refuses(r#" ["a", null]"#, Code::InvalidValue, Some("body"));
        refuses("7", Code::InvalidValue, Some("body"));
    }

    #[test]
    fn if_match_takes_one_strong_tag() {
        assert_eq!(tagged("\"7\"").unwrap(), Some(Version(7)));
        assert_eq!(tagged(" 7 ").unwrap(), Some(Version(7)));
        assert_eq!(tagged("*").unwrap(), None);
        for bad in ["", "W/\"7\"", "\"7\", \"8\"", "x", "+7", "-1", "99999999999999999999"] {
            assert_eq!(tagged(bad).expect_err("refused").code, Code::InvalidHeader, "{bad}");
        }
    }

    #[test]
    fn json_is_told_by_its_media_type() {
        let check = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            check_media_type(&headers).is_ok()
        };
        assert!(check("application/json") && check("Application/JSON; charset=utf-8") && check("application/x+json"));
        assert!(!check("text/plain") && !check("json") && !check("application/x-www-form-urlencoded"));
    }
}
