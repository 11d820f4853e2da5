//! What scripts rely on: the shapes of answers, and what each operation does.

use engage_domain::Role;
use serde_json::{Value, json};

use engage_testkit::TestApp;

/// Ids and times replaced by what they are, so that an answer can be compared whole.
fn masked(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for (_, field) in fields.iter_mut() {
                *field = masked(field.take());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = masked(item.take())),
        Value::String(text) if text.parse::<engage_domain::Timestamp>().is_ok() => {
            assert_eq!((text.len(), text.ends_with('Z')), (24, true), "correction 4: one format of time");
            *text = "<time>".into();
        }
        Value::String(text) if text.parse::<engage_domain::UserId>().is_ok() => *text = "<id>".into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_answers_in_the_agreed_shape() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let body = json!({ "clientName": " Jane Roe ", "clientEmail": "Jane@X.org", "practiceArea": "Family Law" });
    let created = app.post(&attorney, "/api/v1/firm/conversations", body).await;
    assert_eq!(created.header("etag"), "\"1\"");
    let id = created.body["conversation"]["sessionId"].as_str().unwrap().to_owned();
    assert_eq!(created.header("location"), format!("/api/v1/firm/conversations/{id}"));
    assert_eq!(created.header("x-engage-consistency"), format!("conversation/{id}@1"));
    let goal = |id: &str, title: &str, priority: &str| json!({ "id": id, "title": title, "priority": priority, "completed": false, "completedAt": null });
    let conversation = json!({
        "sessionId": "<id>", "firmId": "acme", "version": 1, "status": "active", "phase": "pre_login", "userId": null,
        "clientName": "Jane Roe", "clientEmail": "jane@x.org", "clientPhone": null, "legalArea": null,
        "situation": null, "address": null, "practiceArea": "family_law", "assignedTo": null, "assignments": [],
        "conflictStatus": "pending", "frozenSince": null,
        "goals": [
            goal("user_identification", "Know who the client is", "critical"),
            goal("legal_needs_assessment", "Understand what the client needs", "required"),
            goal("conflict_check_readiness", "Have the names for the conflict check", "critical"),
        ],
        "goalsCompleted": 0, "goalsTotal": 3, "dataQualityScore": 15, "messageCount": 0,
        "createdAt": "<time>", "lastActivity": "<time>", "closedAt": null, "deletedAt": null, "isDeleted": false, "heldSince": null, "erasedAt": null,
    });
    assert_eq!(masked(created.expect(201)), json!({ "conversation": conversation }));

    let path = format!("/api/v1/firm/conversations/{id}");
    let body = json!({ "role": "agent", "content": "Good morning" });
    let added = app.post(&attorney, &format!("{path}/messages"), body).await;
    assert_eq!(
        (added.header("etag"), added.header("x-engage-consistency")),
        ("\"2\"", &*format!("conversation/{id}@2"))
    );
    let added = added.expect(201);
    let message = json!({ "id": "<id>", "version": 2, "role": "agent", "timestamp": "<time>" });
    assert_eq!(masked(added["message"].clone()), message);
    assert_eq!((&added["conversation"]["version"], &added["conversation"]["messageCount"]), (&json!(2), &json!(1)));

    let detail = app.get(&attorney, &path).await;
    assert_eq!(detail.header("etag"), "\"2\"");
    let detail = detail.expect(200);
    let mut message = message;
    message["content"] = json!("Good morning");
    assert_eq!(masked(detail["messages"].clone()), json!([message]));
    assert_eq!(detail["messages"][0]["id"], added["message"]["id"]);
    assert_eq!(detail["messages"][0]["timestamp"], added["message"]["timestamp"]);
    assert_eq!((&detail["source"], &detail["page"]), (&json!("object"), &json!({ "next": null })));

    app.settle("acme").await;
    let list = app.get(&attorney, "/api/v1/firm/conversations").await.expect(200);
    let row = json!({
        "firmId": "acme", "sessionId": "<id>", "userId": null, "clientName": "Jane Roe", "clientEmail": "jane@x.org",
        "practiceArea": "family_law", "status": "active", "phase": "pre_login", "assignedTo": null,
        "conflictStatus": "pending", "goalsCompleted": 0, "goalsTotal": 3, "dataQualityScore": 15,
        "createdAt": "<time>", "lastActivity": "<time>", "isDeleted": false, "version": 2,
    });
    assert_eq!(masked(list.clone())["conversations"], json!([row]));
    assert_eq!(list["page"], json!({ "next": null, "limit": 50 }));
    assert_eq!((&list["index"]["lagMs"], &list["index"]["consistent"]), (&json!(0), &json!(true)));
    assert!(list["index"]["asOf"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_come_by_page_oldest_first_newest_page_first() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let path = app.conversation(&attorney).await;
    for n in 1..=7 {
        app.post(&attorney, &format!("{path}/messages"), json!({ "role": "user", "content": n.to_string() }))
            .await
            .expect(201);
    }
    let (mut pages, mut next) = (vec![], format!("{path}/messages?limit=3"));
    loop {
        let reply = app.get(&attorney, &next).await;
        let link = reply.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        let page = reply.expect(200);
        let said: Vec<_> = page["messages"].as_array().unwrap().iter().map(|m| m["content"].clone()).collect();
        pages.push(json!(said));
        let Some(link) = link else {
            assert!(page["page"]["next"].is_null());
            break;
        };
        next = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
        assert!(link.ends_with("rel=\"next\""));
        assert!(next.contains(page["page"]["next"].as_str().unwrap()));
    }
    assert_eq!(pages, [json!(["5", "6", "7"]), json!(["2", "3", "4"]), json!(["1"])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intake_runs_its_course() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let path = app.conversation(&partner).await;
    let put = async |what: &str, body: Value| app.put(&partner, &format!("{path}/{what}"), body).await;

    let identity = json!({ "clientPhone": "+1 555 0100", "legalArea": "Divorce", "practiceArea": "tax" });
    let answer = put("identity", identity).await.expect(200);
    let known = &answer["conversation"];
    assert_eq!((&known["clientPhone"], &known["practiceArea"]), (&json!("+1 555 0100"), &json!("tax")));
    assert_eq!(known["clientName"], "Jane Roe", "what is absent stays");

    for phase in ["login_suggested", "secured"] {
        put("phase", json!({ "phase": phase })).await.expect(200);
    }
    put("phase", json!({ "phase": "data_gathering" })).await.problem(409, "illegal_phase", Some("phase"));
    let checked =
        put("phase", json!({ "phase": "conflict_check_complete", "conflictStatus": "clear" })).await.expect(200);
    assert_eq!(checked["conversation"]["conflictStatus"], "clear");
    put("phase", json!({ "phase": "data_gathering", "conflictStatus": "clear" })).await.problem(
        422,
        "invalid_value",
        Some("conflictStatus"),
    );

    let goal = json!({ "title": "Find the lease", "priority": "important" });
    let added = app.post(&partner, &format!("{path}/goals"), goal.clone()).await;
    assert_eq!(added.header("location"), format!("{path}/goals/find_the_lease"));
    added.expect(201);
    app.post(&partner, &format!("{path}/goals"), goal).await.problem(409, "duplicate_goal", Some("id"));
    let reached = put("goals/find_the_lease", json!({ "status": "completed" })).await.expect(200);
    assert_eq!(reached["conversation"]["goalsCompleted"], 1);
    put("goals/nowhere", json!({ "status": "completed" })).await.problem(404, "unknown_goal", None);

    let closed = put("status", json!({ "status": "completed" })).await.expect(200);
    assert!(closed["conversation"]["closedAt"].is_string());
    let hello = json!({ "role": "user", "content": "Hello?" });
    app.post(&partner, &format!("{path}/messages"), hello.clone()).await.problem(409, "conversation_closed", None);
    let reopened = put("status", json!({ "status": "active" })).await.expect(200);
    assert!(reopened["conversation"]["closedAt"].is_null());
    app.post(&partner, &format!("{path}/messages"), hello.clone()).await.expect(201);

    let deleted = app.delete(&partner, &path).await.expect(200);
    assert_eq!(deleted["conversation"]["isDeleted"], true);
    app.post(&partner, &format!("{path}/messages"), hello).await.problem(410, "conversation_deleted", None);
    app.get(&app.token(Role::Attorney), &path).await.problem(410, "conversation_deleted", None);
    app.get(&app.token(Role::ComplianceOfficer), &path).await.expect(200);
    let restored = app.ask("POST", &format!("{path}/restore")).token(&partner).send().await.expect(200);
    assert_eq!(restored["conversation"]["isDeleted"], false);
    app.get(&app.token(Role::Attorney), &path).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn assignments_pass_from_one_to_another_and_are_kept() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    for (email, role) in [("ann@acme.example", "attorney"), ("bob@acme.example", "paralegal"), ("carl@x.org", "client")]
    {
        app.post(&partner, "/api/v1/firm/users", json!({ "email": email, "role": role })).await.expect(201);
    }
    let path = format!("{}/assignment", app.conversation(&partner).await);
    app.put(&partner, &path, json!({ "status": "completed" })).await.problem(409, "not_assigned", None);
    let terms = json!({
        "assignedTo": "Ann@acme.example", "priority": "urgent", "dueDate": "2030-01-01T12:00:00+02:00",
        "estimatedHours": 2.5, "notes": "Call back", "status": "pending",
    });
    let assigned = app.put(&partner, &path, terms).await.expect(200)["conversation"].clone();
    let ann = &assigned["assignments"][0];
    assert_eq!(assigned["assignedTo"], ann["assignedTo"]);
    assert_eq!(
        (&ann["priority"], &ann["dueDate"], &ann["status"], &ann["notes"], &ann["estimatedHours"]),
        (&json!("urgent"), &json!("2030-01-01T10:00:00.000Z"), &json!("pending"), &json!("Call back"), &json!(2.5))
    );
    let again = app.put(&partner, &path, json!({ "assignedTo": "bob@acme.example" })).await.expect(200);
    let statuses = |body: &Value| {
        let assignments = body["conversation"]["assignments"].as_array().unwrap().clone();
        assignments.iter().map(|assignment| assignment["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(statuses(&again), ["reassigned", "active"]);
    let by_id = json!({ "assignedTo": ann["assignedTo"], "status": "completed" });
    app.put(&partner, &path, by_id).await.problem(422, "invalid_value", Some("assignedTo"));
    let done = json!({ "status": "completed", "actualHours": 3 });
    assert_eq!(statuses(&app.put(&partner, &path, done).await.expect(200)), ["reassigned", "completed"]);
    let unassigned = app.delete(&partner, &path).await.expect(200);
    assert!(unassigned["conversation"]["assignedTo"].is_null());

    for nobody in ["nobody@acme.example", "carl@x.org", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "??"] {
        let reply = app.put(&partner, &path, json!({ "assignedTo": nobody })).await;
        reply.problem(422, "invalid_value", Some("assignedTo"));
    }
    let odd = [
        (json!({ "assignedTo": "ann@acme.example", "actualHours": 1 }), "actualHours"),
        (json!({ "status": "completed", "priority": "low" }), "priority"),
        (json!({ "assignedTo": "ann@acme.example", "status": "reassigned" }), "status"),
        (json!({ "assignedTo": "ann@acme.example", "estimatedHours": -1 }), "estimatedHours"),
        (json!({}), "assignedTo"),
    ];
    for (body, field) in odd {
        app.put(&partner, &path, body).await.problem(422, "invalid_value", Some(field));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firms_goals_join_its_areas_conversations() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let goals = json!([{ "id": "find_lease", "title": "Find the lease", "priority": "required" }]);
    let areas = json!([{ "id": "Landlord & Tenant", "name": "Landlord and tenant", "goals": goals }]);
    let change = json!({ "practiceAreas": areas, "timeZone": "America/Chicago", "retentionDays": 90 });
    let changed = app.put(&partner, "/api/v1/firm/settings", change).await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let settings = changed.expect(200)["settings"].clone();
    assert_eq!(
        (&settings["practiceAreas"][0]["id"], &settings["timeZone"]),
        (&json!("landlord_tenant"), &json!("America/Chicago"))
    );
    let body = json!({ "clientName": "Jane", "practiceArea": "landlord tenant" });
    let created = app.post(&partner, "/api/v1/firm/conversations", body).await.expect(201);
    assert_eq!(created["conversation"]["goals"][3]["id"], "find_lease");
    let read = app.get(&app.token(Role::Paralegal), "/api/v1/firm/settings").await;
    assert_eq!((read.header("etag"), &read.body["settings"]), ("\"2\"", &settings));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firm_is_founded_once_by_its_tokens_bearer() {
    let app = TestApp::bare().await;
    let admin = app.token_of("newcomer", "ann@newcomer.example", Role::FirmAdmin);
    app.get(&admin, "/api/v1/firm/settings").await.problem(404, "unknown_firm", None);
    let attorney = app.token_of("newcomer", "bob", Role::Attorney);
    app.post(&attorney, "/api/v1/firm", json!({ "name": "X" })).await.problem(403, "forbidden", None);
    app.post(&admin, "/api/v1/firm", json!({})).await.problem(422, "invalid_value", Some("name"));
    app.post(&admin, "/api/v1/firm", json!({ "name": "N", "timeZone": "Mars" })).await.problem(
        422,
        "invalid_value",
        Some("timeZone"),
    );
    let founded =
        app.post(&admin, "/api/v1/firm", json!({ "name": "Newcomer LLP", "timeZone": "UTC" })).await.expect(201);
    assert_eq!(
        (&founded["settings"]["name"], &founded["settings"]["firmId"]),
        (&json!("Newcomer LLP"), &json!("newcomer"))
    );
    app.post(&admin, "/api/v1/firm", json!({ "name": "Again" })).await.problem(409, "firm_exists", None);
    app.conversation(&admin).await;
}
