//! NDJSON: one JSON object a line, one line in memory at a time.

use std::io::{self, BufRead};

use serde_json::{Map, Value};

use super::{Numbered, RECORD_MAX, RowError};

/// A reader of lines.
pub(super) struct Ndjson<R> {
    reader: R,
    line: u64,
    position: u64,
    bytes: Vec<u8>,
}

impl<R: BufRead> Ndjson<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: 0, position: 0, bytes: vec![] }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next line that is not blank: its number, and its values in the order of `keys`. A key that the object lacks, and
    /// `null`, is the empty text, as in CSV.
    pub(super) fn next(&mut self, keys: &[String]) -> io::Result<Option<Numbered>> {
        self.next_as(keys, text)
    }

    /// The same, each value as `read` makes it of its key and what stands there.
    pub(super) fn next_as<T>(&mut self, keys: &[String], read: Reading<T>) -> io::Result<Option<Numbered<T>>> {
        loop {
            let Some(whole) = self.read_line()? else { return Ok(None) };
            if !whole {
                return Ok(Some((self.line, Err(RowError::TooLong))));
            }
            if !self.bytes.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some((self.line, pick(&self.bytes, keys, read))));
            }
        }
    }

    /// Reads one line into `bytes`; whether it is there whole, or too long and skipped; none at the end of the file.
    fn read_line(&mut self) -> io::Result<Option<bool>> {
        self.bytes.clear();
        let (mut begun, mut whole) = (false, true);
        loop {
            let input = self.reader.fill_buf()?;
            if input.is_empty() {
                break;
            }
            if !begun {
                begun = true;
                self.line += 1;
            }
            let (taken, ended) = match input.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (input.len(), false),
            };
            if whole && self.bytes.len() + taken <= RECORD_MAX {
                self.bytes.extend_from_slice(&input[..taken]);
            } else {
                whole = false;
            }
            self.position += taken as u64;
            self.reader.consume(taken);
            if ended {
                break;
            }
        }
        Ok(begun.then_some(whole))
    }
}

/// What makes a value of a key and what stands there.
type Reading<T> = fn(&str, Option<&Value>) -> Result<T, RowError>;

fn pick<T>(line: &[u8], keys: &[String], read: Reading<T>) -> Result<Vec<T>, RowError> {
    let line = str::from_utf8(line.trim_ascii_end()).map_err(|_| RowError::NotUtf8 { place: "the line".into() })?;
    let object: Map<String, Value> = serde_json::from_str(line).map_err(|error| {
        // serde's own words may quote the line; where it goes wrong is enough.
        let reason = if error.is_data() { String::new() } else { format!(": column {}", error.column()) };
        RowError::NotAnObject { reason }
    })?;
    keys.iter().map(|key| read(key, find(&object, key))).collect()
}

/// The value under `key`, or step by step under its dotted parts.
fn find<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).or_else(|| {
        let (first, rest) = key.split_once('.')?;
        find(object.get(first)?.as_object()?, rest)
    })
}

/// A value as CSV would have it.
pub(super) fn text(key: &str, value: Option<&Value>) -> Result<String, RowError> {
    let not_text = |found| Err(RowError::NotText { column: key.to_owned(), found });
    match value {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Bool(yes)) => Ok(yes.to_string()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Array(_)) => not_text("a list"),
        Some(Value::Object(_)) => not_text("an object"),
    }
}
