//! One of the two: what it is filled with, what is asked of it, and whether its list has come as far as its conversations.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Context;
use engage_domain::{FirmId, Role, Timestamp};
use engage_http::token::{TokenKey, TokenRequest, issue_token};
use serde_json::{Value, json};
use ulid::Ulid;

use super::{Operation, server::Server};
use crate::bench::{dice::Dice, rig::CONTENT};

/// The firm.
pub(super) const FIRM: &str = "bench";
/// Messages of conversations: few, and many.
pub(super) const LENGTHS: [usize; 2] = [10, 5_000];
/// Conversations of each length. Of the short ones so many that a run makes none of them long.
const CONVERSATIONS: [usize; 2] = [320, 16];
/// Parties that the firm knows.
const PARTIES: usize = 1_000;
/// Parties in one request.
const BATCH: usize = 200;
/// The longest that a list may take to show what was written.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long both rest before they are measured.
const REST: Duration = Duration::from_secs(10);
/// The longest that one request may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long the token works.
const TTL_MS: i64 = 6 * 3_600_000;

/// A request.
pub(super) struct Request {
    path: String,
    body: Option<Value>,
}

impl Request {
    fn get(path: impl Into<String>) -> Self {
        Self { path: path.into(), body: None }
    }

    fn post(path: impl Into<String>, body: Value) -> Self {
        Self { path: path.into(), body: Some(body) }
    }

    /// One that adds a message.
    fn message(conversation: &str) -> Self {
        Self::post(format!("firm/conversations/{conversation}/messages"), json!({ "role": "user", "content": CONTENT }))
    }

    /// One for a conversation's detail.
    fn detail(conversation: &str) -> Self {
        Self::get(format!("firm/conversations/{conversation}"))
    }
}

/// Speaks to a server.
pub(super) struct Side {
    url: String,
    authorization: String,
    /// Conversations by length, as [`LENGTHS`].
    conversations: [Vec<String>; 2],
    /// Requests so far of each kind, so that the next ones go on with the next conversations.
    turn: usize,
    dice: Dice,
}

impl Side {
    /// Speaks to a server that is filled already, or to which nothing is asked that needs it.
    pub(super) fn of(server: &Server, key: &TokenKey) -> anyhow::Result<Self> {
        let firm: FirmId = FIRM.parse()?;
        let token = TokenRequest {
            firm: &firm,
            subject: "bench",
            role: Role::FirmAdmin,
            issued_at: crate::now(),
            ttl_ms: TTL_MS,
            email: None,
            name: Some("Engage bench"),
        };
        // Other ids in each run: a server that runs on may hold those of the last.
        let dice = Dice::new(token.issued_at.as_millis().unsigned_abs());
        let authorization = format!("Bearer {}", issue_token(key, &token));
        Ok(Self { url: server.url.clone(), authorization, conversations: [vec![], vec![]], turn: 0, dice })
    }

    /// Founds the firm and fills it, and waits until its list shows everything.
    pub(super) fn fill(server: &Server, key: &TokenKey, quick: bool) -> anyhow::Result<Self> {
        let mut side = Self::of(server, key)?;
        let agent = side.agent();
        side.found(&agent)?;
        let mut moments = Moments::new();
        for (at, (length, count)) in LENGTHS.into_iter().zip(CONVERSATIONS).enumerate() {
            let count = if quick { count / 4 } else { count };
            // One must do for each connection.
            for _ in 0..count.max(16) {
                let (id, moment) = side.conversation(&agent, length)?;
                moments.insert(id.clone(), moment);
                side.conversations[at].push(id);
            }
        }
        let names: Vec<_> = (0..PARTIES).map(name).collect();
        for names in names.chunks(BATCH) {
            let party = |name: &String| json!({ "role": "client", "name": name });
            let parties: Vec<_> = names.iter().map(party).collect();
            side.send(&agent, &Request::post("firm/imports/parties", json!({ "parties": parties })))?;
        }
        side.settle(&agent, &moments)?;
        // The row of a long conversation is there before what else is written of it into the index.
        std::thread::sleep(REST);
        Ok(side)
    }

    /// Founds the firm.
    pub(super) fn found(&self, agent: &ureq::Agent) -> anyhow::Result<()> {
        self.send(agent, &Request::post("firm", json!({ "name": "Bench LLP" }))).map(drop)
    }

    /// Brings in a conversation with so many messages; gives its id, and when it was last active.
    pub(super) fn conversation(&mut self, agent: &ureq::Agent, length: usize) -> anyhow::Result<(String, Timestamp)> {
        let now = crate::now();
        let id = Ulid::from_parts(now.as_millis().unsigned_abs(), self.dice.next().into()).to_string();
        let at = |number: usize| Timestamp::from_millis(now.as_millis() - (length - number) as i64 * 1000).to_string();
        let start = json!({ "at": at(0), "do": { "start": { "identity": { "clientName": format!("Client {id}") } } } });
        let say = |number| json!({ "at": at(number), "do": { "message": { "role": "user", "content": CONTENT } } });
        let steps: Vec<_> = std::iter::once(start).chain((1..=length).map(say)).collect();
        let row = json!({ "conversationId": id, "practiceArea": "family_law", "steps": steps });
        // Brought in once, however often it is sent: after a long import workerd may have closed the connection.
        let import = Request::post("firm/imports/conversations", json!({ "rows": [row] }));
        self.send(agent, &import).or_else(|_| self.send(&self.agent(), &import))?;
        Ok((id, now))
    }

    /// The `number`th request of a caller in a round.
    pub(super) fn request(&mut self, operation: Operation, caller: usize, number: usize) -> Request {
        self.turn += 1;
        let of = |length: usize| {
            let conversations = &self.conversations[usize::from(length == LENGTHS[1])];
            // The long ones are as many as callers: each keeps to its own. Of the short ones each request takes the next.
            let at = if length == LENGTHS[1] { caller } else { self.turn };
            &conversations[at % conversations.len()]
        };
        match operation {
            Operation::Message { length } => Request::message(of(length)),
            Operation::Detail { length } => Request::detail(of(length)),
            Operation::List => Request::get("firm/conversations?status=active&limit=50"),
            Operation::Check => {
                let name = name((caller * 31 + number * 7) % (2 * PARTIES));
                let body = json!({ "role": "opposing_party", "name": name, "matter": of(LENGTHS[0]) });
                Request::post("firm/conflicts/check", body)
            }
        }
    }

    /// A client with connections of its own.
    pub(super) fn agent(&self) -> ureq::Agent {
        ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).build().new_agent()
    }

    /// Adds a message; gives when the conversation was last active by it.
    pub(super) fn say(&self, agent: &ureq::Agent, conversation: &str) -> anyhow::Result<Timestamp> {
        moment(&self.json(agent, &Request::message(conversation))?["conversation"])
    }

    /// Sends a request; gives the answer's text, which must be a success.
    pub(super) fn send(&self, agent: &ureq::Agent, request: &Request) -> anyhow::Result<String> {
        let url = format!("{}/api/v1/{}", self.url, request.path);
        let authorization = &self.authorization;
        let answer = match &request.body {
            None => agent.get(&url).header("Authorization", authorization).call(),
            Some(body) => agent.post(&url).header("Authorization", authorization).send_json(body),
        };
        let mut answer = answer.with_context(|| format!("cannot reach {url}"))?;
        let text = answer.body_mut().read_to_string().with_context(|| format!("cannot read from {url}"))?;
        anyhow::ensure!(answer.status().is_success(), "{url} answered {}: {text}", answer.status());
        Ok(text)
    }

    fn json(&self, agent: &ureq::Agent, request: &Request) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.send(agent, request)?)?)
    }

    /// How many of some conversations have no row, or one that shows an earlier moment than these. Asks the list alone, for whoever asks a
    /// conversation may bring its row about.
    pub(super) fn behind(&self, agent: &ureq::Agent, moments: &Moments) -> anyhow::Result<usize> {
        const FIRST: &str = "firm/conversations?limit=100";
        let mut shown = Moments::new();
        let mut next = Some(FIRST.to_owned());
        while let Some(path) = next {
            let page = self.json(agent, &Request::get(path))?;
            for row in page["conversations"].as_array().context("a list without conversations")? {
                let id = row["sessionId"].as_str().context("a row without sessionId")?;
                shown.insert(id.to_owned(), moment(row)?);
            }
            next = page["page"]["next"].as_str().map(|cursor| format!("{FIRST}&cursor={cursor}"));
        }
        Ok(moments.iter().filter(|&(id, at)| shown.get(id).is_none_or(|shown| shown < at)).count())
    }

    /// Waits until the list shows these moments.
    pub(super) fn settle(&self, agent: &ureq::Agent, moments: &Moments) -> anyhow::Result<()> {
        let began = Instant::now();
        while self.behind(agent, moments)? > 0 {
            anyhow::ensure!(began.elapsed() < PATIENCE, "the list of {} does not catch up", self.url);
            std::thread::sleep(Duration::from_millis(500));
        }
        Ok(())
    }
}

/// When each conversation was last active.
pub(super) type Moments = BTreeMap<String, Timestamp>;

/// When a conversation was last active, as an answer or a row says.
fn moment(conversation: &Value) -> anyhow::Result<Timestamp> {
    let text = conversation["lastActivity"].as_str().context("a conversation without lastActivity")?;
    text.parse().ok().with_context(|| format!("lastActivity is no time: {text}"))
}

/// The name of a party.
fn name(number: usize) -> String {
    const GIVEN: [&str; 20] = [
        "Anna", "Boris", "Carla", "Dmitri", "Elena", "Farid", "Greta", "Hiro", "Ines", "Jamal", "Karin", "Luis",
        "Maria", "Nadia", "Omar", "Petra", "Quentin", "Rosa", "Stefan", "Tamar",
    ];
    const MIDDLE: [&str; 10] =
        ["Albert", "Blythe", "Corin", "Dale", "Emery", "Flynn", "Gale", "Hollis", "Indra", "Jules"];
    const FAMILY: [&str; 10] = [
        "Okafor",
        "Lindqvist",
        "Marchetti",
        "Novak",
        "Pereira",
        "Quigley",
        "Rahman",
        "Sorensen",
        "Takahashi",
        "Ulrich",
    ];
    let (given, middle, family) = (number % 20, number / 20 % 10, number / 200 % 10);
    format!("{} {} {}", GIVEN[given], MIDDLE[middle], FAMILY[family])
}

/// Waits for the first answer of a server, whatever it is: it may know no such route.
pub(super) fn first_answer(server: &Server, key: &TokenKey) -> anyhow::Result<()> {
    let agent = Side::of(server, key)?.agent();
    let url = format!("{}/api/v1/firm/none", server.url);
    let mut answer = agent.get(&url).call().with_context(|| format!("cannot reach {url}"))?;
    answer.body_mut().read_to_string().with_context(|| format!("cannot read from {url}")).map(drop)
}
