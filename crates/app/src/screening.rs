//! Names compared for the firm's registry: the port [`Screens`] of its turns, over the screens of `engage_screening`.
//!
//! Each side has a screen of its own, so that a thousand clients of one name crowd no opposing party out of an answer: whoever is
//! adverse is looked for among the adverse. They are kept in memory ([`MemoryScreens`]) or, where that is short, in tables of the firm's
//! own database ([`TableScreens`]): the same keys, the same answers. [`WarmScreens`] are both.

mod tables;
mod warm;

use std::collections::BTreeSet;

use engage_domain::{
    registry::{Aligned, Evidence, IdentifierSort, MatchType, Party, PartyKind, Reason, Side},
    text::Private,
};
use engage_journal::{
    Error, Hit, Screens, Sql,
    registry::{self, Named},
};
use engage_screening::{self as screening, Compact, Handle, Options, RULES_VERSION, Screen, THRESHOLD};

use self::tables::Tables;
pub use self::warm::WarmScreens;

/// Most adverse parties that one screening finds. Whoever has more namesakes among the adverse is found in conflict all the same.
pub const CONFLICTS_MAX: usize = 25;
/// Most parties of one's own side that one screening tells of.
pub const INFORMATION_MAX: usize = 10;
/// Confidence is kept to four digits: more of them say nothing.
const DIGITS: f64 = 10_000.0;
/// Parties read at a time when the screens are made anew.
const PAGE: i64 = 1_000;

/// The screens of one firm, in memory: some 200 bytes a party.
#[derive(Debug)]
pub struct MemoryScreens([MemoryScreen; SCREENS.len()]);

/// One of a firm's screens, in memory.
#[derive(Debug)]
pub struct MemoryScreen {
    number: i64,
    screen: Screen,
}

impl MemoryScreen {
    /// Keeps a party if it belongs to this screen. The three screens may be made side by side.
    pub fn keep(&mut self, number: i64, party: &Party, side: Side) -> Result<(), Error> {
        let handle = handle(number)?;
        // It may have stood on another side.
        if kept_in(side)[self.number as usize] {
            self.screen.insert(handle, &subject(party));
        } else {
            self.screen.remove(handle);
        }
        Ok(())
    }
}

impl Default for MemoryScreens {
    fn default() -> Self {
        Self(SCREENS.map(|number| MemoryScreen { number, screen: Screen::new() }))
    }
}

impl MemoryScreens {
    /// Makes the screens from the parties' rows: some 4 µs a party.
    pub fn load(sql: &mut dyn Sql) -> Result<Self, Error> {
        Self::default().filled(sql)
    }

    /// As [`MemoryScreens::load`], to give the answers of screens that walk no more than `walk_max` entries of lists in one search.
    fn load_walking(sql: &mut dyn Sql, walk_max: usize) -> Result<Self, Error> {
        let screen = |number| MemoryScreen { number, screen: Screen::over(Compact::walking(walk_max)) };
        Self(SCREENS.map(screen)).filled(sql)
    }

    fn filled(mut self, sql: &mut dyn Sql) -> Result<Self, Error> {
        each_party(sql, &mut |page| {
            page.iter().try_for_each(|(number, Named { party, side })| self.insert(*number, party, *side))
        })?;
        Ok(self)
    }

    /// Each screen by itself, for whoever makes them side by side.
    pub const fn each(&mut self) -> &mut [MemoryScreen; SCREENS.len()] {
        &mut self.0
    }

    fn insert(&mut self, number: i64, party: &Party, side: Side) -> Result<(), Error> {
        self.0.iter_mut().try_for_each(|screen| screen.keep(number, party, side))
    }
}

/// Shows all parties, page by page, in the order of their numbers.
pub fn each_party(
    sql: &mut dyn Sql,
    visit: &mut dyn FnMut(Vec<(i64, Named)>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let page = registry::named_after(sql, after, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = *last;
        visit(page)?;
    }
}

/// The screens, in the order of their numbers.
const SCREENS: [i64; 3] = [CLIENTS, OPPOSING, MATTERS];
const CLIENTS: i64 = 0;
const OPPOSING: i64 = 1;
const MATTERS: i64 = 2;

/// In which of the screens parties of a side are kept.
const fn kept_in(side: Side) -> [bool; SCREENS.len()] {
    match side {
        Side::Client => [true, false, false],
        Side::Opposing => [false, true, false],
        Side::Either => [true, true, false],
        Side::Matter => [false, false, true],
    }
}

/// The screens that are searched for a party of a side, and how many parties each may find: whoever is adverse first.
const fn searched(side: Side) -> &'static [(i64, usize)] {
    match side {
        Side::Client => &[(OPPOSING, CONFLICTS_MAX), (CLIENTS, INFORMATION_MAX)],
        Side::Opposing => &[(CLIENTS, CONFLICTS_MAX), (OPPOSING, INFORMATION_MAX)],
        Side::Either => &[(CLIENTS, CONFLICTS_MAX), (OPPOSING, CONFLICTS_MAX)],
        Side::Matter => &[(MATTERS, CONFLICTS_MAX)],
    }
}

/// Searches the screens of a side by `search`, and gives each party once.
fn search_all(
    party: &Party,
    side: Side,
    except: &BTreeSet<i64>,
    mut search: impl FnMut(i64, &screening::Party, &Options, &[Handle]) -> Result<Vec<screening::Match>, Error>,
) -> Result<Vec<Hit>, Error> {
    let except = except.iter().map(|number| handle(*number)).collect::<Result<Vec<_>, _>>()?;
    let asked = subject(party);
    let (mut found, mut seen) = (vec![], BTreeSet::new());
    for (screen, limit) in searched(side) {
        let matches = search(*screen, &asked, &Options { limit: *limit, threshold: THRESHOLD }, &except)?;
        found.extend(matches.into_iter().filter(|matched| seen.insert(matched.handle)));
    }
    Ok(found.into_iter().map(hit).collect())
}

impl Screens for MemoryScreens {
    fn rules(&self) -> u32 {
        RULES_VERSION
    }

    fn search(
        &mut self,
        _sql: &mut dyn Sql,
        party: &Party,
        side: Side,
        except: &BTreeSet<i64>,
    ) -> Result<Vec<Hit>, Error> {
        search_all(party, side, except, |screen, asked, options, except| {
            Ok(self.0[screen as usize].screen.search_beyond(asked, options, except))
        })
    }

    fn keep(&mut self, _sql: &mut dyn Sql, number: i64, party: &Party, side: Side) -> Result<(), Error> {
        self.insert(number, party, side)
    }
}

/// The screens of one firm in tables beside its journal, for hosts whose memory is too small for them. Nothing is held between two
/// calls, and what a turn writes goes with its transaction.
#[derive(Clone, Copy, Debug, Default)]
pub struct TableScreens;

impl TableScreens {
    /// Makes the tables, and fills them from the parties' rows. Call it once, within a transaction.
    pub fn create(sql: &mut dyn Sql) -> Result<Self, Error> {
        sql.script(include_str!("screening/screens.sql"))?;
        let mut after = 0;
        loop {
            let page = registry::named_after(sql, after, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(Self) };
            after = *last;
            page.iter().try_for_each(|(number, Named { party, side })| Self.keep(sql, *number, party, *side))?;
        }
    }
}

impl Screens for TableScreens {
    fn rules(&self) -> u32 {
        RULES_VERSION
    }

    fn search(
        &mut self,
        sql: &mut dyn Sql,
        party: &Party,
        side: Side,
        except: &BTreeSet<i64>,
    ) -> Result<Vec<Hit>, Error> {
        search_all(party, side, except, |screen, asked, options, except| {
            let screen = Screen::over(Tables::new(sql, screen));
            let found = screen.search_beyond(asked, options, except);
            screen.store().done().map(|()| found)
        })
    }

    fn keep(&mut self, sql: &mut dyn Sql, number: i64, party: &Party, side: Side) -> Result<(), Error> {
        let (handle, subject) = (handle(number)?, subject(party));
        for (number, kept) in SCREENS.into_iter().zip(kept_in(side)) {
            let mut screen = Screen::over(Tables::new(sql, number));
            if kept {
                screen.insert(handle, &subject);
            } else {
                screen.remove(handle);
            }
            screen.store().done()?;
        }
        Ok(())
    }
}

fn handle(number: i64) -> Result<Handle, Error> {
    let told = |_| Error::Corrupt(format!("party number {number}"));
    u32::try_from(number).map(Handle).map_err(told)
}

/// A party as it is compared.
fn subject(party: &Party) -> screening::Party {
    let identifiers = party.identifiers.iter().filter_map(|identifier| {
        let sort = match identifier.sort {
            IdentifierSort::Email => screening::IdentifierSort::Email,
            IdentifierSort::Phone => screening::IdentifierSort::Phone,
            IdentifierSort::RegistrationNumber => screening::IdentifierSort::RegistrationNumber,
            IdentifierSort::DateOfBirth => screening::IdentifierSort::DateOfBirth,
        };
        screening::Identifier::new(sort, identifier.value.as_str())
    });
    screening::Party {
        name: party.name.as_str().to_owned(),
        aliases: party.aliases.iter().map(|alias| alias.as_str().to_owned()).collect(),
        kind: match party.kind {
            PartyKind::Person => screening::Kind::Person,
            PartyKind::Organisation => screening::Kind::Organisation,
            PartyKind::Matter => screening::Kind::Matter,
            PartyKind::Unknown => screening::Kind::Unknown,
        },
        identifiers: identifiers.collect(),
    }
}

fn hit(matched: screening::Match) -> Hit {
    let words = |words: Vec<String>| words.into_iter().map(Private::new).collect();
    let screening::Evidence { aligned, queried_only, found_only, identifiers } = matched.evidence;
    Hit {
        number: i64::from(matched.handle.0),
        name: Private::new(matched.name),
        match_type: match matched.match_type {
            screening::MatchType::Exact => MatchType::Exact,
            screening::MatchType::Alias => MatchType::Alias,
            screening::MatchType::Phonetic => MatchType::Phonetic,
            screening::MatchType::Fuzzy => MatchType::Fuzzy,
        },
        confidence: (matched.confidence * DIGITS).round() / DIGITS,
        evidence: Evidence {
            aligned: aligned.into_iter().map(lined_up).collect(),
            queried_only: words(queried_only),
            found_only: words(found_only),
            identifiers: identifiers.into_iter().map(shared).collect(),
        },
    }
}

fn lined_up(aligned: screening::Aligned) -> Aligned {
    Aligned {
        queried: Private::new(aligned.queried),
        found: Private::new(aligned.found),
        reason: match aligned.reason {
            screening::Reason::Exact => Reason::Exact,
            screening::Reason::Synonym => Reason::Synonym,
            screening::Reason::Nickname => Reason::Nickname,
            screening::Reason::Initial => Reason::Initial,
            screening::Reason::Spacing => Reason::Spacing,
            screening::Reason::Phonetic => Reason::Phonetic,
            screening::Reason::Consonants => Reason::Consonants,
            screening::Reason::Spelling => Reason::Spelling,
        },
    }
}

const fn shared(sort: screening::IdentifierSort) -> IdentifierSort {
    match sort {
        screening::IdentifierSort::Email => IdentifierSort::Email,
        screening::IdentifierSort::Phone => IdentifierSort::Phone,
        screening::IdentifierSort::RegistrationNumber => IdentifierSort::RegistrationNumber,
        screening::IdentifierSort::DateOfBirth => IdentifierSort::DateOfBirth,
    }
}
