//! Walking the chains: whether what is stored is what was written.
//!
//! Finds a changed, dropped, inserted or reordered entry, a changed payload, a gap in an object's versions, and a directory
//! that disagrees with the log. The chains say nothing of the order between two objects; the ids, which they cover and which
//! ascend throughout the journal, do. One pass in the journal's order; memory grows with the number of objects (about 60 bytes
//! each), not with that of entries. Does not find a journal whose end was cut off together with the directory's rows, or one rewritten as a
//! whole: for that, hashes have to be kept elsewhere.
//! Of what follows from the log it looks at the registry's parties and conflicts
//! (about 100 bytes a party), and not at snapshots, claims, alarms, letters, remembered answers.

mod registry;

use std::{collections::HashMap, ops::ControlFlow};

use engage_domain::{FirmId, Version};

use crate::{
    Entry, Error, Sql, Value,
    entry::Hash,
    read,
    sql::{all, first},
    store::{key, version},
    transfer::{Digits, JournalDigest},
    turn::ObjectKey,
};

/// What is wrong at one place.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ChainError {
    /// The object.
    pub object: String,
    /// The entry's number; 0 for the directory.
    pub seq: i64,
    /// What is wrong.
    pub problem: String,
}

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// How many objects there are.
    pub objects: u64,
    /// How many entries there are.
    pub entries: u64,
    /// The journal's digest, see [`JournalDigest`].
    pub digest: Hash,
    /// What is wrong, in the journal's order; empty when all is well.
    pub errors: Vec<ChainError>,
}

/// Most errors that a walk lists; a journal that is damaged throughout need not fill the memory.
pub const ERRORS_MAX: usize = 1_000;

/// Entries read at a time; between two reads the connection is free.
const PAGE: i64 = 10_000;

#[derive(PartialEq, Eq)]
struct Head {
    version: Version,
    hash: Hash,
    seq: i64,
    last_event: i64,
}

/// Walks all chains of one firm. An entry that cannot be decoded is an error of its chain, not of the walk.
pub fn walk(sql: &mut dyn Sql, firm: &FirmId) -> Result<Walk, Error> {
    let mut walk = Walk::default();
    let mut heads: HashMap<ObjectKey, Head> = HashMap::new();
    let mut registry = registry::Expected::default();
    let mut last = None;
    let mut after = 0;
    loop {
        let before = after;
        let page = read::entries_after(sql, after, PAGE, &mut |entry| {
            if entry.seq != after + 1 {
                note(&mut walk.errors, "journal", after + 1, format!("entries are missing up to {}", entry.seq - 1));
            }
            after = entry.seq;
            walk.entries += 1;
            step(&mut heads, &mut walk.errors, firm, &entry);
            registry.take_in(&entry);
            if last.is_some_and(|(id, at)| entry.id <= id || entry.at < at) {
                let object = format!("{}/{}", entry.kind.as_str(), entry.object);
                note(&mut walk.errors, &object, entry.seq, "has an id or a time before that of the entry before it");
            }
            last = Some((entry.id, entry.at));
            Ok(ControlFlow::Continue(()))
        });
        match page {
            Ok(()) if after == before => break,
            Ok(()) => {}
            Err(Error::Corrupt(problem)) => {
                let next = "SELECT min(seq) FROM entry WHERE seq > ?1";
                after = first(sql, next, &[Value::Integer(after)], |row| row.integer(0))?.unwrap_or(after + 1);
                walk.entries += 1;
                note(&mut walk.errors, "unknown", after, problem);
            }
            Err(error) => return Err(error),
        }
    }
    walk.digest = digest(&heads);
    check_directory(sql, &mut heads, &mut walk)?;
    registry.compare(sql, &mut walk.errors)?;
    Ok(walk)
}

fn digest(heads: &HashMap<ObjectKey, Head>) -> Hash {
    let mut heads: Vec<_> = heads.iter().collect();
    heads.sort_unstable_by_key(|(key, _)| (key.kind.as_str(), &key.name));
    let mut digest = JournalDigest::default();
    heads.iter().for_each(|(key, head)| digest.add(key.kind, &key.name, &Digits(head.hash.0)));
    Hash(digest.finish().0)
}

fn note(errors: &mut Vec<ChainError>, object: &str, seq: i64, problem: impl Into<String>) {
    if errors.len() < ERRORS_MAX {
        errors.push(ChainError { object: object.into(), seq, problem: problem.into() });
    }
}

fn step(heads: &mut HashMap<ObjectKey, Head>, errors: &mut Vec<ChainError>, firm: &FirmId, entry: &Entry) {
    let key = ObjectKey { kind: entry.kind, name: entry.object.clone() };
    let head = heads.entry(key).or_insert(Head { version: Version::NONE, hash: Hash::ZERO, seq: 0, last_event: 0 });
    let object = || format!("{}/{}", entry.kind.as_str(), entry.object);
    if entry.prev_hash != head.hash {
        note(errors, &object(), entry.seq, "does not follow the entry before it");
    }
    if entry.expected_hash(firm) != entry.hash {
        note(errors, &object(), entry.seq, "was changed: its hash is another");
    }
    // A payload that is gone was erased, which is allowed; one that is there must be the one that was hashed.
    if let Some(payload) = &entry.payload
        && Hash::of_payload(Some(payload)) != entry.payload_hash
    {
        note(errors, &object(), entry.seq, "has a payload that was changed");
    }
    let expected = if entry.is_event() { head.version.next() } else { head.version };
    if entry.version != expected {
        note(errors, &object(), entry.seq, format!("has version {} where {expected} belongs", entry.version));
    }
    if entry.prev != head.last_event {
        let (found, expected) = (entry.prev, head.last_event);
        note(errors, &object(), entry.seq, format!("is linked to entry {found} where {expected} belongs"));
    }
    let last_event = if entry.is_event() { entry.seq } else { head.last_event };
    *head = Head { version: entry.version, hash: entry.hash, seq: entry.seq, last_event };
}

fn check_directory(sql: &mut dyn Sql, heads: &mut HashMap<ObjectKey, Head>, walk: &mut Walk) -> Result<(), Error> {
    // An entry whose object is not in the directory was an error already: it has no name to be read under. Not a list to be shown but the other half of the heads in memory, hence without a limit.
    let rows = all(sql, "SELECT kind, name, version, hash, seq, last_event FROM object", &[], |row| {
        Ok((
            key(row, 0, 1)?,
            Head {
                version: version(row, 2)?,
                hash: Hash::try_from(row.blob(3)?)?,
                seq: row.integer(4)?,
                last_event: row.integer(5)?,
            },
        ))
    })?;
    walk.objects = rows.len() as u64;
    for (key, row) in rows {
        let object = format!("{}/{}", key.kind.as_str(), key.name);
        match heads.remove(&key) {
            Some(head) if head == row => {}
            Some(head) => {
                let (what, log, directory) = if head.seq != row.seq {
                    ("last entry", head.seq.to_string(), row.seq.to_string())
                } else if head.last_event != row.last_event {
                    ("last event", head.last_event.to_string(), row.last_event.to_string())
                } else if head.version != row.version {
                    ("version", head.version.to_string(), row.version.to_string())
                } else {
                    ("last hash", format!("{:?}", head.hash), format!("{:?}", row.hash))
                };
                let problem = format!("its {what} is {log}, the directory says {directory}");
                note(&mut walk.errors, &object, 0, problem);
            }
            None => note(&mut walk.errors, &object, 0, "has no entries"),
        }
    }
    Ok(())
}
