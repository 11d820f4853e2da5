//! Screens in tables, and in memory as well as soon as so many names have been compared that reading all parties pays.

use std::collections::BTreeSet;

use engage_domain::registry::{Party, Side};
use engage_journal::{Error, Hit, Screens, Sql, registry};

use super::{MemoryScreens, TableScreens, tables::WALK_MAX};

/// Parties that are read in about the time of one search in tables.
const PARTIES_A_SEARCH: i64 = 500;
/// The highest number of a party up to which a firm is held in memory: some megabytes, and some tenths of a second to read them.
const HELD_MAX: i64 = 10_000;

/// The screens of one firm whose host may go to sleep after every question, or stay awake for thousands. The tables are always there and always
/// whole; the memory is made from the parties' rows and dropped with the host, or after a transaction that failed. Both give the same answers.
#[derive(Debug, Default)]
pub struct WarmScreens {
    searches: i64,
    memory: Option<MemoryScreens>,
}

impl Screens for WarmScreens {
    fn rules(&self) -> u32 {
        TableScreens.rules()
    }

    fn search(
        &mut self,
        sql: &mut dyn Sql,
        party: &Party,
        side: Side,
        except: &BTreeSet<i64>,
    ) -> Result<Vec<Hit>, Error> {
        if self.memory.is_none() {
            self.searches += 1;
            let latest = registry::latest_party(sql)?;
            if latest <= HELD_MAX && latest <= self.searches.saturating_mul(PARTIES_A_SEARCH) {
                self.memory = Some(MemoryScreens::load_walking(sql, WALK_MAX)?);
            }
        }
        match &mut self.memory {
            Some(memory) => memory.search(sql, party, side, except),
            None => TableScreens.search(sql, party, side, except),
        }
    }

    fn keep(&mut self, sql: &mut dyn Sql, number: i64, party: &Party, side: Side) -> Result<(), Error> {
        TableScreens.keep(sql, number, party, side)?;
        match &mut self.memory {
            Some(_) if number > HELD_MAX => self.memory = None,
            Some(memory) => memory.keep(sql, number, party, side)?,
            None => {}
        }
        Ok(())
    }
}
