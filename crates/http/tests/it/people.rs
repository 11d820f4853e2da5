//! The firm's people.

use engage_domain::{Role, UserId};
use serde_json::json;

use engage_testkit::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn an_email_address_is_registered_once() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let body = json!({ "email": "Ann@Acme.example", "name": "Ann", "role": "attorney" });
    let registered = app.post(&partner, "/api/v1/firm/users", body.clone()).await;
    let id = UserId::from_email(&"acme".parse().unwrap(), "ann@acme.example");
    assert_eq!(registered.header("location"), format!("/api/v1/firm/users/{id}"));
    assert_eq!(registered.header("x-engage-consistency"), format!("user/{id}@1"));
    let user = registered.expect(201)["user"].clone();
    assert_eq!((&user["email"], &user["status"]), (&json!("ann@acme.example"), &json!("active")));
    app.post(&partner, "/api/v1/firm/users", body).await.problem(409, "email_taken", Some("email"));
    // They sign in under their address and are the user who was registered.
    let ann = app.token_of("acme", "ann@acme.example", Role::Attorney);
    assert_eq!(app.get(&ann, &format!("/api/v1/firm/users/{id}")).await.expect(200)["user"]["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_their_own_rights() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    app.conversation(&partner).await;
    let own = format!("/api/v1/firm/users/{}", UserId::from_subject(&"acme".parse().unwrap(), "managing_partner"));
    for change in [json!({ "role": "client" }), json!({ "status": "suspended" })] {
        app.put(&partner, &own, change).await.problem(403, "own_account", None);
    }
    assert_eq!(app.put(&partner, &own, json!({ "name": "Pat" })).await.expect(200)["user"]["name"], "Pat");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_listed_by_role_and_status_page_by_page() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    for n in 0..5 {
        let body =
            json!({ "email": format!("u{n}@acme.example"), "role": if n < 3 { "attorney" } else { "paralegal" } });
        app.post(&partner, "/api/v1/firm/users", body).await.expect(201);
    }
    app.settle("acme").await;
    let count = async |query: &str| {
        let list = app.get(&partner, &format!("/api/v1/firm/users{query}")).await.expect(200);
        assert_eq!(list["source"], "index");
        list["users"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 6);
    assert_eq!(count("?role=attorney").await, 3);
    assert_eq!(count("?status=suspended").await, 0);
    let first = app.get(&partner, "/api/v1/firm/users?limit=4").await.expect(200);
    let next = first["page"]["next"].as_str().unwrap();
    assert_eq!(count(&format!("?limit=4&cursor={next}")).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_must_change_something_that_can_be() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let body = json!({ "email": "ann@acme.example", "role": "attorney" });
    let id = app.post(&partner, "/api/v1/firm/users", body).await.expect(201)["user"]["userId"].clone();
    let path = format!("/api/v1/firm/users/{}", id.as_str().unwrap());
    let bad = [
        (json!({}), "body"),
        (json!({ "role": "emperor" }), "role"),
        (json!({ "role": "system" }), "role"),
        (json!({ "name": "" }), "name"),
        (json!({ "status": "gone" }), "status"),
        (json!({ "email": "x@y.z" }), "email"),
    ];
    for (change, field) in bad {
        app.put(&partner, &path, change).await.problem(422, "invalid_value", Some(field));
    }
    assert_eq!(app.get(&partner, &path).await.expect(200)["user"]["version"], 1);
}
