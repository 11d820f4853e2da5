//! The reports, against counting in memory.

use std::collections::{BTreeMap, BTreeSet};

use engage_domain::{EntryId, Outcome, Role, User, UserId, Version, text::Private};
use engage_index::{
    AuditRow, IndexRow, Limit, Range, projection,
    reports::{AccessCount, AccessesOfDay, ConflictCount, ConflictCounts},
};
use engage_journal::Sql;
use proptest::{collection::vec, option, prelude::*, sample::select};
use ulid::Ulid;

use crate::{
    db::Db,
    sample::{at, firm, user},
};

/// `accessXdenied` is what a wildcard would find, and the last two lie on either side of the prefix.
const ACTIONS: &[&str] =
    &["access_conversation", "access_denied", "access_messages", "accessXdenied", "access", "message_added", "access`"];

prop_compose! {
    fn entry()(
        (actor, action, outcome) in (option::of(0u64..4), select(ACTIONS), select(&Outcome::ALL[..])),
        (kind, named) in (select(&["conversation", "user"][..]), option::weighted(0.8, 0u8..3)),
        ms in -2i64..12,
    ) -> AuditRow {
        AuditRow {
            firm_id: firm(),
            audit_id: EntryId::from_ulid(Ulid(0)),
            user_id: actor.map(user),
            action: action.into(),
            resource_type: kind.into(),
            resource_id: named.map(|n| format!("r{n}").into()),
            timestamp: at(ms),
            ip_address: None,
            user_agent: None,
            outcome,
            details: "{}".into(),
            seq: 0,
            version: Version(1),
        }
    }
}

/// Counts by hand: whoever looked most first, then by id, nobody's id being the smallest.
fn counted(rows: &[AuditRow], wanted: Option<UserId>, day: Range) -> Vec<AccessCount> {
    let mut users: BTreeMap<Option<UserId>, Vec<&AuditRow>> = BTreeMap::new();
    for row in rows {
        let asked = wanted.is_none_or(|user| row.user_id == Some(user));
        if asked && day.contains(row.timestamp) && row.action.starts_with("access_") {
            users.entry(row.user_id).or_default().push(row);
        }
    }
    let known = |id: Option<UserId>| id.is_some_and(|id| id != user(3));
    let count = |(user_id, rows): (Option<UserId>, Vec<&AuditRow>)| {
        let things = rows.iter().filter_map(|row| row.resource_id.as_ref().map(|id| (&row.resource_type, id)));
        AccessCount {
            user_id,
            user_name: known(user_id).then(|| "Ann".into()),
            user_role: known(user_id).then_some(Role::Attorney),
            accesses: rows.len() as u64,
            resources: things.collect::<BTreeSet<_>>().len() as u64,
            blocked: rows.iter().filter(|row| row.outcome == Outcome::Blocked).count() as u64,
        }
    };
    let mut counts: Vec<_> = users.into_iter().map(count).collect();
    counts.sort_by_key(|count| (std::cmp::Reverse(count.accesses), count.user_id));
    counts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_days_accesses_are_what_counting_by_hand_gives(
        drawn in vec(entry(), 0..60),
        wanted in option::of(0u64..4),
        (from, length) in (0i64..6, 0i64..6),
        limit in 1u32..4,
    ) {
        let mut db = Db::new();
        for n in 0..3 {
            let name = Some(Private::from("Ann"));
            let state = User { version: Version(1), name, role: Some(Role::Attorney), ..User::default() };
            db.run(&projection::user_row(&firm(), user(n), &state).to_statement());
        }
        let rows: Vec<_> = (0..).zip(drawn).map(|(n, row)| AuditRow { audit_id: EntryId::from_ulid(Ulid(n)), ..row }).collect();
        for row in &rows {
            db.run(&row.to_statement());
            db.run(&AuditRow { firm_id: "other".parse().unwrap(), ..row.clone() }.to_statement());
        }
        let (from, to, limit) = (at(from), at(from + length), Limit::new(limit).unwrap());
        let (mut day, mut found) = (AccessesOfDay { firm: firm(), user: wanted.map(user), from, to, after: None, limit }, vec![]);
        loop {
            let mut page = db.all(&day);
            let more = page.len() > limit.get() as usize;
            page.truncate(limit.get() as usize);
            day.after = page.last().map(AccessesOfDay::place_behind);
            found.extend(page);
            if !more {
                break;
            }
        }
        prop_assert_eq!(found, counted(&rows, wanted.map(user), Range::new(Some(from), Some(to)).unwrap()));
    }

    #[test]
    fn conflicts_are_what_counting_by_hand_gives(
        drawn in vec((
            option::of(select(&["client", "matter"][..])),
            option::of(select(&["exact", "alias"][..])),
            select(&["detected", "cleared", "confirmed"][..]),
            option::of(0u8..5),
            option::of(0i64..6),
        ), 0..40),
        (from, length) in (option::of(0i64..6), option::of(0i64..6)),
    ) {
        let mut db = Db::new();
        let detected = Range::new(from.map(at), length.map(|length| at(from.unwrap_or(0) + length))).unwrap();
        let mut groups: BTreeMap<_, Vec<Option<f64>>> = BTreeMap::new();
        for (n, (conflict_type, match_type, status, confidence, when)) in drawn.into_iter().enumerate() {
            let confidence = confidence.map(|quarters| f64::from(quarters) / 4.0);
            let text = |value: Option<String>| value.map_or("NULL".to_owned(), |value| format!("'{value}'"));
            for firm in ["acme", "other"] {
                db.script(&format!(
                    "INSERT INTO conflict_detection_index (firmId, conflictId, conflictType, matchType, confidence, detectedAt, status, version)
                     VALUES ('{firm}', '{n:03}', {}, {}, {}, {}, '{status}', 1)",
                    text(conflict_type.map(str::to_owned)),
                    text(match_type.map(str::to_owned)),
                    confidence.map_or("NULL".to_owned(), |confidence| confidence.to_string()),
                    text(when.map(|ms| at(ms).to_string())),
                )).unwrap();
            }
            let unbounded = detected == Range::ALL;
            if when.map_or(unbounded, |ms| detected.contains(at(ms))) {
                groups.entry((conflict_type, match_type, status)).or_default().push(confidence);
            }
        }
        let mut expected: Vec<_> = groups.into_iter().map(|((conflict_type, match_type, status), confidences)| {
            let known: Vec<_> = confidences.iter().flatten().copied().collect();
            let count = confidences.len() as u64;
            ConflictCount {
                conflict_type: conflict_type.map(Into::into),
                match_type: match_type.map(Into::into),
                status: status.into(),
                count,
                // Quarters add up without an error.
                average_confidence: (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64),
                confirmed: if status == "confirmed" { count } else { 0 },
                cleared: if status == "cleared" { count } else { 0 },
            }
        }).collect();
        // Stable: groups of one size stay in the order of their words, absent ones first.
        expected.sort_by_key(|group| std::cmp::Reverse(group.count));
        prop_assert_eq!(db.all(&ConflictCounts { firm: firm(), detected }), expected);
    }
}
