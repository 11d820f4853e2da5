//! Migrations land whole or not at all, once each.

use engage_domain::{Conversation, Timestamp};
use engage_journal::{Activation, Error, Sql, store};

use crate::{
    desk::{Desk, START_MS, conversation},
    sqlite::Sqlite,
};

fn migrate(sql: &mut Sqlite) -> Result<(), Error> {
    store::migrate(sql, Timestamp::from_millis(START_MS))
}

#[test]
fn migrating_again_changes_nothing() {
    let mut sql = Sqlite::in_memory();
    migrate(&mut sql).unwrap();
    let (schema, rows) = (sql.scalar("SELECT group_concat(sql) FROM sqlite_master"), sql.dump());
    let migration = |number| format!(r#"migration: Integer({number}), Text("2026-11-23T00:00:00.000Z")"#);
    assert_eq!(rows, [migration(1), migration(2)]);
    store::migrate(&mut sql, Timestamp::from_millis(START_MS + 1)).unwrap();
    assert_eq!((sql.scalar("SELECT group_concat(sql) FROM sqlite_master"), sql.dump()), (schema, rows));
}

#[test]
fn a_journal_from_before_the_registry_gets_its_tables_and_keeps_what_it_holds() {
    let mut desk = Desk::new();
    desk.start(1);
    let before = desk.sql.dump();
    desk.sql
        .script("DROP TABLE party; DROP TABLE conflict; DROP TABLE letter; DELETE FROM migration WHERE version = 2")
        .unwrap();
    migrate(&mut desk.sql).unwrap();
    assert_eq!(desk.sql.dump(), before);
    desk.reopen();
    desk.tell(1, crate::desk::message("x"));
    desk.verified();
}

#[test]
fn a_journal_of_a_later_version_is_refused_untouched() {
    let mut desk = Desk::new();
    desk.start(1);
    desk.sql.tamper("INSERT INTO migration (version, at) VALUES (999, '2030-01-01T00:00:00.000Z')");
    let before = desk.sql.dump();
    let error = migrate(&mut desk.sql).unwrap_err();
    assert!(matches!(error, Error::TooNew { found: 999, known } if known < 999), "{error:?}");
    assert_eq!(desk.sql.dump(), before);
}

#[test]
fn a_migration_that_is_rolled_back_leaves_nothing() {
    let mut sql = Sqlite::in_memory();
    sql.script("BEGIN").unwrap();
    migrate(&mut sql).unwrap();
    sql.script("ROLLBACK").unwrap();
    assert_eq!(sql.scalar("SELECT count(*) FROM sqlite_master"), "0");
    migrate(&mut sql).unwrap();
    let loaded = Activation::<Conversation>::load(&mut sql, conversation(1)).unwrap();
    assert!(!loaded.exists());
}
