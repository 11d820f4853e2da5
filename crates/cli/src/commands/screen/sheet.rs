//! CSV with a header, read so that whatever is wrong is told with file, line and column.

use std::{fs::File, io::ErrorKind, path::Path};

use csv::{Reader, ReaderBuilder, StringRecord};
use engage_screening::Kind;

use crate::exit::{Exit, failed};

/// A file of rows.
pub(super) struct Sheet {
    name: String,
    reader: Reader<File>,
    headers: Vec<String>,
}

/// A row and where it is.
pub(super) struct Row {
    pub(super) record: StringRecord,
    place: String,
}

/// A column of a sheet, by its name.
#[derive(Clone, Debug)]
pub(super) struct Column {
    at: usize,
    name: String,
}

impl Sheet {
    /// Opens a file and reads its header.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => failed(Exit::NotFound, format!("there is no file {name}")),
            _ => failed(Exit::Failure, format!("{name}: {error}")),
        })?;
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(file);
        let headers = reader.headers().map_err(|error| told(&name, &error))?;
        let headers: Vec<String> =
            headers.iter().map(|header| header.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        Ok(Self { name, reader, headers })
    }

    /// The columns' names.
    pub(super) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// A column that may be there.
    pub(super) fn find(&self, name: &str) -> Option<Column> {
        let at = self.headers.iter().position(|header| header == name)?;
        Some(Column { at, name: name.to_owned() })
    }

    /// A column that has to be there.
    pub(super) fn column(&self, name: &str) -> anyhow::Result<Column> {
        self.find(name).ok_or_else(|| {
            let known = self.headers.join(", ");
            failed(Exit::Usage, format!("{}: there is no column {name}; there are {known}", self.name))
        })
    }

    /// The next row, of as many values as the header has names.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Row>> {
        let mut record = StringRecord::new();
        if !self.reader.read_record(&mut record).map_err(|error| told(&self.name, &error))? {
            return Ok(None);
        }
        let line = record.position().map_or(0, csv::Position::line);
        let place = format!("{}, line {line}", self.name);
        if record.len() != self.headers.len() {
            let (found, expected) = (record.len(), self.headers.len());
            return Err(failed(
                Exit::Failure,
                format!("{place}: {found} values, but the header names {expected} columns"),
            ));
        }
        Ok(Some(Row { record, place }))
    }
}

impl Row {
    /// The value in a column, without space around it.
    pub(super) fn get(&self, column: &Column) -> &str {
        self.record.get(column.at).unwrap_or("").trim()
    }

    /// A value that may not be empty.
    pub(super) fn filled(&self, column: &Column) -> anyhow::Result<&str> {
        match self.get(column) {
            "" => Err(self.wrong(column, "it is empty")),
            value => Ok(value),
        }
    }

    /// The kind in a column; unknown when there is no column or no value.
    pub(super) fn kind(&self, column: Option<&Column>) -> anyhow::Result<Kind> {
        let Some(column) = column else { return Ok(Kind::Unknown) };
        match self.get(column).to_lowercase().as_str() {
            "" | "unknown" => Ok(Kind::Unknown),
            "person" | "individual" => Ok(Kind::Person),
            "organisation" | "organization" | "entity" | "company" | "legalentity" => Ok(Kind::Organisation),
            "matter" => Ok(Kind::Matter),
            other => {
                Err(self
                    .wrong(column, &format!("{other:?} is none of person, organisation, entity, company and matter")))
            }
        }
    }

    /// An error about the value in a column.
    pub(super) fn wrong(&self, column: &Column, what: &str) -> anyhow::Error {
        failed(Exit::Failure, format!("{}, column {}: {what}", self.place, column.name))
    }
}

fn told(name: &str, error: &csv::Error) -> anyhow::Error {
    let line = error.position().map(|position| format!(", line {}", position.line())).unwrap_or_default();
    let what = match error.kind() {
        csv::ErrorKind::Utf8 { err, .. } => format!("column {}: not valid UTF-8", err.field() + 1),
        _ => error.to_string(),
    };
    failed(Exit::Failure, format!("{name}{line}: {what}"))
}
