//! How a firm's days compare: what was begun, and how far it has come.

use engage_domain::{
    FirmId, Timestamp,
    conversation::{Phase, Status},
};
use engage_journal::{self as journal, Row};

use super::tally::{areas, hours, mean};
use crate::{Param, Query, Statement};

/// How many conversations begun in each of a row of spans have come to each status and phase.
///
/// The spans travel as one bound value, a JSON array of their ends: a year's days would be more parameters than D1 takes, and asked for
/// in several statements they would not be of one moment.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The firm.
    pub firm: FirmId,
    /// The instants at which one span ends and the next begins, ascending; a span that ends where it begins is empty. At most
    /// [`Progress::BOUNDS_MAX`].
    pub bounds: Vec<Timestamp>,
}

/// How many conversations of one span have one status and one phase; never none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgressCount {
    /// Which span, from 0: it begins at the bound of that place.
    pub span: usize,
    /// The status.
    pub status: Status,
    /// The phase.
    pub phase: Phase,
    /// How many.
    pub count: u64,
}

impl Progress {
    /// Most bounds: two years of days.
    pub const BOUNDS_MAX: usize = 1_000;
}

/// The spans between bounds as one value: a JSON array of their ends.
pub(super) fn spans(bounds: &[Timestamp]) -> Param {
    let spans: Vec<_> = bounds.windows(2).map(|ends| format!("[\"{}\",\"{}\"]", ends[0], ends[1])).collect();
    Param::text(format!("[{}]", spans.join(",")))
}

/// `('active', 'pre_login'), …`: every pair of a status and a phase, as rows.
fn pairs() -> String {
    let pairs = Status::ALL.into_iter().flat_map(|status| Phase::ALL.map(|phase| (status, phase)));
    let rows: Vec<_> = pairs.map(|(status, phase)| format!("('{}', '{}')", status.as_str(), phase.as_str())).collect();
    rows.join(", ")
}

impl Query for Progress {
    type Row = ProgressCount;

    /// For each span and pair one walk along the index between two of its places, which counts and reads nothing.
    fn statement(&self) -> Statement {
        static SQL: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            format!(
                "WITH pair(status, phase) AS (VALUES {})
                 SELECT * FROM (
                     SELECT span.key AS span, pair.status, pair.phase,
                         (SELECT count(*) FROM conversation_index AS c INDEXED BY idx_firm_progress
                          WHERE c.firmId = ?1 AND c.isDeleted = 0 AND c.status = pair.status AND c.phase = pair.phase
                            AND c.createdAt >= span.value ->> 0 AND c.createdAt < span.value ->> 1) AS found
                     FROM json_each(?2) AS span CROSS JOIN pair
                     LIMIT ?3)
                 WHERE found > 0",
                pairs()
            )
        });
        assert!(self.bounds.len() <= Self::BOUNDS_MAX, "more spans than one statement may walk");
        let most = self.bounds.len() * Status::ALL.len() * Phase::ALL.len();
        let params =
            vec![Param::from(&self.firm), spans(&self.bounds), Param::Integer(i64::try_from(most).unwrap_or(i64::MAX))];
        Statement::new(&**SQL, params)
    }

    fn decode(row: &dyn Row) -> Result<ProgressCount, journal::Error> {
        let corrupt = || journal::Error::Corrupt("a count of conversations that was not asked for".into());
        Ok(ProgressCount {
            span: usize::try_from(row.integer(0)?).map_err(|_| corrupt())?,
            status: Status::parse(row.text(1)?).ok_or_else(corrupt)?,
            phase: Phase::parse(row.text(2)?).ok_or_else(corrupt)?,
            count: u64::try_from(row.integer(3)?).map_err(|_| corrupt())?,
        })
    }
}

/// What the conversations begun in two spans come to on average; the second span begins where the first ends. One row.
#[derive(Clone, Debug)]
pub struct Means {
    /// The firm.
    pub firm: FirmId,
    /// Where the first span begins, where it ends and the second begins, where that ends; ascending.
    pub bounds: [Timestamp; 3],
}

/// What those of one span come to; none of none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    /// Mean hours from the beginning of a completed one to its last activity.
    pub hours_to_completion: Option<f64>,
    /// Mean data quality of all, 0 to 100.
    pub data_quality: Option<f64>,
}

impl Query for Means {
    /// That of the first span, and of the second.
    type Row = [Mean; 2];

    /// One walk an area for both spans.
    fn statement(&self) -> Statement {
        macro_rules! sums {
            ($of:literal, $span:literal) => {
                concat!(
                    "count(",
                    $of,
                    ") FILTER (WHERE createdAt ",
                    $span,
                    " ?3), ",
                    "total(",
                    $of,
                    ") FILTER (WHERE createdAt ",
                    $span,
                    " ?3)"
                )
            };
        }
        const SQL: &str = concat!(
            areas!(),
            " SELECT ", sums!("completionMs", "<"), ", ", sums!("dataQualityScore", "<"), ", ",
            sums!("completionMs", ">="), ", ", sums!("dataQualityScore", ">="),
            " FROM area CROSS JOIN conversation_index INDEXED BY idx_firm_area_created
             WHERE firmId = ?1 AND isDeleted = 0 AND practiceArea IS nullif(name, '') AND createdAt >= ?2 AND createdAt < ?4"
        );
        let [first, second, end] = self.bounds;
        Statement::new(SQL, vec![(&self.firm).into(), first.into(), second.into(), end.into()])
    }

    fn decode(row: &dyn Row) -> Result<[Mean; 2], journal::Error> {
        let of = |at| -> Result<Option<f64>, journal::Error> {
            let count = u64::try_from(row.integer(at)?).unwrap_or(0);
            Ok(mean(row.maybe_real(at + 1)?.unwrap_or(0.0), count))
        };
        let span = |at| Ok(Mean { hours_to_completion: of(at)?.map(hours), data_quality: of(at + 2)? });
        Ok([span(0)?, span(4)?])
    }
}
