//! The firm's conversations as the list shows them and as each shows itself.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{client::Client, rig::eventually};

/// All pages of the list, by id; a row that comes twice is an error.
pub(crate) fn list(client: &Client) -> BTreeMap<String, Value> {
    let mut rows = BTreeMap::new();
    let mut path = "/api/v1/firm/conversations?limit=100".to_owned();
    loop {
        let page = client.get(&path).expect(200);
        for row in page["conversations"].as_array().unwrap() {
            let id = row["sessionId"].as_str().unwrap().to_owned();
            assert!(rows.insert(id, row.clone()).is_none(), "{row:#} is listed twice");
        }
        let Some(next) = page["page"]["next"].as_str() else { return rows };
        path = format!("/api/v1/firm/conversations?limit=100&cursor={next}");
    }
}

/// A conversation's detail.
#[track_caller]
pub(crate) fn detail(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/v1/firm/conversations/{id}")).expect(200)
}

/// All messages, oldest first, page by page from the newest.
pub(crate) fn messages(client: &Client, id: &str) -> Vec<Value> {
    let mut pages = vec![];
    let mut path = format!("/api/v1/firm/conversations/{id}/messages?limit=100");
    loop {
        let page = client.get(&path).expect(200);
        pages.push(page["messages"].as_array().unwrap().clone());
        let Some(next) = page["page"]["next"].as_str() else { break };
        path = format!("/api/v1/firm/conversations/{id}/messages?limit=100&cursor={next}");
    }
    pages.into_iter().rev().flatten().collect()
}

/// Everything that a row and a detail both show.
const SHARED: [&str; 16] = [
    "assignedTo",
    "clientEmail",
    "clientName",
    "conflictStatus",
    "createdAt",
    "dataQualityScore",
    "firmId",
    "goalsCompleted",
    "goalsTotal",
    "isDeleted",
    "lastActivity",
    "phase",
    "practiceArea",
    "status",
    "userId",
    "version",
];

/// The list, once it holds `expected` conversations; each row equals its detail. Gives the details by id.
pub(crate) fn agreed(client: &Client, expected: usize) -> BTreeMap<String, Value> {
    let rows = eventually("a list that holds everything", || {
        // Nobody writes while this runs, and what the list lacks is counted in `lagMs`.
        let fresh = client.get("/api/v1/firm/conversations?limit=1").expect(200)["index"]["lagMs"] == 0;
        let rows = list(client);
        (fresh && rows.len() == expected).then_some(rows)
    });
    let shown = |value: &Value| SHARED.map(|field| (field, value[field].clone()));
    rows.into_iter()
        .map(|(id, row)| {
            let detail = detail(client, &id);
            assert_eq!(shown(&row), shown(&detail["conversation"]), "{id}");
            (id, detail)
        })
        .collect()
}
