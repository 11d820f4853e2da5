//! Search over the wire.

use engage_domain::Role;
use engage_testkit::{TestApp, resource};
use serde_json::{Value, json};

const SEARCH: &str = "/api/v1/firm/search/conversations";

fn found(answer: &Value) -> Vec<&str> {
    let found = answer["conversations"].as_array().unwrap().iter();
    found.map(|found| found["sessionId"].as_str().unwrap()).collect()
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

async fn say(app: &TestApp, token: &str, conversation: &str, content: &str) {
    app.post(token, &format!("{conversation}/messages"), json!({ "role": "user", "content": content }))
        .await
        .expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_across_a_conversation_and_shown_where_they_stand() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let (one, other) = (app.conversation(&attorney).await, app.conversation(&attorney).await);
    let identity = json!({ "clientName": "José Ortega", "clientEmail": "jose@b.example", "situation": "Water damage" });
    app.put(&attorney, &format!("{one}/identity"), identity).await.expect(200);
    say(&app, &attorney, &one, "My landlord <b>refuses</b> to repair the roof.").await;
    say(&app, &attorney, &other, "The roof of my car was dented.").await;
    app.settle("acme").await;
    let answer = app.get(&attorney, &format!("{SEARCH}?q=jose%20roof%20landlord")).await.expect(200);
    assert_eq!(found(&answer), [id(&one)]);
    assert_eq!(
        (&answer["isExhaustive"], &answer["source"], &answer["page"]["next"]),
        (&json!(true), &json!("index"), &Value::Null)
    );
    assert!(answer["index"]["asOf"].is_string() && answer["index"]["lagMs"].is_u64());
    let first = &answer["conversations"][0];
    assert!(first["score"].as_f64().unwrap() > 0.0);
    let finds = first["finds"].as_array().unwrap();
    let fields: Vec<_> = finds.iter().map(|find| find["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["clientName", "clientEmail", "message"]);
    assert_eq!(finds[0]["excerpt"], json!([{ "text": "José", "found": true }, { "text": " Ortega", "found": false }]));
    assert_eq!(
        finds[2]["excerpt"],
        json!([
            { "text": "My ", "found": false },
            { "text": "landlord", "found": true },
            { "text": " <b>refuses</b> to repair the ", "found": false },
            { "text": "roof", "found": true },
            { "text": ".", "found": false },
        ])
    );
    let message = &app.get(&attorney, &format!("{one}/messages")).await.expect(200)["messages"][0];
    assert_eq!((&finds[2]["id"], &finds[2]["version"]), (&message["id"], &message["version"]));
    // Both hold the one word; a corrected name is found by what it was before.
    let answer = app.get(&attorney, &format!("{SEARCH}?q=roof")).await.expect(200);
    assert_eq!(found(&answer).len(), 2);
    assert_eq!(found(&app.get(&attorney, &format!("{SEARCH}?q=roe+landlord")).await.expect(200)), [id(&one)]);
    let page = app.get(&attorney, &format!("{SEARCH}?q=roof&limit=1")).await;
    assert!(page.header("link").contains("q=roof"), "{page:?}");
    let first = page.expect(200);
    let cursor = first["page"]["next"].as_str().unwrap();
    let second = app.get(&attorney, &format!("{SEARCH}?q=roof&limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!([found(&first), found(&second)].concat(), found(&answer));
    assert_eq!(second["page"]["next"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_found_by_whoever_carries_its_token() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let conversation = app.conversation(&attorney).await;
    let body = json!({ "role": "user", "content": "xylophone" });
    let said = app.ask("POST", &format!("{conversation}/messages")).token(&attorney).json(&body).send().await;
    let token = said.header("x-engage-consistency").to_owned();
    let ask = app.ask("GET", &format!("{SEARCH}?q=xylophone")).token(&attorney);
    let answer = ask.header("x-engage-consistency", &token).send().await.expect(200);
    assert_eq!((found(&answer), &answer["index"]["consistent"]), (vec![id(&conversation)], &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_is_not_found_and_what_is_restored_is() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let conversation = app.conversation(&partner).await;
    say(&app, &partner, &conversation, "xylophone").await;
    app.delete(&partner, &conversation).await.expect(200);
    app.settle("acme").await;
    let ask = async || app.get(&partner, &format!("{SEARCH}?q=xylophone")).await.expect(200);
    assert_eq!(found(&ask().await), [""; 0]);
    app.post(&partner, &format!("{conversation}/restore"), json!({})).await.expect(200);
    app.settle("acme").await;
    assert_eq!(found(&ask().await), [id(&conversation)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_finds_their_own_and_a_search_is_on_record_without_its_words() {
    let app = TestApp::start().await;
    let (attorney, client) = (app.token(Role::Attorney), app.token(Role::Client));
    let body = json!({ "clientName": "Jane Roe", "practiceArea": "tax" });
    let own = app.post(&client, "/api/v1/firm/conversations", body).await.expect(201);
    let own = own["conversation"]["sessionId"].as_str().unwrap().to_owned();
    app.conversation(&attorney).await;
    app.settle("acme").await;
    assert_eq!(found(&app.get(&client, &format!("{SEARCH}?q=roe")).await.expect(200)), [own.as_str()]);
    assert_eq!(found(&app.get(&attorney, &format!("{SEARCH}?q=roe")).await.expect(200)).len(), 2);
    let audit = app.audit("acme").await;
    let searches: Vec<_> = audit.iter().filter(|row| &*row.action == "access_search").collect();
    assert_eq!(searches.len(), 2);
    assert_eq!((&*searches[0].resource_type, resource(searches[0])), ("conversation", ""));
    let details: Value = serde_json::from_str(&searches[0].details).unwrap();
    assert_eq!(details, json!({ "resourceType": "conversation", "words": 1, "shown": [own] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_finds_is_on_record_without_its_words() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let conversation = app.conversation(&attorney).await;
    app.settle("acme").await;
    let csv = app.get(&attorney, &format!("{SEARCH}.csv?q=roe")).await;
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"acme-search.csv\"");
    let text = csv.expect(200);
    assert!(
        text.as_str().unwrap().contains(id(&conversation)) && text.as_str().unwrap().contains("Jane Roe"),
        "{text}"
    );
    let audit = app.audit("acme").await;
    let exported = audit.iter().find(|row| &*row.action == "data_exported").unwrap();
    let details: Value = serde_json::from_str(&exported.details).unwrap();
    assert_eq!(details, json!({ "resource": "search", "format": "csv", "filters": {} }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_question_is_named_and_leaves_no_entry() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let long = "x".repeat(257);
    for (query, field) in [
        ("", "q"),
        ("?q=", "q"),
        ("?q=%22%22", "q"),
        ("?q=a*", "q"),
        ("?q=1+2+3+4+5+6+7+8+9", "q"),
        ("?q=a%00b", "q"),
        (&format!("?q={long}"), "q"),
        ("?q=roe&limit=0", "limit"),
        ("?q=roe&cursor=x", "cursor"),
        ("?q=roe&words=1", "words"),
    ] {
        app.get(&attorney, &format!("{SEARCH}{query}")).await.problem(422, "invalid_value", Some(field));
    }
    assert!(app.audit("acme").await.iter().all(|row| &*row.action != "access_search"));
}
