//! `engage sync-failures`: what a firm's index could not take in, and another try of it.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use engage_app::{Caller, Engage, Error, operations::Replayed};
use engage_domain::FirmId;
use engage_index::{
    Limit,
    page::LIMIT_MAX,
    sync_failure::{SyncFailure, SyncFailures as Failures},
};
use engage_native::{Options, Platform};
use serde_json::{Value, json};

use super::{key::TokenKeyArg, open};
use crate::out::say;
use crate::{
    client::Client,
    exit::{Exit, failed},
};

/// How long the index of a folder may take to catch up before it is asked; then it answers with what it has.
const CATCH_UP: Duration = Duration::from_secs(60);

/// Lists what a firm's index could not take in, and has it tried again.
#[derive(Args, Debug)]
pub(crate) struct SyncFailures {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Lists the objects, the longest first
    List(List),
    /// Has one object, or all, tried again at once. Exit code 6 when one of them still is not in the index
    Replay(Replay),
}

/// Whose failures, and by which way.
#[derive(Args, Debug)]
struct Place {
    /// The data folder, which no server may be using
    #[arg(long, value_name = "DIR", required_unless_present = "url", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// A running server; ENGAGE_TOKEN_KEY must be its key
    #[arg(long)]
    url: Option<String>,
    /// The firm
    #[arg(long, value_name = "FIRM")]
    firm: FirmId,
    #[command(flatten)]
    key: TokenKeyArg,
}

#[derive(Args, Debug)]
struct List {
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct Replay {
    #[command(flatten)]
    place: Place,
    /// The one of this id; all without it
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    id: Option<u32>,
}

impl SyncFailures {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        match &self.command {
            Command::List(list) => list.run(json),
            Command::Replay(replay) => replay.run(json),
        }
    }
}

impl List {
    fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let mut index = self.place.open()?;
        let failures = index.list()?;
        index.close();
        if json {
            say!("{}", json!({ "firm": self.place.firm, "syncFailures": failures }));
        } else if failures.is_empty() {
            say!("The index of {} holds everything.", self.place.firm);
        } else {
            let names = ["id", "object", "version", "attempts", "last failed at", "error"];
            let row = |failure: &Value| {
                let object = format!("{}/{}", text(&failure["kind"]), text(&failure["object"]));
                let cells = ["version", "attempts", "lastFailedAt", "error"].map(|field| text(&failure[field]));
                [text(&failure["id"]), object].into_iter().chain(cells).collect::<Vec<_>>()
            };
            say!("{}", crate::table::render(&names, &failures.iter().map(row).collect::<Vec<_>>()).trim_end());
        }
        Ok(Exit::Ok)
    }
}

impl Replay {
    fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let mut index = self.place.open()?;
        let ids = match self.id {
            Some(id) => vec![i64::from(id)],
            None => index.list()?.iter().filter_map(|failure| failure["id"].as_i64()).collect(),
        };
        let mut replayed = vec![];
        for id in ids {
            match index.replay(id) {
                Ok(outcome) => replayed.push(outcome),
                // Of all that were listed one may have been taken in by itself.
                Err(error) if self.id.is_none() && crate::exit::code_of(&error) == Exit::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        index.close();
        let indexed = |replay: &Value| replay["outcome"] == Replayed::Indexed.as_str();
        let all = replayed.iter().all(indexed);
        if json {
            say!("{}", json!({ "firm": self.place.firm, "replayed": replayed }));
        } else if replayed.is_empty() {
            say!("The index of {} holds everything.", self.place.firm);
        } else {
            for replay in &replayed {
                let failure = &replay["syncFailure"];
                let object = format!("{}/{}", text(&failure["kind"]), text(&failure["object"]));
                let why = if indexed(replay) { String::new() } else { format!(": {}", text(&failure["error"])) };
                say!("{object} {}{why}", text(&replay["outcome"]));
            }
        }
        Ok(if all { Exit::Ok } else { Exit::Inconsistent })
    }
}

/// A text as it is, anything else as JSON writes it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A firm's index: in a folder of ours, or behind a server. Both give what the API gives.
enum Index {
    Folder { engage: Box<Engage<Platform>>, caller: Caller, runtime: tokio::runtime::Runtime },
    Server(Client),
}

impl Place {
    fn open(&self) -> anyhow::Result<Index> {
        match (&self.data, &self.url) {
            (Some(data), _) => {
                let platform = open::existing(data, Options::default())?;
                open::known(&platform, &self.firm)?;
                let runtime = open::runtime()?;
                runtime.block_on(platform.catch_up(&self.firm, CATCH_UP))?;
                // No resume token is made here, so any secret does.
                let engage = Box::new(Engage::new(platform, &[]));
                Ok(Index::Folder { engage, caller: Caller::system(self.firm.clone()), runtime })
            }
            (None, Some(url)) => Ok(Index::Server(Client::new(url, self.key.require()?, &self.firm))),
            (None, None) => Err(failed(Exit::Usage, "either --data or --url is needed")),
        }
    }
}

impl Index {
    /// All of them, page by page.
    fn list(&mut self) -> anyhow::Result<Vec<Value>> {
        let mut failures = vec![];
        match self {
            Self::Folder { engage, caller, runtime } => {
                let mut after = Some(0);
                while let Some(id) = after {
                    let list = Failures { after: id, limit: Limit::default() };
                    let page = runtime.block_on(engage.list_sync_failures(caller, list, None)).map_err(told)?;
                    failures.extend(page.rows.iter().map(view));
                    after = page.next;
                }
            }
            Self::Server(client) => {
                let first = format!("/api/v1/platform/sync-failures?limit={LIMIT_MAX}");
                let mut next = Some(first.clone());
                while let Some(path) = next {
                    let mut page = client.get(&path)?;
                    if let Value::Array(rows) = page["syncFailures"].take() {
                        failures.extend(rows);
                    }
                    next = page["page"]["next"].as_str().map(|cursor| format!("{first}&cursor={cursor}"));
                }
            }
        }
        Ok(failures)
    }

    /// Tries one again.
    fn replay(&mut self, id: i64) -> anyhow::Result<Value> {
        match self {
            Self::Folder { engage, caller, runtime } => {
                let (failure, outcome) = runtime.block_on(engage.replay(caller, id)).map_err(told)?;
                Ok(json!({ "syncFailure": view(&failure), "outcome": outcome.as_str() }))
            }
            Self::Server(client) => client.post(&format!("/api/v1/platform/sync-failures/{id}/replay"), &json!({})),
        }
    }

    /// Leaves the index caught up, so that a server that starts next has it.
    fn close(self) {
        if let Self::Folder { engage, .. } = self {
            engage.runtime().shut_down(CATCH_UP);
        }
    }
}

fn told(error: Error) -> anyhow::Error {
    match error {
        Error::NotFound(_) => failed(Exit::NotFound, error.to_string()),
        other => other.into(),
    }
}

/// A failure as the API shows it.
fn view(failure: &SyncFailure) -> Value {
    json!({
        "id": failure.id,
        "kind": failure.object.kind.as_str(),
        "object": failure.object.name,
        "version": failure.version.0,
        "attempts": failure.attempts,
        "error": failure.error,
        "firstFailedAt": failure.first_failed_at,
        "lastFailedAt": failure.last_failed_at,
    })
}
