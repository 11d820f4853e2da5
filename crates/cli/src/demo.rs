//! The demonstration.

pub mod seed;
