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

use crate::{folder::Folder, spool::Spool, sqlite::Db};

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
        Some((Line::Journal { firm, .. }, _)) => Ok(firm),
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
    make(folder, firm, now, &mut |take| {
        let mut number = 0;
        loop {
            number += 1;
            let Some((line, _)) = read(lines, number)? else { return Ok(number) };
            let entries = take(line).map_err(|error| at(number, error))?;
            if entries % 1_000 == 0 {
                progress(entries);
            }
        }
    })
}

/// What lines are given to, one after the other; gives how many entries have come.
type Take<'a> = &'a mut dyn FnMut(Line) -> Result<i64, Error>;

/// Makes a firm of the lines that `feed` gives: whole or not at all. `feed` gives how many there were.
fn make(
    folder: &Folder,
    firm: &FirmId,
    now: Timestamp,
    feed: &mut dyn FnMut(Take<'_>) -> Result<u64, TransferError>,
) -> Result<i64, TransferError> {
    if folder.firm(firm).join("journal.db").exists() {
        return Err(TransferError::Exists(firm.clone()));
    }
    // No slug begins with a full stop, so nobody takes it for a firm.
    let unfinished = folder.path().join("firms").join(format!(".import-{firm}"));
    remove(&unfinished)?;
    fs::create_dir_all(&unfinished).map_err(failed("create", &unfinished))?;
    let imported = fill(&unfinished, firm, now, feed);
    if imported.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
        return imported;
    }
    fs::rename(&unfinished, folder.firm(firm)).map_err(failed("rename", &unfinished))?;
    // Its name is durable with this.
    folder.make_firm(firm).map_err(|error| failed("sync", &unfinished)(std::io::Error::other(error.to_string())))?;
    imported
}

fn fill(
    folder: &Path,
    firm: &FirmId,
    now: Timestamp,
    feed: &mut dyn FnMut(Take<'_>) -> Result<u64, TransferError>,
) -> Result<i64, TransferError> {
    let mut journal = Db::journal(&folder.join("journal.db"))?;
    journal.transaction(|db| store::migrate(db, now))?;
    journal.begin()?;
    let mut import = Import::begin(&mut journal, firm.clone())?;
    let last = feed(&mut |line| {
        import.take(&mut journal, None, line)?;
        Ok(import.entries())
    })?;
    let entries = import.finish(&mut journal).map_err(|error| at(last, error))?;
    journal.commit()?;
    journal.checkpoint()?;
    Ok(entries)
}

/// Where the lines of a firm wait for the rest of them.
fn waiting(folder: &Folder, firm: &FirmId) -> PathBuf {
    folder.path().join("firms").join(format!(".lines-{firm}"))
}

/// Takes in lines of a firm, in parts: keeps them until the last, then makes the firm of them. Whether that is so.
pub fn receive(folder: &Folder, firm: &FirmId, lines: &[Line], now: Timestamp) -> Result<bool, TransferError> {
    if folder.firm(firm).join("journal.db").exists() {
        return Err(TransferError::Exists(firm.clone()));
    }
    let waiting = waiting(folder, firm);
    fs::create_dir_all(&waiting).map_err(failed("create", &waiting))?;
    let mut spool = Spool::open(&waiting.join("lines.db")).map_err(|error| at(0, error))?;
    spool.add(lines).map_err(|error| at(0, error))?;
    let Some(end @ Line::End { .. }) = lines.last() else { return Ok(false) };
    make(folder, firm, now, &mut |take| {
        let mut number = 0;
        spool
            .each(&mut |line| {
                number += 1;
                take(line).map(drop)
            })
            .and_then(|()| take(end.clone()))
            .map_err(|error| at(number, error))?;
        Ok(number)
    })?;
    drop(spool);
    // The firm is there; what is left over is taken away the next time.
    let _ = fs::remove_dir_all(&waiting);
    Ok(true)
}

/// Takes away the lines of a firm that wait for the rest.
pub fn abandon(folder: &Folder, firm: &FirmId) -> Result<(), TransferError> {
    remove(&waiting(folder, firm))
}

fn remove(path: &Path) -> Result<(), TransferError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> TransferError {
    let path = path.to_owned();
    move |source| TransferError::Folder { operation, path, source }
}

/// What is wrong with a line, or with the storage while it was taken in.
fn at(number: u64, error: Error) -> TransferError {
    match error {
        Error::Refused(problem) | Error::Corrupt(problem) => TransferError::Line { number, problem },
        error => TransferError::Journal(error),
    }
}

fn wrong(number: u64, problem: impl Into<String>) -> TransferError {
    TransferError::Line { number, problem: problem.into() }
}

/// Reads the next line, and tells how long it is; none at the end.
pub fn read(lines: &mut dyn BufRead, number: u64) -> Result<Option<(Line, usize)>, TransferError> {
    let mut text = Vec::new();
    let mut limited = std::io::Read::take(&mut *lines, LINE_MAX as u64);
    limited.read_until(b'\n', &mut text).map_err(TransferError::File)?;
    if text.len() >= LINE_MAX {
        return Err(wrong(number, format!("must be at most {LINE_MAX} bytes")));
    }
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&text).map(|line| Some((line, text.len()))).map_err(|error| wrong(number, error.to_string()))
}
