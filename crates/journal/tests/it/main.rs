//! The journal over a real SQLite: stored forms, chains, turns, activations, readers, migrations.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod activation;
mod chain;
mod claims_and_alarms;
mod cost;
mod desk;
mod erasure;
mod golden;
mod links;
mod migrations;
mod readers;
mod replay;
mod samples;
mod sqlite;
mod transfer;
mod turns;
mod upcast;
mod wire;
