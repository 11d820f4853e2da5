//! A list of parties on its way to the registry.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    io::ErrorKind,
    path::Path,
};

use engage_domain::{FirmId, PartyId, registry::Party};
use indicatif::ProgressBar;
use serde::Serialize;

use super::BATCH;
use crate::{
    commands::import::bar,
    exit::{Exit, failed},
    import::{self, PartyArgs, PartyRow, PartyRows},
};

/// Most notes that are told. Rows that were left out are told one by one however many there are: nobody may think that they were screened.
const NOTES_MAX: usize = 100;

/// A row that was left out, or something of it.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct RowProblem {
    pub(in crate::commands) line: u64,
    pub(in crate::commands) message: String,
}

/// What came of the rows themselves.
#[derive(Debug, Default)]
pub(in crate::commands) struct Tally {
    /// Rows read.
    pub(in crate::commands) rows: u64,
    /// Rows that say what an earlier row said, and were not sent again.
    pub(in crate::commands) repeated: u64,
    /// Rows that were left out.
    pub(in crate::commands) refused: u64,
    /// Which, and why.
    pub(in crate::commands) errors: Vec<RowProblem>,
    /// What was left out of rows that were taken.
    pub(in crate::commands) notes: Vec<RowProblem>,
    /// Columns that were asked for and never held a value.
    pub(in crate::commands) unseen_columns: Vec<String>,
}

impl Tally {
    /// A row was left out.
    pub(in crate::commands) fn refuse(&mut self, line: u64, message: String) {
        self.refused += 1;
        self.errors.push(RowProblem { line, message });
    }

    fn note(&mut self, line: u64, message: String) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push(RowProblem { line, message });
        }
    }

    /// Tells what is wrong, on standard error.
    pub(in crate::commands) fn tell(&self) {
        for RowProblem { line, message } in &self.errors {
            eprintln!("line {line}: {message}");
        }
        for RowProblem { line, message } in &self.notes {
            eprintln!("line {line}: note: {message}");
        }
        for column in &self.unseen_columns {
            eprintln!("note: the column {column:?} held no value in any row");
        }
    }
}

/// The parties of a file, in batches, each once.
pub(in crate::commands) struct List {
    rows: PartyRows,
    progress: ProgressBar,
    firm: FirmId,
    seen: HashSet<(PartyId, u64)>,
    pub(in crate::commands) tally: Tally,
}

impl List {
    /// Opens the file; what is wrong with the whole of it is a usage error before the first row.
    pub(in crate::commands) fn open(
        file: &Path,
        args: &PartyArgs,
        role_needed: bool,
        firm: &FirmId,
        json: bool,
    ) -> anyhow::Result<Self> {
        let rows = PartyRows::open(file, args, role_needed, crate::now()).map_err(|error| match &error {
            error if error.is_usage() => failed(Exit::Usage, error.to_string()),
            import::Error::Open { source, .. } if source.kind() == ErrorKind::NotFound => {
                failed(Exit::NotFound, format!("there is no file {}", file.display()))
            }
            _ => error.into(),
        })?;
        let (progress, firm) = (bar(file, json), firm.clone());
        Ok(Self { rows, progress, firm, seen: HashSet::new(), tally: Tally::default() })
    }

    /// The next parties; none at the end. Bad rows among them are in the tally.
    pub(in crate::commands) fn next(&mut self) -> anyhow::Result<Option<Vec<PartyRow>>> {
        let mut batch = vec![];
        while batch.len() < BATCH {
            let Some(line) = self.rows.next() else { break };
            let line = line?;
            self.tally.rows += 1;
            match line.row {
                Err(error) => self.tally.refuse(line.number, error.to_string()),
                Ok(row) => {
                    row.notes.iter().for_each(|note| self.tally.note(line.number, note.clone()));
                    if self.seen.insert(print_of(&self.firm, &row.party)) {
                        batch.push(row);
                    } else {
                        self.tally.repeated += 1;
                    }
                }
            }
        }
        self.progress.set_position(self.rows.position());
        self.progress.set_message(format!("{} rows", self.tally.rows));
        if batch.is_empty() {
            self.tally.unseen_columns = self.rows.unseen_columns().into_iter().map(str::to_owned).collect();
            self.tally.errors.sort_by_key(|problem| problem.line);
            self.progress.finish_and_clear();
            return Ok(None);
        }
        Ok(Some(batch))
    }
}

/// Which party it is, as the registry tells parties apart, and a hash of what more is said of it.
fn print_of(firm: &FirmId, party: &Party) -> (PartyId, u64) {
    let role = party.role.as_str();
    let id = match &party.external_id {
        Some(external) => PartyId::named(firm, "import", &format!("{role}/{}", external.as_str())),
        None => PartyId::of(firm, None, role, party.name.as_str()),
    };
    let mut hash = DefaultHasher::new();
    let identifiers: Vec<_> = party.identifiers.iter().map(|one| (one.sort, &one.value)).collect();
    (party.kind, &party.aliases, identifiers, &party.matter).hash(&mut hash);
    (id, hash.finish())
}

#[cfg(test)]
mod tests {
    use engage_domain::registry::PartyRole;

    use super::*;

    #[test]
    fn the_same_party_is_told_by_role_and_name_or_by_its_external_id() {
        let firm: FirmId = "acme".parse().unwrap();
        let print = |role, name: &str, external: Option<&str>, alias: Option<&str>| {
            let mut party = Party::named(role, name);
            party.external_id = external.map(Into::into);
            party.aliases = alias.map(Into::into).into_iter().collect();
            print_of(&firm, &party)
        };
        let first = print(PartyRole::Client, "Ann  Roe", None, None);
        assert_eq!(first, print(PartyRole::Client, "ann roe", None, None));
        assert_ne!(first, print(PartyRole::OpposingParty, "Ann Roe", None, None));
        assert_ne!(first, print(PartyRole::Client, "Ann Roe", None, Some("Annie")), "more is said of her");
        let numbered = print(PartyRole::Client, "Ann Roe", Some("7"), None);
        assert_ne!(numbered, print(PartyRole::Client, "Ann Roe", Some("8"), None), "two people of one name");
        assert_eq!(numbered, print(PartyRole::Client, "Ann Roe", Some("7"), None));
    }
}
