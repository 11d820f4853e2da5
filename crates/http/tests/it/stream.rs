//! Live streams.

use engage_domain::Role;
use serde_json::json;

use engage_testkit::{TestApp, events};

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_comes_back_misses_nothing() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let path = app.conversation(&attorney).await;
    let add = async |text: &str| {
        app.post(&attorney, &format!("{path}/messages"), json!({ "role": "user", "content": text })).await.expect(201)
    };
    add("one").await;
    let live = app.ask("GET", &format!("{path}/stream")).token(&attorney).open().await;
    let second = add("two").await;
    let seen = events(live, 1).await;
    let (kind, id, data) = &seen[0];
    assert_eq!((&**kind, &**id), ("message_added", "3"), "from now on");
    assert_eq!(
        (&data["content"], &data["type"], &data["version"]),
        (&json!("two"), &json!("message_added"), &json!(3))
    );
    assert_eq!((&data["id"], &data["timestamp"]), (&second["message"]["id"], &second["message"]["timestamp"]));
    add("three").await;
    app.put(&attorney, &format!("{path}/phase"), json!({ "phase": "login_suggested" })).await.expect(200);
    let back = app.ask("GET", &format!("{path}/stream")).token(&attorney).header("Last-Event-ID", id).open().await;
    let seen: Vec<_> = events(back, 2).await.into_iter().map(|(kind, id, _)| (kind, id)).collect();
    assert_eq!(seen, [("message_added".into(), "4".into()), ("phase_changed".into(), "5".to_owned())]);
    let whole = app.ask("GET", &format!("{path}/stream?after=0")).token(&attorney).open().await;
    let versions: Vec<_> = events(whole, 5).await.into_iter().map(|(_, id, _)| id).collect();
    assert_eq!(versions, ["1", "2", "3", "4", "5"]);
    let beyond = app.ask("GET", &format!("{path}/stream?after=9")).token(&attorney).send().await;
    beyond.problem(422, "invalid_value", Some("Last-Event-ID"));
    let odd = app.ask("GET", &format!("{path}/stream")).token(&attorney).header("Last-Event-ID", "x").send().await;
    odd.problem(400, "invalid_header", Some("Last-Event-ID"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_gapless_while_many_write() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let path = app.conversation(&attorney).await;
    let live = app.ask("GET", &format!("{path}/stream?after=0")).token(&attorney).open().await;
    let writers = futures_util::future::join_all((0..200).map(|n| {
        let body = json!({ "role": "user", "content": n.to_string() });
        let (app, attorney, path) = (&app, &attorney, format!("{path}/messages"));
        async move { app.post(attorney, &path, body).await.expect(201) }
    }));
    let (seen, _) = futures_util::future::join(events(live, 201), writers).await;
    let versions: Vec<u64> = seen.iter().map(|(_, id, _)| id.parse().unwrap()).collect();
    assert_eq!(versions, (1..=201).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_a_stream_is_on_record_and_a_deletion_ends_it() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let path = app.conversation(&attorney).await;
    let live = app.ask("GET", &format!("{path}/stream")).token(&attorney).open().await;
    assert_eq!(app.audit("acme").await.iter().filter(|row| &*row.action == "access_stream").count(), 1);
    app.delete(&app.token(Role::ManagingPartner), &path).await.expect(200);
    let seen: Vec<_> = events(live, 9).await.into_iter().map(|(kind, _, _)| kind).collect();
    assert_eq!(seen, ["conversation_deleted"], "told, and then no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_readers_stream_ends_with_the_next_event() {
    let app = TestApp::start().await;
    let (attorney, partner) = (app.token(Role::Attorney), app.token(Role::ManagingPartner));
    let path = app.conversation(&attorney).await;
    let live = app.ask("GET", &format!("{path}/stream")).token(&attorney).open().await;
    let user = engage_domain::UserId::from_subject(&"acme".parse().unwrap(), "attorney");
    app.put(&partner, &format!("/api/v1/firm/users/{user}"), json!({ "status": "suspended" })).await.expect(200);
    app.post(&partner, &format!("{path}/messages"), json!({ "role": "agent", "content": "secret" })).await.expect(201);
    assert!(events(live, 1).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_listens_with_their_resume_token() {
    let app = TestApp::start().await;
    let started = app.ask("POST", "/api/v1/conversations").json(&json!({ "firmId": "acme" })).send().await.expect(201);
    let token = started["resumeToken"].as_str().unwrap();
    let stream = || app.ask("GET", "/api/v1/conversations/stream?after=1");
    stream().send().await.problem(422, "invalid_value", Some("token"));
    let seen = events(stream().header("X-Engage-Resume-Token", token).open().await, 1).await;
    assert_eq!(seen[0].0, "resume_token_issued");
    assert!(seen[0].2.get("hash").is_none());
    let by_query = format!("/api/v1/conversations/stream?after=1&token={token}");
    assert_eq!(events(app.ask("GET", &by_query).open().await, 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_ends_the_stream_of_the_token_before() {
    let app = TestApp::start().await;
    let started = app.ask("POST", "/api/v1/conversations").json(&json!({ "firmId": "acme" })).send().await.expect(201);
    let token = started["resumeToken"].as_str().unwrap();
    let stream = format!("/api/v1/conversations/stream?after=0&token={token}");
    let live = app.ask("GET", &stream).open().await;
    app.ask("POST", &format!("/api/v1/conversations/resume/{token}/rotate")).send().await.expect(200);
    let seen: Vec<_> = events(live, 9).await.into_iter().map(|(kind, id, _)| (kind, id)).collect();
    let issued = "resume_token_issued".to_owned();
    let expected =
        [("conversation_created".to_owned(), "1".into()), (issued.clone(), "2".into()), (issued, "3".into())];
    assert_eq!(seen, expected, "the issue of the token itself ends nothing");
}
