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
    firm::{CONVERSATIONS, eventually, id},
};

pub(super) const CASES: &[Case] = &[
    Case { name: "crashes/an-orderly-end-keeps-everything", run: Run::Alone(an_orderly_end_keeps_everything) },
    Case { name: "crashes/what-was-acknowledged-survives-a-kill", run: Run::Alone(acknowledged_survives_a_kill) },
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
