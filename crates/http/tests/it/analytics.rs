//! The dashboard's questions over the wire.

use engage_domain::{ConversationId, Role, Timestamp};
use serde_json::{Value, json};

use engage_testkit::{HOUR_MS, TestApp};

const ATTENTION: &str = "/api/v1/firm/analytics/attention";
const WORKLOAD: &str = "/api/v1/firm/assignments/workload";
const AREAS: &str = "/api/v1/firm/analytics/practice-areas";
const OVERVIEW: &str = "/api/v1/firm/analytics/overview";
const ALL: [&str; 4] = [ATTENTION, WORKLOAD, AREAS, OVERVIEW];

/// A conversation begun at `begun`, with or without somebody responsible, and closed so many hours later, if ever.
struct Past<'a> {
    name: &'a str,
    begun: &'a str,
    area: Option<&'a str>,
    attorney: Option<&'a str>,
    closed: Option<(i64, &'a str)>,
}

impl Past<'_> {
    fn row(&self) -> Value {
        let id = ConversationId::named(&"acme".parse().unwrap(), "external:case", self.name);
        let begun: Timestamp = self.begun.parse().unwrap();
        let mut steps = vec![json!({ "at": begun, "do": { "start": { "identity": { "clientName": self.name } } } })];
        if self.attorney.is_some() {
            steps.push(json!({ "at": begun, "do": "assign" }));
        }
        if let Some((hours, status)) = self.closed {
            let at = begun.plus_millis(hours * HOUR_MS);
            steps.push(json!({ "at": at, "do": { "close": { "status": status } } }));
        }
        json!({ "conversationId": id, "practiceArea": self.area, "assignedTo": self.attorney, "steps": steps })
    }
}

async fn import(app: &TestApp, past: &[Past<'_>]) {
    let rows: Vec<_> = past.iter().map(Past::row).collect();
    let admin = app.token(Role::FirmAdmin);
    let answer = app.post(&admin, "/api/v1/firm/imports/conversations", json!({ "rows": rows })).await.expect(200);
    for row in answer["rows"].as_array().unwrap() {
        assert_eq!(row["outcome"], "created", "{row:#}");
    }
    app.settle("acme").await;
}

async fn register(app: &TestApp, name: &str) {
    let admin = app.token(Role::FirmAdmin);
    let body = json!({ "email": format!("{}@acme.example", name.to_lowercase()), "name": name, "role": "attorney" });
    app.post(&admin, "/api/v1/firm/users", body).await.expect(201);
}

const NOBODY: Past<'_> = Past { name: "", begun: "", area: None, attorney: None, closed: None };

#[tokio::test(flavor = "multi_thread")]
async fn only_staff_may_ask_and_a_refusal_is_on_record() {
    let app = TestApp::start().await;
    for path in ALL {
        let client = app.token(Role::Client);
        app.get(&client, path).await.problem(403, "forbidden", None);
        let denied = app.audit("acme").await;
        let denied = denied.iter().filter(|row| row.action.as_ref() == "access_denied");
        assert_eq!(denied.count(), 1 + ALL.iter().position(|other| *other == path).unwrap(), "{path}");
        for role in [Role::ManagingPartner, Role::Paralegal, Role::ComplianceOfficer, Role::IntakeSpecialist] {
            app.get(&app.token(role), path).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_nothing_there_is_nothing_to_say() {
    let app = TestApp::start().await;
    let officer = app.token(Role::ComplianceOfficer);
    let attention = app.get(&officer, ATTENTION).await.expect(200);
    assert_eq!((&attention["conversations"], &attention["page"]["next"]), (&json!([]), &Value::Null));
    let areas = app.get(&officer, AREAS).await.expect(200);
    assert_eq!((&areas["range"], &areas["practiceAreas"]), (&json!("30d"), &json!([])));
    let overview = app.get(&officer, OVERVIEW).await.expect(200);
    for period in ["current", "previous"] {
        let totals = &overview[period];
        assert_eq!((&totals["created"], &totals["completed"]), (&json!(0), &json!(0)));
        for of_none in ["conversion", "averageHoursToCompletion", "averageDataQuality"] {
            assert_eq!(totals[of_none], Value::Null, "{of_none}");
        }
        assert_eq!(totals["byStatus"], json!({ "active": 0, "completed": 0, "terminated": 0 }));
        assert_eq!(totals["byPhase"].as_object().unwrap().len(), 7);
    }
    let days = overview["days"].as_array().unwrap();
    assert_eq!((days.len(), &days[29]["created"]), (30, &json!(0)));
    assert_eq!((&days[0]["date"], &overview["previous"]["to"]), (&overview["current"]["from"], &days[0]["date"]));
    for answer in [attention, areas, overview, app.get(&officer, WORKLOAD).await.expect(200)] {
        assert_eq!(answer["source"], "index");
        assert!(answer["index"]["asOf"].is_string() && answer["index"]["lagMs"].is_u64(), "{answer:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_parameter_is_named() {
    let app = TestApp::start().await;
    let officer = app.token(Role::ComplianceOfficer);
    for (path, field) in [
        (format!("{ATTENTION}?limit=0"), "limit"),
        (format!("{ATTENTION}?cursor=x"), "cursor"),
        (format!("{ATTENTION}?status=active"), "status"),
        (format!("{WORKLOAD}?limit=1"), "limit"),
        (format!("{AREAS}?range=31d"), "range"),
        (format!("{AREAS}?range="), "range"),
        (format!("{AREAS}?range=7d&range=30d"), "range"),
        (format!("{OVERVIEW}?from=yesterday"), "from"),
        (format!("{OVERVIEW}?to=2026-02-30"), "to"),
        (format!("{OVERVIEW}?to=2026-11-23T00:00:00Z"), "to"),
        (format!("{OVERVIEW}?from=2026-01-02&to=2026-01-02"), "to"),
        (format!("{OVERVIEW}?from=2026-01-02&to=2026-01-01"), "to"),
        (format!("{OVERVIEW}?from=2025-01-01&to=2026-01-03"), "to"),
        (format!("{OVERVIEW}?from=2001-01-01"), "from"),
        (format!("{OVERVIEW}?days=7"), "days"),
    ] {
        app.get(&officer, &path).await.problem(422, "invalid_value", Some(field));
    }
    let ask = app.ask("GET", OVERVIEW).token(&officer).header("x-engage-consistency", "odd");
    ask.send().await.problem(400, "invalid_header", Some("X-Engage-Consistency"));
    app.get(&officer, &format!("{OVERVIEW}?from=2024-01-01&to=2025-01-01")).await.expect(200);
    app.get(&officer, &format!("{OVERVIEW}?from=0001-01-01&to=0001-01-02")).await.expect(200);
    app.get(&officer, &format!("{OVERVIEW}?from=9998-12-30&to=9998-12-31")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unassigned_or_idle_waits_for_attention_page_by_page() {
    let app = TestApp::start().await;
    register(&app, "Ann").await;
    let ann = Some("ann@acme.example");
    import(
        &app,
        &[
            Past { name: "second", begun: "2020-01-02T00:00:00Z", ..NOBODY },
            Past { name: "first", begun: "2020-01-01T00:00:00Z", attorney: ann, ..NOBODY },
            Past { name: "over", begun: "2020-01-01T00:00:00Z", closed: Some((1, "completed")), ..NOBODY },
            Past { name: "gone", begun: "2020-01-01T00:00:00Z", ..NOBODY },
        ],
    )
    .await;
    let partner = app.token(Role::ManagingPartner);
    let gone = ConversationId::named(&"acme".parse().unwrap(), "external:case", "gone");
    app.delete(&partner, &format!("/api/v1/firm/conversations/{gone}")).await.expect(200);
    // Of two that begin now, one has somebody.
    for name in ["third", "looked after"] {
        let body = json!({ "clientName": name, "practiceArea": "tax" });
        let path = app.post(&partner, "/api/v1/firm/conversations", body).await.header("location").to_owned();
        if name == "looked after" {
            app.put(&partner, &format!("{path}/assignment"), json!({ "assignedTo": ann })).await.expect(200);
        }
    }
    app.settle("acme").await;
    let (mut seen, mut path) = (vec![], format!("{ATTENTION}?limit=1"));
    loop {
        let reply = app.get(&partner, &path).await;
        let link = reply.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        let page = reply.expect(200);
        for row in page["conversations"].as_array().unwrap() {
            assert!(row["dataQualityScore"].is_u64() && row["status"] == "active", "{row:#}");
            seen.push((row["clientName"].clone(), row["assignedToName"].clone()));
        }
        assert_eq!(page["page"]["next"].is_null(), link.is_none());
        let Some(link) = link else { break };
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    let expected = [("first", json!("Ann")), ("second", Value::Null), ("third", Value::Null)];
    assert_eq!(seen, expected.map(|(name, person)| (json!(name), person)));
}

#[tokio::test(flavor = "multi_thread")]
async fn correction_3_workload_counts_conversations_and_cases_apart() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    for name in ["Ann", "Bob"] {
        register(&app, name).await;
    }
    // A client is registered as they come in, and is nobody with a workload.
    app.conversation(&app.token(Role::Client)).await;
    let mut paths = vec![];
    for (hours, due) in
        [(Some(2.0), Some("2020-01-01T00:00:00Z")), (Some(4.0), Some("2100-01-01T00:00:00Z")), (None, None)]
    {
        let path = app.conversation(&partner).await;
        let body = json!({ "assignedTo": "ann@acme.example", "estimatedHours": hours, "dueDate": due });
        app.put(&partner, &format!("{path}/assignment"), body).await.expect(200);
        paths.push(path);
    }
    // The conversation of one is over; the case is not done for that.
    app.put(&partner, &format!("{}/status", paths[2]), json!({ "status": "completed" })).await.expect(200);
    app.settle("acme").await;
    let workload = async || app.get(&partner, WORKLOAD).await.expect(200);
    let found = workload().await;
    let people = found["people"].as_array().unwrap();
    let named = |name: &str| people.iter().find(|person| person["name"] == name).unwrap();
    assert!(people.iter().all(|person| person["role"] != "client"), "{found:#}");
    assert_eq!(people[0]["name"], "Ann", "the most active come first");
    let ann = named("Ann");
    assert_eq!((&ann["activeConversations"], &ann["assignedCases"]), (&json!(2), &json!(3)));
    assert_eq!((&ann["averageEstimatedHours"], &ann["overdueCases"]), (&json!(3.0), &json!(1)));
    assert!(ann["averageDataQuality"].is_number());
    let bob = named("Bob");
    assert_eq!((&bob["activeConversations"], &bob["assignedCases"]), (&json!(0), &json!(0)));
    assert_eq!((&bob["averageDataQuality"], &bob["averageEstimatedHours"]), (&Value::Null, &Value::Null));

    app.delete(&partner, &paths[0]).await.expect(200);
    app.settle("acme").await;
    let ann = workload().await["people"][0].clone();
    assert_eq!((&ann["activeConversations"], &ann["assignedCases"]), (&json!(1), &json!(2)));
    assert_eq!((&ann["averageEstimatedHours"], &ann["overdueCases"]), (&json!(4.0), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn practice_areas_are_compared_over_a_range() {
    let app = TestApp::start().await;
    let begun = app.now().plus_millis(-20 * 24 * HOUR_MS).to_string();
    let old = "2001-01-01T00:00:00Z";
    let tax = Some("Tax");
    import(
        &app,
        &[
            Past { name: "a", begun: &begun, area: tax, closed: Some((2, "completed")), ..NOBODY },
            Past { name: "b", begun: &begun, area: tax, closed: Some((4, "completed")), ..NOBODY },
            Past { name: "c", begun: &begun, area: tax, closed: Some((9, "terminated")), ..NOBODY },
            Past { name: "d", begun: &begun, ..NOBODY },
            Past { name: "e", begun: old, area: tax, closed: Some((12, "completed")), ..NOBODY },
            Past { name: "f", begun: old, area: Some("Family"), ..NOBODY },
        ],
    )
    .await;
    let partner = app.token(Role::ManagingPartner);
    let areas = async |range: &str| {
        let answer = app.get(&partner, &format!("{AREAS}?range={range}")).await.expect(200);
        assert_eq!((&answer["range"], answer["since"].is_null()), (&json!(range), range == "all"));
        let rows = answer["practiceAreas"].as_array().unwrap().iter();
        rows.map(|row| {
            assert!(row["averageDataQuality"].is_number(), "{row:#}");
            let fields = ["practiceArea", "total", "completed", "averageHoursToCompletion"];
            fields.map(|field| row[field].clone())
        })
        .collect::<Vec<_>>()
    };
    assert!(areas("7d").await.is_empty());
    let recent = [[json!("tax"), json!(3), json!(2), json!(3.0)], [Value::Null, json!(1), json!(0), Value::Null]];
    for range in ["30d", "90d", "365d"] {
        assert_eq!(areas(range).await, recent, "{range}");
    }
    let all = [
        [json!("tax"), json!(4), json!(3), json!(6.0)],
        [Value::Null, json!(1), json!(0), Value::Null],
        [json!("family"), json!(1), json!(0), Value::Null],
    ];
    assert_eq!(areas("all").await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overviews_days_are_the_firms_own() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    // In Chicago the second of November 2025 lasted from 05:00Z to 06:00Z of the next day: 25 hours.
    import(
        &app,
        &[
            Past { name: "before", begun: "2025-10-30T05:00:00Z", closed: Some((10, "completed")), ..NOBODY },
            Past { name: "too early", begun: "2025-10-30T04:59:59.999Z", ..NOBODY },
            Past { name: "first's last", begun: "2025-11-02T04:59:59.999Z", ..NOBODY },
            Past { name: "second's first", begun: "2025-11-02T05:00:00Z", closed: Some((1, "completed")), ..NOBODY },
            Past {
                name: "second's last",
                begun: "2025-11-03T05:59:59.999Z",
                closed: Some((2, "terminated")),
                ..NOBODY
            },
            Past { name: "third", begun: "2025-11-03T06:00:00Z", closed: Some((48, "completed")), ..NOBODY },
            Past { name: "too late", begun: "2025-11-04T06:00:00Z", ..NOBODY },
            Past { name: "deleted", begun: "2025-11-02T12:00:00Z", ..NOBODY },
        ],
    )
    .await;
    let deleted = ConversationId::named(&"acme".parse().unwrap(), "external:case", "deleted");
    app.delete(&partner, &format!("/api/v1/firm/conversations/{deleted}")).await.expect(200);
    let path = format!("{OVERVIEW}?from=2025-11-01&to=2025-11-04");
    app.put(&partner, "/api/v1/firm/settings", json!({ "timeZone": "America/Chicago" })).await.expect(200);
    app.settle("acme").await;
    let overview = app.get(&partner, &path).await.expect(200);
    assert_eq!(overview["timeZone"], "America/Chicago");
    let day =
        |date: &str, created: u64, completed: u64| json!({ "date": date, "created": created, "completed": completed });
    let days = [day("2025-11-01", 1, 0), day("2025-11-02", 2, 1), day("2025-11-03", 1, 1)];
    assert_eq!(overview["days"], json!(days));
    let current = &overview["current"];
    assert_eq!((&current["from"], &current["to"]), (&json!("2025-11-01"), &json!("2025-11-04")));
    assert_eq!(
        (&current["created"], &current["completed"], &current["conversion"]),
        (&json!(4), &json!(2), &json!(0.5))
    );
    assert_eq!(current["averageHoursToCompletion"], 24.5);
    let list = "/api/v1/firm/conversations?createdFrom=2025-11-01T05:00:00Z&createdTo=2025-11-04T06:00:00Z";
    let listed = app.get(&partner, list).await.expect(200);
    let scores =
        listed["conversations"].as_array().unwrap().iter().map(|row| row["dataQualityScore"].as_f64().unwrap());
    assert_eq!(current["averageDataQuality"], scores.sum::<f64>() / 4.0);
    assert_eq!(current["byStatus"], json!({ "active": 1, "completed": 2, "terminated": 1 }));
    let phases: u64 = current["byPhase"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(phases, 4);
    let previous = &overview["previous"];
    assert_eq!((&previous["from"], &previous["to"]), (&json!("2025-10-29"), &json!("2025-11-01")));
    assert_eq!((&previous["created"], &previous["completed"]), (&json!(2), &json!(1)));
    assert_eq!(previous["averageHoursToCompletion"], 10.0);

    app.put(&partner, "/api/v1/firm/settings", json!({ "timeZone": "UTC" })).await.expect(200);
    let overview = app.get(&partner, &path).await.expect(200);
    let days = [day("2025-11-01", 0, 0), day("2025-11-02", 2, 1), day("2025-11-03", 2, 1)];
    assert_eq!(overview["days"], json!(days), "the same conversations on other days");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_carries_a_writes_token_holds_the_write() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let body = json!({ "clientName": "Jane Roe", "practiceArea": "tax" });
    let created = app.post(&partner, "/api/v1/firm/conversations", body).await;
    let token = created.header("x-engage-consistency").to_owned();
    let ask = async |path: &str| {
        app.ask("GET", path).token(&partner).header("x-engage-consistency", &token).send().await.expect(200)
    };
    assert_eq!(ask(ATTENTION).await["conversations"].as_array().unwrap().len(), 1);
    assert_eq!(ask(AREAS).await["practiceAreas"][0]["total"], 1);
    let overview = ask(OVERVIEW).await;
    assert_eq!((&overview["current"]["created"], &overview["index"]["consistent"]), (&json!(1), &json!(true)));
    // Today is the last day, unless midnight has passed since the write.
    let last: Vec<_> = overview["days"].as_array().unwrap()[28..].iter().map(|day| day["created"].clone()).collect();
    assert!(last == [json!(0), json!(1)] || last == [json!(1), json!(0)], "{last:?}");
    assert_eq!(ask(WORKLOAD).await["index"]["consistent"], true);
}
