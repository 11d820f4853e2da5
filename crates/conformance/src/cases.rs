//! The cases, a module a subject.

mod access;
mod clients;
mod conflicts;
mod crashes;
mod errors;
mod lists;
mod moving;
mod platform;
mod reports;
mod streams;
mod writes;

use crate::{control::Lab, firm::Firm};

/// One thing that every target must do.
#[derive(Clone, Copy)]
pub struct Case {
    /// `subject/what-holds`.
    pub name: &'static str,
    /// What shows it.
    pub run: Run,
}

/// What a case needs.
#[derive(Clone, Copy)]
pub enum Run {
    /// A firm of its own, on a server that others use too.
    Shared(fn(&Firm)),
    /// A target of its own, which it starts, stops and kills.
    Alone(fn(&Lab<'_>)),
    /// The same, and faults in its index.
    Faulty(fn(&Lab<'_>)),
}

const fn shared(name: &'static str, run: fn(&Firm)) -> Case {
    Case { name, run: Run::Shared(run) }
}

/// All cases, by subject.
pub const ALL: &[&[Case]] = &[
    writes::CASES,
    clients::CASES,
    lists::CASES,
    streams::CASES,
    access::CASES,
    errors::CASES,
    conflicts::CASES,
    reports::CASES,
    platform::CASES,
    crashes::CASES,
    moving::CASES,
];
