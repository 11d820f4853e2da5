//! The one binary, `engage`.

use std::process::ExitCode;

use clap::Parser;
use engage_cli::{commands::Cli, exit};

/// For SQLite as well, whose allocations are most: it `override`s the C library's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            if cli.json() {
                eprintln!("{}", serde_json::json!({ "error": format!("{error:#}") }));
            } else {
                eprintln!("error: {error:#}");
            }
            exit::code_of(&error).into()
        }
    }
}
