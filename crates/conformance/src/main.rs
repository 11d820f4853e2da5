//! `conformance NAME --command '… {data} …'`: the suite against one target. Exits with 1 when something is not as it should be.

use std::process::ExitCode;

use clap::Parser;
use engage_conformance::{
    Command, Differences, Faults, Suite,
    cases::ALL,
    files::{Native, Workerd},
};

/// Holds a target to the behaviour that every target of Engage shares.
#[derive(Parser, Debug)]
struct Conformance {
    /// What the target is called in differences.toml. Faults can be planted in `native` and `cloudflare`
    name: String,
    /// How it is started: words parted by white space, `{data}` for the data folder
    #[arg(long)]
    command: String,
    /// Only cases whose name holds this
    #[arg(long, value_name = "SUBSTRING")]
    only: Option<String>,
}

fn main() -> ExitCode {
    let Conformance { name, command, only } = Conformance::parse();
    let differences = match Differences::read() {
        Ok(list) => list,
        Err(error) => {
            eprintln!("error: differences.toml: {error}");
            return ExitCode::from(2);
        }
    };
    let faults = match &*name {
        "native" => Some(&Native as &dyn Faults),
        "cloudflare" => Some(&Workerd as &dyn Faults),
        _ => None,
    };
    let cases: Vec<_> = ALL.iter().flat_map(|group| group.iter().copied()).collect();
    let suite = Suite { name: &name, command: Command(command), faults, only: only.as_deref(), differences };
    if suite.run(&cases) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
