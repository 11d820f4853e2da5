//! How the firm's practice areas fare.

use engage_domain::{FirmId, PracticeArea, Timestamp};
use engage_journal::{self as journal, Row};

use super::tally::{areas, hours, mean, tally};
use crate::{Query, Statement};

/// Each practice area's conversations begun at `since` or later: how many, how many of those are completed, their quality, how long they
/// took. One row an area that the firm has any conversation in, those of an empty span too; [`most_first`] makes the report.
#[derive(Clone, Debug)]
pub struct PracticeAreas {
    /// The firm.
    pub firm: FirmId,
    /// The first instant that counts; none: all that there are.
    pub since: Option<Timestamp>,
}

/// One practice area.
#[derive(Clone, Debug, PartialEq)]
pub struct PracticeAreaRow {
    /// The area; none: conversations without one.
    pub practice_area: Option<PracticeArea>,
    /// Conversations begun in the span.
    pub total: u64,
    /// Those of them that are completed.
    pub completed: u64,
    /// Mean data quality of all of them, 0 to 100.
    pub average_data_quality: Option<f64>,
    /// Mean hours from the beginning of a completed one to its last activity.
    pub average_hours_to_completion: Option<f64>,
}

impl PracticeAreas {
    /// Most areas of one answer, twice what a firm can have in its settings; of more, the last by their slug are left out.
    pub const AREAS_MAX: u32 = 1_000;
}

impl Query for PracticeAreas {
    type Row = PracticeAreaRow;

    /// `createdAt <= lastActivity` holds for every conversation, so the walk begins at the first that was active in the span.
    fn statement(&self) -> Statement {
        macro_rules! sql {
            ($since:literal) => {
                concat!(
                    areas!(),
                    " SELECT name, (SELECT json_array(count(*), count(completionMs), total(dataQualityScore), total(completionMs))
                         FROM conversation_index INDEXED BY idx_firm_practice_area
                         WHERE firmId = ?1 AND isDeleted = 0 AND practiceArea IS nullif(name, '')",
                    $since,
                    ") FROM area LIMIT ?2"
                )
            };
        }
        let mut params = vec![(&self.firm).into(), i64::from(Self::AREAS_MAX).into()];
        params.extend(self.since.map(Into::into));
        match self.since {
            Some(_) => Statement::new(sql!(" AND lastActivity >= ?3 AND createdAt >= ?3"), params),
            None => Statement::new(sql!(""), params),
        }
    }

    fn decode(row: &dyn Row) -> Result<PracticeAreaRow, journal::Error> {
        let name = row.text(0)?;
        let area = (!name.is_empty()).then(|| name.parse()).transpose();
        let (total, completed, quality, ms): (u64, u64, f64, f64) = tally(row, 1)?;
        Ok(PracticeAreaRow {
            practice_area: area
                .map_err(|_| journal::Error::Corrupt(format!("{name:?} in conversation_index.practiceArea")))?,
            total,
            completed,
            average_data_quality: mean(quality, total),
            average_hours_to_completion: mean(ms, completed).map(hours),
        })
    }
}

/// The areas with conversations in the span, most first, equal ones by their slug, none before any.
pub fn most_first(mut rows: Vec<PracticeAreaRow>) -> Vec<PracticeAreaRow> {
    rows.retain(|row| row.total > 0);
    rows.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.practice_area.cmp(&b.practice_area)));
    rows
}
