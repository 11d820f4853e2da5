//! A firm's registry: in a folder of ours, or behind a server. Both give the same.

mod list;
mod wire;
mod words;

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use engage_app::{
    Caller, Engage, Error, Runtime, Write,
    registry::{BATCH_MAX, ImportedParty},
};
use engage_domain::{EntryId, FirmId, PartyId, registry::Screening};
use engage_native::{Options, Platform};
use jiff::tz::TimeZone;
use serde_json::json;
use tokio::task::JoinSet;

pub(super) use self::{
    list::{List, RowProblem, Tally},
    words::{guarded, role, say_confidence, say_match, why},
};
use super::{key::TokenKeyArg, open};
use crate::{
    client::Client,
    exit::{Exit, Failed, failed},
    import::PartyRow,
};

/// Most rows that are handed over at once.
pub(super) const BATCH: usize = BATCH_MAX;
/// How long the index of a folder may take to catch up in the end.
const CATCH_UP: Duration = Duration::from_secs(60);

/// Whose registry, and by which way.
#[derive(Args, Debug)]
pub(super) struct Place {
    /// The firm
    #[arg(long, value_name = "FIRM")]
    pub(super) firm: FirmId,
    /// The data folder, which no server may be using
    #[arg(long, value_name = "DIR", required_unless_present = "url", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// A running server; ENGAGE_TOKEN_KEY must be its key
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    key: TokenKeyArg,
}

/// What a firm's papers say of it.
pub(super) struct Letterhead {
    pub(super) name: String,
    pub(super) time_zone: TimeZone,
}

/// What became of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is new.
    Registered,
    /// More became known of it.
    Changed,
    /// Nothing happened.
    Known,
}

/// A party that the registry has taken in.
pub(super) struct Imported {
    pub(super) id: PartyId,
    pub(super) fate: Fate,
    /// What its latest screening came to.
    pub(super) screening: Screening,
}

/// A name that was checked.
pub(super) struct Checked {
    pub(super) screening: Screening,
    /// The entry under which the check stays on record.
    pub(super) entry: Option<EntryId>,
}

/// A firm's registry.
pub(super) enum Registry {
    Folder { engage: Arc<Engage<Platform>>, caller: Caller, runtime: tokio::runtime::Runtime },
    Server { client: Client, url: String },
}

impl Place {
    /// Opens the folder, or makes ready to ask the server.
    pub(super) fn open(&self) -> anyhow::Result<Registry> {
        match (&self.data, &self.url) {
            (Some(data), _) => {
                let platform = open::existing(data, Options::default())?;
                open::known(&platform, &self.firm)?;
                // No resume token is made here, so any secret does.
                let engage = Arc::new(Engage::new(platform, &[]));
                Ok(Registry::Folder { engage, caller: Caller::system(self.firm.clone()), runtime: open::runtime()? })
            }
            (None, Some(url)) => {
                let client = Client::new(url, self.key.require()?, &self.firm);
                Ok(Registry::Server { client, url: url.clone() })
            }
            (None, None) => Err(failed(Exit::Usage, "either --data or --url is needed")),
        }
    }
}

impl Registry {
    /// The firm's name and time zone.
    pub(super) fn letterhead(&self) -> anyhow::Result<Letterhead> {
        let (name, zone) = match self {
            Self::Folder { engage, caller, runtime } => {
                let firm = runtime.block_on(engage.runtime().firm(&caller.firm))?;
                (firm.name.to_string(), firm.settings.time_zone.to_string())
            }
            Self::Server { client, .. } => {
                let settings = client.get("/api/v1/firm/settings")?;
                let text = |field: &str| settings["settings"][field].as_str().unwrap_or_default().to_owned();
                (text("name"), text("timeZone"))
            }
        };
        Ok(Letterhead { name, time_zone: jiff::tz::TimeZoneDatabase::bundled().get(&zone)? })
    }

    /// As whom the registry is asked.
    pub(super) fn signed_in(&self) -> String {
        match self {
            Self::Folder { .. } => "the platform itself, through engage on the data folder".to_owned(),
            Self::Server { url, .. } => format!("the firm administrator engage-cli, at {url}"),
        }
    }

    /// Registers at most [`BATCH`] parties. Each gets what became of it, or why it was refused.
    pub(super) fn import(&self, rows: &[PartyRow]) -> anyhow::Result<Vec<Result<Imported, String>>> {
        match self {
            Self::Folder { engage, caller, runtime } => {
                let parties = rows.iter().map(|row| row.party.clone()).collect();
                let imported = runtime.block_on(engage.import_parties(caller, parties)).map_err(told)?;
                Ok(imported.into_iter().map(as_imported).collect())
            }
            Self::Server { client, .. } => {
                let parties: Vec<_> = rows.iter().map(wire::party).collect();
                let answer = client.post("/api/v1/firm/imports/parties", &json!({ "parties": parties }))?;
                let results: Vec<_> = wire::imported(answer)?;
                anyhow::ensure!(
                    results.len() == rows.len(),
                    "the server answered {} of {} parties",
                    results.len(),
                    rows.len()
                );
                Ok(results)
            }
        }
    }

    /// Checks at most [`BATCH`] names. Each gets what its check came to, or why it was refused.
    pub(super) fn check(&self, rows: &[PartyRow]) -> anyhow::Result<Vec<Result<Checked, String>>> {
        match self {
            Self::Folder { engage, caller, runtime } => runtime.block_on(check_all(engage, caller, rows)),
            Self::Server { client, .. } => rows.iter().map(|row| check_one(client, row)).collect(),
        }
    }

    /// Leaves the index caught up, so that a server that starts next has it.
    pub(super) fn close(self) {
        if let Self::Folder { engage, .. } = self {
            engage.runtime().shut_down(CATCH_UP);
        }
    }
}

fn as_imported(imported: ImportedParty) -> Result<Imported, String> {
    match imported {
        ImportedParty::Registered(registered) => {
            let fate = match (registered.created, registered.changed) {
                (true, _) => Fate::Registered,
                (false, true) => Fate::Changed,
                (false, false) => Fate::Known,
            };
            Ok(Imported { id: registered.party.id, fate, screening: registered.party.screening })
        }
        ImportedParty::Refused(error) => Err(error.to_string()),
    }
}

/// Side by side, so that they share commits.
async fn check_all(
    engage: &Arc<Engage<Platform>>,
    caller: &Caller,
    rows: &[PartyRow],
) -> anyhow::Result<Vec<Result<Checked, String>>> {
    let mut flying = JoinSet::new();
    for (at, row) in rows.iter().enumerate() {
        let (engage, caller, party) = (Arc::clone(engage), caller.clone(), row.party.clone());
        flying.spawn(async move { (at, engage.check_conflicts(&caller, &Write::default(), party).await) });
    }
    let mut checked = vec![];
    while let Some(done) = flying.join_next().await {
        let (at, outcome) = done?;
        let outcome = match outcome {
            Ok(checked) => {
                let entry = checked.recorded.map(|recorded| recorded.id);
                Ok(Checked { screening: checked.screening, entry })
            }
            Err(error @ (Error::Firm(_) | Error::Invalid { .. })) => Err(error.to_string()),
            Err(error) => return Err(told(error)),
        };
        checked.push((at, outcome));
    }
    checked.sort_by_key(|(at, _)| *at);
    Ok(checked.into_iter().map(|(_, outcome)| outcome).collect())
}

fn check_one(client: &Client, row: &PartyRow) -> anyhow::Result<Result<Checked, String>> {
    match client.post("/api/v1/firm/conflicts/check", &wire::party(row)) {
        Ok(answer) => wire::checked(answer).map(Ok),
        // What the server says of this name alone.
        Err(error) => match error.downcast_ref::<Failed>() {
            Some(Failed { exit: Exit::Usage, message }) => Ok(Err(message.clone())),
            _ => Err(error),
        },
    }
}

fn told(error: Error) -> anyhow::Error {
    match error {
        Error::NotFound(_) => failed(Exit::NotFound, error.to_string()),
        Error::Forbidden(_) | Error::FirmSuspended | Error::UserBarred(_) => failed(Exit::Denied, error.to_string()),
        other => other.into(),
    }
}
