//! The journal's tables: migrations, appending, and the look-ups of a turn.
//!
//! A [`Journal`] is the writer's side of one firm's tables: it numbers entries, keeps their times from running backwards and
//! draws their ids. There is one writer a firm; readers need no `Journal`.

use engage_domain::{Aggregate, EntryId, FirmId, Kind, Outcome, Timestamp, Version};
use ulid::Ulid;

use crate::{
    Entry, Error, Row, Sql, Value,
    activation::Activation,
    entry::{Envelope, Hash},
    sql::first,
    turn::{ObjectKey, Recorded},
};

/// The numbered migrations, oldest first. A released one never changes; the schema only grows.
const MIGRATIONS: [&str; 2] = [include_str!("schema.sql"), include_str!("registry.sql")];

/// Brings the tables to the newest schema. Call it within a transaction, so that a migration lands whole or not at all.
pub fn migrate(sql: &mut dyn Sql, now: Timestamp) -> Result<(), Error> {
    let known = MIGRATIONS.len() as i64;
    let exists = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'migration'";
    let found = match first(sql, exists, &[], |row| row.integer(0))? {
        Some(0) | None => 0,
        Some(_) => {
            first(sql, "SELECT coalesce(max(version), 0) FROM migration", &[], |row| row.integer(0))?.unwrap_or(0)
        }
    };
    if found > known {
        return Err(Error::TooNew { found, known });
    }
    for (migration, version) in MIGRATIONS.iter().zip(1..).skip(found as usize) {
        sql.script(migration)?;
        let params = [Value::Integer(version), Value::Text(&now.to_string())];
        sql.execute("INSERT INTO migration (version, at) VALUES (?1, ?2)", &params)?;
    }
    Ok(())
}

/// The writer's side of one firm's journal. It counts on from what it appended last, so after a rollback it must be opened anew.
#[derive(Debug)]
pub struct Journal {
    firm: FirmId,
    last_seq: i64,
    last_at: Timestamp,
    last_id: Ulid,
    pub(crate) alarms_changed: bool,
    pub(crate) letters_posted: bool,
    appended: Option<Vec<Entry>>,
}

/// The actor's part of an entry, and when: the same for every entry of one call.
pub(crate) struct Stamp<'a> {
    pub now: Timestamp,
    pub at: &'a str,
    pub actor: &'a str,
    pub command_id: Option<&'a str>,
}

/// What one entry says.
pub(crate) struct Draft<'a> {
    pub action: &'a str,
    pub outcome: Outcome,
    pub details: &'a str,
    pub event: Option<(u32, &'a str)>,
}

impl Journal {
    /// Takes up a journal where it was left. The tables are migrated already.
    pub fn open(sql: &mut dyn Sql, firm: FirmId) -> Result<Self, Error> {
        let last = first(sql, "SELECT seq, at, id FROM entry ORDER BY seq DESC LIMIT 1", &[], |row| {
            Ok((row.integer(0)?, parse::<Timestamp>(row, 1)?, parse::<EntryId>(row, 2)?))
        })?;
        let (last_seq, last_at, last_id) = match last {
            Some((seq, at, id)) => (seq, at, id.as_ulid()),
            None => (0, Timestamp::from_millis(0), Ulid::nil()),
        };
        Ok(Self { firm, last_seq, last_at, last_id, alarms_changed: false, letters_posted: false, appended: None })
    }

    /// The firm.
    pub const fn firm(&self) -> &FirmId {
        &self.firm
    }

    /// The number of the last entry; 0 while there is none.
    pub const fn last_seq(&self) -> i64 {
        self.last_seq
    }

    /// When the last entry was recorded.
    pub const fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// Whether an alarm was set or cleared since this was last asked, so that the host reads the earliest anew.
    pub const fn take_alarms_changed(&mut self) -> bool {
        std::mem::replace(&mut self.alarms_changed, false)
    }

    /// Whether letters were posted since this was last asked, so that the host delivers them.
    pub const fn take_letters_posted(&mut self) -> bool {
        std::mem::replace(&mut self.letters_posted, false)
    }

    /// From now on keeps what it appends, for a host that sends entries on as soon as they are durable and would have to read each again.
    pub fn keep_appended(&mut self) {
        self.appended.get_or_insert_default();
    }

    /// The entries that were kept since this was last asked, in order, as they were written; nothing unless it was told to keep them.
    pub fn take_appended(&mut self) -> Vec<Entry> {
        self.appended.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// `now`, or the time of the last entry if the clock has gone back behind it.
    pub fn not_before_last(&self, now: Timestamp) -> Timestamp {
        now.max(self.last_at)
    }

    /// The next entry id: a ULID of this time, above every earlier one of this journal.
    fn next_id(&mut self, at: Timestamp, random: &mut dyn FnMut() -> u128) -> EntryId {
        let ms = u64::try_from(at.as_millis()).unwrap_or(0);
        let fresh = if ms > self.last_id.timestamp_ms() { Ulid::from_parts(ms, random()) } else { self.last_id };
        // Within one millisecond, or with the clock behind, count on; 80 bits do not run out, and if they did the next
        // millisecond follows.
        self.last_id = if fresh > self.last_id {
            fresh
        } else {
            self.last_id.increment().unwrap_or_else(|_| Ulid::from_parts(self.last_id.timestamp_ms() + 1, 0))
        };
        EntryId::from_ulid(self.last_id)
    }

    /// Appends one entry to an object's chain and moves the activation's head. An event raises the version by one.
    pub(crate) fn append<A: Aggregate>(
        &mut self,
        sql: &mut dyn Sql,
        activation: &mut Activation<A>,
        stamp: &Stamp<'_>,
        draft: &Draft<'_>,
        random: &mut dyn FnMut() -> u128,
    ) -> Result<Recorded, Error> {
        let object = match activation.object {
            Some(object) => object,
            None => insert_object(sql, &activation.key)?,
        };
        let version = if draft.event.is_some() { activation.version.next() } else { activation.version };
        let (schema, payload) = draft.event.unzip();
        let payload_hash = Hash::of_payload(payload);
        let id = self.next_id(stamp.now, random);
        let envelope = Envelope {
            firm: &self.firm,
            kind: A::KIND,
            object: &activation.key.name,
            version,
            id,
            at: stamp.at,
            actor: stamp.actor,
            action: draft.action,
            outcome: draft.outcome,
            details: draft.details,
            schema,
            command_id: stamp.command_id,
        };
        let hash = envelope.hash(&activation.head, &payload_hash);
        let seq = self.last_seq + 1;
        let mut id_text = [0; ulid::ULID_LEN];
        let params = [
            Value::Integer(seq),
            Value::Integer(object),
            Value::Integer(activation.last_event),
            Value::Integer(version.0 as i64),
            Value::Text(id.as_ulid().array_to_str(&mut id_text)),
            Value::Text(stamp.at),
            Value::Text(stamp.actor),
            Value::Text(draft.action),
            Value::Text(draft.outcome.as_str()),
            Value::Text(draft.details),
            schema.map_or(Value::Null, |schema| Value::Integer(i64::from(schema))),
            Value::maybe(payload),
            Value::Blob(&payload_hash.0),
            Value::Blob(&activation.head.0),
            Value::Blob(&hash.0),
            Value::maybe(stamp.command_id),
        ];
        sql.execute(INSERT_ENTRY, &params)?;
        if let Some(appended) = &mut self.appended {
            appended.push(Entry {
                seq,
                kind: A::KIND,
                object: activation.key.name.clone(),
                prev: activation.last_event,
                version,
                id,
                at: stamp.now,
                actor: stamp.actor.into(),
                action: draft.action.into(),
                outcome: draft.outcome,
                details: draft.details.into(),
                schema,
                payload: payload.map(Box::from),
                payload_hash,
                prev_hash: activation.head,
                hash,
                command_id: stamp.command_id.map(Box::from),
            });
        }
        self.last_seq = seq;
        self.last_at = stamp.now;
        activation.object = Some(object);
        activation.version = version;
        activation.head = hash;
        activation.seq = seq;
        if draft.event.is_some() {
            activation.last_event = seq;
        }
        activation.unflushed = true;
        activation.since_snapshot += 1;
        Ok(Recorded { id, version, at: stamp.now })
    }
}

const INSERT_ENTRY: &str =
    "INSERT INTO entry (seq, object, prev, version, id, at, actor, action, outcome, details, schema, payload,
                        payload_hash, prev_hash, hash, command_id)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

/// Stores an entry as it is.
pub(crate) fn insert_entry(sql: &mut dyn Sql, object: i64, entry: &Entry) -> Result<(), Error> {
    let params = [
        Value::Integer(entry.seq),
        Value::Integer(object),
        Value::Integer(entry.prev),
        Value::Integer(entry.version.0 as i64),
        Value::Text(&entry.id.to_string()),
        Value::Text(&entry.at.to_string()),
        Value::Text(&entry.actor),
        Value::Text(&entry.action),
        Value::Text(entry.outcome.as_str()),
        Value::Text(&entry.details),
        entry.schema.map_or(Value::Null, |schema| Value::Integer(i64::from(schema))),
        Value::maybe(entry.payload.as_deref()),
        Value::Blob(&entry.payload_hash.0),
        Value::Blob(&entry.prev_hash.0),
        Value::Blob(&entry.hash.0),
        Value::maybe(entry.command_id.as_deref()),
    ];
    sql.execute(INSERT_ENTRY, &params).map(drop)
}

pub(crate) fn insert_object(sql: &mut dyn Sql, key: &ObjectKey) -> Result<i64, Error> {
    // The head is written when the batch ends (`Activation::flush`), in the same transaction.
    let params = [Value::Text(key.kind.as_str()), Value::Text(&key.name), Value::Blob(&[0; 32])];
    first(
        sql,
        "INSERT INTO object (kind, name, version, hash, seq, last_event) VALUES (?1, ?2, 0, ?3, 0, 0) RETURNING id",
        &params,
        |row| row.integer(0),
    )?
    .ok_or_else(|| Error::Corrupt(format!("object {} was inserted without an id", key.name)))
}

/// Sets or clears the alarm of an object.
pub(crate) fn set_alarm(sql: &mut dyn Sql, object: i64, due: Option<Timestamp>) -> Result<(), Error> {
    match due {
        Some(due) => sql.execute(
            "INSERT INTO alarm (object, due) VALUES (?1, ?2) ON CONFLICT (object) DO UPDATE SET due = excluded.due",
            &[Value::Integer(object), Value::Text(&due.to_string())],
        ),
        None => sql.execute("DELETE FROM alarm WHERE object = ?1", &[Value::Integer(object)]),
    }
    .map(drop)
}

/// Clears the alarm of an object that no longer knows what it was for.
pub fn drop_alarm(sql: &mut dyn Sql, key: &ObjectKey) -> Result<(), Error> {
    let params = [Value::Text(key.kind.as_str()), Value::Text(&key.name)];
    let text = "DELETE FROM alarm WHERE object = (SELECT id FROM object WHERE kind = ?1 AND name = ?2)";
    sql.execute(text, &params).map(drop)
}

/// The earliest alarm and whose it is.
pub fn earliest_alarm(sql: &mut dyn Sql) -> Result<Option<(ObjectKey, Timestamp)>, Error> {
    let text = "SELECT object.kind, object.name, alarm.due FROM alarm JOIN object ON object.id = alarm.object
                ORDER BY alarm.due LIMIT 1";
    first(sql, text, &[], |row| Ok((key(row, 0, 1)?, parse(row, 2)?)))
}

/// Who holds a claim.
pub fn claimed_by(sql: &mut dyn Sql, key: &str) -> Result<Option<String>, Error> {
    first(sql, "SELECT holder FROM claim WHERE key = ?1", &[Value::Text(key)], |row| row.text(0).map(str::to_owned))
}

pub(crate) fn set_claim(sql: &mut dyn Sql, key: &str, holder: Option<&str>) -> Result<(), Error> {
    match holder {
        Some(holder) => sql.execute(
            "INSERT INTO claim (key, holder) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET holder = excluded.holder",
            &[Value::Text(key), Value::Text(holder)],
        ),
        None => sql.execute("DELETE FROM claim WHERE key = ?1", &[Value::Text(key)]),
    }
    .map(drop)
}

/// How long the first answer to a named command is kept: two days, twice what a caller that retries overnight needs.
pub const COMMAND_TTL_MS: i64 = 48 * 60 * 60 * 1000;

/// Forgets at most `limit` answers older than [`COMMAND_TTL_MS`]; gives how many went.
pub fn prune_commands(sql: &mut dyn Sql, now: Timestamp, limit: i64) -> Result<usize, Error> {
    let before = now.plus_millis(-COMMAND_TTL_MS).to_string();
    sql.execute(
        "DELETE FROM command WHERE id IN (SELECT id FROM command WHERE at < ?1 ORDER BY at LIMIT ?2)",
        &[Value::Text(&before), Value::Integer(limit)],
    )
}

/// Reads a column that holds the text form of `T`.
pub(crate) fn parse<T: std::str::FromStr>(row: &dyn Row, at: usize) -> Result<T, Error> {
    let text = row.text(at)?;
    text.parse().map_err(|_| Error::Corrupt(format!("column {at} holds {text:?}")))
}

/// Reads an object's key from two columns.
pub(crate) fn key(row: &dyn Row, kind: usize, name: usize) -> Result<ObjectKey, Error> {
    let word = row.text(kind)?;
    let kind = Kind::parse(word).ok_or_else(|| Error::Corrupt(format!("object of kind {word:?}")))?;
    Ok(ObjectKey { kind, name: row.text(name)?.into() })
}

/// Reads a version.
pub(crate) fn version(row: &dyn Row, at: usize) -> Result<Version, Error> {
    let version = row.integer(at)?;
    u64::try_from(version).map(Version).map_err(|_| Error::Corrupt(format!("version {version}")))
}
