//! The dashboard's questions, each against a slow and plain answer over the same rows.

use std::collections::{BTreeMap, BTreeSet};

use engage_domain::{
    ConversationId, PracticeArea, Role, Timestamp, User, UserId, Version,
    calendar::{Calendar, Day},
    conversation::{AssignmentStatus, Phase, Priority, Status},
    user::UserStatus,
};
use engage_index::{
    AssignmentRow, ConversationRow, Cursor, IndexRow, Limit, Query, UserRow,
    analytics::{
        Attention, AttentionRow, Mean, Means, PracticeAreaCount, PracticeAreaRow, PracticeAreaSpans, PracticeAreas,
        Progress, Workload, WorkloadRow, most_first,
    },
    projection,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    db::Db,
    sample::{at, conversation, firm, session, user},
};

const HOUR: i64 = 3_600_000;
const AREAS: [&str; 3] = ["family_law", "immigration", "erbrecht_für_ältere"];

/// A firm as its rows.
#[derive(Clone, Debug)]
struct Rows {
    conversations: Vec<ConversationRow>,
    users: Vec<UserRow>,
    assignments: Vec<AssignmentRow>,
}

impl Rows {
    fn db(&self) -> Db {
        let mut db = Db::new();
        let users = self.users.iter().map(IndexRow::to_statement);
        let conversations = self.conversations.iter().map(IndexRow::to_statement);
        let assignments = self.assignments.iter().map(IndexRow::to_statement);
        for statement in users.chain(conversations).chain(assignments) {
            assert_eq!(db.run(&statement), 1);
        }
        db
    }

    /// The conversations that count.
    fn live(&self) -> impl Iterator<Item = &ConversationRow> {
        self.conversations.iter().filter(|row| !row.is_deleted)
    }

    fn user(&self, id: UserId) -> Option<&UserRow> {
        self.users.iter().find(|row| row.user_id == id)
    }
}

/// Times that lie together, so that ties and bounds are met.
fn moment() -> impl Strategy<Value = Timestamp> {
    (-3i64..4, -1i64..2).prop_map(|(hours, ms)| at(hours * HOUR + ms))
}

prop_compose! {
    fn conversation_row()(
        n in 0u64..1_000,
        (begun, later) in (moment(), prop_oneof![0i64..2, 0i64..(4 * HOUR)]),
        status in select(&Status::ALL[..]),
        phase in select(&Phase::ALL[..]),
        assigned_to in option::of(0u64..5),
        area in option::weighted(0.8, select(&AREAS[..])),
        (score, is_deleted) in (0u8..=100, prop::bool::weighted(0.15)),
    ) -> ConversationRow {
        ConversationRow {
            status,
            phase,
            assigned_to: assigned_to.map(user),
            practice_area: area.map(|area| area.parse().unwrap()),
            created_at: begun,
            last_activity: begun.plus_millis(later),
            data_quality_score: score,
            is_deleted,
            ..conversation(n)
        }
    }
}

prop_compose! {
    fn user_row(n: u64)(
        name in option::weighted(0.8, select(vec!["Ann", "Bo", "Élan"])),
        role in option::weighted(0.9, select(&Role::ASSIGNABLE[..])),
        status in select(vec![UserStatus::Active, UserStatus::Active, UserStatus::Suspended]),
    ) -> UserRow {
        let state = User { version: Version(1), name: name.map(Into::into), role, status, ..User::default() };
        projection::user_row(&firm(), user(n), &state)
    }
}

prop_compose! {
    fn assignment_row(conversations: Vec<ConversationId>)(
        session_id in select(conversations),
        assigned_to in 0u64..5,
        status in select(&AssignmentStatus::ALL[..]),
        due_date in option::of(moment()),
        estimated_hours in option::of(0.25f64..40.0),
    ) -> AssignmentRow {
        AssignmentRow {
            firm_id: firm(),
            session_id,
            assigned_to: user(assigned_to),
            assigned_by: None,
            assigned_at: at(0),
            status,
            priority: Priority::Normal,
            due_date,
            estimated_hours,
            actual_hours: None,
            notes: None,
            version: Version(1),
        }
    }
}

fn rows() -> impl Strategy<Value = Rows> {
    // Of five people who are responsible for something the index knows four.
    let users = (user_row(0), user_row(1), user_row(2), user_row(3)).prop_map(|(a, b, c, d)| vec![a, b, c, d]);
    let conversations = vec(conversation_row(), 1..60).prop_map(|mut rows| {
        rows.sort_by_key(|row| row.session_id);
        rows.dedup_by_key(|row| row.session_id);
        rows
    });
    (users, conversations).prop_flat_map(|(users, conversations)| {
        let ids: Vec<_> = conversations.iter().map(|row| row.session_id).collect();
        vec(assignment_row(ids), 0..40).prop_map(move |mut assignments| {
            assignments.sort_by_key(|row| (row.session_id, row.assigned_to));
            assignments.dedup_by_key(|row| (row.session_id, row.assigned_to));
            Rows { conversations: conversations.clone(), users: users.clone(), assignments }
        })
    })
}

fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values: Vec<_> = values.into_iter().collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Sums of doubles differ by the order in which they are added up.
fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
        (a, b) => a == b,
    }
}

fn hours_of(row: &ConversationRow) -> Option<f64> {
    let ms = row.last_activity.as_millis() - row.created_at.as_millis();
    (row.status == Status::Completed).then(|| ms as f64 / HOUR as f64)
}

fn attention_model(rows: &Rows, idle_before: Timestamp) -> Vec<(ConversationId, Option<String>)> {
    let mut found: Vec<_> = rows
        .live()
        .filter(|row| row.status == Status::Active)
        .filter(|row| row.assigned_to.is_none() || row.last_activity < idle_before)
        .collect();
    found.sort_by_key(|row| (row.last_activity, row.session_id));
    let name = |row: &ConversationRow| Some(rows.user(row.assigned_to?)?.name.as_ref()?.as_str().to_owned());
    found.into_iter().map(|row| (row.session_id, name(row))).collect()
}

/// Every page, the cursor handed back as text, as a caller does; `idle_before` moves on by `step` from page to page.
fn attention(db: &mut Db, mut idle_before: Timestamp, step: i64, limit: u32) -> Vec<AttentionRow> {
    let (mut after, mut found) = (None, vec![]);
    loop {
        let list = Attention { firm: firm(), idle_before, after, limit: Limit::new(limit).unwrap() };
        let rows = db.all(&list);
        let (page, next) = list.page(rows);
        found.extend(page);
        let Some(next) = next else { return found };
        after = Some(Cursor::parse(&next.to_string(), Attention::ORDER).unwrap());
        idle_before = idle_before.plus_millis(step);
    }
}

fn workload_model(rows: &Rows, now: Timestamp) -> Vec<WorkloadRow> {
    let deleted: BTreeSet<_> =
        rows.conversations.iter().filter(|row| row.is_deleted).map(|row| row.session_id).collect();
    let people = rows.users.iter().filter(|row| row.status == UserStatus::Active && row.role != Some(Role::Client));
    let mut found: Vec<_> = people
        .map(|person| {
            let id = person.user_id;
            let active: Vec<_> = rows
                .live()
                .filter(|row| row.status == Status::Active && row.assigned_to == Some(id))
                .map(|row| f64::from(row.data_quality_score))
                .collect();
            let cases: Vec<_> = rows
                .assignments
                .iter()
                .filter(|row| row.assigned_to == id && row.status == AssignmentStatus::Active)
                .filter(|row| !deleted.contains(&row.session_id))
                .collect();
            WorkloadRow {
                user_id: id,
                name: person.name.clone(),
                role: person.role,
                active_conversations: active.len() as u64,
                average_data_quality: mean(active),
                assigned_cases: cases.len() as u64,
                average_estimated_hours: mean(cases.iter().filter_map(|row| row.estimated_hours)),
                overdue_cases: cases.iter().filter(|row| row.due_date.is_some_and(|due| due < now)).count() as u64,
            }
        })
        .collect();
    found.sort_by_key(|row| (std::cmp::Reverse(row.active_conversations), row.name.clone(), row.user_id));
    found
}

/// The numbers that are exact, and the two that are means.
fn parts(row: &WorkloadRow) -> (WorkloadRow, Option<f64>, Option<f64>) {
    let exact = WorkloadRow { average_data_quality: None, average_estimated_hours: None, ..row.clone() };
    (exact, row.average_data_quality, row.average_estimated_hours)
}

fn practice_areas_model(rows: &Rows, since: Option<Timestamp>) -> Vec<PracticeAreaRow> {
    let mut groups: BTreeMap<Option<PracticeArea>, Vec<&ConversationRow>> = BTreeMap::new();
    for row in rows.live().filter(|row| since.is_none_or(|since| row.created_at >= since)) {
        groups.entry(row.practice_area.clone()).or_default().push(row);
    }
    let mut found: Vec<_> = groups
        .into_iter()
        .map(|(practice_area, rows)| PracticeAreaRow {
            practice_area,
            total: rows.len() as u64,
            completed: rows.iter().filter(|row| row.status == Status::Completed).count() as u64,
            average_data_quality: mean(rows.iter().map(|row| f64::from(row.data_quality_score))),
            average_hours_to_completion: mean(rows.iter().filter_map(|row| hours_of(row))),
        })
        .collect();
    // Stable: equal totals stay in the order of the groups.
    found.sort_by_key(|row| std::cmp::Reverse(row.total));
    found
}

type Counts = BTreeMap<(usize, Status, Phase), u64>;

fn counts(db: &mut Db, bounds: Vec<Timestamp>) -> Counts {
    let found = db.all(&Progress { firm: firm(), bounds });
    let length = found.len();
    let counts: Counts = found.into_iter().map(|row| ((row.span, row.status, row.phase), row.count)).collect();
    assert_eq!(counts.len(), length, "each once");
    counts
}

proptest! {
    #[test]
    fn attention_is_what_is_active_and_unassigned_or_idle_page_by_page(
        rows in rows(),
        idle_before in moment(),
        limit in 1u32..7,
    ) {
        let mut db = rows.db();
        let found = attention(&mut db, idle_before, 0, limit);
        let name = |row: &AttentionRow| row.assigned_to_name.as_ref().map(|name| name.as_str().to_owned());
        let ids: Vec<_> = found.iter().map(|row| (row.conversation.session_id, name(row))).collect();
        prop_assert_eq!(ids, attention_model(&rows, idle_before));
        for row in &found {
            let stored = rows.conversations.iter().find(|other| other.session_id == row.conversation.session_id);
            prop_assert_eq!(Some(&row.conversation), stored);
        }
    }

    #[test]
    fn attention_repeats_nothing_and_misses_nothing_while_the_clock_goes_on(
        rows in rows(),
        idle_before in moment(),
        limit in 1u32..5,
        step in 0..HOUR,
    ) {
        let mut db = rows.db();
        let found: Vec<_> =
            attention(&mut db, idle_before, step, limit).iter().map(|row| row.conversation.session_id).collect();
        let once: BTreeSet<_> = found.iter().copied().collect();
        prop_assert_eq!(once.len(), found.len());
        for (id, _) in attention_model(&rows, idle_before) {
            prop_assert!(once.contains(&id), "what waited at the first page is on one of them");
        }
    }

    #[test]
    fn correction_3_workload_is_what_each_person_has_counted_apart(rows in rows(), now in moment()) {
        let found = rows.db().all(&Workload { firm: firm(), now });
        let expected = workload_model(&rows, now);
        prop_assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            let (found, expected) = (parts(found), parts(expected));
            prop_assert_eq!(&found.0, &expected.0);
            prop_assert!(close(found.1, expected.1) && close(found.2, expected.2), "{:?} {:?}", found, expected);
        }
    }

    #[test]
    fn practice_areas_are_what_began_in_the_span_grouped(rows in rows(), since in option::of(moment())) {
        let found = most_first(rows.db().all(&PracticeAreas { firm: firm(), since }));
        let expected = practice_areas_model(&rows, since);
        prop_assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            let key = |row: &PracticeAreaRow| (row.practice_area.clone(), row.total, row.completed);
            prop_assert_eq!(key(found), key(expected));
            prop_assert!(close(found.average_data_quality, expected.average_data_quality));
            prop_assert!(close(found.average_hours_to_completion, expected.average_hours_to_completion));
        }
    }

    #[test]
    fn progress_is_counted_by_the_day_on_which_each_began_where_the_firm_is(
        rows in rows(),
        zone in select(vec!["America/Chicago", "Asia/Kolkata", "Pacific/Apia", "Europe/Berlin", "UTC"]),
        // Days on which some zone's clock changes, or Samoa left one out.
        around in select(vec!["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01", "2011-12-30", "2026-06-15"]),
        near in vec((0i32..4, -1i64..2), 0..60),
        (length, lead) in (0i32..5, 0i32..3),
    ) {
        let calendar = Calendar::of(zone).unwrap();
        let first = around.parse::<Day>().unwrap().plus(-1);
        let mut rows = rows;
        // Each begins within a millisecond of where a day does.
        for (row, (day, ms)) in rows.conversations.iter_mut().zip(near) {
            let took = row.last_activity.as_millis() - row.created_at.as_millis();
            row.created_at = calendar.start_of(first.plus(day)).plus_millis(ms);
            row.last_activity = row.created_at.plus_millis(took);
        }
        let from = first.plus(lead);
        let found = counts(&mut rows.db(), calendar.bounds(from, from.plus(length)));
        let mut expected = Counts::new();
        for row in rows.live() {
            let day = calendar.day_of(row.created_at);
            if from <= day && day < from.plus(length) {
                *expected.entry((day.days_since(from) as usize, row.status, row.phase)).or_default() += 1;
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn each_practice_area_has_what_began_in_each_span(rows in rows(), bounds in vec(moment(), 2..6)) {
        let mut bounds = bounds;
        bounds.sort();
        let mut expected = BTreeMap::new();
        for row in rows.live() {
            for (span, ends) in bounds.windows(2).enumerate() {
                if ends[0] <= row.created_at && row.created_at < ends[1] {
                    *expected.entry((row.practice_area.clone(), span)).or_default() += 1;
                }
            }
        }
        let found = rows.db().all(&PracticeAreaSpans { firm: firm(), bounds });
        let found: Vec<_> = found.into_iter().map(|PracticeAreaCount { practice_area, span, count }| ((practice_area, span), count)).collect();
        let length = found.len();
        let found: BTreeMap<_, u64> = found.into_iter().collect();
        prop_assert_eq!(found.len(), length, "each once");
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn means_are_of_what_began_in_either_span(rows in rows(), bounds in [moment(), moment(), moment()]) {
        let mut bounds = bounds;
        bounds.sort();
        let found = rows.db().all(&Means { firm: firm(), bounds });
        let [spans] = found[..] else { panic!("one row: {found:?}") };
        for (Mean { hours_to_completion, data_quality }, ends) in spans.into_iter().zip(bounds.windows(2)) {
            let begun = || rows.live().filter(|row| ends[0] <= row.created_at && row.created_at < ends[1]);
            let expected = mean(begun().filter_map(hours_of));
            prop_assert!(close(hours_to_completion, expected), "{:?} {:?}", hours_to_completion, expected);
            let expected = mean(begun().map(|row| f64::from(row.data_quality_score)));
            prop_assert!(close(data_quality, expected), "{:?} {:?}", data_quality, expected);
        }
    }
}

#[test]
fn correction_3_three_conversations_and_two_cases_are_three_and_two() {
    let person = projection::user_row(&firm(), user(1), &User { version: Version(1), ..User::default() });
    let conversations = [(1, 10), (2, 20), (3, 90)].map(|(n, data_quality_score)| ConversationRow {
        assigned_to: Some(user(1)),
        data_quality_score,
        ..conversation(n)
    });
    let case = |n, estimated_hours, due: i64| AssignmentRow {
        firm_id: firm(),
        session_id: session(n),
        assigned_to: user(1),
        assigned_by: None,
        assigned_at: at(0),
        status: AssignmentStatus::Active,
        priority: Priority::Normal,
        due_date: Some(at(due)),
        estimated_hours: Some(estimated_hours),
        actual_hours: None,
        notes: None,
        version: Version(1),
    };
    let rows = Rows {
        conversations: conversations.to_vec(),
        users: vec![person],
        assignments: vec![case(1, 2.0, 9), case(2, 5.0, 10)],
    };
    let [row] = &rows.db().all(&Workload { firm: firm(), now: at(10) })[..] else { panic!("one person") };
    assert_eq!((row.active_conversations, row.assigned_cases, row.overdue_cases), (3, 2, 1));
    assert_eq!((row.average_data_quality, row.average_estimated_hours), (Some(40.0), Some(3.5)));
}

#[test]
fn a_completed_conversation_that_moves_on_is_not_merely_touched() {
    let before = ConversationRow { status: Status::Completed, ..conversation(1) };
    let after = ConversationRow { version: Version(2), last_activity: at(HOUR), ..before.clone() };
    assert_eq!(after.touch(&before), None, "how long it took is a column too");
    let rescored = ConversationRow { version: Version(2), data_quality_score: 7, ..before.clone() };
    assert!(rescored.touch(&before).is_some());
}

/// Beside twenty conversations that wait, `others` that do not: looked after today, or over. All in one practice area, a minute apart.
fn busy(others: u64) -> Db {
    let mut db = Db::new();
    for n in 0..others {
        let status = if n % 2 == 0 { Status::Active } else { Status::Completed };
        let assigned_to = (n % 2 == 0).then(|| user(n % 4));
        let begun = at(n as i64 * 60_000);
        let area = Some("tax".parse().unwrap());
        let row = ConversationRow {
            status,
            assigned_to,
            practice_area: area,
            created_at: begun,
            last_activity: begun,
            ..conversation(n)
        };
        db.run(&row.to_statement());
    }
    for n in 0..10 {
        let (created_at, assigned_to) = (at(-HOUR + n), (n % 2 == 0).then(|| user(1)));
        let row =
            ConversationRow { created_at, last_activity: created_at, assigned_to, ..conversation(5_000 + n as u64) };
        db.run(&row.to_statement());
        let row = ConversationRow { created_at: at(n), last_activity: at(n), ..conversation(6_000 + n as u64) };
        db.run(&row.to_statement());
    }
    db
}

#[test]
fn attention_costs_the_same_however_many_conversations_do_not_wait() {
    let list = Attention { firm: firm(), idle_before: at(0), after: None, limit: Limit::default() };
    let [few, many] = [100, 2_000].map(|others| {
        let mut db = busy(others);
        assert_eq!(db.all(&list).len(), 20);
        db.steps(&list.statement())
    });
    assert!(many <= few + few / 20, "{few} steps among a hundred, {many} among two thousand");
}

#[test]
fn a_report_costs_what_it_spans_not_what_the_firm_has() {
    // The last fifty minutes of either firm hold fifty conversations.
    let [few, many] = [100i64, 2_000].map(|others| {
        let mut db = busy(others as u64);
        let since = at((others - 50) * 60_000);
        let areas = PracticeAreas { firm: firm(), since: Some(since) };
        assert_eq!(most_first(db.all(&areas))[0].total, 50);
        let bounds = [since, since.plus_millis(20 * 60_000), at(others * 60_000)];
        let progress = Progress { firm: firm(), bounds: bounds.to_vec() };
        assert_eq!(db.all(&progress).iter().map(|row| row.count).sum::<u64>(), 50);
        let spans = PracticeAreaSpans { firm: firm(), bounds: bounds.to_vec() };
        assert_eq!(db.all(&spans).iter().map(|row| row.count).sum::<u64>(), 50);
        let means = Means { firm: firm(), bounds };
        [areas.statement(), progress.statement(), spans.statement(), means.statement()]
            .map(|statement| db.steps(&statement))
    });
    for (few, many) in few.into_iter().zip(many) {
        assert!(many <= few + few / 20, "{few} steps in a small firm, {many} in a large one");
    }
}

#[test]
fn another_firms_rows_count_nowhere() {
    let mut db = Db::new();
    db.run(&ConversationRow { status: Status::Completed, ..conversation(1) }.to_statement());
    db.run(&conversation(2).to_statement());
    let other: engage_domain::FirmId = "other".parse().unwrap();
    let list = Attention { firm: other.clone(), idle_before: at(HOUR), after: None, limit: Limit::default() };
    assert_eq!(db.all(&list), []);
    assert_eq!(db.all(&Workload { firm: other.clone(), now: at(0) }), []);
    assert_eq!(most_first(db.all(&PracticeAreas { firm: other.clone(), since: None })), []);
    assert_eq!(db.all(&Progress { firm: other.clone(), bounds: vec![at(-HOUR), at(HOUR)] }), []);
    assert_eq!(db.all(&PracticeAreaSpans { firm: other.clone(), bounds: vec![at(-HOUR), at(HOUR)] }), []);
    let bounds = [at(-HOUR), at(-HOUR), at(HOUR)];
    assert_eq!(db.all(&Means { firm: other, bounds }), [[Mean::default(); 2]]);
}
