//! Lines of a journal that come in parts and in any order of objects, kept in a file until they are all there.

use std::{ops::ControlFlow, path::Path};

use engage_journal::{
    Error, Sql, Value,
    transfer::{EntryLine, Line},
};

use crate::sqlite::Db;

/// Lines read at a time.
const PAGE: i64 = 1_000;

/// The lines that have come.
pub struct Spool(Db);

/// Entries in the order of their ids; answers behind them.
fn place(line: &Line) -> Option<String> {
    match line {
        Line::Entry(entry) => Some(format!("entry {}", entry.id)),
        Line::Answer(answer) => Some(format!("reply {}", answer.id)),
        Line::Journal { .. } | Line::End { .. } => None,
    }
}

impl Spool {
    /// Opens the file at `path`, making it if it is not there.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut db = Db::journal(path)?;
        db.script(
            "CREATE TABLE IF NOT EXISTS line (place TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID",
        )?;
        Ok(Self(db))
    }

    /// Keeps lines, all or none; gives how many are new. One that came before is passed over; one that contradicts it is refused. Neither
    /// beginning nor end is kept.
    pub fn add(&mut self, lines: &[Line]) -> Result<usize, Error> {
        self.0.transaction(|db| {
            let mut new = 0;
            for line in lines {
                let Some(place) = place(line) else { continue };
                let text = serde_json::to_string(line)
                    .map_err(|error| Error::Refused(format!("{place} cannot be written: {error}")))?;
                let params = [Value::Text(&place), Value::Text(&text)];
                let added = db.execute("INSERT OR IGNORE INTO line (place, text) VALUES (?1, ?2)", &params)?;
                new += added;
                if added == 0 && matches!(line, Line::Entry(_)) && differs(db, &place, &text)? {
                    return Err(Error::Refused(format!("{place}: another of its id came before")));
                }
            }
            Ok(new)
        })
    }

    /// Shows every line, entries in the order of their ids, then answers.
    pub fn each(&mut self, visit: &mut dyn FnMut(Line) -> Result<(), Error>) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let mut page = vec![];
            let text = "SELECT place, text FROM line WHERE place > ?1 ORDER BY place LIMIT ?2";
            self.0.query(text, &[Value::Text(&after), Value::Integer(PAGE)], &mut |row| {
                let line = serde_json::from_str(row.text(1)?);
                page.push((row.text(0)?.to_owned(), line.map_err(|error| Error::Corrupt(error.to_string()))?));
                Ok(ControlFlow::Continue(()))
            })?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            page.into_iter().try_for_each(|(_, line)| visit(line))?;
        }
    }
}

/// Whether an entry is another than the one that is kept. It may have been erased since: then its payload is gone, and it is the same.
fn differs(db: &mut Db, place: &str, text: &str) -> Result<bool, Error> {
    let mut kept = None;
    db.query("SELECT text FROM line WHERE place = ?1", &[Value::Text(place)], &mut |row| {
        kept = Some(row.text(0)?.to_owned());
        Ok(ControlFlow::Continue(()))
    })?;
    let hash = |text: &str| match serde_json::from_str(text) {
        Ok(Line::Entry(entry)) => Some(EntryLine { payload: None, ..*entry }),
        _ => None,
    };
    Ok(kept.is_none_or(|kept| hash(&kept) != hash(text)))
}
