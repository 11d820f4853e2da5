//! Who may what: tokens, roles, and the wall between two firms.

use serde_json::{Value, json};

use super::{Case, Run, shared};
use crate::{
    control::Lab,
    firm::{CONVERSATIONS, Firm, id},
    token,
};

pub(super) const CASES: &[Case] = &[
    shared("access/a-token-must-be-good", a_token_must_be_good),
    shared("access/every-operation-asks-for-a-token", every_operation_asks_for_a_token),
    shared("access/roles-are-held-to-what-they-may", roles_are_held_to_what_they_may),
    shared("access/a-refusal-is-on-record", a_refusal_is_on_record),
    shared("access/revoked-sessions-end", revoked_sessions_end),
    shared("access/users-are-kept", users_are_kept),
    Case { name: "access/nothing-crosses-between-firms", run: Run::Alone(nothing_crosses_between_firms) },
];

fn a_token_must_be_good(firm: &Firm) {
    let ask = |token: &str| firm.client.ask("GET", CONVERSATIONS).token(token).send();
    let unauthorized = |reply: crate::Reply| {
        assert_eq!(reply.status, 401, "{:#}", reply.body);
        assert_eq!(reply.header("content-type"), "application/problem+json");
    };
    ask(&firm.token("attorney")).expect(200);
    unauthorized(firm.client.ask("GET", CONVERSATIONS).send());
    unauthorized(ask("nonsense"));
    unauthorized(ask(&token::expired(&firm.slug, "attorney", "attorney")));
    let now = token::now();
    let claims = json!({ "sub": "x", "firm": firm.slug, "role": "attorney", "iat": now, "exp": now + 60.0 });
    unauthorized(ask(&token::sign(&claims, "another key of thirty-two bytes!")));
    let claims = json!({ "sub": "x", "firm": firm.slug, "role": "emperor", "iat": now, "exp": now + 60.0 });
    unauthorized(ask(&token::sign(&claims, token::KEY)));
}

fn every_operation_asks_for_a_token(firm: &Firm) {
    let document = firm.client.ask("GET", "/api/openapi.json").send().expect(200);
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            // What clients do with a resume token says of itself that it needs no other.
            if operation["security"].as_array().is_some_and(|ways| ways.contains(&json!({}))) {
                continue;
            }
            let path = path.replace("{id}", "01ARZ3NDEKTSV4RRFFQ69G5FAV").replace("{firm}", &firm.slug);
            let path = path.replace("{goal}", "user_identification").replace("{token}", "none");
            let ask = firm.client.ask(&method.to_uppercase(), &path);
            let reply =
                if ["post", "put"].contains(&method.as_str()) { ask.json(&json!({})).send() } else { ask.send() };
            assert_eq!(reply.status, 401, "{method} {path}: {:#}", reply.body);
            assert_eq!(reply.header("content-type"), "application/problem+json", "{method} {path}");
            asked += 1;
        }
    }
    assert!(asked > 50, "{asked} operations");
}

fn roles_are_held_to_what_they_may(firm: &Firm) {
    let path = firm.conversation();
    let refused = |role: &str, method: &str, path: &str, body: Option<Value>| {
        let ask = firm.ask(role, method, path);
        let reply = if let Some(body) = body { ask.json(&body).send() } else { ask.send() };
        assert_eq!((reply.status, reply.body["code"].as_str()), (403, Some("forbidden")), "{role} {method} {path}");
    };
    let conversation = json!({ "clientName": "Jane Roe", "practiceArea": "tax" });
    refused("compliance_officer", "POST", CONVERSATIONS, Some(conversation));
    refused("attorney", "DELETE", &path, None);
    refused("paralegal", "DELETE", &format!("{path}/assignment"), None);
    refused("attorney", "GET", &format!("{path}/audit"), None);
    refused("attorney", "POST", "/api/v1/firm/users", Some(json!({ "email": "n@f.example", "role": "attorney" })));
    refused("attorney", "PUT", "/api/v1/firm/settings", Some(json!({ "name": "Mine" })));
    refused("client", "GET", "/api/v1/firm/parties", None);
    refused("attorney", "GET", "/api/v1/platform/health", None);
    refused("attorney", "GET", "/api/v1/firm/audit.csv", None);
    let reconcile = format!("/api/v1/platform/firms/{}/reconcile", firm.slug);
    refused("attorney", "POST", &reconcile, None);
    // To a client, a conversation that is not theirs is not there.
    firm.get("client", &path).problem(404, "unknown_conversation", None);
    let token = firm.written(&path);
    assert_eq!(firm.list("client", CONVERSATIONS, &token)["conversations"], json!([]));
}

fn a_refusal_is_on_record(firm: &Firm) {
    let path = firm.conversation();
    firm.delete("attorney", &path).problem(403, "forbidden", None);
    let token = firm.written(&path);
    let trail = firm.list("managing_partner", &format!("{path}/audit"), &token);
    let denied = trail["audit"].as_array().unwrap().iter().find(|entry| entry["action"] == "access_denied");
    assert_eq!(denied.unwrap()["outcome"], "blocked");
}

fn revoked_sessions_end(firm: &Firm) {
    let user = json!({ "email": "ann@firm.example", "role": "attorney", "name": "Ann" });
    let registered = firm.post("managing_partner", "/api/v1/firm/users", &user);
    let path = registered.header("location").to_owned();
    registered.expect(201);
    let old = token::issue(&firm.slug, id(&path), "attorney");
    let ask = |token: &str| firm.client.ask("GET", CONVERSATIONS).token(token).send();
    ask(&old).expect(200);
    std::thread::sleep(std::time::Duration::from_millis(5));
    firm.ask("managing_partner", "POST", &format!("{path}/revoke-sessions")).send().expect(200);
    assert_eq!(ask(&old).status, 401);
    std::thread::sleep(std::time::Duration::from_millis(5));
    ask(&token::issue(&firm.slug, id(&path), "attorney")).expect(200);
    firm.put("managing_partner", &path, &json!({ "status": "suspended" })).expect(200);
    let shut_out = ask(&token::issue(&firm.slug, id(&path), "attorney"));
    assert!([401, 403].contains(&shut_out.status), "{:#}", shut_out.body);
}

fn users_are_kept(firm: &Firm) {
    let user = json!({ "email": "ann@firm.example", "role": "attorney", "name": "Ann" });
    let register =
        || firm.ask("managing_partner", "POST", "/api/v1/firm/users").header("idempotency-key", "k").json(&user).send();
    let registered = register();
    let path = registered.header("location").to_owned();
    assert_eq!(registered.expect(201), register().expect(201));
    firm.post("managing_partner", "/api/v1/firm/users", &user).problem(409, "email_taken", Some("email"));
    let changed = firm.put("managing_partner", &path, &json!({ "name": "Ann Other" }));
    let token = changed.header("x-engage-consistency").to_owned();
    changed.expect(200);
    assert_eq!(firm.get("attorney", &path).expect(200)["user"]["name"], "Ann Other");
    let list = firm.list("attorney", "/api/v1/firm/users", &token);
    assert!(list["users"].as_array().unwrap().iter().any(|user| user["name"] == "Ann Other"), "{list:#}");
}

fn nothing_crosses_between_firms(lab: &Lab<'_>) {
    let target = lab.start();
    let (here, there) = (target.found("here"), target.found("there"));
    let path = here.conversation_of("Somebody of here");
    here.say(&path, "A secret of here.").expect(201);
    let party =
        here.post("attorney", &format!("{path}/parties"), &json!({ "role": "client", "name": "Somebody Here" }));
    let party = party.expect(201)["party"]["partyId"].as_str().unwrap().to_owned();
    there.get("managing_partner", &path).problem(404, "unknown_conversation", None);
    for part in ["messages", "parties", "audit", "stream", "audit.csv"] {
        there.get("managing_partner", &format!("{path}/{part}")).problem(404, "unknown_conversation", None);
    }
    there.say(&path, "Hello").problem(404, "unknown_conversation", None);
    there.delete("managing_partner", &path).problem(404, "unknown_conversation", None);
    assert_eq!(there.get("attorney", &format!("/api/v1/firm/parties/{party}")).status, 404);
    // An id that nobody has is answered in the same words.
    let missing = format!("{CONVERSATIONS}/01ARZ3NDEKTSV4RRFFQ69G5FAV");
    let (foreign, missing) = (there.get("attorney", &path).body, there.get("attorney", &missing).body);
    for field in ["status", "code", "title", "detail"] {
        assert_eq!(foreign[field], missing[field], "{field}");
    }
    for action in ["reconcile", "rebuild"] {
        let path = format!("/api/v1/platform/firms/here/{action}");
        there.ask("managing_partner", "POST", &path).send().problem(404, "unknown_firm", None);
    }
    let own = there.conversation();
    let token = there.written(&own);
    let check = json!({ "name": "Somebody Here" });
    let checked = there.post("attorney", "/api/v1/firm/conflicts/check", &check).expect(200);
    let search = "/api/v1/firm/search/conversations?q=secret";
    for list in [CONVERSATIONS, search, "/api/v1/firm/parties"] {
        let page = there.list_or_object("managing_partner", list, &token).to_string();
        assert!(!page.contains(id(&path)) && !page.contains("omebody"), "{list}: {page}");
    }
    // The trail tells what was tried, and of nothing that happened elsewhere.
    let trail = there.list("managing_partner", "/api/v1/firm/audit?limit=100", &token);
    for entry in trail["audit"].as_array().unwrap() {
        assert_eq!(entry["firmId"], "there");
        assert!(entry["resourceId"] != id(&path) || entry["action"] == "access_denied", "{entry:#}");
    }
    assert!(!checked.to_string().contains(&party), "{checked:#}");
    assert_eq!(here.get("attorney", &path).expect(200)["conversation"]["messageCount"], 1);
    target.stop();
}
