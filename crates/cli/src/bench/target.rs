//! A server of the API beside another in the same run: the same requests to both, in alternating rounds.
//!
//! Made for Engage on Cloudflare beside the architecture's code sample on the same runtime; knows of both only the routes. A side is the
//! URL of a running server or the command line of one, which then is also started, killed in the middle of load, and started again.

mod crash;
mod load;
mod server;
mod side;

pub(super) use self::server::Place;

use clap::Args;
use engage_http::token::TokenKey;

use self::{
    load::Seen,
    server::Server,
    side::{LENGTHS, Side},
};
use super::{
    Figure,
    rig::{Rig, median, median_of},
    within,
};
use crate::exit::{Exit, failed};

/// What is measured, and beside what.
#[derive(Args, Debug)]
pub(super) struct Sides {
    /// Measure a server of the API instead: its URL, or the command line that starts one, with {data} for its data folder
    #[arg(long, value_name = "URL|COMMAND", requires = "baseline")]
    target: Option<Place>,
    /// The server to measure it against, in the same way
    #[arg(long, value_name = "URL|COMMAND", requires = "target")]
    baseline: Option<Place>,
}

/// Connections, each a caller that waits for its answer.
const CONNECTIONS: [usize; 2] = [1, 16];

/// What is asked.
#[derive(Clone, Copy)]
enum Operation {
    Message { length: usize },
    Detail { length: usize },
    List,
    Check,
}

/// The operations, with the ratio that each is to reach. At 5,000 messages a conversation must cost what it costs at 10.
const OPERATIONS: [(&str, Operation, &str, f64); 6] = [
    ("message/10", Operation::Message { length: LENGTHS[0] }, ">= 1", 1.0),
    ("message/5000", Operation::Message { length: LENGTHS[1] }, ">= 3", 3.0),
    ("detail/10", Operation::Detail { length: LENGTHS[0] }, ">= 1", 1.0),
    ("detail/5000", Operation::Detail { length: LENGTHS[1] }, ">= 3", 3.0),
    ("list", Operation::List, ">= 1", 1.0),
    ("conflict-check", Operation::Check, ">= 1", 1.0),
];

impl Sides {
    /// The two, if they were given.
    pub(super) fn both(&self) -> Option<(&Place, &Place)> {
        self.target.as_ref().zip(self.baseline.as_ref())
    }
}

/// Which figures to take, and the key with which both servers believe tokens.
pub(super) struct Measurement<'a> {
    pub(super) names: &'a [String],
    pub(super) key: TokenKey,
}

impl Measurement<'_> {
    /// Whether the figures that were asked for exist.
    pub(super) fn check_names(&self) -> anyhow::Result<()> {
        let known: Vec<_> =
            std::iter::once("start").chain(OPERATIONS.map(|(name, ..)| name)).chain(["crash"]).collect();
        let unknown = |name: &&String| !known.iter().any(|known| within(name, known) || within(known, name));
        match self.names.iter().find(unknown) {
            None => Ok(()),
            Some(name) => {
                let known = known.join(", ");
                Err(failed(Exit::Usage, format!("there is no measurement {name} of a target; there are {known}")))
            }
        }
    }

    fn wants(&self, group: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| within(name, group) || within(group, name))
    }

    /// Measures one beside the other.
    pub(super) fn run(&self, rig: &Rig, (target, baseline): (&Place, &Place)) -> anyhow::Result<Vec<(String, Figure)>> {
        let mut figures = vec![];
        let key = &self.key;
        let are_started = matches!((target, baseline), (Place::Command(_), Place::Command(_)));
        if are_started && self.wants("start") {
            eprintln!("measuring start …");
            figures.push(("start".to_owned(), start(rig, key, target, baseline)?));
        }
        if OPERATIONS.iter().any(|(name, ..)| self.wants(name)) {
            let target_server = Server::at(target, &rig.path("target"), key)?;
            let baseline_server = Server::at(baseline, &rig.path("baseline"), key)?;
            eprintln!("filling both with conversations …");
            let mut sides =
                [Side::fill(&target_server, key, rig.quick)?, Side::fill(&baseline_server, key, rig.quick)?];
            for (group, operation, bound, ratio) in OPERATIONS.into_iter().filter(|(name, ..)| self.wants(name)) {
                for connections in CONNECTIONS {
                    let name = format!("{group}/{connections}");
                    eprintln!("measuring {name} …");
                    let figure = rounds(rig, &mut sides, operation, connections)?;
                    figures.push((name, figure.at_least(bound, ratio)));
                }
            }
        }
        if are_started && self.wants("crash") {
            eprintln!("measuring crash …");
            figures.push(("crash".to_owned(), crash::lost(rig, key, target, baseline)?));
        }
        Ok(figures)
    }
}

/// Requests a second of both, in alternating rounds; the first warms both up and does not count.
fn rounds(rig: &Rig, sides: &mut [Side; 2], operation: Operation, connections: usize) -> anyhow::Result<Figure> {
    let mut seen = [vec![], vec![]];
    for round in 0..=rig.size(2, 7) {
        for (side, seen) in sides.iter_mut().zip(&mut seen) {
            let now = load::run(side, operation, connections, rig.size(4, 12))?;
            if round > 0 {
                seen.push(now);
            }
        }
    }
    let [ours, theirs] = seen;
    let ratio = median(ours.iter().zip(&theirs).map(|(ours, theirs)| ours.per_second / theirs.per_second).collect());
    let rate = |seen: &[Seen]| median_of(seen, |seen| seen.per_second);
    Ok(Figure::new(rate(&ours), rate(&theirs), ratio, "requests/s")
        .with_number("p50_ms", median_of(&ours, |seen| seen.p50_us / 1000.0))
        .with_number("p99_ms", median_of(&ours, |seen| seen.p99_us / 1000.0))
        .with_number("baseline_p50_ms", median_of(&theirs, |seen| seen.p50_us / 1000.0)))
}

/// How much longer one takes from its start, of the process, to its first answer.
fn start(rig: &Rig, key: &TokenKey, target: &Place, baseline: &Place) -> anyhow::Result<Figure> {
    let (mut ours, mut theirs) = (vec![], vec![]);
    for round in 0..=rig.size(2, 9) {
        for (place, name, took) in [(target, "start", &mut ours), (baseline, "start-baseline", &mut theirs)] {
            let began = std::time::Instant::now();
            let server = Server::at(place, &rig.path(&format!("{name}-{round}")), key)?;
            side::first_answer(&server, key)?;
            // The first round brings the files into memory.
            if round > 0 {
                took.push(began.elapsed().as_secs_f64() * 1000.0);
            }
        }
    }
    let more = median(ours.iter().zip(&theirs).map(|(ours, theirs)| ours - theirs).collect());
    let (ours, theirs) = (median(ours), median(theirs));
    let figure = Figure::new(ours, theirs, ours / theirs, "ms").with_number("more_ms", more);
    Ok(Figure { target: Some("<= 50 ms more"), met: Some(more <= 50.0), ..figure })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_chosen_by_their_names_or_the_beginning_of_them() {
        let key = || TokenKey::new(*crate::bench::http::KEY);
        let check = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            Measurement { names: &names, key: key() }.check_names()
        };
        check(&[]).unwrap();
        check(&["message", "detail/5000", "list/16", "crash"]).unwrap();
        let error = check(&["list", "write/http"]).unwrap_err();
        assert!(error.to_string().contains("no measurement write/http of a target"), "{error}");
    }
}
