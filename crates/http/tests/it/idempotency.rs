//! Repeating a request, and writing on top of what one has not seen.

use engage_domain::Role;
use serde_json::json;

use engage_testkit::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_key_gives_the_first_answer_and_no_second_effect() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let create = |name: &str| {
        let body = json!({ "clientName": name, "practiceArea": "tax" });
        app.ask("POST", "/api/v1/firm/conversations").token(&attorney).header("Idempotency-Key", "one").json(&body)
    };
    let first = create("Jane").send().await;
    let again = create("Jane").send().await;
    assert_eq!((&first.body, first.header("location")), (&again.body, again.header("location")));
    create("Joan").send().await.problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
    app.settle("acme").await;
    let list = app.get(&attorney, "/api/v1/firm/conversations").await.expect(200);
    assert_eq!(list["conversations"].as_array().unwrap().len(), 1);

    let path = format!("{}/messages", first.header("location"));
    let add = |content: &str, token: &str| {
        let body = json!({ "role": "agent", "content": content });
        app.ask("POST", &path).token(token).header("Idempotency-Key", "two").json(&body)
    };
    let (one, two) = (add("Hi", &attorney).send().await.expect(201), add("Hi", &attorney).send().await.expect(201));
    assert_eq!(one, two);
    // Another user's key of the same text is another key.
    let other = add("Hi", &app.token(Role::Paralegal)).send().await.expect(201);
    assert_eq!(other["conversation"]["messageCount"], 2);
    for bad in ["", "a b", &"k".repeat(256)] {
        let body = json!({ "role": "agent", "content": "x" });
        let ask = app.ask("POST", &path).token(&attorney).header("Idempotency-Key", bad).json(&body);
        ask.send().await.problem(400, "invalid_header", Some("Idempotency-Key"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitors_retry_gets_the_same_resume_token() {
    let app = TestApp::start().await;
    let start = |key: &str| {
        app.ask("POST", "/api/v1/conversations").header("Idempotency-Key", key).json(&json!({ "firmId": "acme" }))
    };
    let key = "3f0a2c9e-51d4-4c8e-9f7b";
    let first = start(key).send().await.expect(201);
    assert_eq!(start(key).send().await.expect(201), first);
    let resume = format!("/api/v1/conversations/resume/{}", first["resumeToken"].as_str().unwrap());
    app.ask("GET", &resume).send().await.expect(200);
    start("guessable").send().await.problem(422, "invalid_value", Some("Idempotency-Key"));
    let message = || {
        let body = json!({ "resumeToken": first["resumeToken"], "content": "Hi" });
        app.ask("POST", "/api/v1/conversations/message").header("Idempotency-Key", "m1").json(&body)
    };
    assert_eq!(message().send().await.expect(201), message().send().await.expect(201));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_lost_the_answer_to_a_rotation_gets_it_again() {
    let app = TestApp::start().await;
    let started = app.ask("POST", "/api/v1/conversations").json(&json!({ "firmId": "acme" })).send().await.expect(201);
    let old = started["resumeToken"].as_str().unwrap();
    let rotate = |token: &str, key: &str| {
        app.ask("POST", &format!("/api/v1/conversations/resume/{token}/rotate")).header("Idempotency-Key", key)
    };
    let first = rotate(old, "k1").send().await.expect(200);
    assert_eq!(rotate(old, "k1").send().await.expect(200), first);
    rotate(old, "k2").send().await.problem(404, "unknown_conversation", None);
    let forged = format!("{}{}", &old[..old.len() - 32], "0".repeat(32));
    rotate(&forged, "k1").send().await.problem(404, "unknown_conversation", None);
    let new = first["resumeToken"].as_str().unwrap();
    app.ask("GET", &format!("/api/v1/conversations/resume/{new}")).send().await.expect(200);
    // The token's secret is nowhere in the folder.
    let secret = old.rsplit('.').next().unwrap().as_bytes();
    let journal = app.engage.runtime().folder().firm(&"acme".parse().unwrap());
    for file in ["journal.db", "journal.db-wal"] {
        let bytes = std::fs::read(journal.join(file)).unwrap_or_default();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_registration_is_the_first_one() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let body = json!({ "email": "ann@acme.example", "role": "attorney" });
    let register = || app.ask("POST", "/api/v1/firm/users").token(&partner).header("Idempotency-Key", "k").json(&body);
    assert_eq!(register().send().await.expect(201), register().send().await.expect(201));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_on_a_version_that_is_gone_is_refused_with_the_current_one() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let path = app.conversation(&attorney).await;
    let add = |tag: &str| {
        let body = json!({ "role": "agent", "content": "Hi" });
        app.ask("POST", &format!("{path}/messages")).token(&attorney).header("If-Match", tag).json(&body)
    };
    let added = add("\"1\"").send().await;
    assert_eq!(added.header("etag"), "\"2\"");
    added.expect(201);
    let problem = add("\"1\"").send().await.problem(412, "stale_version", None);
    assert_eq!(problem["currentVersion"], 2);
    add("2").send().await.expect(201);
    add("*").send().await.expect(201);
    for bad in ["W/\"4\"", "\"4\", \"5\"", "four"] {
        add(bad).send().await.problem(400, "invalid_header", Some("If-Match"));
    }
    assert_eq!(app.get(&attorney, &path).await.expect(200)["conversation"]["messageCount"], 3);
    // The precondition of a request that comes to two commands holds for both together.
    let both = json!({ "clientPhone": "1", "practiceArea": "tax" });
    let ask = app.ask("PUT", &format!("{path}/identity")).token(&attorney).header("If-Match", "\"4\"").json(&both);
    assert_eq!(ask.send().await.expect(200)["conversation"]["version"], 6);
}
