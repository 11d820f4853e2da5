//! Names compared for the firm's registry: the port [`Screens`] of its turns, over the screens of `engage_screening`.
//!
//! Each side has a screen of its own, so that a thousand clients of one name crowd no opposing party out of an answer: whoever is
//! adverse is looked for among the adverse.

use std::collections::BTreeSet;

use engage_domain::{
    registry::{Aligned, Evidence, IdentifierSort, MatchType, Party, PartyKind, PartyRecord, Reason, Side},
    text::Private,
};
use engage_journal::{Error, Hit, Screens, Sql, registry};
use engage_screening::{self as screening, Handle, Options, RULES_VERSION, Screen, THRESHOLD};

/// Most adverse parties that one screening finds. Whoever has more namesakes among the adverse is found in conflict all the same.
pub const CONFLICTS_MAX: usize = 25;
/// Most parties of one's own side that one screening tells of.
pub const INFORMATION_MAX: usize = 10;
/// Parties read at a time when the screens are made anew.
const PAGE: i64 = 1_000;

/// The screens of one firm, in memory: some 200 bytes a party.
#[derive(Debug, Default)]
pub struct MemoryScreens {
    clients: Screen,
    opposing: Screen,
    matters: Screen,
}

impl MemoryScreens {
    /// Makes the screens from the parties' rows: some 3 µs a party.
    pub fn load(sql: &mut dyn Sql) -> Result<Self, Error> {
        let (mut screens, mut after) = (Self::default(), 0);
        loop {
            let page = registry::parties_after(sql, after, PAGE)?;
            let Some(last) = page.last() else { return Ok(screens) };
            after = last.number;
            for kept in &page {
                screens.insert(kept.number, &kept.record)?;
            }
        }
    }

    fn insert(&mut self, number: i64, record: &PartyRecord) -> Result<(), Error> {
        let (handle, party) = (handle(number)?, subject(&record.party));
        // It may have stood on another side.
        for screen in [&mut self.clients, &mut self.opposing, &mut self.matters] {
            screen.remove(handle);
        }
        for screen in self.of(record.side) {
            screen.insert(handle, &party);
        }
        Ok(())
    }

    /// The screens in which parties of a side are kept.
    fn of(&mut self, side: Side) -> Vec<&mut Screen> {
        match side {
            Side::Client => vec![&mut self.clients],
            Side::Opposing => vec![&mut self.opposing],
            Side::Either => vec![&mut self.clients, &mut self.opposing],
            Side::Matter => vec![&mut self.matters],
        }
    }
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
        let except = except.iter().map(|number| handle(*number)).collect::<Result<Vec<_>, _>>()?;
        let (adverse, own) = match side {
            Side::Client => (vec![&self.opposing], Some(&self.clients)),
            Side::Opposing => (vec![&self.clients], Some(&self.opposing)),
            Side::Either => (vec![&self.clients, &self.opposing], None),
            Side::Matter => (vec![&self.matters], None),
        };
        let asked = subject(party);
        let search =
            |screen: &Screen, limit| screen.search_beyond(&asked, &Options { limit, threshold: THRESHOLD }, &except);
        let mut found: Vec<_> = adverse.into_iter().flat_map(|screen| search(screen, CONFLICTS_MAX)).collect();
        found.extend(own.into_iter().flat_map(|screen| search(screen, INFORMATION_MAX)));
        let mut seen = BTreeSet::new();
        found.retain(|matched| seen.insert(matched.handle));
        Ok(found.into_iter().map(hit).collect())
    }

    fn keep(&mut self, _sql: &mut dyn Sql, number: i64, party: &PartyRecord) -> Result<(), Error> {
        self.insert(number, party)
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
        confidence: matched.confidence,
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
