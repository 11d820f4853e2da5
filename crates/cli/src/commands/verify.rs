//! `engage verify`: whether chains are whole and indexes equal their sources.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use clap::Args;
use engage_domain::FirmId;
use engage_native::{Options, verify};
use serde::Serialize;
use serde_json::json;

use super::{
    key::TokenKeyArg,
    open,
    remote::{Remote, digest},
};
use crate::exit::{Exit, failed};
use crate::out::say;

/// How long an index may take to catch up before the check gives up; a million entries take seconds.
const CATCH_UP: Duration = Duration::from_secs(3600);

/// Walks every hash chain and compares every index row with its source. Exit code 6 when anything is off.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The data folder; no server may be using it
    #[arg(long, value_name = "DIR", required_unless_present = "url", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// A running server: tells the digest of a firm's journal by what its objects say, and checks nothing else (its nightly run does).
    /// ENGAGE_TOKEN_KEY must be its key. Needs --firm
    #[arg(long, requires = "firm")]
    url: Option<String>,
    /// One firm only
    #[arg(long, value_name = "FIRM")]
    firm: Option<FirmId>,
    #[command(flatten)]
    key: TokenKeyArg,
}

#[derive(Serialize)]
struct Output {
    firms: Vec<verify::Report>,
}

impl Verify {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let data = match (&self.data, &self.url, &self.firm) {
            (Some(data), ..) => data,
            (None, Some(url), Some(firm)) => return self.on_server(url, firm, json),
            (None, ..) => return Err(failed(Exit::Usage, "either --data, or --url and --firm, are needed")),
        };
        let platform = open::existing(data, Options::default())?;
        let firms = match &self.firm {
            Some(firm) => vec![open::known(&platform, firm)?],
            None => platform.firms()?,
        };
        let runtime = open::runtime()?;
        for firm in &firms {
            let caught_up = runtime.block_on(platform.catch_up(firm, CATCH_UP))?;
            if !caught_up {
                return Err(failed(Exit::Failure, format!("the index of {firm} did not catch up with its journal")));
            }
        }
        // An open folder goes on with what its last owner left: letters and alarms that are due write entries of their own. The threads end,
        // each index with all that was recorded by then; the folder stays ours while it is checked.
        if !platform.shut_down(CATCH_UP) {
            return Err(failed(Exit::Failure, "the data folder did not come to rest"));
        }
        let mut output = Output { firms: vec![] };
        for firm in firms {
            let folder = platform.folder().firm(&firm);
            output.firms.push(verify::check(&firm, &folder).with_context(|| format!("cannot verify {firm}"))?);
        }
        let clean = output.firms.iter().all(verify::Report::is_clean);
        if json {
            say!("{}", serde_json::to_string(&output)?);
        } else {
            print(&output);
        }
        Ok(if clean { Exit::Ok } else { Exit::Inconsistent })
    }

    fn on_server(&self, url: &str, firm: &FirmId, json: bool) -> anyhow::Result<Exit> {
        let heads = Remote::new(url, self.key.require()?, firm).heads()?;
        let digest = digest(&heads);
        if json {
            let report = json!({ "firm": firm, "objects": heads.len(), "journalDigest": digest });
            say!("{}", json!({ "firms": [report] }));
        } else {
            say!("{firm}: {} objects, journal {digest}", heads.len());
        }
        Ok(Exit::Ok)
    }
}

fn print(output: &Output) {
    if output.firms.is_empty() {
        say!("There is no firm in this folder.");
        return;
    }
    let names = ["firm", "objects", "entries", "chain errors", "missing", "stale", "orphaned", "drifted"];
    let rows: Vec<_> = output
        .firms
        .iter()
        .map(|report| {
            let counts = [
                report.objects,
                report.entries,
                report.chain_errors,
                report.missing,
                report.stale,
                report.orphaned,
                report.drifted,
            ];
            std::iter::once(report.firm.to_string()).chain(counts.iter().map(u64::to_string)).collect::<Vec<_>>()
        })
        .collect();
    say!("{}", (crate::table::render(&names, &rows)).trim_end());
    for report in &output.firms {
        say!("{}: journal {}, index {}", report.firm, report.journal_digest, report.index_digest);
    }
    for report in &output.firms {
        for error in &report.chain {
            say!("{}: {} entry {}: {}", report.firm, error.object, error.seq, error.problem);
        }
        for row in &report.rows {
            say!("{}: {} {} is {:?}", report.firm, row.table, row.key, row.difference);
        }
    }
}
