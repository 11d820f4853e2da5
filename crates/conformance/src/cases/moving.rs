//! A firm moves: its journal is taken out of one target and brought into another.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Case, Run};
use crate::{
    control::{Lab, Target},
    firm::{CONVERSATIONS, Firm, eventually},
};

pub(super) const CASES: &[Case] = &[
    Case { name: "moving/a-firm-arrives-as-it-left", run: Run::Alone(a_firm_arrives_as_it_left) },
    Case { name: "moving/what-is-not-whole-is-not-there", run: Run::Alone(what_is_not_whole_is_not_there) },
    Case { name: "moving/only-an-administrator-may", run: Run::Alone(only_an_administrator_may) },
];

const JOURNAL: &str = "/api/v1/platform/firms/acme/journal";
const ADMIN: &str = "firm_admin";

/// All pages of heads or lines.
fn pages(firm: &Firm, path: &str, rows: &str) -> Vec<Value> {
    firm.pages(ADMIN, &format!("{JOURNAL}/{path}"), rows)
}

fn heads(firm: &Firm) -> BTreeMap<String, String> {
    let text = |head: &Value, field: &str| head[field].as_str().unwrap().to_owned();
    let heads = pages(firm, "heads", "objects");
    heads.iter().map(|head| (format!("{}/{}", text(head, "kind"), text(head, "name")), text(head, "hash"))).collect()
}

/// The digest by which both sides know that they have the same.
fn digest(heads: &BTreeMap<String, String>) -> String {
    let mut digest = Sha256::new();
    heads.iter().for_each(|(object, hash)| digest.update(format!("{object} {hash}\n")));
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The lines of a firm, and the heads that they lead to.
fn export(firm: &Firm) -> (Vec<Value>, BTreeMap<String, String>) {
    let begun = firm.ask(ADMIN, "POST", &format!("{JOURNAL}/exports")).send().expect(201);
    let lines = pages(firm, &format!("lines?export={}", begun["export"]["token"].as_str().unwrap()), "lines");
    (lines, heads(firm))
}

fn send(firm: &Firm, lines: &[Value]) -> crate::client::Reply {
    firm.post(ADMIN, &format!("{JOURNAL}/lines"), &json!({ "format": 2, "lines": lines }))
}

fn end(lines: &[Value], digest: &str) -> Value {
    let entries = lines.iter().filter(|line| line.get("entry").is_some()).count();
    json!({ "end": { "entries": entries, "digest": digest } })
}

/// A target without a firm, after the one that held some has ended.
fn elsewhere(lab: &Lab<'_>, target: Target) -> Target {
    target.stop();
    std::fs::remove_dir_all(lab.data()).unwrap();
    lab.start()
}

fn a_firm_arrives_as_it_left(lab: &Lab<'_>) {
    let target = lab.start();
    let here = target.found("acme");
    let path = here.conversation();
    let named = json!({ "name": "Jane Roe", "role": "opposing_party" });
    here.post("attorney", "/api/v1/firm/parties", &json!({ "name": "Jane Roe", "role": "client" })).expect(201);
    here.post("attorney", &format!("{path}/parties"), &named).expect(201);
    let said = json!({ "role": "agent", "content": "Once, and not twice." });
    let say = |firm: &Firm| {
        let say = firm.ask("attorney", "POST", &format!("{path}/messages")).header("Idempotency-Key", "key-1");
        say.json(&said).send().expect(201)
    };
    let first = say(&here);
    let create = |firm: &Firm| {
        let create = firm.ask("attorney", "POST", CONVERSATIONS).header("Idempotency-Key", "key-2");
        create.json(&json!({ "clientName": "Ann Lee", "practiceArea": "tax" })).send().expect(201)
    };
    let created = create(&here);
    let messages = here.get("attorney", &format!("{path}/messages")).expect(200)["messages"].clone();
    eventually("letters that have arrived", || {
        let seen = here.get("attorney", &path).expect(200);
        (seen["conversation"]["conflictStatus"] == "conflict_detected").then_some(())
    });
    let (lines, left) = export(&here);

    let target = elsewhere(lab, target);
    let there = target.firm("acme");
    let (some, others) = lines.split_at(lines.len() / 2);
    assert_eq!(send(&there, some).expect(200)["journal"]["state"], "receiving");
    // An answer may have been lost, so the same may come again.
    assert_eq!(send(&there, some).expect(200)["journal"]["state"], "receiving");
    assert_eq!(
        send(&there, &[others, &[end(&lines, &digest(&left))]].concat()).expect(200)["journal"]["state"],
        "complete"
    );
    assert_eq!(heads(&there), left);

    // It goes on where it was left: the same messages, the same answers, the same conflicts.
    assert_eq!(there.get("attorney", &format!("{path}/messages")).expect(200)["messages"], messages);
    assert_eq!(say(&there), first);
    assert_eq!(create(&there), created);
    let seen = there.get("attorney", &path).expect(200);
    assert_eq!(seen["conversation"]["conflictStatus"], "conflict_detected");
    let check =
        there.post("attorney", "/api/v1/firm/conflicts/check", &json!({ "name": "Jane Roe", "role": "client" }));
    assert_ne!(check.expect(200)["screening"]["matches"], json!([]));
    let token = there.written(&path);
    let listed = there.list("attorney", CONVERSATIONS, &token);
    assert_eq!(listed["conversations"].as_array().unwrap().len(), 2, "{listed:#}");
    let run = eventually("the end of the run that fills the index", || {
        let reply = there.ask("managing_partner", "POST", "/api/v1/platform/firms/acme/reconcile").send();
        (reply.status != 503).then(|| reply.expect(200)["reconciliation"].clone())
    });
    assert_eq!(run["findings"], json!([]), "{run:#}");
    // One that is here is brought in by nobody, nor taken away.
    send(&there, some).problem(409, "firm_exists", None);
    there.delete(ADMIN, &format!("{JOURNAL}/lines")).problem(409, "firm_exists", None);
    target.stop();
}

fn what_is_not_whole_is_not_there(lab: &Lab<'_>) {
    let target = lab.start();
    let here = target.found("acme");
    here.say(&here.conversation(), "Hello").expect(201);
    let (lines, left) = export(&here);

    let target = elsewhere(lab, target);
    let there = target.firm("acme");
    let wrong = end(&lines, &"0".repeat(64));
    send(&there, &[&lines[..], &[wrong]].concat()).problem(422, "invalid_value", Some("lines"));
    there.get("attorney", CONVERSATIONS).problem(404, "unknown_firm", None);
    let mut forged = lines.clone();
    let at = forged.iter().rposition(|line| line.get("entry").is_some()).unwrap();
    forged[at]["entry"]["action"] = json!("another");
    there.ask(ADMIN, "DELETE", &format!("{JOURNAL}/lines")).send().expect(200);
    let forged = send(&there, &[&forged[..], &[end(&lines, &digest(&left))]].concat());
    forged.problem(422, "invalid_value", Some("lines"));
    there.get("attorney", CONVERSATIONS).problem(404, "unknown_firm", None);
    // What is taken away makes room: for the same firm whole, or for another of its name.
    there.ask(ADMIN, "DELETE", &format!("{JOURNAL}/lines")).send().expect(200);
    send(&there, &lines[..2]).expect(200);
    there.ask(ADMIN, "DELETE", &format!("{JOURNAL}/lines")).send().expect(200);
    let firm = target.found("acme");
    assert_eq!(firm.get("attorney", CONVERSATIONS).expect(200)["conversations"], json!([]));
    target.stop();
}

fn only_an_administrator_may(lab: &Lab<'_>) {
    let target = lab.start();
    let firm = target.found("acme");
    for role in ["managing_partner", "attorney", "compliance_officer"] {
        firm.ask(role, "POST", &format!("{JOURNAL}/exports")).send().problem(403, "forbidden", None);
        firm.get(role, &format!("{JOURNAL}/heads")).problem(403, "forbidden", None);
    }
    let begun = firm.ask(ADMIN, "POST", &format!("{JOURNAL}/exports")).send().expect(201);
    let token = begun["export"]["token"].as_str().unwrap();
    // The token alone opens nothing, nor does another's.
    firm.get("attorney", &format!("{JOURNAL}/lines?export={token}")).problem(403, "forbidden", None);
    let bad = firm.get(ADMIN, &format!("{JOURNAL}/lines?export={token}0"));
    bad.problem(422, "invalid_value", Some("export"));
    let bad = firm.get(ADMIN, &format!("{JOURNAL}/lines?export={token}&cursor=x"));
    bad.problem(422, "invalid_value", Some("cursor"));
    // Each export is on record, with who began it.
    let written = firm.written(&firm.conversation());
    let audit = firm.list("compliance_officer", "/api/v1/firm/audit?action=journal_exported", &written);
    assert_eq!(audit["audit"].as_array().map(Vec::len), Some(1), "{audit:#}");
    // Nobody brings in a firm with the token of another, or without the role.
    let lines = json!({ "format": 2, "lines": [] });
    let there = target.firm("there");
    there.post("attorney", "/api/v1/platform/firms/there/journal/lines", &lines).problem(403, "forbidden", None);
    there.post(ADMIN, "/api/v1/platform/firms/here/journal/lines", &lines).problem(404, "unknown_firm", None);
    let old = json!({ "format": 1, "lines": [] });
    let old = there.post(ADMIN, "/api/v1/platform/firms/there/journal/lines", &old);
    old.problem(422, "invalid_value", Some("format"));
    target.stop();
}
