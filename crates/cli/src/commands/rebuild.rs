//! `engage rebuild`: indexes anew from their journals.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use engage_app::Runtime;
use engage_domain::{Actor, FirmId};
use engage_native::Options;
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::Value;

use super::{key::TokenKeyArg, open, runs};
use crate::{
    client::Client,
    exit::{Exit, failed},
};

/// How long an index may take to catch up before it is compared with the new one.
const CATCH_UP: Duration = Duration::from_secs(3600);

/// What is printed of a run.
const COUNTS: [&str; 6] = ["entries", "rows", "missing", "stale", "orphaned", "drifted"];

/// Builds indexes anew from their journals, compares them with those they replace, and swaps them. Exit code 6 when the replaced one
/// held anything otherwise than the journal says; 0 when it did not. The replaced index stays beside the new one as index.prev.db.
#[derive(Args, Debug)]
pub(crate) struct Rebuild {
    /// The data folder, which no server may be using
    #[arg(long, value_name = "DIR", required_unless_present = "url", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// A running server; ENGAGE_TOKEN_KEY must be its key. Needs --firm
    #[arg(long, requires = "firm")]
    url: Option<String>,
    /// One firm only
    #[arg(long, value_name = "FIRM")]
    firm: Option<FirmId>,
    #[command(flatten)]
    key: TokenKeyArg,
}

impl Rebuild {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let target = if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let spinner = ProgressBar::with_draw_target(None, target).with_message("rebuilding");
        spinner.enable_steady_tick(Duration::from_millis(100));
        let done = match (&self.data, &self.url, &self.firm) {
            (Some(data), ..) => self.in_folder(data, &spinner)?,
            (None, Some(url), Some(firm)) => {
                let client = Client::patient(url, self.key.require()?, firm);
                vec![runs::ask(&client, &format!("/api/v1/platform/firms/{firm}/rebuild"), "rebuild")?]
            }
            (None, ..) => return Err(failed(Exit::Usage, "either --data, or --url and --firm, are needed")),
        };
        spinner.finish_and_clear();
        Ok(runs::report(&done, &COUNTS, json))
    }

    fn in_folder(&self, data: &Path, spinner: &ProgressBar) -> anyhow::Result<Vec<Value>> {
        let platform = open::existing(data, Options::default())?;
        let firms = match &self.firm {
            Some(firm) => vec![open::known(&platform, firm)?],
            None => platform.firms()?,
        };
        let runtime = open::runtime()?;
        let one = async |firm: &FirmId| {
            spinner.set_message(format!("rebuilding {firm}"));
            if !platform.catch_up(firm, CATCH_UP).await? {
                anyhow::bail!("the index did not catch up with its journal");
            }
            Ok(serde_json::to_value(platform.rebuild(firm, &Actor::SYSTEM).await?)?)
        };
        let firms = firms.iter();
        firms.map(|firm| runtime.block_on(one(firm)).with_context(|| format!("cannot rebuild {firm}"))).collect()
    }
}
