//! Whether the registry's rows are what the firm's events say. A party that somebody took out of its table would be screened against no
//! more, and no chain would show it.

use std::{collections::HashMap, ops::ControlFlow};

use engage_domain::{
    ConflictId, Kind, PartyId,
    firm::Event,
    registry::{Conflict, PartyRecord},
};
use sha2::{Digest, Sha256};

use super::{ChainError, note};
use crate::{
    Entry, Error, Sql, Value,
    activation::decode_event,
    registry::{self, KeptConflict},
};

/// Rows read at a time.
const PAGE: i64 = 1_000;

/// What the events have said so far: of each party a digest of its record, of each conflict all of it.
#[derive(Default)]
pub(super) struct Expected {
    parties: HashMap<PartyId, (engage_domain::Timestamp, [u8; 32])>,
    conflicts: HashMap<ConflictId, KeptConflict>,
}

fn digest(record: &PartyRecord) -> [u8; 32] {
    // What was read from JSON is written as it was.
    Sha256::digest(serde_json::to_vec(record).unwrap_or_default()).into()
}

impl Expected {
    /// Takes in an entry. One that cannot be read is an error of its chain already.
    pub(super) fn take_in(&mut self, entry: &Entry) {
        let (Kind::Firm, Some(schema), Some(payload)) = (entry.kind, entry.schema, &entry.payload) else { return };
        let Ok(event) = decode_event::<engage_domain::Firm>(i64::from(schema), payload) else { return };
        match &event {
            Event::PartyRegistered { id, .. } | Event::PartyChanged { id, .. } => {
                let Some(mut record) = PartyRecord::after(&event, None) else { return };
                if let Some((registered_at, _)) = self.parties.get(id) {
                    record.registered_at = *registered_at;
                }
                self.parties.insert(*id, (record.registered_at, digest(&record)));
            }
            Event::ConflictDetected { conflict, .. } => {
                self.keep(entry, (**conflict).clone());
            }
            Event::ConflictReviewed { id, .. }
            | Event::ConflictResolved { id, .. }
            | Event::ConflictReopened { id, .. } => {
                if let Some(KeptConflict { mut conflict, .. }) = self.conflicts.remove(id) {
                    conflict.take_in(&event);
                    self.keep(entry, conflict);
                }
            }
            _ => {}
        }
    }

    fn keep(&mut self, entry: &Entry, conflict: Conflict) {
        let (version, seq) = (entry.version, entry.seq);
        self.conflicts.insert(conflict.id, KeptConflict { version, seq, conflict });
    }

    /// Compares the rows with what was said.
    pub(super) fn compare(mut self, sql: &mut dyn Sql, errors: &mut Vec<ChainError>) -> Result<(), Error> {
        let mut differs = |kind: &str, id: &str, problem: &str| note(errors, &format!("{kind}/{id}"), 0, problem);
        each(
            sql,
            "SELECT number, id, record FROM party WHERE number > ?1 ORDER BY number LIMIT ?2",
            &mut |id, text| {
                let said = id.parse().ok().and_then(|id| self.parties.remove(&id));
                let found = serde_json::from_str::<PartyRecord>(text).ok();
                match said {
                    None => differs("party", id, "has no entries"),
                    Some((_, said))
                        if found.as_ref().is_some_and(|found| found.id.to_string() == id && digest(found) == said) => {}
                    Some(_) => differs("party", id, "differs from what its entries say"),
                }
            },
        )?;
        for id in self.parties.keys() {
            differs("party", &id.to_string(), "is missing in the registry");
        }
        let mut after = Box::<str>::default();
        loop {
            let page = registry::conflict_ids_after(sql, &after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.clone();
            for id in &page {
                let found = match id.parse().map(|id| registry::conflict(sql, id)) {
                    Ok(Err(Error::Corrupt(_))) | Err(_) => None,
                    Ok(found) => found?,
                };
                match id.parse().ok().and_then(|id| self.conflicts.remove(&id)) {
                    None => differs("conflict", id, "has no entries"),
                    Some(said) if found.is_some_and(|found| said == found) => {}
                    Some(_) => differs("conflict", id, "differs from what its entries say"),
                }
            }
        }
        for id in self.conflicts.keys() {
            differs("conflict", &id.to_string(), "is missing in the registry");
        }
        Ok(())
    }
}

/// Shows the id and the text of each row, in the order of their numbers.
fn each(sql: &mut dyn Sql, text: &str, visit: &mut dyn FnMut(&str, &str)) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let before = after;
        sql.query(text, &[Value::Integer(after), Value::Integer(PAGE)], &mut |row| {
            after = row.integer(0)?;
            visit(row.text(1)?, row.text(2)?);
            Ok(ControlFlow::Continue(()))
        })?;
        if after == before {
            return Ok(());
        }
    }
}
