//! The rows of objects, written object by object: how an index that is built from nothing gets them. Each is loaded and written once,
//! in the order of its key, however many entries it has and however they lie among the others'.

use engage_domain::{Kind, Timestamp};
use engage_journal::{Error, read};

use super::{Files, Follower, is_its_own, not_open, park};

/// Objects written in one transaction.
const OBJECTS: i64 = 1_000;

impl Follower {
    /// Writes the rows of some objects of a kind whose names come behind `after`; gives the last one's name, or none where there was no more.
    /// From the first call on, what changes is written as it comes: an object that is met both ways keeps the higher version.
    pub(in crate::follower) fn write_objects(
        &mut self,
        kind: Kind,
        after: &str,
        now: Timestamp,
    ) -> Result<Option<Box<str>>, Error> {
        self.deferring = false;
        let Self { firm, files, states, failing, .. } = self;
        let Files { journal, index, .. } = files.as_mut().ok_or_else(not_open)?;
        journal.begin_read()?;
        let written = read::objects_after(journal, kind, after, OBJECTS).and_then(|objects| {
            index.transaction(|index| {
                for (key, version) in &objects {
                    match states.write_rows(firm, journal, index, key) {
                        Ok(()) => {}
                        Err(error) if is_its_own(&error) => {
                            tracing::error!(firm = %firm.id, object = %key.name, error = &error as &dyn std::error::Error, "an object cannot be indexed");
                            states.remove(key);
                            park(index, failing, key, *version, &error, now)?;
                        }
                        Err(error) => return Err(error),
                    }
                }
                Ok(())
            })?;
            Ok(objects.into_iter().next_back().map(|(key, _)| key.name))
        });
        journal.rollback();
        // A transaction that failed may have left states that are ahead of their rows.
        if written.is_err() {
            states.clear();
        }
        written
    }
}
