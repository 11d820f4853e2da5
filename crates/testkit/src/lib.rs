//! Parts of tests that several crates share. Nothing that ships may depend on it.
//!
//! [`TestApp`] is the real service in a temporary folder: real platform, real files, the real router, and no socket. When it is dropped, its
//! indexes must have caught up and equal their journals, and every chain must verify: each test checks that besides what it is about.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode, header},
    response::Response,
};
use engage_app::{Engage, Runtime};
use engage_domain::{FirmId, Role, Timestamp, firm::SettingsChange};
use engage_http::{Config, Peer, TokenKey, TokenRequest, issue_token};
use engage_index::{
    AuditRow, Limit,
    audit::{AuditFilters, AuditList},
    page::Direction,
};
use engage_native::{Options, Platform, verify};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// An hour in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;

/// The service, and what tests need to speak to it.
pub struct TestApp {
    /// The application behind it.
    pub engage: Arc<Engage<Platform>>,
    /// The key that signs its tokens.
    pub key: TokenKey,
    router: Router,
    _folder: tempfile::TempDir,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body: JSON, or a string of whatever else it was.
    pub body: Value,
}

impl Reply {
    /// The body, where the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    /// Expects a problem, whole: its shape, its code, its field.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str, field: Option<&str>) -> Value {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{:#}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["type"], format!("/docs/errors/{code}"));
        assert_eq!(self.body["requestId"], self.header("x-request-id"));
        assert_eq!(self.body["field"].as_str(), field, "{:#}", self.body);
        assert!(self.body["title"].is_string() && self.body["detail"].is_string());
        self.body
    }

    /// A header that must be there.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} among {:?}", self.headers)).to_str().unwrap()
    }
}

/// A request being put together.
pub struct Ask<'a> {
    app: &'a TestApp,
    request: axum::http::request::Builder,
    body: Body,
}

impl Ask<'_> {
    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With a bearer token.
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    /// With a body of any media type.
    pub fn raw(self, media_type: &str, body: impl Into<Bytes>) -> Self {
        let mut ask = self.header("content-type", media_type);
        ask.body = Body::from(body.into());
        ask
    }

    /// The answer as it comes, for streams.
    pub async fn open(self) -> Response {
        let request: Request<Body> = self.request.body(self.body).unwrap();
        self.app.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends it and reads the answer whole.
    pub async fn send(self) -> Reply {
        let (parts, body) = self.open().await.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let is_json = |kind: &[u8]| kind.ends_with(b"/json") || kind.ends_with(b"+json");
        let json = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| is_json(kind.as_bytes()));
        let body = if json { serde_json::from_slice(&bytes).unwrap() } else { String::from_utf8_lossy(&bytes).into() };
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

impl TestApp {
    /// A service without firms.
    pub async fn bare() -> Self {
        Self::with(|config| config)
    }

    /// A service without firms, set up otherwise.
    pub fn with(configure: impl FnOnce(Config) -> Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { shards: 1, ..Options::default() };
        let platform = Platform::open(&folder.path().join("data"), options).unwrap();
        let key = TokenKey::new(*b"a key for tests, 32 bytes long!!");
        let engage = Arc::new(Engage::new(platform, key.as_bytes()));
        let router = engage_http::router(Arc::clone(&engage), configure(Config::new(key.clone())));
        Self { engage, key, router, _folder: folder }
    }

    /// A service with the firm `acme`.
    pub async fn start() -> Self {
        let app = Self::bare().await;
        app.firm("acme").await;
        app
    }

    /// Founds a firm and waits for its index.
    pub async fn firm(&self, slug: &str) {
        let turn = self.engage.runtime().create_firm(&slug.parse().unwrap(), slug, SettingsChange::default()).await;
        assert!(matches!(turn, Ok(engage_journal::Turn::Done(_))), "{turn:?}");
        self.settle(slug).await;
    }

    /// The service's time.
    pub fn now(&self) -> Timestamp {
        self.engage.runtime().now()
    }

    /// A token of a user of `acme` who is named after the role.
    pub fn token(&self, role: Role) -> String {
        self.token_of("acme", role.as_str(), role)
    }

    /// A token of any user of any firm, issued now.
    pub fn token_of(&self, firm: &str, subject: &str, role: Role) -> String {
        self.token_at(firm, subject, role, self.now())
    }

    /// A token issued at another time.
    pub fn token_at(&self, firm: &str, subject: &str, role: Role, issued_at: Timestamp) -> String {
        let firm = firm.parse().unwrap();
        let request = TokenRequest { firm: &firm, subject, role, issued_at, ttl_ms: HOUR_MS, email: None, name: None };
        issue_token(&self.key, &request)
    }

    /// A request from a documentation address (RFC 5737).
    pub fn ask(&self, method: &str, path: &str) -> Ask<'_> {
        let peer = Peer("192.0.2.1".parse().unwrap());
        Ask { app: self, request: Request::builder().method(method).uri(path).extension(peer), body: Body::empty() }
    }

    /// `GET` with a token.
    pub async fn get(&self, token: &str, path: &str) -> Reply {
        self.ask("GET", path).token(token).send().await
    }

    /// `POST` with a token.
    pub async fn post(&self, token: &str, path: &str, body: Value) -> Reply {
        self.ask("POST", path).token(token).json(&body).send().await
    }

    /// `PUT` with a token.
    pub async fn put(&self, token: &str, path: &str, body: Value) -> Reply {
        self.ask("PUT", path).token(token).json(&body).send().await
    }

    /// `DELETE` with a token.
    pub async fn delete(&self, token: &str, path: &str) -> Reply {
        self.ask("DELETE", path).token(token).send().await
    }

    /// Starts a conversation in the token's firm and gives its path.
    pub async fn conversation(&self, token: &str) -> String {
        let body = json!({ "clientName": "Jane Roe", "practiceArea": "family_law" });
        let created = self.post(token, "/api/v1/firm/conversations", body).await.expect(201);
        format!("/api/v1/firm/conversations/{}", created["conversation"]["sessionId"].as_str().unwrap())
    }

    /// Waits until the index of `firm` holds everything.
    pub async fn settle(&self, firm: &str) {
        let reached = self.engage.runtime().catch_up(&firm.parse().unwrap(), Duration::from_secs(10)).await;
        assert!(reached.unwrap(), "the index did not catch up");
    }

    /// The last hundred entries of the firm's audit trail, oldest first.
    pub async fn audit(&self, firm: &str) -> Vec<AuditRow> {
        self.settle(firm).await;
        let firm: FirmId = firm.parse().unwrap();
        let (direction, limit) = (Direction::Desc, Limit::new(100).unwrap());
        let list = AuditList { firm: firm.clone(), filters: AuditFilters::default(), direction, after: None, limit };
        let (rows, _) = self.engage.runtime().query(&firm, list, None).await.unwrap();
        rows.into_iter().rev().map(|listed| listed.row).collect()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let platform = self.engage.runtime();
        assert!(platform.shut_down(Duration::from_secs(10)), "the platform did not end in time");
        for firm in platform.firms().unwrap() {
            let report = verify::check(&firm, &platform.folder().firm(&firm)).unwrap();
            assert!(report.is_clean(), "{report:#?}");
        }
    }
}

/// Reads server-sent events until there are `count` of them, comments left out.
pub async fn events(response: Response, count: usize) -> Vec<(String, String, Value)> {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let (mut text, mut events) = (String::new(), vec![]);
    while events.len() < count {
        let chunk = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.expect("an event in time");
        let Some(chunk) = chunk else { break };
        text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n").map(|(event, rest)| (event.to_owned(), rest.to_owned()))
        {
            text = rest;
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if let (Some(kind), Some(id), Some(data)) = (field("event:"), field("id:"), field("data:")) {
                events.push((kind.to_owned(), id.to_owned(), serde_json::from_str(data).unwrap()));
            }
        }
    }
    events
}

/// What an audit row is about.
pub fn resource(row: &AuditRow) -> &str {
    row.resource_id.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use engage_journal::Sql;
    use engage_native::sqlite::Db;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[should_panic(expected = "missing: 1")]
    async fn a_row_that_went_missing_fails_the_test_that_lost_it() {
        let app = TestApp::start().await;
        app.conversation(&app.token(Role::ManagingPartner)).await;
        app.settle("acme").await;
        let folder = app.engage.runtime().folder().firm(&"acme".parse().unwrap());
        let mut index = Db::index(&folder.join("index.db")).unwrap();
        index.script("DELETE FROM conversation_index").unwrap();
    }
}
