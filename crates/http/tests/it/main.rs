//! The API over the real router and a real native platform in a temporary folder.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod access;
mod analytics;
mod audit;
mod bad_input;
mod browser;
mod cases;
mod clients;
mod concurrency;
mod conflict_list;
mod conflicts;
mod consistency;
mod contract;
mod document;
mod edge;
mod exports;
mod idempotency;
mod import;
mod isolation;
mod lists;
mod maintenance;
mod pages;
mod pages_admin;
mod pages_grid;
mod pages_intake;
mod pages_reports;
mod pages_settings;
mod people;
mod platform;
mod reports;
mod saved_views;
mod search;
mod stream;
