//! What the screening promises, on names that people have and on any text at all.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod answers;
mod identifiers;
mod properties;
mod quality;
mod sample;
