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
use engage_journal::{
    Error,
    transfer::{FORMAT, Line},
};
use engage_native::{Options, spool::Spool, transfer};
use indicatif::{ProgressBar, ProgressDrawTarget};

use super::{key::TokenKeyArg, open, remote::Remote};
use crate::{
    exit::{Exit, failed},
    out::say,
};

/// Writes a firm's whole journal as NDJSON, to be imported elsewhere (`engage import journal`): every entry with its id, version, time and
/// hashes, and the answers that repeated requests get. Indexes are not carried; they are built from the journal.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The data folder, which no server may be using
    #[arg(long, value_name = "DIR", required_unless_present = "url", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// A running server, wherever it runs; ENGAGE_TOKEN_KEY must be its key. The export is recorded in the firm's audit trail
    #[arg(long)]
    url: Option<String>,
    /// The firm
    #[arg(long, value_name = "FIRM")]
    firm: FirmId,
    /// The file; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    key: TokenKeyArg,
}

impl Export {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let firm = &self.firm;
        let entries = match (&self.data, &self.url) {
            (Some(data), _) => self.of_folder(data)?,
            (None, Some(url)) => self.of_server(url, json)?,
            (None, None) => return Err(failed(Exit::Usage, "either --data or --url is needed")),
        };
        if json {
            say!("{}", serde_json::json!({ "firm": firm, "entries": entries, "file": self.out }));
        } else {
            say!("{entries} entries of {firm} are in {}", self.out.display());
        }
        Ok(Exit::Ok)
    }

    fn of_folder(&self, data: &Path) -> anyhow::Result<u64> {
        let platform = open::existing(data, Options::default())?;
        let firm = open::known(&platform, &self.firm)?;
        write_whole(&self.out, |out| {
            let folder = platform.folder().firm(&firm);
            Ok(transfer::export(&folder, &firm, platform.now(), out)?)
        })
        .with_context(|| format!("cannot export {firm}"))
    }

    fn of_server(&self, url: &str, json: bool) -> anyhow::Result<u64> {
        let firm = &self.firm;
        let remote = Remote::new(url, self.key.require()?, firm);
        let target = if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let spinner = ProgressBar::with_draw_target(None, target);
        let exported = write_whole(&self.out, |out| {
            // Beside the file, for it takes as much room and is as confidential.
            let folder = tempfile::Builder::new().prefix(".engage-export-").tempdir_in(folder_of(&self.out))?;
            let mut spool = |round| Ok(Spool::open(&folder.path().join(format!("lines-{round}.db")))?);
            let (mut lines, entries, digest) = remote.export(&mut spool, &|entries| {
                spinner.set_message(format!("{entries} entries"));
                spinner.tick();
            })?;
            let mut line = |line: &Line| -> anyhow::Result<()> {
                serde_json::to_writer(&mut *out, line)?;
                Ok(out.write_all(b"\n")?)
            };
            line(&Line::Journal { format: FORMAT, firm: firm.clone(), exported_at: crate::now() })?;
            lines.each(&mut |next| line(&next).map_err(|error| Error::Refused(format!("{error:#}"))))?;
            line(&Line::End { entries, digest })?;
            Ok(entries)
        });
        spinner.finish_and_clear();
        exported.with_context(|| format!("cannot export {firm}"))
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file that is there whole or not at all: under another name first, durably. It holds privileged text, so its owner alone may read
/// it.
fn write_whole<T>(path: &Path, write: impl FnOnce(&mut dyn Write) -> anyhow::Result<T>) -> anyhow::Result<T> {
    anyhow::ensure!(!path.exists(), "{} is there already", path.display());
    let folder = folder_of(path);
    let file = tempfile::Builder::new().prefix(".engage-export-").tempfile_in(folder)?;
    let mut out = BufWriter::new(file);
    let done = write(&mut out)?;
    let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    File::open(folder)?.sync_all()?;
    Ok(done)
}
