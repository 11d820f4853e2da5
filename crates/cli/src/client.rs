//! A client of a running server, for commands that take `--url`.

use std::time::Duration;

use engage_domain::{FirmId, Role};
use engage_http::token::{TokenKey, TokenRequest, issue_token};
use serde_json::Value;

use crate::exit::{Exit, failed};

/// How long one request may take; a batch of an import is the longest.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a request may take that answers when long work is done.
const PATIENCE: Duration = Duration::from_secs(60 * 60);
/// How long the token works that a command signs for itself.
const TOKEN_TTL_MS: i64 = 60 * 60 * 1000;

/// Speaks to one server as the administrator of one firm.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    key: TokenKey,
    firm: FirmId,
}

impl Client {
    /// A client of the server at `url`, whose key is `key`.
    pub fn new(url: &str, key: TokenKey, firm: &FirmId) -> Self {
        Self::with_timeout(url, key, firm, TIMEOUT)
    }

    /// A client that waits for long work.
    pub fn patient(url: &str, key: TokenKey, firm: &FirmId) -> Self {
        Self::with_timeout(url, key, firm, PATIENCE)
    }

    fn with_timeout(url: &str, key: TokenKey, firm: &FirmId, timeout: Duration) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(timeout)).http_status_as_error(false);
        Self { agent: config.build().new_agent(), base: url.trim_end_matches('/').to_owned(), key, firm: firm.clone() }
    }

    fn authorization(&self) -> String {
        let request = TokenRequest {
            firm: &self.firm,
            subject: "engage-cli",
            role: Role::FirmAdmin,
            issued_at: crate::now(),
            ttl_ms: TOKEN_TTL_MS,
            email: None,
            name: Some("Engage command line"),
        };
        format!("Bearer {}", issue_token(&self.key, &request))
    }

    /// Reads `path`.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.base);
        let answer = self.agent.get(&url).header("Authorization", self.authorization()).call();
        read(&url, answer)
    }

    /// Sends `body` to `path`.
    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.base);
        let answer = self.agent.post(&url).header("Authorization", self.authorization()).send_json(body);
        read(&url, answer)
    }

    /// Has what `path` names taken away.
    pub fn delete(&self, path: &str) -> anyhow::Result<()> {
        let url = format!("{}{path}", self.base);
        read(&url, self.agent.delete(&url).header("Authorization", self.authorization()).call()).map(drop)
    }
}

/// Longest answer: a page of a journal's lines.
const ANSWER_MAX: u64 = 256 * 1024 * 1024;

/// The answer's JSON, or the problem that it reports with the exit code that fits.
fn read(url: &str, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> anyhow::Result<Value> {
    let lost = |error| failed(Exit::Failure, format!("cannot reach {url}: {error}"));
    let mut answer = answer.map_err(lost)?;
    let status = answer.status();
    let body = answer.body_mut().with_config().limit(ANSWER_MAX).read_json::<Value>();
    if status.is_success() {
        return body.map_err(lost);
    }
    // A problem may come from something between here and the server, in any form.
    let body = body.unwrap_or_default();
    let text = |field: &str| body[field].as_str().map(str::to_owned);
    let detail = text("detail").or_else(|| text("title")).unwrap_or_else(|| "no details".to_owned());
    let code = text("code").unwrap_or_else(|| status.to_string());
    let exit = match status.as_u16() {
        400 | 413 | 415 | 422 => Exit::Usage,
        401 | 403 => Exit::Denied,
        404 | 410 => Exit::NotFound,
        409 | 412 => Exit::Precondition,
        _ => Exit::Failure,
    };
    Err(failed(exit, format!("{url} answered {status}: {detail} ({code})")))
}
