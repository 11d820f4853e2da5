//! Identifiers as evidence.

use engage_screening::{Handle, Identifier, IdentifierSort, Match, Options, Party, Screen};

use crate::sample::ALL;

fn party(name: &str, sort: IdentifierSort, value: &str) -> Party {
    Party::named(name).identified_by(Identifier::new(sort, value))
}

/// The answer to a name with an identifier, from a registry of Jane Doe with that identifier.
fn ask(name: &str, sort: IdentifierSort, value: &str) -> Option<Match> {
    let mut screen = Screen::new();
    screen.insert(Handle(1), &party("Jane Doe", sort, value));
    screen.insert(Handle(2), &Party::named("Joan Dole"));
    screen.search(&party(name, sort, value), &ALL).into_iter().find(|one| one.handle == Handle(1))
}

#[test]
fn a_shared_identifier_finds_a_party_of_another_name() {
    let found = ask("Mary Roe", IdentifierSort::Email, "Jane@Example.com").unwrap();
    assert_eq!(found.evidence.identifiers, [IdentifierSort::Email]);
    assert!(found.confidence >= Options::default().threshold, "{found:?}");
    assert!(found.confidence < 0.9, "never alone a match of names: {found:?}");
}

#[test]
fn a_shared_identifier_raises_the_confidence_of_a_name() {
    for (sort, value) in [(IdentifierSort::Phone, "+1 212 555 0100"), (IdentifierSort::DateOfBirth, "1980-02-29")] {
        let mut screen = Screen::new();
        screen.insert(Handle(1), &party("Janet Doe", sort, value));
        let without = &screen.search(&Party::named("Jane Doe"), &ALL)[0];
        let with = &screen.search(&party("Jane Doe", sort, value), &ALL)[0];
        assert!(with.confidence > without.confidence, "{with:?} {without:?}");
        assert_eq!(with.evidence.identifiers, [sort]);
    }
}

#[test]
fn a_date_of_birth_finds_nobody_by_itself() {
    assert_eq!(ask("Mary Roe", IdentifierSort::DateOfBirth, "1980-02-29"), None);
}

#[test]
fn an_identifier_is_forgotten_with_its_party() {
    let mut screen = Screen::new();
    let jane = party("Jane Doe", IdentifierSort::RegistrationNumber, "00-123 45");
    screen.insert(Handle(1), &jane);
    screen.insert(Handle(1), &Party::named("Jane Doe"));
    let asked = party("Mary Roe", IdentifierSort::RegistrationNumber, "12345");
    assert!(screen.search(&asked, &ALL).is_empty());
}
