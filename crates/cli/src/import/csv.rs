//! CSV (RFC 4180) with a header row, one row in memory at a time.
//!
//! `csv-core` rather than `csv`: only the state machine itself lets a row be bounded while it is read, and tells a quote
//! that nobody closed from the end of the file.

use std::io::{self, BufRead};

use super::{Numbered, RECORD_MAX, RowError};

/// Most columns: far above any export's, so that a row of commas costs little.
const COLUMNS_MAX: usize = 16_384;

/// A reader of rows, its header already taken.
pub(super) struct Csv<R> {
    rows: RawRows<R>,
    headers: Vec<String>,
}

impl<R: BufRead> Csv<R> {
    /// Takes the header row. The outer error is the file system's, the inner one says why there is no header.
    pub(super) fn open(reader: R) -> io::Result<Result<Self, String>> {
        let mut rows = RawRows::new(reader);
        let header = match rows.next()? {
            None => return Ok(Err("it is empty".into())),
            Some((_, Err(error))) => return Ok(Err(format!("the first row {error}"))),
            Some((_, Ok(raw))) => raw,
        };
        let names: Option<Vec<_>> =
            header.values().map(|name| Some(str::from_utf8(name).ok()?.trim().into())).collect();
        let Some(headers) = names else { return Ok(Err("it is not valid UTF-8".into())) };
        Ok(Ok(Self { rows, headers }))
    }

    /// The columns' names.
    pub(super) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.rows.position
    }

    /// The next row: the line on which it begins, and its values in the order of `columns`, indices into the header.
    pub(super) fn next(&mut self, columns: &[usize]) -> io::Result<Option<Numbered>> {
        let Self { rows, headers } = self;
        let Some((line, raw)) = rows.next()? else { return Ok(None) };
        Ok(Some((line, raw.and_then(|raw| Self::pick(headers, &raw, columns)))))
    }

    fn pick(headers: &[String], raw: &Raw<'_>, columns: &[usize]) -> Result<Vec<String>, RowError> {
        let (expected, found) = (headers.len(), raw.ends.len());
        if found != expected {
            return Err(RowError::Ragged { expected, found, last_line: raw.last_line });
        }
        if let Some(at) = raw.values().position(|value| str::from_utf8(value).is_err()) {
            return Err(RowError::NotUtf8 { place: format!("{:?}", headers[at]) });
        }
        let text = |column: &usize| String::from_utf8_lossy(raw.value(*column)).into_owned();
        Ok(columns.iter().map(text).collect())
    }
}

/// A row as it stands in the file, quotes undone.
struct Raw<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
    last_line: u64,
}

impl Raw<'_> {
    fn value(&self, column: usize) -> &[u8] {
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        &self.bytes[start..self.ends[column]]
    }

    fn values(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|column| self.value(column))
    }
}

struct RawRows<R> {
    reader: R,
    core: csv_core::Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    newlines: u64,
    position: u64,
}

impl<R: BufRead> RawRows<R> {
    fn new(reader: R) -> Self {
        let core = csv_core::Reader::new();
        Self { reader, core, bytes: vec![0; 8192], ends: vec![0; 64], newlines: 0, position: 0 }
    }

    fn next(&mut self) -> io::Result<Option<(u64, Result<Raw<'_>, RowError>)>> {
        if !self.skip_blank_lines()? {
            return Ok(None);
        }
        let line = self.newlines + 1;
        let (mut written, mut columns, mut too_long, mut at_end) = (0, 0, false, false);
        loop {
            let input = self.reader.fill_buf()?;
            let more = !input.is_empty();
            // After the last byte a line break is played in: a row ends with it, an open quote swallows it.
            let input = if more { input } else { b"\n" };
            let (result, taken, wrote, ended) =
                self.core.read_record(input, &mut self.bytes[written..], &mut self.ends[columns..]);
            if more {
                self.newlines += count_newlines(&input[..taken]);
                self.position += taken as u64;
            }
            let ended_line = more && input[..taken].ends_with(b"\n");
            self.reader.consume(if more { taken } else { 0 });
            written += wrote;
            columns += ended;
            match result {
                csv_core::ReadRecordResult::InputEmpty if more => {}
                csv_core::ReadRecordResult::InputEmpty if at_end => {
                    return Ok(Some((line, Err(RowError::UnclosedQuote))));
                }
                csv_core::ReadRecordResult::InputEmpty => at_end = true,
                csv_core::ReadRecordResult::OutputFull if written >= RECORD_MAX => (too_long, written) = (true, 0),
                csv_core::ReadRecordResult::OutputFull => self.bytes.resize(2 * self.bytes.len(), 0),
                csv_core::ReadRecordResult::OutputEndsFull if columns >= COLUMNS_MAX => (too_long, columns) = (true, 0),
                csv_core::ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                csv_core::ReadRecordResult::Record if too_long => return Ok(Some((line, Err(RowError::TooLong)))),
                csv_core::ReadRecordResult::Record => {
                    let (bytes, ends) = (&self.bytes[..written], &self.ends[..columns]);
                    let last_line = self.newlines + u64::from(!ended_line);
                    return Ok(Some((line, Ok(Raw { bytes, ends, last_line }))));
                }
                csv_core::ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// Moves to the next row's first byte; false at the end of the file. Done here, so that a row's line is its own.
    fn skip_blank_lines(&mut self) -> io::Result<bool> {
        loop {
            let input = self.reader.fill_buf()?;
            let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank == 0 {
                return Ok(!input.is_empty());
            }
            self.newlines += count_newlines(&input[..blank]);
            self.position += blank as u64;
            self.reader.consume(blank);
        }
    }
}

fn count_newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}
