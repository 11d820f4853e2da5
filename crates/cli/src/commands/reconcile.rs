//! `engage reconcile`: whether indexes equal their journals, and mending them where they do not.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use engage_domain::{Actor, FirmId};
use engage_index::reconciliation::Reconciled;
use engage_native::{Options, Platform};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::{key::TokenKeyArg, open, runs};
use crate::{
    client::Client,
    exit::{Exit, failed},
    out::say,
};

/// How long an index may take to catch up before it is compared; a million entries take seconds.
const CATCH_UP: Duration = Duration::from_secs(3600);
/// How often the bar moves.
const TICK: Duration = Duration::from_millis(100);

/// What is printed of a run.
const COUNTS: [&str; 7] = ["rows", "missing", "stale", "orphaned", "drifted", "repaired", "unreadable"];

/// Compares indexes with their journals row by row and mends what differs. Exit code 6 when anything differed, mended or not; 0 when
/// nothing did. Each run is recorded in the firm's audit trail.
#[derive(Args, Debug)]
pub(crate) struct Reconcile {
    /// The data folder, which no server may be using
    #[arg(long, value_name = "DIR", required_unless_present = "url", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// A running server; ENGAGE_TOKEN_KEY must be its key. Needs --firm
    #[arg(long, requires = "firm")]
    url: Option<String>,
    /// One firm only
    #[arg(long, value_name = "FIRM")]
    firm: Option<FirmId>,
    /// Report and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    key: TokenKeyArg,
}

impl Reconcile {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let runs = match (&self.data, &self.url, &self.firm) {
            (Some(data), ..) => self.in_folder(data, json)?,
            (None, Some(url), Some(firm)) => vec![self.on_server(url, firm)?],
            (None, ..) => return Err(failed(Exit::Usage, "either --data, or --url and --firm, are needed")),
        };
        let exit = runs::report(&runs, &COUNTS, json);
        if self.dry_run && !json {
            say!("Nothing was changed.");
        }
        Ok(exit)
    }

    fn in_folder(&self, data: &Path, json: bool) -> anyhow::Result<Vec<Value>> {
        let platform = open::existing(data, Options::default())?;
        let firms = match &self.firm {
            Some(firm) => vec![open::known(&platform, firm)?],
            None => platform.firms()?,
        };
        let runtime = open::runtime()?;
        let run = |firm: &FirmId| runtime.block_on(self.one(&platform, firm, json));
        firms.iter().map(|firm| run(firm).with_context(|| format!("cannot reconcile {firm}"))).collect()
    }

    async fn one(&self, platform: &Platform, firm: &FirmId, json: bool) -> anyhow::Result<Value> {
        if !platform.catch_up(firm, CATCH_UP).await? {
            anyhow::bail!("the index did not catch up with its journal");
        }
        let target = if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template("{msg} {bar:40} {human_pos}/{human_len} rows  {eta} left")
            .expect("a constant template is well formed");
        // About a row an entry and one an object; assignments are on top.
        let length = u64::try_from(platform.handle(firm)?.committed_seq()).unwrap_or(0);
        let bar = ProgressBar::with_draw_target(Some(length), target).with_style(style).with_message(firm.to_string());
        let progress = Arc::new(AtomicU64::new(0));
        let mut work = std::pin::pin!(platform.reconcile_with(firm, &Actor::SYSTEM, self.dry_run, &progress));
        let run: Reconciled = loop {
            match tokio::time::timeout(TICK, &mut work).await {
                Ok(done) => break done?,
                Err(_) => {
                    let rows = progress.load(Ordering::Relaxed);
                    bar.set_length(length.max(rows));
                    bar.set_position(rows);
                }
            }
        };
        bar.finish_and_clear();
        Ok(serde_json::to_value(run)?)
    }

    fn on_server(&self, url: &str, firm: &FirmId) -> anyhow::Result<Value> {
        let path = format!("/api/v1/platform/firms/{firm}/reconcile?dryRun={}", self.dry_run);
        runs::ask(&Client::patient(url, self.key.require()?, firm), &path, "reconciliation")
    }
}
