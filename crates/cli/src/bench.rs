//! `engage bench`: what the product does in a second, against a baseline in the same run on the same disk.
//!
//! Every figure is a ratio or stands beside what it is to be compared with, because machines differ and shared ones waver. A
//! measurement is taken several times, alternating with its baseline, and the median of the ratios counts.

mod activate;
mod bare;
mod baseline;
mod client;
mod dice;
mod grid;
mod http;
mod lag;
mod list;
mod maintenance;
mod memory;
mod registry;
mod rig;
mod screening;
mod seed;
mod target;
mod write;

use std::collections::BTreeMap;

use clap::Args;
use engage_http::token::TokenKey;
use serde::Serialize;
use serde_json::Value;

use crate::{
    commands::key::TokenKeyArg,
    exit::{Exit, failed},
    out::say,
};

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
    #[command(flatten)]
    sides: target::Sides,
    #[command(flatten)]
    key: TokenKeyArg,
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
    /// What the ratio should be, such as `>= 0.5`, or the value where the baseline is a bound; none where there is only something
    /// to see.
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

/// Each gives one figure of its name, or several whose names go on behind it. Memory comes first, in a process that has used little.
const MEASURES: [(&str, Measure); 14] = [
    ("memory", memory::hibernated),
    ("write/in-process", write::in_process),
    ("write/http", http::write),
    ("write/long-conversation", write::long_conversation),
    ("write/beside-maintenance", maintenance::beside),
    ("lag", lag::lag),
    ("detail", http::detail),
    ("activate", activate::activate),
    ("list", list::list),
    ("grid", grid::grid),
    ("reconcile", maintenance::reconciliation),
    ("rebuild", maintenance::rebuild),
    ("screening", screening::screening),
    ("registry", registry::registry),
];

impl Figure {
    const fn new(value: f64, baseline: f64, ratio: f64, unit: &'static str) -> Self {
        Self { value, baseline, ratio, unit, target: None, met: None, more: BTreeMap::new() }
    }

    /// A figure whose baseline is what the disk asks for at the least: what is durable cannot take less. If it seems to, the disk was
    /// busy with something else while one of the two was measured, and there is nothing to judge.
    fn above_floor(self) -> Self {
        if self.ratio >= 1.0 { self } else { Self { target: None, met: None, ..self.with("disturbed", true) } }
    }

    fn at_least(self, target: &'static str, bound: f64) -> Self {
        Self { target: Some(target), met: Some(self.ratio >= bound), ..self }
    }

    fn at_most(self, target: &'static str, bound: f64) -> Self {
        Self { target: Some(target), met: Some(self.ratio <= bound), ..self }
    }

    /// A figure whose value is held to a bound that is not its baseline.
    fn held_to(self, target: &'static str, met: bool) -> Self {
        Self { target: Some(target), met: Some(met), ..self }
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a number to what else was seen, with as many digits as mean something.
    fn with_number(self, name: &str, number: f64) -> Self {
        self.with(name, if number.abs() < 100.0 { (number * 100.0).round() / 100.0 } else { number.round() })
    }
}

/// Whether `name` is `group` or one of its figures.
fn within(name: &str, group: &str) -> bool {
    name.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Bench {
    /// Runs the command.
    pub fn run(&self, json: bool) -> anyhow::Result<Exit> {
        if let Some(sides) = self.sides.both() {
            return self.beside(sides, json);
        }
        for name in &self.names {
            if !MEASURES.iter().any(|(known, _)| within(name, known)) {
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
        let rig = self.rig(json)?;
        let mut figures = vec![];
        for (name, measure) in MEASURES {
            if self.names.is_empty() || self.names.iter().any(|wanted| within(wanted, name)) {
                eprintln!("measuring {name} …");
                figures.extend(measure(&rig)?);
            }
        }
        self.report(&rig, figures, json)
    }

    /// Measures one server of the API beside another.
    fn beside(&self, sides: (&target::Place, &target::Place), json: bool) -> anyhow::Result<Exit> {
        let measurement = target::Measurement { names: &self.names, key: self.sides_key(sides)? };
        measurement.check_names()?;
        let rig = self.rig(json)?;
        let figures = measurement.run(&rig, sides)?;
        self.report(&rig, figures, json)
    }

    /// The key of the servers; one that is started here is given it.
    fn sides_key(&self, sides: (&target::Place, &target::Place)) -> anyhow::Result<TokenKey> {
        match (self.key.get(), sides) {
            (Some(key), _) => Ok(key),
            (None, (target::Place::Command(_), target::Place::Command(_))) => Ok(TokenKey::new(*http::KEY)),
            (None, _) => self.key.require(),
        }
    }

    fn rig(&self, json: bool) -> anyhow::Result<rig::Rig> {
        let rig = rig::Rig::new(self.folder.as_deref(), self.quick)?;
        let conditions = rig.conditions()?;
        if json {
            eprintln!("{conditions}");
        } else {
            say!("{conditions}");
        }
        Ok(rig)
    }

    fn report(&self, rig: &rig::Rig, mut figures: Vec<(String, Figure)>, json: bool) -> anyhow::Result<Exit> {
        eprintln!("afterwards: {}", rig.conditions()?);
        figures.retain(|(name, _)| self.names.is_empty() || self.names.iter().any(|wanted| within(name, wanted)));
        if json {
            let all: BTreeMap<_, _> = figures.into_iter().collect();
            say!("{}", serde_json::to_string_pretty(&all)?);
        } else {
            say!("{}", (table(&figures)).trim_end());
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
