//! The lists of users and of assignments.

use engage_domain::{
    Conversation, Role, User, Version,
    conversation::{Assignment, AssignmentStatus, Priority, Terms},
    user::UserStatus,
};
use engage_index::{
    IndexRow, Limit, UserRow,
    assignments::{AssignmentFilters, AssignmentList, AssignmentPlace, ListedAssignment},
    projection,
    users::{UserByEmail, UserById, UserList},
};

use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    db::Db,
    sample::{at, conversation, firm, session, user},
};

fn users() -> (Db, Vec<UserRow>) {
    let mut db = Db::new();
    let rows: Vec<_> = (0..9)
        .map(|n| {
            let state = User {
                version: Version(1),
                email: Some(format!("u{n}@acme.test").as_str().into()),
                role: Some(Role::ASSIGNABLE[n as usize % 2]),
                status: UserStatus::ALL[n as usize % 3],
                ..User::default()
            };
            projection::user_row(&firm(), user(n), &state)
        })
        .collect();
    for row in rows.iter().rev() {
        db.run(&row.to_statement());
    }
    (db, rows)
}

#[test]
fn users_are_filtered_and_paged() {
    let (mut db, rows) = users();
    for role in [None, Some(Role::ManagingPartner)] {
        for status in [None, Some(UserStatus::Suspended)] {
            let (mut after, mut found) = (None, vec![]);
            loop {
                let list = UserList { firm: firm(), role, status, after, limit: Limit::new(2).unwrap() };
                let page = db.all(&list);
                let (page, next) = list.page(page);
                found.extend(page);
                after = next;
                if after.is_none() {
                    break;
                }
            }
            let belongs = |row: &&UserRow| {
                role.is_none_or(|role| row.role == Some(role)) && status.is_none_or(|status| row.status == status)
            };
            assert_eq!(found, rows.iter().filter(belongs).cloned().collect::<Vec<_>>(), "{role:?} {status:?}");
        }
    }
}

#[test]
fn a_user_is_found_by_email_and_by_id() {
    let (mut db, rows) = users();
    assert_eq!(db.all(&UserByEmail { firm: firm(), email: "u3@acme.test".into() }), [rows[3].clone()]);
    assert_eq!(db.all(&UserByEmail { firm: firm(), email: "nobody@acme.test".into() }), []);
    assert_eq!(db.all(&UserById { firm: firm(), user: user(4) }), [rows[4].clone()]);
    assert_eq!(db.all(&UserById { firm: "other".parse().unwrap(), user: user(4) }), []);
}

prop_compose! {
    /// Few values, so that ties and matches abound.
    fn assignment()(
        (conversation, person) in (0u64..6, 0u64..3),
        (status, priority) in (select(&AssignmentStatus::ALL[..]), select(&Priority::ALL[..])),
        due in option::weighted(0.7, 0i64..5),
    ) -> (u64, Assignment) {
        let terms = Terms { priority, due_date: due.map(at), estimated_hours: Some(1.5), notes: None };
        let (assigned_to, assigned_by) = (user(person), Some(user(9)));
        let assigned_at = at(0);
        (conversation, Assignment { assigned_to, assigned_by, assigned_at, status, terms, actual_hours: None, version: Version(1) })
    }
}

prop_compose! {
    fn assignment_filters()(
        person in option::of(0u64..3),
        status in option::of(select(&AssignmentStatus::ALL[..])),
        priority in option::of(select(&Priority::ALL[..])),
        overdue in option::weighted(0.3, 0i64..6),
    ) -> AssignmentFilters {
        // What is overdue is active: no list asks for it with another status.
        let status = status.filter(|_| overdue.is_none());
        AssignmentFilters { assigned_to: person.map(user), status, priority, overdue_at: overdue.map(at) }
    }
}

/// Reads every page as the application does: what the dated part leaves free, the undated part fills.
fn assignment_pages(db: &mut Db, filters: &AssignmentFilters, limit: u32) -> Vec<ListedAssignment> {
    let (filters, limit) = (filters.clone(), Limit::new(limit).unwrap());
    let (mut list, mut found) = (AssignmentList { firm: firm(), filters, after: None, limit }, vec![]);
    loop {
        let mut rows = db.all(&list);
        if let Some(rest) = list.undated(rows.len()) {
            rows.extend(db.all(&rest));
        }
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
    fn assignments_are_what_a_sort_in_memory_gives(
        drawn in vec(assignment(), 0..20),
        filters in assignment_filters(),
        limit in 1u32..6,
    ) {
        let mut db = Db::new();
        let (mut rows, mut taken) = (vec![], std::collections::BTreeSet::new());
        for n in 0..6 {
            let mut conversation = conversation(n);
            conversation.client_name = (n != 1).then(|| format!("Client {n}").as_str().into());
            conversation.is_deleted = n == 0;
            db.run(&conversation.to_statement());
        }
        for (n, assignment) in drawn {
            if !taken.insert((n, assignment.assigned_to)) {
                continue;
            }
            let state = Conversation { assignments: vec![assignment], ..Conversation::default() };
            for row in projection::assignment_rows(&firm(), session(n), &state) {
                db.run(&row.to_statement());
                let client_name = (n != 1).then(|| format!("Client {n}").as_str().into());
                rows.extend((n != 0).then_some(ListedAssignment { row, client_name }));
            }
        }
        rows.retain(|ListedAssignment { row, .. }| {
            filters.assigned_to.is_none_or(|user| row.assigned_to == user)
                && filters.status.is_none_or(|status| row.status == status)
                && filters.priority.is_none_or(|priority| row.priority == priority)
                && filters.overdue_at.is_none_or(|now| {
                    row.status == AssignmentStatus::Active && row.due_date.is_some_and(|due| due < now)
                })
        });
        rows.sort_by_key(|ListedAssignment { row, .. }| (row.due_date.is_none(), row.due_date, row.session_id, row.assigned_to));
        prop_assert_eq!(assignment_pages(&mut db, &filters, limit), rows);
    }
}

#[test]
fn a_place_that_no_list_of_assignments_gave_is_refused() {
    let due_alone = AssignmentPlace { due: Some(at(0)), last: None }.to_string();
    for text in ["", "x", "W10", &due_alone] {
        assert!(text.parse::<AssignmentPlace>().is_err(), "{text}");
    }
}
