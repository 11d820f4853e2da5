//! HTTP as the cases speak it: a request put together, an answer read whole, a stream read event by event.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use ureq::http;

/// The longest that one answer is waited for.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The requests that were answered with success, by method and path.
pub(crate) type Answered = Arc<Mutex<BTreeSet<(String, String)>>>;

/// Speaks to one target.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    answered: Answered,
}

impl Client {
    pub(crate) fn new(base: &str, answered: Answered) -> Self {
        // A connection a request: a target may close one that it has answered on without having read the body, and whoever used it again
        // would now and then lose the answer to something else.
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .http_status_as_error(false);
        Self { agent: config.build().new_agent(), base: base.trim_end_matches('/').to_owned(), answered }
    }

    /// A request.
    pub fn ask(&self, method: &str, path: &str) -> Ask<'_> {
        let path = path.to_owned();
        let request = http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        Ask { client: self, method: method.to_owned(), path, request, body: None }
    }
}

/// A request being put together.
pub struct Ask<'a> {
    client: &'a Client,
    method: String,
    path: String,
    request: http::request::Builder,
    body: Option<Vec<u8>>,
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
    pub fn raw(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut ask = self.header("content-type", media_type);
        ask.body = Some(body.into());
        ask
    }

    /// Sends it; none when the target was lost meanwhile.
    pub fn try_send(self) -> Option<Reply> {
        let (client, method, path) = (self.client, self.method.clone(), self.path.clone());
        let mut response = self.open()?;
        let bytes = response.body_mut().with_config().limit(64 << 20).read_to_vec().ok()?;
        if response.status().is_success() {
            let path = path.split('?').next().unwrap_or_default().to_owned();
            client.answered.lock().unwrap_or_else(PoisonError::into_inner).insert((method, path));
        }
        let headers = response.headers().clone();
        let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_json = kind.ends_with("/json") || kind.ends_with("+json");
        let body = if is_json { serde_json::from_slice(&bytes).ok()? } else { String::from_utf8_lossy(&bytes).into() };
        Some(Reply { status: response.status().as_u16(), headers, body })
    }

    /// Sends it and reads the answer whole.
    #[track_caller]
    pub fn send(self) -> Reply {
        let what = format!("{} {}", self.method, self.path);
        self.try_send().unwrap_or_else(|| panic!("no answer to {what}"))
    }

    /// Opens a stream and reads `count` events of it, comments left out; fewer where it ends before.
    #[track_caller]
    pub fn events(self, count: usize) -> Vec<Event> {
        self.stream().take(count).collect()
    }

    /// Opens a stream.
    #[track_caller]
    pub fn stream(self) -> Events {
        let (answered, what) = (Arc::clone(&self.client.answered), (self.method.clone(), self.path.clone()));
        let response = self.open().unwrap_or_else(|| panic!("no answer to {} {}", what.0, what.1));
        assert_eq!(response.status().as_u16(), 200, "{} {}", what.0, what.1);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let path = what.1.split('?').next().unwrap_or_default().to_owned();
        answered.lock().unwrap_or_else(PoisonError::into_inner).insert((what.0, path));
        Events { lines: BufReader::new(Box::new(response.into_body().into_reader())) }
    }

    fn open(self) -> Option<http::Response<ureq::Body>> {
        let agent = &self.client.agent;
        match self.body {
            Some(body) => agent.run(self.request.body(body).unwrap()).ok(),
            None if self.method == "POST" || self.method == "PUT" => {
                agent.run(self.request.body(Vec::<u8>::new()).unwrap()).ok()
            }
            None => agent.run(self.request.body(()).unwrap()).ok(),
        }
    }
}

/// One event of a stream.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// Its `event` field.
    pub kind: String,
    /// Its `id` field.
    pub id: String,
    /// Its `data`.
    pub data: Value,
}

/// The events of a stream, as they come.
pub struct Events {
    lines: BufReader<Box<dyn std::io::Read>>,
}

impl Iterator for Events {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            if line.is_empty() && !event.kind.is_empty() {
                return Some(event);
            }
            match line.split_once(':').map(|(field, value)| (field, value.trim_start())) {
                Some(("event", kind)) => event.kind = kind.to_owned(),
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("data", data)) => event.data = serde_json::from_str(data).unwrap_or_default(),
                _ => {}
            }
        }
    }
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body: JSON, or a string of whatever else it was.
    pub body: Value,
}

impl Reply {
    /// The body, where the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// Expects a problem, whole: its shape, its code, its field.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str, field: Option<&str>) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{:#}", self.body);
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
