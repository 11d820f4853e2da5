//! Bad input: a clear no that names the field, and nothing stored.

use engage_domain::Role;
use serde_json::{Value, json};

use engage_testkit::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_json_object_is_refused() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let path = format!("{}/messages", app.conversation(&attorney).await);
    let send = async |media_type: &str, body: &[u8]| {
        app.ask("POST", &path).token(&attorney).raw(media_type, body.to_vec()).send().await
    };
    for body in
        [&b""[..], b"{", b"{\"role\":\"agent\",}", b"{\"role\":\"agent\",\"content\":\"\xff\"}", b"\xff\xfe", b"nope"]
    {
        send("application/json", body).await.problem(400, "malformed_json", None);
    }
    for body in [&b"[]"[..], b"7", b"null", b"[\"agent\",\"hi\"]"] {
        send("application/json", body).await.problem(422, "invalid_value", Some("body"));
    }
    let good = br#"{"role":"agent","content":"hi"}"#;
    send("text/plain", good).await.problem(415, "unsupported_media_type", Some("Content-Type"));
    let untyped = app.ask("POST", &path).token(&attorney).send().await;
    untyped.problem(415, "unsupported_media_type", Some("Content-Type"));
    let long = json!({ "role": "agent", "content": "x".repeat(128 * 1024) }).to_string();
    send("application/json", long.as_bytes()).await.problem(413, "payload_too_large", None);
    assert_eq!(app.get(&attorney, &path).await.expect(200)["messages"], json!([]), "nothing stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_field_is_named() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let path = app.conversation(&partner).await;
    let check = async |method: &str, path: String, body: Value, field: &str| {
        let reply = app.ask(method, &path).token(&partner).json(&body).send().await;
        let detail = reply.problem(422, "invalid_value", Some(field))["detail"].as_str().unwrap().to_owned();
        assert!(!detail.contains("line"), "{detail}");
    };
    let messages = || format!("{path}/messages");
    check("POST", messages(), json!({ "role": "agent" }), "content").await;
    check("POST", messages(), json!({ "content": "x" }), "role").await;
    check("POST", messages(), json!({ "role": "robot", "content": "x" }), "role").await;
    check("POST", messages(), json!({ "role": "agent", "content": 7 }), "content").await;
    check("POST", messages(), json!({ "role": "agent", "content": "x", "colour": 1 }), "colour").await;
    check("POST", messages(), json!({ "role": "agent", "content": "" }), "content").await;
    check("POST", messages(), json!({ "role": "agent", "content": "   " }), "content").await;
    check("POST", messages(), json!({ "role": "agent", "content": "a\u{0}b" }), "content").await;
    check("POST", messages(), json!({ "role": "agent", "content": "x".repeat(32 * 1024 + 1) }), "content").await;
    check("PUT", format!("{path}/status"), json!({ "status": "open" }), "status").await;
    check("PUT", format!("{path}/phase"), json!({ "phase": "limbo" }), "phase").await;
    check("PUT", format!("{path}/identity"), json!({ "clientEmail": "not an address" }), "clientEmail").await;
    check("PUT", format!("{path}/identity"), json!({ "clientName": "x".repeat(201) }), "clientName").await;
    check("PUT", format!("{path}/identity"), json!({ "practiceArea": "!!" }), "practiceArea").await;
    check("POST", format!("{path}/goals"), json!({ "title": "", "priority": "critical", "id": "a" }), "title").await;
    check("POST", format!("{path}/goals"), json!({ "title": "§§", "priority": "critical" }), "id").await;
    check("POST", format!("{path}/goals"), json!({ "title": "x", "priority": "huge" }), "priority").await;
    check("PUT", format!("{path}/goals/user_identification"), json!({ "status": "open" }), "status").await;
    check("PUT", format!("{path}/assignment"), json!({ "assignedTo": "a@b.c", "dueDate": "tomorrow" }), "dueDate")
        .await;
    let conversations = || "/api/v1/firm/conversations".to_owned();
    check("POST", conversations(), json!({ "practiceArea": "tax" }), "clientName").await;
    check("POST", conversations(), json!({ "clientName": "Jane" }), "practiceArea").await;
    check("POST", conversations(), json!({ "clientName": null, "practiceArea": "tax" }), "clientName").await;
    check("POST", conversations(), json!({ "clientName": "a\u{7}b", "practiceArea": "tax" }), "clientName").await;
    let users = || "/api/v1/firm/users".to_owned();
    check("POST", users(), json!({ "email": "nobody", "role": "attorney" }), "email").await;
    check("POST", users(), json!({ "email": "a@b.c", "role": "visitor" }), "role").await;
    let settings = || "/api/v1/firm/settings".to_owned();
    check("PUT", settings(), json!({ "timeZone": "Mars/Olympus" }), "timeZone").await;
    check("PUT", settings(), json!({ "retentionDays": 0 }), "retentionDays").await;
    check("PUT", settings(), json!({ "retentionDays": -1 }), "retentionDays").await;
    check("PUT", settings(), json!({ "practiceAreas": [{ "id": "tax" }, { "id": "Tax" }] }), "practiceAreas").await;
    check(
        "PUT",
        settings(),
        json!({ "practiceAreas": [{ "id": "tax", "goals": [{}] }] }),
        "practiceAreas[0].goals[0].id",
    )
    .await;
    let intake = || "/api/v1/conversations".to_owned();
    check("POST", intake(), json!({}), "firmId").await;
    check("POST", intake(), json!({ "firmId": "acme", "clientEmail": "x" }), "clientEmail").await;

    let detail = app.get(&partner, &path).await.expect(200);
    assert_eq!((&detail["conversation"]["version"], &detail["messages"]), (&json!(1), &json!([])), "nothing stored");
    app.settle("acme").await;
    let list = app.get(&partner, "/api/v1/firm/conversations").await.expect(200);
    assert_eq!(list["conversations"].as_array().unwrap().len(), 1, "nothing stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_parameter_is_named() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let conversation = app.conversation(&attorney).await;
    let check = async |path: String, field: &str| {
        app.get(&attorney, &path).await.problem(422, "invalid_value", Some(field));
    };
    let list = |query: &str| format!("/api/v1/firm/conversations?{query}");
    check(list("limit=0"), "limit").await;
    check(list("limit=101"), "limit").await;
    check(list("limit=many"), "limit").await;
    check(list("status=open"), "status").await;
    check(list("phase=limbo"), "phase").await;
    check(list("sort=colour"), "sort").await;
    check(list("order=up"), "order").await;
    check(list("assignedTo=ann"), "assignedTo").await;
    check(list("colour=red"), "colour").await;
    check(list("status=active&status=completed"), "status").await;
    check(list("cursor=zzz"), "cursor").await;
    check(list("createdFrom=2026-01-01"), "createdFrom").await;
    check(list("createdFrom=2026-02-01T00:00:00Z&createdTo=2026-01-01T00:00:00Z"), "createdTo").await;
    check(list("createdFrom=2026-02-01T00:00:00Z&createdTo=2026-02-01T00:00:00Z"), "createdTo").await;
    check(list("activityFrom=2026-02-01T00:00:00Z&activityTo=2026-01-01T00:00:00Z"), "activityTo").await;
    check(format!("{conversation}/messages?limit=0"), "limit").await;
    check(format!("{conversation}/messages?cursor=abc"), "cursor").await;
    check(format!("{conversation}/messages?page=2"), "page").await;
    check(format!("{conversation}/stream?after=x"), "after").await;
    check("/api/v1/firm/users?role=emperor".into(), "role").await;
    check("/api/v1/firm/users?cursor=x".into(), "cursor").await;
    let ask = app.ask("GET", "/api/v1/firm/conversations").token(&attorney).header("X-Engage-Consistency", "soon");
    ask.send().await.problem(400, "invalid_header", Some("X-Engage-Consistency"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_or_malformed_id_is_not_found() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    for id in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "nonsense", "%00", "..%2f.."] {
        app.get(&partner, &format!("/api/v1/firm/conversations/{id}")).await.problem(404, "unknown_conversation", None);
        app.get(&partner, &format!("/api/v1/firm/users/{id}")).await.problem(404, "unknown_user", None);
    }
    for firm in ["nowhere", "Not A Slug", "../acme"] {
        let ask = app.ask("POST", "/api/v1/conversations").json(&json!({ "firmId": firm }));
        ask.send().await.problem(404, "unknown_firm", None);
    }
}
