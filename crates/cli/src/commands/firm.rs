//! `engage firm`: founding firms.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use engage_domain::{
    FirmId,
    firm::{Rejection, SettingsChange},
};
use engage_journal::Turn;
use engage_native::{Options, Platform};
use serde_json::json;

use super::{key::TokenKeyArg, open};
use crate::out::say;
use crate::{
    client::Client,
    exit::{Exit, failed},
};

/// Founds firms.
#[derive(Args, Debug)]
pub(crate) struct Firm {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Create(Create),
}

/// Founds a firm. Exit code 5 when there is one of that slug already.
#[derive(Args, Debug)]
struct Create {
    /// The data folder, which no server may be using; made if it is not there
    #[arg(long, value_name = "DIR", required_unless_present = "url", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// A running server; ENGAGE_TOKEN_KEY must be its key
    #[arg(long)]
    url: Option<String>,
    /// The firm's slug: lower-case letters, digits and single hyphens
    #[arg(long, value_name = "FIRM")]
    firm: FirmId,
    /// Its name
    #[arg(long)]
    name: String,
    /// The IANA time zone in which its days begin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
    /// Where its data must stay, such as eu
    #[arg(long)]
    jurisdiction: Option<String>,
    #[command(flatten)]
    key: TokenKeyArg,
}

impl Firm {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Create(create) => create.run(json),
        }
    }
}

impl Create {
    fn run(&self, json: bool) -> anyhow::Result<Exit> {
        match (&self.data, &self.url) {
            (Some(data), _) => self.in_folder(data)?,
            (None, Some(url)) => self.on_server(url)?,
            (None, None) => return Err(failed(Exit::Usage, "either --data or --url is needed")),
        }
        if json {
            say!("{}", json!({ "firm": self.firm, "name": self.name, "timeZone": self.time_zone }));
        } else {
            say!("Created {} ({}).", self.firm, self.name);
        }
        Ok(Exit::Ok)
    }

    fn in_folder(&self, data: &std::path::Path) -> anyhow::Result<()> {
        let platform = Platform::open(data, Options::default())?;
        let settings = SettingsChange {
            time_zone: Some(self.time_zone.clone()),
            jurisdiction: self.jurisdiction.clone(),
            ..SettingsChange::default()
        };
        let turn = open::runtime()?.block_on(platform.create_firm(&self.firm, &self.name, settings))?;
        match turn {
            Turn::Done(_) => Ok(()),
            Turn::Rejected(Rejection::AlreadyExists) => {
                Err(failed(Exit::Precondition, format!("there is a firm {} already", self.firm)))
            }
            Turn::Rejected(rejection) => Err(failed(Exit::Usage, rejection.to_string())),
            Turn::NotFound | Turn::Denied { .. } | Turn::Stale { .. } | Turn::CommandIdReused => {
                Err(failed(Exit::Failure, format!("the firm {} could not be created", self.firm)))
            }
        }
    }

    fn on_server(&self, url: &str) -> anyhow::Result<()> {
        let body = json!({ "name": self.name, "timeZone": self.time_zone, "jurisdiction": self.jurisdiction });
        Client::new(url, self.key.require()?, &self.firm).post("/api/v1/firm", &body).map(drop)
    }
}
