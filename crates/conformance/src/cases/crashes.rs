//! Ends, in order and not: nothing that was acknowledged is lost, and the index catches up.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;

use super::{Case, Run};
use crate::{
    control::Lab,
    firm::{CONVERSATIONS, Firm, eventually, id},
};

pub(super) const CASES: &[Case] = &[
    Case { name: "crashes/an-orderly-end-keeps-everything", run: Run::Alone(an_orderly_end_keeps_everything) },
    Case { name: "crashes/what-was-acknowledged-survives-a-kill", run: Run::Alone(acknowledged_survives_a_kill) },
    Case { name: "crashes/a-repeated-key-gets-its-answer-after-a-kill", run: Run::Alone(a_key_outlives_a_kill) },
    Case {
        name: "crashes/adverse-parties-are-never-both-clear",
        run: Run::Alone(adverse_parties_are_never_both_clear),
    },
    Case { name: "crashes/a-stream-ends-when-the-target-does", run: Run::Alone(a_stream_ends_when_the_target_does) },
];

/// Targets that are killed, and how many messages each has acknowledged by then. Counted, not timed.
const TARGETS: usize = 3;
const LIFE: usize = 60;
const WRITERS: usize = 6;

fn an_orderly_end_keeps_everything(lab: &Lab<'_>) {
    let target = lab.start();
    let firm = target.found("acme");
    let path = firm.conversation();
    let token = firm.written(&path);
    let detail = firm.get("attorney", &path).expect(200);
    target.stop();
    let target = lab.start();
    let firm = target.firm("acme");
    assert_eq!(firm.get("attorney", &path).expect(200), detail);
    assert_eq!(firm.list("attorney", CONVERSATIONS, &token)["conversations"][0]["sessionId"], id(&path));
    target.stop();
}

fn acknowledged_survives_a_kill(lab: &Lab<'_>) {
    let target = lab.start();
    let firm = target.found("acme");
    let paths: Vec<_> = (0..WRITERS).map(|_| firm.conversation()).collect();
    target.stop();
    // What was answered, by message id; and what was sent, whether answered or not.
    let answered = Mutex::new(BTreeMap::new());
    for round in 0..TARGETS {
        let mut target = lab.start();
        let (firm, count) = (target.firm("acme"), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for path in &paths {
                let (target, firm, count, answered) = (&target, &firm, &count, &answered);
                scope.spawn(move || {
                    for number in 0.. {
                        let content = format!("{round}: {number}");
                        let body = json!({ "role": "agent", "content": content });
                        let ask = firm.ask("attorney", "POST", &format!("{path}/messages")).json(&body);
                        let Some(reply) = ask.try_send() else {
                            assert!(count.load(Ordering::SeqCst) >= LIFE, "the target was lost before it was killed");
                            return;
                        };
                        let message = reply.expect(201)["message"]["id"].as_str().unwrap().to_owned();
                        answered.lock().unwrap().insert(message, (path.clone(), content));
                        if count.fetch_add(1, Ordering::SeqCst) + 1 == LIFE {
                            target.kill_group();
                        }
                    }
                });
            }
        });
        target.kill();
    }
    let target = lab.start();
    let firm = target.firm("acme");
    let mut kept = BTreeMap::new();
    for path in &paths {
        for message in firm.pages("attorney", &format!("{path}/messages?limit=100"), "messages") {
            let text = |field: &str| message[field].as_str().unwrap().to_owned();
            kept.insert(text("id"), (path.clone(), text("content")));
        }
    }
    let answered = answered.into_inner().unwrap();
    assert!(answered.len() >= TARGETS * LIFE);
    for (message, said) in &answered {
        assert_eq!(kept.get(message), Some(said), "an acknowledged message");
    }
    // At most the one that each writer was waiting for is there without an answer.
    assert!(kept.len() <= answered.len() + TARGETS * WRITERS, "{} of {}", answered.len(), kept.len());
    for path in &paths {
        let version = firm.get("attorney", path).expect(200)["conversation"]["version"].clone();
        eventually("the index to catch up", || {
            let list = firm.get("attorney", CONVERSATIONS).expect(200);
            let rows = list["conversations"].as_array().unwrap();
            rows.iter().any(|row| row["sessionId"] == id(path) && row["version"] == version).then_some(())
        });
    }
    let run = firm.ask("managing_partner", "POST", "/api/v1/platform/firms/acme/reconcile?dryRun=true").send();
    assert_eq!(run.expect(200)["reconciliation"]["findings"], json!([]));
    target.stop();
}

fn a_stream_ends_when_the_target_does(lab: &Lab<'_>) {
    let target = lab.start();
    let firm = target.found("acme");
    let path = firm.conversation();
    let mut live = firm.ask("attorney", "GET", &format!("{path}/stream?after=0")).stream();
    assert_eq!(live.next().unwrap().kind, "conversation_created");
    target.stop();
    assert_eq!(live.count(), 0);
}

fn a_key_outlives_a_kill(lab: &Lab<'_>) {
    let mut target = lab.start();
    let firm = target.found("acme");
    let path = firm.conversation();
    let body = json!({ "role": "agent", "content": "Once." });
    let say = |firm: &Firm| {
        let ask = firm.ask("attorney", "POST", &format!("{path}/messages")).header("idempotency-key", "once");
        ask.json(&body).send().expect(201)
    };
    let first = say(&firm);
    target.kill();
    let target = lab.start();
    let firm = target.firm("acme");
    assert_eq!(say(&firm), first);
    assert_eq!(firm.get("attorney", &path).expect(200)["conversation"]["messageCount"], 1);
    target.stop();
}

/// Both sides of a pair are sent at once, the target is killed when one was answered, and who got no answer asks again.
fn adverse_parties_are_never_both_clear(lab: &Lab<'_>) {
    let names = ["Ottilie Brandvold", "Zbigniew Kowalczyk", "Yusuf Demirel", "Marguerite Lafontaine"];
    let mut target = lab.start();
    target.found("acme");
    for name in names {
        let firm = target.firm("acme");
        let sides = [(firm.conversation(), "client"), (firm.conversation(), "opposing_party")];
        let send = |firm: &Firm, (conversation, role): &(String, &str)| {
            let body = json!({ "role": role, "name": name });
            let ask = firm.ask("attorney", "POST", &format!("{conversation}/parties")).header("idempotency-key", role);
            ask.json(&body).try_send()
        };
        std::thread::scope(|scope| {
            for side in &sides {
                let (firm, target, send) = (&firm, &target, &send);
                scope.spawn(move || {
                    if send(firm, side).is_some() {
                        target.kill_group();
                    }
                });
            }
        });
        target.kill();
        target = lab.start();
        let firm = target.firm("acme");
        for side in &sides {
            send(&firm, side).unwrap().expect(201);
        }
        for (conversation, _) in &sides {
            eventually("the conflict in both conversations", || {
                let status = firm.get("attorney", conversation).expect(200)["conversation"]["conflictStatus"].clone();
                (status == "conflict_detected").then_some(())
            });
        }
        let list = format!("/api/v1/firm/conflicts?conversationId={}", id(&sides[0].0));
        let conflicts = eventually("the conflict in the list", || {
            let rows = firm.get("attorney", &list).expect(200)["conflicts"].as_array().unwrap().clone();
            (!rows.is_empty()).then_some(rows)
        });
        assert_eq!(conflicts.len(), 1, "one conflict a pair");
    }
    target.stop();
}
