//! The report as plain text.

use std::fmt::{Result as Written, Write};

use engage_domain::registry::Matched;

use super::paper::{Paper, Part, Result as Found};
use crate::commands::registry::{RowProblem, role, say_confidence, say_match, why};

/// The report.
pub(super) fn write(paper: &Paper) -> anyhow::Result<String> {
    let mut text = String::from("CONFLICT CHECK\n\n");
    for (what, value) in paper.head()? {
        writeln!(text, "{:<26}{value}", format!("{what}:"))?;
    }
    for part in Part::ALL {
        let results: Vec<_> = paper.of(part).collect();
        if results.is_empty() {
            continue;
        }
        heading(&mut text, part.heading())?;
        for result in results {
            name(&mut text, result)?;
        }
    }
    if paper.tally.refused > 0 {
        heading(&mut text, "Not checked")?;
        for RowProblem { line, message } in &paper.tally.errors {
            writeln!(text, "line {line}: {message}")?;
        }
    }
    Ok(text)
}

fn heading(text: &mut String, heading: &str) -> Written {
    writeln!(text, "\n{}\n{}\n", heading.to_uppercase(), "-".repeat(heading.chars().count()))
}

fn name(text: &mut String, result: &Found) -> Written {
    writeln!(text, "{} ({}, line {})", result.name(), role(result.row.role), result.row.line)?;
    for found in &result.screening.matches {
        matched(text, found)?;
    }
    if let Some(more) = result.cut_short() {
        writeln!(text, "    {more}")?;
    }
    if !result.screening.matches.is_empty() {
        text.push('\n');
    }
    Ok(())
}

fn matched(text: &mut String, found: &Matched) -> Written {
    let what = match found.conflict_type {
        Some(_) => "CONFLICT with",
        None => "known:",
    };
    write!(text, "    {what} {}, {}", found.name.as_str(), role(Some(found.role)))?;
    match found.conversation {
        Some(conversation) => writeln!(text, " in conversation {conversation}")?,
        None => writeln!(text, ", of no conversation")?,
    }
    let (how, confidence) = (say_match(found), say_confidence(found.confidence));
    writeln!(text, "        {} ({how}), confidence {confidence}", found.match_type.as_str())?;
    writeln!(text, "        {}", why(&found.evidence))
}
