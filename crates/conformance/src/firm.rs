//! A firm on a target, and what its people do all the time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    client::{Ask, Client, Reply},
    token,
};

/// The longest that anything is waited for. Bounds how long a failure takes to show, and measures nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the conversations of a firm are.
pub(crate) const CONVERSATIONS: &str = "/api/v1/firm/conversations";

/// Asks again until there is an answer.
#[track_caller]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A firm of one case.
#[derive(Clone)]
pub struct Firm {
    /// Speaks to its target.
    pub client: Client,
    /// The firm's slug.
    pub slug: String,
}

impl Firm {
    pub(crate) fn new(client: Client, slug: &str) -> Self {
        Self { client, slug: slug.to_owned() }
    }

    /// A token of a user who is named after the role.
    pub fn token(&self, role: &str) -> String {
        token::issue(&self.slug, role, role)
    }

    /// A request of that user.
    pub fn ask(&self, role: &str, method: &str, path: &str) -> Ask<'_> {
        self.client.ask(method, path).token(&self.token(role))
    }

    /// `GET`.
    #[track_caller]
    pub fn get(&self, role: &str, path: &str) -> Reply {
        self.ask(role, "GET", path).send()
    }

    /// `POST`.
    #[track_caller]
    pub fn post(&self, role: &str, path: &str, body: &Value) -> Reply {
        self.ask(role, "POST", path).json(body).send()
    }

    /// `PUT`.
    #[track_caller]
    pub fn put(&self, role: &str, path: &str, body: &Value) -> Reply {
        self.ask(role, "PUT", path).json(body).send()
    }

    /// `DELETE`.
    #[track_caller]
    pub fn delete(&self, role: &str, path: &str) -> Reply {
        self.ask(role, "DELETE", path).send()
    }

    /// Begins a conversation and gives its path.
    #[track_caller]
    pub fn conversation(&self) -> String {
        self.conversation_of("Jane Roe")
    }

    /// Begins a conversation with a client of this name and gives its path.
    #[track_caller]
    pub fn conversation_of(&self, client: &str) -> String {
        let body = json!({ "clientName": client, "practiceArea": "family_law" });
        let created = self.post("attorney", CONVERSATIONS, &body);
        let path = created.header("location").to_owned();
        created.expect(201);
        path
    }

    /// Adds an agent's message.
    #[track_caller]
    pub fn say(&self, conversation: &str, content: &str) -> Reply {
        self.post("attorney", &format!("{conversation}/messages"), &json!({ "role": "agent", "content": content }))
    }

    /// A list that holds the write that `token` names: asked for with the consistency token until the answer says so.
    #[track_caller]
    pub fn list(&self, role: &str, path: &str, token: &str) -> Value {
        eventually("a list that holds the write", || {
            let page = self.ask(role, "GET", path).header("x-engage-consistency", token).send().expect(200);
            (page["index"]["consistent"] == true).then_some(page)
        })
    }

    /// The same of a path that may answer from the objects themselves, which have every write.
    #[track_caller]
    pub fn list_or_object(&self, role: &str, path: &str, token: &str) -> Value {
        let page = self.get(role, path).expect(200);
        if page["source"] == "index" { self.list(role, path, token) } else { page }
    }

    /// The last write on a conversation, as a consistency token.
    #[track_caller]
    pub fn written(&self, conversation: &str) -> String {
        self.say(conversation, "For the record.").header("x-engage-consistency").to_owned()
    }

    /// All pages of a list.
    #[track_caller]
    pub fn pages(&self, role: &str, path: &str, rows: &str) -> Vec<Value> {
        let (mut all, mut next) = (vec![], path.to_owned());
        loop {
            let page = self.get(role, &next).expect(200);
            all.extend(page[rows].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["page"]["next"].as_str() else { return all };
            let sign = if path.contains('?') { '&' } else { '?' };
            next = format!("{path}{sign}cursor={cursor}");
        }
    }
}

/// The id at the end of a path.
pub(crate) fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}
