//! Lists as files: whole, guarded, on record before they leave, and never cut short without a sign.

use engage_domain::{Role, UserId};
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

/// The paths of the lists and the field that holds their rows.
const LISTS: [(&str, &str); 6] = [
    ("/api/v1/firm/conversations", "conversations"),
    ("/api/v1/firm/users", "users"),
    ("/api/v1/firm/assignments", "assignments"),
    ("/api/v1/firm/audit", "audit"),
    ("/api/v1/firm/reports/data-access", "accesses"),
    ("/api/v1/firm/reports/conflicts", "conflicts"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_file_holds_what_the_list_shows_under_the_names_of_its_fields() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let ann = json!({ "email": "ann@acme.example", "role": "attorney", "name": "Ann, \"the\" attorney" });
    app.post(&partner, "/api/v1/firm/users", ann).await.expect(201);
    let path = app.conversation(&partner).await;
    app.get(&partner, &path).await.expect(200);
    let terms = json!({ "assignedTo": "ann@acme.example", "notes": "two\nlines", "estimatedHours": 1.5 });
    app.put(&partner, &format!("{path}/assignment"), terms).await.expect(200);
    app.settle("acme").await;
    for (path, rows) in LISTS {
        // Each file leaves an entry, so the trail is asked for what does not change.
        let query = if rows == "audit" { "?resource=conversation" } else { "" };
        let list = app.get(&partner, &format!("{path}{query}")).await.expect(200)[rows].clone();
        let list = list.as_array().unwrap();
        assert_eq!(list.is_empty(), rows == "conflicts", "{path}");

        let ndjson = app.get(&partner, &format!("{path}.ndjson{query}")).await;
        assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
        assert_eq!(&lines(&ndjson.expect(200)), list, "{path}");

        let csv = app.get(&partner, &format!("{path}.csv{query}")).await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
        let name = path.rsplit('/').next().unwrap();
        assert_eq!(csv.header("content-disposition"), format!("attachment; filename=\"acme-{name}.csv\""));
        assert!(csv.header("x-engage-as-of").ends_with('Z') && csv.header("x-engage-lag-ms").parse::<u64>().is_ok());
        assert_eq!(csv.header("x-engage-consistent"), "true");
        let text = csv.expect(200);
        let mut reader = csv::Reader::from_reader(text.as_str().unwrap().as_bytes());
        let header = reader.headers().unwrap().clone();
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), list.len(), "{path}");
        for (record, row) in records.iter().zip(list) {
            assert_eq!(header.len(), row.as_object().unwrap().len(), "every field has its column: {header:?}");
            for (column, cell) in header.iter().zip(record) {
                let expected = match &row[column] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(cell, expected, "{path} {column}");
                assert!(row.get(column).is_some(), "{path} {column}");
            }
        }
    }
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
