//! Who is found, by what explanation.

use engage_screening::{Handle, Kind, Match, MatchType, Options, Party, Reason, Screen};

use crate::sample::registry;

#[track_caller]
fn found(kept: &Party, asked: &str) -> Match {
    let mut screen = registry();
    screen.insert(Handle(500), kept);
    let found = screen.search(&Party::named(asked), &Options::default());
    let own = found.into_iter().find(|one| one.handle == Handle(500));
    own.unwrap_or_else(|| panic!("{asked} does not find {kept:?}"))
}

#[track_caller]
fn check(kept: &str, kind: Kind, asked: &str, expected: MatchType) {
    let found = found(&Party::named(kept).of_kind(kind), asked);
    assert_eq!(found.match_type, expected, "{found:?}");
}

#[test]
fn the_same_name_in_another_form_is_exact() {
    check("Winterbourne, Gilbert", Kind::Person, "dr. gilbert winterbourne", MatchType::Exact);
    check("Zephyr Robotics, Inc.", Kind::Organisation, "ZEPHYR ROBOTICS CORPORATION", MatchType::Exact);
    check("Zephyr Robotics AG", Kind::Organisation, "Zephyr Robotics Aktiengesellschaft", MatchType::Exact);
    check("Margit Østergård", Kind::Person, "Margit Ostergard", MatchType::Exact);
}

#[test]
fn another_name_is_an_alias() {
    let kept = Party::named("Zephyr Robotics, Inc.").also_known_as(["Westwind Toys"]).of_kind(Kind::Organisation);
    let found = found(&kept, "Westwind Toys Ltd");
    assert_eq!((found.match_type, found.name.as_str()), (MatchType::Alias, "Westwind Toys"));
    check("William Winterbourne", Kind::Person, "Bill Winterbourne", MatchType::Alias);
}

#[test]
fn what_sounds_the_same_is_phonetic() {
    check("Philip Winterborn", Kind::Person, "Phillip Winterborne", MatchType::Phonetic);
    check("Rosalba Barentin", Kind::Person, "Розальба Барантен", MatchType::Phonetic);
}

#[test]
fn a_slip_is_fuzzy() {
    check("Gilbert Winterbourne", Kind::Person, "Gilbert Wimterbourne", MatchType::Fuzzy);
}

#[test]
fn the_evidence_says_which_words_and_why() {
    let evidence =
        found(&Party::named("William Henry Winterbourne").of_kind(Kind::Person), "Bill Winterbourne").evidence;
    let aligned: Vec<_> =
        evidence.aligned.iter().map(|one| (one.queried.as_str(), one.found.as_str(), one.reason)).collect();
    assert_eq!(aligned, [("bill", "william", Reason::Nickname), ("winterbourne", "winterbourne", Reason::Exact)]);
    assert_eq!(evidence.found_only, ["henry"]);
    assert!(evidence.queried_only.is_empty());
}

#[test]
fn spaces_may_be_anywhere() {
    check("Delta Apparel, Inc", Kind::Organisation, "Deltaapparel", MatchType::Exact);
    check("Elijah Coleman", Kind::Person, "Elij Ah Coleman", MatchType::Exact);
}

#[test]
fn another_number_is_another_fund() {
    let found = registry().search(&Party::named("Fund 17 Series B"), &Options::default());
    assert_eq!(found[0].name, "Fund 17 Series B");
    assert!(found.iter().all(|one| one.handle == found[0].handle || one.confidence < found[0].confidence));
}

#[test]
fn a_party_is_answered_once_and_replaced_as_a_whole() {
    let mut screen = Screen::new();
    screen.insert(
        Handle(1),
        &Party::named("Gilbert Winterbourne").also_known_as(["Gil Winterbourne", "G. Winterbourne"]),
    );
    assert_eq!(screen.search(&Party::named("Gilbert Winterbourne"), &Options::default()).len(), 1);
    screen.insert(Handle(1), &Party::named("Zelda Abernathy"));
    assert!(screen.search(&Party::named("Gil Winterbourne"), &Options::default()).is_empty());
    assert_eq!(screen.search(&Party::named("Zelda Abernathy"), &Options::default()).len(), 1);
}

#[test]
fn a_match_reads_as_json() {
    let found = found(&Party::named("William Winterbourne").of_kind(Kind::Person), "Bill Winterbourne");
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["matchType"], "alias");
    assert_eq!(json["evidence"]["aligned"][0]["reason"], "nickname");
    assert_eq!(serde_json::from_value::<Match>(json).unwrap().evidence, found.evidence);
}

#[test]
fn parties_that_are_passed_over_take_nobodys_place() {
    let mut screen = Screen::new();
    for handle in 0..200 {
        screen.insert(Handle(handle), &Party::named("John Smith"));
    }
    screen.insert(Handle(200), &Party::named("Smith, John"));
    let except: Vec<_> = (0..200).map(Handle).collect();
    let found = screen.search_beyond(&Party::named("John Smith"), &Options::default(), &except);
    assert_eq!(found.iter().map(|one| one.handle).collect::<Vec<_>>(), [Handle(200)]);
}
