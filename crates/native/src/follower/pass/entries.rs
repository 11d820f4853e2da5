//! The rows of entries: the audit trail and the passages.

use engage_domain::FirmId;
use engage_index::{AuditRow, IndexRow, PassageRow, projection, search};
use engage_journal::{Entry, Error, ObjectKey};

use super::{key_of, note, run};
use crate::sqlite::Db;

/// Writes audit rows, as many as can be in one statement.
pub(super) fn write_audit(index: &mut Db, rows: &[AuditRow]) -> Result<(), Error> {
    let (batches, rest) = rows.as_chunks();
    for batch in batches {
        run(index, &AuditRow::batch_statement(batch))?;
    }
    for row in rest {
        run(index, &row.to_statement())?;
    }
    Ok(())
}

/// Writes the passages that entries brought, and takes out those that erasures among them take.
pub(super) fn write_passages(
    index: &mut Db,
    firm: &FirmId,
    entries: &[Entry],
    failed: &mut Vec<(ObjectKey, Error)>,
) -> Result<(), Error> {
    let mut passages = vec![];
    for entry in entries {
        match projection::passage_row(firm, entry) {
            Ok(passage) => passages.extend(passage),
            Err(error) => note(failed, key_of(entry), error),
        }
    }
    if !passages.is_empty() {
        run(index, &PassageRow::batch_statement(&passages)?)?;
    }
    // An entry that was read before its erasure may be in the same pass.
    for entry in entries.iter().filter(|entry| projection::erases(entry)) {
        if let Ok(conversation) = entry.object.parse() {
            run(index, &search::erase(firm, conversation))?;
        }
    }
    Ok(())
}
