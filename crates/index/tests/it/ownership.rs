//! Rows by the objects that they come from.

use engage_domain::{Kind, Version, conversation::Status};
use engage_index::{
    ConversationRow, IndexRow, Table,
    ownership::{KEYS_MAX, Owned, Owners, PrintsOf},
    projection,
    scan::Key,
};
use engage_journal::ObjectKey;

use crate::{
    audit::row as audit_row,
    db::Db,
    sample::{conversation, firm, session, user},
};

fn owners(db: &mut Db, table: Table, limit: u32) -> Vec<Owned> {
    let mut found: Vec<Owned> = vec![];
    loop {
        let after = found.last().map(|row| row.key.clone());
        let page = db.all(&Owners { table, firm: firm(), after, limit });
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

fn object(kind: Kind, name: impl ToString) -> ObjectKey {
    ObjectKey { kind, name: name.to_string().into() }
}

#[test]
fn stored_rows_are_found_by_their_keys_with_the_digests_of_their_projections() {
    let mut db = Db::new();
    let rows: Vec<_> = (1..=KEYS_MAX as u64 + 5).map(conversation).collect();
    for row in &rows {
        assert_eq!(db.run(&row.to_statement()), 1);
    }
    let keys = (1..=KEYS_MAX as u64).map(|n| session(n).to_string().into()).collect();
    let mut found = db.all(&PrintsOf { table: Table::Conversation, firm: firm(), keys });
    found.sort_by(|a, b| a.key.cmp(&b.key));
    let mut expected: Vec<_> = rows[..KEYS_MAX].iter().map(IndexRow::print).collect();
    expected.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(found, expected);
    let changed = ConversationRow { status: Status::Completed, ..rows[0].clone() };
    assert_ne!(changed.print().digest, expected[0].digest, "a digest tells contents apart");
}

#[test]
fn each_row_names_the_object_that_it_should_come_from_page_by_page() {
    let mut db = Db::new();
    db.run(&conversation(1).to_statement());
    db.run(&conversation(2).to_statement());
    let state = engage_domain::User { version: Version(1), ..Default::default() };
    db.run(&projection::user_row(&firm(), user(3), &state).to_statement());
    let conversations = owners(&mut db, Table::Conversation, 1);
    let expected = [1, 2].map(|n| Owned {
        key: Key(session(n).to_string().into(), "".into()),
        object: object(Kind::Conversation, session(n)),
    });
    assert_eq!(conversations, expected);
    assert_eq!(owners(&mut db, Table::User, 9)[0].object, object(Kind::User, user(3)));
    assert_eq!(owners(&mut db, Table::Passage, 9), []);
}

#[test]
fn an_audit_row_belongs_to_the_object_that_it_names_and_to_the_firm_where_that_is_no_object() {
    let mut db = Db::new();
    db.run(&audit_row(1, Kind::Conversation, "c", "{}").to_statement());
    db.run(&audit_row(2, Kind::User, "u", "{}").to_statement());
    db.run(&audit_row(3, Kind::Firm, "acme", "{}").to_statement());
    db.run(&audit_row(4, Kind::Firm, "acme", r#"{"resourceType":"conversation","resourceId":"c"}"#).to_statement());
    db.run(&audit_row(5, Kind::Firm, "acme", r#"{"resourceType":"conflict","resourceId":"x"}"#).to_statement());
    let objects: Vec<_> = owners(&mut db, Table::Audit, 2).into_iter().map(|row| row.object).collect();
    let (conversation, firm) = (object(Kind::Conversation, "c"), object(Kind::Firm, "acme"));
    assert_eq!(objects, [conversation.clone(), object(Kind::User, "u"), firm.clone(), conversation, firm]);
}
