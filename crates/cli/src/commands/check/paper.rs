//! What a report of a check says, whatever its form.

use std::path::{Path, PathBuf};

use engage_app::screening::CONFLICTS_MAX;
use engage_domain::{
    EntryId, FirmId, Timestamp,
    registry::{Matched, Screening},
};
use jiff::{fmt::strtime, tz::TimeZone};
use serde_json::{Value, json};

use crate::{
    commands::registry::{Checked, Letterhead, Tally, why},
    import::PartyRow,
};

/// A report.
pub(super) struct Paper {
    pub(super) file: PathBuf,
    pub(super) firm: FirmId,
    pub(super) name: String,
    zone: TimeZone,
    begun: Timestamp,
    by: Option<String>,
    signed_in: String,
    pub(super) results: Vec<Result>,
    /// What came of the rows themselves.
    pub(super) tally: Tally,
}

/// A name and what its check came to.
pub(super) struct Result {
    pub(super) row: PartyRow,
    pub(super) screening: Screening,
    /// The entry under which the check stays on record.
    pub(super) entry: Option<EntryId>,
}

/// Which of the report's parts a name is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Somebody adverse was found.
    Conflict,
    /// Somebody was found, and nobody adverse.
    Information,
    /// Nobody was found.
    Clear,
}

impl Part {
    pub(super) const ALL: [Self; 3] = [Self::Conflict, Self::Information, Self::Clear];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Information => "information",
            Self::Clear => "clear",
        }
    }

    /// The heading over its names.
    pub(super) const fn heading(self) -> &'static str {
        match self {
            Self::Conflict => "Conflicts",
            Self::Information => "Known, and no conflict",
            Self::Clear => "Clear: nobody was found",
        }
    }
}

impl Result {
    pub(super) fn new(row: PartyRow, checked: Checked) -> Self {
        Self { row, screening: checked.screening, entry: checked.entry }
    }

    pub(super) fn part(&self) -> Part {
        match self.screening.matches.as_slice() {
            [] => Part::Clear,
            _ if self.screening.conflicts().next().is_some() => Part::Conflict,
            _ => Part::Information,
        }
    }

    /// What to say where there may be more conflicts than one check tells of.
    pub(super) fn cut_short(&self) -> Option<String> {
        let told = self.screening.conflicts().count();
        let most = "one check tells of the likeliest, at most";
        (told >= CONFLICTS_MAX).then(|| format!("There may be more conflicts: {most} {CONFLICTS_MAX} of a side."))
    }

    pub(super) fn name(&self) -> &str {
        self.row.party.name.as_str()
    }
}

impl Paper {
    /// A report without names yet.
    pub(super) fn new(file: &Path, firm: &FirmId, letterhead: Letterhead, by: Option<&str>, signed_in: String) -> Self {
        Self {
            file: file.to_owned(),
            firm: firm.clone(),
            name: letterhead.name,
            zone: letterhead.time_zone,
            begun: crate::now(),
            by: by.map(str::to_owned),
            signed_in,
            results: vec![],
            tally: Tally::default(),
        }
    }

    /// The names of a part, in the order of the list.
    pub(super) fn of(&self, part: Part) -> impl Iterator<Item = &Result> {
        self.results.iter().filter(move |result| result.part() == part)
    }

    fn count(&self, part: Part) -> usize {
        self.of(part).count()
    }

    /// The lowest and the highest of a number that each screening has.
    fn range(&self, number: fn(&Screening) -> u64) -> Option<(u64, u64)> {
        let numbers = || self.results.iter().map(|result| number(&result.screening));
        Some((numbers().min()?, numbers().max()?))
    }

    /// The head: what is said, and what of it.
    pub(super) fn head(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        let span = |range: Option<(u64, u64)>| match range {
            None => "none".to_owned(),
            Some((low, high)) if low == high => low.to_string(),
            Some((low, high)) => format!("{low} to {high}"),
        };
        let mut head = vec![("Firm", format!("{} ({})", self.name, self.firm)), ("Checked on", self.date()?)];
        head.extend(self.by.clone().map(|by| ("Checked by", by)));
        head.extend([
            ("Signed in as", self.signed_in.clone()),
            ("List", self.file.display().to_string()),
            ("Registry version", span(self.range(|screening| screening.registry.0))),
            ("Rules version", span(self.range(|screening| u64::from(screening.rules)))),
            ("Names checked", self.results.len().to_string()),
            ("Names that conflict", self.count(Part::Conflict).to_string()),
            ("Names known, no conflict", self.count(Part::Information).to_string()),
            ("Names clear", self.count(Part::Clear).to_string()),
        ]);
        if self.tally.repeated > 0 {
            head.push(("Rows that repeat another", self.tally.repeated.to_string()));
        }
        if self.tally.refused > 0 {
            head.push(("Rows not checked", self.tally.refused.to_string()));
        }
        Ok(head)
    }

    /// When it began, in the firm's time zone.
    fn date(&self) -> anyhow::Result<String> {
        let instant = jiff::Timestamp::from_millisecond(self.begun.as_millis())?;
        let local = instant.to_zoned_datetime(self.zone.clone());
        Ok(strtime::format("%-d %B %Y, %H:%M:%S %Z (%Q, UTC%:z)", &local)?)
    }

    /// The outcome in one line.
    pub(super) fn summary(&self) -> String {
        let repeated = match self.tally.repeated {
            0 => String::new(),
            rows => format!(", {rows} rows repeated"),
        };
        format!(
            "{} names checked: {} conflict, {} known without a conflict, {} clear{repeated}, {} rows refused",
            self.results.len(),
            self.count(Part::Conflict),
            self.count(Part::Information),
            self.count(Part::Clear),
            self.tally.refused
        )
    }

    /// The whole of it for a program.
    pub(super) fn json(&self, report: Option<&Path>) -> Value {
        let result = |result: &Result| {
            json!({
                "line": result.row.line,
                "name": result.name(),
                "role": result.row.role,
                "result": result.part().as_str(),
                "checkId": result.entry,
                "checkedAt": result.screening.at,
                "registryVersion": result.screening.registry,
                "rulesVersion": result.screening.rules,
                "cutShort": result.cut_short().is_some(),
                "matches": result.screening.matches.iter().map(matched).collect::<Vec<_>>(),
            })
        };
        json!({
            "file": self.file,
            "firm": self.firm,
            "rows": self.tally.rows,
            "checked": self.results.len(),
            "conflict": self.count(Part::Conflict),
            "information": self.count(Part::Information),
            "clear": self.count(Part::Clear),
            "repeated": self.tally.repeated,
            "refused": self.tally.refused,
            "errors": self.tally.errors,
            "notes": self.tally.notes,
            "unseenColumns": self.tally.unseen_columns,
            "report": report,
            "results": self.results.iter().map(result).collect::<Vec<_>>(),
        })
    }
}

fn matched(found: &Matched) -> Value {
    json!({
        "partyId": found.party,
        "name": found.name,
        "role": found.role,
        "conversationId": found.conversation,
        "conflictType": found.conflict_type,
        "matchType": found.match_type,
        "confidence": found.confidence,
        "evidence": found.evidence,
        "why": why(&found.evidence),
    })
}
