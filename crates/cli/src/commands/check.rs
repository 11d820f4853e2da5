//! `engage check`: a list of names held against a firm's registry, as for a lateral hire.

mod html;
mod paper;
mod sheet;
mod text;

use std::path::{Path, PathBuf};

use clap::Args;

use self::paper::{Paper, Result as Found};
use super::registry::{List, Place};
use crate::{
    draft::Draft,
    exit::{Exit, failed},
    import::PartyArgs,
    out::say,
};

/// Holds a list of names against a firm's registry and writes a report to print and sign: whom a lateral hire acted for and against, say.
///
/// Each check stays on record; nothing is registered. A name whose row has no role is held against both sides. The exit code is 0 also when
/// there are conflicts, and 1 when a row could not be checked, which the report then says.
///
/// The columns are those of `engage import parties`: name, role, kind, aliases, email, phone, registration_number, date_of_birth, matter and
/// external_id; only the name is needed.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The file, CSV or NDJSON, a name a row
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    read: PartyArgs,
    /// Where to write the report: a .txt, .csv or .html file; otherwise it is printed
    #[arg(long, value_name = "FILE", value_parser = Out::parse)]
    out: Option<Out>,
    /// Who has the list checked, for the report's head
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// A report's file and form.
#[derive(Clone, Debug)]
struct Out {
    path: PathBuf,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Text,
    Csv,
    Html,
}

impl Out {
    fn parse(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        let form = match extension.as_deref() {
            Some("txt") => Form::Text,
            Some("csv") => Form::Csv,
            Some("html" | "htm") => Form::Html,
            _ => return Err("must end in .txt, .csv or .html".to_owned()),
        };
        Ok(Self { path, form })
    }
}

impl Check {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let firm = &self.place.firm;
        let mut list = List::open(&self.file, &self.read, false, firm, json)?;
        let draft = self.out.as_ref().map(|out| Draft::begin(&out.path)).transpose()?;
        let registry = self.place.open()?;
        let mut paper = Paper::new(&self.file, firm, registry.letterhead()?, self.by.as_deref(), registry.signed_in());
        while let Some(batch) = list.next()? {
            let checked = registry.check(&batch)?;
            for (row, outcome) in batch.into_iter().zip(checked) {
                match outcome {
                    Ok(checked) => paper.results.push(Found::new(row, checked)),
                    Err(reason) => list.tally.refuse(row.line, reason),
                }
            }
        }
        registry.close();
        paper.tally = list.tally;
        if paper.results.is_empty() && paper.tally.refused == 0 {
            return Err(failed(Exit::Usage, format!("{} names nobody", self.file.display())));
        }
        if let (Some(out), Some(draft)) = (&self.out, draft) {
            let content = match out.form {
                Form::Text => text::write(&paper)?.into_bytes(),
                Form::Csv => sheet::write(&paper)?,
                Form::Html => html::write(&paper)?.into_bytes(),
            };
            draft.finish(&content)?;
        }
        self.tell(&paper, json)?;
        Ok(if paper.tally.refused == 0 { Exit::Ok } else { Exit::Failure })
    }

    fn tell(&self, paper: &Paper, json: bool) -> anyhow::Result<()> {
        let path: Option<&Path> = self.out.as_ref().map(|out| out.path.as_path());
        if json {
            say!("{}", paper.json(path));
            return Ok(());
        }
        paper.tally.tell();
        match path {
            None => say!("{}", text::write(paper)?.trim_end()),
            Some(path) => say!("{}. The report is {}.", paper.summary(), path.display()),
        }
        Ok(())
    }
}
