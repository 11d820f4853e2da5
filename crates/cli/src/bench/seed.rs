//! Indexes of made-up firms, for the lists.
//!
//! The rows are written by the index's own statements, straight into an index, in large transactions: through a journal a million
//! conversations would take longer than everything else together, and a list reads nothing else.

use std::path::{Path, PathBuf};

use engage_domain::{
    ConflictId, ConversationId, EntryId, FirmId, Outcome, PracticeArea, Role, Timestamp, UserId, Version,
    conversation::{AssignmentStatus, ConflictStatus, Phase, Priority, Status},
    registry::{ConflictState, ConflictType, MatchType, Resolution},
    user::UserStatus,
};
use engage_index::{
    AssignmentRow, AuditRow, ConflictRow, ConversationRow, IndexRow, PassageRow, SCHEMA, Statement, UserRow,
    rows::DetectedBy,
};
use engage_journal::Sql;
use engage_native::sqlite::Db;

use super::{dice::Dice, rig::Rig};

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

/// The conversation with that number of so many.
fn row(firm: &FirmId, number: u64, of: u64) -> anyhow::Result<ConversationRow> {
    let mut draw = Dice::new(number.wrapping_mul(1_000_003));
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
        // A tenth waits for somebody.
        assigned_to: (draw.below(10) > 0).then(|| person(draw.below(4))),
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

/// The index of a firm of `count` conversations; made when it is first asked for.
pub(super) fn once(rig: &Rig, firm: &FirmId, count: u64) -> anyhow::Result<PathBuf> {
    let path = rig.path(&format!("index-{count}.db"));
    if !path.exists() {
        index(&path, firm, count)?;
    }
    Ok(path)
}

/// Makes an index of `count` conversations.
fn index(path: &Path, firm: &FirmId, count: u64) -> anyhow::Result<()> {
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
    people(&mut db, firm, count)?;
    db.script("PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

/// How many people a firm of so many conversations has: 2,000 of a million.
fn staff(conversations: u64) -> u64 {
    (conversations / 500).max(4)
}

/// The firm's people, an assignment for three conversations in ten, a conflict for one in ten, three entries and two passages for each.
fn people(db: &mut Db, firm: &FirmId, count: u64) -> anyhow::Result<()> {
    let staff = staff(count);
    let put = |db: &mut Db, statement: &Statement| db.execute(&statement.sql, &statement.values()).map(drop);
    db.begin()?;
    for number in 0..staff {
        put(db, &user(firm, number).to_statement())?;
    }
    db.commit()?;
    for first in (0..count).step_by(BATCH as usize) {
        db.begin()?;
        let (mut entries, mut passages) = (vec![], vec![]);
        for number in first..(first + BATCH).min(count) {
            let conversation = row(firm, number, count)?;
            if number % 10 < 3 {
                put(db, &assignment(firm, &conversation, number, staff).to_statement())?;
            }
            if number % 10 == 3 {
                put(db, &conflict(firm, &conversation, number).to_statement())?;
            }
            passages.extend([0, 1].map(|of| passage(firm, &conversation, 2 * number + of)));
            entries.extend((0..3).map(|of| entry(firm, &conversation, 3 * number + of, staff)));
        }
        let (batches, rest) = entries.as_chunks();
        for batch in batches {
            put(db, &AuditRow::batch_statement(batch))?;
        }
        for entry in rest {
            put(db, &entry.to_statement())?;
        }
        put(db, &PassageRow::batch_statement(&passages)?)?;
        db.commit()?;
    }
    Ok(())
}

fn user(firm: &FirmId, number: u64) -> UserRow {
    UserRow {
        firm_id: firm.clone(),
        user_id: person(number),
        subject: None,
        email: Some((*format!("user{number}@example.com")).into()),
        name: Some((*format!("User {number}")).into()),
        role: Some(Role::ASSIGNABLE[number as usize % 4]),
        status: UserStatus::Active,
        last_login: Some(BEGAN),
        created_at: BEGAN,
        version: Version(1),
        conversation_count: 0,
        assigned_conversation_count: 0,
    }
}

fn assignment(firm: &FirmId, conversation: &ConversationRow, number: u64, staff: u64) -> AssignmentRow {
    let mut draw = Dice::new(number.wrapping_mul(2_000_003));
    let active = conversation.status == Status::Active;
    AssignmentRow {
        firm_id: firm.clone(),
        session_id: conversation.session_id,
        assigned_to: person(draw.below(staff)),
        assigned_by: None,
        assigned_at: conversation.created_at,
        status: if active { AssignmentStatus::Active } else { AssignmentStatus::Completed },
        priority: Priority::ALL[draw.below(4) as usize],
        due_date: (draw.below(4) > 0)
            .then(|| conversation.created_at.plus_millis(draw.below(90 * DAY_MS as u64) as i64)),
        estimated_hours: Some(draw.below(40) as f64 / 4.0),
        actual_hours: None,
        notes: None,
        version: Version(2),
    }
}

/// A conflict, as the registry finds one.
fn conflict(firm: &FirmId, conversation: &ConversationRow, number: u64) -> ConflictRow {
    let mut draw = Dice::new(number.wrapping_mul(3_000_003));
    let conflict_type = ConflictType::ALL[draw.below(4) as usize];
    let match_type = MatchType::ALL[draw.below(4) as usize];
    let status = ConflictState::ALL[draw.below(4) as usize];
    let resolution = match status {
        ConflictState::Detected | ConflictState::Reviewing => None,
        ConflictState::Cleared => Some(Resolution::NoConflict),
        ConflictState::Confirmed => Some(Resolution::CannotRepresent),
    };
    ConflictRow {
        firm_id: firm.clone(),
        conflict_id: ConflictId::from_ulid(ulid::Ulid(u128::from(number))),
        session_id: Some(conversation.session_id),
        conflict_type,
        conflict_entity: format!("Party {number}").as_str().into(),
        match_type,
        confidence: 0.9,
        detected_at: conversation.created_at,
        detected_by: DetectedBy::System,
        status,
        resolved_at: resolution.map(|_| conversation.last_activity),
        resolved_by: None,
        resolution,
        notes: None,
        party_name: conversation.client_name.clone().unwrap_or_default(),
        other_session_id: None,
        version: Version(1),
    }
}

/// How many different words are said.
const VOCABULARY: u64 = 20_000;

/// The word that is the `rank`th most common: said about as often as real ones, each half as often as the one of half its rank.
pub(super) fn word(rank: u64) -> String {
    format!("word{rank}")
}

/// What is known of a conversation's client (even numbers), or twenty words that were said.
fn passage(firm: &FirmId, conversation: &ConversationRow, number: u64) -> PassageRow {
    let mut draw = Dice::new(number.wrapping_mul(5_000_003));
    let mut said = || word(draw.rank(VOCABULARY));
    let named = number.is_multiple_of(2);
    let message = (!named).then(|| (0..20).map(|_| said()).collect::<Vec<_>>().join(" ").as_str().into());
    let at = u64::try_from(conversation.created_at.as_millis()).unwrap_or(0);
    PassageRow {
        firm_id: firm.clone(),
        passage_id: EntryId::from_ulid(ulid::Ulid::from_parts(at, u128::from(number))),
        session_id: conversation.session_id,
        client_name: conversation.client_name.clone().filter(|_| named),
        client_email: conversation.client_email.clone().filter(|_| named),
        situation: None,
        message,
        version: Version(number % 2 + 1),
    }
}

/// The entry with that number; four in ten are looks.
fn entry(firm: &FirmId, conversation: &ConversationRow, number: u64, staff: u64) -> AuditRow {
    let mut draw = Dice::new(number.wrapping_mul(4_000_003));
    let at = conversation.created_at.plus_millis((number % 3) as i64);
    let action = match draw.below(10) {
        0..3 => "access_conversation",
        3 => "access_messages",
        4 => "identity_updated",
        _ => "message_added",
    };
    let id = ulid::Ulid::from_parts(u64::try_from(at.as_millis()).unwrap_or(0), u128::from(number));
    AuditRow {
        firm_id: firm.clone(),
        audit_id: EntryId::from_ulid(id),
        user_id: Some(person(draw.below(staff))),
        action: action.into(),
        resource_type: "conversation".into(),
        resource_id: Some((*conversation.session_id.to_string()).into()),
        timestamp: at,
        ip_address: Some("192.0.2.1".into()),
        user_agent: Some("engage-bench/1".into()),
        outcome: if draw.below(100) == 0 { Outcome::Blocked } else { Outcome::Success },
        details: "{}".into(),
        seq: i64::try_from(number).unwrap_or(0) + 1,
        version: Version(2),
    }
}
