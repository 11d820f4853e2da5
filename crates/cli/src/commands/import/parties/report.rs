//! What came of an import of parties: how many there are, and who of them conflicts with whom.

use std::{collections::HashSet, path::Path};

use engage_domain::{
    FirmId, PartyId,
    registry::{Matched, PartyRole},
};
use serde_json::{Value, json};

use crate::{
    commands::registry::{Fate, Imported, Tally, guarded, say_confidence, why},
    import::PartyRow,
    out::say,
    table,
};

/// Most conflicts that are printed; the file has all.
const SHOWN_MAX: usize = 20;
/// Most characters of a name in the printed table.
const NAME_SHOWN: usize = 40;

/// What came of an import.
#[derive(Default)]
pub(super) struct Report {
    registered: u64,
    changed: u64,
    known: u64,
    /// Parties that conflict with somebody.
    conflicting: u64,
    /// The parties of the list, to tell a conflict within it from one with whom the firm knew.
    listed: HashSet<PartyId>,
    conflicts: Vec<Conflict>,
}

/// A party of the list that conflicts with somebody.
struct Conflict {
    line: u64,
    name: String,
    role: PartyRole,
    found: Matched,
}

impl Report {
    /// A party is known now.
    pub(super) fn take_in(&mut self, row: &PartyRow, imported: Imported) {
        match imported.fate {
            Fate::Registered => self.registered += 1,
            Fate::Changed => self.changed += 1,
            Fate::Known => self.known += 1,
        }
        self.listed.insert(imported.id);
        let before = self.conflicts.len();
        let found = imported.screening.matches.into_iter().filter(|found| found.conflict_type.is_some());
        self.conflicts.extend(found.map(|found| Conflict {
            line: row.line,
            name: row.party.name.as_str().to_owned(),
            role: row.party.role,
            found,
        }));
        self.conflicting += u64::from(self.conflicts.len() > before);
    }

    /// Whether who was found is of the list too, or was known to the firm.
    fn found_in(&self, found: &Matched) -> &'static str {
        if self.listed.contains(&found.party) { "list" } else { "firm" }
    }

    /// Every conflict, as CSV.
    pub(super) fn csv(&self) -> anyhow::Result<Vec<u8>> {
        let mut csv = csv::Writer::from_writer(vec![]);
        csv.write_record([
            "line",
            "name",
            "role",
            "found",
            "found_role",
            "found_in",
            "found_party_id",
            "conversation_id",
            "conflict_type",
            "conflict_id",
            "match_type",
            "confidence",
            "why",
        ])?;
        for Conflict { line, name, role, found } in &self.conflicts {
            csv.write_record([
                line.to_string(),
                guarded(name),
                role.as_str().to_owned(),
                guarded(found.name.as_str()),
                found.role.as_str().to_owned(),
                self.found_in(found).to_owned(),
                found.party.to_string(),
                found.conversation.map(|id| id.to_string()).unwrap_or_default(),
                found.conflict_type.map_or("", |kind| kind.as_str()).to_owned(),
                found.conflict.map(|id| id.to_string()).unwrap_or_default(),
                found.match_type.as_str().to_owned(),
                format!("{:.4}", found.confidence),
                guarded(&why(&found.evidence)),
            ])?;
        }
        Ok(csv.into_inner()?)
    }

    /// Prints it.
    pub(super) fn print(
        &self,
        file: &Path,
        firm: &FirmId,
        tally: &Tally,
        report: Option<&Path>,
        json: bool,
    ) -> anyhow::Result<()> {
        if json {
            let shown: Vec<_> = self.conflicts.iter().take(SHOWN_MAX).map(|conflict| self.json(conflict)).collect();
            let value = json!({
                "file": file,
                "firm": firm,
                "rows": tally.rows,
                "registered": self.registered,
                "changed": self.changed,
                "known": self.known,
                "repeated": tally.repeated,
                "refused": tally.refused,
                "errors": tally.errors,
                "notes": tally.notes,
                "unseenColumns": tally.unseen_columns,
                "conflictingParties": self.conflicting,
                "conflictCount": self.conflicts.len(),
                "conflicts": shown,
                "report": report,
            });
            say!("{value}");
            return Ok(());
        }
        tally.tell();
        say!(
            "{} rows: {} registered, {} changed, {} known already, {} repeated, {} refused",
            tally.rows,
            self.registered,
            self.changed,
            self.known,
            tally.repeated,
            tally.refused
        );
        self.print_conflicts(report);
        Ok(())
    }

    fn print_conflicts(&self, report: Option<&Path>) {
        if self.conflicts.is_empty() {
            say!("No party conflicts with another of the list or with whom the firm knew.");
            return;
        }
        let verb = if self.conflicting == 1 { "party conflicts" } else { "parties conflict" };
        say!("\n{} {verb} with another of the list or with whom the firm knew:\n", self.conflicting);
        let rows: Vec<_> = self.conflicts.iter().take(SHOWN_MAX).map(|one| self.cells(one)).collect();
        let names = ["party", "role", "found", "its role", "known from", "match", "confidence"];
        say!("{}", table::render(&names, &rows).trim_end());
        let (all, left) = (self.conflicts.len(), self.conflicts.len().saturating_sub(SHOWN_MAX));
        match report {
            Some(path) => say!("\nAll {all} are in {}.", path.display()),
            None if left > 0 => say!("\nAnd {left} more; --report FILE.csv lists all."),
            None => {}
        }
    }

    fn cells(&self, Conflict { name, role, found, .. }: &Conflict) -> Vec<String> {
        vec![
            cut(name),
            role.as_str().to_owned(),
            cut(found.name.as_str()),
            found.role.as_str().to_owned(),
            self.found_in(found).to_owned(),
            found.match_type.as_str().to_owned(),
            say_confidence(found.confidence),
        ]
    }

    fn json(&self, Conflict { line, name, role, found }: &Conflict) -> Value {
        json!({
            "line": line,
            "name": name,
            "role": role,
            "found": found.name,
            "foundRole": found.role,
            "foundIn": self.found_in(found),
            "foundPartyId": found.party,
            "conversationId": found.conversation,
            "conflictType": found.conflict_type,
            "conflictId": found.conflict,
            "matchType": found.match_type,
            "confidence": found.confidence,
            "why": why(&found.evidence),
        })
    }
}

/// As much of a name as the table has room for.
fn cut(name: &str) -> String {
    match name.char_indices().nth(NAME_SHOWN) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
