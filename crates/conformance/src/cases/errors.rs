//! How what is wrong is said: a problem with a code, the field that is wrong, and nothing stored.

use serde_json::{Value, json};

use super::{Case, shared};
use crate::firm::{CONVERSATIONS, Firm};

pub(super) const CASES: &[Case] = &[
    shared("errors/a-wrong-body-names-its-field", a_wrong_body_names_its_field),
    shared("errors/what-is-no-json-is-refused", what_is_no_json_is_refused),
    shared("errors/what-is-not-there", what_is_not_there),
];

fn a_wrong_body_names_its_field(firm: &Firm) {
    let path = firm.conversation();
    for (body, field) in [
        (json!({ "practiceArea": "tax" }), "clientName"),
        (json!({ "clientName": " ", "practiceArea": "tax" }), "clientName"),
        (json!({ "clientName": "Jane", "clientEmail": "nowhere", "practiceArea": "tax" }), "clientEmail"),
        (json!({ "clientName": 7, "practiceArea": "tax" }), "clientName"),
        (json!({ "clientName": "x".repeat(201), "practiceArea": "tax" }), "clientName"),
    ] {
        let reply = firm.post("attorney", CONVERSATIONS, &body);
        assert!([400, 422].contains(&reply.status), "{:#}", reply.body);
        assert_eq!(reply.body["field"], field, "{:#}", reply.body);
    }
    for (body, field) in [
        (json!({ "role": "agent", "content": "" }), "content"),
        (json!({ "role": "king", "content": "Hi" }), "role"),
        (json!({ "role": "agent", "content": "x".repeat(32_769) }), "content"),
        (json!({ "role": "agent" }), "content"),
    ] {
        let reply = firm.post("attorney", &format!("{path}/messages"), &body);
        assert!([400, 422].contains(&reply.status), "{:#}", reply.body);
        assert_eq!(reply.body["field"], field, "{:#}", reply.body);
    }
    let token = firm.written(&path);
    let list: Value = firm.list("attorney", CONVERSATIONS, &token)["conversations"].clone();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["version"]), (1, &json!(2)), "nothing else was stored");
}

fn what_is_no_json_is_refused(firm: &Firm) {
    let send = |kind: &str, body: &str| firm.ask("attorney", "POST", CONVERSATIONS).raw(kind, body).send();
    for (kind, body, status) in [("application/json", "{", 400), ("text/plain", "Hello", 415)] {
        let reply = send(kind, body);
        assert_eq!(reply.status, status, "{:#}", reply.body);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(reply.body["requestId"], reply.header("x-request-id"));
    }
    let long = json!({ "clientName": "x".repeat(140_000), "practiceArea": "tax" });
    assert_eq!(send("application/json", &long.to_string()).status, 413);
}

fn what_is_not_there(firm: &Firm) {
    let gone = format!("{CONVERSATIONS}/01ARZ3NDEKTSV4RRFFQ69G5FAV");
    firm.get("attorney", &gone).problem(404, "unknown_conversation", None);
    firm.get("attorney", &format!("{CONVERSATIONS}/not-an-id")).problem(404, "unknown_conversation", None);
    firm.say(&gone, "Hello").problem(404, "unknown_conversation", None);
    let nowhere = firm.get("attorney", "/api/v1/nowhere");
    assert_eq!((nowhere.status, nowhere.header("content-type")), (404, "application/problem+json"));
    let wrong = firm.ask("attorney", "DELETE", CONVERSATIONS).send();
    assert_eq!((wrong.status, wrong.header("content-type")), (405, "application/problem+json"));
}
