//! An object's events as a linked list: each entry names the object's event before it, and the directory the last one.
//!
//! Why not an index over (object, version): its entries would lie as far apart as the objects, so that each message of each live
//! conversation would dirty one more page, and a commit would write twice as much. With links a message is an append. What links cannot do,
//! to begin somewhere in the middle, an index over every [`MARK_EVERY`]th event does at a sixty-fourth of the cost.

use std::ops::ControlFlow;

use engage_domain::Version;

use crate::{
    Error, Row, Sql, Value,
    sql::{Visit, first},
    store::version,
    turn::ObjectKey,
};

/// Every event whose version is a multiple of this is in the sparse index `entry_mark`; also written there as a literal.
pub(crate) const MARK_EVERY: u64 = 64;

/// The number of a mark. The literal is that of the index, which SQLite takes only for the same expression.
const MARK: &str = "SELECT seq FROM entry INDEXED BY entry_mark
                    WHERE object = ?1 AND version = ?2 AND schema IS NOT NULL AND version % 64 = 0";

/// Where an object's events end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    /// Its row in the directory.
    pub object: i64,
    /// Its version.
    pub version: Version,
    /// The number of its last event.
    pub last_event: i64,
}

/// The columns of an event, in the order in which a visitor finds them.
pub(crate) mod column {
    pub(crate) const VERSION: usize = 2;
    pub(crate) const SCHEMA: usize = 3;
    pub(crate) const PAYLOAD: usize = 4;
    pub(crate) const ACTION: usize = 5;
    pub(crate) const ID: usize = 6;
    pub(crate) const AT: usize = 7;
    pub(crate) const DETAILS: usize = 8;
    pub(crate) const SEQ: usize = 9;
}

/// Events from one on, back along the links, the newest first: some at a time, for a statement costs more than a row.
const CHAIN: &str = "WITH RECURSIVE chain (seq, rest) AS (
    SELECT CAST(?1 AS INTEGER), ?2
    UNION ALL SELECT entry.prev, rest - 1 FROM chain CROSS JOIN entry ON entry.seq = chain.seq WHERE rest > 1 AND entry.prev > 0
  )
  SELECT entry.prev, entry.object, entry.version, entry.schema, entry.payload, entry.action, entry.id, entry.at, entry.details, entry.seq
    FROM chain CROSS JOIN entry ON entry.seq = chain.seq";

impl Head {
    /// The head of the object called `key`; none when there is no such object.
    pub(crate) fn of(sql: &mut dyn Sql, key: &ObjectKey) -> Result<Option<Self>, Error> {
        let text = "SELECT id, version, last_event FROM object WHERE kind = ?1 AND name = ?2";
        first(sql, text, &[Value::Text(key.kind.as_str()), Value::Text(&key.name)], |row| {
            Ok(Self { object: row.integer(0)?, version: version(row, 1)?, last_event: row.integer(2)? })
        })
    }

    /// Shows `visit` the events with versions up to `from`, newest first, until it breaks off. Costs at most [`MARK_EVERY`] steps
    /// before the first one it shows.
    pub(crate) fn back(
        &self,
        sql: &mut dyn Sql,
        from: Version,
        visit: &mut dyn FnMut(&dyn Row, Version) -> Visit,
    ) -> Result<(), Error> {
        if from == Version::NONE {
            return Ok(());
        }
        let (mut seq, mut expected) = self.near(sql, from)?;
        while expected > Version::NONE {
            let (mut next, mut go_on) = (None, ControlFlow::Continue(()));
            sql.query(CHAIN, &[Value::Integer(seq), Value::Integer(MARK_EVERY as i64)], &mut |row| {
                let (seq, found) = (row.integer(column::SEQ)?, version(row, column::VERSION)?);
                let linked = row.integer(1)? == self.object && row.maybe_integer(column::SCHEMA)?.is_some();
                if !linked || found != expected {
                    return Err(Error::Corrupt(format!("entry {seq} is not version {expected} of its object")));
                }
                if found <= from {
                    go_on = visit(row, found)?;
                }
                next = Some(row.integer(0)?);
                expected = Version(expected.0 - 1);
                Ok(if expected > Version::NONE { go_on } else { ControlFlow::Break(()) })
            })?;
            seq = next
                .ok_or_else(|| Error::Corrupt(format!("entry {seq}, version {expected} of an object, is missing")))?;
            if go_on.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The event from which `from` is reached in the fewest steps back: the next mark at or above it, else the last event.
    fn near(&self, sql: &mut dyn Sql, from: Version) -> Result<(i64, Version), Error> {
        let mark = Version(from.0.div_ceil(MARK_EVERY).saturating_mul(MARK_EVERY));
        if mark >= self.version {
            return Ok((self.last_event, self.version));
        }
        let seq =
            first(sql, MARK, &[Value::Integer(self.object), Value::Integer(mark.0 as i64)], |row| row.integer(0))?;
        let missing = || Error::Corrupt(format!("version {mark} of an object is missing"));
        Ok((seq.ok_or_else(missing)?, mark))
    }

    /// Shows `visit` the events with versions above `after`, oldest first, until it breaks off. Holds at most [`MARK_EVERY`] of them in
    /// memory, as what `keep` makes of them.
    pub(crate) fn forward<T>(
        &self,
        sql: &mut dyn Sql,
        after: Version,
        keep: &mut dyn FnMut(&dyn Row, Version) -> Result<T, Error>,
        visit: &mut dyn FnMut(T) -> Visit,
    ) -> Result<(), Error> {
        let mut after = after;
        while after < self.version {
            let mark = (after.0 / MARK_EVERY + 1) * MARK_EVERY;
            let upto = Version(mark.min(self.version.0));
            let mut block = Vec::with_capacity((upto.0 - after.0) as usize);
            self.back(sql, upto, &mut |row, version| {
                if version <= after {
                    return Ok(ControlFlow::Break(()));
                }
                block.push(keep(row, version)?);
                // Known to be the last one wanted: spares the look at the one before.
                Ok(if version == after.next() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            for kept in block.into_iter().rev() {
                if visit(kept)?.is_break() {
                    return Ok(());
                }
            }
            after = upto;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_and_the_query_know_the_same_marks() {
        let literal = format!("version % {MARK_EVERY} = 0");
        let index = include_str!("schema.sql").lines().find(|line| line.contains("INDEX entry_mark"));
        assert!(index.is_some_and(|index| index.ends_with(&format!(" AND {literal};"))), "{index:?}");
        assert!(MARK.ends_with(&format!(" AND {literal}")), "{MARK}");
    }
}
