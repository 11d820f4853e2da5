//! `engage reconcile` and `engage rebuild`, on a folder and through a server.

use serde_json::{Value, json};

use crate::rig::{Rig, spoil};

fn rig() -> Rig {
    let rig = Rig::new();
    let server = rig.serve();
    let client = rig.partner(&server);
    for number in 0..3 {
        let body = json!({ "clientName": format!("Client {number}"), "practiceArea": "family_law" });
        client.post("/api/v1/firm/conversations", &body).expect(201);
    }
    server.stop();
    rig.is_sound();
    rig
}

/// Missing, drifted, repaired.
fn counts(run: &Value) -> [u64; 3] {
    ["missing", "drifted", "repaired"].map(|count| run[count].as_u64().unwrap())
}

const DRIFT: &str = "UPDATE conversation_index SET clientName = 'Nobody' WHERE clientName = 'Client 1'";
const LOSS: &str = "DELETE FROM conversation_index WHERE clientName = 'Client 2'";

#[test]
fn a_folder_is_mended_and_the_exit_code_says_that_there_was_something() {
    let rig = rig();
    let data = rig.data();
    let data = data.to_str().unwrap();
    let index = rig.file("index.db");
    [DRIFT, LOSS].iter().for_each(|fault| spoil(&index, fault));
    let dry = rig.run(&["reconcile", "--data", data, "--dry-run", "--json"]).json(6);
    assert_eq!(counts(&dry["firms"][0]), [1, 1, 0]);
    rig.verify(6);
    let text = rig.run(&["reconcile", "--data", data, "--firm", "acme"]).expect(6);
    assert!(text.contains("acme: conversation_index ") && text.contains(" is missing"), "{text}");
    let again = rig.run(&["reconcile", "--data", data, "--json"]).json(0);
    assert_eq!((counts(&again["firms"][0]), &again["firms"][0]["firm"]), ([0, 0, 0], &json!("acme")));
    rig.is_sound();
    rig.run(&["reconcile", "--data", data, "--firm", "nobody"]).expect(3);
    rig.run(&["reconcile"]).expect(2);
    rig.run(&["reconcile", "--url", "http://127.0.0.1:1"]).expect(2);
}

#[test]
fn a_served_firm_is_mended_while_it_is_served() {
    let rig = rig();
    let server = rig.serve();
    spoil(&rig.file("index.db"), DRIFT);
    let ask = |code| rig.run(&["reconcile", "--url", &server.url, "--firm", "acme", "--json"]).json(code);
    let run = ask(6)["firms"][0].clone();
    assert_eq!((counts(&run), &run["firm"], &run["dryRun"]), ([0, 1, 1], &json!("acme"), &json!(false)));
    assert_eq!(run["findings"][0]["difference"], "drifted");
    assert_eq!(counts(&ask(0)["firms"][0]), [0, 0, 0]);
    server.stop();
    rig.is_sound();
}

#[test]
fn a_rebuilt_index_replaces_one_that_was_wrong_and_says_so() {
    let rig = rig();
    [DRIFT, LOSS].iter().for_each(|fault| spoil(&rig.file("index.db"), fault));
    let first = rig.run(&["rebuild", "--data", "DATA", "--json"]).json(6);
    let first = &first["firms"][0];
    assert_eq!((counts(first), &first["firm"]), ([1, 1, 2], &json!("acme")));
    assert!(first["entries"].as_u64().unwrap() > 0);
    rig.is_sound();
    assert!(rig.file("index.prev.db").exists());
    let server = rig.serve();
    let text = rig.run(&["rebuild", "--url", &server.url, "--firm", "acme"]).expect(0);
    assert!(text.contains("acme"), "{text}");
    server.stop();
    rig.is_sound();
}
