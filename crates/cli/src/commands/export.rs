//! `engage export`: a firm's journal as a file.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use engage_app::Runtime;
use engage_domain::FirmId;
use engage_native::{Options, transfer};

use super::open;
use crate::{exit::Exit, out::say};

/// Writes a firm's whole journal as NDJSON, to be imported elsewhere (`engage import journal`): every entry with its id, version, time and
/// hashes, and the answers that repeated requests get. Indexes are not carried; they are built from the journal.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The data folder, which no server may be using
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The firm
    #[arg(long, value_name = "FIRM")]
    firm: FirmId,
    /// The file; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Export {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let platform = open::existing(&self.data, Options::default())?;
        let firm = open::known(&platform, &self.firm)?;
        let entries = write_whole(&self.out, |out| {
            let folder = platform.folder().firm(&firm);
            Ok(transfer::export(&folder, &firm, platform.now(), out)?)
        })
        .with_context(|| format!("cannot export {firm}"))?;
        if json {
            say!("{}", serde_json::json!({ "firm": firm, "entries": entries, "file": self.out }));
        } else {
            say!("{entries} entries of {firm} are in {}", self.out.display());
        }
        Ok(Exit::Ok)
    }
}

/// Writes a file that is there whole or not at all: under another name first, durably. It holds privileged text, so its owner alone may read
/// it.
fn write_whole<T>(path: &Path, write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>) -> anyhow::Result<T> {
    anyhow::ensure!(!path.exists(), "{} is there already", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::Builder::new().prefix(".engage-export-").tempfile_in(folder)?;
    let mut out = BufWriter::new(file);
    let done = write(&mut out)?;
    let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    File::open(folder)?.sync_all()?;
    Ok(done)
}
