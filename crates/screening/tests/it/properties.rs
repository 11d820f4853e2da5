//! What holds for every name.

use engage_screening::{Handle, Kind, MatchType, Name, Party, PlainStore, Screen, Store, pair};
use proptest::prelude::*;

use crate::sample::{ALL, fill, kind, name, party, registry};

fn has_words(text: &str, kind: Kind) -> bool {
    !Name::read(text, kind).tokens().is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pair_scores_the_same_both_ways(a in name(), b in name(), kind in kind()) {
        prop_assert_eq!(pair(&a, &b, kind), pair(&b, &a, kind));
    }

    #[test]
    fn case_and_white_space_make_no_difference(words in proptest::collection::vec("[a-z]{2,9}", 1..5), other in name()) {
        let plain = words.join(" ");
        let odd = format!("  {}\t", words.join(" \u{a0} ").to_uppercase());
        prop_assert_eq!(pair(&plain, &other, Kind::Person), pair(&odd, &other, Kind::Person));
    }

    #[test]
    fn a_person_is_found_equal_in_any_order_of_words(
        words in proptest::collection::vec("[a-z]{4,9}", 2..5).prop_shuffle(),
        handle in 100u32..200,
    ) {
        let mut sorted = words.clone();
        sorted.sort();
        let mut screen = registry();
        screen.insert(Handle(handle), &Party::named(sorted.join(" ")).of_kind(Kind::Person));
        let found = screen.search(&Party::named(words.join(" ")).of_kind(Kind::Person), &ALL);
        prop_assert_eq!(found[0].handle, Handle(handle));
        prop_assert_eq!(found[0].match_type, MatchType::Exact);
        prop_assert!(found[0].confidence > engage_screening::THRESHOLD);
    }

    #[test]
    fn an_organisation_is_found_in_any_order_of_words(
        words in proptest::collection::vec("[a-z]{4,9}", 2..5).prop_shuffle(),
        form in proptest::sample::select(vec!["", " Inc", " GmbH", " LLC"]),
        handle in 100u32..200,
    ) {
        let mut sorted = words.clone();
        sorted.sort();
        let mut screen = registry();
        screen.insert(Handle(handle), &Party::named(sorted.join(" ") + form).of_kind(Kind::Organisation));
        // The order is one of the weights here, so the confidence may differ; whether it is found does not.
        let found = screen.search(&Party::named(words.join(" ") + form).of_kind(Kind::Organisation), &ALL);
        let own = found.iter().find(|one| one.handle == Handle(handle));
        prop_assert!(own.is_some_and(|own| own.confidence >= engage_screening::THRESHOLD), "{:?} {:?}", words, found);
    }

    #[test]
    fn any_text_is_read_and_scored_without_a_panic(a in "\\PC{0,600}", b in any::<String>(), kind in kind()) {
        let score = pair(&a, &b, kind);
        prop_assert!((0.0..=1.0).contains(&score));
        let mut screen = registry();
        screen.insert(Handle(500), &Party::named(a).of_kind(kind));
        for one in screen.search(&Party::named(b), &ALL) {
            prop_assert!((0.0..=1.0).contains(&one.confidence));
        }
    }

    #[test]
    fn a_party_finds_itself(party in party()) {
        let mut screen = registry();
        screen.insert(Handle(500), &party);
        for name in std::iter::once(&party.name).chain(&party.aliases).filter(|name| has_words(name, party.kind)) {
            let found = screen.search(&Party::named(name.as_str()).of_kind(party.kind), &ALL);
            let own = found.iter().find(|one| one.handle == Handle(500));
            prop_assert!(own.is_some_and(|own| own.confidence >= engage_screening::THRESHOLD), "{:?} {:?}", name, found);
        }
    }

    #[test]
    fn a_party_that_was_removed_leaves_no_trace(gone in party(), asked in name()) {
        let untouched = registry();
        let mut screen = registry();
        screen.insert(Handle(3), &gone);
        screen.insert(Handle(500), &gone);
        prop_assert!(screen.remove(Handle(500)));
        prop_assert!(!screen.remove(Handle(500)));
        screen.insert(Handle(3), &Party::named(crate::sample::NAMES[3]));
        let asked = Party::named(asked);
        prop_assert_eq!(screen.search(&asked, &ALL), untouched.search(&asked, &ALL));
        prop_assert_eq!(screen.store().names(), untouched.store().names());
    }

    #[test]
    fn two_containers_answer_alike(parties in proptest::collection::vec(party(), 1..12), removed in 0usize..12, asked in party()) {
        let mut compact = registry();
        let mut plain = Screen::over(PlainStore::default());
        fill(&mut plain);
        for (handle, party) in (100..).zip(&parties) {
            compact.insert(Handle(handle), party);
            plain.insert(Handle(handle), party);
        }
        let gone = Handle(100 + removed as u32);
        prop_assert_eq!(compact.remove(gone), plain.remove(gone));
        prop_assert_eq!(compact.search(&asked, &ALL), plain.search(&asked, &ALL));
        for party in &parties {
            prop_assert_eq!(compact.search(party, &ALL), plain.search(party, &ALL));
        }
    }
}
