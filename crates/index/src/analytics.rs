//! What a firm's dashboard asks: what waits for somebody, who has how much to do, how its practice areas fare, how its days compare.
//!
//! Everything counts conversations that are not deleted, as the index shows them now: a conversation is completed or not today, whatever
//! it was on the day in question. How long a completed one took is from its beginning to its last activity, after which nothing happened in
//! it.
//!
//! Each question is one statement, so that its numbers are of one moment. It reads indexes alone: the rows themselves are touched for what
//! a page shows. A report steps over what its span holds, not over what the firm has. Nothing is kept beside the rows that could drift from
//! them.

mod attention;
mod overview;
mod practice_areas;
mod tally;
mod workload;

pub use self::{
    attention::{Attention, AttentionRow},
    overview::{Mean, Means, Progress, ProgressCount},
    practice_areas::{PracticeAreaCount, PracticeAreaRow, PracticeAreaSpans, PracticeAreas, most_first},
    workload::{Workload, WorkloadRow},
};
