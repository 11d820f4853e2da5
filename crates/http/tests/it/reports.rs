//! The audit trail, the list of assignments, and the reports.

use engage_domain::{Role, UserId, firm::SettingsChange};
use engage_journal::Sql;
use engage_native::sqlite::Db;
use serde_json::{Value, json};

use engage_testkit::{HOUR_MS, TestApp};

const AUDIT: &str = "/api/v1/firm/audit";
const DATA_ACCESS: &str = "/api/v1/firm/reports/data-access";

fn texts<'a>(list: &'a Value, rows: &str, field: &str) -> Vec<&'a str> {
    list[rows].as_array().unwrap().iter().map(|row| row[field].as_str().unwrap_or("null")).collect()
}

/// Every page of a list, by its cursors.
async fn pages(app: &TestApp, token: &str, path: &str, rows: &str) -> Vec<Value> {
    let mut found = vec![];
    let mut cursor = String::new();
    loop {
        let page = app.get(token, &format!("{path}{cursor}")).await.expect(200);
        assert_eq!(page["source"], "index");
        assert!(page["index"]["asOf"].is_string() && page["index"]["lagMs"].is_u64(), "{page}");
        found.extend(page[rows].as_array().unwrap().iter().cloned());
        let Some(next) = page["page"]["next"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
}

async fn named(app: &TestApp, token: &str, email: &str, name: &str, role: &str) -> String {
    let body = json!({ "email": email, "name": name, "role": role });
    let user = app.post(token, "/api/v1/firm/users", body).await.expect(201);
    user["user"]["userId"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversations_trail_is_read_oldest_first_with_names_and_roles() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let ann = named(&app, &partner, "ann@acme.example", "Ann", "attorney").await;
    let attorney = app.token_of("acme", "ann@acme.example", Role::Attorney);
    let path = app.conversation(&attorney).await;
    app.get(&attorney, &path).await.expect(200);
    app.get(&partner, &path).await.expect(200);
    app.delete(&partner, &path).await.expect(200);
    app.settle("acme").await;
    let officer = app.token(Role::ComplianceOfficer);
    let trail = app.get(&officer, &format!("{path}/audit")).await.expect(200);
    let actions = ["conversation_created", "access_conversation", "access_conversation", "conversation_deleted"];
    assert_eq!(texts(&trail, "audit", "action"), actions, "deleted ones too");
    assert_eq!(texts(&trail, "audit", "userName"), ["Ann", "Ann", "null", "null"]);
    assert_eq!(texts(&trail, "audit", "userRole")[..2], ["attorney", "attorney"]);
    let first = &trail["audit"][0];
    assert_eq!(
        (&first["userId"], &first["ipAddress"], &first["outcome"]),
        (&json!(ann), &json!("192.0.2.1"), &json!("success"))
    );
    assert!(first["details"].is_object());
    let paged = pages(&app, &officer, &format!("{path}/audit?limit=1"), "audit").await;
    assert_eq!(json!(paged), trail["audit"]);
    app.get(&officer, &format!("{path}/audit?cursor=x")).await.problem(422, "invalid_value", Some("cursor"));
    let unknown = "/api/v1/firm/conversations/01ARZ3NDEKTSV4RRFFQ69G5FAV/audit";
    app.get(&officer, unknown).await.problem(404, "unknown_conversation", None);
    app.get(&attorney, &format!("{path}/audit")).await.problem(403, "forbidden", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_filtered_by_who_what_and_when() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let path = app.conversation(&partner).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    app.get(&partner, &path).await.expect(200);
    app.get(&app.token(Role::Client), "/api/v1/firm/users").await.problem(403, "forbidden", None);
    app.settle("acme").await;
    let list = async |query: &str| {
        let list = app.get(&partner, &format!("{AUDIT}?{query}")).await.expect(200);
        texts(&list, "audit", "action").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let user = UserId::from_subject(&"acme".parse().unwrap(), "managing_partner");
    assert_eq!(list(&format!("resource=conversation/{id}")).await, ["access_conversation", "conversation_created"]);
    assert_eq!(list("resource=conversation&action=conversation_created").await, ["conversation_created"]);
    assert_eq!(list("outcome=blocked").await, ["access_denied"]);
    assert_eq!(list(&format!("userId={user}&outcome=blocked")).await, [""; 0]);
    assert_eq!(list("from=2100-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(list("to=2000-01-01T00:00:00Z").await, [""; 0]);
    let all = list("").await;
    assert_eq!(all.first().map(String::as_str), Some("access_denied"), "newest first");
    let paged = pages(&app, &partner, &format!("{AUDIT}?limit=2"), "audit").await;
    assert_eq!(paged.iter().map(|row| row["action"].as_str().unwrap()).collect::<Vec<_>>(), all);
    let link = app.get(&partner, &format!("{AUDIT}?limit=1&outcome=success")).await;
    assert!(link.header("link").contains("outcome=success"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_filter_of_the_trail_or_a_report_is_named() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    for (path, field) in [
        (format!("{AUDIT}?userId=x"), "userId"),
        (format!("{AUDIT}?action=a%20b"), "action"),
        (format!("{AUDIT}?action="), "action"),
        (format!("{AUDIT}?resource=conversation/"), "resource"),
        (format!("{AUDIT}?resource=a/b/c"), "resource"),
        (format!("{AUDIT}?outcome=fine"), "outcome"),
        (format!("{AUDIT}?from=yesterday"), "from"),
        (format!("{AUDIT}?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"), "to"),
        (format!("{AUDIT}?from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z"), "to"),
        (format!("{AUDIT}?limit=0"), "limit"),
        (format!("{AUDIT}?cursor=W10"), "cursor"),
        (format!("{AUDIT}?colour=red"), "colour"),
        (format!("{DATA_ACCESS}?from=2100-01-01T00:00:00Z"), "from"),
        (format!("{DATA_ACCESS}?from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z"), "from"),
        (format!("{DATA_ACCESS}?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"), "to"),
        (format!("{DATA_ACCESS}?cursor=x"), "cursor"),
        (format!("{DATA_ACCESS}?userId=x"), "userId"),
        ("/api/v1/firm/reports/conflicts?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z".to_owned(), "to"),
        ("/api/v1/firm/reports/conflicts?limit=3".to_owned(), "limit"),
        ("/api/v1/firm/assignments?overdue=false".to_owned(), "overdue"),
        ("/api/v1/firm/assignments?overdue=true&status=completed".to_owned(), "status"),
        ("/api/v1/firm/assignments?priority=huge".to_owned(), "priority"),
        ("/api/v1/firm/assignments?cursor=x".to_owned(), "cursor"),
        ("/api/v1/firm/users.csv?limit=5".to_owned(), "limit"),
        ("/api/v1/firm/conversations.ndjson?cursor=x".to_owned(), "cursor"),
        (format!("{AUDIT}.csv?outcome=fine"), "outcome"),
    ] {
        let problem = app.get(&partner, &path).await;
        assert_eq!(problem.body["field"], field, "{path}: {:#}", problem.body);
        problem.problem(422, "invalid_value", Some(field));
    }
    assert!(!app.audit("acme").await.iter().any(|row| &*row.action == "data_exported"), "nothing left");
}

#[tokio::test(flavor = "multi_thread")]
async fn assignments_come_by_due_date_with_the_clients_name() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let ann = named(&app, &partner, "ann@acme.example", "Ann", "attorney").await;
    let due = ["2031-01-01T00:00:00Z", "2020-01-01T00:00:00Z"].map(Value::from).into_iter().chain([Value::Null]);
    for (name, due) in ["Late", "Overdue", "Undated"].into_iter().zip(due) {
        let body = json!({ "clientName": name, "practiceArea": "tax" });
        let path = app.post(&partner, "/api/v1/firm/conversations", body).await.header("location").to_owned();
        let priority = if name == "Late" { "urgent" } else { "normal" };
        let mut terms = json!({ "assignedTo": ann, "priority": priority });
        if !due.is_null() {
            terms["dueDate"] = due;
        }
        app.put(&partner, &format!("{path}/assignment"), terms).await.expect(200);
    }
    app.settle("acme").await;
    let list = async |query: &str| {
        let rows = pages(&app, &partner, &format!("/api/v1/firm/assignments?limit=1{query}"), "assignments").await;
        rows.iter().map(|row| row["clientName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list("").await, ["Overdue", "Late", "Undated"]);
    assert_eq!(list(&format!("&assignedTo={ann}")).await, ["Overdue", "Late", "Undated"]);
    assert_eq!(list("&overdue=true").await, ["Overdue"]);
    assert_eq!(list("&priority=urgent&status=active").await, ["Late"]);
    assert_eq!(list("&status=completed").await, [""; 0]);
    // A deleted conversation's assignment goes with it.
    let gone = app.get(&partner, "/api/v1/firm/assignments?overdue=true").await.expect(200);
    let gone = gone["assignments"][0]["sessionId"].as_str().unwrap().to_owned();
    app.delete(&partner, &format!("/api/v1/firm/conversations/{gone}")).await.expect(200);
    app.settle("acme").await;
    assert_eq!(list("").await, ["Late", "Undated"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn accesses_are_counted_by_day_and_user_in_the_firms_time_zone() {
    let app = TestApp::bare().await;
    let settings = SettingsChange { time_zone: Some("Pacific/Kiritimati".into()), ..SettingsChange::default() };
    app.engage.runtime().create_firm(&"acme".parse().unwrap(), "Acme", settings).await.unwrap();
    let partner = app.token(Role::ManagingPartner);
    let ann = named(&app, &partner, "ann@acme.example", "Ann", "attorney").await;
    let attorney = app.token_of("acme", "ann@acme.example", Role::Attorney);
    let path = app.conversation(&partner).await;
    for _ in 0..3 {
        app.get(&attorney, &path).await.expect(200);
    }
    app.delete(&attorney, &path).await.problem(403, "forbidden", None);
    app.get(&partner, &path).await.expect(200);
    app.settle("acme").await;
    let report = app.get(&partner, DATA_ACCESS).await.expect(200);
    assert_eq!(report["timeZone"], "Pacific/Kiritimati");
    // Fourteen hours ahead of UTC, where no clock is ever changed.
    let today = app.now().plus_millis(14 * HOUR_MS).to_string()[..10].to_owned();
    let first = &report["accesses"][0];
    assert_eq!(
        first,
        &json!({ "accessDate": today, "userId": ann, "userName": "Ann", "userRole": "attorney", "accessCount": 4,
            "uniqueResourcesAccessed": 1, "blockedAttempts": 1 })
    );
    assert_eq!(report["accesses"][1]["accessCount"], 1);
    assert_eq!(pages(&app, &partner, &format!("{DATA_ACCESS}?limit=1"), "accesses").await.len(), 2);
    assert_eq!(
        pages(&app, &partner, &format!("{DATA_ACCESS}?userId={ann}"), "accesses").await,
        std::slice::from_ref(first)
    );
    let before = format!("{DATA_ACCESS}?to={}", app.now().plus_millis(-24 * HOUR_MS));
    assert_eq!(app.get(&partner, &before).await.expect(200)["accesses"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_accesses_goes_on_where_the_one_before_ended_over_days() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    app.conversation(&partner).await;
    app.settle("acme").await;
    // Entries of other days, as the journal would have them, in a copy of nothing: the index of a firm whose journal stays as it is.
    let index = app.engage.runtime().folder().firm(&"acme".parse().unwrap()).join("index.db");
    let mut db = Db::index(&index).unwrap();
    let mut insert = String::new();
    for n in 0..12 {
        let (day, user) = (1 + n / 4, n % 4);
        for look in 0..=user {
            insert += &format!(
                "INSERT INTO audit_log_index (firmId, auditId, userId, action, resourceType, resourceId, timestamp, outcome, details, seq, version)
                 VALUES ('acme', '0000000000000000000000{n:02}{look:02}', '0000000000000000000000000{user}', 'access_conversation', 'conversation',
                   'c', '2026-01-0{day}T12:00:00.000Z', 'success', '{{}}', 0, 1);"
            );
        }
    }
    db.script(&insert).unwrap();
    let span = format!("{DATA_ACCESS}?from=2026-01-01T00:00:00Z&to=2026-01-04T00:00:00Z");
    let whole = app.get(&partner, &span).await.expect(200);
    let rows = whole["accesses"].as_array().unwrap();
    let shown: Vec<_> =
        rows.iter().map(|row| (row["accessDate"].as_str().unwrap(), row["accessCount"].as_u64().unwrap())).collect();
    let expected: Vec<_> = ["2026-01-03", "2026-01-02", "2026-01-01"]
        .into_iter()
        .flat_map(|day| [4, 3, 2, 1].map(|count| (day, count)))
        .collect();
    assert_eq!(shown, expected, "newest day first, then whoever looked most");
    for limit in [1, 3, 4, 5] {
        assert_eq!(&pages(&app, &partner, &format!("{span}&limit={limit}"), "accesses").await, rows, "{limit} a page");
    }
    db.script("DELETE FROM audit_log_index WHERE seq = 0").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_midnight_counts_for_the_day_that_begins_whatever_the_clocks_do() {
    let app = TestApp::bare().await;
    let settings = SettingsChange { time_zone: Some("America/Chicago".into()), ..SettingsChange::default() };
    app.engage.runtime().create_firm(&"acme".parse().unwrap(), "Acme", settings).await.unwrap();
    let partner = app.token(Role::ManagingPartner);
    app.conversation(&partner).await;
    app.settle("acme").await;
    let index = app.engage.runtime().folder().firm(&"acme".parse().unwrap()).join("index.db");
    let mut db = Db::index(&index).unwrap();
    // The last and the first millisecond about each midnight of a day of 23 hours and of one of 25.
    let looks = [
        ("2026-03-08T05:59:59.999Z", "2026-03-07"),
        ("2026-03-08T06:00:00.000Z", "2026-03-08"),
        ("2026-03-09T04:59:59.999Z", "2026-03-08"),
        ("2026-03-09T05:00:00.000Z", "2026-03-09"),
        ("2026-11-01T04:59:59.999Z", "2026-10-31"),
        ("2026-11-01T05:00:00.000Z", "2026-11-01"),
        ("2026-11-02T05:59:59.999Z", "2026-11-01"),
        ("2026-11-02T06:00:00.000Z", "2026-11-02"),
    ];
    for (n, (at, _)) in looks.iter().enumerate() {
        let insert = format!(
            "INSERT INTO audit_log_index (firmId, auditId, action, resourceType, timestamp, outcome, details, seq, version)
             VALUES ('acme', '0000000000000000000000000{n}', 'access_messages', 'conversation', '{at}', 'success', '{{}}', 0, 1)"
        );
        db.script(&insert).unwrap();
    }
    // Both ends are cut at a look: the first belongs to the span, the last does not.
    for (from, to) in [(0, 4), (1, 3), (4, 8), (5, 7), (2, 6)] {
        let end = looks.get(to).map_or("2026-11-03T00:00:00.000Z", |(at, _)| at);
        let path = format!("{DATA_ACCESS}?from={}&to={end}", looks[from].0);
        let report = app.get(&partner, &path).await.expect(200);
        let mut expected: Vec<(&str, u64)> = vec![];
        for (_, day) in looks[from..to].iter().rev() {
            match expected.last_mut() {
                Some((last, count)) if last == day => *count += 1,
                _ => expected.push((day, 1)),
            }
        }
        let rows = report["accesses"].as_array().unwrap();
        let found: Vec<_> = rows
            .iter()
            .map(|row| (row["accessDate"].as_str().unwrap(), row["accessCount"].as_u64().unwrap()))
            .collect();
        assert_eq!(found, expected, "{path}");
    }
    db.script("DELETE FROM audit_log_index WHERE seq = 0").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_are_counted_by_sort() {
    let app = TestApp::start().await;
    let (officer, attorney) = (app.token(Role::ComplianceOfficer), app.token(Role::Attorney));
    app.conversation(&app.token(Role::ManagingPartner)).await;
    app.settle("acme").await;
    let index = app.engage.runtime().folder().firm(&"acme".parse().unwrap()).join("index.db");
    let mut db = Db::index(&index).unwrap();
    let conflict = |id: &str, status: &str, confidence: f64, day: &str| {
        format!(
            "INSERT INTO conflict_detection_index (firmId, conflictId, conflictType, matchType, confidence, detectedAt, status, version)
             VALUES ('acme', '{id}', 'client', 'fuzzy', {confidence}, '{day}T00:00:00.000Z', '{status}', 1);"
        )
    };
    let rows = [
        conflict("1", "cleared", 0.5, "2026-01-01"),
        conflict("2", "cleared", 1.0, "2026-01-02"),
        conflict("3", "confirmed", 1.0, "2026-01-02"),
        conflict("4", "confirmed", 1.0, "2026-01-03"),
    ];
    db.script(&rows.concat()).unwrap();
    let path = "/api/v1/firm/reports/conflicts?from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00Z";
    let report = app.get(&officer, path).await.expect(200);
    assert_eq!(
        report["conflicts"],
        json!([
            { "conflictType": "client", "matchType": "fuzzy", "status": "cleared", "conflictCount": 2, "avgConfidence": 0.75,
                "confirmedConflicts": 0, "clearedConflicts": 2 },
            { "conflictType": "client", "matchType": "fuzzy", "status": "confirmed", "conflictCount": 1, "avgConfidence": 1.0,
                "confirmedConflicts": 1, "clearedConflicts": 0 },
        ])
    );
    app.get(&attorney, path).await.problem(403, "forbidden", None);
    let csv = app.get(&officer, &path.replace("conflicts?", "conflicts.csv?")).await.expect(200);
    assert_eq!(
        csv,
        "conflictType,matchType,status,conflictCount,avgConfidence,confirmedConflicts,clearedConflicts\r\n\
         client,fuzzy,cleared,2,0.75,0,2\r\nclient,fuzzy,confirmed,1,1.0,1,0\r\n"
    );
    db.script("DELETE FROM conflict_detection_index").unwrap();
}
