//! The report as CSV: a row a match, and one for each name without any.

use engage_domain::registry::Matched;

use super::paper::{Paper, Part, Result as Found};
use crate::commands::registry::{RowProblem, guarded, why};

const COLUMNS: [&str; 17] = [
    "line",
    "name",
    "role",
    "result",
    "found",
    "found_role",
    "found_party_id",
    "conversation_id",
    "conflict_type",
    "match_type",
    "confidence",
    "why",
    "checked_at",
    "registry_version",
    "rules_version",
    "check_id",
    "problem",
];

/// The report.
pub(super) fn write(paper: &Paper) -> anyhow::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(vec![]);
    csv.write_record(COLUMNS)?;
    for part in Part::ALL {
        for result in paper.of(part) {
            match result.screening.matches.as_slice() {
                [] => csv.write_record(row(result, None))?,
                found => found.iter().try_for_each(|found| csv.write_record(row(result, Some(found))))?,
            }
        }
    }
    for RowProblem { line, message } in &paper.tally.errors {
        let mut cells = vec![String::new(); COLUMNS.len()];
        cells[0] = line.to_string();
        cells[3] = "not_checked".to_owned();
        cells[16] = guarded(message);
        csv.write_record(cells)?;
    }
    Ok(csv.into_inner()?)
}

fn row(result: &Found, found: Option<&Matched>) -> Vec<String> {
    let of = |value: fn(&Matched) -> String| found.map(value).unwrap_or_default();
    let said = match found {
        None => "clear",
        Some(found) if found.conflict_type.is_some() => "conflict",
        Some(_) => "information",
    };
    vec![
        result.row.line.to_string(),
        guarded(result.name()),
        result.row.role.map_or("", |role| role.as_str()).to_owned(),
        said.to_owned(),
        of(|found| guarded(found.name.as_str())),
        of(|found| found.role.as_str().to_owned()),
        of(|found| found.party.to_string()),
        of(|found| found.conversation.map(|id| id.to_string()).unwrap_or_default()),
        of(|found| found.conflict_type.map_or("", |kind| kind.as_str()).to_owned()),
        of(|found| found.match_type.as_str().to_owned()),
        of(|found| format!("{:.4}", found.confidence)),
        of(|found| guarded(&why(&found.evidence))),
        result.screening.at.to_string(),
        result.screening.registry.0.to_string(),
        result.screening.rules.to_string(),
        result.entry.map(|id| id.to_string()).unwrap_or_default(),
        result.cut_short().unwrap_or_default(),
    ]
}
