//! `engage import journal`: a firm from elsewhere.

use std::{
    fs::File,
    io::{BufRead, BufReader, Seek},
    path::{Path, PathBuf},
};

use clap::Args;
use engage_domain::FirmId;
use engage_journal::transfer::{FORMAT, Line};
use engage_native::{
    Folder,
    transfer::{self, TransferError},
};
use indicatif::{ProgressBar, ProgressDrawTarget};

use crate::{
    commands::{key::TokenKeyArg, remote::Remote},
    exit::{Exit, failed},
    out::say,
};

/// Lines of one request, and about how many bytes they are at most.
const BATCH: usize = 200;
const BATCH_BYTES: usize = 1024 * 1024;

/// Brings a firm in from a file that `engage export` wrote. Every hash is checked on the way; the firm is there whole or not at all. Its
/// index is built when the folder is next served or verified.
#[derive(Args, Debug)]
pub(super) struct Journal {
    /// The file
    #[arg(required_unless_present = "abandon")]
    file: Option<PathBuf>,
    /// The data folder, which no server may be using; made if it is not there
    #[arg(long, value_name = "DIR", required_unless_present = "url", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// A running server, wherever it runs; ENGAGE_TOKEN_KEY must be its key. An import that was cut short goes on when it is begun again
    #[arg(long)]
    url: Option<String>,
    /// The firm that the file must hold; whichever it holds when this is left out. A firm keeps its name: every hash covers it
    #[arg(long, value_name = "FIRM")]
    firm: Option<FirmId>,
    /// Take away from the server what an import that was cut short left there. A firm that is whole is not touched
    #[arg(long, requires_all = ["url", "firm"], conflicts_with = "file")]
    abandon: bool,
    #[command(flatten)]
    key: TokenKeyArg,
}

impl Journal {
    pub(super) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let file = match (&self.file, &self.url, &self.firm) {
            (Some(file), ..) => file,
            (None, Some(url), Some(firm)) => return self.take_away(url, firm, json),
            (None, ..) => return Err(failed(Exit::Usage, "a file is needed")),
        };
        let name = file.display();
        let file = File::open(file).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => failed(Exit::NotFound, format!("there is no file {name}")),
            _ => error.into(),
        })?;
        let mut lines = BufReader::new(file);
        let firm = transfer::firm_of(&mut lines)?;
        if let Some(expected) = self.firm.as_ref().filter(|expected| **expected != firm) {
            return Err(failed(Exit::Usage, format!("{name} holds {firm}, not {expected}")));
        }
        lines.rewind()?;
        let target = if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let spinner = ProgressBar::with_draw_target(None, target);
        let mut progress = |entries| {
            spinner.set_message(format!("{entries} entries"));
            spinner.tick();
        };
        let imported = match (&self.data, &self.url) {
            (Some(data), _) => into_folder(data, &firm, &mut lines, &mut progress),
            (None, Some(url)) => self.onto_server(url, &firm, &mut lines, &mut progress),
            (None, None) => Err(failed(Exit::Usage, "either --data or --url is needed")),
        };
        spinner.finish_and_clear();
        let entries = imported?;
        if json {
            say!("{}", serde_json::json!({ "firm": firm, "entries": entries }));
        } else {
            say!("{firm} is there, with {entries} entries");
        }
        Ok(Exit::Ok)
    }

    fn onto_server(
        &self,
        url: &str,
        firm: &FirmId,
        lines: &mut dyn BufRead,
        progress: &mut dyn FnMut(i64),
    ) -> anyhow::Result<i64> {
        let remote = Remote::new(url, self.key.require()?, firm);
        let (mut batch, mut bytes, mut entries) = (vec![], 0, 0);
        let mut complete = false;
        let mut number = 0;
        loop {
            number += 1;
            let Some((line, length)) = transfer::read(lines, number)? else { break };
            if matches!(line, Line::Journal { format, .. } if format != FORMAT) {
                return Err(failed(
                    Exit::Usage,
                    format!("the file has another form than {FORMAT}, which this version reads"),
                ));
            }
            entries += i64::from(matches!(line, Line::Entry(_)));
            bytes += length;
            batch.push(line);
            if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                complete = remote.send(&std::mem::take(&mut batch))?;
                bytes = 0;
                progress(entries);
            }
        }
        if !batch.is_empty() {
            complete = remote.send(&batch)?;
        }
        anyhow::ensure!(complete, "the file was cut short: its end is missing. {firm} is not there");
        Ok(entries)
    }

    fn take_away(&self, url: &str, firm: &FirmId, json: bool) -> anyhow::Result<Exit> {
        Remote::new(url, self.key.require()?, firm).abandon()?;
        if json {
            say!("{}", serde_json::json!({ "firm": firm, "abandoned": true }));
        } else {
            say!("Nothing of {firm} is left on {url}");
        }
        Ok(Exit::Ok)
    }
}

fn into_folder(
    data: &Path,
    firm: &FirmId,
    lines: &mut dyn BufRead,
    progress: &mut dyn FnMut(i64),
) -> anyhow::Result<i64> {
    let folder = Folder::open(data)?;
    transfer::import(&folder, firm, lines, crate::now(), progress).map_err(|error| match error {
        TransferError::Exists(_) => failed(Exit::Precondition, error.to_string()),
        error => anyhow::Error::from(error).context(format!("nothing of {firm} was imported")),
    })
}
