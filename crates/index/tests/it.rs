//! The index over a real SQLite: schema, rows, lists, counts.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "it/db.rs"]
mod db;
#[path = "it/sample.rs"]
mod sample;

#[path = "it/analytics.rs"]
mod analytics;
#[path = "it/audit.rs"]
mod audit;
#[path = "it/bookkeeping.rs"]
mod bookkeeping;
#[path = "it/conflicts.rs"]
mod conflicts;
#[path = "it/conversations.rs"]
mod conversations;
#[path = "it/counts.rs"]
mod counts;
#[path = "it/ownership.rs"]
mod ownership;
#[path = "it/people.rs"]
mod people;
#[path = "it/plans.rs"]
mod plans;
#[path = "it/reports.rs"]
mod reports;
#[path = "it/rows.rs"]
mod rows;
#[path = "it/schema.rs"]
mod schema;
#[path = "it/search.rs"]
mod search;
