//! An activation: an object in memory, loaded from its snapshot and the events after it.
//!
//! Invariant: an activation equals what is durable, except between a turn and its commit. If the commit fails it is dropped
//! and loaded again; hibernation drops it too, at no cost but the next load.

use std::{ops::ControlFlow, sync::Arc};

use engage_domain::{Aggregate, Timestamp, Version};

use crate::{
    Error, Sql, Value,
    entry::Hash,
    links::{Head, column},
    sql::first,
    store::{set_alarm, version},
    turn::ObjectKey,
};

/// Entries after which a snapshot is written. A load then replays fewer than this many events, whatever the object's age;
/// the snapshot's cost is spread over as many turns.
pub const SNAPSHOT_EVERY: u32 = 64;

/// An object in memory.
#[derive(Clone, Debug)]
pub struct Activation<A> {
    /// What it is called.
    pub key: ObjectKey,
    /// Its state.
    pub state: Arc<A>,
    /// Its version.
    pub version: Version,
    /// Its row in the directory; none before its first entry.
    pub(crate) object: Option<i64>,
    /// The hash of its last entry.
    pub(crate) head: Hash,
    /// The number of its last entry.
    pub(crate) seq: i64,
    /// The number of its last event.
    pub(crate) last_event: i64,
    /// Whether the directory's row lies behind the head.
    pub(crate) unflushed: bool,
    /// The last entry that the directory's row knows.
    flushed: i64,
    /// Entries since the last snapshot.
    pub(crate) since_snapshot: u32,
    /// The version of the last snapshot.
    snapshot: Version,
    /// The alarm that is stored.
    pub(crate) alarm: Option<Timestamp>,
}

impl<A: Aggregate> Activation<A> {
    /// An object that does not exist yet.
    pub fn new(key: ObjectKey) -> Self {
        Self {
            key,
            state: Arc::default(),
            version: Version::NONE,
            object: None,
            head: Hash::ZERO,
            seq: 0,
            last_event: 0,
            unflushed: false,
            flushed: 0,
            since_snapshot: 0,
            snapshot: Version::NONE,
            alarm: None,
        }
    }

    /// Loads the object called `key`; one without entries comes out as new. Not with unflushed entries of that object in the same
    /// transaction: they are not in the directory yet, so the load would not see them.
    pub fn load(sql: &mut dyn Sql, key: ObjectKey) -> Result<Self, Error> {
        let head = first(
            sql,
            "SELECT object.id, object.version, object.hash, object.seq, snapshot.version, snapshot.schema, snapshot.state,
                    object.last_event FROM object LEFT JOIN snapshot ON snapshot.object = object.id
             WHERE object.kind = ?1 AND object.name = ?2",
            &[Value::Text(key.kind.as_str()), Value::Text(&key.name)],
            |row| {
                // A snapshot of another state schema is as good as none: the events are replayed from the first.
                let usable = row.maybe_integer(5)? == Some(i64::from(A::STATE_SCHEMA));
                let snapshot = if usable {
                    let state: A = serde_json::from_str(row.text(6)?)
                        .map_err(|error| Error::Corrupt(format!("snapshot of {}: {error}", key.name)))?;
                    Some((version(row, 4)?, state))
                } else {
                    None
                };
                let links = Head { object: row.integer(0)?, version: version(row, 1)?, last_event: row.integer(7)? };
                Ok((links, Hash::try_from(row.blob(2)?)?, row.integer(3)?, snapshot))
            },
        )?;
        let Some((links, head, seq, snapshot)) = head else { return Ok(Self::new(key)) };
        let (snapshot, mut state) = snapshot.unwrap_or((Version::NONE, A::default()));
        if snapshot > links.version {
            let version = links.version;
            return Err(Error::Corrupt(format!("{} ends at version {version}, its snapshot at {snapshot}", key.name)));
        }
        links.forward(
            sql,
            snapshot,
            &mut |row, version| match row.maybe_text(column::PAYLOAD)? {
                Some(payload) => Ok((version, Ok(decode_event::<A>(row.integer(column::SCHEMA)?, payload)?))),
                None => Ok((version, Err(Box::<str>::from(row.text(column::ACTION)?)))),
            },
            &mut |(version, event)| {
                match event {
                    Ok(event) => state.apply(&event, version),
                    Err(erased) => state.apply_erased(&erased, version),
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        let alarm = state.alarm();
        Ok(Self {
            key,
            state: Arc::new(state),
            version: links.version,
            object: Some(links.object),
            head,
            seq,
            last_event: links.last_event,
            unflushed: false,
            flushed: seq,
            since_snapshot: u32::try_from(links.version.0 - snapshot.0).unwrap_or(u32::MAX),
            snapshot,
            alarm,
        })
    }

    /// The number of its last event; 0 before its first.
    pub const fn last_event(&self) -> i64 {
        self.last_event
    }

    /// Whether the object exists.
    pub fn exists(&self) -> bool {
        self.version > Version::NONE
    }

    /// Writes the head to the directory, and a snapshot when one is due. Before the commit, once an object and batch.
    pub fn flush(&mut self, sql: &mut dyn Sql) -> Result<(), Error> {
        let Some(object) = self.object.filter(|_| self.unflushed) else { return Ok(()) };
        let updated = sql.execute(
            "UPDATE object SET version = ?2, hash = ?3, seq = ?4, last_event = ?5 WHERE id = ?1 AND seq = ?6",
            &[
                Value::Integer(object),
                Value::Integer(self.version.0 as i64),
                Value::Blob(&self.head.0),
                Value::Integer(self.seq),
                Value::Integer(self.last_event),
                Value::Integer(self.flushed),
            ],
        )?;
        // A second activation of the object would fork its chain; found here, nothing of it is committed.
        if updated != 1 {
            return Err(Error::Corrupt(format!("{} was written by another activation", self.key.name)));
        }
        self.flushed = self.seq;
        self.unflushed = false;
        if self.since_snapshot >= SNAPSHOT_EVERY {
            self.since_snapshot = 0;
            if self.version > self.snapshot {
                self.write_snapshot(sql, object)?;
            }
        }
        Ok(())
    }

    /// Removes what the events before the last one said: their payloads, the snapshot, the answers kept for repeated commands. The
    /// entries stay, and with the payloads' hashes the chain still verifies. Costs a step for each event of the object.
    pub(crate) fn erase(&mut self, sql: &mut dyn Sql) -> Result<(), Error> {
        let Some(object) = self.object else { return Ok(()) };
        let head = Head { object, version: self.version, last_event: self.last_event };
        let mut events = vec![];
        head.back(sql, self.version, &mut |row, _| {
            events.push(row.integer(column::SEQ)?);
            Ok(ControlFlow::Continue(()))
        })?;
        // The last one is the erasure itself.
        for seq in events.into_iter().skip(1) {
            sql.execute("UPDATE entry SET payload = NULL WHERE seq = ?1", &[Value::Integer(seq)])?;
        }
        sql.execute("DELETE FROM snapshot WHERE object = ?1", &[Value::Integer(object)])?;
        sql.execute("DELETE FROM command WHERE object = ?1", &[Value::Text(&self.key.name)])?;
        self.snapshot = Version::NONE;
        Ok(())
    }

    /// Writes what spares others a look at the events: the alarm, and a snapshot where there are many. For an object that was not brought here
    /// by turns. Gives its state.
    pub(crate) fn settle(mut self, sql: &mut dyn Sql) -> Result<Arc<A>, Error> {
        let Some(object) = self.object else { return Ok(self.state) };
        if self.alarm.is_some() {
            set_alarm(sql, object, self.alarm)?;
        }
        if self.since_snapshot >= SNAPSHOT_EVERY {
            self.write_snapshot(sql, object)?;
        }
        Ok(self.state)
    }

    fn write_snapshot(&mut self, sql: &mut dyn Sql, object: i64) -> Result<(), Error> {
        let state = serde_json::to_string(&*self.state)
            .map_err(|error| Error::Corrupt(format!("state of {} cannot be written: {error}", self.key.name)))?;
        sql.execute(
            "INSERT INTO snapshot (object, version, schema, state) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (object) DO UPDATE SET version = excluded.version, schema = excluded.schema, state = excluded.state",
            &[
                Value::Integer(object),
                Value::Integer(self.version.0 as i64),
                Value::Integer(i64::from(A::STATE_SCHEMA)),
                Value::Text(&state),
            ],
        )?;
        self.snapshot = self.version;
        Ok(())
    }
}

/// Reads a stored event, brought up to the schema of today.
pub fn decode_event<A: Aggregate>(schema: i64, payload: &str) -> Result<A::Event, Error> {
    let corrupt = |error: serde_json::Error| Error::Corrupt(format!("event of schema {schema}: {error}"));
    if schema == i64::from(A::EVENT_SCHEMA) {
        return serde_json::from_str(payload).map_err(corrupt);
    }
    match u32::try_from(schema) {
        Ok(older) if older < A::EVENT_SCHEMA => {
            let event = serde_json::from_str(payload).map_err(corrupt)?;
            serde_json::from_value(A::upcast(older, event)).map_err(corrupt)
        }
        _ => Err(Error::Corrupt(format!("event of schema {schema}, the newest known is {}", A::EVENT_SCHEMA))),
    }
}
