//! Clients: a visitor with a resume token, and what becomes of it when they sign in.

use engage_domain::{Role, UserId};
use serde_json::{Value, json};

use engage_testkit::{TestApp, resource};

async fn start(app: &TestApp) -> (String, String) {
    let body = json!({ "firmId": "acme", "practiceArea": "tax", "clientName": "Jane" });
    let started = app.ask("POST", "/api/v1/conversations").json(&body).send().await.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&started["conversation"]["sessionId"]), text(&started["resumeToken"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_begins_talks_and_comes_back() {
    let app = TestApp::start().await;
    let (id, token) = start(&app).await;
    let said = json!({ "resumeToken": token, "content": "My landlord…" });
    let added = app.ask("POST", "/api/v1/conversations/message").json(&said).send().await.expect(201);
    assert_eq!((&added["message"]["role"], &added["conversation"]["sessionId"]), (&json!("user"), &json!(id)));
    let resume = app.ask("GET", &format!("/api/v1/conversations/resume/{token}"));
    let resumed = resume.send().await.expect(200);
    assert_eq!((&resumed["messages"][0]["content"], &resumed["source"]), (&json!("My landlord…"), &json!("object")));
    let audit = app.audit("acme").await;
    let visit = audit.iter().find(|row| &*row.action == "access_resume").expect("an access entry");
    assert_eq!((visit.user_id, resource(visit)), (None, &*id));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_firm_notes_for_itself_does_not_reach_the_client() {
    let app = TestApp::start().await;
    let (id, token) = start(&app).await;
    let partner = app.token(Role::ManagingPartner);
    let ann = json!({ "email": "ann@acme.example", "role": "attorney" });
    app.post(&partner, "/api/v1/firm/users", ann).await.expect(201);
    let assignment = json!({ "assignedTo": "ann@acme.example", "notes": "difficult" });
    app.put(&partner, &format!("/api/v1/firm/conversations/{id}/assignment"), assignment).await.expect(200);
    let resumed = app.ask("GET", &format!("/api/v1/conversations/resume/{token}")).send().await.expect(200);
    assert!(!resumed.to_string().contains("difficult"), "{resumed}");
    assert!(resumed["conversation"]["conflictStatus"].is_null());
    let staff = app.get(&partner, &format!("/api/v1/firm/conversations/{id}")).await.expect(200);
    assert_eq!(staff["conversation"]["assignments"][0]["notes"], "difficult");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_token_replaces_the_one_before() {
    let app = TestApp::start().await;
    let (id, first) = start(&app).await;
    let rotate = app.ask("POST", &format!("/api/v1/conversations/resume/{first}/rotate"));
    let second = rotate.send().await.expect(200)["resumeToken"].as_str().unwrap().to_owned();
    let resume = async |token: &str| app.ask("GET", &format!("/api/v1/conversations/resume/{token}")).send().await;
    resume(&first).await.problem(404, "unknown_conversation", None);
    resume(&second).await.expect(200);
    let staff =
        app.ask("POST", &format!("/api/v1/firm/conversations/{id}/resume-token")).token(&app.token(Role::Attorney));
    let third = staff.send().await.expect(200)["resumeToken"].as_str().unwrap().to_owned();
    resume(&second).await.problem(404, "unknown_conversation", None);
    resume(&third).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_not_found_and_on_record() {
    let app = TestApp::start().await;
    let (id, token) = start(&app).await;
    let wrong = format!("{}{}", &token[..token.len() - 32], "0".repeat(32));
    let unknown = token.replace(&id, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    let elsewhere = token.replacen("acme", "nowhere", 1);
    let cases = [
        (&*wrong, "unknown_conversation"),
        (&unknown, "unknown_conversation"),
        (&elsewhere, "unknown_firm"),
        ("x", "unknown_conversation"),
    ];
    for (token, code) in cases {
        app.ask("GET", &format!("/api/v1/conversations/resume/{token}")).send().await.problem(404, code, None);
        let said = json!({ "resumeToken": token, "content": "Hi" });
        app.ask("POST", "/api/v1/conversations/message").json(&said).send().await.problem(404, code, None);
    }
    let audit = app.audit("acme").await;
    let denied: Vec<_> = audit.iter().filter(|row| &*row.action == "access_denied").map(resource).collect();
    assert_eq!(denied, [&*id, &id, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAV"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_who_signs_in_takes_their_conversation_over_and_nobody_elses() {
    let app = TestApp::start().await;
    let (id, token) = start(&app).await;
    let (other, _) = start(&app).await;
    let jane = app.token_of("acme", "jane", Role::Client);
    let path = format!("/api/v1/firm/conversations/{id}");
    app.get(&jane, &path).await.problem(404, "unknown_conversation", None);
    let secured = app.post(&jane, "/api/v1/conversations/secure", json!({ "resumeToken": token })).await.expect(200);
    let user = UserId::from_subject(&"acme".parse().unwrap(), "jane").to_string();
    assert_eq!(
        (&secured["conversation"]["userId"], &secured["conversation"]["phase"]),
        (&json!(user), &json!("secured"))
    );
    app.get(&jane, &path).await.expect(200);
    app.post(&jane, &format!("{path}/messages"), json!({ "role": "user", "content": "Me" })).await.expect(201);
    app.post(&jane, &format!("{path}/messages"), json!({ "role": "agent", "content": "I" })).await.problem(
        403,
        "forbidden",
        None,
    );
    app.put(&jane, &format!("{path}/identity"), json!({ "clientPhone": "1" })).await.expect(200);
    app.put(&jane, &format!("{path}/status"), json!({ "status": "completed" })).await.problem(403, "forbidden", None);
    app.get(&jane, &format!("/api/v1/firm/conversations/{other}")).await.problem(404, "unknown_conversation", None);
    app.settle("acme").await;
    let list = app.get(&jane, "/api/v1/firm/conversations").await.expect(200);
    let listed: Vec<_> = list["conversations"].as_array().unwrap().iter().map(|row| row["sessionId"].clone()).collect();
    assert_eq!(listed, [json!(id)]);
    let joe = app.token_of("acme", "joe", Role::Client);
    app.post(&joe, "/api/v1/conversations/secure", json!({ "resumeToken": token })).await.problem(
        409,
        "already_secured",
        None,
    );
    // Once it was deleted it is as if it had never been there, for a client.
    app.delete(&app.token(Role::ManagingPartner), &path).await.expect(200);
    app.get(&jane, &path).await.problem(404, "unknown_conversation", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_in_client_begins_a_conversation_of_their_own() {
    let app = TestApp::start().await;
    let jane = app.token_of("acme", "jane", Role::Client);
    let body = json!({ "clientName": "Jane", "practiceArea": "tax" });
    let create =
        || app.ask("POST", "/api/v1/firm/conversations").token(&jane).header("idempotency-key", "k").json(&body);
    let created = create().send().await.expect(201);
    assert_eq!(created["conversation"]["phase"], "secured");
    let path = format!("/api/v1/firm/conversations/{}", created["conversation"]["sessionId"].as_str().unwrap());
    app.get(&jane, &path).await.expect(200);
    assert_eq!(create().send().await.expect(201)["conversation"]["sessionId"], created["conversation"]["sessionId"]);
}
