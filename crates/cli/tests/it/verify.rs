//! `engage verify` finds what was planted in the files of a folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{
    lists,
    rig::{Rig, spoil},
};

/// A folder with three conversations of two messages, an attorney and an assignment; nobody serves it.
fn rig() -> (Rig, Vec<String>) {
    let rig = Rig::new();
    let server = rig.serve();
    let client = rig.partner(&server);
    let attorney = json!({ "email": "ann@acme.example", "name": "Ann", "role": "attorney" });
    client.post("/api/v1/firm/users", &attorney).expect(201);
    for number in 0..3 {
        let body = json!({ "clientName": format!("Client {number}"), "practiceArea": "family_law" });
        let created = client.post("/api/v1/firm/conversations", &body).expect(201);
        let path = format!("/api/v1/firm/conversations/{}", created["conversation"]["sessionId"].as_str().unwrap());
        for content in ["hello", "is anybody there?"] {
            client.post(&format!("{path}/messages"), &json!({ "role": "user", "content": content })).expect(201);
        }
        client.put(&format!("{path}/assignment"), &json!({ "assignedTo": "ann@acme.example" })).expect(200);
    }
    let ids = lists::agreed(&client, 3).into_keys().collect();
    server.stop();
    rig.is_sound();
    (rig, ids)
}

/// Chain errors, missing, stale, orphaned, drifted.
fn counts(report: &Value) -> [u64; 5] {
    ["chainErrors", "missing", "stale", "orphaned", "drifted"].map(|count| report[count].as_u64().unwrap())
}

/// A database as it is, to be put back.
struct Kept {
    path: PathBuf,
    whole: Vec<u8>,
}

impl Kept {
    /// Reads a database that no process owns, with what is still in its write-ahead log.
    fn read(path: PathBuf) -> Self {
        spoil(&path, "PRAGMA wal_checkpoint(TRUNCATE)");
        Self { whole: std::fs::read(&path).unwrap(), path }
    }

    fn put_back(&self) {
        remove(&self.path);
        std::fs::write(&self.path, &self.whole).unwrap();
    }
}

/// Removes a database with its log.
fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        if let Err(error) = std::fs::remove_file(name) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        }
    }
}

/// Plants a fault in one of the firm's files, has it found, and takes it back.
#[track_caller]
fn check(rig: &Rig, file: &str, fault: &str, expected: [u64; 5]) {
    let kept = Kept::read(rig.file(file));
    spoil(&kept.path, fault);
    let report = rig.verify(6);
    assert_eq!(counts(&report), expected, "{fault}: {report:#}");
    kept.put_back();
    rig.is_sound();
}

#[test]
fn a_fault_in_the_index_is_counted_by_its_kind() {
    let (rig, ids) = rig();
    let second = &ids[1];
    let row = format!("WHERE sessionId = '{second}'");
    check(&rig, "index.db", &format!("DELETE FROM case_assignment_index {row}"), [0, 1, 0, 0, 0]);
    check(&rig, "index.db", "DELETE FROM audit_log_index WHERE seq = 3", [0, 1, 0, 0, 0]);
    let older = format!("UPDATE conversation_index SET version = version - 1, status = 'completed' {row}");
    check(&rig, "index.db", &older, [0, 0, 1, 0, 0]);
    let extra = "INSERT INTO user_index (firmId, userId, status, createdAt, version)
        VALUES ('acme', '00000000000000000000000000', 'active', '2025-01-01T00:00:00.000Z', 1)";
    check(&rig, "index.db", extra, [0, 0, 0, 1, 0]);
    let newer = format!("UPDATE conversation_index SET version = version + 1 {row}");
    check(&rig, "index.db", &newer, [0, 0, 0, 0, 1]);
    // Through the triggers the count of the attorney follows: one fault, one finding.
    check(&rig, "index.db", &format!("DELETE FROM conversation_index {row}"), [0, 1, 0, 0, 0]);
}

#[test]
fn correction_7_a_row_with_the_right_time_and_a_wrong_status_is_found() {
    let (rig, ids) = rig();
    let fault = format!("UPDATE conversation_index SET status = 'terminated' WHERE sessionId = '{}'", ids[2]);
    check(&rig, "index.db", &fault, [0, 0, 0, 0, 1]);
    // The other tables are compared by their content just as much.
    check(&rig, "index.db", "UPDATE user_index SET name = 'Anne' WHERE name = 'Ann'", [0, 0, 0, 0, 1]);
    check(&rig, "index.db", "UPDATE audit_log_index SET action = 'nothing' WHERE seq = 2", [0, 0, 0, 0, 1]);
    let urgent = format!("UPDATE case_assignment_index SET priority = 'urgent' WHERE sessionId = '{}'", ids[0]);
    check(&rig, "index.db", &urgent, [0, 0, 0, 0, 1]);
    let conflict = "INSERT INTO conflict_detection_index (firmId, conflictId, status, version) VALUES ('acme', 'C', 'detected', 1)";
    check(&rig, "index.db", conflict, [0, 0, 0, 1, 0]);
}

#[test]
fn a_message_that_was_rewritten_breaks_its_chain() {
    let (rig, ids) = rig();
    let message = format!("object = (SELECT id FROM object WHERE name = '{}') AND payload LIKE '%anybody%'", ids[0]);
    let forged = format!("UPDATE entry SET payload = replace(payload, 'anybody', 'nobody') WHERE {message}");
    // And what is searched still says what was said.
    check(&rig, "journal.db", &forged, [1, 0, 0, 0, 1]);
    let forged = format!("UPDATE entry SET at = '2020-01-01T00:00:00.000Z' WHERE {message}");
    let kept = Kept::read(rig.file("journal.db"));
    spoil(&kept.path, &forged);
    let report = rig.verify(6);
    assert!(report["chainErrors"].as_u64() > Some(0), "{report:#}");
    let place = &report["chain"][0];
    assert_eq!(place["object"], format!("conversation/{}", ids[0]), "{report:#}");
    // People are told the same.
    let table = rig.run(&["verify", "--data", "DATA"]).expect(6);
    assert!(table.contains(&ids[0]) && table.contains("chain errors"), "{table}");
    kept.put_back();
    rig.is_sound();
}

#[test]
fn an_index_that_is_gone_comes_back_equal() {
    let (rig, _) = rig();
    remove(&rig.file("index.db"));
    rig.is_sound();
    remove(&rig.file("index.db"));
    std::fs::write(rig.file("index.db"), "This is no database. ".repeat(400)).unwrap();
    rig.is_sound();
    let server = rig.serve();
    lists::agreed(&rig.partner(&server), 3);
    server.stop();
}

#[test]
fn a_journal_that_is_no_database_is_named_and_left_alone() {
    let (rig, _) = rig();
    let path = rig.file("journal.db");
    let rubbish = [b'x'; 8192];
    remove(&path);
    std::fs::write(&path, rubbish).unwrap();
    let ended = rig.run(&["verify", "--data", "DATA", "--json"]);
    assert!(ended.err.contains("journal.db"), "{ended:#?}");
    ended.expect(1);
    // A server has other firms to serve; of this one it acknowledges nothing.
    let server = rig.serve();
    let reply = rig.partner(&server).get("/api/v1/firm/settings");
    assert_eq!(reply.status, 500, "{reply:#?}");
    server.stop();
    assert_eq!(std::fs::read(&path).unwrap(), rubbish);
}

#[test]
fn firms_are_verified_one_by_one() {
    let (rig, ids) = rig();
    rig.run(&["firm", "create", "--data", "DATA", "--firm", "other", "--name", "Other LLP"]).expect(0);
    let fault = format!("UPDATE conversation_index SET status = 'terminated' WHERE sessionId = '{}'", ids[0]);
    spoil(&rig.file("index.db"), &fault);
    let both = rig.run(&["verify", "--data", "DATA", "--json"]).json(6);
    let firms: Vec<_> =
        both["firms"].as_array().unwrap().iter().map(|report| (&report["firm"], counts(report))).collect();
    assert_eq!(firms, [(&json!("acme"), [0, 0, 0, 0, 1]), (&json!("other"), [0; 5])]);
    rig.run(&["verify", "--data", "DATA", "--firm", "other"]).expect(0);
    rig.run(&["verify", "--data", "DATA", "--firm", "acme"]).expect(6);
}
