//! The counts of `user_index`, kept by triggers, against counting.

use engage_domain::{Version, conversation::Status};
use engage_index::{
    ConversationRow, IndexRow, projection,
    reconciliation::{WrongCounts, recount},
};
use engage_journal::{Sql, Value, sql};
use proptest::{collection::vec, option, prelude::*};

use crate::{
    db::Db,
    sample::{at, conversation, firm, session, user},
};

#[derive(Clone, Debug)]
enum Step {
    /// Writes a conversation at a version, perhaps an old one.
    Write { n: u64, version: u64, owner: Option<u64>, assignee: Option<u64>, deleted: bool },
    /// Touches a conversation: nothing that is counted changes.
    Touch(u64),
    /// Removes a conversation's row, as the repair of an orphan does.
    Remove(u64),
    /// Writes a user at a version.
    User { n: u64, version: u64 },
    /// Removes a user's row.
    RemoveUser(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let write = (0u64..5, 1u64..9, option::of(0u64..3), option::of(0u64..3), any::<bool>())
        .prop_map(|(n, version, owner, assignee, deleted)| Step::Write { n, version, owner, assignee, deleted });
    prop_oneof![
        6 => write,
        1 => (0u64..5).prop_map(Step::Touch),
        1 => (0u64..5).prop_map(Step::Remove),
        2 => (0u64..3, 1u64..9).prop_map(|(n, version)| Step::User { n, version }),
        1 => (0u64..3).prop_map(Step::RemoveUser),
    ]
}

fn take(db: &mut Db, step: &Step) {
    let mut remove = |table: &str, column: &str, id: String| {
        db.execute(&format!("DELETE FROM {table} WHERE {column} = ?1"), &[Value::Text(&id)]).unwrap();
    };
    match *step {
        Step::Remove(n) => remove("conversation_index", "sessionId", session(n).to_string()),
        Step::RemoveUser(n) => remove("user_index", "userId", user(n).to_string()),
        Step::Write { n, version, owner, assignee, deleted } => {
            let row = ConversationRow {
                version: Version(version),
                user_id: owner.map(user),
                assigned_to: assignee.map(user),
                is_deleted: deleted,
                ..conversation(n)
            };
            db.run(&row.to_statement());
        }
        Step::Touch(n) => {
            let before = conversation(n);
            let after = ConversationRow { version: Version(2), last_activity: at(1_000), ..before.clone() };
            db.run(&after.touch(&before).unwrap());
        }
        Step::User { n, version } => {
            let state = engage_domain::User { version: Version(version), ..Default::default() };
            db.run(&projection::user_row(&firm(), user(n), &state).to_statement());
        }
    }
}

/// What the counts should be, by counting.
fn counted(db: &mut Db) -> Vec<(String, u64, u64)> {
    let text = "SELECT userId,
        (SELECT count(*) FROM conversation_index AS c WHERE c.firmId = u.firmId AND c.userId = u.userId AND isDeleted = 0),
        (SELECT count(*) FROM conversation_index AS c WHERE c.firmId = u.firmId AND c.assignedTo = u.userId AND isDeleted = 0)
        FROM user_index AS u ORDER BY userId";
    let decode =
        |row: &dyn engage_journal::Row| Ok((row.text(0)?.to_owned(), row.integer(1)? as u64, row.integer(2)? as u64));
    sql::all(db, text, &[], decode).unwrap()
}

fn kept(db: &mut Db) -> Vec<(String, u64, u64)> {
    let text = "SELECT userId, conversationCount, assignedConversationCount FROM user_index ORDER BY userId";
    let decode =
        |row: &dyn engage_journal::Row| Ok((row.text(0)?.to_owned(), row.integer(1)? as u64, row.integer(2)? as u64));
    sql::all(db, text, &[], decode).unwrap()
}

/// The users whose counts are called wrong.
fn wrong(db: &mut Db) -> Vec<String> {
    let users = db.all(&WrongCounts { firm: firm(), after: "".into(), limit: 1_000 });
    users.into_iter().filter(|user| !user.right).map(|user| user.key.0.to_string()).collect()
}

#[test]
fn a_wrong_count_is_found_and_counted_anew_and_a_right_one_is_left_alone() {
    let mut db = Db::new();
    for n in 1..=3 {
        take(&mut db, &Step::User { n, version: 1 });
        take(&mut db, &Step::Write { n, version: 1, owner: Some(n), assignee: Some(1), deleted: n == 3 });
    }
    let right = counted(&mut db);
    assert_eq!((kept(&mut db), wrong(&mut db)), (right.clone(), vec![]));
    let spoil = format!("UPDATE user_index SET assignedConversationCount = -5 WHERE userId = '{}'", user(2));
    db.script(&spoil).unwrap();
    assert_eq!(wrong(&mut db), [user(2).to_string()]);
    assert_eq!(db.run(&recount(&firm(), &user(1).to_string())), 0);
    assert_eq!(db.run(&recount(&firm(), &user(2).to_string())), 1);
    assert_eq!((kept(&mut db), wrong(&mut db)), (right, vec![]));
}

proptest! {
    #[test]
    fn correction_12_the_counts_are_exact_after_every_step(steps in vec(step(), 1..40)) {
        let mut db = Db::new();
        for step in &steps {
            take(&mut db, step);
            prop_assert_eq!(kept(&mut db), counted(&mut db), "after {:?}", step);
        }
    }
}

#[test]
fn correction_12_counts_and_rows_are_rolled_back_together() {
    let mut db = Db::new();
    take(&mut db, &Step::User { n: 1, version: 1 });
    db.script("BEGIN").unwrap();
    take(&mut db, &Step::Write { n: 1, version: 1, owner: Some(1), assignee: Some(1), deleted: false });
    assert_eq!(kept(&mut db), [(user(1).to_string(), 1, 1)]);
    db.script("ROLLBACK").unwrap();
    assert_eq!(kept(&mut db), [(user(1).to_string(), 0, 0)]);
}

#[test]
fn correction_12_a_users_own_later_versions_leave_the_counts_alone() {
    let mut db = Db::new();
    take(&mut db, &Step::Write { n: 1, version: 1, owner: None, assignee: Some(1), deleted: false });
    take(&mut db, &Step::User { n: 1, version: 1 });
    take(&mut db, &Step::User { n: 1, version: 2 });
    assert_eq!(kept(&mut db), [(user(1).to_string(), 0, 1)]);
    // Closing a conversation does not uncount it: the counts are of what is there, not of what goes on.
    let closed = ConversationRow {
        version: Version(2),
        status: Status::Completed,
        assigned_to: Some(user(1)),
        ..conversation(1)
    };
    db.run(&closed.to_statement());
    assert_eq!(kept(&mut db), [(user(1).to_string(), 0, 1)]);
}
