//! A server that takes in adverse parties is killed, again and again: never are both conversations of a pair clear.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    client::{Client, Reply},
    rig::{Rig, eventually},
};

/// How many servers are killed, and how many parties each has acknowledged by then. Counted, not timed.
const SERVERS: usize = 12;
const LIFE: usize = 25;
const PAIRS_AT_ONCE: usize = 4;

/// Names of two words that no two pairs share.
fn name(pair: usize, reversed: bool) -> String {
    const SYLLABLES: [&str; 12] = ["bra", "den", "fil", "gor", "hup", "jav", "kem", "lox", "mir", "nuz", "pol", "ster"];
    let word = |seed: usize| -> String {
        let mut number = seed.wrapping_mul(2_654_435_761) % 1_000_003;
        let syllables = (0..4).map(|_| {
            number = (number * 31 + 7) % 1_000_003;
            SYLLABLES[number % SYLLABLES.len()]
        });
        syllables.collect()
    };
    let (first, last) = (word(2 * pair + 1), word(2 * pair + 2));
    if reversed { format!("{last}, {first}") } else { format!("{first} {last}") }
}

/// One side of a pair, in a conversation of its own.
#[derive(Clone, Debug)]
struct Half {
    pair: usize,
    opposing: bool,
    conversation: String,
}

impl Half {
    fn send(&self, client: &Client) -> Option<Reply> {
        let role = if self.opposing { "opposing_party" } else { "client" };
        let body = json!({ "role": role, "name": name(self.pair, self.opposing), "kind": "person" });
        let key = format!("pair-{}-{role}", self.pair);
        let path = format!("/api/v1/firm/conversations/{}/parties", self.conversation);
        client.send("POST", &path, &[("idempotency-key", key.as_str())], &body).ok()
    }
}

fn begin(client: &Client) -> String {
    let body = json!({ "clientName": "Somebody", "practiceArea": "family_law" });
    let begun = client.post("/api/v1/firm/conversations", &body).expect(201);
    begun["conversation"]["sessionId"].as_str().unwrap().to_owned()
}

/// Both halves of some pairs are sent at once until the server has acknowledged `LIFE` of them and is killed.
fn load(rig: &Rig, round: usize, halves: &Mutex<Vec<Half>>) {
    let mut server = rig.serve();
    let client = rig.partner(&server);
    let (over, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    for number in 0.. {
        let pairs: Vec<_> = (0..PAIRS_AT_ONCE).map(|at| (round * 1_000 + number) * PAIRS_AT_ONCE + at).collect();
        let begun: Vec<_> = pairs
            .iter()
            .flat_map(|pair| [false, true].map(|opposing| Half { pair: *pair, opposing, conversation: begin(&client) }))
            .collect();
        halves.lock().unwrap().extend(begun.iter().cloned());
        thread::scope(|scope| {
            for half in &begun {
                let (server, client, over, acknowledged) = (&server, &client, &over, &acknowledged);
                scope.spawn(move || match half.send(client) {
                    Some(reply) => {
                        if acknowledged.fetch_add(1, Ordering::SeqCst) + 1 == LIFE {
                            over.store(true, Ordering::SeqCst);
                            server.signal(Signal::KILL);
                        }
                        reply.expect(201);
                    }
                    None => assert!(over.load(Ordering::SeqCst), "the server was lost before it was killed"),
                });
            }
        });
        if over.load(Ordering::SeqCst) {
            break;
        }
    }
    assert_eq!(server.wait().code(), None);
}

#[test]
fn a_server_that_is_killed_while_adverse_parties_come_in_lets_no_pair_be_clear_on_both_sides() {
    let rig = Rig::new();
    let halves = Mutex::new(vec![]);
    for round in 0..SERVERS {
        load(&rig, round, &halves);
        // Also while the letters that the killed server left are delivered by whoever opens the folder next, which is this.
        rig.is_sound();
    }
    let halves = halves.into_inner().unwrap();
    let server = rig.serve();
    let client = rig.partner(&server);
    // Whoever got no answer asks again; who got one gets it again.
    for half in &halves {
        half.send(&client).unwrap().expect(201);
    }
    for pair in halves.chunks(2) {
        let [one, other] = pair else { unreachable!("halves come in twos") };
        for half in pair {
            let path = format!("/api/v1/firm/conversations/{}", half.conversation);
            eventually("the conflict in both conversations", || {
                let status = client.get(&path).expect(200)["conversation"]["conflictStatus"].clone();
                (status == "conflict_detected").then_some(())
            });
        }
        // One conflict between the two, whichever side it is looked for from.
        let between = |from: &Half, to: &Half| -> Vec<Value> {
            let list = format!("/api/v1/firm/conflicts?conversationId={}&limit=100", from.conversation);
            let found = client.get(&list).expect(200)["conflicts"].as_array().unwrap().clone();
            let concerns = |conflict: &Value| {
                [&conflict["conversationId"], &conflict["otherConversationId"]].contains(&&json!(to.conversation))
            };
            found.into_iter().filter(concerns).map(|conflict| conflict["conflictId"].clone()).collect()
        };
        let found =
            eventually("the conflict in the list", || Some(between(one, other)).filter(|found| !found.is_empty()));
        assert_eq!(found.len(), 1, "{one:?} {other:?}");
        assert_eq!(between(other, one), found);
    }
    assert!(halves.len() >= SERVERS * LIFE);
    server.stop();
    rig.is_sound();
}
