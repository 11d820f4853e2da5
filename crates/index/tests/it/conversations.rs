//! The list of conversations: every filter, order and page against a sort in memory.

use engage_domain::{
    ConversationId, Timestamp,
    conversation::{ConflictStatus, Phase, Status},
};
use engage_index::{
    ConversationList, ConversationRow, Cursor, IndexRow, Limit, Range,
    conversations::{CursorError, Filters, Order, Sort},
    page::Direction,
    projection::client_sort,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    db::Db,
    sample::{at, conversation, firm, session, user},
};

const AREAS: [&str; 2] = ["family_law", "immigration"];

prop_compose! {
    /// Few values, so that ties and matches abound.
    fn row()(
        n in 0u64..1_000,
        (owner, assigned_to) in (option::of(0u64..2), option::of(0u64..3)),
        area in option::of(select(&AREAS[..])),
        status in select(&Status::ALL[..]),
        phase in select(&Phase::ALL[..3]),
        conflict_status in select(&ConflictStatus::ALL[..]),
        name in option::of(select(vec!["Ann", "ann", "Bo", "Élan", "zed"])),
        (begun, later) in (0i64..6, 0i64..4),
        (score, deleted) in (0u8..4, prop::bool::weighted(0.1)),
    ) -> ConversationRow {
        let client_name = name.map(Into::into);
        ConversationRow {
            user_id: owner.map(user),
            assigned_to: assigned_to.map(user),
            practice_area: area.map(|area| area.parse().unwrap()),
            status,
            phase,
            conflict_status,
            client_sort: client_sort(client_name.as_ref()),
            client_name,
            created_at: at(begun),
            last_activity: at(begun + later),
            data_quality_score: score,
            is_deleted: deleted,
            ..conversation(n)
        }
    }
}

fn range() -> impl Strategy<Value = Range> {
    (option::weighted(0.3, 0i64..9), option::weighted(0.3, 0i64..9)).prop_map(|(from, length)| {
        Range::new(from.map(at), length.map(|length| at(from.unwrap_or(0) + length))).unwrap()
    })
}

prop_compose! {
    fn filters()(
        (owner, assigned_to) in (option::weighted(0.2, 0u64..2), option::weighted(0.2, 0u64..3)),
        area in option::weighted(0.2, select(&AREAS[..])),
        status in option::weighted(0.2, select(&Status::ALL[..])),
        phase in option::weighted(0.2, select(&Phase::ALL[..3])),
        conflict_status in option::weighted(0.2, select(&ConflictStatus::ALL[..])),
        (created, activity) in (range(), range()),
    ) -> Filters {
        Filters {
            owner: owner.map(user),
            assigned_to: assigned_to.map(user),
            practice_area: area.map(|area| area.parse().unwrap()),
            conflict_status,
            phase,
            status,
            created,
            activity,
        }
    }
}

fn order() -> impl Strategy<Value = Order> {
    (select(&Sort::ALL[..]), select(&Direction::ALL[..])).prop_map(|(sort, direction)| Order { sort, direction })
}

fn belongs(row: &ConversationRow, filters: &Filters) -> bool {
    fn is<T: PartialEq>(wanted: &Option<T>, found: Option<&T>) -> bool {
        wanted.as_ref().is_none_or(|wanted| found == Some(wanted))
    }
    !row.is_deleted
        && is(&filters.owner, row.user_id.as_ref())
        && is(&filters.assigned_to, row.assigned_to.as_ref())
        && is(&filters.practice_area, row.practice_area.as_ref())
        && is(&filters.conflict_status, Some(&row.conflict_status))
        && is(&filters.phase, Some(&row.phase))
        && is(&filters.status, Some(&row.status))
        && filters.created.contains(row.created_at)
        && filters.activity.contains(row.last_activity)
}

/// What the list should hold, sorted in memory.
fn model(rows: &[ConversationRow], filters: &Filters, order: Order) -> Vec<ConversationId> {
    let mut found: Vec<_> = rows.iter().filter(|row| belongs(row, filters)).collect();
    let key = |row: &ConversationRow| match order.sort {
        Sort::LastActivity => (row.last_activity, String::new(), 0, row.session_id),
        Sort::CreatedAt => (row.created_at, String::new(), 0, row.session_id),
        Sort::ClientName => (at(0), row.client_sort.as_str().to_owned(), 0, row.session_id),
        Sort::DataQualityScore => (at(0), String::new(), row.data_quality_score, row.session_id),
    };
    found.sort_by_key(|row| key(row));
    if order.direction == Direction::Desc {
        found.reverse();
    }
    found.into_iter().map(|row| row.session_id).collect()
}

/// Reads every page, handing each cursor back as text, as a caller does.
fn pages(db: &mut Db, filters: &Filters, order: Order, limit: u32) -> Vec<ConversationId> {
    let limit = Limit::new(limit).unwrap();
    let mut list = ConversationList { firm: firm(), filters: filters.clone(), order, after: None, limit };
    let mut found = vec![];
    loop {
        let rows = db.all(&list);
        let (page, next) = list.page(rows);
        assert!(page.len() <= limit.get() as usize);
        found.extend(page.iter().map(|row| row.session_id));
        let Some(next) = next else { return found };
        assert_eq!(page.len(), limit.get() as usize);
        list.after = Some(Cursor::parse(&next.to_string(), order).unwrap());
    }
}

proptest! {
    #[test]
    fn correction_11_pages_give_every_row_once_and_in_order(
        rows in vec(row(), 0..60),
        filters in filters(),
        order in order(),
        limit in 1u32..7,
    ) {
        let mut db = Db::new();
        let mut rows = rows;
        rows.sort_by_key(|row| row.session_id);
        rows.dedup_by_key(|row| row.session_id);
        for row in &rows {
            db.run(&row.to_statement());
        }
        prop_assert_eq!(pages(&mut db, &filters, order, limit), model(&rows, &filters, order));
        prop_assert_eq!(pages(&mut db, &Filters::default(), order, limit), model(&rows, &Filters::default(), order));
    }

    #[test]
    fn a_cursor_reads_as_it_is_written_in_the_order_it_belongs_to(row in row(), name in any::<String>(), one in order(), other in order()) {
        let row = ConversationRow { client_sort: client_sort(Some(&name.as_str().into())), ..row };
        let cursor = Cursor::behind(one, &row);
        let text = cursor.to_string();
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        if one == other {
            prop_assert_eq!(Cursor::parse(&text, other), Ok(cursor));
        } else {
            prop_assert_eq!(Cursor::parse(&text, other), Err(CursorError::OtherOrder(one)));
        }
    }

    #[test]
    fn no_text_upsets_the_reading_of_a_cursor(text in "\\PC{0,200}", order in order()) {
        prop_assert_eq!(Cursor::parse(&text, order), Err(CursorError::Malformed));
    }
}

#[test]
fn a_cursor_that_no_list_gave_is_refused() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let (order, id) = (Order::default(), session(1));
    let parse = |json: &str, order| Cursor::parse(&URL_SAFE_NO_PAD.encode(json), order);
    assert!(parse(&format!(r#"["lastActivity","desc","2026-11-23T01:00:00.000Z","{id}"]"#), order).is_ok());
    let score = Order { sort: Sort::DataQualityScore, direction: Direction::Asc };
    for (json, order) in [
        (format!(r#"["lastActivity","desc","2026-11-23 01:00","{id}"]"#), order),
        (format!(r#"["lastActivity","desc",7,"{id}"]"#), order),
        (format!(r#"["lastActivity","down","2026-11-23T01:00:00.000Z","{id}"]"#), order),
        (format!(r#"["situation","desc","2026-11-23T01:00:00.000Z","{id}"]"#), order),
        (r#"["lastActivity","desc","2026-11-23T01:00:00.000Z","x"]"#.to_owned(), order),
        (r#"["lastActivity","desc"]"#.to_owned(), order),
        ("{}".to_owned(), order),
        (format!(r#"["dataQualityScore","asc",101,"{id}"]"#), score),
        (format!(r#"["dataQualityScore","asc",-1,"{id}"]"#), score),
    ] {
        assert_eq!(parse(&json, order), Err(CursorError::Malformed), "{json}");
    }
    let refused = parse(&format!(r#"["createdAt","asc","2026-11-23T01:00:00.000Z","{id}"]"#), order).unwrap_err();
    assert_eq!(refused.to_string(), "cursor belongs to a list sorted by createdAt asc");
    assert_eq!(Cursor::parse(&"A".repeat(100_000), order), Err(CursorError::Malformed));
}

#[test]
fn correction_4_a_range_is_half_open_on_the_boundary_day() {
    let mut db = Db::new();
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let boundary = "2026-11-23T01:00:00.000Z";
    for (n, text) in [
        (1, "2026-11-22T23:59:59.999Z"),
        (2, "2026-11-23T00:59:59.999Z"),
        (3, boundary),
        (4, "2026-11-23T01:00:00.001Z"),
    ] {
        let moment = time(text);
        db.run(&ConversationRow { created_at: moment, last_activity: moment, ..conversation(n) }.to_statement());
    }
    let mut found =
        |created, activity| pages(&mut db, &Filters { created, activity, ..Filters::default() }, Order::default(), 100);
    let (from, to) = (Range::new(Some(time(boundary)), None).unwrap(), Range::new(None, Some(time(boundary))).unwrap());
    for late in [found(from, Range::ALL), found(Range::ALL, from)] {
        assert_eq!(late, [session(4), session(3)]);
    }
    for early in [found(to, Range::ALL), found(Range::ALL, to)] {
        assert_eq!(early, [session(2), session(1)]);
    }
}

#[test]
fn a_page_goes_on_when_the_row_it_ended_at_has_moved_or_gone() {
    let mut db = Db::new();
    for n in 1..=4 {
        db.run(&conversation(n).to_statement());
    }
    let (order, limit) = (Order::default(), Limit::new(2).unwrap());
    let mut list = ConversationList { firm: firm(), filters: Filters::default(), order, after: None, limit };
    let rows = db.all(&list);
    (_, list.after) = list.page(rows);
    let mut gone = conversation(3);
    (gone.version.0, gone.is_deleted) = (2, true);
    assert_eq!(db.run(&gone.to_statement()), 1);
    let rows = db.all(&list);
    let (page, next) = list.page(rows);
    assert_eq!(page.iter().map(|row| row.session_id).collect::<Vec<_>>(), [session(2), session(1)]);
    assert_eq!(next, None);
}

#[test]
fn names_sort_without_regard_to_case_in_any_script() {
    let sort = |name: &str| client_sort(Some(&name.into())).as_str().to_owned();
    assert_eq!(sort("ÉLAN Ärger"), "élan ärger");
    assert_eq!(client_sort(None).as_str(), "");
    assert_eq!(sort(&"İ".repeat(300)).chars().count(), 200);
}

#[test]
fn a_limit_is_1_to_100_and_a_range_does_not_run_backwards() {
    assert!(Limit::new(0).is_err() && Limit::new(101).is_err());
    assert!(Limit::new(1).is_ok() && Limit::new(100).is_ok());
    assert!(Range::new(Some(at(1)), Some(at(0))).is_err());
    assert!(Range::new(Some(at(0)), Some(at(0))).is_ok());
}
