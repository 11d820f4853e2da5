//! `engage import parties`: whom the firm knew before, such as its old client list.

mod report;

use std::path::PathBuf;

use clap::Args;

use self::report::Report;
use crate::{
    commands::registry::{List, Place},
    draft::Draft,
    exit::Exit,
    import::PartyArgs,
};

/// Registers parties from CSV or NDJSON, one a row, and tells which of them conflict with each other or with whom the firm knew. Running it
/// again adds nothing twice: a party is known by its external_id, else by role and name. A row that cannot be read is reported with its line
/// and does not stop the rest; the exit code is then 1. Conflicts do not change the exit code.
///
/// The columns are name, role, kind, aliases, email, phone, registration_number, date_of_birth, matter and external_id; only the name is
/// needed, and the role where --role does not say it. Of aliases and of what identifies there may be several, parted by semicolons, or as a
/// list in NDJSON.
#[derive(Args, Debug)]
pub(super) struct Parties {
    /// The file
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    read: PartyArgs,
    /// Where to write every conflict, as CSV; the first twenty are printed in any case
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Parties {
    pub(super) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let firm = &self.place.firm;
        let mut list = List::open(&self.file, &self.read, true, firm, json)?;
        let draft = self.report.as_deref().map(Draft::begin).transpose()?;
        let registry = self.place.open()?;
        let mut report = Report::default();
        while let Some(batch) = list.next()? {
            for (row, outcome) in batch.iter().zip(registry.import(&batch)?) {
                match outcome {
                    Ok(imported) => report.take_in(row, imported),
                    Err(reason) => list.tally.refuse(row.line, reason),
                }
            }
        }
        registry.close();
        if let Some(draft) = draft {
            draft.finish(&report.csv()?)?;
        }
        report.print(&self.file, firm, &list.tally, self.report.as_deref(), json)?;
        Ok(if list.tally.refused == 0 { Exit::Ok } else { Exit::Failure })
    }
}
