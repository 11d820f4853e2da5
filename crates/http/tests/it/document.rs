//! The OpenAPI document.

use std::collections::BTreeSet;

use engage_native::Platform;
use serde_json::Value;

use engage_testkit::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served_and_whole() {
    let app = TestApp::bare().await;
    let document = app.ask("GET", "/api/openapi.json").send().await.expect(200);
    assert_eq!(document, serde_json::to_value(engage_http::openapi::<Platform>()).unwrap());
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let schemas: BTreeSet<_> = document["components"]["schemas"].as_object().unwrap().keys().cloned().collect();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.is_subset(&schemas), "dangling: {:?}", references.difference(&schemas));
    for name in ["Problem", "Conversation", "ConversationRow", "Message", "User", "Settings"] {
        assert!(schemas.contains(name), "{name} among {schemas:?}");
    }
}

/// What a change to the API changes for its callers: review it with `cargo insta review`.
#[test]
fn the_document_is_as_it_was() {
    insta::assert_json_snapshot!("openapi", serde_json::to_value(engage_http::openapi::<Platform>()).unwrap());
}

#[test]
fn every_operation_is_described_and_answers_with_problems() {
    let document = serde_json::to_value(engage_http::openapi::<Platform>()).unwrap();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
            assert!(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{name}");
            assert!(operation["responses"]["4XX"].is_object(), "{name}");
            // An import names each row; looking after the platform comes to the same however often it is asked for.
            let repeatable = path.contains("/imports/") || path.starts_with("/api/v1/platform/");
            let writes = method != "get" && !repeatable;
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
            assert_eq!(
                in_path.clone().count(),
                path.matches('{').count(),
                "{name}: every part of the path is described"
            );
            assert!(in_path.clone().all(|parameter| parameter["required"] == true), "{name}");
            assert!(names.insert(operation["operationId"].to_string()), "{name}: the id is taken");
            let key = parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key");
            assert_eq!(key, writes, "{name}: an idempotency key on every write");
        }
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(name) = fields.get("$ref").and_then(Value::as_str) {
                references.insert(name.rsplit('/').next().unwrap_or_default().to_owned());
            }
            fields.values().for_each(|field| collect(field, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
