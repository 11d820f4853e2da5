//! The one binary, `engage`.

use std::process::ExitCode;

use clap::Parser;
use engage_cli::{commands::Cli, exit};

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
