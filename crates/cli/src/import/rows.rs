//! From a file to rows.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::Path,
};

use engage_domain::{
    Actor, Aggregate, Context, Conversation, ConversationId, FirmId, Invalid, PracticeArea, Timestamp, UserId,
    conversation::{Identity, Rejection, Status},
    firm::NAME_MAX,
    practice_area::PRACTICE_AREA_MAX,
    text::{self, Private},
};
use jiff::tz::TimeZone;

use super::{
    Error, Field, Format, MapArgs, Note, Numbered, Row, RowError, csv::Csv, field::Fields, mapping::Mapping,
    ndjson::Ndjson,
};

/// Where the rows are to go.
#[derive(Clone, Debug)]
pub struct Target {
    /// The firm.
    pub firm: FirmId,
    /// The firm's time zone: dates without a zone are in it unless the map says otherwise.
    pub time_zone: TimeZone,
    /// The time of the import, which a row without any date takes.
    pub now: Timestamp,
}

/// One row's line in the file, and the row or why it was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The line on which the row begins, from 1; a CSV's header counts.
    pub number: u64,
    /// The row.
    pub row: Result<Row, RowError>,
}

/// What is read.
pub(super) type Reader = Box<dyn BufRead + Send>;

enum Source {
    Csv { csv: Box<Csv<Reader>>, picked: Vec<usize> },
    Ndjson { ndjson: Ndjson<Reader>, keys: Vec<String> },
}

/// The rows of a file, in its order. After an error of the file system it ends.
pub struct Rows {
    source: Source,
    /// What each picked value is: a field, or the external id, which is the last.
    fields: Vec<Field>,
    columns: Vec<String>,
    seen: Vec<bool>,
    mapping: Mapping,
    target: Target,
    line: u64,
    failed: bool,
}

impl Rows {
    /// Opens the file and checks everything that concerns the whole of it.
    pub fn open(path: &Path, args: &MapArgs, target: Target) -> Result<Self, Error> {
        let format = Format::of(path, args.format)?;
        let file = File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
        Self::read(Box::new(BufReader::with_capacity(1 << 16, file)), format, args, target)
    }

    /// The same from any reader.
    pub fn read(reader: Reader, format: Format, args: &MapArgs, target: Target) -> Result<Self, Error> {
        let mapping = Mapping::new(args, &target.time_zone)?;
        let failed = |source| Error::Read { line: 0, source };
        let reader = without_bom(reader).map_err(failed)?;
        let (source, fields, columns) = match format {
            Format::Csv => {
                let csv = Csv::open(reader).map_err(failed)?.map_err(|reason| Error::NoHeader { reason })?;
                let wanted = wanted(&mapping, Some(csv.headers()))?;
                let index = |(column, wanted_for): (&String, &'static str)| find(csv.headers(), column, wanted_for);
                let names = wanted.0.iter().map(|field| field.as_str()).chain(["--external-id"]);
                let picked = wanted.1.iter().zip(names).map(index).collect::<Result<_, _>>()?;
                (Source::Csv { csv: Box::new(csv), picked }, wanted.0, wanted.1)
            }
            Format::Ndjson => {
                let (fields, columns) = wanted(&mapping, None)?;
                (Source::Ndjson { ndjson: Ndjson::new(reader), keys: columns.clone() }, fields, columns)
            }
        };
        let seen = vec![false; columns.len()];
        Ok(Self { source, fields, columns, seen, mapping, target, line: 0, failed: false })
    }

    /// Bytes read so far, for a progress bar against the file's size.
    pub fn position(&self) -> u64 {
        match &self.source {
            Source::Csv { csv, .. } => csv.position(),
            Source::Ndjson { ndjson, .. } => ndjson.position(),
        }
    }

    /// The mapped columns that held no value in any row so far: at the end of an NDJSON file, where columns cannot be checked
    /// beforehand, likely a misspelt key. Empty when nothing was mapped.
    pub fn unseen_columns(&self) -> Vec<&str> {
        if self.mapping.columns.is_none() {
            return vec![];
        }
        self.columns.iter().zip(&self.seen).filter(|(_, seen)| !**seen).map(|(column, _)| column.as_str()).collect()
    }

    fn next_values(&mut self) -> io::Result<Option<Numbered>> {
        match &mut self.source {
            Source::Csv { csv, picked } => csv.next(picked),
            Source::Ndjson { ndjson, keys } => ndjson.next(keys),
        }
    }

    fn row(&mut self, line: u64, values: Vec<String>) -> Result<Row, RowError> {
        for (seen, value) in self.seen.iter_mut().zip(&values) {
            *seen |= !value.trim().is_empty();
        }
        let cells = Cells { fields: &self.fields, values: &values, mapping: &self.mapping };
        let external_id = cells.values.last().map_or("", |id| id.trim());
        if external_id.is_empty() {
            return Err(RowError::NoExternalId { column: self.mapping.external_id.clone() });
        }
        let mut notes = vec![];
        let practice_area = cells.practice_area(&mut notes)?;
        let (created_at, last_activity) = cells.dates(self.target.now, &mut notes)?;
        let space = format!("external:{}", self.mapping.external_id);
        let mut row = Row {
            line,
            external_id: external_id.into(),
            conversation_id: ConversationId::named(&self.target.firm, &space, external_id),
            practice_area,
            assigned_to: cells.assigned_to()?,
            identity: Identity {
                name: cells.private(Field::ClientName),
                email: cells.private(Field::ClientEmail),
                phone: cells.private(Field::ClientPhone),
                legal_area: cells.private(Field::LegalArea),
                situation: cells.private(Field::Situation),
                address: None,
            },
            status: cells.status()?,
            created_at,
            last_activity,
            message: cells.private(Field::Message),
            notes,
        };
        if row.leaves_activity_out() {
            row.notes.push(Note::ActivityLeftOut { last_activity });
        }
        // The conversation's own rules, before anything is sent: what passes here is refused for no value of the row.
        let context = Context::new(&Actor::SYSTEM, self.target.now);
        Conversation::default().decide(&row.command(None, vec![]), &context).map_err(|rejection| match rejection {
            Rejection::Invalid { field: "content", reason } => RowError::Invalid { field: Field::Message, reason },
            rejection => RowError::Rejected(rejection),
        })?;
        Ok(row)
    }
}

impl Iterator for Rows {
    type Item = Result<Line, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        match self.next_values() {
            Ok(None) => None,
            Ok(Some((number, values))) => {
                self.line = number;
                Some(Ok(Line { number, row: values.and_then(|values| self.row(number, values)) }))
            }
            Err(source) => {
                self.failed = true;
                Some(Err(Error::Read { line: self.line, source }))
            }
        }
    }
}

/// One row's values by field.
struct Cells<'a> {
    fields: &'a [Field],
    values: &'a [String],
    mapping: &'a Mapping,
}

impl<'a> Cells<'a> {
    /// The field's value, value maps applied; none where it is blank or the field is not mapped.
    fn get(&self, field: Field) -> Option<&'a str> {
        let at = self.fields.iter().position(|mapped| *mapped == field)?;
        Some(self.mapping.value(field, self.values.get(at)?)).filter(|value| !value.trim().is_empty())
    }

    fn private(&self, field: Field) -> Option<Private> {
        self.get(field).map(Private::from)
    }

    fn status(&self) -> Result<Status, RowError> {
        let Some(word) = self.get(Field::Status) else { return Ok(Status::Active) };
        self.mapping.status(word).ok_or_else(|| RowError::UnknownValue {
            field: Field::Status,
            value: word.trim().chars().take(80).collect(),
        })
    }

    fn date(&self, field: Field) -> Result<Option<Timestamp>, RowError> {
        let date = self.get(field).map(|text| self.mapping.dates.read(text)).transpose();
        date.map_err(|reason| RowError::Invalid { field, reason })
    }

    fn dates(&self, now: Timestamp, notes: &mut Vec<Note>) -> Result<(Timestamp, Timestamp), RowError> {
        let (created_at, last_activity) = (self.date(Field::CreatedAt)?, self.date(Field::LastActivity)?);
        let created_at = created_at.or(last_activity).unwrap_or(now);
        let last_activity = last_activity.unwrap_or(created_at);
        if last_activity < created_at {
            notes.push(Note::ActivityBeforeCreation { last_activity, created_at });
        }
        Ok((created_at, last_activity.max(created_at)))
    }

    fn practice_area(&self, notes: &mut Vec<Note>) -> Result<Option<(PracticeArea, String)>, RowError> {
        let field = Field::PracticeArea;
        let Some(name) = self.get(field).map(str::trim) else { return Ok(None) };
        let shown = name[..name.floor_char_boundary(NAME_MAX)].to_owned();
        let reason = match name.parse() {
            Ok(slug) => return Ok(Some((slug, shown))),
            Err(reason) if name.len() <= PRACTICE_AREA_MAX => return Err(RowError::Invalid { field, reason }),
            Err(reason) => reason,
        };
        // Names such as "Credit reporting, credit repair services, or other personal consumer reports" are no mistake:
        // as many of their first words as a slug holds.
        let mut words = name.match_indices(char::is_whitespace).rev().map(|(end, _)| &name[..end]);
        let Some(slug) = words.find_map(|words| words.parse::<PracticeArea>().ok()) else {
            return Err(RowError::Invalid { field, reason });
        };
        notes.push(Note::PracticeAreaShortened { name: shown.clone(), slug: slug.clone() });
        Ok(Some((slug, shown)))
    }

    fn assigned_to(&self) -> Result<Option<String>, RowError> {
        let field = Field::AssignedTo;
        let Some(who) = self.get(field).map(str::trim) else { return Ok(None) };
        if let Ok(id) = who.parse::<UserId>() {
            return Ok(Some(id.to_string()));
        }
        let email = text::email(who).map_err(|_| Invalid::new("must be an e-mail address or a user id"));
        email.map(Some).map_err(|reason| RowError::Invalid { field, reason })
    }
}

/// The fields that are read and the column of each, the external id's after them.
fn wanted(mapping: &Mapping, headers: Option<&[String]>) -> Result<(Vec<Field>, Vec<String>), Error> {
    let (fields, mut columns): (Vec<_>, Vec<_>) = match (&mapping.columns, headers) {
        (Some(columns), _) => columns.iter().map(|(field, column)| (*field, column.clone())).unzip(),
        (None, None) => Field::ALL.map(|field| (field, field.as_str().to_owned())).into_iter().unzip(),
        (None, Some(headers)) => {
            let named = |field: &Field| headers.iter().any(|header| header == field.as_str());
            Field::ALL.into_iter().filter(named).map(|field| (field, field.as_str().to_owned())).unzip()
        }
    };
    if let (true, Some(headers)) = (fields.is_empty(), headers) {
        return Err(Error::NothingMapped { known: Field::names(), has: headers.to_vec() });
    }
    columns.push(mapping.external_id.clone());
    Ok((fields, columns))
}

/// The place of a column that has to be there, once.
pub(super) fn find(headers: &[String], column: &str, wanted_for: &'static str) -> Result<usize, Error> {
    let mut found = headers.iter().enumerate().filter(|(_, header)| *header == column).map(|(at, _)| at);
    let missing = || Error::NoColumn { column: column.to_owned(), wanted_for, has: headers.to_vec() };
    let at = found.next().ok_or_else(missing)?;
    if found.next().is_some() { Err(Error::ColumnTwice { column: column.to_owned() }) } else { Ok(at) }
}

/// The reader past a UTF-8 byte order mark, which spreadsheets write and no parser wants.
pub(super) fn without_bom(mut reader: Reader) -> io::Result<Reader> {
    const BOM: &[u8] = b"\xEF\xBB\xBF";
    let mut head = vec![];
    reader.by_ref().take(BOM.len() as u64).read_to_end(&mut head)?;
    Ok(if head == BOM { reader } else { Box::new(Cursor::new(head).chain(reader)) })
}
