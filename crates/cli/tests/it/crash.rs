//! A loaded server is killed, again and again: what was acknowledged is there, once.

use std::{
    collections::{BTreeMap, HashMap},
    process::ExitStatus,
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
    lists,
    rig::Rig,
};

/// How many acknowledged writes each server lives for. Counted, not timed, so that a slow machine tests the same.
fn life(round: usize) -> usize {
    1 + round * 37 % 113
}

/// How many servers are killed: many, for the moment between an answer and what should have come before it is short.
const SERVERS: usize = 40;
const WRITERS: usize = 12;
const CONVERSATIONS: usize = 4;

/// A write with a name of its own, by which it is found again.
#[derive(Clone, Debug)]
struct Write {
    /// The conversation to add a message to; none starts one.
    to: Option<String>,
    /// The message, or the client's name.
    text: String,
    /// Whether it carries an Idempotency-Key, and so may be sent again.
    keyed: bool,
}

impl Write {
    fn send(&self, client: &Client) -> Option<Reply> {
        let headers = if self.keyed { vec![("idempotency-key", self.text.as_str())] } else { vec![] };
        let (path, body) = match &self.to {
            Some(id) => {
                (format!("/api/v1/firm/conversations/{id}/messages"), json!({ "role": "user", "content": self.text }))
            }
            None => (
                "/api/v1/firm/conversations".to_owned(),
                json!({ "clientName": self.text, "practiceArea": "family_law" }),
            ),
        };
        client.send("POST", &path, &headers, &body).ok()
    }

    /// The conversation and the version that an answer speaks of.
    fn answered(&self, reply: Reply) -> Answered {
        let body = reply.expect(201);
        let conversation = body["conversation"]["sessionId"].as_str().unwrap().to_owned();
        let at = if self.to.is_some() { &body["message"] } else { &body["conversation"] };
        Answered { conversation, version: at["version"].as_u64().unwrap(), id: at["id"].clone() }
    }
}

/// What the server said of a write.
#[derive(Clone, Debug, PartialEq)]
struct Answered {
    conversation: String,
    version: u64,
    /// The message's id; null when a conversation was started.
    id: Value,
}

/// What is known of all writes so far.
#[derive(Default)]
struct Known {
    acknowledged: Vec<(Write, Answered)>,
    /// Sent, not answered: each may have happened, once.
    unanswered: Vec<Write>,
}

/// Writes from many threads until the server has acknowledged `life` of them. Whoever has got that answer sends the signal at once: were
/// an answer to come before what makes it durable, this is when it would be lost.
fn load(
    rig: &Rig,
    round: usize,
    life: usize,
    conversations: &[String],
    known: &mut Known,
    signal: Signal,
) -> ExitStatus {
    let mut server = rig.serve();
    let client = rig.partner(&server);
    let (over, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let noted = Mutex::new(&mut *known);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (over, acknowledged, noted, client) = (&over, &acknowledged, &noted, client.clone());
            let server = &server;
            scope.spawn(move || {
                for number in 0.. {
                    // With a key, so that in the end it is known whether it happened.
                    let starts = writer % 6 == 0 && number % 4 == 3;
                    let write = Write {
                        to: (!starts).then(|| conversations[writer % CONVERSATIONS].clone()),
                        text: format!("round-{round}-writer-{writer}-number-{number}"),
                        keyed: writer % 2 == 0,
                    };
                    match write.send(&client) {
                        Some(reply) => {
                            if acknowledged.fetch_add(1, Ordering::SeqCst) + 1 == life {
                                over.store(true, Ordering::SeqCst);
                                server.signal(signal);
                            }
                            let answered = write.answered(reply);
                            noted.lock().unwrap().acknowledged.push((write, answered));
                        }
                        None => {
                            noted.lock().unwrap().unanswered.push(write);
                            assert!(over.load(Ordering::SeqCst), "the server was lost before it was killed");
                            return;
                        }
                    }
                }
            });
        }
    });
    server.wait()
}

/// Sends again what carries a key: what was answered before gets the same answer, what was not happens now if it had not.
fn retry(client: &Client, known: &mut Known) {
    for (write, answered) in known.acknowledged.iter().filter(|(write, _)| write.keyed).rev().take(40) {
        assert_eq!(write.answered(write.send(client).unwrap()), *answered, "{write:?}");
    }
    let (again, once): (Vec<_>, Vec<_>) = known.unanswered.drain(..).partition(|write| write.keyed);
    known.unanswered = once;
    for write in again {
        let answered = write.answered(write.send(client).unwrap());
        assert_eq!(write.answered(write.send(client).unwrap()), answered, "{write:?}");
        known.acknowledged.push((write, answered));
    }
}

/// Every acknowledged message is where the answer said, no text is there twice, and no version is left out.
fn check_messages(client: &Client, conversations: &[String], known: &Known) {
    let mut found: HashMap<(String, String), (u64, Value)> = HashMap::new();
    for id in conversations {
        let messages = lists::messages(client, id);
        let versions: Vec<_> = messages.iter().map(|message| message["version"].as_u64().unwrap()).collect();
        let first = versions.first().copied().unwrap_or_default();
        assert!(versions.iter().copied().eq((first..).take(versions.len())), "{versions:?}");
        let conversation = &lists::detail(client, id)["conversation"];
        assert_eq!(conversation["messageCount"], messages.len());
        if let Some(last) = versions.last() {
            assert_eq!(conversation["version"], *last);
            assert_eq!(first, last + 1 - versions.len() as u64);
        }
        for message in messages {
            let text = message["content"].as_str().unwrap().to_owned();
            let at = (message["version"].as_u64().unwrap(), message["id"].clone());
            assert_eq!(found.insert((id.clone(), text), at), None, "{message:#} is there twice");
        }
    }
    let mut expected = 0;
    for (write, answered) in known.acknowledged.iter().filter(|(write, _)| write.to.is_some()) {
        let at = found.get(&(answered.conversation.clone(), write.text.clone()));
        assert_eq!(at, Some(&(answered.version, answered.id.clone())), "{write:?} was acknowledged");
        expected += 1;
    }
    let unanswered = known.unanswered.iter().filter(|write| write.to.is_some());
    let happened =
        unanswered.filter(|write| found.contains_key(&(write.to.clone().unwrap_or_default(), write.text.clone())));
    assert_eq!(found.len(), expected + happened.count(), "nothing is there that nobody sent");
}

/// Every conversation that was acknowledged as started is there once, and list and detail agree. Nothing else was started.
fn check_conversations(client: &Client, conversations: &[String], known: &Known) {
    let started: Vec<_> = known.acknowledged.iter().filter(|(write, _)| write.to.is_none()).collect();
    let details = lists::agreed(client, conversations.len() + started.len());
    let mut by_name: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (id, detail) in &details {
        by_name.entry(detail["conversation"]["clientName"].as_str().unwrap()).or_default().push(id);
    }
    for (write, answered) in started {
        assert_eq!(by_name[write.text.as_str()], [&answered.conversation], "{write:?} was acknowledged");
    }
}

/// Starts the conversations that are to be written to.
fn start(rig: &Rig) -> Vec<String> {
    let server = rig.serve();
    let client = rig.partner(&server);
    let started = (0..CONVERSATIONS).map(|number| {
        let write = Write { to: None, text: format!("Client {number}"), keyed: false };
        write.answered(write.send(&client).unwrap()).conversation
    });
    let started = started.collect();
    server.stop();
    started
}

#[test]
fn a_loaded_server_that_is_killed_keeps_every_acknowledged_write_once() {
    let rig = Rig::new();
    let conversations = start(&rig);
    let mut known = Known::default();
    for round in 0..SERVERS {
        let ended = load(&rig, round, life(round), &conversations, &mut known, Signal::KILL);
        assert_eq!(ended.code(), None);
        // Now and then the next to open the folder is the checker, else a server.
        if round % 4 == 0 {
            rig.is_sound();
        }
        let server = rig.serve();
        let client = rig.partner(&server);
        retry(&client, &mut known);
        check_messages(&client, &conversations, &known);
    }
    let server = rig.serve();
    let client = rig.partner(&server);
    check_conversations(&client, &conversations, &known);
    assert!(known.acknowledged.len() >= (0..SERVERS).map(life).sum());
    server.stop();
    rig.is_sound();
}

#[test]
fn a_loaded_server_that_is_told_to_end_answers_what_it_has_begun_and_begins_nothing_else() {
    let rig = Rig::new();
    let conversations = start(&rig);
    let mut known = Known::default();
    for (round, life) in [1, 80, 150].into_iter().enumerate() {
        let ended = load(&rig, round, life, &conversations, &mut known, Signal::TERM);
        assert_eq!(ended.code(), Some(0));
    }
    rig.is_sound();
    // None of what was not answered happened.
    known.unanswered.clear();
    let server = rig.serve();
    let client = rig.partner(&server);
    check_messages(&client, &conversations, &known);
    check_conversations(&client, &conversations, &known);
    server.stop();
}

#[test]
fn correction_6_what_was_acknowledged_just_before_a_kill_reaches_the_index() {
    let rig = Rig::new();
    let mut expected = vec![];
    for round in 0..12 {
        let mut server = rig.serve();
        let client = rig.partner(&server);
        let write = Write { to: None, text: format!("Client {round}"), keyed: false };
        let id = write.answered(write.send(&client).unwrap()).conversation;
        for number in 0..round {
            let write = Write { to: Some(id.clone()), text: format!("message {number}"), keyed: false };
            write.answered(write.send(&client).unwrap());
        }
        server.kill();
        expected.push(id);
    }
    let server = rig.serve();
    let details = lists::agreed(&rig.partner(&server), expected.len());
    for (messages, id) in expected.iter().enumerate() {
        assert_eq!(details[id]["conversation"]["messageCount"], messages);
    }
    server.stop();
    rig.is_sound();
}
