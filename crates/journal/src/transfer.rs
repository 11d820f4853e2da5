//! A firm on its way from one host to another: its journal as lines, and a journal made of such lines.
//!
//! Carried over unchanged: every entry with its id, version, time and hashes, whatever host wrote it, and the first answers to commands that
//! their callers may repeat. Not carried, for it follows from the entries: the directory, claims, alarms, snapshots, the registry's rows,
//! letters, the index. The numbers of entries are a host's own: where one journal has another order of numbers than the ids say,
//! the ids count.
//!
//! Guarantees: an import verifies each entry's hash and place in its chain before it is stored, and the whole by a digest at its end; what
//! does not hold is refused, and whoever imports rolls back, so a firm is there whole or not at all.
//!
//! A host keeps a firm in one journal or in one an object. Both give the same lines, in another order: the digest does not hang on it.

mod export;
mod import;

use std::{fmt, str::FromStr};

use engage_domain::{EntryId, FirmId, Kind, Timestamp, Version};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::{
    export::{Last, Page, Place, export, heads_after, page},
    import::Import,
};
use crate::{Entry, turn::ObjectKey};

/// The form of the lines. Another is refused.
pub const FORMAT: u32 = 2;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Line {
    /// The first: whose journal it is.
    Journal {
        /// The form of the lines.
        format: u32,
        /// The firm.
        firm: FirmId,
        /// When it was exported.
        exported_at: Timestamp,
    },
    /// An entry, in the order of the ids.
    Entry(Box<EntryLine>),
    /// The first answer to a named command.
    Answer(AnswerLine),
    /// The last: what must have come.
    End {
        /// How many entries.
        entries: u64,
        /// The journal's digest, see [`JournalDigest`].
        digest: Digits,
    },
}

/// An entry as it is carried. Text that is hashed is carried as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "see `Entry`")]
pub struct EntryLine {
    pub kind: Box<str>,
    pub object: Box<str>,
    pub version: Version,
    pub id: EntryId,
    pub at: Timestamp,
    pub actor: Box<str>,
    pub action: Box<str>,
    pub outcome: Box<str>,
    pub details: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Box<str>>,
    pub payload_hash: Digits,
    pub prev_hash: Digits,
    pub hash: Digits,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<Box<str>>,
}

/// The first answer to a named command, as it is carried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "see the table `command`")]
pub struct AnswerLine {
    pub id: Box<str>,
    pub fingerprint: Digits,
    pub kind: Box<str>,
    pub object: Box<str>,
    pub reply: Box<str>,
    pub at: Timestamp,
}

/// The head of an object's chain. It stands for all that came before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectHead {
    /// The object.
    pub key: ObjectKey,
    /// Its version.
    pub version: Version,
    /// The hash of its last entry.
    pub hash: Digits,
}

/// The digest of a firm's journal: SHA-256 over a line `kind/name hash` for each object, in the order of kind and name. Journals of one
/// digest tell the same, wherever and in however many parts they are kept.
#[derive(Clone, Debug, Default)]
pub struct JournalDigest(Sha256);

impl JournalDigest {
    /// Adds the next object.
    pub fn add(&mut self, kind: Kind, name: &str, hash: &Digits) {
        self.0.update(format!("{}/{name} {hash}\n", kind.as_str()));
    }

    /// The digest.
    pub fn finish(self) -> Digits {
        Digits(self.0.finalize().into())
    }
}

/// 32 bytes in hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digits(pub [u8; 32]);

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<Digits> for String {
    fn from(digits: Digits) -> Self {
        digits.to_string()
    }
}

impl FromStr for Digits {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "must be 64 hexadecimal digits";
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(WRONG);
        }
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| WRONG)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digits {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        text.parse()
    }
}

impl From<Entry> for EntryLine {
    fn from(entry: Entry) -> Self {
        Self {
            kind: entry.kind.as_str().into(),
            object: entry.object,
            version: entry.version,
            id: entry.id,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            outcome: entry.outcome.as_str().into(),
            details: entry.details,
            schema: entry.schema,
            payload: entry.payload,
            payload_hash: Digits(entry.payload_hash.0),
            prev_hash: Digits(entry.prev_hash.0),
            hash: Digits(entry.hash.0),
            command_id: entry.command_id,
        }
    }
}
