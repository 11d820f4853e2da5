//! Several aggregates of one walk, out of one subquery: SQL lets it give one value alone, so it gives a JSON array.
//!
//! A subquery for each group walks its index in order, where `GROUP BY` over a join would first sort everything that it counts.

use engage_journal::{self as journal, Row};
use serde::de::DeserializeOwned;

/// A table expression `area(name)` of the practice areas that the firm `?1` has conversations in, `''` for those without one, each found
/// by one step into the index behind the one before. No area's slug is empty.
macro_rules! areas {
    () => {
        "WITH RECURSIVE found(name) AS (
            VALUES ('')
            UNION ALL
            SELECT (SELECT practiceArea FROM conversation_index INDEXED BY idx_firm_area_created
                WHERE firmId = ?1 AND isDeleted = 0 AND practiceArea > found.name ORDER BY practiceArea LIMIT 1)
            FROM found WHERE name IS NOT NULL),
        area(name) AS (SELECT name FROM found WHERE name IS NOT NULL)"
    };
}

pub(super) use areas;

/// Reads the JSON array at `at`.
pub(super) fn tally<T: DeserializeOwned>(row: &dyn Row, at: usize) -> Result<T, journal::Error> {
    let text = row.text(at)?;
    serde_json::from_str(text).map_err(|error| journal::Error::Corrupt(format!("{text:?} for a tally: {error}")))
}

/// `sum / count`, none of nothing.
pub(super) fn mean(sum: f64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

/// Milliseconds as hours.
pub(super) fn hours(ms: f64) -> f64 {
    ms / 3_600_000.0
}
