//! Who is let in: provisioning, roles that changed, suspension, revocation.

use engage_domain::{Role, UserId};
use engage_http::{TokenRequest, issue_token};
use serde_json::json;

use engage_testkit::{HOUR_MS, TestApp};

fn user_path(subject: &str) -> String {
    format!("/api/v1/firm/users/{}", UserId::from_subject(&"acme".parse().unwrap(), subject))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tokens_user_is_registered_on_the_first_request() {
    let app = TestApp::start().await;
    let firm = "acme".parse().unwrap();
    let request = TokenRequest {
        firm: &firm,
        subject: "auth0|42",
        role: Role::Attorney,
        issued_at: app.now(),
        ttl_ms: HOUR_MS,
        email: Some("Ann@Acme.example"),
        name: Some("Ann"),
    };
    let token = issue_token(&app.key, &request);
    for _ in 0..2 {
        app.conversation(&token).await;
    }
    let user = app.get(&token, &user_path("auth0|42")).await.expect(200)["user"].clone();
    assert_eq!((&user["email"], &user["name"]), (&json!("ann@acme.example"), &json!("Ann")));
    assert_eq!((&user["auth0UserId"], &user["role"]), (&json!("auth0|42"), &json!("attorney")));
    assert!(user["lastLogin"].is_string());
    assert_eq!(user["version"], 2, "registered and signed in, once");
    let audit = app.audit("acme").await;
    let registered = audit.iter().find(|row| &*row.action == "user_registered").unwrap();
    assert_eq!(registered.user_id, None, "the platform registered them");
    assert_eq!(registered.ip_address.as_deref(), Some("192.0.2.1"));

    let other = TokenRequest { subject: "auth0|43", ..request };
    app.conversation(&issue_token(&app.key, &other)).await;
    let user = app.get(&token, &user_path("auth0|43")).await.expect(200)["user"].clone();
    assert!(user["email"].is_null(), "the address is somebody else's: {user}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_requests_at_once_register_one_user() {
    let app = TestApp::start().await;
    let token = app.token(Role::Attorney);
    let replies = futures_util::future::join_all((0..8).map(|_| app.get(&token, "/api/v1/firm/conversations"))).await;
    replies.into_iter().for_each(|reply| drop(reply.expect(200)));
    let audit = app.audit("acme").await;
    assert_eq!(audit.iter().filter(|row| &*row.action == "user_registered").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_user_is_refused_from_the_next_request_on() {
    let app = TestApp::start().await;
    let (partner, attorney) = (app.token(Role::ManagingPartner), app.token(Role::Attorney));
    let path = app.conversation(&attorney).await;
    for status in ["suspended", "inactive"] {
        app.put(&partner, &user_path("attorney"), json!({ "status": status })).await.expect(200);
        app.get(&attorney, &path).await.problem(403, "user_suspended", None);
        app.get(&attorney, "/api/v1/firm/conversations").await.problem(403, "user_suspended", None);
        app.put(&partner, &user_path("attorney"), json!({ "status": "active" })).await.expect(200);
        app.get(&attorney, &path).await.expect(200);
    }
    let audit = app.audit("acme").await;
    let denied: Vec<_> = audit.iter().filter(|row| &*row.action == "access_denied").collect();
    assert_eq!(denied.len(), 4);
    assert!(denied[0].details.contains("user_suspended"), "{}", denied[0].details);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_role_outlives_tokens_issued_before() {
    let app = TestApp::start().await;
    let (partner, before) = (app.token(Role::ManagingPartner), app.token(Role::Attorney));
    let path = app.conversation(&before).await;
    app.put(&partner, &user_path("attorney"), json!({ "role": "compliance_officer" })).await.expect(200);
    let hello = json!({ "role": "agent", "content": "Hello" });
    app.post(&before, &format!("{path}/messages"), hello.clone()).await.problem(403, "forbidden", None);
    app.get(&before, &path).await.expect(200);
    // A token issued after the change speaks for itself again.
    let after = app.token_at("acme", "attorney", Role::Attorney, app.now().plus_millis(1));
    app.post(&after, &format!("{path}/messages"), hello).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_sessions_are_refused_and_later_ones_are_not() {
    let app = TestApp::start().await;
    let (partner, attorney) = (app.token(Role::ManagingPartner), app.token(Role::Attorney));
    app.conversation(&attorney).await;
    let revoke = format!("{}/revoke-sessions", user_path("attorney"));
    app.ask("POST", &revoke).token(&partner).send().await.expect(200);
    let reply = app.get(&attorney, "/api/v1/firm/conversations").await;
    assert_eq!(reply.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    reply.problem(401, "token_revoked", None);
    let later = app.token_at("acme", "attorney", Role::Attorney, app.now().plus_millis(1));
    app.get(&later, "/api/v1/firm/conversations").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_firm_serves_nobody() {
    use engage_domain::{Actor, Firm, firm::Command};
    use engage_journal::{Call, Intent};
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    app.conversation(&partner).await;
    let firm: engage_domain::FirmId = "acme".parse().unwrap();
    let suspend = Call::new(Actor::SYSTEM, Intent::Command(Command::Suspend));
    engage_app::Runtime::call::<Firm>(app.engage.runtime(), &firm, firm.clone(), suspend).await.unwrap();
    app.get(&partner, "/api/v1/firm/conversations").await.problem(403, "firm_suspended", None);
    let start = app.ask("POST", "/api/v1/conversations").json(&json!({ "firmId": "acme" }));
    start.send().await.problem(403, "firm_suspended", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_or_foreign_token_is_refused() {
    let app = TestApp::start().await;
    let expired = app.token_at("acme", "ann", Role::Attorney, app.now().plus_millis(-2 * HOUR_MS));
    app.get(&expired, "/api/v1/firm/conversations").await.problem(401, "invalid_token", None);
    let nowhere = app.token_of("nowhere", "ann", Role::Attorney);
    app.get(&nowhere, "/api/v1/firm/conversations").await.problem(404, "unknown_firm", None);
    let basic = app.ask("GET", "/api/v1/firm/conversations").header("authorization", "Basic eDp5");
    basic.send().await.problem(401, "unauthenticated", None);
}
