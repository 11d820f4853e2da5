//! Live streams: gapless, resumed, on record, ended when the right is gone.

use serde_json::json;

use super::{Case, shared};
use crate::{client::Ask, firm::Firm};

pub(super) const CASES: &[Case] = &[
    shared("streams/a-reader-that-comes-back-misses-nothing", a_reader_that_comes_back_misses_nothing),
    shared("streams/gapless-while-many-write", gapless_while_many_write),
    shared("streams/a-deletion-ends-it", a_deletion_ends_it),
];

fn open<'a>(firm: &'a Firm, path: &str, query: &str) -> Ask<'a> {
    firm.ask("attorney", "GET", &format!("{path}/stream{query}"))
}

fn a_reader_that_comes_back_misses_nothing(firm: &Firm) {
    let path = firm.conversation();
    firm.say(&path, "one").expect(201);
    let mut live = open(firm, &path, "").stream();
    let second = firm.say(&path, "two").expect(201);
    let seen = live.next().unwrap();
    assert_eq!((&*seen.kind, &*seen.id), ("message_added", "3"), "from now on");
    assert_eq!(seen.data["content"], "two");
    assert_eq!(seen.data["id"], second["message"]["id"]);
    drop(live);
    firm.say(&path, "three").expect(201);
    firm.put("attorney", &format!("{path}/phase"), &json!({ "phase": "login_suggested" })).expect(200);
    let back = open(firm, &path, "").header("last-event-id", "3").events(2);
    let back: Vec<_> = back.iter().map(|event| (&*event.kind, &*event.id)).collect();
    assert_eq!(back, [("message_added", "4"), ("phase_changed", "5")]);
    let whole: Vec<_> = open(firm, &path, "?after=0").events(5).into_iter().map(|event| event.id).collect();
    assert_eq!(whole, ["1", "2", "3", "4", "5"]);
    open(firm, &path, "?after=9").send().problem(422, "invalid_value", Some("Last-Event-ID"));
    open(firm, &path, "").header("last-event-id", "x").send().problem(400, "invalid_header", Some("Last-Event-ID"));
}

fn gapless_while_many_write(firm: &Firm) {
    let path = firm.conversation();
    let live = open(firm, &path, "?after=0").stream();
    let seen = std::thread::scope(|scope| {
        for writer in 0..8 {
            let path = &path;
            scope.spawn(move || {
                for number in 0..10 {
                    firm.say(path, &format!("{writer}: {number}")).expect(201);
                }
            });
        }
        live.take(81).map(|event| event.id.parse::<u64>().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(seen, (1..=81).collect::<Vec<_>>());
}

fn a_deletion_ends_it(firm: &Firm) {
    let path = firm.conversation();
    let live = open(firm, &path, "").stream();
    firm.delete("managing_partner", &path).expect(200);
    let seen: Vec<_> = live.map(|event| event.kind).collect();
    assert_eq!(seen, ["conversation_deleted"], "told, and then no more");
}
