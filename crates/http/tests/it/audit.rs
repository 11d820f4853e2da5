//! What the audit trail keeps: every look, every refusal, who and from where.

use engage_domain::{Outcome, Role, UserId};
use serde_json::json;

use engage_testkit::{TestApp, resource};

#[tokio::test(flavor = "multi_thread")]
async fn looking_is_on_record_before_the_answer_leaves() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let path = app.conversation(&attorney).await;
    app.ask("GET", &path).token(&attorney).header("user-agent", &"é".repeat(300)).send().await.expect(200);
    app.get(&attorney, &format!("{path}/messages")).await.expect(200);
    app.get(&attorney, "/api/v1/firm/settings").await.expect(200);
    let audit = app.audit("acme").await;
    let looks: Vec<_> = audit.iter().filter(|row| row.action.starts_with("access_")).collect();
    let actions: Vec<_> = looks.iter().map(|row| (&*row.action, &*row.resource_type)).collect();
    assert_eq!(
        actions,
        [
            ("access_conversation", "conversation"),
            ("access_messages", "conversation"),
            ("access_settings", "firm_settings")
        ]
    );
    let first = looks[0];
    assert_eq!(first.user_id, Some(UserId::from_subject(&"acme".parse().unwrap(), "attorney")));
    assert_eq!((first.ip_address.as_deref(), first.outcome), (Some("192.0.2.1"), Outcome::Success));
    assert_eq!(resource(first), path.rsplit('/').next().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_list_is_on_record() {
    let app = TestApp::start().await;
    app.get(&app.token(Role::Client), "/api/v1/firm/users").await.problem(403, "forbidden", None);
    let audit = app.audit("acme").await;
    let denied = audit.iter().find(|row| &*row.action == "access_denied").unwrap();
    assert_eq!((&*denied.resource_type, denied.outcome), ("user", Outcome::Blocked));
    assert!(denied.details.contains("read_users"), "{}", denied.details);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_a_trusted_proxy_saw_is_kept_and_nobody_elses() {
    let trusting = TestApp::with(|config| engage_http::Config { trust_proxy: true, ..config });
    let doubting = TestApp::bare().await;
    for (app, kept) in [(trusting, "198.51.100.9"), (doubting, "192.0.2.1")] {
        app.firm("acme").await;
        let body = json!({ "firmId": "acme" });
        let ask =
            app.ask("POST", "/api/v1/conversations").header("x-forwarded-for", "10.9.9.9, 198.51.100.9").json(&body);
        ask.send().await.expect(201);
        let audit = app.audit("acme").await;
        let created = audit.iter().find(|row| &*row.action == "conversation_created").unwrap();
        assert_eq!(created.ip_address.as_deref(), Some(kept));
    }
}
