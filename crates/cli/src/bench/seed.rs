//! Indexes of made-up firms, for the lists.
//!
//! The rows are written by the index's own statements, straight into an index, in large transactions: through a journal a million
//! conversations would take longer than everything else together, and a list reads nothing else.

use std::path::Path;

use engage_domain::{
    ConversationId, FirmId, PracticeArea, Timestamp, UserId, Version,
    conversation::{ConflictStatus, Phase, Status},
};
use engage_index::{ConversationRow, IndexRow, SCHEMA};
use engage_journal::Sql;
use engage_native::sqlite::Db;

/// When the first conversation began: 2024-01-01.
pub(super) const BEGAN: Timestamp = Timestamp::from_millis(1_704_067_200_000);
/// Over how long they began, whatever their number: two years.
pub(super) const SPAN_MS: i64 = 2 * 365 * DAY_MS;
const DAY_MS: i64 = 86_400_000;
const BATCH: u64 = 20_000;

/// The practice areas, of a quarter of the conversations each.
pub(super) const AREAS: [&str; 4] = ["family_law", "employment_law", "immigration", "personal_injury"];

/// Somebody who is responsible for a quarter of the conversations, so that there is a page 100 in a small firm too.
pub(super) fn person(number: u64) -> UserId {
    UserId::from_ulid(ulid::Ulid(u128::from(number) + 1))
}

/// Numbers that look drawn at random and are the same every time (SplitMix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// The conversation with that number of so many.
fn row(firm: &FirmId, number: u64, of: u64) -> anyhow::Result<ConversationRow> {
    let mut draw = Draw(number.wrapping_mul(1_000_003));
    let offset = i128::from(SPAN_MS) * i128::from(number) / i128::from(of);
    let created_at = BEGAN.plus_millis(i64::try_from(offset)?);
    let random = u128::from(draw.below(u64::MAX));
    let id = ulid::Ulid::from_parts(u64::try_from(created_at.as_millis())?, random);
    let (status, phase) = match draw.below(100) {
        0..30 => (Status::Active, Phase::DataGathering),
        30..60 => (Status::Active, Phase::PreLogin),
        60..95 => (Status::Completed, Phase::Completed),
        _ => (Status::Terminated, Phase::Terminated),
    };
    let conflict_status = match draw.below(100) {
        0..60 => ConflictStatus::Clear,
        60..95 => ConflictStatus::Pending,
        _ => ConflictStatus::ConflictDetected,
    };
    let area: PracticeArea = AREAS[draw.below(4) as usize].parse()?;
    let name = format!("Client {}", draw.below(of));
    Ok(ConversationRow {
        firm_id: firm.clone(),
        session_id: ConversationId::from_ulid(id),
        user_id: None,
        client_sort: (*name.to_lowercase()).into(),
        client_email: Some((*format!("client{number}@example.com")).into()),
        client_name: Some((*name).into()),
        practice_area: Some(area),
        status,
        phase,
        assigned_to: Some(person(draw.below(4))),
        conflict_status,
        goals_completed: 1,
        goals_total: 3,
        data_quality_score: draw.below(101) as u8,
        created_at,
        last_activity: created_at.plus_millis(draw.below(30 * DAY_MS as u64) as i64),
        is_deleted: false,
        version: Version(2),
    })
}

/// Makes an index of `count` conversations.
pub(super) fn index(path: &Path, firm: &FirmId, count: u64) -> anyhow::Result<()> {
    let mut db = Db::index(path)?;
    db.transaction(|db| db.script(SCHEMA))?;
    // What the disk holds while it is made does not matter; how it is read later is up to the reader.
    db.script("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")?;
    for first in (0..count).step_by(BATCH as usize) {
        db.begin()?;
        for number in first..(first + BATCH).min(count) {
            let statement = row(firm, number, count)?.to_statement();
            db.execute(&statement.sql, &statement.values())?;
        }
        db.commit()?;
    }
    db.script("PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}
