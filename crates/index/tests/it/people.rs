//! The lists of users and of assignments.

use engage_domain::{
    Conversation, Role, User, Version,
    conversation::{Assignment, AssignmentStatus, Priority, Terms},
    user::UserStatus,
};
use engage_index::{
    AssignmentRow, IndexRow, Limit, UserRow,
    assignments::AssignmentList,
    projection,
    users::{UserByEmail, UserById, UserList},
};

use crate::{
    db::Db,
    sample::{at, firm, session, user},
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

#[test]
fn assignments_are_filtered_and_paged() {
    let mut db = Db::new();
    let mut rows = vec![];
    for n in 0..12u64 {
        let assignment = |person: u64| Assignment {
            assigned_to: user(person),
            assigned_by: Some(user(9)),
            assigned_at: at(0),
            status: AssignmentStatus::ALL[(n + person) as usize % 4],
            terms: Terms { priority: Priority::ALL[n as usize % 2], estimated_hours: Some(1.5), ..Terms::default() },
            actual_hours: None,
            version: Version(1),
        };
        let state = Conversation { assignments: vec![assignment(1), assignment(2)], ..Conversation::default() };
        rows.extend(projection::assignment_rows(&firm(), session(n), &state));
    }
    for row in rows.iter().rev() {
        db.run(&row.to_statement());
    }
    for bits in 0..8u32 {
        let has = |bit: u32| bits & (1 << bit) != 0;
        let assigned_to = has(0).then(|| user(2));
        let (status, priority) = (has(1).then_some(AssignmentStatus::Active), has(2).then_some(Priority::Urgent));
        let (mut after, mut found) = (None, vec![]);
        loop {
            let list =
                AssignmentList { firm: firm(), assigned_to, status, priority, after, limit: Limit::new(2).unwrap() };
            let page = db.all(&list);
            let (page, next) = list.page(page);
            found.extend(page);
            after = next;
            if after.is_none() {
                break;
            }
        }
        let belongs = |row: &&AssignmentRow| {
            assigned_to.is_none_or(|user| row.assigned_to == user)
                && status.is_none_or(|status| row.status == status)
                && priority.is_none_or(|priority| row.priority == priority)
        };
        let mut expected: Vec<_> = rows.iter().filter(belongs).cloned().collect();
        if assigned_to.is_some() {
            expected.sort_by_key(|row| (row.status.as_str(), row.session_id));
        }
        assert_eq!(found, expected, "{bits:03b}");
    }
}
