//! The checker is itself checked: it finds a planted fault of each class, in each of the tables.

use engage_domain::{Role, conversation::Command};
use engage_index::Table;
use engage_journal::Sql;
use engage_native::verify::{Difference, Report};

use crate::rig::{Rig, conversation, message, person, register, start};

/// Three of everything. The second of each is the one to be spoilt.
async fn rig() -> Rig {
    let mut rig = Rig::new().await;
    for number in 1..=3 {
        rig.tell_user(number, register("Ann", Role::Attorney)).await;
        rig.tell(number, start()).await;
        rig.tell(number, message("hello")).await;
    }
    rig.tell(3, Command::Assign { assignee: person(3), terms: Box::default(), pending: false }).await;
    // Of a conversation that counts for nobody: what is assigned to a stranger.
    for number in 1..=2 {
        rig.tell(number, Command::Assign { assignee: person(9), terms: Box::default(), pending: false }).await;
    }
    rig.three_conflicts().await;
    rig.is_sound().await;
    rig.settle();
    rig
}

/// What picks the second row of a table.
fn second(rig: &Rig, table: Table) -> String {
    match table {
        Table::Conversation | Table::Assignment => format!("sessionId = '{}'", conversation(2)),
        Table::User => format!("userId = '{}'", person(2)),
        Table::Audit => format!("auditId = '{}'", rig.entries()[4].id),
        Table::Passage => format!("sessionId = '{}'", conversation(2)),
        Table::Conflict => format!("conflictId = '{}'", rig.second_conflict()),
    }
}

/// Plants a fault in the index, finds exactly what is expected, and takes the fault back.
fn check(rig: &Rig, table: Table, fault: &str, expected: Difference) {
    let whole = std::fs::read(rig.file("index.db")).unwrap();
    let fault = fault.replace("SECOND", &second(rig, table)).replace("TABLE", table.name());
    rig.index().script(&fault).unwrap();
    let report = rig.check();
    let found: Vec<_> = report.rows.iter().map(|finding| (&*finding.table, finding.difference)).collect();
    assert_eq!(found, [(table.name(), expected)], "{fault}");
    assert_eq!(counts(&report), counts_of(expected), "{fault}");
    std::fs::write(rig.file("index.db"), whole).unwrap();
    assert!(rig.check().is_clean());
}

fn counts(report: &Report) -> [u64; 5] {
    [report.chain_errors, report.missing, report.stale, report.orphaned, report.drifted]
}

fn counts_of(difference: Difference) -> [u64; 5] {
    match difference {
        Difference::Missing => [0, 1, 0, 0, 0],
        Difference::Stale => [0, 0, 1, 0, 0],
        Difference::Orphaned => [0, 0, 0, 1, 0],
        Difference::Drifted => [0, 0, 0, 0, 1],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_gone_is_missing() {
    let rig = rig().await;
    for table in Table::ALL {
        check(&rig, table, "DELETE FROM TABLE WHERE SECOND", Difference::Missing);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_a_lower_version_is_stale() {
    let rig = rig().await;
    for table in Table::ALL {
        check(&rig, table, "UPDATE TABLE SET version = version - 1 WHERE SECOND", Difference::Stale);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_a_version_that_never_was_has_drifted() {
    let rig = rig().await;
    for table in Table::ALL {
        check(&rig, table, "UPDATE TABLE SET version = version + 1 WHERE SECOND", Difference::Drifted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_without_a_source_is_orphaned_wherever_it_sorts() {
    let rig = rig().await;
    for table in Table::ALL {
        let key = table.key()[0];
        for other in ["'00000000000000000000000000'", "'7ZZZZZZZZZZZZZZZZZZZZZZZZZ'", "'no id at all'"] {
            let columns = table.columns().join(", ");
            let values = table.columns().iter().map(|column| if *column == key { other } else { column });
            let values = values.collect::<Vec<_>>().join(", ");
            let fault = format!("INSERT INTO TABLE ({columns}) SELECT {values} FROM TABLE WHERE SECOND");
            check(&rig, table, &fault, Difference::Orphaned);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_other_value_in_any_column_is_drift() {
    let rig = rig().await;
    for table in Table::ALL {
        let data = table
            .columns()
            .iter()
            .filter(|column| !table.key().contains(column) && **column != "firmId" && **column != "version");
        for column in data {
            check(&rig, table, &format!("UPDATE TABLE SET {} WHERE SECOND", other(table, column)), Difference::Drifted);
        }
    }
    for counter in Table::User.counters() {
        let fault = format!("UPDATE TABLE SET {counter} = {counter} + 1 WHERE SECOND");
        check(&rig, Table::User, &fault, Difference::Drifted);
    }
}

/// An assignment of another value that the schema takes.
fn other(table: Table, column: &str) -> String {
    let value = match column {
        "status" if table == Table::User => "'suspended'".into(),
        "status" if table == Table::Conflict => "'confirmed'".into(),
        "conflictType" => "'matter'".into(),
        "matchType" => "'phonetic'".into(),
        "confidence" => "0.125".into(),
        "detectedBy" => "'manual'".into(),
        "resolution" => "'waived'".into(),
        "status" => "CASE status WHEN 'completed' THEN 'active' ELSE 'completed' END".into(),
        "phase" => "'secured'".into(),
        "conflictStatus" => "'clear'".into(),
        "role" => "'client'".into(),
        "priority" => "'urgent'".into(),
        "outcome" => "'blocked'".into(),
        "goalsCompleted" | "goalsTotal" | "dataQualityScore" | "seq" => format!("{column} + 1"),
        "completionMs" => "coalesce(completionMs, 0) + 1".into(),
        "isDeleted" => "1".into(),
        "estimatedHours" | "actualHours" => "0.5".into(),
        // Somebody who is nobody's user, so that no count changes with it.
        _ => format!("coalesce({column}, '') || 'x'"),
    };
    format!("{column} = {value}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_was_changed_shows_in_its_chain_and_leaves_the_others_alone() {
    let rig = rig().await;
    let entry = rig.entries()[4].clone();
    let whole = std::fs::read(rig.file("journal.db")).unwrap();
    let tampered = |column: &str, value: &str| {
        rig.journal().script(&format!("UPDATE entry SET {column} = '{value}' WHERE seq = {}", entry.seq)).unwrap();
        let report = rig.check();
        std::fs::write(rig.file("journal.db"), &whole).unwrap();
        assert!(report.chain.iter().any(|error| error.seq == entry.seq), "{column}: {report:#?}");
        report
    };
    // What the audit trail shows no longer is what the journal says; nothing else is off.
    for (column, value) in [("action", "goal_added"), ("outcome", "failure"), ("details", "{}")] {
        let report = tampered(column, value);
        assert_eq!(counts(&report), [1, 0, 0, 0, 1], "{column}: {report:#?}");
    }
    // What cannot be read at all has no row that it could be held against.
    for (column, value) in [("actor", "nobody"), ("details", "nothing")] {
        let report = tampered(column, value);
        assert_eq!(counts(&report), [1, 0, 0, 1, 0], "{column}: {report:#?}");
    }
    assert!(rig.check().is_clean());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_is_gone_shows() {
    let rig = rig().await;
    let entry = rig.entries()[4].clone();
    rig.journal().script(&format!("DELETE FROM entry WHERE seq = {}", entry.seq)).unwrap();
    let report = rig.check();
    assert!(report.chain_errors > 0 && report.orphaned > 0, "{report:#?}");
}
