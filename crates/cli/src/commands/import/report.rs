//! What came of an import.

use std::path::{Path, PathBuf};

use crate::out::say;
use engage_domain::FirmId;
use serde::Serialize;

/// Most bad rows that are listed one by one; all are counted.
const ERRORS_MAX: usize = 100;

/// What came of an import.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    file: PathBuf,
    firm: FirmId,
    /// Rows read.
    pub(crate) rows: u64,
    /// Conversations that are there now and were not before.
    pub(crate) imported: u64,
    /// Conversations that were there already.
    pub(crate) already_there: u64,
    /// Rows that were left out.
    pub(crate) failed: u64,
    errors: Vec<RowProblem>,
    notes: Vec<RowProblem>,
    unseen_columns: Vec<String>,
}

#[derive(Debug, Serialize)]
struct RowProblem {
    line: u64,
    message: String,
}

impl Report {
    /// Nothing has come of it yet.
    pub(crate) fn new(file: &Path, firm: &FirmId) -> Self {
        Self {
            file: file.to_owned(),
            firm: firm.clone(),
            rows: 0,
            imported: 0,
            already_there: 0,
            failed: 0,
            errors: vec![],
            notes: vec![],
            unseen_columns: vec![],
        }
    }

    /// A row was left out.
    pub(crate) fn fail(&mut self, line: u64, message: String) {
        self.failed += 1;
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(RowProblem { line, message });
        }
    }

    /// Something about a row is worth knowing.
    pub(crate) fn note(&mut self, line: u64, message: String) {
        if self.notes.len() < ERRORS_MAX {
            self.notes.push(RowProblem { line, message });
        }
    }

    /// These columns never held a value.
    pub(crate) fn unseen(&mut self, columns: Vec<&str>) {
        self.unseen_columns = columns.into_iter().map(str::to_owned).collect();
    }

    /// Prints it.
    pub(crate) fn print(&mut self, json: bool) -> anyhow::Result<()> {
        self.errors.sort_by_key(|problem| problem.line);
        if json {
            say!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        for RowProblem { line, message } in &self.errors {
            eprintln!("line {line}: {message}");
        }
        for RowProblem { line, message } in &self.notes {
            eprintln!("line {line}: note: {message}");
        }
        for column in &self.unseen_columns {
            eprintln!("note: the column {column:?} held no value in any row");
        }
        say!(
            "{} rows: {} imported, {} there already, {} left out",
            self.rows,
            self.imported,
            self.already_there,
            self.failed
        );
        Ok(())
    }
}
