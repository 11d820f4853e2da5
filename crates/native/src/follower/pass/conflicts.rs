//! The rows of conflicts: of those that entries are about, and of all.
//!
//! A conflict is a row of the firm's registry and no object of its own. Its row here is made from what the journal keeps of it at the moment
//! the pass reads, which may be past the entry that the pass has come to; the version guard makes that harmless. One whose row cannot be
//! written makes the firm's object stand back, and the next try goes over all of them.

use std::collections::BTreeSet;

use engage_domain::{ConflictId, FirmId, Kind, Timestamp, Version};
use engage_index::{IndexRow, projection};
use engage_journal::{Entry, Error, ObjectKey, registry};

use super::{Files, Follower, is_its_own, key_of, not_open, note, park, run};
use crate::sqlite::Db;

/// Conflicts read at a time.
const PAGE: i64 = 1_000;

/// The object that the registry belongs to.
pub(super) fn object_of(firm: &FirmId) -> ObjectKey {
    ObjectKey { kind: Kind::Firm, name: firm.as_str().into() }
}

/// The conflicts that entries are about, each once.
pub(super) fn changed(entries: &[Entry], failed: &mut Vec<(ObjectKey, Error)>) -> BTreeSet<ConflictId> {
    let mut found = BTreeSet::new();
    for entry in entries {
        match projection::conflict_of(entry) {
            Ok(conflict) => found.extend(conflict),
            Err(error) => note(failed, key_of(entry), error),
        }
    }
    found
}

/// Writes the row of one conflict.
pub(super) fn write(firm: &FirmId, journal: &mut Db, index: &mut Db, id: ConflictId) -> Result<(), Error> {
    let kept = registry::conflict(journal, id)?;
    let kept = kept.ok_or_else(|| Error::Corrupt(format!("the registry does not know conflict {id}")))?;
    run(index, &projection::conflict_row(firm, &kept).to_statement()).map(drop)
}

/// Writes the rows of a page of conflicts whose ids come behind `after`; gives the last id, or none where there was no more. What is wrong
/// with one alone is given to `failed`, and the others are written.
fn write_page(
    firm: &FirmId,
    (journal, index): (&mut Db, &mut Db),
    after: &str,
    mut failed: impl FnMut(&mut Db, &str, Error) -> Result<(), Error>,
) -> Result<Option<Box<str>>, Error> {
    let page = registry::conflict_ids_after(journal, after, PAGE)?;
    for text in &page {
        let id = text.parse().map_err(|_| Error::Corrupt(format!("conflict called {text:?}")));
        match id.and_then(|id| write(firm, journal, index, id)) {
            Ok(()) => {}
            Err(error) if is_its_own(&error) => failed(index, text, error)?,
            Err(error) => return Err(error),
        }
    }
    Ok(page.into_iter().next_back())
}

/// Writes the rows of all conflicts that the index does not hold as they are. The first that cannot be written is the error; the others are.
pub(in crate::follower) fn write_all(firm: &FirmId, journal: &mut Db, index: &mut Db) -> Result<(), Error> {
    let (mut after, mut first) = (Box::<str>::default(), None);
    while let Some(last) = write_page(firm, (journal, index), &after, |_, _, error| {
        first.get_or_insert(error);
        Ok(())
    })? {
        after = last;
    }
    first.map_or(Ok(()), Err)
}

impl Follower {
    /// Writes the rows of some conflicts whose ids come behind `after`, as [`Follower::write_objects`] does those of objects.
    pub(in crate::follower) fn write_conflicts(
        &mut self,
        after: &str,
        now: Timestamp,
    ) -> Result<Option<Box<str>>, Error> {
        let Self { firm, files, failing, .. } = self;
        let Files { journal, index, .. } = files.as_mut().ok_or_else(not_open)?;
        let key = object_of(&firm.id);
        journal.begin_read()?;
        let written = index.transaction(|index| {
            write_page(&firm.id, (journal, index), after, |index, conflict, error| {
                tracing::error!(firm = %firm.id, conflict, error = &error as &dyn std::error::Error, "a conflict cannot be indexed");
                park(index, failing, &key, Version::NONE, &error, now)
            })
        });
        journal.rollback();
        written
    }
}
