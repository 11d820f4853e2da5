//! Lists: fresh by token, paged without gaps, honest about what they hold.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

use super::{Case, shared};
use crate::firm::{CONVERSATIONS, Firm, id};

pub(super) const CASES: &[Case] = &[
    shared("lists/a-token-waits-for-its-write", a_token_waits_for_its_write),
    shared("lists/a-list-says-when-it-cannot-hold-the-write", a_list_says_when_it_cannot_hold_the_write),
    shared("lists/no-gap-while-writing", no_gap_while_writing),
    shared("lists/messages-come-newest-page-first", messages_come_newest_page_first),
    shared("lists/a-wrong-parameter-is-named", a_wrong_parameter_is_named),
    shared("lists/filters-and-order", filters_and_order),
    shared("lists/a-search-finds-what-was-said", a_search_finds_what_was_said),
];

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["sessionId"].as_str().unwrap()).collect()
}

fn a_token_waits_for_its_write(firm: &Firm) {
    let path = firm.conversation();
    for number in 0..10 {
        let said = firm.say(&path, &number.to_string());
        let token = said.header("x-engage-consistency").to_owned();
        let version = said.expect(201)["message"]["version"].clone();
        let page = firm.list("attorney", CONVERSATIONS, &token);
        assert_eq!(page["conversations"][0]["version"], version);
        assert_eq!(page["source"], "index");
        assert!(page["index"]["asOf"].is_string() && page["index"]["lagMs"].is_u64());
    }
}

fn a_list_says_when_it_cannot_hold_the_write(firm: &Firm) {
    let path = firm.conversation();
    let future = format!("conversation/{}@1000000", id(&path));
    let ask = |token: &str| firm.ask("attorney", "GET", CONVERSATIONS).header("x-engage-consistency", token).send();
    assert_eq!(ask(&future).expect(200)["index"]["consistent"], false);
    for bad in ["x", "conversation/x", "odd/01ARZ3NDEKTSV4RRFFQ69G5FAV@1", "conversation/01ARZ3NDEKTSV4RRFFQ69G5FAV@-1"]
    {
        ask(bad).problem(400, "invalid_header", Some("X-Engage-Consistency"));
    }
}

fn no_gap_while_writing(firm: &Firm) {
    let before: BTreeSet<_> = (0..25).map(|_| id(&firm.conversation()).to_owned()).collect();
    let token = firm.written(&firm.conversation());
    let sorted = format!("{CONVERSATIONS}?sort=createdAt&order=asc&limit=4");
    firm.list("attorney", &sorted, &token);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                firm.conversation();
            }
        });
        for order in ["asc", "desc"] {
            let path = format!("{CONVERSATIONS}?sort=createdAt&order={order}&limit=4");
            let mut rows = vec![];
            let mut next = path.clone();
            // As many pages as the rows from before take; who follows a growing list to its end may follow it forever.
            for _ in 0..40 {
                let page = firm.get("attorney", &next).expect(200);
                rows.extend(page["conversations"].as_array().unwrap().iter().cloned());
                let Some(cursor) = page["page"]["next"].as_str() else { break };
                next = format!("{path}&cursor={cursor}");
                if before.iter().all(|id| ids(&rows).contains(&id.as_str())) {
                    break;
                }
            }
            let seen = ids(&rows);
            let distinct: BTreeSet<_> = seen.iter().map(|id| (*id).to_owned()).collect();
            assert_eq!(distinct.len(), seen.len(), "no row twice");
            assert!(distinct.is_superset(&before), "no row left out");
        }
        over.store(true, Ordering::SeqCst);
    });
}

fn messages_come_newest_page_first(firm: &Firm) {
    let path = firm.conversation();
    for number in 1..=7 {
        firm.say(&path, &number.to_string()).expect(201);
    }
    let (mut pages, mut next) = (vec![], format!("{path}/messages?limit=3"));
    loop {
        let page = firm.get("attorney", &next).expect(200);
        let said = page["messages"].as_array().unwrap().iter().map(|message| message["content"].clone());
        pages.push(said.collect::<Value>());
        let Some(cursor) = page["page"]["next"].as_str() else { break };
        next = format!("{path}/messages?limit=3&cursor={cursor}");
    }
    assert_eq!(pages, [json!(["5", "6", "7"]), json!(["2", "3", "4"]), json!(["1"])]);
}

fn a_wrong_parameter_is_named(firm: &Firm) {
    for (query, field) in
        [("limit=0", "limit"), ("limit=101", "limit"), ("sort=size", "sort"), ("status=open", "status")]
    {
        let reply = firm.get("attorney", &format!("{CONVERSATIONS}?{query}"));
        assert!([400, 422].contains(&reply.status), "{query}: {:#}", reply.body);
        assert_eq!(reply.body["field"], field, "{query}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
}

fn filters_and_order(firm: &Firm) {
    let first = firm.conversation_of("First");
    let second = firm.conversation_of("Second");
    firm.put("attorney", &format!("{second}/status"), &json!({ "status": "completed" })).expect(200);
    let token = firm.put("attorney", &format!("{first}/identity"), &json!({ "clientPhone": "+1 555 0100" }));
    let token = token.header("x-engage-consistency").to_owned();
    let list = |query: &str| {
        let page = firm.list("attorney", &format!("{CONVERSATIONS}?{query}"), &token);
        ids(page["conversations"].as_array().unwrap()).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(list("status=completed"), [id(&second)]);
    assert_eq!(list("status=active"), [id(&first)]);
    assert_eq!(list("sort=createdAt&order=asc"), [id(&first), id(&second)]);
    assert_eq!(list("sort=createdAt&order=desc&limit=1"), [id(&second)]);
    assert!(list("practiceArea=tax").is_empty());
    for path in [
        "/api/v1/firm/analytics/attention",
        "/api/v1/firm/assignments/workload",
        "/api/v1/firm/analytics/practice-areas",
        "/api/v1/firm/analytics/overview",
    ] {
        assert_eq!(firm.list("attorney", path, &token)["source"], "index", "{path}");
    }
}

fn a_search_finds_what_was_said(firm: &Firm) {
    let path = firm.conversation();
    let said = firm.say(&path, "The flugelhorn was in the basement.");
    let token = said.header("x-engage-consistency").to_owned();
    let found = firm.list("attorney", "/api/v1/firm/search/conversations?q=flugelhorn", &token);
    assert!(found.to_string().contains(id(&path)), "{found:#}");
    let nothing = firm.list("attorney", "/api/v1/firm/search/conversations?q=tuba", &token);
    assert!(!nothing.to_string().contains(id(&path)), "{nothing:#}");
}
