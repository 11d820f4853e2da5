//! What a client does from outside the firm, with nothing but a resume token.

use serde_json::{Value, json};

use super::{Case, shared};
use crate::{
    client::Reply,
    firm::{Firm, eventually},
};

pub(super) const CASES: &[Case] = &[
    shared("clients/a-token-resumes-its-conversation", a_token_resumes_its_conversation),
    shared("clients/a-rotated-token-is-replaced", a_rotated_token_is_replaced),
    shared("clients/a-retry-gets-the-same-token", a_retry_gets_the_same_token),
    shared("clients/a-conversation-is-secured-by-who-signs-in", a_conversation_is_secured_by_who_signs_in),
    shared("clients/a-forged-token-is-unknown", a_forged_token_is_unknown),
    shared("clients/a-stream-shows-what-the-firm-says", a_stream_shows_what_the_firm_says),
];

fn start(firm: &Firm) -> (String, String) {
    let started = firm.client.ask("POST", "/api/v1/conversations").json(&json!({ "firmId": firm.slug })).send();
    let started = started.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&started["conversation"]["sessionId"]), text(&started["resumeToken"]))
}

fn say(firm: &Firm, token: &str, content: &str) -> Reply {
    let body = json!({ "resumeToken": token, "content": content });
    firm.client.ask("POST", "/api/v1/conversations/message").json(&body).send()
}

fn resume(firm: &Firm, token: &str) -> Reply {
    firm.client.ask("GET", &format!("/api/v1/conversations/resume/{token}")).send()
}

fn rotate(firm: &Firm, token: &str, key: &str) -> Reply {
    let path = format!("/api/v1/conversations/resume/{token}/rotate");
    firm.client.ask("POST", &path).header("idempotency-key", key).send()
}

fn a_token_resumes_its_conversation(firm: &Firm) {
    let (id, token) = start(firm);
    say(firm, &token, "My landlord kept the deposit.").expect(201);
    let seen = resume(firm, &token).expect(200);
    assert_eq!(seen["conversation"]["sessionId"], id);
    assert_eq!(seen["messages"][0]["content"], "My landlord kept the deposit.");
    let staff = firm.get("attorney", &format!("/api/v1/firm/conversations/{id}")).expect(200);
    assert_eq!(staff["messages"][0]["role"], "user");
}

fn a_rotated_token_is_replaced(firm: &Firm) {
    let (id, old) = start(firm);
    let first = rotate(firm, &old, "k1").expect(200);
    // Who lost the answer gets it again, under the same key alone.
    assert_eq!(rotate(firm, &old, "k1").expect(200), first);
    rotate(firm, &old, "k2").problem(404, "unknown_conversation", None);
    resume(firm, &old).problem(404, "unknown_conversation", None);
    resume(firm, first["resumeToken"].as_str().unwrap()).expect(200);
    let by_firm = format!("/api/v1/firm/conversations/{id}/resume-token");
    let third = firm.ask("attorney", "POST", &by_firm).send().expect(200);
    resume(firm, first["resumeToken"].as_str().unwrap()).problem(404, "unknown_conversation", None);
    resume(firm, third["resumeToken"].as_str().unwrap()).expect(200);
}

fn a_retry_gets_the_same_token(firm: &Firm) {
    let body = json!({ "firmId": firm.slug });
    let start =
        |key: &str| firm.client.ask("POST", "/api/v1/conversations").header("idempotency-key", key).json(&body).send();
    let key = format!("3f0a2c9e-51d4-4c8e-{}", firm.slug);
    assert_eq!(start(&key).expect(201), start(&key).expect(201));
    start("guessable").problem(422, "invalid_value", Some("Idempotency-Key"));
}

fn a_conversation_is_secured_by_who_signs_in(firm: &Firm) {
    let (id, token) = start(firm);
    let staff = format!("/api/v1/firm/conversations/{id}");
    firm.put("attorney", &format!("{staff}/phase"), &json!({ "phase": "login_suggested" })).expect(200);
    let secured = firm.post("client", "/api/v1/conversations/secure", &json!({ "resumeToken": token })).expect(200);
    assert_eq!(secured["conversation"]["phase"], "secured");
    assert!(firm.get("attorney", &staff).expect(200)["conversation"]["userId"].is_string());
}

fn a_forged_token_is_unknown(firm: &Firm) {
    let (_, token) = start(firm);
    let forged = format!("{}{}", &token[..token.len() - 32], "0".repeat(32));
    for bad in [&*forged, "nonsense"] {
        resume(firm, bad).problem(404, "unknown_conversation", None);
        say(firm, bad, "Hello").problem(404, "unknown_conversation", None);
        rotate(firm, bad, "k").problem(404, "unknown_conversation", None);
    }
    let nowhere = json!({ "firmId": "there-is-no-such-firm" });
    firm.client.ask("POST", "/api/v1/conversations").json(&nowhere).send().problem(404, "unknown_firm", None);
}

fn a_stream_shows_what_the_firm_says(firm: &Firm) {
    let (id, token) = start(firm);
    firm.say(&format!("/api/v1/firm/conversations/{id}"), "Good morning").expect(201);
    let seen = eventually("the firm's message", || {
        let stream = firm.client.ask("GET", &format!("/api/v1/conversations/stream?token={token}&after=0")).stream();
        stream.take(5).find(|event| event.kind == "message_added")
    });
    assert_eq!(seen.data["content"], "Good morning");
}
