//! The platform in view: health, reconciliations, and what the index could not take in.

use engage_domain::{Actor, Firm, FirmId, Role};
use engage_journal::{Call, Intent, Sql, Turn};
use engage_native::sqlite::Db;
use serde_json::{Value, json};

use engage_app::Runtime;
use engage_testkit::TestApp;

const FAILURES: &str = "/api/v1/platform/sync-failures";
const HEALTH: &str = "/api/v1/platform/health";
const RECONCILIATIONS: &str = "/api/v1/platform/reconciliations";

/// Runs a script on the index of `acme`, as nobody but a test may.
fn index(app: &TestApp, script: &str) {
    let folder = app.engage.runtime().folder().firm(&"acme".parse().unwrap());
    Db::index(&folder.join("index.db")).unwrap().script(script).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_of_the_callers_own_firm() {
    let app = TestApp::start().await;
    app.firm("zenith").await;
    let officer = app.token(Role::ComplianceOfficer);
    app.conversation(&app.token(Role::Attorney)).await;
    app.settle("acme").await;
    let health = app.get(&officer, HEALTH).await.expect(200);
    let [firm] = &health["firms"].as_array().unwrap()[..] else { panic!("one firm: {health:#}") };
    assert_eq!(firm["firmId"], "acme");
    let index = &firm["index"];
    assert!(index["asOf"].is_string(), "{index:#}");
    for count in ["lagMs", "pendingEntries", "parkedObjects", "failedPasses"] {
        assert!(index[count].is_u64(), "{count}: {index:#}");
    }
    assert_eq!((&index["parkedObjects"], &index["building"]), (&json!(0), &json!(false)));
    assert!(firm["queueDepth"].is_u64() && firm["heartbeatAgeMs"].is_u64(), "{firm:#}");
    assert_eq!(firm["lastReconciliation"], Value::Null);
    for role in [Role::Attorney, Role::Paralegal, Role::IntakeSpecialist, Role::Client] {
        for path in [HEALTH, FAILURES, RECONCILIATIONS] {
            app.get(&app.token(role), path).await.problem(403, "forbidden", None);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_the_index_cannot_take_in_is_listed_and_replayed() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let path = app.conversation(&partner).await;
    app.settle("acme").await;
    let none = app.get(&partner, FAILURES).await.expect(200);
    assert_eq!((&none["syncFailures"], &none["page"]["next"]), (&json!([]), &Value::Null));

    index(
        &app,
        "CREATE TRIGGER rule BEFORE UPDATE ON conversation_index BEGIN SELECT RAISE(ABORT, 'against the rule'); END",
    );
    app.post(&partner, &format!("{path}/messages"), json!({ "role": "user", "content": "hello" })).await.expect(201);
    app.settle("acme").await;
    let listed = app.get(&partner, FAILURES).await.expect(200);
    let failure = &listed["syncFailures"][0];
    assert!(path.ends_with(failure["object"].as_str().unwrap()), "{failure:#}");
    assert_eq!((&failure["kind"], &failure["version"]), (&json!("conversation"), &json!(2)));
    assert!(failure["error"].as_str().unwrap().contains("against the rule"), "{failure:#}");
    assert_eq!((&listed["index"]["consistent"], &listed["source"]), (&json!(true), &json!("index")));

    // Tried in vain until it is parked, and once more: from then on nothing but a replay tries it.
    let replay = format!("{FAILURES}/{}/replay", failure["id"]);
    let mut attempts = failure["attempts"].as_u64().unwrap();
    while attempts < 9 {
        let replayed = app.ask("POST", &replay).token(&partner).send().await.expect(200);
        assert_eq!(replayed["outcome"], "failed");
        let now = replayed["syncFailure"]["attempts"].as_u64().unwrap();
        assert!(now > attempts, "{replayed:#}");
        attempts = now;
    }
    let health = app.get(&partner, HEALTH).await.expect(200);
    assert_eq!(health["firms"][0]["index"]["parkedObjects"], 1);
    // Who may read may not replay.
    let officer = app.token(Role::ComplianceOfficer);
    app.ask("POST", &replay).token(&officer).send().await.problem(403, "forbidden", None);

    index(&app, "DROP TRIGGER rule");
    let replayed = app.ask("POST", &replay).token(&partner).send().await.expect(200);
    assert_eq!(replayed["outcome"], "indexed");
    let health = app.get(&partner, HEALTH).await.expect(200);
    assert_eq!(health["firms"][0]["index"]["parkedObjects"], 0);
    assert_eq!(app.get(&partner, FAILURES).await.expect(200)["syncFailures"], json!([]));
    app.ask("POST", &replay).token(&partner).send().await.problem(404, "unknown_sync_failure", Some("id"));

    let audit = app.audit("acme").await;
    let notes: Vec<_> = audit.iter().filter(|row| &*row.action == "sync_failure_replayed").collect();
    assert!(!notes.is_empty() && notes.iter().all(|note| note.user_id.is_some()), "{notes:?}");
    let details: Value = serde_json::from_str(&notes[0].details).unwrap();
    assert_eq!((&details["kind"], &details["object"]), (&json!("conversation"), &failure["object"]));
    let denied = audit.iter().filter(|row| &*row.action == "access_denied").count();
    assert_eq!(denied, 2, "the officer's try, and the one that was not there any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_sync_failure_is_named() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    for id in ["7", "0", "-1", "x", "4294967296", "1.5"] {
        let replay = format!("{FAILURES}/{id}/replay");
        app.ask("POST", &replay).token(&partner).send().await.problem(404, "unknown_sync_failure", Some("id"));
    }
    for (query, field) in [("limit=0", "limit"), ("limit=101", "limit"), ("cursor=x", "cursor"), ("odd=1", "odd")] {
        for path in [FAILURES, RECONCILIATIONS] {
            let reply = app.get(&partner, &format!("{path}?{query}")).await;
            reply.problem(422, "invalid_value", Some(field));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_failures_are_walked_by_page() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    index(
        &app,
        "CREATE TRIGGER rule BEFORE INSERT ON conversation_index BEGIN SELECT RAISE(ABORT, 'against the rule'); END",
    );
    for _ in 0..5 {
        app.conversation(&partner).await;
    }
    app.settle("acme").await;
    let (mut seen, mut path) = (vec![], format!("{FAILURES}?limit=2"));
    loop {
        let reply = app.get(&partner, &path).await;
        let link = reply.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        let page = reply.expect(200);
        seen.extend(page["syncFailures"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
        let Some(link) = link else { break };
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    index(&app, "DROP TRIGGER rule");
    for id in seen {
        let reply = app.ask("POST", &format!("{FAILURES}/{id}/replay")).token(&partner).send().await;
        // It may have been tried by itself in the meantime.
        assert!([200, 404].contains(&reply.status.as_u16()), "{:#}", reply.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reconciliations_are_listed_the_newest_first_and_the_last_shows_in_health() {
    let app = TestApp::start().await;
    let officer = app.token(Role::ComplianceOfficer);
    let acme: FirmId = "acme".parse().unwrap();
    for missing in 0..5 {
        let details = json!({ "missing": missing, "stale": 0, "orphaned": 0, "drifted": 0, "repaired": missing,
            "dryRun": false, "rows": 10, "durationMs": 3 });
        let note = Intent::Note { action: "index_reconciled", details: details.to_string().into() };
        let turn = app.engage.runtime().call::<Firm>(&acme, acme.clone(), Call::new(Actor::SYSTEM, note)).await;
        assert!(matches!(turn, Ok(Turn::Done(_))), "{turn:?}");
    }
    app.settle("acme").await;
    let (mut seen, mut path) = (vec![], format!("{RECONCILIATIONS}?limit=2"));
    loop {
        let reply = app.get(&officer, &path).await;
        let link = reply.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        let page = reply.expect(200);
        seen.extend(page["reconciliations"].as_array().unwrap().clone());
        let Some(link) = link else { break };
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    let missing: Vec<_> = seen.iter().map(|row| row["details"]["missing"].as_i64().unwrap()).collect();
    assert_eq!(missing, [4, 3, 2, 1, 0]);
    assert_eq!(seen[0]["userId"], Value::Null);
    assert!(seen[0]["id"].is_string() && seen[0]["at"].is_string(), "{:#}", seen[0]);
    let health = app.get(&officer, HEALTH).await.expect(200);
    assert_eq!(health["firms"][0]["lastReconciliation"], seen[0]);
}
