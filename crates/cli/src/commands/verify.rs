//! `engage verify`: whether chains are whole and indexes equal their sources.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use clap::Args;
use engage_domain::FirmId;
use engage_native::{Options, verify};
use serde::Serialize;

use super::open;
use crate::exit::{Exit, failed};
use crate::out::say;

/// How long an index may take to catch up before the check gives up; a million entries take seconds.
const CATCH_UP: Duration = Duration::from_secs(3600);

/// Walks every hash chain and compares every index row with its source. Exit code 6 when anything is off.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The data folder; no server may be using it
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// One firm only
    #[arg(long, value_name = "FIRM")]
    firm: Option<FirmId>,
}

#[derive(Serialize)]
struct Output {
    firms: Vec<verify::Report>,
}

impl Verify {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let platform = open::existing(&self.data, Options::default())?;
        let firms = match &self.firm {
            Some(firm) => vec![open::known(&platform, firm)?],
            None => platform.firms()?,
        };
        let runtime = open::runtime()?;
        let mut output = Output { firms: vec![] };
        for firm in firms {
            let caught_up = runtime.block_on(platform.catch_up(&firm, CATCH_UP))?;
            if !caught_up {
                return Err(failed(Exit::Failure, format!("the index of {firm} did not catch up with its journal")));
            }
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
