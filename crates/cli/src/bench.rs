//! `engage bench`: what the product does in a second, against a baseline in the same run on the same disk.
//!
//! Every figure is a ratio or stands beside what it is to be compared with, because machines differ and shared ones waver. A
//! measurement is taken several times, alternating with its baseline, and the median of the ratios counts.

mod baseline;
mod rig;
mod write;

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::exit::{Exit, failed};

/// Measures the product on this machine, in a temporary folder, and prints a table.
#[derive(Args, Debug)]
pub struct Bench {
    /// The measurements to take, such as write/in-process; all of them when none is named
    names: Vec<String>,
    /// Smaller and shorter: to see that it works, not to quote
    #[arg(long)]
    quick: bool,
    /// Where to put the data; by default a temporary folder in the current directory, so that it is on a real disk
    #[arg(long, value_name = "DIR")]
    folder: Option<std::path::PathBuf>,
}

/// One measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What was measured, in `unit`.
    pub value: f64,
    /// The baseline, in the same unit.
    pub baseline: f64,
    /// `value / baseline`.
    pub ratio: f64,
    /// The unit of value and baseline.
    pub unit: &'static str,
    /// What the ratio should be, such as `>= 0.5`; none where there is only something to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<&'static str>,
    /// Whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// Whatever else was seen.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

type Measure = fn(&rig::Rig) -> anyhow::Result<Vec<(String, Figure)>>;

const MEASURES: [(&str, Measure); 1] = [("write/in-process", write::in_process)];

impl Bench {
    /// Runs the command.
    pub fn run(&self, json: bool) -> anyhow::Result<Exit> {
        for name in &self.names {
            if !MEASURES.iter().any(|(known, _)| known == name) {
                let known: Vec<_> = MEASURES.iter().map(|(name, _)| *name).collect();
                return Err(failed(
                    Exit::Usage,
                    format!("there is no measurement {name}; there are {}", known.join(", ")),
                ));
            }
        }
        if cfg!(debug_assertions) {
            eprintln!("warning: this is a debug build; its figures mean nothing. Use `cargo run --release -- bench`");
        }
        let rig = rig::Rig::new(self.folder.as_deref(), self.quick)?;
        let mut figures = vec![];
        for (name, measure) in MEASURES {
            if self.names.is_empty() || self.names.iter().any(|wanted| wanted == name) {
                eprintln!("measuring {name} …");
                figures.extend(measure(&rig)?);
            }
        }
        if json {
            let all: BTreeMap<_, _> = figures.into_iter().collect();
            println!("{}", serde_json::to_string_pretty(&all)?);
        } else {
            print!("{}", table(&figures));
        }
        Ok(Exit::Ok)
    }
}

fn table(figures: &[(String, Figure)]) -> String {
    let names = ["measurement", "value", "baseline", "unit", "ratio", "target", "met", "more"];
    let rows: Vec<_> = figures
        .iter()
        .map(|(name, figure)| {
            let more: Vec<_> = figure.more.iter().map(|(key, value)| format!("{key} {value}")).collect();
            vec![
                name.clone(),
                format!("{:.2}", figure.value),
                format!("{:.2}", figure.baseline),
                figure.unit.to_owned(),
                format!("{:.2}", figure.ratio),
                figure.target.unwrap_or("").to_owned(),
                figure.met.map_or("", |met| if met { "yes" } else { "no" }).to_owned(),
                more.join(", "),
            ]
        })
        .collect();
    crate::table::render(&names, &rows)
}
