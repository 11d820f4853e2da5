//! Saved views over the API.

use engage_domain::{
    Role,
    firm::{VIEW_NAME_MAX, VIEW_QUERY_MAX, VIEWS_OF_ONE_MAX},
};
use engage_testkit::TestApp;
use serde_json::{Value, json};

const VIEWS: &str = "/api/v1/firm/views";
const REMOVAL: &str = "/api/v1/firm/views/removal";

async fn views(app: &TestApp, role: Role) -> Value {
    let seen = app.get(&app.token(role), VIEWS).await.expect(200);
    assert_eq!(seen["source"], "object");
    seen["views"].clone()
}

fn mine(query: &str) -> Value {
    json!({ "name": "Mine", "query": query })
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_ones_own_or_the_firms() {
    let app = TestApp::start().await;
    let (attorney, partner) = (app.token(Role::Attorney), app.token(Role::ManagingPartner));
    assert_eq!(views(&app, Role::Attorney).await, json!([]));
    // Where in the list one was, and beside which conversation, is no part of the question.
    let kept = app.put(&attorney, VIEWS, mine("status=active&sort=createdAt&limit=5&preview=x&phase=")).await;
    assert!(kept.header("x-engage-consistency").starts_with("firm/acme@"));
    let own = json!({ "name": "Mine", "query": "status=active&sort=createdAt", "shared": false });
    assert_eq!(kept.expect(200)["views"], json!([own]));
    let shared = json!({ "name": "Mine", "query": "", "shared": true });
    app.put(&attorney, VIEWS, shared.clone()).await.problem(403, "forbidden", None);
    app.put(&partner, VIEWS, shared.clone()).await.expect(200);
    assert_eq!(views(&app, Role::Attorney).await, json!([own, shared]));
    assert_eq!(views(&app, Role::Paralegal).await, json!([shared]));
    // Of one's own and the firm's of the same name, the one that is meant goes.
    app.post(&attorney, REMOVAL, json!({ "name": "Mine", "shared": true })).await.problem(403, "forbidden", None);
    let left = app.post(&attorney, REMOVAL, json!({ "name": "Mine" })).await.expect(200);
    assert_eq!(left["views"], json!([shared]));
    let again = app.post(&attorney, REMOVAL, json!({ "name": "Mine" })).await.expect(200);
    assert_eq!(again, left, "what is not kept can be removed");
    app.post(&partner, REMOVAL, json!({ "name": "Mine", "shared": true })).await.expect(200);
    assert_eq!(views(&app, Role::Paralegal).await, json!([]));
    // Reading them is on record, as reading the settings is.
    assert!(app.audit("acme").await.iter().any(|row| row.action.as_ref() == "access_settings"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_offer_what_the_api_keeps() {
    let app = TestApp::start().await;
    let chicago = json!({ "timeZone": "America/Chicago" });
    app.put(&app.token(Role::ManagingPartner), "/api/v1/firm/settings", chicago).await.expect(200);
    let query = "createdFrom=2026-01-01&columns=email%2Cstatus&density=dense";
    app.put(&app.token(Role::Attorney), VIEWS, mine(query)).await.expect(200);
    let page = crate::browser::Browser::new(&app, Role::Attorney).see("/conversations").await.page();
    let link = format!("/conversations?{}", query.replace('&', "&amp;"));
    assert!(page.contains(&link), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_grid_would_refuse_is_not_kept() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    for (query, field) in [
        ("status=odd", "query.status"),
        ("sort=size", "query.sort"),
        ("columns=colour", "query.columns"),
        ("createdFrom=yesterday", "query.createdFrom"),
        ("createdFrom=2026-01-02&createdTo=2026-01-01", "query.createdTo"),
        ("cursor=x", "query.cursor"),
        ("colour=red", "query.colour"),
    ] {
        app.put(&attorney, VIEWS, mine(query)).await.problem(422, "invalid_value", Some(field));
    }
    let long = format!("practiceArea={}", "a".repeat(64));
    app.put(&attorney, VIEWS, mine(&long)).await.expect(200);
    let columns = format!("columns={}", ["email"; VIEW_QUERY_MAX / 6].join(","));
    for (body, field) in [
        (mine(&columns), "query"),
        (json!({ "name": " ", "query": "" }), "name"),
        (json!({ "name": "n".repeat(VIEW_NAME_MAX + 1), "query": "" }), "name"),
        (json!({ "name": "Mine" }), "query"),
        (json!({ "name": "Mine", "query": "", "shared": "yes" }), "shared"),
        (json!({ "name": "Mine", "query": "", "owner": "x" }), "owner"),
    ] {
        app.put(&attorney, VIEWS, body).await.problem(422, "invalid_value", Some(field));
    }
    for number in 1..VIEWS_OF_ONE_MAX {
        app.put(&attorney, VIEWS, json!({ "name": number.to_string(), "query": "" })).await.expect(200);
    }
    let one_more = json!({ "name": "One more", "query": "" });
    app.put(&attorney, VIEWS, one_more).await.problem(422, "invalid_value", Some("name"));
    app.post(&attorney, REMOVAL, json!({ "name": "Mine", "query": "" })).await.problem(
        422,
        "invalid_value",
        Some("query"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_kept_once_and_not_over_what_one_has_not_seen() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let first = app.get(&attorney, VIEWS).await;
    let seen = first.header("etag").to_owned();
    let save = |key: &str, tag: &str, query: &str| {
        app.ask("PUT", VIEWS).token(&attorney).header("Idempotency-Key", key).header("If-Match", tag).json(&mine(query))
    };
    let kept = save("one", &seen, "status=active").send().await;
    let etag = kept.header("etag").to_owned();
    assert_ne!(etag, seen);
    let kept = kept.expect(200);
    let repeated = save("one", &seen, "status=active").send().await;
    assert_eq!(repeated.header("etag"), etag);
    assert_eq!(repeated.expect(200), kept);
    save("one", &seen, "status=completed").send().await.problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
    save("two", &seen, "status=completed").send().await.problem(412, "stale_version", None);
    let remove = |key: &str, tag: &str, name: &str| {
        let ask = app.ask("POST", REMOVAL).token(&attorney).header("Idempotency-Key", key).header("If-Match", tag);
        ask.json(&json!({ "name": name }))
    };
    remove("three", &seen, "Mine").send().await.problem(412, "stale_version", None);
    assert_eq!(views(&app, Role::Attorney).await, kept["views"]);
    let left = remove("four", &etag, "Mine").send().await.expect(200);
    assert_eq!(left["views"], json!([]));
    // The name is in the body, so a key stands for one removal alone.
    remove("four", &etag, "Other").send().await.problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
}
