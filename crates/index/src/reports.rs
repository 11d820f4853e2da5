//! What the rows come to, counted: who looked at the firm's data, and what conflicts were found.

use std::{fmt, str::FromStr};

use engage_domain::{FirmId, Role, Timestamp, UserId, text::Private};
use engage_journal::{self as journal, Row};
use serde::{Deserialize, Serialize};

use crate::{
    Param, Query, Statement, Table,
    conversations::CursorError,
    page::{Limit, Range},
    place, rows,
    statement::Draft,
};

/// One page of who looked at what within one day: a row a user, whoever looked most first, then by id. Visitors and the platform itself
/// share the row without a user, which counts as the smallest id.
///
/// Looks are the actions that begin with `access_`, the refused ones among them. Without a user they are found through the index of
/// actions, one walk each, so that a day costs as many rows as it has looks, however much else was recorded.
#[derive(Clone, Debug)]
pub struct AccessesOfDay {
    /// The firm.
    pub firm: FirmId,
    /// This user's alone.
    pub user: Option<UserId>,
    /// The first instant of the day that counts.
    pub from: Timestamp,
    /// The first instant that no longer does.
    pub to: Timestamp,
    /// Behind which row the page begins; none: at the first.
    pub after: Option<AccessPlace>,
    /// Most rows of the page.
    pub limit: Limit,
}

/// Where a page within one day ended: the last row's count and user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessPlace(pub u64, pub Option<UserId>);

/// Where a page of the report over several days ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayPlace {
    /// The day, `YYYY-MM-DD`.
    pub date: Box<str>,
    /// The place in it.
    pub place: AccessPlace,
}

impl fmt::Display for DayPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place::write(self, f)
    }
}

impl FromStr for DayPlace {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let found: Self = place::read(text)?;
        let fits = i64::try_from(found.place.0).is_ok();
        if fits { Ok(found) } else { Err(CursorError::Malformed) }
    }
}

/// What one user looked at within one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessCount {
    /// The user; none for visitors and for the platform itself.
    pub user_id: Option<UserId>,
    /// Their name.
    pub user_name: Option<Private>,
    /// Their role today.
    pub user_role: Option<Role>,
    /// How often they looked or tried to.
    pub accesses: u64,
    /// At how many different things.
    pub resources: u64,
    /// How often they were refused.
    pub blocked: u64,
}

impl AccessesOfDay {
    /// The actions of the firm's trail that begin with `access_`, found one after another. `_` is no wildcard here, and the character behind
    /// it is the backtick.
    const ACTIONS: &str = "WITH RECURSIVE kind (action) AS (
           SELECT (SELECT min(f.action) FROM audit_log_index AS f INDEXED BY idx_firm_audit_action
             WHERE f.firmId = ?1 AND f.action >= 'access_' AND f.action < 'access`')
           UNION ALL
           SELECT (SELECT min(n.action) FROM audit_log_index AS n INDEXED BY idx_firm_audit_action
             WHERE n.firmId = ?1 AND n.action > kind.action AND n.action < 'access`')
           FROM kind WHERE kind.action IS NOT NULL) ";

    /// The place behind `row`.
    pub fn place_behind(row: &AccessCount) -> AccessPlace {
        AccessPlace(row.accesses, row.user_id)
    }
}

impl Query for AccessesOfDay {
    type Row = AccessCount;

    /// One row more than the page has, whose presence says that there is a next page.
    fn statement(&self) -> Statement {
        const COUNTED: &str = "SELECT t.userId, u.name, u.role, t.accesses, t.resources, t.blocked FROM (
             SELECT a.userId AS userId, count(*) AS accesses,
               count(DISTINCT a.resourceType || '/' || a.resourceId) AS resources,
               count(CASE WHEN a.outcome = 'blocked' THEN 1 END) AS blocked FROM ";
        const GROUPED: &str =
            " GROUP BY a.userId) AS t LEFT JOIN user_index AS u ON u.firmId = ?1 AND u.userId = t.userId
             WHERE (t.accesses < ?4 OR (t.accesses = ?4 AND ifnull(t.userId, '') > ?5))
             ORDER BY t.accesses DESC, ifnull(t.userId, '') LIMIT ?6";
        let (accesses, user) = match self.after {
            // Behind nothing: no count is as high.
            None => (i64::MAX >> 10, Param::from("")),
            Some(AccessPlace(accesses, user)) => {
                (i64::try_from(accesses).unwrap_or(i64::MAX >> 10), user.map_or_else(|| Param::from(""), Param::from))
            }
        };
        let mut params = vec![
            (&self.firm).into(),
            self.from.into(),
            self.to.into(),
            accesses.into(),
            user,
            (i64::from(self.limit.get()) + 1).into(),
        ];
        let sql = match self.user {
            None => format!(
                "{}{COUNTED}kind CROSS JOIN audit_log_index AS a INDEXED BY idx_firm_audit_action
                   WHERE a.firmId = ?1 AND a.action = kind.action AND a.timestamp >= ?2 AND a.timestamp < ?3{GROUPED}",
                Self::ACTIONS
            ),
            Some(user) => {
                params.push(user.into());
                format!(
                    "{COUNTED}audit_log_index AS a INDEXED BY idx_firm_audit_user
                       WHERE a.firmId = ?1 AND a.userId = ?7 AND a.timestamp >= ?2 AND a.timestamp < ?3
                         AND a.action >= 'access_' AND a.action < 'access`'{GROUPED}"
                )
            }
        };
        Statement::new(sql, params)
    }

    fn decode(row: &dyn Row) -> Result<AccessCount, journal::Error> {
        let user_id = row.maybe_text(0)?.map(|_| rows::parse(Table::User, row, 0)).transpose()?;
        Ok(AccessCount {
            user_id,
            user_name: row.maybe_text(1)?.map(Private::from),
            user_role: rows::maybe_word(Table::User, row, 2, Role::parse)?,
            accesses: rows::unsigned(Table::Audit, row, 3)?,
            resources: rows::unsigned(Table::Audit, row, 4)?,
            blocked: rows::unsigned(Table::Audit, row, 5)?,
        })
    }
}

/// The conflicts found in a span of time, counted by what they concern, how they were matched and what became of them; the most frequent
/// first. The vocabulary bounds the answer: 100 rows at most. One that nobody has dated lies in no span with a bound.
#[derive(Clone, Debug)]
pub struct ConflictCounts {
    /// The firm.
    pub firm: FirmId,
    /// When they were detected.
    pub detected: Range,
}

/// So many conflicts of one sort.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictCount {
    /// What they concern.
    pub conflict_type: Option<Box<str>>,
    /// How they were matched.
    pub match_type: Option<Box<str>>,
    /// What became of them.
    pub status: Box<str>,
    /// How many.
    pub count: u64,
    /// How sure the match was on average, 0 to 1; none where no row says.
    pub average_confidence: Option<f64>,
    /// How many of them are confirmed.
    pub confirmed: u64,
    /// How many of them are cleared.
    pub cleared: u64,
}

impl Query for ConflictCounts {
    type Row = ConflictCount;

    fn statement(&self) -> Statement {
        let sql = "SELECT conflictType, matchType, status, count(*), avg(confidence),
               count(CASE WHEN status = 'confirmed' THEN 1 END), count(CASE WHEN status = 'cleared' THEN 1 END)
             FROM conflict_detection_index WHERE firmId = ?1";
        let mut draft = Draft::of_firm(sql.to_owned(), &self.firm);
        draft.compare("detectedAt", ">=", self.detected.from());
        draft.compare("detectedAt", "<", self.detected.to());
        draft.ending(" GROUP BY conflictType, matchType, status ORDER BY 4 DESC, 1, 2, 3 LIMIT 100")
    }

    fn decode(row: &dyn Row) -> Result<ConflictCount, journal::Error> {
        Ok(ConflictCount {
            conflict_type: row.maybe_text(0)?.map(Box::from),
            match_type: row.maybe_text(1)?.map(Box::from),
            status: row.text(2)?.into(),
            count: rows::unsigned(Table::Conflict, row, 3)?,
            average_confidence: row.maybe_real(4)?,
            confirmed: rows::unsigned(Table::Conflict, row, 5)?,
            cleared: rows::unsigned(Table::Conflict, row, 6)?,
        })
    }
}
