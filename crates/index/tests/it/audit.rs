//! The audit trail: from entries to rows, and its two lists.

use std::ops::ControlFlow;

use engage_domain::{Actor, EntryId, Firm, Kind, Outcome, Role, Version, firm::Command};
use engage_index::{
    AuditRow, IndexRow, Limit, Query, Range, Table,
    audit::{AuditByTime, AuditOfResource},
    page::Direction,
    projection,
    scan::{Count, VersionOf},
};
use engage_journal::{Activation, Call, Entry, Ground, Intent, Journal, ObjectKey, read, store};
use ulid::Ulid;

use crate::{
    db::Db,
    rows::walk,
    sample::{at, firm, session, user},
};

fn id(n: u64) -> EntryId {
    EntryId::from_ulid(Ulid::from_parts(1_700_000_000_000 + n, 0))
}

/// The entry of a firm's creation, as the journal writes and reads it.
fn first_entry(actor: Actor) -> Entry {
    let mut db = Db::bare();
    store::migrate(&mut db, at(0)).unwrap();
    let mut journal = Journal::open(&mut db, firm()).unwrap();
    let mut activation = Activation::<Firm>::new(ObjectKey { kind: Kind::Firm, name: "acme".into() });
    let create = Command::Create { name: "Acme LLP".into(), settings: Box::default() };
    let call = Call::new(actor, Intent::Command(create));
    let mut ground = Ground { now: at(0), random: &mut || 0 };
    journal.turn(&mut db, &mut activation, &call, &mut ground).unwrap();
    activation.flush(&mut db).unwrap();
    let mut entries = vec![];
    read::entries_after(&mut db, 0, 1, &mut |entry| {
        entries.push(entry);
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    entries.remove(0)
}

fn entry(n: u64, kind: Kind, object: &str, details: &str) -> Entry {
    let mut actor = Actor::user(user(1), Role::FirmAdmin);
    (actor.ip, actor.user_agent) = (Some("10.0.0.1".into()), Some("curl/8 \"é\"".into()));
    Entry {
        seq: n as i64,
        kind,
        object: object.into(),
        version: Version(n),
        id: id(n),
        at: at(n as i64 / 2),
        action: "message_added".into(),
        details: details.into(),
        ..first_entry(actor)
    }
}

fn row(n: u64, kind: Kind, object: &str, details: &str) -> AuditRow {
    projection::audit_row(&firm(), &entry(n, kind, object, details)).unwrap()
}

#[test]
fn an_entry_is_projected_with_its_actor_and_object() {
    let row = row(1, Kind::Conversation, "c1", r#"{"role":"user","bytes":5}"#);
    assert_eq!((row.audit_id, row.user_id, &*row.action), (id(1), Some(user(1)), "message_added"));
    assert_eq!((&*row.resource_type, row.resource_id.as_deref()), ("conversation", Some("c1")));
    assert_eq!((row.ip_address.as_deref(), row.user_agent.as_deref()), (Some("10.0.0.1"), Some("curl/8 \"é\"")));
    assert_eq!(row.outcome, Outcome::Success);
    assert_eq!((&*row.details, row.seq, row.version), (r#"{"role":"user","bytes":5}"#, 1, Version(1)));
}

#[test]
fn a_refusal_recorded_on_the_firm_names_what_was_asked_for() {
    let resource = |details| {
        let row = row(1, Kind::Firm, "acme", details);
        (row.resource_type.to_string(), row.resource_id.map(String::from))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(resource("{}"), ("firm_settings".to_owned(), some("acme")));
    let unknown = r#"{"denial":"unknown","resourceType":"conversation","resourceId":"01J"}"#;
    assert_eq!(resource(unknown), ("conversation".to_owned(), some("01J")));
    let list = r#"{"denial":"list_conversations","resourceType":"conversation","resourceId":null}"#;
    assert_eq!(resource(list), ("conversation".to_owned(), None));
}

#[test]
fn an_entry_whose_actor_or_details_are_not_the_journals_is_corrupt() {
    let mut bad = entry(1, Kind::Firm, "acme", "{}");
    bad.actor = "nobody".into();
    assert!(projection::audit_row(&firm(), &bad).is_err());
    assert!(projection::audit_row(&firm(), &entry(1, Kind::Firm, "acme", "[")).is_err());
}

#[test]
fn an_audit_row_is_written_once_and_never_replaced() {
    let mut db = Db::new();
    let first = row(1, Kind::Conversation, "c1", "{}");
    assert_eq!(db.run(&first.to_statement()), 1);
    let again = AuditRow { version: Version(99), action: "other".into(), ..first.clone() };
    assert_eq!(db.run(&again.to_statement()), 0);
    assert_eq!(walk(&mut db, Table::Audit), [first.print()]);
    assert_eq!(db.all(&Count { table: Table::Audit, firm: firm() }), [1]);
}

/// Ten entries, two of each millisecond, on three resources in turn.
fn trail() -> (Db, Vec<AuditRow>) {
    let mut db = Db::new();
    let rows: Vec<_> = (0..10).map(|n| row(n, Kind::Conversation, &format!("c{}", n % 3), "{}")).collect();
    for row in rows.iter().rev() {
        db.run(&row.to_statement());
    }
    (db, rows)
}

/// Reads every page of a list.
fn pages<Q: Query<Row = AuditRow>, C>(
    db: &mut Db,
    mut ask: impl FnMut(Option<C>) -> Q,
    mut page: impl FnMut(&Q, Vec<AuditRow>) -> (Vec<AuditRow>, Option<C>),
) -> Vec<AuditRow> {
    let (mut found, mut after) = (vec![], None);
    loop {
        let query = ask(after);
        let rows = db.all(&query);
        let (rows, next) = page(&query, rows);
        found.extend(rows);
        if next.is_none() {
            return found;
        }
        after = next;
    }
}

#[test]
fn a_resources_trail_is_paged_in_both_directions() {
    let (mut db, rows) = trail();
    for direction in Direction::ALL {
        let ask = |after| AuditOfResource {
            firm: firm(),
            resource_type: "conversation".into(),
            resource_id: "c1".into(),
            direction,
            after,
            limit: Limit::new(1).unwrap(),
        };
        let mut expected: Vec<_> =
            rows.iter().filter(|row| row.resource_id.as_deref() == Some("c1")).cloned().collect();
        if direction == Direction::Desc {
            expected.reverse();
        }
        assert_eq!(pages(&mut db, ask, AuditOfResource::page), expected);
    }
}

#[test]
fn correction_4_a_span_of_the_trail_is_half_open_and_paged_in_both_directions() {
    let (mut db, rows) = trail();
    for (direction, from, to) in
        Direction::ALL.into_iter().flat_map(|way| [(way, None, None), (way, Some(at(1)), Some(at(4)))])
    {
        let span = Range::new(from, to).unwrap();
        let ask = |after| AuditByTime { firm: firm(), span, direction, after, limit: Limit::new(3).unwrap() };
        let mut expected: Vec<_> = rows.iter().filter(|row| span.contains(row.timestamp)).cloned().collect();
        if direction == Direction::Desc {
            expected.reverse();
        }
        assert_eq!(pages(&mut db, ask, AuditByTime::page), expected);
    }
}

#[test]
fn the_version_that_the_index_shows_is_found_for_each_kind_of_object() {
    let mut db = Db::new();
    let mut version = |kind, name: String| {
        db.run(&crate::sample::conversation(1).to_statement());
        let state = engage_domain::User { version: Version(4), ..Default::default() };
        db.run(&projection::user_row(&firm(), user(1), &state).to_statement());
        db.run(&row(5, Kind::Firm, "acme", "{}").to_statement());
        db.run(&row(6, Kind::Firm, "acme", "{}").to_statement());
        db.run(&row(7, Kind::Firm, "acme", r#"{"resourceType":"user","resourceId":"x"}"#).to_statement());
        db.all(&VersionOf { firm: firm(), object: ObjectKey { kind, name: name.into() } })
    };
    assert_eq!(version(Kind::Conversation, session(1).to_string()), [Version(1)]);
    assert_eq!(version(Kind::Conversation, session(2).to_string()), []);
    assert_eq!(version(Kind::User, user(1).to_string()), [Version(4)]);
    assert_eq!(version(Kind::Firm, "acme".into()), [Version(6)]);
}
