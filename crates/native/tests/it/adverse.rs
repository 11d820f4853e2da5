//! Adverse parties that come in at the same moment, with crashes between any two steps, against a model that knows nothing of letters.
//!
//! [`world`] runs the turns themselves, one step at a time and in an order drawn by lot, and crashes between any two. [`platform`] starts
//! thousands of callers at the real platform and ends it under them. What must be so afterwards is the same: never are both conversations of
//! a pair clear, two parties have one conflict, and what was begun is finished.

mod model;
mod pairs;
mod platform;
mod world;

use engage_journal::{
    Error, Sql,
    registry::{self, KeptConflict, KeptParty},
};

use self::world::{Fault, Tally, World};

/// All parties of a registry, in the order of their registration.
fn parties(sql: &mut dyn Sql) -> Result<Vec<KeptParty>, Error> {
    let mut parties = registry::parties_before(sql, None, None, i64::MAX)?;
    parties.reverse();
    Ok(parties)
}

/// All its conflicts, in the order of their ids.
fn conflicts(sql: &mut dyn Sql) -> Result<Vec<KeptConflict>, Error> {
    let ids = registry::conflict_ids_after(sql, "", i64::MAX)?;
    let conflicts = ids.iter().map(|id| registry::conflict(sql, id.parse().unwrap()).map(Option::unwrap));
    conflicts.collect()
}

/// Pairs in one world.
const PAIRS: u64 = 64;

fn run(seed: u64, fault: Option<Fault>) -> Result<Tally, String> {
    World::new(seed, PAIRS, fault).run().map_err(|wrong| format!("in the world of seed {seed}: {wrong}"))
}

/// The worlds of these seeds, none of which may go wrong.
fn all_go_well(seeds: std::ops::Range<u64>) {
    let mut all = Tally::default();
    for seed in seeds.clone() {
        all += run(seed, None).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
    let worlds = seeds.count() as u64;
    // The lot has brought about what is to be tested.
    assert!(all.conflicts > worlds * PAIRS / 2, "{all:?}");
    assert!(all.crashes > 5 * worlds && all.failures > 5 * worlds && all.letters > worlds * PAIRS, "{all:?}");
    assert!(all.waiting > worlds && all.resolved > 2 * worlds && all.repeated > worlds, "{all:?}");
}

// Side by side, so that both cores are used.

#[test]
fn whatever_crashes_between_any_two_steps_never_are_both_of_a_pair_clear() {
    all_go_well(0..9);
}

#[test]
fn nor_are_they_in_other_worlds() {
    all_go_well(100..109);
}

#[test]
fn a_fault_in_any_of_the_steps_is_found() {
    for fault in Fault::ALL {
        let found = (0..4).find_map(|seed| run(seed, Some(fault)).err());
        assert!(found.is_some(), "{fault:?} was not found");
        println!("{fault:?}: {}", found.unwrap_or_default());
    }
}
