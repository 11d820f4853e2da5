//! What every answer has, whatever it answers.

use engage_domain::Role;
use serde_json::json;

use engage_testkit::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_an_id_and_the_security_headers() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    for path in ["/healthz", "/readyz", "/metrics", "/api/openapi.json", "/nowhere", "/api/v1/firm/conversations"] {
        let reply = app.get(&attorney, path).await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
        assert_eq!(reply.header("x-request-id").len(), 26, "{path}");
    }
    let ask = |id: &str| app.ask("GET", "/healthz").header("x-request-id", id);
    assert_eq!(ask("trace-42_a.b").send().await.header("x-request-id"), "trace-42_a.b");
    for odd in ["a b", "", "<x>", &"x".repeat(65)] {
        assert_eq!(ask(odd).send().await.header("x-request-id").len(), 26, "{odd}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_problem_too() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    app.get(&attorney, "/api/v2/firm").await.problem(404, "unknown_route", None);
    let reply = app.delete(&attorney, "/api/v1/firm/settings").await;
    let allow = reply.header("allow").to_owned();
    assert!(allow.contains("GET") && allow.contains("PUT"), "{allow}");
    reply.problem(405, "method_not_allowed", None);
    let reply = app.ask("GET", "/nowhere").header("x-request-id", "mine").send().await;
    assert_eq!(reply.problem(404, "unknown_route", None)["requestId"], "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_says_why_not() {
    let app = TestApp::with(|config| engage_http::Config {
        ready: std::sync::Arc::new(|| Err("the follower is silent".into())),
        metrics: std::sync::Arc::new(|| "engage_up 1\n".into()),
        ..config
    });
    assert_eq!(app.ask("GET", "/healthz").send().await.expect(200), json!({ "status": "ok" }));
    let reply = app.ask("GET", "/readyz").send().await;
    assert_eq!(reply.header("retry-after"), "1");
    assert_eq!(reply.problem(503, "not_ready", None)["detail"], "the follower is silent");
    assert_eq!(app.ask("GET", "/metrics").send().await.expect(200), json!("engage_up 1\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_goes_down_says_so_and_stores_nothing() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let path = app.conversation(&attorney).await;
    engage_app::Engage::runtime(&app.engage).shut_down(std::time::Duration::from_secs(10));
    let reply = app.post(&attorney, &format!("{path}/messages"), json!({ "role": "user", "content": "x" })).await;
    assert_eq!(reply.header("retry-after"), "1");
    reply.problem(503, "overloaded", None);
}
