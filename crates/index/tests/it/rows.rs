//! Rows: what is read is what was projected, by value and by digest.

use engage_domain::{Timestamp, Version, conversation::Status};
use engage_index::{
    AssignmentRow, ConversationRow, IndexRow, Param, Statement, Table, projection,
    scan::{Key, Print, Walk},
};
use engage_journal::{Sql, sql};
use proptest::{collection::vec, prelude::*};

use crate::{
    db::Db,
    sample::{at, conversation, conversation_state, firm, session, user, user_state},
};

fn stored<R: IndexRow>(db: &mut Db) -> Vec<R> {
    let columns = [R::TABLE.columns(), R::TABLE.counters()].concat().join(", ");
    let text = format!("SELECT {columns} FROM {} ORDER BY {}", R::TABLE.name(), R::TABLE.key().join(", "));
    sql::all(db, &text, &[], R::decode).unwrap()
}

/// Walks a table in steps of two rows.
pub(crate) fn walk(db: &mut Db, table: Table) -> Vec<Print> {
    let mut walk = Walk { table, firm: firm(), after: None, limit: 2 };
    let mut prints = vec![];
    loop {
        let step = db.all(&walk);
        let Some(last) = step.last() else { return prints };
        walk.after = Some(last.key.clone());
        prints.extend(step);
    }
}

/// Writes rows and checks that reading and walking give them back.
fn check<R: IndexRow + std::fmt::Debug>(db: &mut Db, rows: &[R]) {
    for row in rows {
        db.run(&row.to_statement());
    }
    let read: Vec<R> = stored(db);
    let prints = |rows: &[R]| rows.iter().map(R::print).collect::<Vec<_>>();
    let mut projected = prints(rows);
    projected.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(prints(&read), projected, "{read:#?}");
    assert_eq!(walk(db, R::TABLE), projected);
}

proptest! {
    #[test]
    fn a_stored_row_has_the_digest_of_the_projected_one(
        conversations in vec(conversation_state(), 1..5),
        users in vec(user_state(), 1..5),
    ) {
        let mut db = Db::new();
        let (firm, ids) = (firm(), [3, 1, 2, 5, 4]);
        let rows: Vec<_> =
            ids.iter().zip(&conversations).map(|(n, state)| projection::conversation_row(&firm, session(*n), state)).collect();
        check(&mut db, &rows);
        let mut rows: Vec<AssignmentRow> = ids
            .iter()
            .zip(&conversations)
            .flat_map(|(n, state)| projection::assignment_rows(&firm, session(*n), state))
            .collect();
        rows.sort_by_key(IndexRow::key);
        rows.dedup_by_key(|row| row.key());
        check(&mut db, &rows);
        let rows: Vec<_> = ids.iter().zip(&users).map(|(n, state)| projection::user_row(&firm, user(*n), state)).collect();
        check(&mut db, &rows);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(states in vec(conversation_state(), 1..6), seed in any::<usize>()) {
        let rows: Vec<_> = states
            .iter()
            .zip(1..)
            .map(|(state, version)| {
                let row = projection::conversation_row(&firm(), session(1), state);
                ConversationRow { version: Version(version), ..row }
            })
            .collect();
        let mut db = Db::new();
        for at in 0..rows.len() {
            db.run(&rows[(at + seed % rows.len()) % rows.len()].to_statement());
        }
        prop_assert_eq!(walk(&mut db, Table::Conversation), vec![rows.last().unwrap().print()]);
    }

    #[test]
    fn touching_a_row_gives_what_writing_it_whole_gives(
        state in conversation_state(),
        (moved, rescored, other) in any::<(bool, bool, bool)>(),
    ) {
        let before = projection::conversation_row(&firm(), session(1), &state);
        let mut after = before.clone();
        after.version = before.version.next();
        if moved { after.last_activity = Timestamp::from_millis(before.last_activity.as_millis() + 1) }
        if rescored { after.data_quality_score = before.data_quality_score.wrapping_add(1) % 101 }
        if other { after.goals_total += 1 }
        let mut db = Db::new();
        db.run(&before.to_statement());
        let touch = after.touch(&before);
        let longer = after.last_activity != before.last_activity;
        // A completed one that moves has taken longer, which is a column too.
        prop_assert_eq!(touch.is_none(), other || (longer && state.status == Status::Completed));
        if let Some(touch) = touch {
            prop_assert_eq!(db.run(&touch), 1);
            prop_assert_eq!(walk(&mut db, Table::Conversation), vec![after.print()]);
            prop_assert_eq!(db.run(&touch), 0, "a touch of a row that is no longer the previous one changes nothing");
        }
    }
}

#[test]
fn a_row_of_the_same_or_an_earlier_version_is_no_touch() {
    let row = conversation(1);
    assert_eq!(row.touch(&row), None);
    let later = ConversationRow { version: Version(9), ..row.clone() };
    assert_eq!(row.touch(&later), None);
}

#[test]
fn every_column_is_in_the_digest_and_no_counter_is() {
    let mut db = Db::new();
    db.run(&conversation(1).to_statement());
    db.run(&projection::user_row(&firm(), user(1), &Default::default()).to_statement());
    db.script(
        "INSERT INTO case_assignment_index (firmId, sessionId, assignedTo, assignedAt, status, priority, version)
           VALUES ('acme', 's', 'u', 't', 'active', 'normal', 1);
         INSERT INTO audit_log_index (firmId, auditId, action, resourceType, timestamp, outcome, details, seq, version)
           VALUES ('acme', 'a', 'x', 'y', 't', 'success', '{}', 1, 1);
         INSERT INTO conflict_detection_index (firmId, conflictId, status, version) VALUES ('acme', 'c', 'detected', 1);
         INSERT INTO passage_index (firmId, passageId, sessionId, version) VALUES ('acme', 'p', 's', 1);",
    )
    .unwrap();
    for table in Table::ALL {
        let before = walk(&mut db, table);
        for column in &table.columns()[1..] {
            db.script("SAVEPOINT s").unwrap();
            let words = [
                "'completed'",
                "'suspended'",
                "'urgent'",
                "'blocked'",
                "'manual'",
                "'waived'",
                "'client'",
                "'alias'",
                "'clear'",
                "'reviewing'",
                "'secured'",
                "'2'",
                "1",
            ];
            let changed = words.iter().any(|word| {
                db.script(&format!("UPDATE {} SET {column} = {word}", table.name())).is_ok()
                    && walk(&mut db, table) != before
            });
            assert!(changed, "{}.{column}", table.name());
            db.script("ROLLBACK TO s; RELEASE s").unwrap();
        }
        for counter in table.counters() {
            db.script(&format!("UPDATE {} SET {counter} = 7", table.name())).unwrap();
            assert_eq!(walk(&mut db, table), before, "{counter}");
        }
    }
}

#[test]
fn neighbouring_columns_do_not_run_into_each_other_in_a_digest() {
    let digest = |name: Option<&str>, email: Option<&str>| {
        let (client_name, client_email) = (name.map(Into::into), email.map(Into::into));
        ConversationRow { client_name, client_email, ..conversation(1) }.digest()
    };
    let all = [
        (Some("ab"), Some("c")),
        (Some("a"), Some("bc")),
        (Some("abc"), None),
        (None, Some("abc")),
        (Some(""), None),
        (None, None),
    ];
    let digests: std::collections::HashSet<_> = all.iter().map(|(name, email)| digest(*name, *email)).collect();
    assert_eq!(digests.len(), all.len());
}

#[test]
fn a_row_that_nobody_projected_is_walked_over_but_not_read() {
    let mut db = Db::new();
    db.run(&conversation(1).to_statement());
    db.script("UPDATE conversation_index SET createdAt = 'yesterday', version = -1").unwrap();
    let [Print { key, version, .. }] = &walk(&mut db, Table::Conversation)[..] else { panic!("one row") };
    assert_eq!((key, *version), (&Key(session(1).to_string().into(), "".into()), Version(0)));
    let text = format!("SELECT {} FROM conversation_index", Table::Conversation.columns().join(", "));
    let error = sql::first(&mut db, &text, &[], ConversationRow::decode).unwrap_err().to_string();
    assert!(error.contains(r#""yesterday" in conversation_index.createdAt"#), "{error}");
}

#[test]
fn a_value_that_the_schema_refuses_is_an_error_not_a_row_left_out() {
    let mut db = Db::new();
    let row = ConversationRow { data_quality_score: 101, ..conversation(1) };
    let Statement { sql, params } = row.to_statement();
    assert!(db.execute(&sql, &params.iter().map(Param::as_value).collect::<Vec<_>>()).is_err());
}

#[test]
fn an_active_conversation_is_projected_column_by_column() {
    let mut state = engage_domain::Conversation {
        version: Version(3),
        created_at: at(1),
        last_activity: at(2),
        ..Default::default()
    };
    state.identity.name = Some("Jane ROE".into());
    state.user_id = Some(user(1));
    let row = projection::conversation_row(&firm(), session(1), &state);
    assert_eq!((row.status, row.is_deleted, row.version), (Status::Active, false, Version(3)));
    assert_eq!((row.client_sort.as_str(), row.created_at, row.last_activity), ("jane roe", at(1), at(2)));
    assert_eq!((row.goals_completed, row.goals_total, row.data_quality_score), (0, 0, 8));
}
