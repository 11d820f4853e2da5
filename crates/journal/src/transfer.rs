//! A firm on its way from one host to another: its journal as lines, and a journal made of such lines.
//!
//! Carried over unchanged: every entry with its id, version, time and hashes, whatever host wrote it, and the first answers to commands that
//! their callers may repeat. Not carried, for it follows from the entries: the directory, claims, alarms, snapshots, the registry's rows,
//! letters, the index. The numbers of entries are a host's own: where one journal has another order of numbers than the ids say,
//! the ids count.
//!
//! Guarantees: an import verifies each entry's hash and place in its chain before it is stored, and the whole by a digest at its end; what
//! does not hold is refused, and whoever imports rolls back, so a firm is there whole or not at all.

use std::{collections::HashMap, fmt, ops::ControlFlow, str::FromStr};

use engage_domain::{
    Aggregate, Conversation, ConversationId, EntryId, Firm, FirmId, Kind, Outcome, Timestamp, User, Version,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Activation, Entry, Error, Sql, Value,
    activation::decode_event,
    entry::Hash,
    read, registry,
    sql::{all, first},
    store,
    turn::ObjectKey,
};

/// The form of the lines. One that is newer than this is refused.
pub const FORMAT: u32 = 1;

/// Entries and answers read at a time.
const PAGE: i64 = 1_000;

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
        /// SHA-256 over the hashes of all entries, in their order, in hexadecimal digits.
        digest: String,
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
    pub object: Box<str>,
    pub reply: Box<str>,
    pub at: Timestamp,
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

/// Shows `write` a firm's journal, line by line. The caller sees to it that all is read at one moment. Gives how many entries there are.
pub fn export(
    sql: &mut dyn Sql,
    firm: &FirmId,
    now: Timestamp,
    write: &mut dyn FnMut(&Line) -> Result<(), Error>,
) -> Result<u64, Error> {
    write(&Line::Journal { format: FORMAT, firm: firm.clone(), exported_at: now })?;
    let (mut after, mut entries, mut digest) = (0, 0, Sha256::new());
    loop {
        let before = after;
        read::entries_after(sql, after, PAGE, &mut |entry| {
            after = entry.seq;
            entries += 1;
            digest.update(entry.hash.0);
            write(&Line::Entry(Box::new(entry.into())))?;
            Ok(ControlFlow::Continue(()))
        })?;
        if after == before {
            break;
        }
    }
    let mut after = String::new();
    loop {
        let text = "SELECT id, fingerprint, object, reply, at FROM command WHERE id > ?1 ORDER BY id LIMIT ?2";
        let page = all(sql, text, &[Value::Text(&after), Value::Integer(PAGE)], |row| {
            Ok(AnswerLine {
                id: row.text(0)?.into(),
                fingerprint: Digits(Hash::try_from(row.blob(1)?)?.0),
                object: row.text(2)?.into(),
                reply: row.text(3)?.into(),
                at: store::parse(row, 4)?,
            })
        })?;
        let Some(last) = page.last() else { break };
        after = last.id.to_string();
        page.into_iter().try_for_each(|answer| write(&Line::Answer(answer)))?;
    }
    write(&Line::End { entries, digest: Digits(digest.finalize().into()).to_string() })?;
    Ok(entries)
}

/// What a chain has come to.
struct Head {
    object: i64,
    version: Version,
    hash: Hash,
    seq: i64,
    last_event: i64,
}

/// A journal that is being made of lines, within one transaction of its owner's. The tables are migrated, and empty.
pub struct Import {
    firm: FirmId,
    begun: bool,
    ended: bool,
    seq: i64,
    last: Option<(EntryId, Timestamp)>,
    digest: Sha256,
    heads: HashMap<ObjectKey, Head>,
    /// What each conversation was last told, and by which version of the firm.
    told: HashMap<ConversationId, (Version, engage_domain::registry::Outcome)>,
}

fn refused(problem: impl Into<String>) -> Error {
    Error::Corrupt(problem.into())
}

impl Import {
    /// Begins the journal of `firm`, which must be the one that was exported: every hash covers its name.
    pub fn begin(sql: &mut dyn Sql, firm: FirmId) -> Result<Self, Error> {
        if first(sql, "SELECT 1 FROM entry LIMIT 1", &[], |row| row.integer(0))?.is_some() {
            return Err(refused("the journal has entries already"));
        }
        Ok(Self {
            firm,
            begun: false,
            ended: false,
            seq: 0,
            last: None,
            digest: Sha256::new(),
            heads: HashMap::new(),
            told: HashMap::new(),
        })
    }

    /// How many entries have come.
    pub const fn entries(&self) -> i64 {
        self.seq
    }

    /// Takes in one line.
    pub fn take(&mut self, sql: &mut dyn Sql, line: Line) -> Result<(), Error> {
        match line {
            _ if self.ended => Err(refused("something follows the end")),
            Line::Journal { .. } if self.begun => Err(refused("a second beginning")),
            Line::Journal { format, .. } if format > FORMAT => {
                Err(refused(format!("the lines have form {format}; this version knows up to {FORMAT}")))
            }
            Line::Journal { firm, .. } if firm != self.firm => {
                Err(refused(format!("it is the journal of {firm}, not of {}", self.firm)))
            }
            Line::Journal { .. } => {
                self.begun = true;
                Ok(())
            }
            _ if !self.begun => Err(refused("the first line must say whose journal it is")),
            Line::Entry(entry) => self.entry(sql, *entry),
            Line::Answer(AnswerLine { id, fingerprint, object, reply, at }) => {
                let params = [
                    Value::Text(&id),
                    Value::Blob(&fingerprint.0),
                    Value::Text(&object),
                    Value::Text(&reply),
                    Value::Text(&at.to_string()),
                ];
                let text = "INSERT INTO command (id, fingerprint, object, reply, at) VALUES (?1, ?2, ?3, ?4, ?5)";
                sql.execute(text, &params).map(drop)
            }
            Line::End { entries, digest } => {
                self.ended = true;
                let found = Digits(self.digest.clone().finalize().into()).to_string();
                if i64::try_from(entries) != Ok(self.seq) {
                    Err(refused(format!("{} entries came, {entries} were sent", self.seq)))
                } else if found != digest {
                    Err(refused(format!("the entries have the digest {found}, those that were sent {digest}")))
                } else {
                    Ok(())
                }
            }
        }
    }

    fn entry(&mut self, sql: &mut dyn Sql, line: EntryLine) -> Result<(), Error> {
        let what = |problem: &str| refused(format!("entry {}: {problem}", line.id));
        let kind = Kind::parse(&line.kind).ok_or_else(|| what("kind is none that is known"))?;
        let outcome = Outcome::parse(&line.outcome).ok_or_else(|| what("outcome is none that is known"))?;
        if self.last.is_some_and(|(id, at)| line.id <= id || line.at < at) {
            return Err(what("its id or time is before that of the entry before it"));
        }
        let key = ObjectKey { kind, name: line.object.clone() };
        let known = self.heads.get(&key);
        let (version, hash, prev) =
            known.map_or((Version::NONE, Hash::ZERO, 0), |head| (head.version, head.hash, head.last_event));
        let is_event = line.schema.is_some();
        if line.version != if is_event { version.next() } else { version } {
            return Err(what("its version does not follow the one before"));
        }
        if line.prev_hash.0 != hash.0 {
            return Err(what("it does not follow the entry before it"));
        }
        let object = match known {
            Some(head) => head.object,
            None => store::insert_object(sql, &key)?,
        };
        let seq = self.seq + 1;
        let entry = Entry {
            seq,
            prev,
            kind,
            object: line.object.clone(),
            version: line.version,
            id: line.id,
            at: line.at,
            actor: line.actor.clone(),
            action: line.action.clone(),
            outcome,
            details: line.details.clone(),
            schema: line.schema,
            payload: line.payload.clone(),
            payload_hash: Hash(line.payload_hash.0),
            prev_hash: Hash(line.prev_hash.0),
            hash: Hash(line.hash.0),
            command_id: line.command_id.clone(),
        };
        if entry.expected_hash(&self.firm) != entry.hash {
            return Err(what("its hash is another"));
        }
        if let Some(payload) = &entry.payload
            && Hash::of_payload(Some(payload)) != entry.payload_hash
        {
            return Err(what("its payload is not the one that was hashed"));
        }
        store::insert_entry(sql, object, &entry)?;
        self.follow(sql, &entry)?;
        self.digest.update(entry.hash.0);
        self.seq = seq;
        self.last = Some((entry.id, entry.at));
        let last_event = if is_event { seq } else { prev };
        self.heads.insert(key, Head { object, version: entry.version, hash: entry.hash, seq, last_event });
        Ok(())
    }

    /// What follows from an event at once: claims, the registry's rows.
    fn follow(&mut self, sql: &mut dyn Sql, entry: &Entry) -> Result<(), Error> {
        let (Kind::Firm, Some(schema), Some(payload)) = (entry.kind, entry.schema, &entry.payload) else {
            return Ok(());
        };
        let event = decode_event::<Firm>(i64::from(schema), payload)?;
        if let Some((key, holder)) = Firm::claim(&event) {
            store::set_claim(sql, &key, holder.as_deref())?;
        }
        if let Some(event) = Firm::registers(&event) {
            registry::take_in(sql, event, entry.version, entry.seq)?;
        }
        for outcome in Firm::outcomes(&event) {
            self.told.insert(outcome.conversation, (entry.version, *outcome));
        }
        Ok(())
    }

    /// Ends the import: writes the directory, and with it what is due and whatever spares a replay. Gives how many entries came.
    pub fn finish(self, sql: &mut dyn Sql) -> Result<i64, Error> {
        if !self.ended {
            return Err(refused("the end is missing: the lines were cut short"));
        }
        for (key, head) in &self.heads {
            sql.execute(
                "UPDATE object SET version = ?2, hash = ?3, seq = ?4, last_event = ?5 WHERE id = ?1",
                &[
                    Value::Integer(head.object),
                    Value::Integer(head.version.0 as i64),
                    Value::Blob(&head.hash.0),
                    Value::Integer(head.seq),
                    Value::Integer(head.last_event),
                ],
            )?;
            match key.kind {
                Kind::Conversation => {
                    let state = Activation::<Conversation>::load(sql, key.clone())?.settle(sql)?;
                    // What the firm's event had for it may not have been delivered where it comes from.
                    let told = key.name.parse().ok().and_then(|id| self.told.get(&id));
                    if let Some((version, outcome)) = told
                        && state.screened.is_none_or(|screened| screened < *version)
                    {
                        let at = self.last.map_or(state.created_at, |(_, at)| at);
                        registry::post(sql, outcome, *version, at)?;
                    }
                }
                Kind::User => drop(Activation::<User>::load(sql, key.clone())?.settle(sql)?),
                Kind::Firm => drop(Activation::<Firm>::load(sql, key.clone())?.settle(sql)?),
            }
        }
        Ok(self.seq)
    }
}
