//! The adapter from the journal's port to rusqlite, and how each kind of connection is set up.
//!
//! | connection | mode | synchronous | why |
//! |---|---|---|---|
//! | journal, writer | WAL | FULL | what was acknowledged survives a power cut |
//! | index, writer | WAL | NORMAL | it may lose its last commits, whole, with their checkpoint; the journal still has them |
//! | readers | read only | – | cannot write whatever they are asked |

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Duration,
};

use engage_journal::{Error, Row, Sql, Value, sql::Visit};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, config::DbConfig, ffi::SQLITE_IOERR_SHORT_READ, params_from_iter, types::ValueRef,
};

use crate::FolderError;

/// The first SQLite that does not lose a commit when a write-ahead log is reset under two connections.
const NEEDED: (&str, i32) = ("3.51.3", 3_051_003);

/// How long a connection waits for another one's lock. Only checkpoints and rebuilds ever hold one against us.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a follower waits for somebody else's lock on an index. It tries again with back-off, and the other firms of its shard wait
/// behind it meanwhile.
const INDEX_BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Prepared statements kept a connection: more than there are texts in the journal and index crates.
const STATEMENTS: usize = 128;

/// Pages of write-ahead log after which a commit copies them into the database (16 MiB). Fewer, longer copies than SQLite's default
/// of 1,000: a hot page is copied once instead of four times, and the log stays small enough to be replayed in a moment.
const CHECKPOINT_PAGES: i64 = 4_000;

/// Refuses an SQLite that can lose a commit.
pub fn assert_version() -> Result<(), FolderError> {
    if rusqlite::version_number() >= NEEDED.1 {
        Ok(())
    } else {
        Err(FolderError::OldSqlite { found: rusqlite::version(), needed: NEEDED.0 })
    }
}

/// One connection and the file it is on.
#[derive(Debug)]
pub struct Db {
    connection: Connection,
    path: PathBuf,
}

impl Db {
    /// Opens a journal for writing, making the file if need be.
    pub fn journal(path: &Path) -> Result<Self, Error> {
        let mut db = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        db.writer("FULL")?;
        Ok(db)
    }

    /// Opens an index for writing, making the file if need be.
    pub fn index(path: &Path) -> Result<Self, Error> {
        let mut db = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        db.connection.busy_timeout(INDEX_BUSY_TIMEOUT).map_err(|error| fault("open", path, error))?;
        db.writer("NORMAL")?;
        Ok(db)
    }

    /// Opens an index that is being built and that nobody else has open. Nothing of it is safe before [`Db::finish`]: what a crash leaves is
    /// thrown away, so that nothing has to be written twice, nor waited for.
    pub(crate) fn builder(path: &Path) -> Result<Self, Error> {
        let mut db = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        db.script(
            "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA foreign_keys = OFF; PRAGMA cache_size = -64000; PRAGMA temp_store = MEMORY;",
        )?;
        Ok(db)
    }

    /// Makes a built index durable and one as [`Db::index`] opens it.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let Self { connection, path } = self;
        connection.close().map_err(|(_, error)| fault("close", &path, error))?;
        drop(Self::index(&path)?);
        let synced = std::fs::File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|error| Error::Storage {
            operation: format!("sync {}", path.display()),
            message: error.to_string(),
            transient: true,
            source: Some(Box::new(error)),
        })
    }

    /// Opens an index beside its owner, to change a few rows; it must exist. Closing it leaves the write-ahead log alone: by then a file of
    /// that name may belong to another index.
    pub fn guest(path: &Path) -> Result<Self, Error> {
        let mut db = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(|error| fault("open", path, error))?;
        db.writer("NORMAL")?;
        Ok(db)
    }

    /// Opens a file for reading; it must exist. Nothing is mapped into memory: to read a mapped page behind the end of a file that was cut
    /// short ends the whole process, with every other firm in it.
    pub fn reader(path: &Path) -> Result<Self, Error> {
        let mut db = Self::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        db.script("PRAGMA cache_size = -4000; PRAGMA mmap_size = 0;")?;
        Ok(db)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self, Error> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the adapter that everything else opens databases through"
        )]
        let connection = Connection::open_with_flags(path, flags)
            .and_then(|connection| connection.busy_timeout(BUSY_TIMEOUT).map(|()| connection))
            .map_err(|error| fault("open", path, error))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self { connection, path: path.to_owned() })
    }

    fn writer(&mut self, synchronous: &str) -> Result<(), Error> {
        self.script(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};
             PRAGMA foreign_keys = OFF; PRAGMA secure_delete = ON; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;"
        ))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a transaction that may write.
    pub fn begin(&mut self) -> Result<(), Error> {
        self.execute("BEGIN IMMEDIATE", &[]).map(drop)
    }

    /// Begins a transaction that only reads: everything within it sees one moment.
    pub fn begin_read(&mut self) -> Result<(), Error> {
        self.execute("BEGIN", &[]).map(drop)
    }

    /// Makes what was written durable.
    pub fn commit(&mut self) -> Result<(), Error> {
        self.execute("COMMIT", &[]).map(drop)
    }

    /// Forgets what was written. Quiet when SQLite has rolled back already, as it does on some errors.
    pub fn rollback(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK", &[])
        {
            tracing::error!(error = &error as &dyn std::error::Error, path = %self.path.display(), "rollback failed");
        }
    }

    /// Copies the write-ahead log into the database and empties it, so that the file alone holds everything. Readers hold it up at most as
    /// long as any lock.
    pub fn checkpoint(&mut self) -> Result<(), Error> {
        self.query("PRAGMA wal_checkpoint(TRUNCATE)", &[], &mut |_| Ok(ControlFlow::Break(())))
    }

    /// Copies as much of the write-ahead log as nobody reads any more into the database. Waits for nobody.
    pub(crate) fn checkpoint_passively(&mut self) -> Result<(), Error> {
        self.query("PRAGMA wal_checkpoint(PASSIVE)", &[], &mut |_| Ok(ControlFlow::Break(())))
    }

    /// Runs `work` in a transaction that may write: all of it or nothing.
    pub fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.begin()?;
        let done = work(self).and_then(|value| self.commit().map(|()| value));
        if done.is_err() {
            self.rollback();
        }
        done
    }
}

/// Whether an error says that the file itself is damaged, cut short or no database.
pub fn is_damaged(error: &Error) -> bool {
    match error {
        Error::Storage { source: Some(source), .. } => source.downcast_ref::<rusqlite::Error>().is_some_and(|error| {
            matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
                || error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_IOERR_SHORT_READ)
        }),
        Error::Storage { source: None, .. } | Error::Corrupt(_) | Error::TooNew { .. } | Error::Refused(_) => false,
    }
}

/// Whether an error says that a table is not there.
pub fn lacks_tables(error: &Error) -> bool {
    matches!(error, Error::Storage { message, .. } if message.starts_with("no such table"))
}

/// Whether an error says so of the file at `path`.
pub fn is_damaged_at(error: &Error, path: &Path) -> bool {
    let of_it = |operation: &str| operation.ends_with(&path.display().to_string());
    is_damaged(error) && matches!(error, Error::Storage { operation, .. } if of_it(operation))
}

/// Whether an error says that a row broke one of the schema's rules.
pub fn is_constraint(error: &Error) -> bool {
    match error {
        Error::Storage { source: Some(source), .. } => source
            .downcast_ref::<rusqlite::Error>()
            .is_some_and(|error| error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)),
        Error::Storage { source: None, .. } | Error::Corrupt(_) | Error::TooNew { .. } | Error::Refused(_) => false,
    }
}

fn fault(operation: &str, path: &Path, error: rusqlite::Error) -> Error {
    let transient = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull | ErrorCode::SystemIoFailure)
    );
    Error::Storage {
        operation: format!("{operation} {}", path.display()),
        message: error.to_string(),
        transient,
        source: Some(Box::new(error)),
    }
}

struct Line<'a, 'b>(&'a rusqlite::Row<'b>);

impl Row for Line<'_, '_> {
    fn value(&self, at: usize) -> Result<Value<'_>, Error> {
        let value = self.0.get_ref(at).map_err(|error| Error::Corrupt(format!("column {at}: {error}")))?;
        Ok(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(integer) => Value::Integer(integer),
            ValueRef::Real(real) => Value::Real(real),
            ValueRef::Text(text) => Value::Text(
                std::str::from_utf8(text)
                    .map_err(|_| Error::Corrupt(format!("column {at} holds text that is no UTF-8")))?,
            ),
            ValueRef::Blob(bytes) => Value::Blob(bytes),
        })
    }
}

/// A parameter as rusqlite takes it.
struct Bound<'a>(Value<'a>);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(integer) => ValueRef::Integer(integer),
            Value::Real(real) => ValueRef::Real(real),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Sql for Db {
    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize, Error> {
        let run = |connection: &Connection| {
            connection.prepare_cached(sql)?.execute(params_from_iter(params.iter().copied().map(Bound)))
        };
        run(&self.connection).map_err(|error| fault("write to", &self.path, error))
    }

    fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&dyn Row) -> Visit,
    ) -> Result<(), Error> {
        let fault = |error| fault("read from", &self.path, error);
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        let mut rows = statement.query(params_from_iter(params.iter().copied().map(Bound))).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            if let ControlFlow::Break(()) = visit(&Line(row))? {
                break;
            }
        }
        Ok(())
    }

    fn script(&mut self, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(|error| fault("write to", &self.path, error))
    }
}
