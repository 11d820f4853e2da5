//! The commands, a file each, and what they share.

//mod key;
mod open;
//mod token;
mod verify;

use clap::{Parser, Subcommand};

use crate::{bench::Bench, exit::Exit};

/// The Engage data platform: live legal client-intake conversations, each a strongly consistent object, and an index of lists for each firm.
#[derive(Parser, Debug)]
#[command(name = "engage", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print results, and errors, as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    //Token(token::Token),
    Verify(verify::Verify),
    Bench(Bench),
}

impl Cli {
    /// Whether results are printed as JSON.
    pub const fn json(&self) -> bool {
        self.json
    }

    /// Runs the command.
    pub fn run(&self) -> anyhow::Result<Exit> {
        match &self.command {
            //Command::Token(token) => token.run(self.json),
            Command::Verify(verify) => verify.run(self.json),
            Command::Bench(bench) => bench.run(self.json),
        }
    }
}
