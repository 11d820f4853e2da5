//! Writing: what an answer promises, repeating a request, writing on top of what one has not seen.

use serde_json::{Value, json};

use super::{Case, shared};
use crate::firm::{CONVERSATIONS, Firm, id};

pub(super) const CASES: &[Case] = &[
    shared("writes/a-conversation-is-there-at-once", a_conversation_is_there_at_once),
    shared("writes/message-is-durable", a_message_is_durable),
    shared("writes/a-repeated-key-gives-the-first-answer", a_repeated_key_gives_the_first_answer),
    shared("writes/a-stale-version-is-refused", a_stale_version_is_refused),
    shared("writes/an-intake-runs-its-course", an_intake_runs_its_course),
    shared("writes/assignments-pass-on-and-are-kept", assignments_pass_on_and_are_kept),
    shared("writes/settings-are-kept", settings_are_kept),
    shared("writes/views-are-kept", views_are_kept),
];

fn a_conversation_is_there_at_once(firm: &Firm) {
    let body = json!({ "clientName": " Jane Roe ", "clientEmail": "Jane@X.org", "practiceArea": "Family Law" });
    let created = firm.post("attorney", CONVERSATIONS, &body);
    assert_eq!(created.header("etag"), "\"1\"");
    let path = created.header("location").to_owned();
    assert_eq!(created.header("x-engage-consistency"), format!("conversation/{}@1", id(&path)));
    let conversation = created.expect(201)["conversation"].clone();
    for (field, value) in [
        ("firmId", json!(firm.slug)),
        ("version", json!(1)),
        ("status", json!("active")),
        ("phase", json!("pre_login")),
        ("clientName", json!("Jane Roe")),
        ("clientEmail", json!("jane@x.org")),
        ("practiceArea", json!("family_law")),
        ("conflictStatus", json!("pending")),
        ("messageCount", json!(0)),
        ("isDeleted", json!(false)),
    ] {
        assert_eq!(conversation[field], value, "{field}");
    }
    let created_at = conversation["createdAt"].as_str().unwrap();
    assert!(created_at.len() == 24 && created_at.ends_with('Z'), "{created_at}");
    let detail = firm.get("attorney", &path);
    assert_eq!(detail.header("etag"), "\"1\"");
    let detail = detail.expect(200);
    assert_eq!(detail["conversation"], conversation);
    assert_eq!((&detail["source"], &detail["messages"]), (&json!("object"), &json!([])));
}

fn a_message_is_durable(firm: &Firm) {
    let path = firm.conversation();
    let added = firm.say(&path, "Good morning");
    assert_eq!(added.header("etag"), "\"2\"");
    let added = added.expect(201);
    assert_eq!((&added["message"]["version"], &added["conversation"]["messageCount"]), (&json!(2), &json!(1)));
    let read = firm.get("paralegal", &format!("{path}/messages")).expect(200);
    assert_eq!(read["messages"][0]["content"], "Good morning");
    for field in ["id", "version", "timestamp", "role"] {
        assert_eq!(read["messages"][0][field], added["message"][field], "{field}");
    }
}

fn a_repeated_key_gives_the_first_answer(firm: &Firm) {
    let create = |name: &str| {
        let body = json!({ "clientName": name, "practiceArea": "tax" });
        firm.ask("attorney", "POST", CONVERSATIONS).header("idempotency-key", "one").json(&body).send()
    };
    let (first, again) = (create("Jane"), create("Jane"));
    assert_eq!(first.header("location"), again.header("location"));
    create("Joan").problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
    let path = format!("{}/messages", first.header("location"));
    assert_eq!(first.expect(201), again.expect(201));
    let add = |role: &str| {
        let body = json!({ "role": "agent", "content": "Hi" });
        firm.ask(role, "POST", &path).header("idempotency-key", "two").json(&body).send().expect(201)
    };
    assert_eq!(add("attorney"), add("attorney"));
    // Another user's key of the same text is another key.
    assert_eq!(add("paralegal")["conversation"]["messageCount"], 2);
    let body = json!({ "role": "agent", "content": "Hi" });
    let long = "k".repeat(256);
    for bad in ["a b", &long] {
        let ask = firm.ask("attorney", "POST", &path).header("idempotency-key", bad).json(&body);
        ask.send().problem(400, "invalid_header", Some("Idempotency-Key"));
    }
}

fn a_stale_version_is_refused(firm: &Firm) {
    let path = firm.conversation();
    let add = |tag: &str| {
        let body = json!({ "role": "agent", "content": "Hi" });
        firm.ask("attorney", "POST", &format!("{path}/messages")).header("if-match", tag).json(&body).send()
    };
    assert_eq!(add("\"1\"").header("etag"), "\"2\"");
    assert_eq!(add("\"1\"").problem(412, "stale_version", None)["currentVersion"], 2);
    add("*").expect(201);
    for bad in ["W/\"3\"", "\"3\", \"4\"", "four"] {
        add(bad).problem(400, "invalid_header", Some("If-Match"));
    }
    assert_eq!(firm.get("attorney", &path).expect(200)["conversation"]["messageCount"], 2);
}

fn an_intake_runs_its_course(firm: &Firm) {
    let path = firm.conversation();
    let put = |what: &str, body| firm.put("managing_partner", &format!("{path}/{what}"), &body);
    let known = put("identity", json!({ "clientPhone": "+1 555 0100", "practiceArea": "tax" })).expect(200);
    let known = &known["conversation"];
    assert_eq!((&known["clientPhone"], &known["clientName"]), (&json!("+1 555 0100"), &json!("Jane Roe")));
    put("phase", json!({ "phase": "login_suggested" })).expect(200);
    put("phase", json!({ "phase": "secured" })).expect(200);
    put("phase", json!({ "phase": "data_gathering" })).problem(409, "illegal_phase", Some("phase"));

    let goals = format!("{path}/goals");
    let goal = json!({ "title": "Find the lease", "priority": "important" });
    let added = firm.post("attorney", &goals, &goal);
    assert_eq!(added.header("location"), format!("{goals}/find_the_lease"));
    firm.post("attorney", &goals, &goal).problem(409, "duplicate_goal", Some("id"));
    let reached = put("goals/find_the_lease", json!({ "status": "completed" })).expect(200);
    assert_eq!(reached["conversation"]["goalsCompleted"], 1);
    put("goals/nowhere", json!({ "status": "completed" })).problem(404, "unknown_goal", None);

    let closed = put("status", json!({ "status": "completed" })).expect(200);
    assert!(closed["conversation"]["closedAt"].is_string());
    firm.say(&path, "Hello?").problem(409, "conversation_closed", None);
    put("status", json!({ "status": "active" })).expect(200);
    firm.say(&path, "Hello?").expect(201);

    let hold = json!({ "hold": true, "reason": "Roe v. Acme" });
    put("legal-hold", json!({ "hold": true })).problem(422, "invalid_value", Some("reason"));
    assert!(put("legal-hold", hold).expect(200)["conversation"]["heldSince"].is_string());
    put("legal-hold", json!({ "hold": false })).expect(200);

    let deleted = firm.delete("managing_partner", &path).expect(200);
    assert_eq!(deleted["conversation"]["isDeleted"], true);
    firm.say(&path, "Hello?").problem(410, "conversation_deleted", None);
    firm.get("attorney", &path).problem(410, "conversation_deleted", None);
    firm.get("compliance_officer", &path).expect(200);
    let restored = firm.ask("managing_partner", "POST", &format!("{path}/restore")).send().expect(200);
    assert_eq!(restored["conversation"]["isDeleted"], false);
    firm.get("attorney", &path).expect(200);
}

fn assignments_pass_on_and_are_kept(firm: &Firm) {
    for (email, role) in [("ann@firm.example", "attorney"), ("bob@firm.example", "paralegal")] {
        let user = json!({ "email": email, "role": role });
        firm.post("managing_partner", "/api/v1/firm/users", &user).expect(201);
    }
    let conversation = firm.conversation();
    let path = format!("{conversation}/assignment");
    let assign = |body| firm.put("managing_partner", &path, &body);
    assign(json!({ "status": "completed" })).problem(409, "not_assigned", None);
    let terms =
        json!({ "assignedTo": "Ann@firm.example", "priority": "urgent", "dueDate": "2030-01-01T12:00:00+02:00" });
    let assigned = assign(terms).expect(200);
    assert_eq!(assigned["conversation"]["assignments"][0]["dueDate"], "2030-01-01T10:00:00.000Z");
    let again = assign(json!({ "assignedTo": "bob@firm.example" })).expect(200);
    let assignments = again["conversation"]["assignments"].as_array().unwrap();
    let statuses: Vec<_> = assignments.iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["reassigned", "active"]);
    let token = firm.written(&conversation);
    let list = firm.list("attorney", "/api/v1/firm/assignments", &token);
    assert!(!list["assignments"].as_array().unwrap().is_empty(), "{list:#}");
    assert!(firm.delete("managing_partner", &path).expect(200)["conversation"]["assignedTo"].is_null());
    assign(json!({ "assignedTo": "nobody@firm.example" })).problem(422, "invalid_value", Some("assignedTo"));
}

fn settings_are_kept(firm: &Firm) {
    let goals = json!([{ "id": "find_lease", "title": "Find the lease", "priority": "required" }]);
    let areas = json!([{ "id": "Landlord & Tenant", "name": "Landlord and tenant", "goals": goals }]);
    let change = json!({ "practiceAreas": areas, "retentionDays": 90 });
    let changed = firm.put("managing_partner", "/api/v1/firm/settings", &change);
    assert_eq!(changed.header("etag"), "\"2\"");
    let settings = changed.expect(200)["settings"].clone();
    assert_eq!(settings["practiceAreas"][0]["id"], "landlord_tenant");
    let body = json!({ "clientName": "Jane", "practiceArea": "landlord tenant" });
    let created = firm.post("attorney", CONVERSATIONS, &body).expect(201);
    assert_eq!(created["conversation"]["goals"][3]["id"], "find_lease");
    assert_eq!(firm.get("paralegal", "/api/v1/firm/settings").expect(200)["settings"], settings);
    let again = json!({ "name": "Again" });
    firm.post("firm_admin", "/api/v1/firm", &again).problem(409, "firm_exists", None);
    // No target of this suite holds data within borders, and none claims to.
    assert_eq!((&settings["jurisdiction"], &settings["jurisdictionEnforced"]), (&json!(null), &json!(false)));
    let changed = firm.put("managing_partner", "/api/v1/firm/settings", &json!({ "jurisdiction": "eu" })).expect(200);
    let placed = ["jurisdiction", "jurisdictionEnforced"].map(|field| changed["settings"][field].clone());
    assert_eq!(placed, [json!("eu"), json!(false)]);
    let odd = json!({ "timeZone": "Mars" });
    firm.put("managing_partner", "/api/v1/firm/settings", &odd).problem(422, "invalid_value", Some("timeZone"));
}

fn views_are_kept(firm: &Firm) {
    let (path, removal) = ("/api/v1/firm/views", "/api/v1/firm/views/removal");
    let view = |query: &str, shared: bool| json!({ "name": "Mine", "query": query, "shared": shared });
    let (own, all) = (view("status=active&columns=email%2Cstatus", false), view("", true));
    let save = |role: &str, key: &str, tag: &str, body: &Value| {
        let ask = firm.ask(role, "PUT", path).header("idempotency-key", key).header("if-match", tag);
        ask.json(body).send()
    };
    let seen = firm.get("attorney", path);
    let tag = seen.header("etag").to_owned();
    assert_eq!(seen.expect(200), json!({ "views": [], "source": "object" }));
    let kept = save("attorney", "one", &tag, &own).expect(200);
    assert_eq!(kept["views"], json!([own]));
    assert_eq!(save("attorney", "one", &tag, &own).expect(200), kept);
    save("attorney", "one", &tag, &view("", false)).problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
    save("attorney", "two", &tag, &view("", false)).problem(412, "stale_version", None);
    save("attorney", "three", "*", &all).problem(403, "forbidden", None);
    save("managing_partner", "four", "*", &all).expect(200);
    assert_eq!(firm.get("attorney", path).expect(200)["views"], json!([own, all]));
    assert_eq!(firm.get("paralegal", path).expect(200)["views"], json!([all]));
    firm.get("client", path).problem(403, "forbidden", None);
    let odd = view("status=odd", false);
    firm.put("attorney", path, &odd).problem(422, "invalid_value", Some("query.status"));
    let left = firm.post("attorney", removal, &json!({ "name": "Mine" })).expect(200);
    assert_eq!(left["views"], json!([all]));
    firm.post("attorney", removal, &json!({ "name": "Mine", "shared": true })).problem(403, "forbidden", None);
}
