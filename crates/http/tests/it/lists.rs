//! Lists: filters, orders, cursors, and how fresh they are.

use engage_domain::Role;
use serde_json::{Value, json};

use engage_testkit::TestApp;

fn names(list: &Value) -> Vec<String> {
    let rows = list["conversations"].as_array().unwrap();
    rows.iter().map(|row| row["clientName"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_walked_to_its_end_by_its_links() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    for name in ["Eve", "ann", "Dan", "Bob", "Cyd"] {
        let body = json!({ "clientName": name, "practiceArea": "tax" });
        app.post(&attorney, "/api/v1/firm/conversations", body).await.expect(201);
    }
    app.settle("acme").await;
    let (mut seen, mut path) = (vec![], "/api/v1/firm/conversations?limit=2&sort=clientName&order=asc".to_owned());
    loop {
        let reply = app.get(&attorney, &path).await;
        let link = reply.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        let page = reply.expect(200);
        seen.extend(names(&page));
        assert_eq!(page["page"]["next"].is_null(), link.is_none());
        let Some(link) = link else { break };
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    assert_eq!(seen, ["ann", "Bob", "Cyd", "Dan", "Eve"]);
    let first = app.get(&attorney, "/api/v1/firm/conversations?limit=2&sort=clientName&order=asc").await.expect(200);
    let other = format!("/api/v1/firm/conversations?cursor={}", first["page"]["next"].as_str().unwrap());
    app.get(&attorney, &other).await.problem(422, "invalid_value", Some("cursor"));
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_a_list_together() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    for (name, area) in [("Ann", "tax"), ("Bob", "tax"), ("Cyd", "family_law")] {
        let body = json!({ "clientName": name, "practiceArea": area });
        let created = app.post(&partner, "/api/v1/firm/conversations", body).await;
        if name == "Bob" {
            let path = created.header("location").to_owned();
            app.put(&partner, &format!("{path}/status"), json!({ "status": "completed" })).await.expect(200);
        }
    }
    app.settle("acme").await;
    let list = async |query: &str| {
        let mut names = names(&app.get(&partner, &format!("/api/v1/firm/conversations?{query}")).await.expect(200));
        names.sort();
        names
    };
    assert_eq!(list("practiceArea=tax").await, ["Ann", "Bob"]);
    assert_eq!(list("practiceArea=Tax&status=active").await, ["Ann"]);
    assert_eq!(list("phase=pre_login&conflictStatus=pending").await, ["Ann", "Bob", "Cyd"]);
    assert_eq!(list("createdFrom=2100-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(list("activityTo=2000-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(list("assignedTo=01ARZ3NDEKTSV4RRFFQ69G5FAV").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_carries_a_writes_token_holds_the_write() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    for n in 0..20 {
        let body = json!({ "clientName": format!("Client {n}"), "practiceArea": "tax" });
        let created = app.post(&attorney, "/api/v1/firm/conversations", body).await;
        let token = created.header("x-engage-consistency").to_owned();
        let ask = app
            .ask("GET", "/api/v1/firm/conversations?limit=1")
            .token(&attorney)
            .header("x-engage-consistency", &token);
        let list = ask.send().await.expect(200);
        assert_eq!(list["index"]["consistent"], true);
        assert_eq!(names(&list), [format!("Client {n}")]);
    }
    let future = "conversation/01ARZ3NDEKTSV4RRFFQ69G5FAV@7";
    let ask = app.ask("GET", "/api/v1/firm/conversations").token(&attorney).header("x-engage-consistency", future);
    assert_eq!(ask.send().await.expect(200)["index"]["consistent"], false, "it answers, and says that it is stale");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firm_that_was_just_founded_lists_nothing_rather_than_failing() {
    let app = TestApp::bare().await;
    for n in 0..20 {
        let firm = format!("firm-{n}");
        let admin = app.token_of(&firm, "ann", Role::FirmAdmin);
        app.post(&admin, "/api/v1/firm", json!({ "name": firm })).await.expect(201);
        let list = app.get(&admin, "/api/v1/firm/conversations").await.expect(200);
        assert_eq!(list["conversations"], json!([]));
    }
}
