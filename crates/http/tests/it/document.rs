//! The OpenAPI document.

use std::collections::BTreeSet;

use engage_native::Platform;
use serde_json::Value;

use crate::app::TestApp;

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

#[test]
fn every_operation_is_described_and_answers_with_problems() {
    let document = serde_json::to_value(engage_http::openapi::<Platform>()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
            assert!(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{name}");
            assert!(operation["responses"]["4XX"].is_object(), "{name}");
            let writes = method != "get" && !path.ends_with("/imports/conversations");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
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
