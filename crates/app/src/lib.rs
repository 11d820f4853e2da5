//! The application service: it authorises, addresses the object, looks up what the command needs, and answers.
//!
//! Generic over [`Runtime`], the port to whatever hosts objects and index. Knows neither HTTP nor tokio nor Workers.

pub mod runtime;

pub use runtime::{Fault, Freshness, Runtime, Standing};
