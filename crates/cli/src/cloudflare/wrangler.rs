//! Wrangler, Cloudflare's own command line: the one way from here to its databases.

use std::{
    collections::HashMap,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::Context;
use engage_app::placement::Placement;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::exit::{Exit, failed};

/// Which databases are meant.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Those of the account that Wrangler is signed in to.
    Cloudflare,
    /// Those of `wrangler dev` on this machine.
    Local {
        /// Where they are kept, if not where Wrangler keeps them by itself.
        persist_to: Option<PathBuf>,
    },
}

/// Wrangler, with a deployment's configuration.
pub(crate) struct Wrangler {
    /// The program, and the arguments that come before all others.
    pub(crate) program: String,
    /// The configuration.
    pub(crate) config: PathBuf,
    /// Which databases.
    pub(crate) target: Target,
}

/// A database of the account.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Database {
    /// Its id.
    pub(crate) uuid: String,
    name: String,
    /// What it does not leave, where Cloudflare says so.
    #[serde(default)]
    pub(crate) jurisdiction: Option<String>,
}

impl Wrangler {
    /// Runs it to its end; gives what it printed.
    fn run(&self, args: &[&str]) -> anyhow::Result<String> {
        let mut words = self.program.split_whitespace();
        let program = words.next().ok_or_else(|| failed(Exit::Usage, "--wrangler must name a program"))?;
        let mut command = Command::new(program);
        command.args(words).args(args).arg("--config").arg(&self.config);
        // Nobody is there to answer questions; and what it prints is read.
        command.env("CI", "1").env("NO_COLOR", "1").env("WRANGLER_SEND_METRICS", "false").stdin(Stdio::null());
        let ended = command.output().map_err(|error| {
            let hint = "install it with npm install --global wrangler, or name it with --wrangler 'npx wrangler'";
            failed(Exit::Failure, format!("cannot run {program}: {error}; {hint}"))
        })?;
        let out = String::from_utf8_lossy(&ended.stdout);
        if ended.status.success() {
            return Ok(out.into_owned());
        }
        let why = why(&out, &String::from_utf8_lossy(&ended.stderr));
        Err(failed(Exit::Failure, format!("wrangler {} failed: {why}", called(args))))
    }

    fn json<T: DeserializeOwned>(&self, args: &[&str]) -> anyhow::Result<T> {
        let out = self.run(args)?;
        serde_json::from_str(&out)
            .with_context(|| format!("wrangler {} printed something else than expected", called(args)))
    }

    /// The account's databases by name.
    pub(crate) fn databases(&self) -> anyhow::Result<HashMap<String, Database>> {
        let found: Vec<Database> = self.json(&["d1", "list", "--json"])?;
        Ok(found.into_iter().map(|database| (database.name.clone(), database)).collect())
    }

    /// Makes a database; gives it.
    pub(crate) fn create(&self, name: &str, placement: Placement) -> anyhow::Result<Database> {
        let mut args = vec!["d1", "create", name];
        match (placement.jurisdiction, placement.location) {
            (Some(jurisdiction), _) => args.extend(["--jurisdiction", jurisdiction.as_str()]),
            (None, Some(location)) if location.is_of_databases() => args.extend(["--location", location.as_str()]),
            (None, _) => {}
        }
        self.run(&args)?;
        // What it prints is meant for people; asked again, it tells programs.
        self.databases()?.remove(name).with_context(|| format!("{name} was made, and is not there"))
    }

    fn execute<T: DeserializeOwned>(&self, database: &str, args: &[&str]) -> anyhow::Result<T> {
        let mut all = vec!["d1", "execute", database, "--json", "--yes"];
        let folder;
        match &self.target {
            Target::Cloudflare => all.push("--remote"),
            Target::Local { persist_to: None } => all.push("--local"),
            Target::Local { persist_to: Some(path) } => {
                folder = path.to_string_lossy().into_owned();
                all.extend(["--local", "--persist-to", &folder]);
            }
        }
        all.extend(args);
        self.json(&all)
    }

    /// The rows of each of some statements.
    pub(crate) fn query(&self, database: &str, statements: &[&str]) -> anyhow::Result<Vec<Vec<Value>>> {
        #[derive(Deserialize)]
        struct Answered {
            results: Vec<Value>,
        }
        let answered: Vec<Answered> = self.execute(database, &["--command", &statements.join(";\n")])?;
        Ok(answered.into_iter().map(|answer| answer.results).collect())
    }

    /// Runs a script, all of it or nothing.
    pub(crate) fn script(&self, database: &str, script: &str) -> anyhow::Result<()> {
        let file = tempfile::Builder::new().suffix(".sql").tempfile()?;
        std::fs::write(file.path(), script)?;
        self.execute::<Value>(database, &["--file", &file.path().to_string_lossy()]).map(drop)
    }
}

/// Its command, without arguments.
fn called(args: &[&str]) -> String {
    args[..2.min(args.len())].join(" ")
}

/// Why it failed: what it says in JSON where it was asked for that, else the error among what it printed for people.
fn why(out: &str, err: &str) -> String {
    let told = serde_json::from_str::<Value>(out).ok();
    if let Some(text) = told.as_ref().and_then(|told| told["error"]["text"].as_str()) {
        return text.to_owned();
    }
    let err = console::strip_ansi_codes(err);
    let lines = || err.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines().find_map(|line| line.split_once("[ERROR]").map(|(_, text)| text.trim()));
    error.or_else(|| lines().next()).unwrap_or("it does not say why").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_failure_is_found_in_either_form() {
        assert_eq!(why("\n{\n \"error\": { \"text\": \"no such table: a\" } }", "noise"), "no such table: a");
        let err = "\u{1b}[31m✘ \u{1b}[41;31m[\u{1b}[41;97mERROR\u{1b}[41;31m]\u{1b}[0m \u{1b}[1mNot signed in.\u{1b}[0m\n\nLogs";
        assert_eq!(why("", err), "Not signed in.");
        assert_eq!(why("", "\n sh: 1: wrangler: not found\n"), "sh: 1: wrangler: not found");
        assert_eq!(why("", ""), "it does not say why");
    }
}
