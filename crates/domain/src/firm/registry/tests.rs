//! What the firm decides about parties, given what is known of them.

use ulid::Ulid;

use super::*;
use crate::{
    actor::Actor,
    aggregate::Aggregate,
    firm::Command,
    registry::{Artefact, Evidence, Identifier, IdentifierSort, MatchType, PartyRecord, PartyRole, Resolution},
    time::Timestamp,
};

fn party(n: u128) -> PartyId {
    PartyId::from_ulid(Ulid(n))
}

fn conversation(n: u128) -> ConversationId {
    ConversationId::from_ulid(Ulid(n))
}

fn in_conversation(n: u128, role: PartyRole, name: &str) -> Party {
    Party { conversation: Some(conversation(n)), ..Party::named(role, name) }
}

/// Party number `n`, found in conversation `n` in a role.
fn found(n: u128, role: PartyRole) -> Found {
    Found {
        party: party(n),
        role,
        side: Side::of(role, None),
        conversation: Some(conversation(n)),
        name: "Jane Roe".into(),
        match_type: MatchType::Exact,
        confidence: 0.9,
        evidence: Evidence::default(),
        conflict: None,
    }
}

fn decide(command: &Command, known: &Known) -> Result<Vec<Event>, Rejection> {
    let context = Context { known, ..Context::new(&Actor::SYSTEM, Timestamp::from_millis(5)) };
    Firm::default().decide(command, &context)
}

fn register(n: u128, party_of: Party, known: &Known) -> Vec<Event> {
    decide(&Command::Register { id: party(n), party: Box::new(party_of) }, known).expect("registered")
}

fn actions(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Firm::action).collect()
}

/// What each conversation is told, in the order of their numbers.
fn told(events: &[Event]) -> Vec<(u128, ConflictStatus, bool)> {
    let outcomes = events.iter().flat_map(Firm::outcomes);
    outcomes.map(|one| (one.conversation.as_ulid().0, one.status, one.freezes)).collect()
}

const CLEAR: ConflictStatus = ConflictStatus::Clear;
const CONFLICT: ConflictStatus = ConflictStatus::ConflictDetected;

/// The conflict that registering party 1 finds with party 2.
fn conflict() -> Conflict {
    let known = Known { found: vec![found(2, PartyRole::OpposingParty)], ..Known::nothing() };
    let events = register(1, in_conversation(1, PartyRole::Client, "Jane Roe"), &known);
    match events.into_iter().next_back() {
        Some(Event::ConflictDetected { conflict, .. }) => *conflict,
        other => panic!("{other:?}"),
    }
}

fn resolve(resolution: Resolution, known: &Known) -> Result<Vec<Event>, Rejection> {
    let verdict = Verdict { resolution, reason: "x".into(), artefact: None, declined: None };
    decide(&Command::Resolve { id: conflict().id, seen: None, verdict: Box::new(verdict) }, known)
}

#[test]
fn whoever_registers_second_is_in_conflict_and_so_is_the_first() {
    let alone = register(1, in_conversation(1, PartyRole::Client, "Jane Roe"), &Known::nothing());
    assert_eq!((actions(&alone), told(&alone)), (vec!["party_registered"], vec![(1, CLEAR, false)]));
    let known = Known { found: vec![found(2, PartyRole::OpposingParty)], ..Known::nothing() };
    let events = register(1, in_conversation(1, PartyRole::Client, "Jane Roe"), &known);
    assert_eq!(actions(&events), ["party_registered", "conflict_detected"]);
    assert_eq!(told(&events), [(1, CONFLICT, true), (2, CONFLICT, true)]);
}

#[test]
fn the_same_client_again_is_information() {
    let known = Known { found: vec![found(2, PartyRole::Client)], ..Known::nothing() };
    let events = register(1, in_conversation(1, PartyRole::Client, "Jane Roe"), &known);
    assert_eq!((actions(&events), told(&events)), (vec!["party_registered"], vec![(1, CLEAR, false)]));
    let Some(Event::PartyRegistered { screening, .. }) = events.first() else { panic!("{events:?}") };
    assert_eq!((screening.matches.len(), screening.conflicts().count()), (1, 0));
}

#[test]
fn a_conflict_elsewhere_keeps_a_conversation_in_conflict() {
    let known = Known { standing: [conversation(1)].into(), ..Known::nothing() };
    let events = register(3, in_conversation(1, PartyRole::OpposingParty, "Acme"), &known);
    assert_eq!(told(&events), [(1, CONFLICT, true)]);
}

#[test]
fn what_the_firm_knew_before_is_told_and_becomes_no_conflict_of_its_own() {
    let old = Found { conversation: None, ..found(2, PartyRole::OpposingParty) };
    let known = Known { found: vec![old.clone()], ..Known::nothing() };
    let events = register(1, Party::named(PartyRole::Client, "Jane Roe"), &known);
    let Some(Event::PartyRegistered { screening, outcomes, .. }) = events.first() else { panic!("{events:?}") };
    assert_eq!((events.len(), screening.status(), outcomes.len()), (1, CONFLICT, 0));
    let events = register(1, in_conversation(1, PartyRole::Client, "Jane Roe"), &Known { found: vec![old], ..known });
    assert_eq!((actions(&events)[1], told(&events)), ("conflict_detected", vec![(1, CONFLICT, true)]));
}

#[test]
fn a_party_that_is_known_already_changes_nothing_until_the_rules_do() {
    let asked = in_conversation(1, PartyRole::Client, "Jane Roe");
    let first = register(1, asked.clone(), &Known::nothing());
    let record = PartyRecord::after(&first[0], None);
    let known = Known { party: record, ..Known::nothing() };
    assert_eq!(register(1, asked.clone(), &known), []);
    assert_eq!(actions(&register(1, asked, &Known { rules: 2, ..known })), ["party_changed"]);
}

#[test]
fn new_facts_open_a_cleared_conflict_again_and_old_ones_do_not() {
    let mut cleared = conflict();
    let known = Known { conflict: Some((Version(9), cleared.clone())), ..Known::nothing() };
    cleared.take_in(&resolve(Resolution::NoConflict, &known).expect("resolved")[0]);
    let record =
        PartyRecord::after(&register(1, in_conversation(1, PartyRole::Client, "Jane Roe"), &Known::nothing())[0], None);
    let same = Found { conflict: Some(cleared), ..found(2, PartyRole::OpposingParty) };
    let alias = Party { aliases: vec!["J. Roe".into()], ..in_conversation(1, PartyRole::Client, "Jane Roe") };
    let known = Known { party: record, found: vec![same.clone()], ..Known::nothing() };
    let events = register(1, alias.clone(), &known);
    assert_eq!((actions(&events), told(&events)), (vec!["party_changed"], vec![(1, CLEAR, false)]));
    let shared = Evidence { identifiers: vec![IdentifierSort::Email], ..Evidence::default() };
    let known = Known { found: vec![Found { evidence: shared, confidence: 0.99, ..same }], ..known };
    let mail = Identifier { sort: IdentifierSort::Email, value: "jane@roe.test".into() };
    let events = register(1, Party { identifiers: vec![mail], ..alias }, &known);
    assert_eq!(actions(&events), ["party_changed", "conflict_reopened"]);
    assert_eq!(told(&events), [(1, CONFLICT, true), (2, CONFLICT, true)]);
}

#[test]
fn a_resolution_frees_both_conversations_unless_another_conflict_stands() {
    let known = Known { conflict: Some((Version(9), conflict())), ..Known::nothing() };
    let events = resolve(Resolution::Waived, &known).expect("resolved");
    assert_eq!(told(&events), [(1, CLEAR, false), (2, CLEAR, false)]);
    let standing = Known { standing: [conversation(2)].into(), ..known.clone() };
    let events = resolve(Resolution::NoConflict, &standing).expect("resolved");
    assert_eq!(told(&events), [(1, CLEAR, false), (2, CONFLICT, true)]);
    let declined = resolve(Resolution::CannotRepresent, &known).expect("resolved");
    assert_eq!(told(&declined), [(1, CONFLICT, true), (2, CLEAR, false)]);
}

#[test]
fn consent_needs_its_artefact_and_a_conflict_must_be_there_and_as_it_was_seen() {
    let known = Known { conflict: Some((Version(9), conflict())), ..Known::nothing() };
    let refused = resolve(Resolution::ClientConsented, &known);
    assert!(matches!(refused, Err(Rejection::Invalid { field: "artefact", .. })), "{refused:?}");
    assert_eq!(resolve(Resolution::Waived, &Known::nothing()), Err(Rejection::UnknownConflict));
    let artefact = Some(Artefact { name: "Consent".into(), reference: "1".into(), sha256: None });
    let verdict = Verdict { resolution: Resolution::ClientConsented, reason: "x".into(), artefact, declined: None };
    let resolve = |seen| Command::Resolve { id: conflict().id, seen, verdict: Box::new(verdict.clone()) };
    assert_eq!(decide(&resolve(Some(Version(8))), &known), Err(Rejection::ConflictMovedOn { current: Version(9) }));
    assert_eq!(actions(&decide(&resolve(Some(Version(9))), &known).expect("resolved")), ["conflict_resolved"]);
}

#[test]
fn a_check_leaves_the_registry_as_it_is() {
    let known = Known { found: vec![found(2, PartyRole::OpposingParty)], ..Known::nothing() };
    let check = Command::Check(Box::new(Party::named(PartyRole::Client, "Jane Roe")));
    let events = decide(&check, &known).expect("checked");
    assert_eq!((actions(&events), told(&events).len()), (vec!["conflict_checked"], 0));
    assert!(Firm::registers(&events[0]).is_none());
}
