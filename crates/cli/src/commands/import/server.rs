//! Importing through a running server, in batches.

use engage_domain::{
    PracticeArea,
    conversation::{Close, Command as Act, Dated, Identity},
};
use serde_json::{Value, json};

use super::{Conversations, report::Report};
use crate::{client::Client, import::Row};

/// Rows of one request.
const BATCH: usize = 100;

/// Imports every row of the file.
pub(crate) fn import(command: &Conversations, url: &str, json: bool, report: &mut Report) -> anyhow::Result<()> {
    let client = Client::new(url, command.key.require()?, &command.firm);
    let settings = client.get("/api/v1/firm/settings")?;
    let time_zone = settings["settings"]["timeZone"].as_str().unwrap_or("UTC");
    let mut reading = command.read(time_zone, json)?;
    let mut batch = vec![];
    while let Some(row) = reading.next(report)? {
        batch.push(row);
        if batch.len() == BATCH {
            send(&client, &mut batch, report)?;
        }
    }
    send(&client, &mut batch, report)
}

fn send(client: &Client, batch: &mut Vec<Row>, report: &mut Report) -> anyhow::Result<()> {
    let rows = std::mem::take(batch);
    if rows.is_empty() {
        return Ok(());
    }
    let body = json!({ "rows": rows.iter().map(as_json).collect::<Vec<_>>() });
    let answer = client.post("/api/v1/firm/imports/conversations", &body)?;
    let outcomes = answer["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    anyhow::ensure!(outcomes.len() == rows.len(), "the server answered {} of {} rows", outcomes.len(), rows.len());
    for (row, outcome) in rows.iter().zip(outcomes) {
        match outcome["outcome"].as_str() {
            Some("created") => report.imported += 1,
            Some("already_there") => report.already_there += 1,
            Some(_) | None => report.fail(row.line, outcome["detail"].as_str().unwrap_or("was refused").to_owned()),
        }
    }
    Ok(())
}

/// A row as the API takes it. Whom it is assigned to and its area's goals are for the server to look up.
fn as_json(row: &Row) -> Value {
    let nobody = row.assigned_to.as_ref().map(|_| engage_domain::UserId::from_ulid(ulid::Ulid::nil()));
    let steps = match row.command(nobody, vec![]) {
        Act::History(steps) => steps,
        other => vec![Dated { at: row.created_at, command: other }],
    };
    json!({
        "conversationId": row.conversation_id,
        "practiceArea": row.practice_area.as_ref().map(area),
        "assignedTo": row.assigned_to,
        "steps": steps.iter().filter_map(step).collect::<Vec<_>>(),
    })
}

/// The name of a practice area, for people to read; the slug where the name is one that had to be shortened, which the server would
/// not take.
fn area((slug, name): &(PracticeArea, String)) -> &str {
    if name.parse().as_ref() == Ok(slug) { name } else { slug.as_str() }
}

fn step(dated: &Dated) -> Option<Value> {
    let act = match &dated.command {
        Act::Start(start) => {
            json!({ "start": { "identity": particulars(&start.identity), "externalId": start.external_id } })
        }
        Act::AddMessage { author, content } => json!({ "message": { "role": author, "content": content } }),
        Act::UpdateIdentity(identity) => json!({ "identity": particulars(identity) }),
        Act::Assign { .. } => json!("assign"),
        Act::Close(Close::Completed) => json!({ "close": { "status": "completed" } }),
        Act::Close(Close::Terminated) => json!({ "close": { "status": "terminated" } }),
        Act::Classify { .. } => json!("classify"),
        // Nothing else comes of a row.
        Act::AddGoal(_)
        | Act::CompleteGoal { .. }
        | Act::Unassign
        | Act::CompleteAssignment { .. }
        | Act::MovePhase(_)
        | Act::DecideConflict(_)
        | Act::RecordScreening { .. }
        | Act::Secure { .. }
        | Act::Reopen
        | Act::Delete
        | Act::Restore
        | Act::Hold { .. }
        | Act::ReleaseHold
        | Act::Erase { .. }
        | Act::RotateResumeToken { .. }
        | Act::ExpireResumeToken
        | Act::History(_) => return None,
    };
    Some(json!({ "at": dated.at, "do": act }))
}

fn particulars(identity: &Identity) -> Value {
    let Identity { name, email, phone, legal_area, situation, address } = identity;
    let fields = [
        ("clientName", name),
        ("clientEmail", email),
        ("clientPhone", phone),
        ("legalArea", legal_area),
        ("situation", situation),
        ("address", address),
    ];
    let present = fields.into_iter().filter_map(|(field, value)| Some((field.to_owned(), json!(value.as_ref()?))));
    Value::Object(present.collect())
}
