//! The commands, a file each, and what they share.

mod check;
mod cloudflare;
mod demo;
mod export;
mod firm;
mod import;
pub(crate) mod key;
mod open;
mod openapi;
mod rebuild;
mod reconcile;
mod registry;
mod remote;
mod runs;
mod screen;
mod serve;
mod sync_failures;
mod token;
mod verify;

use clap::{Parser, Subcommand};

use crate::{bench::Bench, exit::Exit};

/// The Engage data platform: live legal client-intake conversations, each a strongly consistent object, and an index of lists
/// for each firm.
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
    Serve(serve::Serve),
    Demo(demo::Demo),
    Firm(firm::Firm),
    Token(token::Token),
    Import(import::Import),
    Export(export::Export),
    Verify(verify::Verify),
    Reconcile(reconcile::Reconcile),
    Rebuild(rebuild::Rebuild),
    SyncFailures(sync_failures::SyncFailures),
    Screen(screen::Screen),
    Check(check::Check),
    Cloudflare(cloudflare::Cloudflare),
    Bench(Bench),
    Openapi(openapi::OpenApi),
}

impl Cli {
    /// Whether results are printed as JSON.
    pub const fn json(&self) -> bool {
        self.json
    }

    /// Runs the command.
    pub fn run(&self) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Serve(serve) => serve.run(),
            Command::Demo(demo) => demo.run(self.json),
            Command::Firm(firm) => firm.run(self.json),
            Command::Token(token) => token.run(self.json),
            Command::Import(import) => import.run(self.json),
            Command::Export(export) => export.run(self.json),
            Command::Verify(verify) => verify.run(self.json),
            Command::Reconcile(reconcile) => reconcile.run(self.json),
            Command::Rebuild(rebuild) => rebuild.run(self.json),
            Command::SyncFailures(failures) => failures.run(self.json),
            Command::Screen(screen) => screen.run(self.json),
            Command::Check(check) => check.run(self.json),
            Command::Cloudflare(cloudflare) => cloudflare.run(self.json),
            Command::Bench(bench) => bench.run(self.json),
            Command::Openapi(openapi) => openapi.run(),
        }
    }
}
