//! `engage import`: bringing a firm's past in.

mod folder;
mod journal;
mod parties;
mod report;
mod server;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use engage_domain::FirmId;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::report::Report;
use super::key::TokenKeyArg;
use crate::{
    exit::{Exit, failed},
    import::{self, MapArgs, Row, Rows, Target},
};

/// Brings data in from elsewhere.
#[derive(Args, Debug)]
pub(crate) struct Import {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Conversations(Conversations),
    Parties(parties::Parties),
    Journal(journal::Journal),
}

/// Imports conversations from CSV or NDJSON, one a row. Running it again adds nothing twice. A row that cannot be read is reported
/// with its line and does not stop the rest; the exit code is then 1.
#[derive(Args, Debug)]
struct Conversations {
    /// The file
    file: PathBuf,
    /// The firm
    #[arg(long, value_name = "FIRM")]
    firm: FirmId,
    /// The data folder, which no server may be using
    #[arg(long, value_name = "DIR", required_unless_present = "url", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// A running server; ENGAGE_TOKEN_KEY must be its key
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    map: MapArgs,
    #[command(flatten)]
    key: TokenKeyArg,
}

impl Import {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Conversations(conversations) => conversations.run(json),
            Command::Parties(parties) => parties.run(json),
            Command::Journal(journal) => journal.run(json),
        }
    }
}

impl Conversations {
    fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let mut report = Report::new(&self.file, &self.firm);
        match (&self.data, &self.url) {
            (Some(data), _) => folder::import(self, data, json, &mut report)?,
            (None, Some(url)) => server::import(self, url, json, &mut report)?,
            (None, None) => return Err(failed(Exit::Usage, "either --data or --url is needed")),
        }
        report.print(json)?;
        Ok(if report.failed == 0 { Exit::Ok } else { Exit::Failure })
    }

    /// Opens the file; what is wrong with the whole of it is a usage error before the first row.
    fn read(&self, time_zone: &str, json: bool) -> anyhow::Result<Reading> {
        let time_zone = jiff::tz::TimeZoneDatabase::bundled().get(time_zone)?;
        let target = Target { firm: self.firm.clone(), time_zone, now: crate::now() };
        let rows = Rows::open(&self.file, &self.map, target).map_err(|error| match &error {
            error if error.is_usage() => failed(Exit::Usage, error.to_string()),
            import::Error::Open { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                failed(Exit::NotFound, format!("there is no file {}", self.file.display()))
            }
            _ => error.into(),
        })?;
        Ok(Reading { rows, progress: bar(&self.file, json) })
    }
}

/// A bar over the file's bytes, on a terminal alone.
pub(super) fn bar(file: &Path, json: bool) -> ProgressBar {
    let length = std::fs::metadata(file).map_or(0, |file| file.len());
    let target = if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}  {msg}  {eta} left")
        .expect("a constant template is well formed");
    ProgressBar::with_draw_target(Some(length), target).with_style(style)
}

/// A file on its way in, as both ways of importing read it.
struct Reading {
    rows: Rows,
    progress: ProgressBar,
}

impl Reading {
    /// The next row that can be brought in. What is wrong with those before it, and worth knowing of it, goes into the report.
    fn next(&mut self, report: &mut Report) -> anyhow::Result<Option<Row>> {
        while let Some(line) = self.rows.next() {
            let line = line?;
            report.rows += 1;
            self.progress.set_position(self.rows.position());
            self.progress.set_message(format!("{} rows", report.rows));
            match line.row {
                Err(error) => report.fail(line.number, error.to_string()),
                Ok(row) => {
                    for note in &row.notes {
                        report.note(line.number, note.to_string());
                    }
                    return Ok(Some(row));
                }
            }
        }
        report.unseen(self.rows.unseen_columns());
        self.progress.finish_and_clear();
        Ok(None)
    }
}
