//! Conflicts: their rows, and the list of them.

use engage_domain::{
    ConflictId, PartyId, Version,
    registry::{
        Conflict, ConflictState, ConflictType, Detection, Evidence, MatchType, PartyRole, Resolution, Resolved,
    },
    text::Private,
};
use engage_index::{
    ConflictRow, IndexRow, Limit, Range, Table,
    conflicts::{ConflictFilters, ConflictList, ConflictPlace, Standing},
    projection,
    rows::DetectedBy,
};
use engage_journal::{Sql, registry::KeptConflict, sql};
use proptest::{collection::vec, option, prelude::*, sample::select};
use ulid::Ulid;

use crate::{
    db::Db,
    rows::walk,
    sample::{at, firm, session, user},
};

fn id(n: u64) -> ConflictId {
    ConflictId::from_ulid(Ulid::from_parts(n, 7))
}

/// Between parties of two conversations, found at `at(5)`.
fn kept(n: u64) -> KeptConflict {
    let party = |n| PartyId::from_ulid(Ulid::from_parts(n, 7));
    let detection = Detection {
        at: at(5),
        match_type: MatchType::Fuzzy,
        confidence: 0.75,
        evidence: Evidence::default(),
        rules: 1,
    };
    let conflict = Conflict {
        id: id(n),
        conflict_type: ConflictType::OpposingParty,
        party: party(1),
        role: PartyRole::Client,
        name: "Acme".into(),
        conversation: Some(session(1)),
        other: party(2),
        other_role: PartyRole::OpposingParty,
        other_name: "ACME Corp.".into(),
        other_conversation: Some(session(2)),
        detection,
        state: ConflictState::Detected,
        reviewer: None,
        notes: None,
        resolved: None,
        reopened: 0,
    };
    KeptConflict { version: Version(3), seq: 9, conflict }
}

#[test]
fn a_conflict_is_projected_column_by_column() {
    let mut open = kept(1);
    let row = projection::conflict_row(&firm(), &open);
    let expected = ConflictRow {
        firm_id: firm(),
        conflict_id: id(1),
        session_id: Some(session(1)),
        conflict_type: ConflictType::OpposingParty,
        conflict_entity: "ACME Corp.".into(),
        match_type: MatchType::Fuzzy,
        confidence: 0.75,
        detected_at: at(5),
        detected_by: DetectedBy::System,
        status: ConflictState::Detected,
        resolved_at: None,
        resolved_by: None,
        resolution: None,
        notes: None,
        party_name: "Acme".into(),
        other_session_id: Some(session(2)),
        version: Version(3),
    };
    assert_eq!(row, expected);

    open.conflict.state = ConflictState::Reviewing;
    open.conflict.notes = Some("asked the partner".into());
    let row = projection::conflict_row(&firm(), &open);
    assert_eq!((row.status, row.notes), (ConflictState::Reviewing, Some("asked the partner".into())));

    let reason: Private = "another Acme".into();
    let (resolution, by) = (Resolution::NoConflict, Some(user(1)));
    open.conflict.state = resolution.state();
    open.conflict.resolved =
        Some(Resolved { resolution, reason: reason.clone(), artefact: None, declined: None, by, at: at(9) });
    let row = projection::conflict_row(&firm(), &open);
    assert_eq!((row.status, row.resolution, row.notes), (ConflictState::Cleared, Some(resolution), Some(reason)));
    assert_eq!((row.resolved_at, row.resolved_by), (Some(at(9)), Some(user(1))));
}

#[test]
fn a_conflict_of_one_conversation_names_it_once_whichever_party_has_it() {
    for (own, other, expected) in [
        (Some(session(1)), None, (Some(session(1)), None)),
        (None, Some(session(2)), (Some(session(2)), None)),
        (Some(session(1)), Some(session(1)), (Some(session(1)), None)),
        (Some(session(1)), Some(session(2)), (Some(session(1)), Some(session(2)))),
    ] {
        let mut kept = kept(1);
        (kept.conflict.conversation, kept.conflict.other_conversation) = (own, other);
        let row = projection::conflict_row(&firm(), &kept);
        assert_eq!((row.session_id, row.other_session_id), expected);
    }
}

#[test]
fn a_row_that_nobody_projected_is_not_read_as_a_conflict() {
    let mut db = Db::new();
    db.run(&projection::conflict_row(&firm(), &kept(1)).to_statement());
    let text = format!("SELECT {} FROM conflict_detection_index", Table::Conflict.columns().join(", "));
    for set in ["confidence = NULL", "conflictType = NULL", "detectedAt = 'yesterday'", "resolvedBy = 'Ann'"] {
        db.script(&format!("SAVEPOINT s; UPDATE conflict_detection_index SET {set}")).unwrap();
        assert!(sql::first(&mut db, &text, &[], ConflictRow::decode).is_err(), "{set}");
        db.script("ROLLBACK TO s; RELEASE s").unwrap();
    }
    assert!(sql::first(&mut db, &text, &[], ConflictRow::decode).unwrap().is_some());
}

prop_compose! {
    /// Few values, so that ties and matches abound.
    fn drawn()(
        (own, other) in (option::of(0u64..3), option::of(0u64..3)),
        (conflict_type, match_type) in (select(&ConflictType::ALL[..]), select(&MatchType::ALL[..])),
        state in select(&ConflictState::ALL[..]),
        confidence in prop_oneof![Just(-0.0), Just(1.0), 0.0..=1.0f64],
        detected in 0i64..5,
        (name, other_name) in (any::<String>(), any::<String>()),
        notes in option::of(any::<String>()),
        resolved in option::of((select(&Resolution::ALL[..]), any::<String>(), option::of(0u64..3))),
        version in 1u64..99,
    ) -> KeptConflict {
        let mut kept = kept(0);
        kept.version = Version(version);
        let conflict = &mut kept.conflict;
        (conflict.conversation, conflict.other_conversation) = (own.map(session), other.map(session));
        (conflict.conflict_type, conflict.detection.match_type) = (conflict_type, match_type);
        (conflict.detection.at, conflict.detection.confidence) = (at(detected), confidence);
        (conflict.name, conflict.other_name) = (Private::new(name), Private::new(other_name));
        (conflict.state, conflict.notes) = (state, notes.map(Private::new));
        conflict.resolved = resolved.map(|(resolution, reason, by)| Resolved {
            resolution,
            reason: Private::new(reason),
            artefact: None,
            declined: None,
            by: by.map(user),
            at: at(detected + 1),
        });
        kept
    }
}

prop_compose! {
    fn filters()(
        status in option::of(select(&Standing::ALL[..])),
        conflict_type in option::weighted(0.3, select(&ConflictType::ALL[..])),
        match_type in option::weighted(0.3, select(&MatchType::ALL[..])),
        conversation in option::of(0u64..3),
        (from, to) in (option::of(0i64..3), option::of(3i64..6)),
    ) -> ConflictFilters {
        let detected = Range::new(from.map(at), to.map(at)).unwrap();
        ConflictFilters { status, conflict_type, match_type, conversation: conversation.map(session), detected }
    }
}

/// Reads every page.
fn pages(db: &mut Db, filters: &ConflictFilters, limit: u32) -> Vec<ConflictRow> {
    let (filters, limit) = (filters.clone(), Limit::new(limit).unwrap());
    let (mut list, mut found) = (ConflictList { firm: firm(), filters, after: None, limit }, vec![]);
    loop {
        let rows = db.all(&list);
        let (rows, next) = list.page(rows);
        assert!(rows.len() <= limit.get() as usize);
        found.extend(rows);
        let Some(next) = next else { return found };
        list.after = Some(next.to_string().parse().unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn conflicts_are_what_a_sort_in_memory_gives(
        drawn in vec(drawn(), 0..20),
        filters in filters(),
        limit in 1u32..6,
    ) {
        let mut db = Db::new();
        let mut rows: Vec<_> = (0..).zip(drawn).map(|(n, mut kept)| {
            // Ids say nothing of the order of detection.
            kept.conflict.id = id(n * 7 % 20);
            projection::conflict_row(&firm(), &kept)
        }).collect();
        for row in &rows {
            db.run(&row.to_statement());
            // The same of another firm.
            db.run(&ConflictRow { firm_id: "other".parse().unwrap(), ..row.clone() }.to_statement());
        }
        let mut prints: Vec<_> = rows.iter().map(IndexRow::print).collect();
        prints.sort_by(|one, other| one.key.cmp(&other.key));
        prop_assert_eq!(walk(&mut db, Table::Conflict), prints, "a stored row has the digest of the projected one");
        rows.retain(|row| {
            filters.status.is_none_or(|standing| standing.holds(row.status))
                && filters.conflict_type.is_none_or(|sort| row.conflict_type == sort)
                && filters.match_type.is_none_or(|sort| row.match_type == sort)
                && filters.conversation.is_none_or(|one| [row.session_id, row.other_session_id].contains(&Some(one)))
                && filters.detected.contains(row.detected_at)
        });
        rows.sort_by_key(|row| std::cmp::Reverse((row.detected_at, row.conflict_id)));
        prop_assert_eq!(pages(&mut db, &filters, limit), rows);
    }

    #[test]
    fn a_conflicts_row_shows_its_latest_version_in_whatever_order_they_arrive(states in vec(drawn(), 1..5), seed in any::<usize>()) {
        let rows: Vec<_> = (1..).zip(states).map(|(version, mut kept)| {
            kept.version = Version(version);
            projection::conflict_row(&firm(), &kept)
        }).collect();
        let mut db = Db::new();
        for at in 0..rows.len() {
            db.run(&rows[(at + seed % rows.len()) % rows.len()].to_statement());
        }
        prop_assert_eq!(walk(&mut db, Table::Conflict), vec![rows.last().unwrap().print()]);
    }
}

#[test]
fn standings_are_read_as_they_are_written_and_open_is_what_waits_for_a_resolution() {
    for standing in Standing::ALL {
        assert_eq!(Standing::parse(standing.as_str()), Some(standing));
    }
    assert_eq!(Standing::parse("resolved"), None);
    for state in ConflictState::ALL {
        assert_eq!(Standing::Open.holds(state), state.is_open());
    }
}

#[test]
fn a_place_that_no_list_of_conflicts_gave_is_refused() {
    let place = ConflictPlace(at(1), id(2));
    assert_eq!(place.to_string().parse::<ConflictPlace>().unwrap(), place);
    for text in ["", "x", "W10", &"x".repeat(5_000)] {
        assert!(text.parse::<ConflictPlace>().is_err(), "{text}");
    }
}
