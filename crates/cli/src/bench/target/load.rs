//! The load: callers on threads, each with a connection and a part of the conversations of its own.

use std::time::Instant;

use super::{Operation, side::Side};
use crate::bench::rig::quantile_us;

/// What a load saw.
pub(super) struct Seen {
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

/// How many times as many requests one caller alone sends as each of many.
const ALONE: usize = 4;

/// Sends `each` requests from each of some callers, several times as many where there is one. Counted rather than timed, so that both sides'
/// conversations grow alike.
pub(super) fn run(side: &mut Side, operation: Operation, connections: usize, each: usize) -> anyhow::Result<Seen> {
    let each = if connections == 1 { each * ALONE } else { each };
    let asked: Vec<Vec<_>> = (0..connections)
        .map(|caller| (0..each).map(|number| side.request(operation, caller, number)).collect())
        .collect();
    let side = &*side;
    let began = Instant::now();
    let times = std::thread::scope(|scope| {
        let callers: Vec<_> = asked
            .iter()
            .map(|requests| {
                scope.spawn(move || {
                    let agent = side.agent();
                    let mut times = Vec::with_capacity(requests.len());
                    for request in requests {
                        let sent = Instant::now();
                        side.send(&agent, request)?;
                        times.push(sent.elapsed());
                    }
                    anyhow::Ok(times)
                })
            })
            .collect();
        let joined =
            callers.into_iter().map(|caller| caller.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let took = began.elapsed().as_secs_f64();
    let mut times = times.concat();
    Ok(Seen {
        per_second: times.len() as f64 / took,
        p50_us: quantile_us(&mut times, 0.5),
        p99_us: quantile_us(&mut times, 0.99),
    })
}
