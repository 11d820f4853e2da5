//! The schema, and the corrections that it makes.

use std::collections::BTreeSet;

use engage_domain::{
    Kind, Outcome, Role,
    conversation::{AssignmentStatus, ConflictStatus, Phase, Priority, Status},
    user::UserStatus,
};
use engage_index::{
    IndexRow, Limit, Query, SCHEMA, SCHEMA_VERSION, Table,
    assignments::{AssignmentFilters, AssignmentList},
    checkpoint::ReadCheckpoint,
    projection,
    schema::{self, Tables, anew},
};
use engage_journal::{Sql, Value, sql};

use crate::{
    db::Db,
    sample::{at, conversation, firm, session, user},
};

/// Every table, column and index name of the specification; the second `idx_firm_status` by its corrected name.
const SPECIFIED: &[(&str, &str, &str)] = &[
    (
        "conversation_index",
        "firmId sessionId userId clientName clientEmail practiceArea status phase assignedTo conflictStatus goalsCompleted
         goalsTotal dataQualityScore createdAt lastActivity isDeleted",
        "idx_firm_status idx_firm_assigned idx_firm_activity idx_firm_practice_area idx_firm_conflict_status
         idx_firm_data_quality",
    ),
    (
        "user_index",
        "firmId userId auth0UserId email name role status lastLogin conversationCount assignedConversationCount createdAt",
        "idx_firm_role idx_firm_email idx_firm_user_status idx_firm_last_login",
    ),
    (
        "case_assignment_index",
        "firmId sessionId assignedTo assignedBy assignedAt status priority dueDate estimatedHours actualHours notes",
        "idx_firm_assignee idx_firm_priority idx_firm_overdue",
    ),
    (
        "audit_log_index",
        "firmId auditId userId action resourceType resourceId timestamp ipAddress userAgent outcome details",
        "idx_firm_audit_time idx_firm_audit_user idx_firm_audit_action idx_firm_audit_resource",
    ),
    (
        "conflict_detection_index",
        "firmId conflictId sessionId conflictType conflictEntity matchType confidence detectedAt detectedBy status resolvedAt
         resolvedBy resolution notes",
        "idx_firm_conflicts idx_firm_unresolved idx_firm_conflict_entity idx_firm_conflict_session",
    ),
];

fn names(db: &mut Db, text: &str, of: &str) -> BTreeSet<String> {
    sql::all(db, text, &[Value::Text(of)], |row| Ok(row.text(0)?.to_owned())).unwrap().into_iter().collect()
}

#[test]
fn correction_1_every_name_of_the_specification_is_there() {
    let mut db = Db::new();
    for (table, columns, indexes) in SPECIFIED {
        let found = names(&mut db, "SELECT name FROM pragma_table_info(?1)", table);
        for column in columns.split_whitespace() {
            assert!(found.contains(column), "{table}.{column}");
        }
        assert!(found.contains("version"), "{table}.version");
        let found = names(&mut db, "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?1", table);
        for index in indexes.split_whitespace() {
            assert!(found.contains(index), "{index} on {table}");
        }
    }
}

#[test]
fn correction_1_the_whole_schema_lands_at_once() {
    let mut db = Db::bare();
    let objects = "SELECT count(*) FROM sqlite_master";
    db.script("CREATE TABLE checkpoint (in_the_way INTEGER); BEGIN").unwrap();
    assert!(db.script(SCHEMA).is_err());
    db.script("ROLLBACK").unwrap();
    assert_eq!(db.integer(objects), 1);
    db.script(&format!("DROP TABLE checkpoint; BEGIN; {SCHEMA}; COMMIT")).unwrap();
    assert!(db.integer(objects) > 30);
    assert_eq!(db.all(&ReadCheckpoint)[0].schema_version, SCHEMA_VERSION);
}

#[test]
fn an_index_of_any_version_is_replaced_by_an_empty_one_of_this() {
    let structure = |db: &mut Db| {
        let text = "SELECT name || coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' AND name > ?1";
        names(db, text, "")
    };
    let mut fresh = Db::bare();
    for statement in schema::statements() {
        fresh.run(&statement);
    }
    let fresh = structure(&mut fresh);
    let mut db = Db::new();
    db.run(&conversation(1).to_statement());
    db.script(
        "UPDATE checkpoint SET schemaVersion = 1; CREATE TABLE \"of \"\"old\"\"\" (x); CREATE TABLE _cf_METADATA (x)",
    )
    .unwrap();
    let held = db.all(&Tables);
    assert!(held.iter().any(|table| table.is_virtual) && held.iter().any(|table| !table.is_virtual));
    db.script(&format!("BEGIN; {} COMMIT", anew(&held))).unwrap();
    assert_eq!(structure(&mut db), fresh);
    assert_eq!(db.all(&ReadCheckpoint)[0].schema_version, SCHEMA_VERSION);
    assert_eq!(db.integer("SELECT count(*) FROM conversation_index"), 0);
    let names: Vec<_> = db.all(&Tables).into_iter().map(|table| table.name).collect();
    assert!(names.iter().all(|name| schema::is_of_an_index(name)), "{names:?}");
    assert!(!schema::is_of_an_index("of \"old\"") && !schema::is_of_an_index("checkpoint_of_another"));
    // And an empty database becomes one.
    let mut empty = Db::bare();
    let held = empty.all(&Tables);
    empty.script(&anew(&held)).unwrap();
    assert_eq!(structure(&mut empty), fresh);
}

#[test]
fn correction_2_overdue_is_asked_against_a_bound_now() {
    let mut db = Db::new();
    let mut state = engage_domain::Conversation { version: engage_domain::Version(1), ..Default::default() };
    for (n, due, status) in [
        (1, Some(10), AssignmentStatus::Active),
        (2, Some(20), AssignmentStatus::Active),
        (3, Some(5), AssignmentStatus::Completed),
        (4, None, AssignmentStatus::Active),
        (5, Some(9), AssignmentStatus::Active),
    ] {
        state.assignments.push(engage_domain::conversation::Assignment {
            assigned_to: user(n),
            assigned_by: None,
            assigned_at: at(0),
            status,
            terms: engage_domain::conversation::Terms { due_date: due.map(at), ..Default::default() },
            actual_hours: None,
            version: engage_domain::Version(1),
        });
    }
    for row in projection::assignment_rows(&firm(), session(1), &state) {
        assert_eq!(db.run(&row.to_statement()), 1);
    }
    db.run(&conversation(1).to_statement());
    let mut overdue = |now, after| {
        let filters = AssignmentFilters { overdue_at: Some(at(now)), ..AssignmentFilters::default() };
        let query = AssignmentList { firm: firm(), filters, after, limit: Limit::new(1).unwrap() };
        let rows = db.all(&query);
        let (page, next) = query.page(rows);
        (page.iter().map(|listed| listed.row.assigned_to).collect::<Vec<_>>(), next)
    };
    assert_eq!(overdue(9, None), (vec![], None));
    let (first, next) = overdue(20, None);
    assert_eq!(first, [user(5)]);
    assert_eq!(overdue(20, next), (vec![user(1)], None));
}

#[test]
fn correction_5_a_lower_version_never_replaces_a_higher_one() {
    let mut db = Db::new();
    let old = conversation(1);
    let mut new = conversation(1);
    (new.version.0, new.status) = (2, Status::Completed);
    assert_eq!(db.run(&new.to_statement()), 1);
    assert_eq!(db.run(&old.to_statement()), 0);
    assert_eq!(db.run(&new.to_statement()), 0);
    assert_eq!(db.integer("SELECT version FROM conversation_index WHERE status = 'completed'"), 2);

    let mut user_row = projection::user_row(&firm(), user(1), &engage_domain::User::default());
    user_row.version.0 = 2;
    assert_eq!(db.run(&user_row.to_statement()), 1);
    user_row.version.0 = 1;
    assert_eq!(db.run(&user_row.to_statement()), 0);
}

/// Sets `column` of a row that is otherwise in order to each word, and to one that is none.
fn check_words(db: &mut Db, table: Table, column: &str, words: &[&str]) {
    let text = format!("UPDATE {} SET {column} = ?1", table.name());
    for word in words {
        assert_eq!(db.execute(&text, &[Value::Text(word)]).unwrap(), 1, "{column} = {word}");
    }
    for bad in ["", "emperor", "ACTIVE"] {
        let refused = db.execute(&text, &[Value::Text(bad)]).unwrap_err().to_string();
        assert!(refused.contains("CHECK"), "{column} = {bad:?}: {refused}");
    }
}

#[test]
fn enum_columns_take_the_words_of_the_domain_and_no_others() {
    let mut db = Db::new();
    db.run(&conversation(1).to_statement());
    db.run(&projection::user_row(&firm(), user(1), &engage_domain::User::default()).to_statement());
    db.script(
        "INSERT INTO case_assignment_index (firmId, sessionId, assignedTo, assignedAt, status, priority, version)
           VALUES ('acme', 's', 'u', 't', 'active', 'normal', 1);
         INSERT INTO audit_log_index (firmId, auditId, action, resourceType, timestamp, outcome, details, seq, version)
           VALUES ('acme', 'a', 'x', 'y', 't', 'success', '{}', 1, 1);
         INSERT INTO conflict_detection_index (firmId, conflictId, status, version) VALUES ('acme', 'c', 'detected', 1);",
    )
    .unwrap();
    let mut check = |table, column, words: &[&str]| check_words(&mut db, table, column, words);
    check(Table::Conversation, "status", &Status::ALL.map(Status::as_str));
    check(Table::Conversation, "phase", &Phase::ALL.map(Phase::as_str));
    check(Table::Conversation, "conflictStatus", &ConflictStatus::ALL.map(ConflictStatus::as_str));
    check(Table::User, "role", &Role::ASSIGNABLE.map(Role::as_str));
    check(Table::User, "status", &UserStatus::ALL.map(UserStatus::as_str));
    check(Table::Assignment, "status", &AssignmentStatus::ALL.map(AssignmentStatus::as_str));
    check(Table::Assignment, "priority", &Priority::ALL.map(Priority::as_str));
    check(Table::Audit, "outcome", &Outcome::ALL.map(Outcome::as_str));
    check(Table::Conflict, "conflictType", &["client", "opposing_party", "matter", "entity"]);
    check(Table::Conflict, "matchType", &["exact", "fuzzy", "phonetic", "alias"]);
    check(Table::Conflict, "detectedBy", &["system", "manual"]);
    check(Table::Conflict, "status", &["detected", "reviewing", "cleared", "confirmed"]);
    check(Table::Conflict, "resolution", &["waived", "client_consented", "no_conflict", "cannot_represent"]);
}

#[test]
fn numbers_out_of_range_and_values_of_another_type_are_refused() {
    let mut db = Db::new();
    db.run(&conversation(1).to_statement());
    for set in ["isDeleted = 2", "dataQualityScore = 101", "dataQualityScore = -1", "version = 'x'", "status = NULL"] {
        assert!(db.script(&format!("UPDATE conversation_index SET {set}")).is_err(), "{set}");
    }
    let park = |kind: &str| format!("INSERT INTO sync_failure VALUES (NULL, '{kind}', 'n', 1, 1, 'e', 't', 't')");
    for kind in Kind::ALL {
        db.script(&park(kind.as_str())).unwrap();
    }
    assert!(db.script(&park("emperor")).is_err());
    assert!(db.script("INSERT INTO checkpoint VALUES (2, 0, NULL, 1, NULL)").is_err());
}

#[test]
fn the_columns_of_each_table_are_those_that_rows_and_walks_name() {
    let mut db = Db::new();
    for table in Table::ALL {
        let found = names(&mut db, "SELECT name FROM pragma_table_info(?1)", table.name());
        // What names a passage to the full-text index.
        let named_by: &[&str] = if table == Table::Passage { &["id"] } else { &[] };
        let named = [table.columns(), table.counters(), named_by].concat();
        assert_eq!(found, named.iter().map(|column| (*column).to_owned()).collect(), "{}", table.name());
        assert!(!db.plan(&engage_index::scan::Count { table, firm: firm() }.statement()).is_empty());
    }
}
