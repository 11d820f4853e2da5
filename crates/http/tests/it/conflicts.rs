//! Parties, conflicts of interest and their resolution, as the firm's people meet them.

use engage_domain::Role;
use serde_json::{Value, json};

use engage_testkit::{Reply, TestApp};

async fn name(app: &TestApp, conversation: &str, party: Value) -> Reply {
    app.post(&app.token(Role::Attorney), &format!("{conversation}/parties"), party).await
}

async fn read(app: &TestApp, conversation: &str) -> Value {
    app.get(&app.token(Role::Attorney), conversation).await.expect(200)["conversation"].clone()
}

/// Two conversations, in the first of which somebody is a client and in the second the opposing party.
struct Adverse {
    app: TestApp,
    first: String,
    second: String,
    conflict: String,
}

impl Adverse {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let attorney = app.token(Role::Attorney);
        let (first, second) = (app.conversation(&attorney).await, app.conversation(&attorney).await);
        let clear = name(&app, &first, json!({ "role": "client", "name": "Katherine Brown" })).await.expect(201);
        assert_eq!(clear["screening"]["status"], "clear");
        assert_eq!(clear["screening"]["matches"], json!([]));
        assert_eq!(clear["conversation"]["conflictStatus"], "clear");
        let adverse =
            name(&app, &second, json!({ "role": "opposing_party", "name": "Brown, Kathy" })).await.expect(201);
        assert_eq!(adverse["screening"]["status"], "conflict_detected");
        assert_eq!(adverse["conversation"]["conflictStatus"], "conflict_detected");
        let conflict = adverse["screening"]["matches"][0]["conflictId"].as_str().unwrap().to_owned();
        Self { app, first, second, conflict: format!("/api/v1/firm/conflicts/{conflict}") }
    }

    async fn resolve(&self, body: Value) -> Reply {
        self.app.put(&self.app.token(Role::Attorney), &format!("{}/resolution", self.conflict), body).await
    }

    async fn statuses(&self) -> (Value, Value) {
        let status = async |conversation: &str| read(&self.app, conversation).await["conflictStatus"].clone();
        (status(&self.first).await, status(&self.second).await)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_says_who_why_and_what_conflict_it_is_and_both_conversations_know() {
    let scene = Adverse::new().await;
    let again =
        name(&scene.app, &scene.second, json!({ "role": "opposing_party", "name": "brown,  KATHY" })).await.expect(200);
    let found = &again["screening"]["matches"][0];
    assert_eq!((&found["name"], &found["role"]), (&json!("Katherine Brown"), &json!("client")));
    assert_eq!((&found["conflictType"], &found["matchType"]), (&json!("client"), &json!("alias")));
    assert!(found["confidence"].as_f64().unwrap() > 0.5);
    let aligned = found["evidence"]["aligned"].as_array().unwrap();
    assert!(
        aligned
            .iter()
            .any(|pair| pair["queried"] == "kathy" && pair["found"] == "katherine" && pair["reason"] == "nickname"),
        "{found:#}"
    );
    let id = scene.first.rsplit('/').next().unwrap();
    assert_eq!(found["conversationId"], id);
    assert_eq!(scene.statuses().await, (json!("conflict_detected"), json!("conflict_detected")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_intake_takes_nothing_from_the_client_until_the_conflict_is_resolved() {
    let scene = Adverse::new().await;
    let app = &scene.app;
    let attorney = app.token(Role::Attorney);
    for conversation in [&scene.first, &scene.second] {
        assert!(read(app, conversation).await["frozenSince"].is_string());
        let messages = format!("{conversation}/messages");
        let said = json!({ "role": "user", "content": "There is more." });
        app.post(&attorney, &messages, said).await.problem(409, "intake_frozen", None);
        app.post(&attorney, &messages, json!({ "role": "agent", "content": "Please wait." })).await.expect(201);
        let phase = json!({ "phase": "login_suggested" });
        app.put(&attorney, &format!("{conversation}/phase"), phase).await.problem(409, "intake_frozen", None);
        let identity = json!({ "clientPhone": "+1 555 0100" });
        app.put(&attorney, &format!("{conversation}/identity"), identity).await.problem(409, "intake_frozen", None);
    }
    let resolved = scene.resolve(json!({ "resolution": "no_conflict", "reason": "Another Kathy." })).await.expect(200);
    assert_eq!(resolved["conflict"]["status"], "cleared");
    assert_eq!(resolved["conflict"]["resolution"]["resolution"], "no_conflict");
    assert!(resolved["conflict"]["resolution"]["resolvedBy"].is_string());
    assert_eq!(scene.statuses().await, (json!("clear"), json!("clear")));
    for conversation in [&scene.first, &scene.second] {
        assert!(read(app, conversation).await["frozenSince"].is_null());
        let said = json!({ "role": "user", "content": "There is more." });
        app.post(&attorney, &format!("{conversation}/messages"), said).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_hears_that_the_firm_has_paused_and_not_why() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let started = app.ask("POST", "/api/v1/conversations").json(&json!({ "firmId": "acme" })).send().await.expect(201);
    let (id, token) = (started["conversation"]["sessionId"].as_str().unwrap(), &started["resumeToken"]);
    let known = json!({ "role": "opposing_party", "name": "Zbigniew Kowalczyk" });
    app.post(&attorney, "/api/v1/firm/parties", known).await.expect(201);
    let named = json!({ "role": "client", "name": "Zbigniew Kowalczyk" });
    name(&app, &format!("/api/v1/firm/conversations/{id}"), named).await.expect(201);
    let said = json!({ "resumeToken": token, "content": "Hello?" });
    let reply = app.ask("POST", "/api/v1/conversations/message").json(&said).send().await;
    let problem = reply.problem(409, "intake_paused", None);
    assert!(!problem.to_string().contains("conflict of interest"), "{problem:#}");
    let resumed =
        app.ask("GET", &format!("/api/v1/conversations/resume/{}", token.as_str().unwrap())).send().await.expect(200);
    assert_eq!(
        (&resumed["conversation"]["conflictStatus"], &resumed["conversation"]["frozenSince"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firm_that_does_not_freeze_is_told_and_goes_on() {
    let app = TestApp::start().await;
    let (partner, attorney) = (app.token(Role::ManagingPartner), app.token(Role::Attorney));
    let changed = app.put(&partner, "/api/v1/firm/settings", json!({ "freezeOnConflict": false })).await.expect(200);
    assert_eq!(changed["settings"]["freezeOnConflict"], false);
    let conversation = app.conversation(&attorney).await;
    app.post(&attorney, "/api/v1/firm/parties", json!({ "role": "client", "name": "Ruth Okafor" })).await.expect(201);
    let named = name(&app, &conversation, json!({ "role": "opposing_party", "name": "Ruth Okafor" })).await.expect(201);
    assert_eq!(named["conversation"]["conflictStatus"], "conflict_detected");
    assert!(named["conversation"]["frozenSince"].is_null());
    app.post(&attorney, &format!("{conversation}/messages"), json!({ "role": "user", "content": "Go on." }))
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_moves_an_intake_that_waits_for_it_and_the_outcome_is_not_set_by_hand() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let conversation = app.conversation(&attorney).await;
    let phase = format!("{conversation}/phase");
    for step in ["login_suggested", "secured"] {
        app.put(&attorney, &phase, json!({ "phase": step })).await.expect(200);
    }
    let named = name(&app, &conversation, json!({ "role": "client", "name": "Ada Quist" })).await.expect(201);
    assert_eq!(named["conversation"]["phase"], "conflict_check_complete");
    let by_hand = json!({ "phase": "conflict_check_complete", "conflictStatus": "conflict_detected" });
    app.put(&attorney, &phase, by_hand).await.problem(409, "already_screened", Some("conflictStatus"));
    app.put(&attorney, &phase, json!({ "phase": "data_gathering" })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resolution_needs_what_proves_it_and_says_which_field_is_wrong() {
    let scene = Adverse::new().await;
    let refused = [
        (json!({}), "resolution"),
        (json!({ "resolution": "no_conflict" }), "reason"),
        (json!({ "resolution": "no_conflict", "reason": " " }), "reason"),
        (json!({ "resolution": "odd", "reason": "x" }), "resolution"),
        (json!({ "resolution": "client_consented", "reason": "They agreed." }), "artefact"),
        (json!({ "status": "cleared" }), "status"),
        (json!({ "status": "detected" }), "reason"),
        (json!({ "status": "reviewing", "resolution": "waived", "reason": "x" }), "status"),
        (
            json!({ "resolution": "waived", "reason": "x", "declinedConversationId": "01ARZ3NDEKTSV4RRFFQ69G5FAV" }),
            "declinedConversationId",
        ),
        (
            json!({ "resolution": "cannot_represent", "reason": "x", "declinedConversationId": "01ARZ3NDEKTSV4RRFFQ69G5FAV" }),
            "declinedConversationId",
        ),
        (
            json!({ "resolution": "waived", "reason": "x", "artefact": { "name": "a", "reference": "b", "sha256": "zz" } }),
            "artefact.sha256",
        ),
    ];
    for (body, field) in refused {
        scene.resolve(body).await.problem(422, "invalid_value", Some(field));
    }
    let reviewing = scene.resolve(json!({ "status": "reviewing", "notes": "Asking both." })).await.expect(200);
    assert_eq!(
        (&reviewing["conflict"]["status"], &reviewing["conflict"]["notes"]),
        (&json!("reviewing"), &json!("Asking both."))
    );
    let artefact = json!({ "name": "Consent", "reference": "DMS-4711", "sha256": "AB".repeat(32) });
    let body = json!({ "resolution": "client_consented", "reason": "Both agreed.", "artefact": artefact });
    let consented = scene.resolve(body).await.expect(200);
    assert_eq!(consented["conflict"]["resolution"]["artefact"]["sha256"], "ab".repeat(32));
    scene.resolve(json!({ "status": "reviewing" })).await.problem(409, "conflict_resolved", None);
    let reopened =
        scene.resolve(json!({ "status": "detected", "reason": "The consent was withdrawn." })).await.expect(200);
    assert_eq!((&reopened["conflict"]["status"], &reopened["conflict"]["reopened"]), (&json!("detected"), &json!(1)));
    assert_eq!(scene.statuses().await, (json!("conflict_detected"), json!("conflict_detected")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_conversation_stays_in_conflict_and_the_other_goes_on() {
    let scene = Adverse::new().await;
    let declined =
        scene.resolve(json!({ "resolution": "cannot_represent", "reason": "Adverse to a client." })).await.expect(200);
    assert_eq!(declined["conflict"]["status"], "confirmed");
    assert_eq!(declined["conflict"]["resolution"]["declinedConversationId"], scene.second.rsplit('/').next().unwrap());
    assert_eq!(scene.statuses().await, (json!("clear"), json!("conflict_detected")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_that_moved_on_is_not_resolved_by_who_saw_it_before() {
    let scene = Adverse::new().await;
    let attorney = scene.app.token(Role::Attorney);
    let seen = scene.app.get(&attorney, &scene.conflict).await;
    let tag = seen.header("etag").to_owned();
    scene.resolve(json!({ "status": "reviewing" })).await.expect(200);
    let path = format!("{}/resolution", scene.conflict);
    let body = json!({ "resolution": "waived", "reason": "x" });
    let stale = scene.app.ask("PUT", &path).token(&attorney).header("if-match", &tag).json(&body).send().await;
    let problem = stale.problem(412, "stale_version", None);
    let tag = format!("\"{}\"", problem["currentVersion"]);
    scene.app.ask("PUT", &path).token(&attorney).header("if-match", &tag).json(&body).send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_registers_nothing_and_stays_on_record_without_the_name() {
    let app = TestApp::start().await;
    let officer = app.token(Role::ComplianceOfficer);
    let attorney = app.token(Role::Attorney);
    app.post(&attorney, "/api/v1/firm/parties", json!({ "role": "opposing_party", "name": "Acme Holdings, Inc." }))
        .await
        .expect(201);
    let checked = app
        .post(&officer, "/api/v1/firm/conflicts/check", json!({ "role": "client", "name": "ACME HOLDINGS" }))
        .await
        .expect(200);
    assert_eq!(
        (&checked["screening"]["status"], &checked["party"]["partyId"]),
        (&json!("conflict_detected"), &Value::Null)
    );
    assert_eq!(checked["screening"]["matches"][0]["conflictId"], Value::Null);
    let same = app
        .post(&officer, "/api/v1/firm/conflicts/check", json!({ "role": "opposing_party", "name": "Acme Holdings" }))
        .await
        .expect(200);
    assert_eq!((&same["screening"]["status"], &same["screening"]["matches"]), (&json!("clear"), &json!([])));
    assert_eq!(same["screening"]["information"][0]["name"], "Acme Holdings, Inc.");
    let anybody =
        app.post(&officer, "/api/v1/firm/conflicts/check", json!({ "name": "Acme Holdings" })).await.expect(200);
    assert_eq!(anybody["screening"]["status"], "conflict_detected");
    let parties = app.get(&officer, "/api/v1/firm/parties").await.expect(200);
    assert_eq!(parties["parties"].as_array().unwrap().len(), 1);
    let audit = app.audit("acme").await;
    let check = audit.iter().find(|row| row.audit_id.to_string() == checked["checkId"]).unwrap();
    assert_eq!(check.action.as_ref(), "conflict_checked");
    assert!(!check.details.to_lowercase().contains("acme"), "{}", check.details);
}

#[tokio::test(flavor = "multi_thread")]
async fn naming_a_party_again_adds_what_is_known_and_takes_nothing_away() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let (first, second) = (app.conversation(&attorney).await, app.conversation(&attorney).await);
    let known = json!({ "role": "client", "name": "Sunrise Bakery", "aliases": ["Morning Bread"] });
    name(&app, &first, known).await.expect(201);
    let other = json!({ "role": "opposing_party", "name": "Harbor Freight Lines" });
    assert_eq!(name(&app, &second, other).await.expect(201)["screening"]["status"], "clear");
    let more = json!({ "role": "opposing_party", "name": "Harbor Freight Lines", "aliases": ["Morning Bread LLC"],
        "identifiers": [{ "type": "email", "value": "office@harbor.example" }] });
    let changed = name(&app, &second, more.clone()).await.expect(200);
    assert_eq!(changed["screening"]["status"], "conflict_detected");
    let bare =
        name(&app, &second, json!({ "role": "opposing_party", "name": "HARBOR freight lines" })).await.expect(200);
    assert_eq!(bare["party"]["aliases"], json!(["Morning Bread LLC"]));
    assert_eq!(bare["party"]["identifiers"], more["identifiers"]);
    assert_eq!(read(&app, &first).await["conflictStatus"], "conflict_detected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gives_the_first_answer() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let conversation = app.conversation(&attorney).await;
    let path = format!("{conversation}/parties");
    let body = json!({ "role": "client", "name": "Ada Quist" });
    let ask = || app.ask("POST", &path).token(&attorney).header("idempotency-key", "k-1").json(&body).send();
    let (first, again) = (ask().await.expect(201), ask().await.expect(201));
    assert_eq!(first["party"], again["party"]);
    assert_eq!(first["conversation"]["version"], again["conversation"]["version"]);
    let other = json!({ "role": "client", "name": "Somebody Else" });
    let reused = app.ask("POST", &path).token(&attorney).header("idempotency-key", "k-1").json(&other).send().await;
    reused.problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_is_named_in_the_conversation_that_the_caller_saw() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let conversation = app.conversation(&attorney).await;
    let path = format!("{conversation}/parties");
    let body = json!({ "role": "client", "name": "Ada Quist" });
    let ask = |key: &str, tag: &str| {
        let ask = app.ask("POST", &path).token(&attorney).header("if-match", tag);
        ask.header("idempotency-key", key).json(&body).send()
    };
    ask("k-1", "\"7\"").await.problem(412, "stale_version", None);
    let bare = app.ask("POST", &path).token(&attorney).header("if-match", "\"7\"").json(&body).send().await;
    bare.problem(412, "stale_version", None);
    ask("k-2", "\"1\"").await.expect(201);
    ask("k-2", "\"1\"").await.expect(201);
    ask("k-3", "\"1\"").await.problem(412, "stale_version", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_related_entity_stands_with_whom_it_belongs_to() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let (first, second, third) =
        (app.conversation(&attorney).await, app.conversation(&attorney).await, app.conversation(&attorney).await);
    let client = name(&app, &first, json!({ "role": "client", "name": "Lindqvist Shipping AB" })).await.expect(201);
    let parent = json!({ "role": "related_entity", "name": "Nordsee Reederei GmbH", "relatedTo": client["party"]["partyId"], "relation": "parent" });
    let parent = name(&app, &first, parent).await.expect(201);
    assert_eq!((&parent["party"]["side"], &parent["screening"]["status"]), (&json!("client"), &json!("clear")));
    let same_side = name(&app, &second, json!({ "role": "client", "name": "Nordsee Reederei" })).await.expect(201);
    assert_eq!(same_side["screening"]["status"], "clear");
    let opposing =
        name(&app, &third, json!({ "role": "opposing_party", "name": "Nordsee Reederei GmbH" })).await.expect(201);
    let types: Vec<_> = opposing["screening"]["matches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["conflictType"].clone())
        .collect();
    assert!(types.contains(&json!("entity")) && types.contains(&json!("client")), "{types:?}");
    let stranger = json!({ "role": "related_entity", "name": "X", "relatedTo": "01ARZ3NDEKTSV4RRFFQ69G5FAV" });
    name(&app, &first, stranger).await.problem(422, "invalid_value", Some("relatedTo"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_names_what_conflicts_inside_it_and_adds_nothing_twice() {
    let app = TestApp::start().await;
    let admin = app.token(Role::FirmAdmin);
    let batch = json!({ "parties": [
        { "role": "client", "name": "Quill & Vane Ltd", "externalId": "1" },
        { "role": "opposing_party", "name": "Quill and Vane Limited", "externalId": "2" },
        { "role": "opposing_party", "name": "!!!" },
    ] });
    let imported = app.post(&admin, "/api/v1/firm/imports/parties", batch.clone()).await.expect(200);
    let statuses = |answer: &Value| {
        answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(statuses(&imported), ["registered", "registered", "refused"]);
    assert_eq!(imported["results"][1]["screening"]["status"], "conflict_detected");
    assert_eq!(imported["results"][1]["screening"]["matches"][0]["conflictId"], Value::Null);
    assert_eq!(imported["results"][2]["problem"]["field"], "name");
    let again = app.post(&admin, "/api/v1/firm/imports/parties", batch).await.expect(200);
    assert_eq!(statuses(&again), ["known", "known", "refused"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn parties_are_listed_latest_first_page_by_page() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    for name in ["Aa Bb", "Cc Dd", "Ee Ff"] {
        app.post(&attorney, "/api/v1/firm/parties", json!({ "role": "client", "name": name })).await.expect(201);
    }
    app.post(&attorney, "/api/v1/firm/parties", json!({ "role": "matter", "name": "Roe v. Wade" })).await.expect(201);
    let names = |page: &Value| {
        page["parties"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["party"]["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let first = app.get(&attorney, "/api/v1/firm/parties?limit=2&role=client").await.expect(200);
    assert_eq!(names(&first), ["Ee Ff", "Cc Dd"]);
    let next = first["page"]["next"].as_str().unwrap();
    let second =
        app.get(&attorney, &format!("/api/v1/firm/parties?limit=2&role=client&cursor={next}")).await.expect(200);
    assert_eq!((names(&second), &second["page"]["next"]), (vec!["Aa Bb".to_owned()], &Value::Null));
    app.get(&attorney, "/api/v1/firm/parties?cursor=x").await.problem(422, "invalid_value", Some("cursor"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversations_trail_says_who_named_parties_in_it_and_what_came_of_it() {
    let scene = Adverse::new().await;
    let officer = scene.app.token(Role::ComplianceOfficer);
    scene.app.settle("acme").await;
    let trail = scene.app.get(&officer, &format!("{}/audit", scene.second)).await.expect(200);
    let rows = trail.as_object().unwrap().values().find_map(Value::as_array).unwrap();
    let named = rows.iter().find(|row| row["action"] == "party_registered").unwrap();
    assert!(named["userId"].is_string(), "{named:#}");
    assert_eq!(named["details"]["conflictStatus"], "conflict_detected");
    assert!(!trail.to_string().contains("Kathy"), "no name stands in the trail");
    assert!(rows.iter().any(|row| row["action"] == "conflicts_screened"), "{trail:#}");
}
