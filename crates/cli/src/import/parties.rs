//! Parties from elsewhere: a client list, a list of those whom somebody acted for or against. One a row.
//!
//! What is read is in the one form that the registry gives it: a row that passes here is refused for no value of its own. A name that
//! cannot be screened leaves its row out. An identifier that could never be compared with another leaves itself out, with a note: the
//! name beside it still has to be known.

mod field;

use std::{collections::BTreeMap, fs::File, io, io::BufReader, path::Path};

use engage_domain::{
    Actor, Aggregate, Context, Firm, Invalid, Timestamp,
    firm::{self, Event, Rejection},
    registry::{Identifier, Party, PartyKind, PartyRole, VALUE_MAX},
    text::Private,
};
use engage_screening::{self as screening, IdentifierSort as Sort};
use jiff::{civil::Date, fmt::strtime};
use serde_json::Value;

pub use self::field::PartyField;
use super::{
    Error, Format, Numbered, RowError,
    csv::Csv,
    mapping::{columns_of, key, value_of},
    ndjson::{self, Ndjson},
    rows::{Reader, find, without_bom},
};

/// How a file of parties is to be read.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PartyArgs {
    /// In which role the parties are of whom the file does not say it: client, opposing_party, related_entity or matter
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub role: Option<PartyRole>,
    /// Where a field comes from, such as `name=Company`; for NDJSON a key, dotted where it is nested.
    /// Without any map, each field comes from the column of its own name
    #[arg(long = "map", value_name = "FIELD=COLUMN", num_args = 1..)]
    pub map: Vec<String>,
    /// How a value reads, such as `role:Adverse=opposing_party`
    #[arg(long = "value", value_name = "FIELD:FROM=TO", num_args = 1..)]
    pub value: Vec<String>,
    /// How dates of birth are written, such as `%d/%m/%Y`; otherwise 1961-03-12
    #[arg(long, value_name = "STRFTIME")]
    pub date_format: Option<String>,
    /// How the rows are written; by default the file's extension says it
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}

/// Reads a role, whatever the case, and with space or hyphen for `_`.
pub fn role(word: &str) -> Result<PartyRole, String> {
    PartyRole::parse(&folded(word))
        .ok_or_else(|| format!("must be one of {}", PartyRole::ALL.map(PartyRole::as_str).join(", ")))
}

fn kind(word: &str) -> Option<PartyKind> {
    match folded(word).as_str() {
        "individual" => Some(PartyKind::Person),
        "organization" | "company" | "entity" => Some(PartyKind::Organisation),
        word => PartyKind::parse(word),
    }
}

fn folded(word: &str) -> String {
    word.trim().to_lowercase().replace([' ', '-'], "_")
}

/// A row that names a party.
#[derive(Clone, Debug, PartialEq)]
pub struct PartyRow {
    /// The line on which it begins, from 1; the header counts.
    pub line: u64,
    /// In which role; none where nobody said, and the party is held against both sides.
    pub role: Option<PartyRole>,
    /// The party. Without a role it is a related entity of nobody named.
    pub party: Party,
    /// What was left out of it; worth showing, no reason to stop.
    pub notes: Vec<String>,
}

/// One row's line in the file, and the row or why it was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct PartyLine {
    /// The line on which the row begins, from 1; a CSV's header counts.
    pub number: u64,
    /// The row.
    pub row: Result<PartyRow, PartyRowError>,
}

/// Why one row was left out. What it says of the party is not repeated: only words of a vocabulary are.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PartyRowError {
    /// It is no row.
    #[error(transparent)]
    Row(#[from] RowError),
    /// A value is wrong.
    #[error("{field} {reason}")]
    Invalid {
        /// The field.
        field: PartyField,
        /// What is wrong with it.
        reason: Invalid,
    },
    /// A word that the vocabulary does not know.
    #[error("{field} {value:?} is not known; say --value {field}:{value}=WORD, where WORD is one of {words}")]
    UnknownWord {
        /// The field.
        field: PartyField,
        /// The word, cut where it is long.
        value: String,
        /// The words that there are.
        words: String,
    },
}

/// What stands in a cell.
enum Cell {
    Text(String),
    /// A list of NDJSON, whose members are taken as they are.
    List(Vec<String>),
}

enum Source {
    Csv { csv: Box<Csv<Reader>>, picked: Vec<usize> },
    Ndjson { ndjson: Ndjson<Reader>, keys: Vec<String> },
}

/// The parties of a file, in its order. After an error of the file system it ends.
pub struct PartyRows {
    source: Source,
    fields: Vec<PartyField>,
    columns: Vec<String>,
    seen: Vec<bool>,
    /// Whether a map says where the fields are.
    mapped: bool,
    words: Words,
    now: Timestamp,
    line: u64,
    failed: bool,
}

impl PartyRows {
    /// Opens the file and checks everything that concerns the whole of it. Where each party must have a role, `role_needed`.
    pub fn open(path: &Path, args: &PartyArgs, role_needed: bool, now: Timestamp) -> Result<Self, Error> {
        let format = Format::of(path, args.format)?;
        let file = File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
        Self::read(Box::new(BufReader::with_capacity(1 << 16, file)), format, args, role_needed, now)
    }

    /// The same from any reader.
    pub fn read(
        reader: Reader,
        format: Format,
        args: &PartyArgs,
        role_needed: bool,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let map: BTreeMap<PartyField, String> = columns_of(&args.map)?;
        let words = Words::new(args, role_needed)?;
        let failed = |source| Error::Read { line: 0, source };
        let reader = without_bom(reader).map_err(failed)?;
        let mapped = !map.is_empty();
        if mapped && !map.contains_key(&PartyField::Name) {
            return Err(Error::NotMapped { field: PartyField::Name.as_str() });
        }
        let own = || PartyField::ALL.map(|field| (field, field.as_str().to_owned()));
        let (source, fields, columns) = match format {
            Format::Csv => {
                let csv = Csv::open(reader).map_err(failed)?.map_err(|reason| Error::NoHeader { reason })?;
                let has = |name: &str| csv.headers().iter().any(|header| header == name);
                // Where nothing is mapped, the name is asked for in any case, so that its absence is told.
                let wanted = |(field, name): &(PartyField, String)| *field == PartyField::Name || has(name);
                let pairs: Vec<_> =
                    if mapped { map.into_iter().collect() } else { own().into_iter().filter(wanted).collect() };
                let place = |(field, column): &(PartyField, String)| find(csv.headers(), column, field.as_str());
                let picked = pairs.iter().map(place).collect::<Result<_, _>>()?;
                let (fields, columns): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
                (Source::Csv { csv: Box::new(csv), picked }, fields, columns)
            }
            Format::Ndjson => {
                let pairs: Vec<_> = if mapped { map.into_iter().collect() } else { own().into() };
                let (fields, columns): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
                (Source::Ndjson { ndjson: Ndjson::new(reader), keys: columns.clone() }, fields, columns)
            }
        };
        if role_needed && words.role.is_none() && !fields.contains(&PartyField::Role) {
            return Err(Error::NoRole);
        }
        let seen = vec![false; columns.len()];
        Ok(Self { source, fields, columns, seen, mapped, words, now, line: 0, failed: false })
    }

    /// Bytes read so far, for a progress bar against the file's size.
    pub fn position(&self) -> u64 {
        match &self.source {
            Source::Csv { csv, .. } => csv.position(),
            Source::Ndjson { ndjson, .. } => ndjson.position(),
        }
    }

    /// The mapped columns that held no value in any row so far; empty when nothing was mapped.
    pub fn unseen_columns(&self) -> Vec<&str> {
        let columns = self.columns.iter().zip(&self.seen).filter(|(_, seen)| self.mapped && !**seen);
        columns.map(|(column, _)| column.as_str()).collect()
    }

    fn next_cells(&mut self) -> io::Result<Option<Numbered<Cell>>> {
        match &mut self.source {
            Source::Csv { csv, picked } => {
                let row = csv.next(picked)?;
                Ok(row.map(|(line, values)| (line, values.map(|all| all.into_iter().map(Cell::Text).collect()))))
            }
            Source::Ndjson { ndjson, keys } => ndjson.next_as(keys, cell),
        }
    }

    fn row(&mut self, line: u64, cells: Vec<Cell>) -> Result<PartyRow, PartyRowError> {
        for (seen, cell) in self.seen.iter_mut().zip(&cells) {
            *seen |= match cell {
                Cell::Text(text) => !text.trim().is_empty(),
                Cell::List(members) => !members.is_empty(),
            };
        }
        let mut row =
            Cells { fields: &self.fields, columns: &self.columns, cells: &cells, words: &self.words }.row(line)?;
        // The registry's own rules, before anything is sent.
        let check = firm::Command::Check(Box::new(row.party));
        let context = Context::new(&Actor::SYSTEM, self.now);
        let decided = Firm::default().decide(&check, &context).map_err(|rejection| match rejection {
            Rejection::Invalid { field, reason } => PartyRowError::Invalid { field: PartyField::of(field), reason },
            other => PartyRowError::Invalid { field: PartyField::Name, reason: Invalid::new(other.to_string()) },
        })?;
        row.party = match decided.into_iter().next() {
            Some(Event::ConflictChecked { party, .. }) => *party,
            _ => {
                let reason = Invalid::new("cannot be screened");
                return Err(PartyRowError::Invalid { field: PartyField::Name, reason });
            }
        };
        Ok(row)
    }
}

impl Iterator for PartyRows {
    type Item = Result<PartyLine, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        match self.next_cells() {
            Ok(None) => None,
            Ok(Some((number, cells))) => {
                self.line = number;
                let row = cells.map_err(PartyRowError::from).and_then(|cells| self.row(number, cells));
                Some(Ok(PartyLine { number, row }))
            }
            Err(source) => {
                self.failed = true;
                Some(Err(Error::Read { line: self.line, source }))
            }
        }
    }
}

/// A value of NDJSON: text, or a list of texts.
fn cell(key: &str, value: Option<&Value>) -> Result<Cell, RowError> {
    match value {
        Some(Value::Array(members)) => {
            let members = members.iter().map(|member| ndjson::text(key, Some(member)));
            Ok(Cell::List(members.collect::<Result<_, _>>()?))
        }
        value => ndjson::text(key, value).map(Cell::Text),
    }
}

/// How values read.
#[derive(Clone, Debug)]
struct Words {
    role: Option<PartyRole>,
    role_needed: bool,
    values: BTreeMap<PartyField, BTreeMap<String, String>>,
    date_format: Option<String>,
}

impl Words {
    fn new(args: &PartyArgs, role_needed: bool) -> Result<Self, Error> {
        let mut values: BTreeMap<PartyField, BTreeMap<String, String>> = BTreeMap::new();
        for text in &args.value {
            let shape = "role:Adverse=opposing_party";
            let (field, from, to) = value_of::<PartyField>(text, shape)?;
            values.entry(field).or_default().insert(key(from), to.trim().to_owned());
        }
        if let Some(format) = &args.date_format {
            let fail = |reason: &str| Error::DateFormat { format: format.clone(), reason: reason.to_owned() };
            let written =
                strtime::format(format, Date::constant(1961, 3, 12)).map_err(|error| fail(&error.to_string()))?;
            if date(&written, Some(format)).is_none() {
                return Err(fail("does not hold a whole date, such as %d/%m/%Y does"));
            }
        }
        Ok(Self { role: args.role, role_needed, values, date_format: args.date_format.clone() })
    }

    fn value<'a>(&'a self, field: PartyField, value: &'a str) -> &'a str {
        let mapped = self.values.get(&field).and_then(|values| values.get(&key(value)));
        mapped.map_or(value, String::as_str).trim()
    }
}

fn date(text: &str, format: Option<&str>) -> Option<Date> {
    let own = format.and_then(|format| strtime::parse(format, text).ok()?.to_date().ok());
    // jiff also reads forms such as 19610312, which is as likely to be a number.
    own.or_else(|| text.parse().ok().filter(|_| text.len() == 10))
}

/// One row's values by field.
struct Cells<'a> {
    fields: &'a [PartyField],
    columns: &'a [String],
    cells: &'a [Cell],
    words: &'a Words,
}

impl<'a> Cells<'a> {
    fn cell(&self, field: PartyField) -> Option<(&'a Cell, &'a String)> {
        let at = self.fields.iter().position(|known| *known == field)?;
        Some((self.cells.get(at)?, self.columns.get(at)?))
    }

    /// The value of a field that has one; none where it is blank or the field is not read.
    fn one(&self, field: PartyField) -> Result<Option<&'a str>, PartyRowError> {
        match self.cell(field) {
            None => Ok(None),
            Some((Cell::Text(text), _)) => Ok(Some(self.words.value(field, text)).filter(|text| !text.is_empty())),
            Some((Cell::List(_), column)) => {
                Err(PartyRowError::Row(RowError::NotText { column: column.clone(), found: "a list" }))
            }
        }
    }

    /// The values of a field that may have several.
    fn several(&self, field: PartyField) -> Vec<&'a str> {
        let values: Vec<&'a str> = match self.cell(field) {
            None => vec![],
            Some((Cell::Text(text), _)) => text.split(';').collect(),
            Some((Cell::List(members), _)) => members.iter().map(String::as_str).collect(),
        };
        let values = values.into_iter().map(|value| self.words.value(field, value.trim()));
        values.filter(|value| !value.is_empty()).collect()
    }

    fn private(&self, field: PartyField) -> Result<Option<Private>, PartyRowError> {
        Ok(self.one(field)?.map(Private::from))
    }

    fn word<T>(
        &self,
        field: PartyField,
        read: fn(&str) -> Option<T>,
        words: &[&str],
    ) -> Result<Option<T>, PartyRowError> {
        let Some(word) = self.one(field)? else { return Ok(None) };
        let unknown =
            || PartyRowError::UnknownWord { field, value: word.chars().take(80).collect(), words: words.join(", ") };
        read(word).map(Some).ok_or_else(unknown)
    }

    fn row(&self, line: u64) -> Result<PartyRow, PartyRowError> {
        let said = self.word(PartyField::Role, |word| role(word).ok(), &PartyRole::ALL.map(PartyRole::as_str))?;
        let role = said.or(self.words.role);
        if role.is_none() && self.words.role_needed {
            let reason = Invalid::new("must not be empty; say --role for rows that do not name it");
            return Err(PartyRowError::Invalid { field: PartyField::Role, reason });
        }
        let mut notes = vec![];
        let party = Party {
            role: role.unwrap_or(PartyRole::RelatedEntity),
            kind: self.word(PartyField::Kind, kind, &PartyKind::ALL.map(PartyKind::as_str))?.unwrap_or_default(),
            name: self.private(PartyField::Name)?.unwrap_or_default(),
            aliases: self.several(PartyField::Aliases).into_iter().map(Private::from).collect(),
            identifiers: self.identifiers(&mut notes),
            conversation: None,
            related: None,
            matter: self.private(PartyField::Matter)?,
            external_id: self.private(PartyField::ExternalId)?,
        };
        Ok(PartyRow { line, role, party, notes })
    }

    fn identifiers(&self, notes: &mut Vec<String>) -> Vec<Identifier> {
        let mut identifiers = vec![];
        for field in PartyField::ALL {
            let Some(sort) = field.identifier() else { continue };
            for text in self.several(field) {
                let (text, needs) = match sort {
                    Sort::DateOfBirth => {
                        let read = date(text, self.words.date_format.as_deref()).map(|date| date.to_string());
                        (read, "a date like 1961-03-12; for another shape say --date-format")
                    }
                    Sort::Email => (Some(text.to_owned()), "an e-mail address"),
                    Sort::Phone => (Some(text.to_owned()), "a number of six digits or more"),
                    Sort::RegistrationNumber => (Some(text.to_owned()), "three letters or digits or more"),
                };
                let usable =
                    text.filter(|text| text.len() <= VALUE_MAX && screening::Identifier::new(sort, text).is_some());
                match usable {
                    Some(text) => identifiers.push(Identifier { sort: field::stored(sort), value: Private::new(text) }),
                    None => notes.push(format!("{field} was left out: it is not {needs}")),
                }
            }
        }
        identifiers
    }
}

#[cfg(test)]
mod tests;
