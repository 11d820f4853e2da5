//! The registry's names in memory and in tables: the same parties, the same answers.

use std::collections::BTreeSet;

use engage_app::screening::{MemoryScreens, TableScreens, WarmScreens};
use engage_domain::{
    ConversationId, PartyId, Timestamp, Version,
    registry::{Identifier, IdentifierSort, Party, PartyKind, PartyRecord, PartyRole, Screening, Side},
};
use engage_journal::{Screens, Sql, registry, store};
use engage_native::sqlite::Db;
use proptest::{prelude::*, sample::select};

/// A firm's database with its tables, and screens of both kinds over it.
struct Both {
    _folder: tempfile::TempDir,
    db: Db,
    memory: MemoryScreens,
    tables: TableScreens,
}

impl Both {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut db = Db::journal(&folder.path().join("journal.db")).unwrap();
        let tables = db.transaction(|db| {
            store::migrate(db, Timestamp::from_millis(0))?;
            TableScreens::create(db)
        });
        Self { _folder: folder, db, memory: MemoryScreens::default(), tables: tables.unwrap() }
    }

    fn keep(&mut self, number: i64, party: &PartyRecord) {
        let Self { db, memory, tables, .. } = self;
        memory.keep(db, number, &party.party, party.side).unwrap();
        db.transaction(|db| tables.keep(db, number, &party.party, party.side)).unwrap();
    }

    #[track_caller]
    fn agree(&mut self, asked: &Party, side: Side, except: &BTreeSet<i64>) -> usize {
        let Self { db, memory, tables, .. } = self;
        let found = memory.search(db, asked, side, except).unwrap();
        assert_eq!(found, tables.search(db, asked, side, except).unwrap(), "{side:?}");
        found.len()
    }
}

fn record(number: i64, party: Party, side: Side) -> PartyRecord {
    let screening = Screening { at: Timestamp::from_millis(0), registry: Version(1), rules: 1, matches: vec![] };
    let id = PartyId::from_ulid(ulid::Ulid(number as u128));
    PartyRecord { id, party, side, screening, registered_at: Timestamp::from_millis(0) }
}

const NAMES: [&str; 14] = [
    "Robert Smith",
    "Bob Smith",
    "Roberta Smythe",
    "María José Carreño",
    "Юрий Щербаков",
    "Yuri Shcherbakov",
    "محمد القحطاني",
    "Acme Holdings, Inc.",
    "Acme Holding Company Limited",
    "Delta Apparel GmbH & Co. KG",
    "Deltaapparel",
    "Smith v. Acme Holdings",
    "Fund 17 Series B",
    "Li",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&NAMES[..]).prop_map(str::to_owned),
        1 => "[a-z]{3,8} [a-z]{3,8}",
        1 => ".{1,20}",
    ]
}

fn party() -> impl Strategy<Value = Party> {
    let mail = prop::option::of(select(&["a@x.test", "b@x.test"][..]));
    let kind = select(&PartyKind::ALL[..]);
    (name(), prop::collection::vec(name(), 0..3), kind, mail).prop_map(|(name, aliases, kind, mail)| Party {
        kind,
        aliases: aliases.iter().map(|alias| alias.as_str().into()).collect(),
        identifiers: mail
            .into_iter()
            .map(|mail| Identifier { sort: IdentifierSort::Email, value: mail.into() })
            .collect(),
        ..Party::named(PartyRole::Client, &name)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_tables_answer_alike(
        parties in prop::collection::vec((0i64..12, party(), select(&Side::ALL[..])), 1..24),
        asked in prop::collection::vec(party(), 1..4),
        except in prop::collection::btree_set(0i64..12, 0..4),
    ) {
        let mut both = Both::new();
        // A number that comes again is a party of which more became known, or that stands on another side.
        for (number, party, side) in parties {
            both.keep(number, &record(number, party.clone(), side));
            both.agree(&party, side, &BTreeSet::new());
        }
        for asked in &asked {
            for side in Side::ALL {
                both.agree(asked, side, &except);
            }
        }
    }
}

#[test]
fn screens_that_are_made_anew_answer_as_those_that_grew() {
    let mut both = Both::new();
    for (number, name) in (1..).zip(NAMES) {
        let side = Side::ALL[number as usize % 3];
        let id = PartyId::from_ulid(ulid::Ulid(number as u128));
        let record = PartyRecord { id, ..record(number, Party::named(PartyRole::Client, name), side) };
        let written = both.db.transaction(|db| {
            let event = engage_domain::firm::Event::PartyRegistered {
                at: record.registered_at,
                id,
                party: Box::new(record.party.clone()),
                side,
                screening: Box::new(record.screening.clone()),
                outcomes: vec![],
            };
            registry::take_in(db, &event, Version(number as u64), number)
        });
        assert_eq!(written.unwrap(), Some((number, record.clone())));
        both.keep(number, &record);
    }
    both.memory = MemoryScreens::load(&mut both.db).unwrap();
    let remade = both.db.transaction(|db| {
        for table in [
            "screen",
            "screen_word",
            "screen_word_key",
            "screen_name",
            "screen_name_word",
            "screen_name_key",
            "screen_identifiers",
        ] {
            db.execute(&format!("DROP TABLE {table}"), &[])?;
        }
        TableScreens::create(db)
    });
    both.tables = remade.unwrap();
    let found: usize = NAMES
        .iter()
        .map(|name| both.agree(&Party::named(PartyRole::Client, name), Side::Either, &BTreeSet::new()))
        .sum();
    assert!(found >= NAMES.len(), "{found}");
    let mut warm = WarmScreens::default();
    let Both { db, tables, .. } = &mut both;
    for number in 0..100 {
        // One more on the way, which memory and tables both have to keep.
        if number == 50 {
            let party = Party::named(PartyRole::Client, "Bob Smithe");
            db.transaction(|db| warm.keep(db, 1_000, &party, Side::Client)).unwrap();
        }
        let asked = Party::named(PartyRole::Client, NAMES[number % NAMES.len()]);
        let found = warm.search(db, &asked, Side::Either, &BTreeSet::new()).unwrap();
        assert!(!found.is_empty());
        assert_eq!(found, tables.search(db, &asked, Side::Either, &BTreeSet::new()).unwrap());
    }
}

#[test]
fn whoever_is_passed_over_and_namesakes_of_ones_own_side_crowd_nobody_out() {
    let mut both = Both::new();
    let namesake = |number, side| record(number, Party::named(PartyRole::Client, "John Smith"), side);
    for number in 1..=150 {
        both.keep(number, &namesake(number, Side::Client));
    }
    for number in 151..=300 {
        both.keep(number, &namesake(number, Side::Opposing));
    }
    both.keep(301, &namesake(301, Side::Opposing));
    let except: BTreeSet<i64> = (151..=300).collect();
    let asked = Party {
        conversation: Some(ConversationId::from_ulid(ulid::Ulid(1))),
        ..Party::named(PartyRole::Client, "John Smith")
    };
    let Both { db, memory, tables, .. } = &mut both;
    for screens in [memory as &mut dyn Screens, tables] {
        let found = screens.search(db, &asked, Side::Client, &except).unwrap();
        assert_eq!(found.first().map(|hit| hit.number), Some(301));
    }
}
