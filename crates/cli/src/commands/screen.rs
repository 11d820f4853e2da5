//! `engage screen`: names against a registry in a file, without a server or a firm.

mod figures;
mod lookup;
mod pairs;
mod sheet;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::exit::Exit;

/// Screens names against a list of parties, both CSV, and writes the likeliest parties for each with a confidence from 0 to 1.
///
/// The registry has the columns party_id and name, and may have aliases (parted by |) and kind (person, organisation or entity, matter).
/// The queries have query_id and query_name; what a queried name is, is guessed from it, as for a name that a client types. When they also have
/// expected_party_id (parted by |, empty where no party is right) and category, the figures of the screening are printed too.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Screen {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    lookup: Option<Lookup>,
}

#[derive(Subcommand, Debug)]
enum Command {
    Pairs(Pairs),
}

#[derive(Args, Debug)]
struct Lookup {
    /// The parties
    #[arg(long, value_name = "FILE")]
    registry: PathBuf,
    /// The names to look for
    #[arg(long, value_name = "FILE")]
    queries: PathBuf,
    /// The most parties for each name
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=100))]
    top: u8,
    /// Where to write the columns query_id, party_id, score
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write nothing below this confidence, and print the figures at it; otherwise everything, and at the threshold of the best F1
    #[arg(long, value_name = "T", value_parser = confidence)]
    threshold: Option<f64>,
}

/// Scores each pair of names of a CSV file: adds a column score, from 0 to 1, to the columns it has.
///
/// The file has the columns name1 and name2, and may have schema or kind (Person, Company, Organization and the like).
#[derive(Args, Debug)]
struct Pairs {
    /// The pairs
    file: PathBuf,
    /// Where to write; otherwise to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Screen {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        match (&self.command, &self.lookup) {
            (Some(Command::Pairs(pairs)), _) => pairs::run(pairs),
            (None, Some(lookup)) => lookup::run(lookup, json),
            (None, None) => Err(crate::exit::failed(Exit::Usage, "--registry, --queries and --out are needed")),
        }
    }
}

fn confidence(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("not from 0 to 1".into()) }
}
