//! The audit trail: from entries to rows, and its list against a filter in memory.

use std::ops::ControlFlow;

use engage_domain::{Actor, EntryId, Firm, Kind, Outcome, Role, User, Version, firm::Command, text::Private};
use engage_index::{
    AuditRow, IndexRow, Limit, Range, Table,
    audit::{AuditFilters, AuditList, AuditPlace, AuditedResource, ListedEntry},
    page::Direction,
    projection,
    scan::{Count, VersionOf},
};
use engage_journal::{Activation, Call, Entry, Ground, Intent, Journal, ObjectKey, read, store};
use proptest::{collection::vec, option, prelude::*, sample::select};
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
    let mut ground = Ground { now: at(0), random: &mut || 0, screens: None };
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

pub(crate) fn row(n: u64, kind: Kind, object: &str, details: &str) -> AuditRow {
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

/// Reads every page of a list, handing each place back as text, as a caller does.
fn pages(db: &mut Db, filters: &AuditFilters, direction: Direction, limit: u32) -> Vec<ListedEntry> {
    let (filters, limit) = (filters.clone(), Limit::new(limit).unwrap());
    let (mut list, mut found) = (AuditList { firm: firm(), filters, direction, after: None, limit }, vec![]);
    loop {
        let rows = db.all(&list);
        let (rows, next) = list.page(rows);
        found.extend(rows);
        let Some(next) = next else { return found };
        list.after = Some(next.to_string().parse().unwrap());
    }
}

fn resource(kind: &str, id: Option<&str>) -> AuditedResource {
    AuditedResource { kind: kind.into(), id: id.map(Into::into) }
}

#[test]
fn a_resources_trail_is_paged_in_both_directions() {
    let (mut db, rows) = trail();
    for direction in Direction::ALL {
        let filters = AuditFilters { resource: Some(resource("conversation", Some("c1"))), ..AuditFilters::default() };
        let mut expected: Vec<_> =
            rows.iter().filter(|row| row.resource_id.as_deref() == Some("c1")).cloned().collect();
        if direction == Direction::Desc {
            expected.reverse();
        }
        let found: Vec<_> = pages(&mut db, &filters, direction, 1).into_iter().map(|listed| listed.row).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn correction_4_a_span_of_the_trail_is_half_open_and_paged_in_both_directions() {
    let (mut db, rows) = trail();
    for (direction, from, to) in
        Direction::ALL.into_iter().flat_map(|way| [(way, None, None), (way, Some(at(1)), Some(at(4)))])
    {
        let filters = AuditFilters { span: Range::new(from, to).unwrap(), ..AuditFilters::default() };
        let mut expected: Vec<_> = rows.iter().filter(|row| filters.span.contains(row.timestamp)).cloned().collect();
        if direction == Direction::Desc {
            expected.reverse();
        }
        let found: Vec<_> = pages(&mut db, &filters, direction, 3).into_iter().map(|listed| listed.row).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_place_that_no_list_gave_is_refused() {
    for text in ["", "x", "W10", "WyJub25lIiwiMDEiXQ", &"A".repeat(9_000)] {
        assert!(text.parse::<AuditPlace>().is_err(), "{text}");
    }
}

prop_compose! {
    /// Few values, so that matches abound; several entries share a millisecond.
    fn drawn()(
        (actor, action, outcome) in (option::of(0u64..3), select(&["access_conversation", "access_denied", "message_added"][..]), select(&Outcome::ALL[..])),
        (kind, named) in (select(&["conversation", "user"][..]), option::weighted(0.9, 0u8..3)),
        step in 0i64..3,
    ) -> (AuditRow, i64) {
        let row = AuditRow {
            user_id: actor.map(user),
            action: action.into(),
            outcome,
            resource_type: kind.into(),
            resource_id: named.map(|n| format!("r{n}").into()),
            ..row(0, Kind::Conversation, "c", "{}")
        };
        (row, step)
    }
}

prop_compose! {
    fn filters()(
        user_filter in option::weighted(0.4, 0u64..3),
        action in option::weighted(0.4, select(&["access_conversation", "message_added", "none"][..])),
        about in option::weighted(0.5, (select(&["conversation", "user"][..]), option::weighted(0.5, 0u8..3))),
        outcome in option::weighted(0.3, select(&Outcome::ALL[..])),
        (from, length) in (option::weighted(0.4, 0i64..40), option::weighted(0.4, 0i64..40)),
    ) -> AuditFilters {
        AuditFilters {
            user: user_filter.map(user),
            action: action.map(Into::into),
            resource: about.map(|(kind, id)| resource(kind, id.map(|n| format!("r{n}")).as_deref())),
            outcome,
            span: Range::new(from.map(at), length.map(|length| at(from.unwrap_or(0) + length))).unwrap(),
        }
    }
}

fn belongs(row: &AuditRow, filters: &AuditFilters) -> bool {
    filters.user.is_none_or(|user| row.user_id == Some(user))
        && filters.action.as_ref().is_none_or(|action| row.action == *action)
        && filters.outcome.is_none_or(|outcome| row.outcome == outcome)
        && filters.span.contains(row.timestamp)
        && filters.resource.as_ref().is_none_or(|wanted| {
            row.resource_type == wanted.kind && (wanted.id.is_none() || row.resource_id == wanted.id)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_trail_is_what_a_filter_over_all_entries_gives(
        drawn in vec(drawn(), 0..40),
        filters in filters(),
        direction in select(&Direction::ALL[..]),
        limit in 1u32..8,
    ) {
        let mut db = Db::new();
        // Two of three users are known to the index.
        for n in 0..2 {
            let name = Some(Private::from("Ann"));
            let state = User { version: Version(1), name, role: Some(Role::Attorney), ..User::default() };
            db.run(&projection::user_row(&firm(), user(n), &state).to_statement());
        }
        let mut now = 0;
        let rows: Vec<_> = (0..).zip(drawn).map(|(n, (row, step))| {
            now += step;
            AuditRow { audit_id: id(n), timestamp: at(now), seq: n as i64 + 1, ..row }
        }).collect();
        for row in &rows {
            db.run(&row.to_statement());
            // The same of another firm.
            db.run(&AuditRow { firm_id: "other".parse().unwrap(), ..row.clone() }.to_statement());
        }
        let known = |row: &AuditRow| row.user_id.is_some_and(|id| id != user(2));
        let mut expected: Vec<_> = rows.into_iter().filter(|row| belongs(row, &filters)).map(|row| ListedEntry {
            user_name: known(&row).then(|| "Ann".into()),
            user_role: known(&row).then_some(Role::Attorney),
            row,
        }).collect();
        if direction == Direction::Desc {
            expected.reverse();
        }
        prop_assert_eq!(pages(&mut db, &filters, direction, limit), expected);
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
    // An entry about something that the firm keeps is the firm's, too.
    let object = ObjectKey { kind: Kind::Firm, name: "acme".into() };
    db.run(&row(8, Kind::Firm, "acme", r#"{"resourceType":"conflict","resourceId":"x"}"#).to_statement());
    assert_eq!(db.all(&VersionOf { firm: firm(), object: object.clone() }), [Version(8)]);
    // While rows of its registry could not be written, nobody is told that they are there.
    db.run(&engage_index::sync_failure::park(&object, Version(8), 1, "broken", at(0)));
    assert_eq!(db.all(&VersionOf { firm: firm(), object: object.clone() }), []);
    db.run(&engage_index::sync_failure::resolve(&object, Version(9)));
    assert_eq!(db.all(&VersionOf { firm: firm(), object }), [Version(8)]);
}
