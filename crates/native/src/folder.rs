//! The data folder: `engage.lock` and `firms/<firmId>/{journal,index}.db`.
//!
//! Invariant: one process owns a folder. The lock is the operating system's, on an open file, so it goes with the process
//! however it ends; a leftover lock file means nothing.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use engage_domain::FirmId;

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process owns it.
    #[error("data folder {path} is in use by another process{}", .pid.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The process, as far as it said so.
        pid: Option<String>,
    },
    /// The operating system refused something.
    #[error("cannot {operation} {path}")]
    Io {
        /// What.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Its word.
        #[source]
        source: io::Error,
    },
    /// SQLite is too old to be trusted with a write-ahead log.
    #[error("SQLite {found} can lose a commit when a write-ahead log is reset; at least {needed} is needed")]
    OldSqlite {
        /// The version that is linked.
        found: &'static str,
        /// The version that mends it.
        needed: &'static str,
    },
}

/// An owned data folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { operation, path, source }
}

impl Folder {
    /// Takes ownership of the folder at `path`, making it if need be.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        crate::sqlite::assert_version()?;
        fs::create_dir_all(path.join("firms")).map_err(io("create", path))?;
        let lock_path = path.join("engage.lock");
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(io("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let known = lock.read_to_string(&mut pid).is_ok() && !pid.trim().is_empty();
                let pid = known.then(|| pid.trim().to_owned());
                return Err(FolderError::Locked { path: path.to_owned(), pid });
            }
            Err(TryLockError::Error(error)) => return Err(io("lock", &lock_path)(error)),
        }
        // For the person who meets the lock; nothing reads it to decide anything.
        let note = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| write!(lock, "{}", std::process::id()));
        note.map_err(io("write", &lock_path))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of one firm.
    pub fn firm(&self, firm: &FirmId) -> PathBuf {
        self.path.join("firms").join(firm.as_str())
    }

    /// The firms that have a folder, in the order of their slugs. Names that are no slugs are left alone.
    pub fn firms(&self) -> Result<Vec<FirmId>, FolderError> {
        let firms = self.path.join("firms");
        let mut found = vec![];
        for entry in fs::read_dir(&firms).map_err(io("list", &firms))? {
            let entry = entry.map_err(io("list", &firms))?;
            if let Some(firm) = entry.file_name().to_str().and_then(|name| name.parse::<FirmId>().ok())
                && entry.path().join("journal.db").exists()
            {
                found.push(firm);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Makes the folder of a firm, durably: a power cut right after does not lose the directory entry.
    pub fn make_firm(&self, firm: &FirmId) -> Result<PathBuf, FolderError> {
        let (path, parent) = (self.firm(firm), self.path.join("firms"));
        fs::create_dir_all(&path).map_err(io("create", &path))?;
        let synced = File::open(&parent).and_then(|directory| directory.sync_all());
        synced.map_err(io("sync", &parent))?;
        Ok(path)
    }
}
