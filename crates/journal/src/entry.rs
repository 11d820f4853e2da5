//! The entry: what one object recorded at one moment, and the hash that ties it to the entry before.

use std::fmt;

use engage_domain::{Actor, EntryId, FirmId, Kind, Outcome, Timestamp, Version};
use sha2::{Digest, Sha256};

/// SHA-256 (FIPS 180-4).
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first entry of an object follows.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of a payload, or [`Hash::ZERO`] where an entry has none.
    pub fn of_payload(payload: Option<&str>) -> Self {
        payload.map_or(Self::ZERO, |payload| Self(Sha256::digest(payload.as_bytes()).into()))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = crate::Error;

    fn try_from(bytes: &[u8]) -> Result<Self, crate::Error> {
        bytes.try_into().map(Self).map_err(|_| crate::Error::Corrupt(format!("a hash of {} bytes", bytes.len())))
    }
}

/// An entry as it is stored. Text that is hashed is kept as text, so that reading and hashing again gives the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place in the firm's journal; what an index's checkpoint counts in.
    pub seq: i64,
    /// The number of the object's event before it; 0 when it is the first. Follows from the others, so no hash covers it.
    pub prev: i64,
    /// The kind of the object that recorded it.
    pub kind: Kind,
    /// The object's name within the firm: a conversation's or user's id, the firm's slug.
    pub object: Box<str>,
    /// The object's version after it. An event raises it by one; an access entry leaves it.
    pub version: Version,
    /// Its id; the audit row's, and the message's if it is one.
    pub id: EntryId,
    /// When it was recorded. Never earlier than the entry before it in the same journal.
    pub at: Timestamp,
    /// Who acted, as JSON ([`Actor`]).
    pub actor: Box<str>,
    /// What was done: an event's name, or `access_…`.
    pub action: Box<str>,
    /// How it ended.
    pub outcome: Outcome,
    /// A JSON object without client data, kept for good.
    pub details: Box<str>,
    /// The event's schema version; none for an access entry, which changes no state.
    pub schema: Option<u32>,
    /// The event as JSON; none for an access entry and after an erasure.
    pub payload: Option<Box<str>>,
    /// The hash of the payload as it was written.
    pub payload_hash: Hash,
    /// The hash of the object's entry before.
    pub prev_hash: Hash,
    /// This entry's own.
    pub hash: Hash,
    /// The command that led to it, where the caller named one.
    pub command_id: Option<Box<str>>,
}

impl Entry {
    /// Who acted.
    pub fn actor(&self) -> Result<Actor, crate::Error> {
        serde_json::from_str(&self.actor)
            .map_err(|error| crate::Error::Corrupt(format!("actor of entry {}: {error}", self.id)))
    }

    /// Whether it changed the object's state.
    pub const fn is_event(&self) -> bool {
        self.schema.is_some()
    }

    /// What its hash must be.
    pub fn expected_hash(&self, firm: &FirmId) -> Hash {
        Envelope {
            firm,
            kind: self.kind,
            object: &self.object,
            version: self.version,
            id: self.id,
            at: &self.at.to_string(),
            actor: &self.actor,
            action: &self.action,
            outcome: self.outcome,
            details: &self.details,
            schema: self.schema,
            command_id: self.command_id.as_deref(),
        }
        .hash(&self.prev_hash, &self.payload_hash)
    }
}

/// Everything about an entry that its hash covers, besides the payload's hash.
pub struct Envelope<'a> {
    /// The firm, so that an entry cannot be moved to another one's journal.
    pub firm: &'a FirmId,
    /// See [`Entry`], as for all that follow.
    pub kind: Kind,
    #[expect(missing_docs, reason = "see `Entry`")]
    pub object: &'a str,
    #[expect(missing_docs, reason = "see `Entry`")]
    pub version: Version,
    #[expect(missing_docs, reason = "see `Entry`")]
    pub id: EntryId,
    #[expect(missing_docs, reason = "see `Entry`")]
    pub at: &'a str,
    #[expect(missing_docs, reason = "see `Entry`")]
    pub actor: &'a str,
    #[expect(missing_docs, reason = "see `Entry`")]
    pub action: &'a str,
    #[expect(missing_docs, reason = "see `Entry`")]
    pub outcome: Outcome,
    #[expect(missing_docs, reason = "see `Entry`")]
    pub details: &'a str,
    #[expect(missing_docs, reason = "see `Entry`")]
    pub schema: Option<u32>,
    #[expect(missing_docs, reason = "see `Entry`")]
    pub command_id: Option<&'a str>,
}

impl Envelope<'_> {
    /// `SHA-256(prev_hash ‖ fields ‖ payload_hash)`. Each field goes in behind its length (32 bits, big endian), so that no two
    /// different envelopes give the same bytes; an absent one has the length 2^32 − 1.
    pub fn hash(&self, prev_hash: &Hash, payload_hash: &Hash) -> Hash {
        const ABSENT: u32 = u32::MAX;
        let mut bytes = Vec::with_capacity(512);
        let mut field = |text: Option<&[u8]>| {
            let length =
                text.map_or(ABSENT, |text| u32::try_from(text.len()).expect("fields are bounded far below 4 GiB"));
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(text.unwrap_or_default());
        };
        field(Some(self.firm.as_str().as_bytes()));
        field(Some(self.kind.as_str().as_bytes()));
        field(Some(self.object.as_bytes()));
        field(Some(&self.version.0.to_be_bytes()));
        field(Some(&self.id.as_ulid().to_bytes()));
        field(Some(self.at.as_bytes()));
        field(Some(self.actor.as_bytes()));
        field(Some(self.action.as_bytes()));
        field(Some(self.outcome.as_str().as_bytes()));
        field(Some(self.details.as_bytes()));
        field(self.schema.map(u32::to_be_bytes).as_ref().map(<[u8; 4]>::as_slice));
        field(self.command_id.map(str::as_bytes));
        let mut hash = Sha256::new();
        hash.update(prev_hash.0);
        hash.update(&bytes);
        hash.update(payload_hash.0);
        Hash(hash.finalize().into())
    }
}
