//! Given a file and a map, then rows, row errors with their lines, or one error before any row.

mod files;
mod history;
mod maps;

use std::io::{BufReader, Cursor};

use jiff::tz::TimeZoneDatabase;

use super::*;

fn target() -> Target {
    Target {
        firm: "acme".parse().unwrap(),
        time_zone: TimeZoneDatabase::bundled().get("America/New_York").unwrap(),
        now: "2026-11-24T12:00:00.000Z".parse().unwrap(),
    }
}

/// Arguments with the external id in the column `id`.
fn args(map: &[&str]) -> MapArgs {
    MapArgs { external_id: Some("id".into()), map: map.iter().map(|&pair| pair.into()).collect(), ..MapArgs::default() }
}

fn try_read(text: impl Into<Vec<u8>>, format: Format, args: &MapArgs) -> Result<Rows, Error> {
    // A small buffer, so that rows and even characters cross its edge.
    Rows::read(Box::new(BufReader::with_capacity(7, Cursor::new(text.into()))), format, args, target())
}

fn lines(text: impl Into<Vec<u8>>, format: Format, args: &MapArgs) -> Vec<(u64, Result<Row, RowError>)> {
    let rows = try_read(text, format, args).unwrap();
    rows.map(Result::unwrap).map(|line| (line.number, line.row)).collect()
}

/// Each row as `line: external id` or `line: what is wrong`.
fn summary(text: impl Into<Vec<u8>>, format: Format, args: &MapArgs) -> Vec<String> {
    let show = |(line, row)| match row {
        Ok(Row { external_id, .. }) => format!("{line}: {}", external_id.as_str()),
        Err(error) => format!("{line}: {error}"),
    };
    lines(text, format, args).into_iter().map(show).collect()
}

/// The one row of a CSV file with these columns and values.
fn row(header: &str, values: &str) -> Result<Row, RowError> {
    let mut lines = lines(format!("id,{header}\n1,{values}\n"), Format::Csv, &args(&[]));
    assert_eq!(lines.len(), 1);
    lines.remove(0).1
}
