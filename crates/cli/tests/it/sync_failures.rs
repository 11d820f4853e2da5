//! `engage sync-failures`: what the index could not take in is listed and tried again, in a folder and on a server.

use serde_json::{Value, json};

use crate::rig::{Ended, Rig, Server, eventually, run, spoil};

/// Which way the command goes.
enum Way<'a> {
    Folder,
    Server(&'a Server),
}

fn failures(rig: &Rig, way: &Way<'_>, args: &[&str]) -> Ended {
    let place = match way {
        Way::Folder => ["--data", "DATA"],
        Way::Server(server) => ["--url", &server.url],
    };
    let mut all = vec!["sync-failures", args[0], "--firm", "acme"];
    all.extend(place);
    all.extend(&args[1..]);
    run(&mut rig.command(&all))
}

/// Two conversations that the index does not take in, for a trigger forbids it; parked, so that only a replay tries them.
fn rig() -> Rig {
    let rig = Rig::new();
    rig.serve().stop();
    let rule =
        "CREATE TRIGGER rule BEFORE INSERT ON conversation_index BEGIN SELECT RAISE(ABORT, 'against the rule'); END";
    spoil(&rig.file("index.db"), rule);
    let server = rig.serve();
    let client = rig.partner(&server);
    for name in ["Ann", "Bob"] {
        let body = json!({ "clientName": name, "practiceArea": "tax" });
        client.post("/api/v1/firm/conversations", &body).expect(201);
    }
    eventually("two failures", || {
        let listed = client.get("/api/v1/platform/sync-failures").expect(200);
        (listed["syncFailures"].as_array().unwrap().len() == 2).then_some(())
    });
    server.stop();
    spoil(&rig.file("index.db"), "UPDATE sync_failure SET attempts = 8");
    rig
}

fn check(rig: &Rig, way: &Way<'_>) -> Vec<Value> {
    let listed = failures(rig, way, &["list", "--json"]).json(0);
    let rows = listed["syncFailures"].as_array().unwrap().clone();
    assert_eq!((listed["firm"].as_str(), rows.len()), (Some("acme"), 2), "{listed:#}");
    for row in &rows {
        assert_eq!((&row["kind"], &row["version"]), (&json!("conversation"), &json!(1)));
        assert!(row["attempts"].as_u64() >= Some(8) && row["lastFailedAt"].is_string(), "{row:#}");
    }
    let table = failures(rig, way, &["list"]).expect(0);
    assert!(table.contains("against the rule") && table.lines().count() == 3, "{table}");
    let replayed = failures(rig, way, &["replay", "--json"]).json(6);
    assert_eq!(replayed["replayed"].as_array().unwrap().len(), 2, "{replayed:#}");
    assert_eq!(replayed["replayed"][0]["outcome"], "failed");
    let missing = failures(rig, way, &["replay", "--id", "99"]);
    assert!(missing.err.contains("sync failure") || missing.err.contains("sync_failure"), "{}", missing.err);
    missing.expect(3);
    failures(rig, way, &["replay", "--id", "0"]).expect(2);
    rows
}

#[test]
fn what_the_index_could_not_take_in_is_replayed_in_a_folder() {
    let rig = rig();
    check(&rig, &Way::Folder);
    spoil(&rig.file("index.db"), "DROP TRIGGER rule");
    let one = failures(&rig, &Way::Folder, &["replay", "--id", "1", "--json"]).json(0);
    assert_eq!((one["replayed"].as_array().unwrap().len(), &one["replayed"][0]["outcome"]), (1, &json!("indexed")));
    let rest = failures(&rig, &Way::Folder, &["replay"]).expect(0);
    assert!(rest.starts_with("conversation/") && rest.trim_end().ends_with("indexed"), "{rest}");
    assert!(failures(&rig, &Way::Folder, &["list"]).expect(0).contains("holds everything"));
    rig.is_sound();
}

#[test]
fn what_the_index_could_not_take_in_is_replayed_on_a_server() {
    let rig = rig();
    let server = rig.serve();
    let way = Way::Server(&server);
    check(&rig, &way);
    // The folder is the server's as long as it runs.
    failures(&rig, &Way::Folder, &["list"]).expect(5);
    spoil(&rig.file("index.db"), "DROP TRIGGER rule");
    let replayed = failures(&rig, &way, &["replay", "--json"]).json(0);
    let outcomes: Vec<_> = replayed["replayed"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["indexed", "indexed"]);
    assert_eq!(failures(&rig, &way, &["list", "--json"]).json(0)["syncFailures"], json!([]));
    let metrics = rig.partner(&server).text("/metrics");
    for metric in ["engage_index_parked_objects{firm=\"acme\"} 0", "engage_shard_queue_depth{shard=\"0\"} 0"] {
        assert!(metrics.lines().any(|line| line == metric), "{metric} in {metrics}");
    }
    server.stop();
    rig.is_sound();
}

#[test]
fn a_firm_that_is_not_there_has_no_failures_to_list() {
    let rig = Rig::new();
    rig.run(&["sync-failures", "list", "--data", "DATA", "--firm", "nobody"]).expect(3);
    rig.run(&["sync-failures", "list", "--firm", "acme"]).expect(2);
    assert!(failures(&rig, &Way::Folder, &["list"]).expect(0).contains("holds everything"));
}
