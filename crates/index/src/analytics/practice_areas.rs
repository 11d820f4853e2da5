//! How the firm's practice areas fare.

use engage_domain::{FirmId, PracticeArea, Timestamp};
use engage_journal::{self as journal, Row};

use super::{
    overview::spans,
    tally::{areas, hours, mean, tally},
};
use crate::{Param, Query, Statement};

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

    /// For each area one walk along the index, which begins at the span.
    fn statement(&self) -> Statement {
        macro_rules! sql {
            ($since:literal) => {
                concat!(
                    areas!(),
                    " SELECT name, (SELECT json_array(count(*), count(completionMs), total(dataQualityScore), total(completionMs))
                         FROM conversation_index INDEXED BY idx_firm_area_created
                         WHERE firmId = ?1 AND isDeleted = 0 AND practiceArea IS nullif(name, '')",
                    $since,
                    ") FROM area LIMIT ?2"
                )
            };
        }
        let mut params = vec![(&self.firm).into(), i64::from(Self::AREAS_MAX).into()];
        params.extend(self.since.map(Into::into));
        match self.since {
            Some(_) => Statement::new(sql!(" AND createdAt >= ?3"), params),
            None => Statement::new(sql!(""), params),
        }
    }

    fn decode(row: &dyn Row) -> Result<PracticeAreaRow, journal::Error> {
        let (total, completed, quality, ms): (u64, u64, f64, f64) = tally(row, 1)?;
        Ok(PracticeAreaRow {
            practice_area: area(row.text(0)?)?,
            total,
            completed,
            average_data_quality: mean(quality, total),
            average_hours_to_completion: mean(ms, completed).map(hours),
        })
    }
}

/// The area of a slug; none of an empty one.
fn area(slug: &str) -> Result<Option<PracticeArea>, journal::Error> {
    let area = (!slug.is_empty()).then(|| slug.parse()).transpose();
    area.map_err(|_| journal::Error::Corrupt(format!("{slug:?} in conversation_index.practiceArea")))
}

/// How many conversations were begun in each practice area in each of a row of spans.
#[derive(Clone, Debug)]
pub struct PracticeAreaSpans {
    /// The firm.
    pub firm: FirmId,
    /// The instants at which one span ends and the next begins, ascending; at most [`PracticeAreaSpans::BOUNDS_MAX`].
    pub bounds: Vec<Timestamp>,
}

/// How many conversations of one area were begun in one span; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PracticeAreaCount {
    /// The area; none: conversations without one.
    pub practice_area: Option<PracticeArea>,
    /// Which span, from 0: it begins at the bound of that place.
    pub span: usize,
    /// How many.
    pub count: u64,
}

impl PracticeAreaSpans {
    /// Most bounds: a year of weeks.
    pub const BOUNDS_MAX: usize = 54;
}

impl Query for PracticeAreaSpans {
    type Row = PracticeAreaCount;

    /// For each area and span one walk along the index between two of its places, which counts and reads nothing.
    fn statement(&self) -> Statement {
        const SQL: &str = concat!(
            areas!(),
            " SELECT * FROM (
                 SELECT area.name, span.key AS span,
                     (SELECT count(*) FROM conversation_index INDEXED BY idx_firm_area_created
                      WHERE firmId = ?1 AND isDeleted = 0 AND practiceArea IS nullif(area.name, '')
                        AND createdAt >= span.value ->> 0 AND createdAt < span.value ->> 1) AS found
                 FROM area CROSS JOIN json_each(?2) AS span
                 LIMIT ?3)
             WHERE found > 0"
        );
        assert!(self.bounds.len() <= Self::BOUNDS_MAX, "more spans than one statement may walk");
        let most = self.bounds.len() as i64 * i64::from(PracticeAreas::AREAS_MAX);
        Statement::new(SQL, vec![Param::from(&self.firm), spans(&self.bounds), most.into()])
    }

    fn decode(row: &dyn Row) -> Result<PracticeAreaCount, journal::Error> {
        let corrupt = |_| journal::Error::Corrupt("a count of conversations that was not asked for".into());
        Ok(PracticeAreaCount {
            practice_area: area(row.text(0)?)?,
            span: usize::try_from(row.integer(1)?).map_err(corrupt)?,
            count: u64::try_from(row.integer(2)?).map_err(corrupt)?,
        })
    }
}

/// The areas with conversations in the span, most first, equal ones by their slug, none before any.
pub fn most_first(mut rows: Vec<PracticeAreaRow>) -> Vec<PracticeAreaRow> {
    rows.retain(|row| row.total > 0);
    rows.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.practice_area.cmp(&b.practice_area)));
    rows
}
