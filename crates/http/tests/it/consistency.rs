//! Every list and report of the OpenAPI document, JSON and file alike: it reads the consistency token, waits for the write that the token
//! names, and says how fresh it is. One that is added without doing so fails here.

use std::collections::BTreeSet;

use axum::http::Method;
use engage_domain::{Role, Timestamp};
use engage_native::Platform;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::cases::{self, Case, Things};
use engage_testkit::{Reply, TestApp};

const HEADER: &str = "X-Engage-Consistency";

/// Pages of what was said, from the conversation itself, which holds every write that it has acknowledged: there is nothing to wait for.
const FROM_THE_OBJECT: [&str; 8] = [
    "/api/v1/firm/conversations/{id}",
    "/api/v1/firm/conversations/{id}/messages",
    "/api/v1/conversations/resume/{token}",
    "/api/v1/firm/conversations/{id}/parties",
    "/api/v1/firm/parties",
    "/api/v1/firm/parties/{id}",
    "/api/v1/platform/firms/{firm}/journal/heads",
    "/api/v1/platform/firms/{firm}/journal/lines",
];

/// The paths of the operations that answer from an index: those that say so in their answer, whose answer is a page, that are a file, or that
/// stand among the dashboards and reports.
fn lists(document: &Value) -> BTreeSet<String> {
    let gets = document["paths"].as_object().unwrap().iter().map(|(path, item)| (path, &item["get"]));
    let lists = gets.filter(|(path, operation)| {
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        let name = schema.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let fields = &document["components"]["schemas"][name]["properties"];
        let tagged =
            ["exports", "analytics", "compliance"].contains(&operation["tags"][0].as_str().unwrap_or_default());
        let paged = !fields["page"].is_null() || parameter(operation, "limit");
        !FROM_THE_OBJECT.contains(&path.as_str()) && (tagged || paged || !fields["index"].is_null())
    });
    lists.map(|(path, _)| path.clone()).collect()
}

fn parameter(operation: &Value, name: &str) -> bool {
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.any(|parameter| parameter["name"] == name)
}

/// What an answer says of its freshness: of a page in its body, of a file in its headers.
fn freshness(path: &str, reply: Reply) -> bool {
    let (as_of, lag_ms, consistent) = if [".csv", ".ndjson"].iter().any(|ending| path.contains(ending)) {
        let headers = ["x-engage-as-of", "x-engage-lag-ms", "x-engage-consistent"];
        let [as_of, lag_ms, consistent] = headers.map(|name| reply.header(name).to_owned());
        reply.expect(200);
        (as_of, lag_ms.parse().ok(), consistent.parse().ok())
    } else {
        let body = reply.expect(200);
        assert_eq!(body["source"], "index", "{path}");
        let index = &body["index"];
        (index["asOf"].as_str().unwrap_or_default().to_owned(), index["lagMs"].as_u64(), index["consistent"].as_bool())
    };
    assert!(as_of.parse::<Timestamp>().is_ok(), "{path}: asOf {as_of}");
    assert!(lag_ms.is_some(), "{path}: lagMs");
    consistent.unwrap_or_else(|| panic!("{path} does not say whether it holds the write"))
}

/// A firm with a conversation, whom it answers, and every list with a request for it.
struct Scene {
    app: TestApp,
    partner: String,
    things: Things,
    cases: Vec<Case>,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let partner = app.token(Role::ManagingPartner);
        let conversation = app.conversation(&partner).await.rsplit('/').next().unwrap().to_owned();
        let lists = lists(&serde_json::to_value(engage_http::openapi::<Platform>()).unwrap());
        let mut cases = cases::all();
        cases.retain(|case| case.method == Method::GET && lists.contains(case.path.split('?').next().unwrap()));
        assert_eq!(cases.len(), lists.len(), "a case a list");
        let things = Things { conversation, user: String::new(), party: String::new(), conflict: String::new() };
        Self { app, partner, things, cases }
    }

    async fn ask(&self, case: &Case, consistency: &str) -> Reply {
        let path = case.path(&self.things, "");
        self.app.ask("GET", &path).token(&self.partner).header(HEADER, consistency).send().await
    }
}

#[test]
fn every_list_and_report_is_described_as_one_that_waits() {
    let document = serde_json::to_value(engage_http::openapi::<Platform>()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let waiting =
        paths.flat_map(|(path, item)| item.as_object().unwrap().values().map(move |operation| (path, operation)));
    let waiting: BTreeSet<_> =
        waiting.filter(|(_, operation)| parameter(operation, HEADER)).map(|(path, _)| path.clone()).collect();
    assert_eq!(waiting, lists(&document));
    assert!(waiting.len() >= 42, "fourteen lists and reports, each in three forms: {waiting:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_and_report_names_the_header_of_a_token_that_is_none() {
    let scene = Scene::new().await;
    for case in &scene.cases {
        for bad in
            ["x", "conversation/x", "odd/01ARZ3NDEKTSV4RRFFQ69G5FAV@1", "conversation/01ARZ3NDEKTSV4RRFFQ69G5FAV@-1"]
        {
            let reply = scene.ask(case, bad).await;
            assert_eq!(reply.status, 400, "{} with {bad}: {:#}", case.path, reply.body);
            reply.problem(400, "invalid_header", Some(HEADER));
        }
    }
    let audit = scene.app.audit("acme").await;
    assert!(audit.iter().all(|row| &*row.action != "data_exported"), "nothing has left");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_and_report_waits_for_the_write_that_a_token_names() {
    let scene = Scene::new().await;
    let messages = format!("/api/v1/firm/conversations/{}/messages", scene.things.conversation);
    for case in &scene.cases {
        let said = scene.app.post(&scene.partner, &messages, json!({ "role": "agent", "content": "Hello" })).await;
        let token = said.header("x-engage-consistency").to_owned();
        said.expect(201);
        assert!(freshness(case.path, scene.ask(case, &token).await), "{} does not hold the write", case.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_and_report_answers_and_says_so_where_it_cannot_hold_the_write_in_time() {
    let scene = Scene::new().await;
    let future = format!("conversation/{}@1000000", scene.things.conversation);
    let replies = join_all(scene.cases.iter().map(|case| scene.ask(case, &future))).await;
    for (case, reply) in scene.cases.iter().zip(replies) {
        assert!(!freshness(case.path, reply), "{} pretends to hold what it cannot hold", case.path);
    }
}
