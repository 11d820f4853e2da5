//! A client of the HTTP API: the firm's list, one conversation, a reply that is safe to repeat, and the list again.
//!
//! Start `cargo run --release -- demo` and copy one of the tokens that it prints (an attorney's, say), then:
//! `TOKEN=… cargo run -p engage-cli --example api_client [-- http://127.0.0.1:8787]`

use serde_json::{Value, json};
use ureq::{Agent, Body, http::Response};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

struct Client {
    agent: Agent,
    base: String,
    token: String,
}

fn main() -> Result<()> {
    let base = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:8787".to_owned());
    let token = std::env::var("TOKEN").map_err(|_| "set TOKEN to a token that the demo printed")?;
    let agent = Agent::config_builder().http_status_as_error(false).build().new_agent();
    let client = Client { agent, base, token };

    // From the index: fast whatever the size of the firm, and it says how fresh it is.
    let path = "/api/v1/firm/conversations?status=active&limit=5";
    let (list, _) = client.get(path, None)?;
    println!("active, last active first, as of {}:", list["index"]["asOf"]);
    let rows = list["conversations"].as_array().ok_or("no list")?;
    for row in rows {
        println!("  {} {} {}", row["sessionId"], row["practiceArea"], row["clientName"]);
    }
    let id = rows.first().and_then(|row| row["sessionId"].as_str()).ok_or("no active conversation")?;

    // From the conversation itself. Reading it leaves an entry in the audit trail.
    let (detail, _) = client.get(&format!("/api/v1/firm/conversations/{id}"), None)?;
    println!("\n{id} at version {}, its last words:", detail["conversation"]["version"]);
    let messages = detail["messages"].as_array().map_or(&[][..], Vec::as_slice);
    for message in messages.iter().skip(messages.len().saturating_sub(3)) {
        println!("  {}: {}", message["role"], message["content"]);
    }

    // The same key with the same body: the second request gives the first one's answer and adds nothing.
    let path = format!("/api/v1/firm/conversations/{id}/messages");
    let reply = json!({ "role": "agent", "content": "Thank you. We will call you tomorrow at nine." });
    let key = format!("example-{}", detail["conversation"]["version"]);
    let (first, consistency) = client.post(&path, &key, &reply)?;
    let (again, _) = client.post(&path, &key, &reply)?;
    assert_eq!(first["message"]["id"], again["message"]["id"]);
    println!("\nreplied once, message {} at version {}", first["message"]["id"], first["message"]["version"]);

    // The write's consistency token makes the list wait until it holds the write.
    let (list, _) = client.get("/api/v1/firm/conversations?limit=1", consistency.as_deref())?;
    let top = &list["conversations"][0];
    println!("on top of the list now: {} at version {}", top["sessionId"], top["version"]);
    Ok(())
}

impl Client {
    fn get(&self, path: &str, consistency: Option<&str>) -> Result<(Value, Option<String>)> {
        let mut request = self.agent.get(format!("{}{path}", self.base)).header("Authorization", self.bearer());
        if let Some(token) = consistency {
            request = request.header("X-Engage-Consistency", token);
        }
        read(request.call()?)
    }

    fn post(&self, path: &str, key: &str, body: &Value) -> Result<(Value, Option<String>)> {
        let request = self.agent.post(format!("{}{path}", self.base)).header("Authorization", self.bearer());
        read(request.header("Idempotency-Key", key).send_json(body)?)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

/// The body, and the consistency token of a write. An error is a problem (RFC 9457): its `code` is what to decide by.
fn read(mut answer: Response<Body>) -> Result<(Value, Option<String>)> {
    let token = answer.headers().get("X-Engage-Consistency").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let status = answer.status();
    let body: Value = answer.body_mut().read_json()?;
    if !status.is_success() {
        return Err(format!("{status} {}: {}", body["code"], body["detail"]).into());
    }
    Ok((body, token))
}
