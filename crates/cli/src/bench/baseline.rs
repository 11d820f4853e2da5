//! What to compare with: the same bytes, written by the barest program that is as durable.

use std::{path::Path, time::Instant};

use engage_journal::{Hash, Sql, Value, sql};
use engage_native::sqlite::Db;

/// The entries of a journal, as a bare loop writes them: one table, no index, no object, no rule.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS bare (
  seq INTEGER PRIMARY KEY, object INTEGER, version INTEGER, id TEXT, at TEXT, actor TEXT, action TEXT, outcome TEXT,
  details TEXT, schema INTEGER, payload TEXT, payload_hash BLOB, prev_hash BLOB, hash BLOB, command_id TEXT)";

const INSERT: &str = "INSERT INTO bare (object, version, id, at, actor, action, outcome, details, schema, payload,
  payload_hash, prev_hash, hash, command_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

/// The columns of one entry, copied from a journal.
pub(super) struct Bytes {
    texts: [String; 7],
    hashes: [Vec<u8>; 3],
    numbers: [i64; 3],
}

/// Reads the last added message of a journal.
pub(super) fn last_message(journal: &Path) -> anyhow::Result<Bytes> {
    let mut db = Db::reader(journal)?;
    let text = "SELECT id, at, actor, action, outcome, details, payload, payload_hash, prev_hash, hash, object, version, schema
                FROM entry WHERE action = 'message_added' ORDER BY seq DESC LIMIT 1";
    let found = sql::first(&mut db, text, &[], |row| {
        let text = |at| row.text(at).map(str::to_owned);
        Ok(Bytes {
            texts: [text(0)?, text(1)?, text(2)?, text(3)?, text(4)?, text(5)?, text(6)?],
            hashes: [row.blob(7)?.to_vec(), row.blob(8)?.to_vec(), row.blob(9)?.to_vec()],
            numbers: [row.integer(10)?, row.integer(11)?, row.integer(12)?],
        })
    })?;
    found.ok_or_else(|| anyhow::anyhow!("the journal holds no message"))
}

/// What differs from one row of the bare route to the next.
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) at: &'a str,
    pub(super) payload: &'a str,
    pub(super) prev_hash: &'a Hash,
    pub(super) hash: &'a Hash,
}

/// A database with a table for these entries.
pub(super) fn open(path: &Path) -> anyhow::Result<Db> {
    let mut db = Db::journal(path)?;
    db.script(TABLE)?;
    Ok(db)
}

impl Bytes {
    fn params(&self) -> [Value<'_>; 14] {
        let [id, at, actor, action, outcome, details, payload] = &self.texts;
        let [payload_hash, prev_hash, hash] = &self.hashes;
        let [object, version, schema] = self.numbers;
        [
            Value::Integer(object),
            Value::Integer(version),
            Value::Text(id),
            Value::Text(at),
            Value::Text(actor),
            Value::Text(action),
            Value::Text(outcome),
            Value::Text(details),
            Value::Integer(schema),
            Value::Text(payload),
            Value::Blob(payload_hash),
            Value::Blob(prev_hash),
            Value::Blob(hash),
            Value::Null,
        ]
    }

    /// Inserts these bytes with some of them replaced.
    pub(super) fn insert(&self, db: &mut Db, row: &Row<'_>) -> Result<(), engage_journal::Error> {
        let mut params = self.params();
        params[2] = Value::Text(row.id);
        params[3] = Value::Text(row.at);
        params[9] = Value::Text(row.payload);
        params[11] = Value::Blob(&row.prev_hash.0);
        params[12] = Value::Blob(&row.hash.0);
        db.execute(INSERT, &params).map(drop)
    }
}

/// Rows a second of a bare loop that inserts `rows` times these bytes in transactions of `batch` rows.
pub(super) fn bare_loop(path: &Path, bytes: &Bytes, rows: usize, batch: usize) -> anyhow::Result<f64> {
    let mut db = open(path)?;
    let params = bytes.params();
    let began = Instant::now();
    for _ in 0..rows / batch {
        db.begin()?;
        for _ in 0..batch {
            db.execute(INSERT, &params)?;
        }
        db.commit()?;
    }
    Ok((rows / batch * batch) as f64 / began.elapsed().as_secs_f64())
}
