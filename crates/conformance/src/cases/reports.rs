//! What the trail keeps, reports of it, and lists taken away as files.

use serde_json::{Value, json};

use super::{Case, shared};
use crate::firm::{CONVERSATIONS, Firm, id};

pub(super) const CASES: &[Case] = &[
    shared("reports/every-look-is-on-record", every_look_is_on_record),
    shared("reports/accesses-are-counted", accesses_are_counted),
    shared("reports/a-file-holds-what-the-list-shows", a_file_holds_what_the_list_shows),
    shared("reports/an-import-is-taken-in-once", an_import_is_taken_in_once),
];

fn every_look_is_on_record(firm: &Firm) {
    let path = firm.conversation();
    firm.get("attorney", &path).expect(200);
    firm.get("paralegal", &format!("{path}/messages")).expect(200);
    let token = firm.written(&path);
    let trail = firm.list("managing_partner", &format!("{path}/audit"), &token);
    let entries = trail["audit"].as_array().unwrap();
    for action in ["conversation_created", "access_conversation", "access_messages", "message_added"] {
        let entry = entries.iter().find(|entry| entry["action"] == action);
        let entry = entry.unwrap_or_else(|| panic!("no {action} in {trail:#}"));
        assert_eq!((&entry["outcome"], &entry["resourceId"]), (&json!("success"), &json!(id(&path))));
        assert!(entry["userId"].is_string() && entry["timestamp"].is_string(), "{entry:#}");
    }
    let whole = firm.list("compliance_officer", "/api/v1/firm/audit?limit=100", &token);
    let actions: Vec<_> = whole["audit"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    assert!(actions.contains(&json!("firm_created")), "{actions:?}");
    let some = firm.pages("compliance_officer", "/api/v1/firm/audit?resource=user&limit=1", "audit");
    assert!(some.len() > 1 && some.iter().all(|entry| entry["resourceType"] == "user"), "{some:#?}");
}

fn accesses_are_counted(firm: &Firm) {
    let path = firm.conversation();
    for _ in 0..3 {
        firm.get("attorney", &path).expect(200);
    }
    firm.delete("attorney", &path).problem(403, "forbidden", None);
    let token = firm.written(&path);
    let report = firm.list("managing_partner", "/api/v1/firm/reports/data-access", &token);
    assert_eq!(report["timeZone"], "America/Chicago");
    let rows = report["accesses"].as_array().unwrap();
    let row = rows.iter().find(|row| row["userRole"] == "attorney").unwrap();
    assert_eq!((&row["blockedAttempts"], &row["uniqueResourcesAccessed"]), (&json!(1), &json!(1)), "{row:#}");
    assert!(row["accessCount"].as_u64() >= Some(4), "{row:#}");
    assert_eq!(firm.list("managing_partner", "/api/v1/firm/reports/conflicts", &token)["source"], "index");
}

/// Lists, the field that holds their rows, and what they are asked for.
const LISTS: [(&str, &str, &str); 15] = [
    (CONVERSATIONS, "conversations", ""),
    ("{conversation}/audit", "audit", ""),
    ("/api/v1/firm/analytics/attention", "conversations", ""),
    ("/api/v1/firm/assignments/workload", "people", ""),
    ("/api/v1/firm/analytics/practice-areas", "practiceAreas", ""),
    ("/api/v1/firm/analytics/overview", "days", ""),
    ("/api/v1/firm/users", "users", ""),
    ("/api/v1/firm/assignments", "assignments", ""),
    ("/api/v1/firm/conflicts", "conflicts", ""),
    ("/api/v1/firm/audit", "audit", "?resource=user"),
    ("/api/v1/firm/reports/data-access", "accesses", ""),
    ("/api/v1/firm/reports/conflicts", "conflicts", ""),
    ("/api/v1/platform/reconciliations", "reconciliations", ""),
    ("/api/v1/firm/search/conversations", "conversations", "?q=roe"),
    ("/api/v1/platform/sync-failures", "syncFailures", ""),
];

fn a_file_holds_what_the_list_shows(firm: &Firm) {
    let ann = json!({ "email": "ann@firm.example", "role": "attorney", "name": "Ann, \"the\" attorney" });
    firm.post("managing_partner", "/api/v1/firm/users", &ann).expect(201);
    firm.conversation();
    let conversation = firm.conversation();
    let terms = json!({ "assignedTo": "ann@firm.example", "notes": "two words", "estimatedHours": 1.5 });
    firm.put("managing_partner", &format!("{conversation}/assignment"), &terms).expect(200);
    let token = firm.written(&conversation);
    let ask = |path: &str| firm.ask("managing_partner", "GET", path).header("x-engage-consistency", &token).send();
    for (path, rows, query) in LISTS {
        let path = path.replace("{conversation}", &conversation);
        firm.list("managing_partner", &format!("{path}{query}"), &token);
        let list = ask(&format!("{path}{query}")).expect(200)[rows].as_array().unwrap().clone();
        let ndjson = ask(&format!("{path}.ndjson{query}"));
        assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
        assert_eq!(ndjson.header("x-engage-consistent"), "true");
        let text = ndjson.expect(200);
        let lines: Vec<Value> =
            text.as_str().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        // A file that leaves is an access of its own, which a trail then shows.
        let grows = path.ends_with("data-access") || query.is_empty() && path.ends_with("/audit");
        assert!(if grows { lines.len() >= list.len() } else { lines == list }, "{path}: {lines:#?}");
        let csv = ask(&format!("{path}.csv{query}"));
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
        assert!(csv.header("content-disposition").starts_with("attachment; filename="), "{path}");
        assert!(csv.header("x-engage-as-of").ends_with('Z') && csv.header("x-engage-lag-ms").parse::<u64>().is_ok());
        let text = csv.expect(200);
        let text = text.as_str().unwrap();
        let count = text.lines().count();
        assert!(if grows { count > list.len() } else { count == list.len() + 1 }, "{path}: a header and a line a row");
        for row in &list {
            for field in row.as_object().unwrap().keys() {
                assert!(text.lines().next().unwrap().split(',').any(|column| column == field), "{path}: {field}");
            }
        }
    }
    let exported = firm.written(&conversation);
    let trail = firm.list("compliance_officer", "/api/v1/firm/audit?action=data_exported&limit=100", &exported);
    assert_eq!(trail["audit"].as_array().unwrap().len(), 30, "each file is on record");
    firm.get("paralegal", "/api/v1/firm/audit.csv").problem(403, "forbidden", None);
}

fn an_import_is_taken_in_once(firm: &Firm) {
    const PATH: &str = "/api/v1/firm/imports/conversations";
    let row = |id: &str, content: &str| {
        json!({ "conversationId": id, "practiceArea": "Consumer Loan", "steps": [
            { "at": "2015-03-19T00:00:00Z", "do": { "start": { "identity": { "clientName": "Jane Roe" }, "externalId": id } } },
            { "at": "2015-03-19T00:00:00Z", "do": { "message": { "role": "user", "content": content } } },
            { "at": "2015-03-25T00:00:00Z", "do": { "close": { "status": "completed" } } },
        ] })
    };
    let (good, bad) = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW");
    let batch = json!({ "rows": [row(good, "My loan"), row(bad, " ")] });
    let import = || {
        let answer = firm.post("firm_admin", PATH, &batch).expect(200);
        assert_eq!(
            (&answer["rows"][1]["outcome"], &answer["rows"][1]["field"]),
            (&json!("refused"), &json!("content"))
        );
        answer["rows"][0]["outcome"].clone()
    };
    assert_eq!([import(), import()], [json!("created"), json!("already_there")]);
    let conversation = firm.get("attorney", &format!("{CONVERSATIONS}/{good}")).expect(200)["conversation"].clone();
    assert_eq!(
        (&conversation["createdAt"], &conversation["status"], &conversation["messageCount"]),
        (&json!("2015-03-19T00:00:00.000Z"), &json!("completed"), &json!(1))
    );
    firm.post("attorney", PATH, &batch).problem(403, "forbidden", None);
    let mut odd = row(good, "My loan");
    odd["steps"][0]["at"] = json!("yesterday");
    let odd = firm.post("firm_admin", PATH, &json!({ "rows": [odd] }));
    odd.problem(422, "invalid_value", Some("rows[0].steps[0].at"));
}
