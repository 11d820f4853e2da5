//! Lists as files: whole, guarded, on record before they leave, and never cut short without a sign.

use std::collections::BTreeSet;

use engage_domain::{Role, UserId};
use engage_journal::Sql;
use engage_native::{Platform, sqlite::Db};
use futures_util::StreamExt;
use serde_json::{Value, json};

use engage_testkit::TestApp;

async fn started(app: &TestApp, token: &str, name: &str) {
    let body = json!({ "clientName": name, "practiceArea": "tax" });
    app.post(token, "/api/v1/firm/conversations", body).await.expect(201);
}

fn lines(text: &Value) -> Vec<Value> {
    text.as_str().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The paths of the lists, the field that holds their rows, and what the file is called.
const LISTS: [(&str, &str, &str); 15] = [
    ("/api/v1/firm/conversations", "conversations", "conversations"),
    ("/api/v1/firm/conversations/{id}/audit", "audit", "conversation-audit"),
    ("/api/v1/firm/analytics/attention", "conversations", "attention"),
    ("/api/v1/firm/assignments/workload", "people", "workload"),
    ("/api/v1/firm/analytics/practice-areas", "practiceAreas", "practice-areas"),
    ("/api/v1/firm/analytics/overview", "days", "overview"),
    ("/api/v1/firm/users", "users", "users"),
    ("/api/v1/firm/assignments", "assignments", "assignments"),
    ("/api/v1/firm/conflicts", "conflicts", "conflict-list"),
    ("/api/v1/firm/audit", "audit", "audit"),
    ("/api/v1/firm/reports/data-access", "accesses", "data-access"),
    ("/api/v1/firm/reports/conflicts", "conflicts", "conflicts"),
    ("/api/v1/platform/reconciliations", "reconciliations", "reconciliations"),
    ("/api/v1/firm/search/conversations", "conversations", "search"),
    ("/api/v1/platform/sync-failures", "syncFailures", "sync-failures"),
];

/// What a list has to be asked for.
fn asked(name: &str) -> &'static str {
    match name {
        // Each file leaves an entry, so the trail is asked for what does not change.
        "audit" => "?resource=user",
        "search" => "?q=roe",
        _ => "",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_holds_what_the_list_shows_under_the_names_of_its_fields() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let ann = json!({ "email": "ann@acme.example", "role": "attorney", "name": "Ann, \"the\" attorney" });
    app.post(&partner, "/api/v1/firm/users", ann).await.expect(201);
    app.conversation(&partner).await;
    let conversation = app.conversation(&partner).await;
    app.get(&partner, &conversation).await.expect(200);
    let terms = json!({ "assignedTo": "ann@acme.example", "notes": "two\nlines", "estimatedHours": 1.5 });
    app.put(&partner, &format!("{conversation}/assignment"), terms).await.expect(200);
    app.settle("acme").await;
    app.ask("POST", "/api/v1/platform/firms/acme/reconcile").token(&partner).send().await.expect(200);
    app.settle("acme").await;
    for (path, rows, name) in LISTS {
        let path = path.replace("/api/v1/firm/conversations/{id}", &conversation);
        let query = asked(name);
        let list = app.get(&partner, &format!("{path}{query}")).await.expect(200)[rows].clone();
        let list = list.as_array().unwrap();
        assert_eq!(list.is_empty(), ["conflicts", "conflict-list", "sync-failures"].contains(&name), "{path}");

        let ndjson = app.get(&partner, &format!("{path}.ndjson{query}")).await;
        assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
        assert_eq!(&lines(&ndjson.expect(200)), list, "{path}");

        let csv = app.get(&partner, &format!("{path}.csv{query}")).await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
        assert_eq!(csv.header("content-disposition"), format!("attachment; filename=\"acme-{name}.csv\""));
        assert!(csv.header("x-engage-as-of").ends_with('Z') && csv.header("x-engage-lag-ms").parse::<u64>().is_ok());
        assert_eq!(csv.header("x-engage-consistent"), "true");
        let text = csv.expect(200);
        let mut reader = csv::Reader::from_reader(text.as_str().unwrap().as_bytes());
        let header = reader.headers().unwrap().clone();
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), list.len(), "{path}");
        for (record, row) in records.iter().zip(list) {
            for (column, cell) in header.iter().zip(record) {
                let expected = match &row[column] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(cell, expected, "{path} {column}");
            }
        }
    }
}

/// Also of lists that have no row in any test: each field of a row has its column, and each column is a field.
#[tokio::test(flavor = "multi_thread")]
async fn the_columns_of_a_file_are_the_fields_that_the_document_describes() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let conversation = app.conversation(&partner).await;
    let document = serde_json::to_value(engage_http::openapi::<Platform>()).unwrap();
    let files = document["paths"].as_object().unwrap().keys().filter(|path| path.ends_with(".csv"));
    let listed: BTreeSet<_> = LISTS.iter().map(|(path, ..)| format!("{path}.csv")).collect();
    assert_eq!(files.cloned().collect::<BTreeSet<_>>(), listed);
    for (path, rows, name) in LISTS {
        let answer = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let row = &schema(&document, answer)["properties"][rows]["items"];
        let path = path.replace("/api/v1/firm/conversations/{id}", &conversation);
        let text = app.get(&partner, &format!("{path}.csv{}", asked(name))).await.expect(200);
        let mut reader = csv::Reader::from_reader(text.as_str().unwrap().as_bytes());
        let columns: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let fields = fields(&document, row);
        assert_eq!(columns.iter().cloned().collect::<BTreeSet<_>>(), fields, "{path}");
        assert_eq!(columns.len(), fields.len(), "{path}: no column twice");
    }
}

fn schema<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().map(|reference| reference.rsplit('/').next().unwrap());
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

/// The fields of an object, those of the parts that it is put together from too.
fn fields(document: &Value, of: &Value) -> BTreeSet<String> {
    let object = schema(document, of);
    let own = object["properties"].as_object().into_iter().flat_map(|properties| properties.keys().cloned());
    let parts = object["allOf"].as_array().into_iter().flatten().flat_map(|part| fields(document, part));
    own.chain(parts).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_every_page_of_its_list_and_its_filters() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    for n in 0..205 {
        started(&app, &partner, &format!("Client {n:03}")).await;
    }
    app.settle("acme").await;
    let path = "/api/v1/firm/conversations.ndjson?sort=clientName&order=asc";
    let rows = lines(&app.get(&partner, path).await.expect(200));
    let names: Vec<_> = rows.iter().map(|row| row["clientName"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, (0..205).map(|n| format!("Client {n:03}")).collect::<Vec<_>>());
    let csv = app.get(&partner, "/api/v1/firm/conversations.csv").await.expect(200);
    let text = csv.as_str().unwrap();
    assert_eq!((text.matches("\r\n").count(), text.matches("sessionId").count()), (206, 1), "one header row");
    let none = app.get(&partner, "/api/v1/firm/conversations.ndjson?status=completed").await.expect(200);
    assert_eq!(none, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_formula_is_text_in_a_spreadsheet() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let formula = "=HYPERLINK(\"http://evil.example\",\"Click\")";
    started(&app, &partner, formula).await;
    app.settle("acme").await;
    let csv = app.get(&partner, "/api/v1/firm/conversations.csv").await.expect(200);
    assert!(csv.as_str().unwrap().contains("\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"Click\"\")\""), "{csv}");
    let ndjson = app.get(&partner, "/api/v1/firm/conversations.ndjson").await.expect(200);
    assert_eq!(lines(&ndjson)[0]["clientName"], formula, "NDJSON is for programs, and is as it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_on_record_before_its_first_byte() {
    let app = TestApp::start().await;
    let officer = app.token(Role::ComplianceOfficer);
    started(&app, &app.token(Role::ManagingPartner), "Jane Roe").await;
    app.settle("acme").await;
    let unread = app.ask("GET", "/api/v1/firm/conversations.csv?status=active").token(&officer).open().await;
    let audit = app.audit("acme").await;
    let exported: Vec<_> = audit.iter().filter(|row| &*row.action == "data_exported").collect();
    assert_eq!(exported.len(), 1, "nothing of the body was read yet");
    assert_eq!(exported[0].user_id, Some(UserId::from_subject(&"acme".parse().unwrap(), "compliance_officer")));
    assert_eq!((&*exported[0].resource_type, exported[0].resource_id.as_deref()), ("firm_settings", Some("acme")));
    let details: Value = serde_json::from_str(&exported[0].details).unwrap();
    assert_eq!(details, json!({ "resource": "conversations", "format": "csv", "filters": { "status": "active" } }));
    drop(unread);
    // It is in the trail that compliance reads, and who may not have the list leaves no such entry.
    let trail = app.get(&officer, "/api/v1/firm/audit?action=data_exported").await.expect(200);
    assert_eq!(trail["audit"][0]["details"]["resource"], "conversations");
    app.get(&app.token(Role::Attorney), "/api/v1/firm/audit.csv").await.problem(403, "forbidden", None);
    let audit = app.audit("acme").await;
    assert_eq!(audit.iter().filter(|row| &*row.action == "data_exported").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_one_conversations_trail_or_of_an_operators_list_says_so_on_record() {
    let app = TestApp::start().await;
    let (partner, officer) = (app.token(Role::ManagingPartner), app.token(Role::ComplianceOfficer));
    let conversation = app.conversation(&partner).await;
    app.settle("acme").await;
    let rows = lines(&app.get(&officer, &format!("{conversation}/audit.ndjson")).await.expect(200));
    assert_eq!(rows[0]["action"], "conversation_created", "the oldest first");
    app.get(&officer, "/api/v1/platform/reconciliations.csv").await.expect(200);
    app.get(&officer, "/api/v1/platform/sync-failures.ndjson").await.expect(200);
    app.get(&partner, "/api/v1/firm/analytics/overview.csv?from=2026-03-01&to=2026-03-04").await.expect(200);
    let audit = app.audit("acme").await;
    let exported = audit.iter().filter(|row| &*row.action == "data_exported");
    let details: Vec<Value> = exported.map(|row| serde_json::from_str(&row.details).unwrap()).collect();
    let id = conversation.rsplit('/').next().unwrap();
    let expected = [
        json!({ "resource": "conversation_audit", "format": "ndjson", "filters": { "id": id } }),
        json!({ "resource": "reconciliations", "format": "csv", "filters": {} }),
        json!({ "resource": "sync_failures", "format": "ndjson", "filters": {} }),
        json!({ "resource": "overview", "format": "csv", "filters": { "from": "2026-03-01", "to": "2026-03-04" } }),
    ];
    assert_eq!(details, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_takes_the_filters_of_its_list_and_refuses_what_the_list_does() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let conversation = app.conversation(&partner).await;
    app.settle("acme").await;
    let days = app.get(&partner, "/api/v1/firm/analytics/overview.csv?from=2026-03-01&to=2026-03-04").await.expect(200);
    assert_eq!(days, "date,created,completed\r\n2026-03-01,0,0\r\n2026-03-02,0,0\r\n2026-03-03,0,0\r\n");
    let areas = app.get(&partner, "/api/v1/firm/analytics/practice-areas.ndjson?range=7d").await.expect(200);
    assert_eq!(lines(&areas)[0]["practiceArea"], "family_law");
    let trail = format!("{conversation}/audit");
    for (path, query, field) in [
        ("/api/v1/firm/analytics/practice-areas", "range=1d", "range"),
        ("/api/v1/firm/analytics/overview", "from=yesterday", "from"),
        ("/api/v1/firm/analytics/overview", "from=2026-01-02&to=2026-01-01", "to"),
        ("/api/v1/firm/analytics/attention", "limit=7", "limit"),
        ("/api/v1/firm/assignments/workload", "range=7d", "range"),
        ("/api/v1/platform/reconciliations", "cursor=x", "cursor"),
        ("/api/v1/platform/sync-failures", "cursor=1", "cursor"),
        (&trail, "limit=7", "limit"),
    ] {
        for format in ["csv", "ndjson"] {
            let reply = app.get(&partner, &format!("{path}.{format}?{query}")).await;
            reply.problem(422, "invalid_value", Some(field));
        }
    }
    let audit = app.audit("acme").await;
    assert_eq!(audit.iter().filter(|row| &*row.action == "data_exported").count(), 2, "what was refused did not leave");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_attention_and_what_the_index_could_not_take_in_are_exported_page_by_page() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let broken = "CREATE TRIGGER rule BEFORE INSERT ON conversation_index WHEN NEW.clientName = 'Bad'
        BEGIN SELECT RAISE(ABORT, '=against the rule'); END";
    let folder = app.engage.runtime().folder().firm(&"acme".parse().unwrap());
    let mut index = Db::index(&folder.join("index.db")).unwrap();
    index.script(broken).unwrap();
    for n in 0..101 {
        started(&app, &partner, &format!("Client {n:03}")).await;
    }
    started(&app, &partner, "Bad").await;
    app.settle("acme").await;
    let rows = lines(&app.get(&partner, "/api/v1/firm/analytics/attention.ndjson").await.expect(200));
    let names: Vec<_> = rows.iter().map(|row| row["clientName"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, (0..101).map(|n| format!("Client {n:03}")).collect::<Vec<_>>());
    let failures = lines(&app.get(&partner, "/api/v1/platform/sync-failures.ndjson").await.expect(200));
    assert_eq!(failures.len(), 1, "{failures:#?}");
    let csv = app.get(&partner, "/api/v1/platform/sync-failures.csv").await.expect(200);
    assert!(csv.as_str().unwrap().contains(failures[0]["object"].as_str().unwrap()), "{csv}");
    index.script("DROP TRIGGER rule").unwrap();
    let replay = format!("/api/v1/platform/sync-failures/{}/replay", failures[0]["id"]);
    let reply = app.ask("POST", &replay).token(&partner).send().await;
    // It may have been tried by itself in the meantime.
    assert!([200, 404].contains(&reply.status.as_u16()), "{:#}", reply.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_only_about_a_file_gets_nothing_of_it_and_leaves_no_entry() {
    let app = TestApp::start().await;
    let (officer, attorney) = (app.token(Role::ComplianceOfficer), app.token(Role::Attorney));
    started(&app, &attorney, "Jane Roe").await;
    app.settle("acme").await;
    let reply = app.ask("HEAD", "/api/v1/firm/conversations.csv").token(&officer).send().await;
    let whole = app.get(&officer, "/api/v1/firm/conversations.csv").await;
    for name in ["content-type", "content-disposition", "x-engage-consistent"] {
        assert_eq!(reply.header(name), whole.header(name));
    }
    assert!(reply.header("x-engage-as-of").ends_with('Z'));
    assert_eq!(
        reply.headers.get("content-length"),
        None,
        "nothing is said of a length that only reading it all would tell"
    );
    assert_eq!(reply.expect(200), "");
    let refused = app.ask("HEAD", "/api/v1/firm/audit.csv").token(&attorney).open().await;
    assert_eq!(refused.status(), 403);
    let audit = app.audit("acme").await;
    let count = |action: &str| audit.iter().filter(|row| &*row.action == action).count();
    assert_eq!((count("data_exported"), count("access_denied")), (1, 1), "the file that was sent, and the one refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_breaks_off_does_not_end_as_if_it_were_whole() {
    let app = TestApp::start().await;
    let (partner, officer) = (app.token(Role::ManagingPartner), app.token(Role::ComplianceOfficer));
    for n in 0..101 {
        started(&app, &partner, &format!("Client {n}")).await;
    }
    app.settle("acme").await;
    let response = app.ask("GET", "/api/v1/firm/conversations.ndjson").token(&officer).open().await;
    assert_eq!(response.status(), 200);
    let mut body = response.into_body().into_data_stream();
    let first = body.next().await.unwrap().unwrap();
    assert_eq!(first.iter().filter(|byte| **byte == b'\n').count(), 100);
    let id = UserId::from_subject(&"acme".parse().unwrap(), "compliance_officer");
    app.ask("POST", &format!("/api/v1/firm/users/{id}/revoke-sessions")).token(&partner).send().await.expect(200);
    assert!(body.next().await.unwrap().is_err(), "the rest is not for them any more, and the body says so");
    assert!(body.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_exports_their_own_conversations_without_what_the_firm_notes() {
    let app = TestApp::start().await;
    started(&app, &app.token(Role::ManagingPartner), "Somebody Else").await;
    let client = app.token(Role::Client);
    started(&app, &client, "Jane Roe").await;
    app.settle("acme").await;
    let rows = lines(&app.get(&client, "/api/v1/firm/conversations.ndjson").await.expect(200));
    assert_eq!(rows.iter().map(|row| row["clientName"].as_str().unwrap()).collect::<Vec<_>>(), ["Jane Roe"]);
    assert!(rows[0]["conflictStatus"].is_null() && rows[0]["dataQualityScore"].is_null());
}
