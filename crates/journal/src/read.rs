//! What readers ask of a journal: the follower its entries, people their messages, live streams their events.
//!
//! Every function here only reads, so it works on a read-only connection beside the writer.

use std::ops::ControlFlow;

use engage_domain::{
    Aggregate, Conversation, ConversationId, EntryId, Kind, Outcome, Timestamp, Version,
    conversation::{Author, Event},
    text::Private,
};
use serde::{Deserialize, Serialize};

use crate::{
    Entry, Error, Hash, Row, Sql, Value,
    activation::decode_event,
    links::{Head, column},
    sql::{Visit, all, first},
    store::{key, parse, version},
    turn::ObjectKey,
};

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The id of its entry.
    pub id: EntryId,
    /// The conversation's version that it gave.
    pub version: Version,
    /// Who speaks.
    pub role: Author,
    /// What is said; none after an erasure.
    pub content: Option<Private>,
    /// When it was said.
    pub timestamp: Timestamp,
}

/// An event of a conversation as a live stream sends it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Streamed {
    /// The conversation's version that it gave.
    pub version: Version,
    /// The id of its entry.
    pub id: EntryId,
    /// When it was recorded.
    pub at: Timestamp,
    /// Its name.
    pub action: Box<str>,
    /// What happened; none after an erasure.
    pub event: Option<Event>,
}

/// The columns of an [`Entry`], in the order in which [`entry`] reads them, from `entry` joined with `object`.
const ENTRY: &str =
    "SELECT entry.seq, object.kind, object.name, entry.version, entry.id, entry.at, entry.actor, entry.action,
  entry.outcome, entry.details, entry.schema, entry.payload, entry.payload_hash, entry.prev_hash, entry.hash,
  entry.command_id, entry.prev FROM entry LEFT JOIN object ON object.id = entry.object";

fn entry(row: &dyn Row) -> Result<Entry, Error> {
    let ObjectKey { kind, name } = key(row, 1, 2)?;
    let outcome = row.text(8)?;
    let schema = row.maybe_integer(10)?.map(u32::try_from).transpose();
    Ok(Entry {
        seq: row.integer(0)?,
        kind,
        object: name,
        version: version(row, 3)?,
        id: parse(row, 4)?,
        at: parse(row, 5)?,
        actor: row.text(6)?.into(),
        action: row.text(7)?.into(),
        outcome: Outcome::parse(outcome).ok_or_else(|| Error::Corrupt(format!("outcome {outcome:?}")))?,
        details: row.text(9)?.into(),
        schema: schema.map_err(|_| Error::Corrupt("an event schema out of range".into()))?,
        payload: row.maybe_text(11)?.map(Box::from),
        payload_hash: Hash::try_from(row.blob(12)?)?,
        prev_hash: Hash::try_from(row.blob(13)?)?,
        hash: Hash::try_from(row.blob(14)?)?,
        command_id: row.maybe_text(15)?.map(Box::from),
        prev: row.integer(16)?,
    })
}

/// Shows `visit` the entries numbered above `after`, in the journal's order, at most `limit` of them.
pub fn entries_after(
    sql: &mut dyn Sql,
    after: i64,
    limit: i64,
    visit: &mut dyn FnMut(Entry) -> Visit,
) -> Result<(), Error> {
    let text = format!("{ENTRY} WHERE entry.seq > ?1 ORDER BY entry.seq LIMIT ?2");
    sql.query(&text, &[Value::Integer(after), Value::Integer(limit)], &mut |row| visit(entry(row)?))
}

/// When the first entry was recorded; none in an empty journal.
pub fn first_entry_at(sql: &mut dyn Sql) -> Result<Option<Timestamp>, Error> {
    first(sql, "SELECT at FROM entry ORDER BY seq LIMIT 1", &[], |row| parse(row, 0))
}

/// The number and time of the last entry; none in an empty journal.
pub fn last_entry(sql: &mut dyn Sql) -> Result<Option<(i64, Timestamp)>, Error> {
    let text = "SELECT seq, at FROM entry ORDER BY seq DESC LIMIT 1";
    first(sql, text, &[], |row| Ok((row.integer(0)?, parse(row, 1)?)))
}

/// The id of the entry numbered `seq`; none where there is none.
pub fn entry_id(sql: &mut dyn Sql, seq: i64) -> Result<Option<EntryId>, Error> {
    first(sql, "SELECT id FROM entry WHERE seq = ?1", &[Value::Integer(seq)], |row| parse(row, 0))
}

/// The entry of an id; none where there is none. Ids ascend with the numbers, so it is found by halving: some twenty looks among a
/// million. In a journal whose ids do not ascend (which a walk along its chains reports) it may not be found.
pub fn entry_of(sql: &mut dyn Sql, id: EntryId) -> Result<Option<Entry>, Error> {
    let (mut low, mut high) = (1, last_entry(sql)?.map_or(0, |(seq, _)| seq));
    while low <= high {
        let middle = low + (high - low) / 2;
        match entry_id(sql, middle)?.map(|found| found.cmp(&id)) {
            Some(std::cmp::Ordering::Less) => low = middle + 1,
            Some(std::cmp::Ordering::Greater) => high = middle - 1,
            Some(std::cmp::Ordering::Equal) => {
                return first(sql, &format!("{ENTRY} WHERE entry.seq = ?1"), &[Value::Integer(middle)], entry);
            }
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// The number of an object's last event; none where there is no such object.
pub fn last_event_of(sql: &mut dyn Sql, key: &ObjectKey) -> Result<Option<i64>, Error> {
    let params = [Value::Text(key.kind.as_str()), Value::Text(&key.name)];
    first(sql, "SELECT last_event FROM object WHERE kind = ?1 AND name = ?2", &params, |row| row.integer(0))
}

/// Whether an object of that key has entries.
pub fn object_exists(sql: &mut dyn Sql, key: &ObjectKey) -> Result<bool, Error> {
    let params = [Value::Text(key.kind.as_str()), Value::Text(&key.name)];
    first(sql, "SELECT 1 FROM object WHERE kind = ?1 AND name = ?2", &params, |row| row.integer(0))
        .map(|row| row.is_some())
}

/// At most `limit` objects of a kind with names above `after`, in the order of their names: how a directory is walked.
pub fn objects_after(
    sql: &mut dyn Sql,
    kind: Kind,
    after: &str,
    limit: i64,
) -> Result<Vec<(ObjectKey, Version)>, Error> {
    all(
        sql,
        "SELECT kind, name, version FROM object WHERE kind = ?1 AND name > ?2 ORDER BY kind, name LIMIT ?3",
        &[Value::Text(kind.as_str()), Value::Text(after), Value::Integer(limit)],
        |row| Ok((key(row, 0, 1)?, version(row, 2)?)),
    )
}

/// How many objects and entries there are.
pub fn counts(sql: &mut dyn Sql) -> Result<(u64, u64), Error> {
    let text = "SELECT (SELECT count(*) FROM object), (SELECT count(*) FROM entry)";
    let counts = first(sql, text, &[], |row| Ok((row.integer(0)? as u64, row.integer(1)? as u64)))?;
    Ok(counts.unwrap_or_default())
}

fn head(sql: &mut dyn Sql, conversation: ConversationId) -> Result<Option<Head>, Error> {
    Head::of(sql, &ObjectKey::of::<Conversation>(&conversation))
}

/// At most `limit` messages with versions below `before` (none: of any version), newest first. Costs as many steps as it shows
/// messages and passes other events, and at most 64 more, however long the conversation.
pub fn messages(
    sql: &mut dyn Sql,
    conversation: ConversationId,
    before: Option<Version>,
    limit: u32,
) -> Result<Vec<Message>, Error> {
    let mut messages = vec![];
    let Some(head) = head(sql, conversation)? else { return Ok(messages) };
    let from = before.map_or(head.version, |before| Version(before.0.saturating_sub(1)).min(head.version));
    if limit == 0 || from == Version::NONE {
        return Ok(messages);
    }
    head.back(sql, from, &mut |row, version| {
        if row.text(column::ACTION)? == "message_added" {
            messages.push(message(row, version)?);
        }
        Ok(if messages.len() < limit as usize { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(messages)
}

fn message(row: &dyn Row, version: Version) -> Result<Message, Error> {
    let id = parse(row, column::ID)?;
    let schema = row.integer(column::SCHEMA)?;
    let event = row.maybe_text(column::PAYLOAD)?.map(|payload| decode_event::<Conversation>(schema, payload));
    match event.transpose()? {
        Some(Event::MessageAdded { at, role, content }) => {
            Ok(Message { id, version, role, content: Some(content), timestamp: at })
        }
        Some(other) => Err(Error::Corrupt(format!("entry {id} is a {}, not a message", Conversation::action(&other)))),
        None => {
            #[derive(Deserialize)]
            struct Details {
                role: Author,
            }
            let Details { role } = serde_json::from_str(row.text(column::DETAILS)?)
                .map_err(|error| Error::Corrupt(format!("details of entry {id}: {error}")))?;
            Ok(Message { id, version, role, content: None, timestamp: parse(row, column::AT)? })
        }
    }
}

/// At most `limit` events with versions above `after`, oldest first and without a gap.
pub fn events(
    sql: &mut dyn Sql,
    conversation: ConversationId,
    after: Version,
    limit: u32,
) -> Result<Vec<Streamed>, Error> {
    let mut events = vec![];
    let Some(head) = head(sql, conversation)? else { return Ok(events) };
    if limit == 0 {
        return Ok(events);
    }
    let mut keep = |row: &dyn Row, version| {
        let schema = row.integer(column::SCHEMA)?;
        let event = row.maybe_text(column::PAYLOAD)?.map(|payload| decode_event::<Conversation>(schema, payload));
        Ok(Streamed {
            version,
            id: parse(row, column::ID)?,
            at: parse(row, column::AT)?,
            action: row.text(column::ACTION)?.into(),
            event: event.transpose()?,
        })
    };
    head.forward(sql, after, &mut keep, &mut |event| {
        events.push(event);
        Ok(if events.len() < limit as usize { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(events)
}
