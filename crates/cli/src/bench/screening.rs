//! How fast names are screened, by the size of the registry, on one thread, and what a party takes.

mod names;

use std::time::{Duration, Instant};

use engage_screening::{Handle, Options, Party, Screen};

pub(super) use self::names::{misspelled, party};
use super::{
    Figure,
    dice::Dice,
    rig::{Rig, quantile_us},
};

/// How many names are screened at each size.
const QUERIES: usize = 3_000;
/// How often all of them are. The pass with the lowest p99 counts: what another process took from a pass is not the screening's, and a
/// pass is long enough that none finds the memory of the one before still at hand.
const PASSES: usize = 3;
/// Bytes a party may take at a million.
const BYTES: f64 = 400.0;

/// A size and within how many microseconds 99 of 100 queries are to be answered.
const SIZES: [(u32, f64); 3] = [(10_000, 500.0), (100_000, 500.0), (1_000_000, 1000.0)];

/// A registry that grows from size to size.
struct Growing {
    screen: Screen,
    dice: Dice,
    size: u32,
    /// Some of the names in it, to ask for.
    known: Vec<String>,
}

impl Growing {
    fn new() -> Self {
        Self { screen: Screen::new(), dice: Dice::new(7), size: 0, known: vec![] }
    }

    /// Adds parties up to a size; how long each took, and all together.
    fn grow(&mut self, size: u32) -> (Vec<Duration>, Duration) {
        let parties: Vec<Party> = (self.size..size).map(|_| party(&mut self.dice)).collect();
        let mut times = Vec::with_capacity(parties.len());
        let started = Instant::now();
        for party in &parties {
            let began = Instant::now();
            self.screen.insert(Handle(self.size), party);
            times.push(began.elapsed());
            if self.size.is_multiple_of(97) {
                self.known.push(party.name.clone());
            }
            self.size += 1;
        }
        let together = started.elapsed();
        (times, together)
    }

    /// How long each of many queries took.
    fn ask(&self, queries: usize) -> Vec<Duration> {
        let mut dice = Dice::new(9);
        let times = (0..queries).map(|_| {
            let name = &self.known[dice.below(self.known.len() as u64) as usize];
            let asked = Party::named(misspelled(name, &mut dice));
            let began = Instant::now();
            std::hint::black_box(self.screen.search(&asked, &Options::default()));
            began.elapsed()
        });
        times.collect()
    }
}

/// Queries, insertions, building and memory.
pub(super) fn screening(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let mut registry = Growing::new();
    let mut figures = vec![];
    let mut built = Duration::ZERO;
    for (size, bound) in SIZES.into_iter().take(rig.size(2, 3)) {
        let (mut inserted, together) = registry.grow(size);
        built += together;
        let passes = (0..PASSES).map(|_| {
            let mut asked = registry.ask(rig.size(QUERIES / 10, QUERIES));
            [0.5, 0.99].map(|q| quantile_us(&mut asked, q))
        });
        let [p50, p99] = passes.min_by(|a, b| a[1].total_cmp(&b[1])).unwrap_or([f64::NAN; 2]);
        let store = registry.screen.store();
        let bytes = (store.bytes() / store.len().max(1)) as f64;
        let query = Figure::new(p99, bound, p99 / bound, "us p99").at_most("<= 1", 1.0);
        figures
            .push((format!("screening/query-{size}"), query.with_number("p50", p50).with("words", store.vocabulary())));
        let [p50, p99, most] = [0.5, 0.99, 1.0].map(|q| quantile_us(&mut inserted, q));
        let insert = Figure::new(p99, 100.0, p99 / 100.0, "us p99").at_most("<= 1", 1.0);
        figures.push((format!("screening/insert-{size}"), insert.with_number("p50", p50).with_number("most", most)));
        if size == 1_000_000 {
            let memory = Figure::new(bytes, BYTES, bytes / BYTES, "bytes a party").at_most("<= 1", 1.0);
            figures.push(("screening/memory".into(), memory));
            let seconds = built.as_secs_f64();
            let build = Figure::new(seconds, 3.0, seconds / 3.0, "s for 1,000,000").at_most("<= 1", 1.0);
            figures.push(("screening/build".into(), build));
        }
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_grows_and_finds_what_is_misspelled() {
        let mut registry = Growing::new();
        assert_eq!(registry.grow(500).0.len(), 500);
        assert_eq!(registry.screen.store().len(), 500);
        assert_eq!(registry.ask(10).len(), 10);
        let found = registry.screen.search(&Party::named(registry.known[1].to_uppercase()), &Options::default());
        assert_eq!(found[0].handle, Handle(97));
    }

    #[test]
    fn invented_parties_are_the_same_in_every_run() {
        let names = |seed| (0..20).scan(Dice::new(seed), |dice, _| Some(party(dice).name)).collect::<Vec<_>>();
        assert_eq!(names(1), names(1));
        assert_ne!(names(1), names(2));
    }
}
