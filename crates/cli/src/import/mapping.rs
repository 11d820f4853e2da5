//! Which column holds which field, and how its values read: from the command line, from a TOML file, or both.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use engage_domain::conversation::Status;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::Deserialize;

use super::{Error, Field, date::DateReader, field::Fields, status::status};

/// How the rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// RFC 4180, with a header row.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// The format of a file: what was said, else what its extension says.
    pub(super) fn of(path: &Path, said: Option<Self>) -> Result<Self, Error> {
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        match (said, extension.as_deref()) {
            (Some(format), _) => Ok(format),
            (None, Some("csv")) => Ok(Self::Csv),
            (None, Some("ndjson" | "jsonl")) => Ok(Self::Ndjson),
            (None, _) => Err(Error::UnknownFormat { path: path.to_owned() }),
        }
    }
}

/// How a file is to be read. What is said here wins over the map file.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct MapArgs {
    /// The column that tells one row from another; a second run of the file adds nothing twice
    #[arg(long, value_name = "COLUMN")]
    pub external_id: Option<String>,
    /// Where a field comes from, such as `status=State of the matter`; for NDJSON a key, dotted where it is nested.
    /// Without any map, each field comes from the column of its own name
    #[arg(long = "map", value_name = "FIELD=COLUMN", num_args = 1..)]
    pub map: Vec<String>,
    /// How a value reads, such as `status:Closed with explanation=completed`
    #[arg(long = "value", value_name = "FIELD:FROM=TO", num_args = 1..)]
    pub value: Vec<String>,
    /// A TOML file with `external_id`, `[map]`, `[values.FIELD]` and `[dates]` (`format`, `time_zone`)
    #[arg(long, value_name = "FILE")]
    pub map_file: Option<PathBuf>,
    /// How dates are written, such as `%d/%m/%Y`; the ISO shapes are understood beside it
    #[arg(long, value_name = "STRFTIME")]
    pub date_format: Option<String>,
    /// The time zone of dates that name none; by default the firm's
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// How the rows are written; by default the file's extension says it
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MapFile {
    external_id: Option<String>,
    #[serde(default)]
    map: BTreeMap<String, String>,
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    dates: Dates,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dates {
    format: Option<String>,
    time_zone: Option<String>,
}

/// A checked map.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    /// The column of each mapped field; none: each field has the column of its own name.
    pub(super) columns: Option<BTreeMap<Field, String>>,
    /// The column of the external id.
    pub(super) external_id: String,
    /// How dates read.
    pub(super) dates: DateReader,
    values: BTreeMap<Field, BTreeMap<String, String>>,
}

impl Mapping {
    /// Puts command line and map file together. `zone` is the firm's.
    pub(super) fn new(args: &MapArgs, zone: &TimeZone) -> Result<Self, Error> {
        let file = args.map_file.as_ref().map(read_map_file).transpose()?.unwrap_or_default();
        let mut columns = BTreeMap::new();
        for (name, column) in &file.map {
            columns.insert(Field::named(name)?, column.trim().to_owned());
        }
        columns.extend(columns_of(&args.map)?);
        let external_id = args.external_id.clone().or(file.external_id).ok_or(Error::NoExternalId)?;
        let named = args.time_zone.as_ref().or(file.dates.time_zone.as_ref());
        let zone = match named {
            None => zone.clone(),
            Some(name) => TimeZoneDatabase::bundled().get(name).map_err(|_| Error::TimeZone { zone: name.clone() })?,
        };
        Ok(Self {
            columns: Some(columns).filter(|columns| !columns.is_empty()),
            external_id: external_id.trim().to_owned(),
            dates: DateReader::new(args.date_format.as_deref().or(file.dates.format.as_deref()), zone)?,
            values: values_of(&file.values, &args.value)?,
        })
    }

    /// What `value` of `field` stands for: what a value map says, whatever the case, else itself.
    pub(super) fn value<'a>(&'a self, field: Field, value: &'a str) -> &'a str {
        let mapped = self.values.get(&field).and_then(|values| values.get(&key(value)));
        mapped.map_or(value, String::as_str)
    }

    /// The status that `word` stands for.
    pub(super) fn status(&self, word: &str) -> Option<Status> {
        status(self.value(Field::Status, word))
    }
}

/// How a value is looked up in a value map.
pub(super) fn key(value: &str) -> String {
    value.trim().to_lowercase()
}

fn read_map_file(path: &PathBuf) -> Result<MapFile, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Open { path: path.clone(), source })?;
    toml::from_str(&text)
        .map_err(|error| Error::MapFile { path: path.clone(), reason: error.to_string().trim().to_owned() })
}

/// The pairs of `--map`.
pub(super) fn columns_of<F: Fields>(pairs: &[String]) -> Result<BTreeMap<F, String>, Error> {
    let mut columns = BTreeMap::new();
    for pair in pairs {
        let malformed = || Error::Malformed { option: "--map", text: pair.clone(), shape: "field=Column name" };
        let (name, column) = pair.split_once('=').ok_or_else(malformed)?;
        let (field, column) = (F::named(name)?, column.trim().to_owned());
        if column.is_empty() {
            return Err(malformed());
        }
        if let Some(first) = columns.insert(field, column.clone()) {
            return Err(Error::MappedTwice { field: field.name(), first, second: column });
        }
    }
    Ok(columns)
}

fn values_of(
    file: &BTreeMap<String, BTreeMap<String, String>>,
    args: &[String],
) -> Result<BTreeMap<Field, BTreeMap<String, String>>, Error> {
    let mut values: BTreeMap<Field, BTreeMap<String, String>> = BTreeMap::new();
    let mut insert = |field: Field, from: &str, to: &str| {
        let to = to.trim().to_owned();
        if field == Field::Status && !to.is_empty() && Status::parse(&to).is_none() {
            return Err(Error::UnknownStatus { to });
        }
        values.entry(field).or_default().insert(key(from), to);
        Ok(())
    };
    for (name, words) in file {
        let field = Field::named(name)?;
        for (from, to) in words {
            insert(field, from, to)?;
        }
    }
    for text in args {
        let (field, from, to) = value_of(text, "status:Closed with explanation=completed")?;
        insert(field, from, to)?;
    }
    Ok(values)
}

/// One text of `--value`: its field, what stands in the file, and what that stands for.
pub(super) fn value_of<'a, F: Fields>(text: &'a str, shape: &'static str) -> Result<(F, &'a str, &'a str), Error> {
    let parts = text.split_once(':').and_then(|(name, pair)| Some((name, pair.rsplit_once('=')?)));
    let malformed = || Error::Malformed { option: "--value", text: text.to_owned(), shape };
    let (name, (from, to)) = parts.ok_or_else(malformed)?;
    Ok((F::named(name)?, from, to))
}
