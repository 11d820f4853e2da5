//! The firm's conversations as the list shows them and as each shows itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{client::Client, rig::settles};

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

/// Waits until the list holds `expected` conversations and shows each as it shows itself. Gives the details by id.
#[track_caller]
pub(crate) fn agreed(client: &Client, expected: usize) -> BTreeMap<String, Value> {
    let rows = settles(|| {
        let rows = list(client);
        if rows.len() == expected { Ok(rows) } else { Err(format!("{} rows instead of {expected}", rows.len())) }
    });
    // Reading changes no version, so the details are those of any later list.
    let details: BTreeMap<_, _> = rows.into_keys().map(|id| (id.clone(), detail(client, &id))).collect();
    settles(|| {
        let rows = list(client);
        let shown = |id: &String| &details[id]["conversation"];
        match rows.iter().find(|(id, row)| SHARED.iter().any(|field| row[field] != shown(id)[field])) {
            Some((id, row)) => Err((row.clone(), shown(id))),
            // A row that moves up while the pages are read may be on none of them.
            None if rows.len() != expected => Err((json!(rows.len()), &Value::Null)),
            None => Ok(()),
        }
    });
    details
}
