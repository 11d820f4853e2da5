//! Conversations from elsewhere.

use engage_domain::{ConversationId, Role};
use serde_json::{Value, json};

use engage_testkit::TestApp;

fn row(name: &str) -> Value {
    let id = ConversationId::named(&"acme".parse().unwrap(), "external:case", name);
    json!({
        "conversationId": id, "practiceArea": "Consumer Loan",
        "steps": [
            { "at": "2015-03-19T00:00:00Z", "do": { "start": { "identity": { "clientName": name }, "externalId": name } } },
            { "at": "2015-03-19T00:00:00Z", "do": { "message": { "role": "user", "content": "My loan…" } } },
            { "at": "2015-03-25T00:00:00Z", "do": { "close": { "status": "completed" } } },
        ],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_imported_once_with_its_own_dates() {
    let app = TestApp::start().await;
    let admin = app.token(Role::FirmAdmin);
    let mut bad = row("bad");
    bad["steps"][1]["do"]["message"]["content"] = json!(" ");
    let batch = json!({ "rows": [row("a"), bad, row("b")] });
    let path = "/api/v1/firm/imports/conversations";
    let outcomes =
        |body: &Value| body["rows"].as_array().unwrap().iter().map(|row| row["outcome"].clone()).collect::<Vec<_>>();
    let first = app.post(&admin, path, batch.clone()).await.expect(200);
    assert_eq!(outcomes(&first), [json!("created"), json!("refused"), json!("created")]);
    assert_eq!((&first["rows"][1]["code"], &first["rows"][1]["field"]), (&json!("invalid_value"), &json!("content")));
    let again = app.post(&admin, path, batch).await.expect(200);
    assert_eq!(outcomes(&again), [json!("already_there"), json!("refused"), json!("already_there")]);

    let detail = format!("/api/v1/firm/conversations/{}", first["rows"][0]["conversationId"].as_str().unwrap());
    let conversation = app.get(&admin, &detail).await.expect(200)["conversation"].clone();
    assert_eq!(conversation["createdAt"], "2015-03-19T00:00:00.000Z");
    assert_eq!((&conversation["status"], &conversation["externalId"]), (&json!("completed"), &json!("a")));
    assert_eq!(conversation["practiceArea"], "consumer_loan");
    let settings = app.get(&admin, "/api/v1/firm/settings").await.expect(200)["settings"].clone();
    assert_eq!(settings["practiceAreas"], json!([{ "id": "consumer_loan", "name": "Consumer Loan", "goals": [] }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_bounded_and_its_fields_are_named() {
    let app = TestApp::start().await;
    let admin = app.token(Role::FirmAdmin);
    let path = "/api/v1/firm/imports/conversations";
    let many: Vec<_> = (0..201).map(|n| row(&n.to_string())).collect();
    app.post(&admin, path, json!({ "rows": many })).await.problem(422, "invalid_value", Some("rows"));
    let mut odd = row("a");
    odd["steps"][0]["at"] = json!("yesterday");
    app.post(&admin, path, json!({ "rows": [odd] })).await.problem(422, "invalid_value", Some("rows[0].steps[0].at"));
    let mut odd = row("a");
    odd["practiceArea"] = json!("!");
    app.post(&admin, path, json!({ "rows": [odd] })).await.problem(422, "invalid_value", Some("rows[0].practiceArea"));
    // Longer than other bodies may be.
    let mut long = row("long");
    let content = "x".repeat(30_000);
    let message = json!({ "at": "2015-03-19T00:00:00Z", "do": { "message": { "role": "user", "content": content } } });
    long["steps"].as_array_mut().unwrap().splice(1..2, vec![message; 6]);
    let answer = app.post(&admin, path, json!({ "rows": [long] })).await.expect(200);
    assert_eq!(answer["rows"][0]["outcome"], "created");
}
