//! The rows of a firm's registry: parties, conflicts, and the letters that conversations are yet to get.
//!
//! Invariants: the rows are what the firm's events say, written in the turn that records them, so they can be made anew by taking the events
//! in again ([`take_in`]); a letter is posted with the event that leads to it and stays until its conversation has taken it in.

use std::collections::BTreeSet;

use engage_domain::{
    ConflictId, ConversationId, PartyId, Timestamp, Version, conversation,
    firm::Event,
    registry::{
        Conflict, Evidence, Found, Inquiry, Known, MatchType, Outcome, PARTIES_MAX, Party, PartyRecord, PartyRole, Side,
    },
    text::Private,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Error, Row, Sql, Value,
    sql::{all, first},
    store::{parse, version},
};

/// A party that a screen found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its number.
    pub number: i64,
    /// The name of it that matched.
    pub name: Private,
    /// How it was matched.
    pub match_type: MatchType,
    /// How likely it is the same party, 0 to 1.
    pub confidence: f64,
    /// Why.
    pub evidence: Evidence,
}

/// Whoever compares names: what the host of a firm keeps beside its journal. What it keeps follows from the parties' rows; after a
/// transaction that failed it is dropped and made anew.
pub trait Screens {
    /// The version of the rules and weights by which names are compared.
    fn rules(&self) -> u32;

    /// Parties of the registry that may be this one, adverse ones first, each the likeliest first. Those numbered in `except` are passed over
    /// and take nobody's place.
    fn search(
        &mut self,
        sql: &mut dyn Sql,
        party: &Party,
        side: Side,
        except: &BTreeSet<i64>,
    ) -> Result<Vec<Hit>, Error>;

    /// Keeps a party under its number; one that was kept under it is replaced.
    fn keep(&mut self, sql: &mut dyn Sql, number: i64, party: &Party, side: Side) -> Result<(), Error>;
}

/// What the registry knows of an inquiry.
pub(crate) fn look_up(sql: &mut dyn Sql, screens: &mut dyn Screens, inquiry: Inquiry<'_>) -> Result<Known, Error> {
    let mut known = Known { rules: screens.rules(), ..Known::nothing() };
    match inquiry {
        Inquiry::Conflict(id) => {
            known.conflict = conflict(sql, id)?.map(|kept| (kept.version, kept.conflict));
            for concerned in known.conflict.iter().flat_map(|(_, conflict)| conflict.conversations()) {
                if stands(sql, concerned, Some(id))? {
                    known.standing.insert(concerned);
                }
            }
        }
        Inquiry::Party { id, party: asked } => {
            if let Some(id) = id {
                known.party = party(sql, id)?.map(|kept| kept.record);
            }
            let before = known.party.as_ref().and_then(|before| before.party.related);
            if let Some(related) = asked.related.or(before) {
                known.related = party(sql, related.to)?.map(|kept| kept.record.side);
            }
            let mut except = BTreeSet::new();
            if let Some(own) = asked.conversation {
                except.extend(numbers_of(sql, own)?);
                known.parties = except.len();
                if stands(sql, own, None)? {
                    known.standing.insert(own);
                }
            }
            if let Some(id) = id {
                except.extend(party_number(sql, id)?);
            }
            let side = Side::of(asked.role, known.related);
            for hit in screens.search(sql, asked, side, &except)? {
                let Some(PartyRecord { id: found, party, side, .. }) = party_numbered(sql, hit.number)? else {
                    return Err(Error::Corrupt(format!(
                        "the screen knows party {}, the registry does not",
                        hit.number
                    )));
                };
                let pair = id.map(|id| ConflictId::between(id, found));
                known.found.push(Found {
                    party: found,
                    role: party.role,
                    side,
                    conversation: party.conversation,
                    name: hit.name,
                    match_type: hit.match_type,
                    confidence: hit.confidence,
                    evidence: hit.evidence,
                    conflict: match pair {
                        Some(pair) => conflict(sql, pair)?.map(|kept| kept.conflict),
                        None => None,
                    },
                });
            }
        }
    }
    Ok(known)
}

/// Takes an event in: writes its rows; gives the party that it leaves, with its number, if it is about one.
pub fn take_in(
    sql: &mut dyn Sql,
    event: &Event,
    version: Version,
    seq: i64,
) -> Result<Option<(i64, PartyRecord)>, Error> {
    let id = match event {
        Event::PartyRegistered { id, .. } | Event::PartyChanged { id, .. } => {
            let before = party(sql, *id)?;
            let after = PartyRecord::after(event, before.as_ref().map(|kept| &kept.record));
            let record = after.ok_or_else(|| Error::Corrupt(format!("party {id} without a record")))?;
            return Ok(Some((write_party(sql, &record)?, record)));
        }
        Event::ConflictDetected { conflict, .. } => {
            write_conflict(sql, conflict, version, seq)?;
            return Ok(None);
        }
        Event::ConflictReviewed { id, .. }
        | Event::ConflictResolved { id, .. }
        | Event::ConflictReopened { id, .. } => *id,
        _ => return Ok(None),
    };
    let kept = conflict(sql, id)?;
    let mut conflict = kept.ok_or_else(|| Error::Corrupt(format!("conflict {id} was never detected")))?.conflict;
    conflict.take_in(event);
    write_conflict(sql, &conflict, version, seq)?;
    Ok(None)
}

fn write_party(sql: &mut dyn Sql, record: &PartyRecord) -> Result<i64, Error> {
    let id = record.id.to_string();
    let conversation = record.party.conversation.map(|id| id.to_string());
    let params = [
        Value::Text(&id),
        Value::maybe(conversation.as_deref()),
        Value::Text(record.party.role.as_str()),
        Value::Text(&to_json(record)?),
    ];
    first(
        sql,
        "INSERT INTO party (id, conversation, role, record) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET record = excluded.record RETURNING number",
        &params,
        |row| row.integer(0),
    )?
    .ok_or_else(|| Error::Corrupt(format!("party {id} was written without a number")))
}

fn write_conflict(sql: &mut dyn Sql, conflict: &Conflict, version: Version, seq: i64) -> Result<(), Error> {
    let text = |id: ConversationId| id.to_string();
    let (conversation, other) = (conflict.conversation.map(text), conflict.other_conversation.map(text));
    let declined = conflict.resolved.as_ref().and_then(|resolved| resolved.declined).map(text);
    let params = [
        Value::Text(&conflict.id.to_string()),
        Value::maybe(conversation.as_deref()),
        Value::maybe(other.as_deref()),
        Value::Integer(i64::from(conflict.state.is_open())),
        Value::maybe(declined.as_deref()),
        Value::Integer(version.0 as i64),
        Value::Integer(seq),
        Value::Text(&to_json(conflict)?),
    ];
    sql.execute(
        "INSERT INTO conflict (id, conversation, other, open, declined, version, seq, record)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET open = excluded.open, declined = excluded.declined, version = excluded.version,
           seq = excluded.seq, record = excluded.record",
        &params,
    )
    .map(drop)
}

/// A party and its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptParty {
    /// Its number, in the order of registration.
    pub number: i64,
    /// The party.
    pub record: PartyRecord,
}

/// A conflict and the event that touched it last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptConflict {
    /// The firm's version after the event.
    pub version: Version,
    /// The number of its entry.
    pub seq: i64,
    /// The conflict.
    pub conflict: Conflict,
}

fn kept_party(row: &dyn Row) -> Result<KeptParty, Error> {
    Ok(KeptParty { number: row.integer(0)?, record: from_json(row.text(1)?)? })
}

fn kept_conflict(row: &dyn Row) -> Result<KeptConflict, Error> {
    Ok(KeptConflict { version: version(row, 0)?, seq: row.integer(1)?, conflict: from_json(row.text(2)?)? })
}

/// The party of an id.
pub fn party(sql: &mut dyn Sql, id: PartyId) -> Result<Option<KeptParty>, Error> {
    first(sql, "SELECT number, record FROM party WHERE id = ?1", &[Value::Text(&id.to_string())], kept_party)
}

fn party_number(sql: &mut dyn Sql, id: PartyId) -> Result<Option<i64>, Error> {
    first(sql, "SELECT number FROM party WHERE id = ?1", &[Value::Text(&id.to_string())], |row| row.integer(0))
}

fn party_numbered(sql: &mut dyn Sql, number: i64) -> Result<Option<PartyRecord>, Error> {
    let text = "SELECT number, record FROM party WHERE number = ?1";
    Ok(first(sql, text, &[Value::Integer(number)], kept_party)?.map(|kept| kept.record))
}

fn numbers_of(sql: &mut dyn Sql, conversation: ConversationId) -> Result<Vec<i64>, Error> {
    let text = "SELECT number FROM party WHERE conversation = ?1 LIMIT ?2";
    let params = [Value::Text(&conversation.to_string()), Value::Integer(PARTIES_MAX as i64)];
    all(sql, text, &params, |row| row.integer(0))
}

/// The parties of a conversation, in the order of their registration.
pub fn parties_of(sql: &mut dyn Sql, conversation: ConversationId) -> Result<Vec<KeptParty>, Error> {
    all(
        sql,
        "SELECT number, record FROM party WHERE conversation = ?1 ORDER BY number LIMIT ?2",
        &[Value::Text(&conversation.to_string()), Value::Integer(PARTIES_MAX as i64)],
        kept_party,
    )
}

/// What a screen keeps of a party.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Named {
    /// The party.
    pub party: Party,
    /// On whose side it stands.
    pub side: Side,
}

/// At most `limit` parties numbered above `after`, in the order of their registration: how a screen is made anew.
pub fn named_after(sql: &mut dyn Sql, after: i64, limit: i64) -> Result<Vec<(i64, Named)>, Error> {
    let params = [Value::Integer(after), Value::Integer(limit)];
    all(sql, "SELECT number, record FROM party WHERE number > ?1 ORDER BY number LIMIT ?2", &params, |row| {
        Ok((row.integer(0)?, from_json(row.text(1)?)?))
    })
}

/// At most `limit` parties numbered below `before`, those of a role if one is named, the latest registered first: how they are listed.
pub fn parties_before(
    sql: &mut dyn Sql,
    before: Option<i64>,
    role: Option<PartyRole>,
    limit: i64,
) -> Result<Vec<KeptParty>, Error> {
    let before = Value::Integer(before.unwrap_or(i64::MAX));
    match role {
        None => all(
            sql,
            "SELECT number, record FROM party WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
            &[before, Value::Integer(limit)],
            kept_party,
        ),
        Some(role) => all(
            sql,
            "SELECT number, record FROM party WHERE role = ?3 AND number < ?1 ORDER BY number DESC LIMIT ?2",
            &[before, Value::Integer(limit), Value::Text(role.as_str())],
            kept_party,
        ),
    }
}

/// The number of the party that was registered last; 0 where there is none.
pub fn latest_party(sql: &mut dyn Sql) -> Result<i64, Error> {
    let text = "SELECT coalesce(max(number), 0) FROM party";
    Ok(first(sql, text, &[], |row| row.integer(0))?.unwrap_or(0))
}

/// The conflict of an id.
pub fn conflict(sql: &mut dyn Sql, id: ConflictId) -> Result<Option<KeptConflict>, Error> {
    let text = "SELECT version, seq, record FROM conflict WHERE id = ?1";
    first(sql, text, &[Value::Text(&id.to_string())], kept_conflict)
}

/// At most `limit` ids of conflicts above `after`, in their order: how all are gone over where one that cannot be read is not to hide the
/// others.
pub fn conflict_ids_after(sql: &mut dyn Sql, after: &str, limit: i64) -> Result<Vec<Box<str>>, Error> {
    let params = [Value::Text(after), Value::Integer(limit)];
    all(sql, "SELECT id FROM conflict WHERE id > ?1 ORDER BY id LIMIT ?2", &params, |row| Ok(row.text(0)?.into()))
}

/// Whether a conflict other than `except` stands in a conversation's way.
fn stands(sql: &mut dyn Sql, conversation: ConversationId, except: Option<ConflictId>) -> Result<bool, Error> {
    let except = except.map(|id| id.to_string()).unwrap_or_default();
    let found = first(
        sql,
        "SELECT 1 FROM conflict WHERE conversation = ?1 AND id <> ?2 AND (open = 1 OR declined = ?1)
         UNION ALL SELECT 1 FROM conflict WHERE other = ?1 AND id <> ?2 AND (open = 1 OR declined = ?1) LIMIT 1",
        &[Value::Text(&conversation.to_string()), Value::Text(&except)],
        |row| row.integer(0),
    )?;
    Ok(found.is_some())
}

/// What a conversation is yet to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// Its number, in the order in which letters were posted.
    pub id: i64,
    /// The firm's version that says so.
    pub version: Version,
    /// What the conversation is to know.
    pub outcome: Outcome,
}

impl Letter {
    /// What its conversation is asked.
    pub const fn command(&self) -> conversation::Command {
        let Outcome { status, freezes, .. } = self.outcome;
        conversation::Command::RecordScreening { status, registry: self.version, freezes }
    }
}

pub(crate) fn post(sql: &mut dyn Sql, outcome: &Outcome, version: Version, at: Timestamp) -> Result<(), Error> {
    let params = [Value::Integer(version.0 as i64), Value::Text(&to_json(outcome)?), Value::Text(&at.to_string())];
    sql.execute("INSERT INTO letter (version, outcome, due) VALUES (?1, ?2, ?3)", &params).map(drop)
}

/// At most `limit` letters that are due, in the order in which they were posted.
pub fn letters_due(sql: &mut dyn Sql, now: Timestamp, limit: i64) -> Result<Vec<Letter>, Error> {
    let params = [Value::Text(&now.to_string()), Value::Integer(limit)];
    all(sql, "SELECT id, version, outcome FROM letter WHERE due <= ?1 ORDER BY id LIMIT ?2", &params, |row| {
        Ok(Letter { id: row.integer(0)?, version: version(row, 1)?, outcome: from_json(row.text(2)?)? })
    })
}

/// When the next letter is due; none when all are delivered.
pub fn next_letter(sql: &mut dyn Sql) -> Result<Option<Timestamp>, Error> {
    first(sql, "SELECT due FROM letter ORDER BY due LIMIT 1", &[], |row| parse(row, 0))
}

/// A letter was taken in. In the transaction in which its conversation did, where they share one.
pub fn delivered(sql: &mut dyn Sql, letter: i64) -> Result<(), Error> {
    sql.execute("DELETE FROM letter WHERE id = ?1", &[Value::Integer(letter)]).map(drop)
}

/// A letter could not be delivered, and waits.
pub fn postpone(sql: &mut dyn Sql, letter: i64, due: Timestamp) -> Result<(), Error> {
    let params = [Value::Integer(letter), Value::Text(&due.to_string())];
    sql.execute("UPDATE letter SET due = ?2 WHERE id = ?1", &params).map(drop)
}

fn to_json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Corrupt(format!("a row of the registry: {error}")))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Corrupt(format!("a row of the registry: {error}")))
}
