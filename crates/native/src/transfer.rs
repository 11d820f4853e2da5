//! A firm leaves a data folder, or comes into one: its journal as a file of lines ([`engage_journal::transfer`]).
//!
//! Guarantees: what is exported is one moment of the journal, also beside a server that goes on writing; a firm that is imported is in the
//! folder whole or not at all, whatever happens on the way; one that is there already is left alone.

use std::{
    fs,
    io::{BufRead, Write},
    path::{Path, PathBuf},
};

use engage_domain::{FirmId, Timestamp};
use engage_journal::{
    Error, store,
    transfer::{self, Import, Line},
};

use crate::{folder::Folder, sqlite::Db};

/// Longest line: an entry has at most 2 MB of text, each byte of which may be escaped.
const LINE_MAX: usize = 16 * 1024 * 1024;

/// Why a firm could not be carried.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// There is a firm of that name.
    #[error("the folder holds the firm {0} already")]
    Exists(FirmId),
    /// A line is not what it should be. Nothing was imported.
    #[error("line {number}: {problem}")]
    Line {
        /// Which, from 1.
        number: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The file cannot be read or written.
    #[error("the file cannot be read or written")]
    File(#[source] std::io::Error),
    /// The folder cannot.
    #[error("cannot {operation} {path}")]
    Folder {
        /// What.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Its word.
        #[source]
        source: std::io::Error,
    },
    /// The journal cannot.
    #[error(transparent)]
    Journal(#[from] Error),
}

/// Writes a firm's journal as lines; gives how many entries it has.
pub fn export(folder: &Path, firm: &FirmId, now: Timestamp, out: &mut dyn Write) -> Result<u64, TransferError> {
    let mut journal = Db::reader(&folder.join("journal.db"))?;
    journal.begin_read()?;
    let mut broken = None;
    let exported = transfer::export(&mut journal, firm, now, &mut |line| {
        let written = serde_json::to_writer(&mut *out, line).map_err(Into::into).and_then(|()| out.write_all(b"\n"));
        written.map_err(|error| {
            let told = Error::Corrupt("the lines cannot be written".into());
            broken = Some(error);
            told
        })
    });
    match (broken, exported) {
        (Some(error), _) => Err(TransferError::File(error)),
        (None, exported) => {
            let entries = exported?;
            out.flush().map_err(TransferError::File)?;
            Ok(entries)
        }
    }
}

/// Whose journal a file holds, as its first line says.
pub fn firm_of(lines: &mut dyn BufRead) -> Result<FirmId, TransferError> {
    match read(lines, 1)? {
        Some(Line::Journal { firm, .. }) => Ok(firm),
        _ => Err(wrong(1, "must say whose journal it is")),
    }
}

/// Makes a firm of such lines in a folder that this process owns; gives how many entries it has. `progress` is told of each thousandth.
pub fn import(
    folder: &Folder,
    firm: &FirmId,
    lines: &mut dyn BufRead,
    now: Timestamp,
    progress: &mut dyn FnMut(i64),
) -> Result<i64, TransferError> {
    if folder.firm(firm).join("journal.db").exists() {
        return Err(TransferError::Exists(firm.clone()));
    }
    // No slug begins with a full stop, so nobody takes it for a firm.
    let unfinished = folder.path().join("firms").join(format!(".import-{firm}"));
    let failed = |operation| {
        let path = unfinished.clone();
        move |source| TransferError::Folder { operation, path, source }
    };
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed("remove")(error)),
        _ => {}
    }
    fs::create_dir_all(&unfinished).map_err(failed("create"))?;
    let imported = fill(&unfinished, firm, lines, now, progress);
    if imported.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
        return imported;
    }
    fs::rename(&unfinished, folder.firm(firm)).map_err(failed("rename"))?;
    // Its name is durable with this.
    folder.make_firm(firm).map_err(|error| failed("sync")(std::io::Error::other(error.to_string())))?;
    imported
}

fn fill(
    folder: &Path,
    firm: &FirmId,
    lines: &mut dyn BufRead,
    now: Timestamp,
    progress: &mut dyn FnMut(i64),
) -> Result<i64, TransferError> {
    let mut journal = Db::journal(&folder.join("journal.db"))?;
    journal.transaction(|db| store::migrate(db, now))?;
    journal.begin()?;
    let mut import = Import::begin(&mut journal, firm.clone())?;
    let mut number = 0;
    loop {
        number += 1;
        let Some(line) = read(lines, number)? else { break };
        import.take(&mut journal, line).map_err(|error| at(number, error))?;
        if import.entries() % 1_000 == 0 {
            progress(import.entries());
        }
    }
    let entries = import.finish(&mut journal).map_err(|error| at(number, error))?;
    journal.commit()?;
    journal.checkpoint()?;
    Ok(entries)
}

/// What is wrong with a line, or with the storage while it was taken in.
fn at(number: u64, error: Error) -> TransferError {
    match error {
        Error::Corrupt(problem) => TransferError::Line { number, problem },
        error => TransferError::Journal(error),
    }
}

fn wrong(number: u64, problem: impl Into<String>) -> TransferError {
    TransferError::Line { number, problem: problem.into() }
}

fn read(lines: &mut dyn BufRead, number: u64) -> Result<Option<Line>, TransferError> {
    let mut text = Vec::new();
    let mut limited = std::io::Read::take(&mut *lines, LINE_MAX as u64);
    limited.read_until(b'\n', &mut text).map_err(TransferError::File)?;
    if text.len() >= LINE_MAX {
        return Err(wrong(number, format!("must be at most {LINE_MAX} bytes")));
    }
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&text).map(Some).map_err(|error| wrong(number, error.to_string()))
}
