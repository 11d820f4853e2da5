//! Parties and conflicts of interest: found in the same turn, known to both conversations, never missed in a race.

use serde_json::{Value, json};

use super::{Case, shared};
use crate::firm::{Firm, eventually, id};

pub(super) const CASES: &[Case] = &[
    shared("conflicts/a-match-freezes-both-until-resolved", a_match_freezes_both_until_resolved),
    shared("conflicts/of-a-race-of-adverse-parties-neither-is-clear", of_a_race_neither_is_clear),
    shared("conflicts/a-check-registers-nobody", a_check_registers_nobody),
    shared("conflicts/a-resolution-says-which-field-is-wrong", a_resolution_says_which_field_is_wrong),
    shared("conflicts/parties-are-kept", parties_are_kept),
];

fn name(firm: &Firm, conversation: &str, role: &str, name: &str) -> Value {
    let party = json!({ "role": role, "name": name });
    firm.post("attorney", &format!("{conversation}/parties"), &party).expect(201)
}

fn status(firm: &Firm, conversation: &str) -> Value {
    firm.get("attorney", conversation).expect(200)["conversation"]["conflictStatus"].clone()
}

fn becomes(firm: &Firm, conversation: &str, wanted: &str) {
    eventually(wanted, || (status(firm, conversation) == wanted).then_some(()));
}

/// Two conversations whose parties are adverse, and the path of their conflict.
fn adverse(firm: &Firm) -> (String, String, String) {
    let (first, second) = (firm.conversation(), firm.conversation());
    let clear = name(firm, &first, "client", "Katherine Brown");
    assert_eq!((&clear["screening"]["status"], &clear["screening"]["matches"]), (&json!("clear"), &json!([])));
    let found = name(firm, &second, "opposing_party", "Brown, Kathy");
    assert_eq!(found["screening"]["status"], "conflict_detected");
    assert_eq!(found["screening"]["matches"][0]["conversationId"], id(&first));
    let conflict = found["screening"]["matches"][0]["conflictId"].as_str().unwrap();
    let conflict = format!("/api/v1/firm/conflicts/{conflict}");
    becomes(firm, &first, "conflict_detected");
    (first, second, conflict)
}

fn a_match_freezes_both_until_resolved(firm: &Firm) {
    let (first, second, conflict) = adverse(firm);
    let said = json!({ "role": "user", "content": "There is more." });
    for conversation in [&first, &second] {
        firm.post("attorney", &format!("{conversation}/messages"), &said).problem(409, "intake_frozen", None);
        firm.say(conversation, "Please wait.").expect(201);
        let phase = json!({ "phase": "login_suggested" });
        firm.put("attorney", &format!("{conversation}/phase"), &phase).problem(409, "intake_frozen", None);
    }
    let token = firm.written(&second);
    let list = firm.list("attorney", "/api/v1/firm/conflicts", &token);
    assert_eq!(list["conflicts"][0]["conflictId"], id(&conflict));
    assert_eq!(firm.get("attorney", &conflict).expect(200)["conflict"]["status"], "detected");
    let verdict = json!({ "resolution": "no_conflict", "reason": "Another Kathy." });
    let resolved = firm.put("attorney", &format!("{conflict}/resolution"), &verdict).expect(200);
    assert_eq!(resolved["conflict"]["status"], "cleared");
    for conversation in [&first, &second] {
        becomes(firm, conversation, "clear");
        firm.post("attorney", &format!("{conversation}/messages"), &said).expect(201);
    }
}

fn of_a_race_neither_is_clear(firm: &Firm) {
    const NAMES: [&str; 8] = [
        "Ottilie Brandvold",
        "Ruth Okafor",
        "Zbigniew Kowalczyk",
        "Ada Quist",
        "Ingrid Sorensen",
        "Tomas Pereira",
        "Yusuf Demirel",
        "Marguerite Lafontaine",
    ];
    for person in NAMES {
        let (one, other) = (firm.conversation(), firm.conversation());
        let found = std::thread::scope(|scope| {
            let sides = [(&one, "client"), (&other, "opposing_party")];
            let sides = sides.map(|(conversation, role)| scope.spawn(move || name(firm, conversation, role, person)));
            sides.map(|side| side.join().unwrap())
        });
        let clear = found.iter().filter(|named| named["screening"]["status"] == "clear").count();
        assert_eq!(clear, 1, "of two, the second sees the first: {found:#?}");
        becomes(firm, &one, "conflict_detected");
        becomes(firm, &other, "conflict_detected");
        let conflicts = eventually("the conflict in the list", || {
            let path = format!("/api/v1/firm/conflicts?conversationId={}&limit=100", id(&one));
            let rows = firm.get("attorney", &path).expect(200)["conflicts"].as_array().unwrap().clone();
            (!rows.is_empty()).then_some(rows)
        });
        assert_eq!(conflicts.len(), 1, "one conflict a pair");
    }
}

fn a_check_registers_nobody(firm: &Firm) {
    let path = firm.conversation();
    name(firm, &path, "client", "Ruth Okafor");
    let check = |name: &str| {
        firm.post("attorney", "/api/v1/firm/conflicts/check", &json!({ "name": name })).expect(200).to_string()
    };
    assert!(check("Okafor, Ruth").contains("Ruth Okafor"));
    assert!(!check("Walter Nussbaum").contains("Ruth Okafor"));
    let parties = firm.get("attorney", "/api/v1/firm/parties").expect(200);
    assert_eq!(parties["parties"].as_array().unwrap().len(), 1, "{parties:#}");
}

fn a_resolution_says_which_field_is_wrong(firm: &Firm) {
    let (_, _, conflict) = adverse(firm);
    let resolve = |body: Value| firm.put("attorney", &format!("{conflict}/resolution"), &body);
    for (body, field) in [
        (json!({}), "resolution"),
        (json!({ "resolution": "no_conflict" }), "reason"),
        (json!({ "resolution": "odd", "reason": "x" }), "resolution"),
        (json!({ "resolution": "client_consented", "reason": "They agreed." }), "artefact"),
        (json!({ "status": "cleared" }), "status"),
    ] {
        resolve(body).problem(422, "invalid_value", Some(field));
    }
    let reviewing = resolve(json!({ "status": "reviewing", "notes": "Asking both." })).expect(200);
    assert_eq!(reviewing["conflict"]["status"], "reviewing");
    resolve(json!({ "resolution": "no_conflict", "reason": "Another." })).expect(200);
    resolve(json!({ "status": "reviewing" })).problem(409, "conflict_resolved", None);
    let reopened = resolve(json!({ "status": "detected", "reason": "It was them after all." })).expect(200);
    assert_eq!(reopened["conflict"]["reopened"], 1);
}

fn parties_are_kept(firm: &Firm) {
    let path = firm.conversation();
    let all = json!({ "parties": [{ "role": "client", "name": "Ada Quist" }, { "role": "related_entity", "name": "Tom Pereira" }] });
    firm.put("attorney", &format!("{path}/parties"), &all).expect(200);
    let listed = firm.get("attorney", &format!("{path}/parties")).expect(200);
    let names: Vec<_> = listed["parties"].as_array().unwrap().iter().map(|one| one["party"]["name"].clone()).collect();
    assert!(names.len() == 2 && names.contains(&json!("Ada Quist")), "{listed:#}");
    let known = json!({ "role": "client", "name": "Ingrid Sorensen" });
    let party = firm.post("attorney", "/api/v1/firm/parties", &known).expect(201)["party"]["partyId"].clone();
    let read = firm.get("attorney", &format!("/api/v1/firm/parties/{}", party.as_str().unwrap())).expect(200);
    assert_eq!(read["party"]["name"], "Ingrid Sorensen");
    let more = json!({ "parties": [{ "role": "client", "name": "Yusuf Demirel" }] });
    firm.post("managing_partner", "/api/v1/firm/imports/parties", &more).expect(200);
    let nobody = json!({ "role": "client", "name": " " });
    firm.post("attorney", &format!("{path}/parties"), &nobody).problem(422, "invalid_value", Some("name"));
}
