//! What can go wrong with a journal: faults, never business.

use crate::sql::Value;

/// A fault of the storage or of what is stored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite could not do it: disk full, file locked, read-only, corrupt, unreadable.
    #[error("{operation} failed: {message}")]
    Storage {
        /// What was being done, naming the file where the adapter knows it.
        operation: String,
        /// SQLite's message.
        message: String,
        /// Whether doing the same again later may succeed (busy, full disk), as against a file that is damaged.
        transient: bool,
        /// The adapter's own error.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// What was read cannot be what was written. The activation stops here; it does not limp on.
    #[error("corrupt journal: {0}")]
    Corrupt(String),
    /// Lines from elsewhere cannot be a journal of this firm. Nothing is wrong with what is stored.
    #[error("{0}")]
    Refused(String),
    /// The journal was written by a later version of the product.
    #[error("journal schema {found} is newer than {known}, the newest that this version knows")]
    TooNew {
        /// The file's schema version.
        found: i64,
        /// The newest one known.
        known: i64,
    },
}

impl Error {
    pub(crate) fn column(at: usize, wanted: &str, found: Value<'_>) -> Self {
        let found = match found {
            Value::Null => "NULL",
            Value::Integer(_) => "an integer",
            Value::Real(_) => "a double",
            Value::Text(_) => "text",
            Value::Blob(_) => "bytes",
        };
        Self::Corrupt(format!("column {at} holds {found} where {wanted} belongs"))
    }
}
