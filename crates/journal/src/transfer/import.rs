//! A journal made of lines: checked on the way, whole or not at all.

use std::collections::HashMap;

use engage_domain::{
    Aggregate, Conversation, ConversationId, EntryId, Firm, FirmId, Kind, Outcome, Timestamp, User, Version,
};

use super::{AnswerLine, EntryLine, FORMAT, Line, export::digest_of};
use crate::{
    Activation, Entry, Error, Screens, Sql, Value,
    activation::decode_event,
    entry::Hash,
    read, registry,
    sql::first,
    store::{self, parse, version},
    turn::ObjectKey,
};

/// What a chain has come to.
#[derive(Clone, Copy)]
struct Head {
    object: i64,
    version: Version,
    hash: Hash,
    seq: i64,
    last_event: i64,
}

/// A journal that is being made of lines, within transactions of its owner's. The tables are migrated.
pub struct Import {
    firm: FirmId,
    ended: bool,
    seq: i64,
    last: Option<(EntryId, Timestamp)>,
    heads: HashMap<ObjectKey, Head>,
    /// What each conversation was last told, and by which version of the firm.
    told: HashMap<ConversationId, (Version, engage_domain::registry::Outcome)>,
}

fn refused(problem: impl Into<String>) -> Error {
    Error::Refused(problem.into())
}

impl Import {
    /// Begins the journal of `firm`, which must be the one that was exported: every hash covers its name. Goes on with one that was left off
    /// by [`Import::rest`].
    pub fn begin(sql: &mut dyn Sql, firm: FirmId) -> Result<Self, Error> {
        let last = first(sql, "SELECT seq, id, at FROM entry ORDER BY seq DESC LIMIT 1", &[], |row| {
            Ok((row.integer(0)?, (parse(row, 1)?, parse(row, 2)?)))
        })?;
        let (seq, last) = last.unzip();
        Ok(Self { firm, ended: false, seq: seq.unwrap_or(0), last, heads: HashMap::new(), told: HashMap::new() })
    }

    /// How many entries have come.
    pub const fn entries(&self) -> i64 {
        self.seq
    }

    /// Takes in one line. What a registry learns goes into `screens`, where those are kept beside the journal. A line that came before is
    /// passed over.
    pub fn take(&mut self, sql: &mut dyn Sql, screens: Option<&mut dyn Screens>, line: Line) -> Result<(), Error> {
        match line {
            _ if self.ended => Err(refused("something follows the end")),
            Line::Journal { format, .. } if format != FORMAT => {
                Err(refused(format!("the lines have form {format}; this version reads form {FORMAT}")))
            }
            Line::Journal { firm, .. } if firm != self.firm => {
                Err(refused(format!("it is the journal of {firm}, not of {}", self.firm)))
            }
            Line::Journal { .. } => Ok(()),
            Line::Entry(entry) => self.entry(sql, screens, *entry),
            Line::Answer(AnswerLine { id, fingerprint, object, reply, at, .. }) => {
                let params = [
                    Value::Text(&id),
                    Value::Blob(&fingerprint.0),
                    Value::Text(&object),
                    Value::Text(&reply),
                    Value::Text(&at.to_string()),
                ];
                let text =
                    "INSERT OR IGNORE INTO command (id, fingerprint, object, reply, at) VALUES (?1, ?2, ?3, ?4, ?5)";
                sql.execute(text, &params).map(drop)
            }
            Line::End { entries, digest } => {
                self.ended = true;
                self.write_heads(sql)?;
                let found = digest_of(sql)?;
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

    fn entry(&mut self, sql: &mut dyn Sql, screens: Option<&mut dyn Screens>, line: EntryLine) -> Result<(), Error> {
        let what = |problem: &str| refused(format!("entry {}: {problem}", line.id));
        let kind = Kind::parse(&line.kind).ok_or_else(|| what("kind is none that is known"))?;
        let outcome = Outcome::parse(&line.outcome).ok_or_else(|| what("outcome is none that is known"))?;
        if self.last.is_some_and(|(id, at)| line.id <= id || line.at < at) {
            return match read::entry_of(sql, line.id)? {
                Some(known) if known.hash.0 == line.hash.0 => Ok(()),
                Some(_) => Err(what("another entry of its id came before")),
                None => Err(what("its id or time is before that of the entry before it")),
            };
        }
        let key = ObjectKey { kind, name: line.object.clone() };
        let known = match self.heads.get(&key) {
            Some(head) => Some(*head),
            None => stored_head(sql, &key)?,
        };
        let (version, hash, prev) =
            known.as_ref().map_or((Version::NONE, Hash::ZERO, 0), |head| (head.version, head.hash, head.last_event));
        let is_event = line.schema.is_some();
        if line.version != if is_event { version.next() } else { version } {
            return Err(what("its version does not follow the one before"));
        }
        if line.prev_hash.0 != hash.0 {
            return Err(what("it does not follow the entry before it"));
        }
        let object = match &known {
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
        self.follow(sql, screens, &entry)?;
        self.seq = seq;
        self.last = Some((entry.id, entry.at));
        let last_event = if is_event { seq } else { prev };
        self.heads.insert(key, Head { object, version: entry.version, hash: entry.hash, seq, last_event });
        Ok(())
    }

    /// What follows from an event at once: claims, the registry's rows.
    fn follow(&mut self, sql: &mut dyn Sql, screens: Option<&mut dyn Screens>, entry: &Entry) -> Result<(), Error> {
        let (Kind::Firm, Some(schema), Some(payload)) = (entry.kind, entry.schema, &entry.payload) else {
            return Ok(());
        };
        let event = decode_event::<Firm>(i64::from(schema), payload)?;
        if let Some((key, holder)) = Firm::claim(&event) {
            store::set_claim(sql, &key, holder.as_deref())?;
        }
        if let Some(event) = Firm::registers(&event) {
            let kept = registry::take_in(sql, event, entry.version, entry.seq)?;
            if let (Some((number, record)), Some(screens)) = (kept, screens) {
                screens.keep(sql, number, &record.party, record.side)?;
            }
        }
        for outcome in Firm::outcomes(&event) {
            self.told.insert(outcome.conversation, (entry.version, *outcome));
        }
        Ok(())
    }

    /// Ends the import, if its end has come. Gives how many entries came.
    pub fn finish(self, sql: &mut dyn Sql) -> Result<i64, Error> {
        if !self.ended {
            return Err(refused("the end is missing: the lines were cut short"));
        }
        let entries = self.seq;
        self.rest(sql)?;
        Ok(entries)
    }

    /// Leaves off, to go on later: writes the directory, and with it what is due and whatever spares a replay.
    pub fn rest(mut self, sql: &mut dyn Sql) -> Result<(), Error> {
        self.write_heads(sql)?;
        for key in self.heads.keys() {
            match key.kind {
                Kind::Conversation => {
                    let state = Activation::<Conversation>::load(sql, key.clone())?.settle(sql)?;
                    let id = key.name.parse::<ConversationId>().ok();
                    // What it has taken in already.
                    if let Some(id) = id
                        && self
                            .told
                            .get(&id)
                            .is_some_and(|(version, _)| state.screened.is_some_and(|at| at >= *version))
                    {
                        self.told.remove(&id);
                    }
                }
                Kind::User => drop(Activation::<User>::load(sql, key.clone())?.settle(sql)?),
                Kind::Firm => drop(Activation::<Firm>::load(sql, key.clone())?.settle(sql)?),
            }
        }
        // What the firm's event had for a conversation may not have been delivered where it comes from. A conversation that is kept elsewhere
        // is told in any case; what it knows it passes over.
        for (version, outcome) in self.told.values() {
            let at = self.last.map_or(Timestamp::from_millis(0), |(_, at)| at);
            registry::post(sql, outcome, *version, at)?;
        }
        Ok(())
    }

    fn write_heads(&self, sql: &mut dyn Sql) -> Result<(), Error> {
        for head in self.heads.values() {
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
        }
        Ok(())
    }
}

fn stored_head(sql: &mut dyn Sql, key: &ObjectKey) -> Result<Option<Head>, Error> {
    let text = "SELECT id, version, hash, seq, last_event FROM object WHERE kind = ?1 AND name = ?2";
    first(sql, text, &[Value::Text(key.kind.as_str()), Value::Text(&key.name)], |row| {
        Ok(Head {
            object: row.integer(0)?,
            version: version(row, 1)?,
            hash: Hash::try_from(row.blob(2)?)?,
            seq: row.integer(3)?,
            last_event: row.integer(4)?,
        })
    })
}
