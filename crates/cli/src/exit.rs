//! How a command ends: its exit code, and how a failure is told.

use std::{fmt, process::ExitCode};

/// The exit codes that scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It was done.
    Ok = 0,
    /// It failed.
    Failure = 1,
    /// It was asked in a way that makes no sense.
    Usage = 2,
    /// What it was about is not there.
    NotFound = 3,
    /// It is not allowed.
    Denied = 4,
    /// Something stands in the way that the caller can change: it exists already, the folder is in use, a version has moved on.
    Precondition = 5,
    /// What was checked is not what it should be.
    Inconsistent = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure with an exit code of its own; any other error is [`Exit::Failure`].
#[derive(Debug)]
pub struct Failed {
    /// The code.
    pub exit: Exit,
    /// What to tell.
    pub message: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failed {}

/// An error with an exit code.
pub fn failed(exit: Exit, message: impl Into<String>) -> anyhow::Error {
    Failed { exit, message: message.into() }.into()
}

/// The exit code of an error.
pub fn code_of(error: &anyhow::Error) -> Exit {
    if let Some(failed) = error.downcast_ref::<Failed>() {
        return failed.exit;
    }
    match error.downcast_ref::<engage_native::FolderError>() {
        Some(engage_native::FolderError::Locked { .. }) => Exit::Precondition,
        Some(engage_native::FolderError::Io { .. } | engage_native::FolderError::OldSqlite { .. }) | None => {
            Exit::Failure
        }
    }
}
