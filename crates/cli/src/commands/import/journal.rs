//! `engage import journal`: a firm from elsewhere.

use std::{
    fs::File,
    io::{BufReader, Seek},
    path::PathBuf,
};

use clap::Args;
use engage_domain::FirmId;
use engage_native::{
    Folder,
    transfer::{self, TransferError},
};
use indicatif::{ProgressBar, ProgressDrawTarget};

use crate::{
    exit::{Exit, failed},
    out::say,
};

/// Brings a firm in from a file that `engage export` wrote. Every hash is checked on the way; the firm is there whole or not at all. Its
/// index is built when the folder is next served or verified.
#[derive(Args, Debug)]
pub(super) struct Journal {
    /// The file
    file: PathBuf,
    /// The data folder, which no server may be using; made if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The firm that the file must hold; whichever it holds when this is left out. A firm keeps its name: every hash covers it
    #[arg(long, value_name = "FIRM")]
    firm: Option<FirmId>,
}

impl Journal {
    pub(super) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let file = File::open(&self.file).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => failed(Exit::NotFound, format!("there is no file {}", self.file.display())),
            _ => error.into(),
        })?;
        let mut lines = BufReader::new(file);
        let firm = transfer::firm_of(&mut lines)?;
        if let Some(expected) = self.firm.as_ref().filter(|expected| **expected != firm) {
            return Err(failed(Exit::Usage, format!("{} holds {firm}, not {expected}", self.file.display())));
        }
        lines.rewind()?;
        let folder = Folder::open(&self.data)?;
        let target = if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let spinner = ProgressBar::with_draw_target(None, target);
        let imported = transfer::import(&folder, &firm, &mut lines, crate::now(), &mut |entries| {
            spinner.set_message(format!("{entries} entries"));
            spinner.tick();
        });
        spinner.finish_and_clear();
        let entries = imported.map_err(|error| match error {
            TransferError::Exists(_) => failed(Exit::Precondition, error.to_string()),
            error => anyhow::Error::from(error).context(format!("nothing of {firm} was imported")),
        })?;
        if json {
            say!("{}", serde_json::json!({ "firm": firm, "entries": entries }));
        } else {
            say!("{firm} is there, with {entries} entries");
        }
        Ok(Exit::Ok)
    }
}
