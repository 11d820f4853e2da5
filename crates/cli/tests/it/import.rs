//! Importing files: whole, in pieces, with bad rows; into a folder and through a server.
//!
//! The file that is killed half way is a pipe which holds half of the rows, so that no machine is fast enough to be done before.

use std::{collections::BTreeMap, path::PathBuf};

use engage_domain::PracticeArea;
use serde_json::{Value, json};

use crate::{
    client::Client,
    lists,
    rig::{Ended, Fed, Rig, Server, eventually, run},
};

/// A file, how it is read, and what is to come of it.
struct Source {
    bytes: Vec<u8>,
    map: Vec<&'static str>,
    expected: BTreeMap<String, Expected>,
}

/// What a row is to become.
#[derive(Debug, PartialEq)]
struct Expected {
    name: Option<String>,
    area: String,
    status: &'static str,
    created: String,
    last: String,
    /// The first message.
    message: Option<String>,
}

/// A year of made-up conversations, one in seven with a message of several lines.
fn made(rows: usize) -> Source {
    const AREAS: [&str; 4] = ["Family law", "Real estate & property", "Employment", "Immigration"];
    const STATES: [(&str, &str); 4] = [
        ("Open", "active"),
        ("Closed with explanation", "completed"),
        ("Withdrawn", "terminated"),
        ("done", "completed"),
    ];
    let mut csv = csv::Writer::from_writer(vec![]);
    csv.write_record(["Matter", "Person", "Kind", "State", "Opened", "Touched", "Story"]).unwrap();
    let mut expected = BTreeMap::new();
    for row in 0..rows {
        let (kind, (state, status)) = (AREAS[row % 4], STATES[row / 4 % 4]);
        let (id, name) = (format!("M-{row:05}"), format!("Client, {row} \"Jr.\""));
        let opened = format!("2025-{:02}-{:02}", 1 + row % 11, 1 + row % 28);
        let touched = format!("2025-{:02}-{:02}", 2 + row % 11, 1 + row % 28);
        let story = match row % 7 {
            0 => format!("It began in {opened}.\n\n\"Then\" it went on, {row} times.\n"),
            _ => String::new(),
        };
        csv.write_record([&id, &name, kind, state, &opened, &touched, &story]).unwrap();
        let row = Expected {
            name: Some(name),
            area: kind.parse::<PracticeArea>().unwrap().to_string(),
            status,
            created: format!("{opened}T00:00:00.000Z"),
            last: format!("{touched}T00:00:00.000Z"),
            message: Some(story.trim().to_owned()).filter(|story| !story.is_empty()),
        };
        expected.insert(id, row);
    }
    Source {
        bytes: csv.into_inner().unwrap(),
        map: vec![
            "--external-id",
            "Matter",
            "--map",
            "clientName=Person",
            "practiceArea=Kind",
            "status=State",
            "createdAt=Opened",
            "lastActivity=Touched",
            "message=Story",
        ],
        expected,
    }
}

/// The real complaints, where they are at hand.
fn complaints() -> Option<Source> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cfpb-complaints.csv");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: the file of complaints is not there");
        return None;
    };
    let iso = |date: &str| format!("{}-{}-{}T00:00:00.000Z", &date[6..], &date[..2], &date[3..5]);
    let mut csv = csv::Reader::from_reader(&*bytes);
    let headers = csv.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (id, product, narrative) = (column("Complaint ID"), column("Product"), column("Consumer complaint narrative"));
    let (received, sent, response) =
        (column("Date received"), column("Date sent to company"), column("Company response to consumer"));
    // The one product whose slug would be too long keeps as many of its words as fit.
    let area = |product: &str| match product {
        "Credit reporting, credit repair services, or other personal consumer reports" => {
            "credit_reporting_credit_repair_services_or_other_personal".to_owned()
        }
        product => product.parse::<PracticeArea>().unwrap().to_string(),
    };
    let mut expected = BTreeMap::new();
    for record in csv.records() {
        let record = record.unwrap();
        let created = iso(&record[received]);
        let row = Expected {
            name: None,
            area: area(&record[product]),
            status: match &record[response] {
                "In progress" => "active",
                "Untimely response" => "terminated",
                closed if closed.starts_with("Closed") => "completed",
                other => panic!("{other}"),
            },
            last: iso(&record[sent]).max(created.clone()),
            created,
            message: Some(record[narrative].trim().to_owned()).filter(|narrative| !narrative.is_empty()),
        };
        expected.insert(record[id].to_owned(), row);
    }
    assert_eq!(expected.len(), 802);
    Some(Source {
        bytes,
        map: vec![
            "--external-id",
            "Complaint ID",
            "--date-format",
            "%m/%d/%Y",
            "--map",
            "practiceArea=Product",
            "situation=Company",
            "status=Company response to consumer",
            "createdAt=Date received",
            "lastActivity=Date sent to company",
            "message=Consumer complaint narrative",
        ],
        expected,
    })
}

/// Where to: `--data DATA`, or `--url` and a server.
fn command(rig: &Rig, file: &str, to: [&str; 2], map: &[&str]) -> std::process::Command {
    let mut args = vec!["import", "conversations", file, "--format", "csv", "--json", "--firm", "acme"];
    args.extend(to);
    args.extend(map);
    rig.command(&args)
}

/// Each row is one conversation, the list and each detail say of it what the file says, and nothing else is there.
fn check(client: &Client, source: &Source) {
    let details = lists::agreed(client, source.expected.len());
    let mut found = BTreeMap::new();
    for (id, detail) in &details {
        let conversation = &detail["conversation"];
        let text = |field: &str| conversation[field].as_str().map(str::to_owned);
        let status = match conversation["status"].as_str().unwrap() {
            "active" => "active",
            "completed" => "completed",
            "terminated" => "terminated",
            other => panic!("{other}"),
        };
        let messages = detail["messages"].as_array().unwrap();
        assert_eq!(conversation["messageCount"], messages.len(), "{id}");
        let message: String = messages.iter().map(|message| message["content"].as_str().unwrap()).collect();
        let row = Expected {
            name: text("clientName"),
            area: text("practiceArea").unwrap(),
            status,
            created: text("createdAt").unwrap(),
            last: text("lastActivity").unwrap(),
            message: Some(message.trim().to_owned()).filter(|message| !message.is_empty()),
        };
        assert_eq!(found.insert(text("externalId").unwrap(), row), None, "{id} is there twice");
    }
    for (id, expected) in &source.expected {
        assert_eq!(found.get(id), Some(expected), "{id}");
    }
    let settings = client.get("/api/v1/firm/settings").expect(200);
    let areas = settings["settings"]["practiceAreas"].as_array().unwrap();
    for expected in source.expected.values() {
        assert_eq!(areas.iter().filter(|area| area["id"] == expected.area.as_str()).count(), 1, "{}", expected.area);
    }
}

/// What an import reports: rows, imported, already there, left out.
fn counts(report: &Value) -> [u64; 4] {
    ["rows", "imported", "alreadyThere", "failed"].map(|count| report[count].as_u64().unwrap())
}

fn killed_half_way(source: &Source) {
    let rig = Rig::new();
    let total = source.expected.len() as i64;
    // As far as the first row; as far as half of the file, in the middle of a row or of a character.
    for (part, enough) in [(source.bytes.len() / 3, 1), (source.bytes.len() / 2, total / 4)] {
        let mut import = command(&rig, "/dev/stdin", ["--data", "DATA"], &source.map);
        let fed = Fed::start(&mut import, &source.bytes[..part]);
        eventually("some conversations", || (rig.stored_conversations() >= enough).then_some(()));
        fed.kill();
        let stored = rig.stored_conversations();
        assert!((enough..total).contains(&stored), "{stored} of {total}");
        rig.is_sound();
    }
    let stored = rig.stored_conversations() as u64;
    let file = rig.write("whole.csv", &source.bytes);
    let whole = || command(&rig, file.to_str().unwrap(), ["--data", "DATA"], &source.map);
    let total = total as u64;
    assert_eq!(counts(&run(&mut whole()).json(0)), [total, total - stored, stored, 0]);
    rig.is_sound();
    assert_eq!(counts(&run(&mut whole()).json(0)), [total, 0, total, 0], "a second run changes nothing");
    assert_eq!(rig.stored_conversations() as u64, total);
    let server = rig.serve();
    check(&rig.partner(&server), source);
    server.stop();
    rig.is_sound();
}

#[test]
fn an_import_that_is_killed_half_way_and_run_again_brings_each_row_in_once() {
    killed_half_way(&made(400));
}

#[test]
fn the_complaints_killed_half_way_and_run_again_are_802_conversations() {
    if let Some(complaints) = complaints() {
        killed_half_way(&complaints);
    }
}

fn killed_through_a_server(source: &Source) {
    let rig = Rig::new();
    let total = source.expected.len() as u64;
    let half = &source.bytes[..source.bytes.len() / 2];
    let through = |server: &Server, file: &str| command(&rig, file, ["--url", &server.url], &source.map);
    let mut server = rig.serve();
    let fed = Fed::start(&mut through(&server, "/dev/stdin"), half);
    eventually("some conversations", || (rig.stored_conversations() > 0).then_some(()));
    fed.kill();

    let fed = Fed::start(&mut through(&server, "/dev/stdin"), half);
    server.kill();
    let stored = rig.stored_conversations() as u64;
    assert!((1..total).contains(&stored), "{stored}");
    let ended = fed.finish(&source.bytes[half.len()..]);
    assert!(ended.err.contains("cannot reach"), "{ended:#?}");
    ended.expect(1);

    let server = rig.serve();
    let file = rig.write("whole.csv", &source.bytes);
    let report = run(&mut through(&server, file.to_str().unwrap())).json(0);
    assert_eq!(counts(&report), [total, total - stored, stored, 0], "{report:#}");
    check(&rig.partner(&server), source);
    server.stop();
    rig.is_sound();
}

#[test]
fn an_import_through_a_server_survives_the_death_of_either() {
    killed_through_a_server(&made(450));
}

#[test]
fn the_complaints_through_a_server_are_802_conversations() {
    if let Some(complaints) = complaints() {
        killed_through_a_server(&complaints);
    }
}

/// A good row, and bad ones on the lines 3, 4, 5 and 8.
const SPOILT: &str = "id,clientName,status,createdAt,message\n\
    1,Ann,open,2025-01-01,\n\
    2,Bob,open,the day before yesterday,\n\
    ,Cid,open,2025-01-01,\n\
    4,Dee,gone fishing,2025-01-01,\n\
    5,Eve,closed,2025-01-01,\"two\nlines\"\n\
    6,too,few\n\
    7,Fay,,,\n";

fn spoilt(ended: Ended) {
    let report = ended.json(1);
    assert_eq!(counts(&report), [7, 3, 0, 4], "{report:#}");
    let errors = report["errors"].as_array().unwrap();
    let lines: Vec<_> = errors.iter().map(|error| error["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [3, 4, 5, 8]);
    assert!(errors.iter().all(|error| error["message"].as_str().is_some_and(|message| !message.is_empty())));
}

#[test]
fn bad_rows_are_reported_with_their_lines_and_do_not_stop_the_rest() {
    let rig = Rig::new();
    let file = rig.write("spoilt.csv", SPOILT);
    let file = file.to_str().unwrap();
    spoilt(run(&mut command(&rig, file, ["--data", "DATA"], &["--external-id", "id"])));
    let plain = rig.run(&["import", "conversations", file, "--firm", "acme", "--data", "DATA", "--external-id", "id"]);
    assert!(plain.err.contains("line 3: ") && plain.err.contains("line 8: "), "{plain:#?}");
    assert_eq!(plain.expect(1).trim(), "7 rows: 0 imported, 3 there already, 4 left out");

    let other = Rig::new();
    let server = other.serve();
    spoilt(run(&mut command(&other, file, ["--url", &server.url], &["--external-id", "id"])));
    let names = lists::agreed(&other.partner(&server), 3);
    let names: Vec<_> = names.values().map(|detail| detail["conversation"]["clientName"].as_str().unwrap()).collect();
    assert!(["Ann", "Eve", "Fay"].iter().all(|name| names.contains(name)), "{names:?}");
    server.stop();
    other.is_sound();
}

#[test]
fn an_import_that_was_asked_for_wrongly_says_so_and_brings_nothing_in() {
    let rig = Rig::new();
    let file = rig.write("good.csv", "id,name\n1,Ann\n");
    let file = file.to_str().unwrap();
    let check = |args: &[&str], code: i32, says: &str| {
        let ended = rig.run(args);
        assert!(ended.err.contains(says), "{ended:#?}");
        ended.expect(code);
        assert_eq!(rig.stored_conversations(), 0);
    };
    let base = ["import", "conversations"];
    let with = |rest: &[&'static str]| {
        let mut args = base.to_vec();
        args.push(file);
        args.extend(rest);
        args
    };
    let id = ["--external-id", "id"];
    let name = ["--map", "clientName=name"];
    let acme = ["--firm", "acme", "--data", "DATA"];
    check(&with(&[&acme[..], &["--external-id", "ident"], &name].concat()), 2, "\"ident\"");
    check(&with(&[&acme[..], &id, &["--map", "clientName=nom"]].concat()), 2, "\"nom\"");
    check(&with(&[&acme[..], &id, &["--map", "shoeSize=name"]].concat()), 2, "shoeSize");
    check(&with(&[&acme[..], &name].concat()), 2, "--external-id");
    check(&with(&[&id[..], &name, &["--firm", "acme"]].concat()), 2, "--data");
    check(&with(&[&id[..], &name, &["--firm", "Not A Slug", "--data", "DATA"]].concat()), 2, "--firm");
    check(&with(&[&id[..], &name, &["--firm", "nobody", "--data", "DATA"]].concat()), 3, "nobody");
    check(&with(&[&id[..], &name, &["--firm", "acme", "--data", "/nowhere/at/all"]].concat()), 3, "/nowhere/at/all");
    let missing = ["import", "conversations", "missing.csv", "--firm", "acme", "--data", "DATA", "--external-id", "id"];
    check(&missing, 3, "missing.csv");
}

#[test]
fn an_import_through_a_server_fails_with_the_code_of_the_servers_refusal() {
    let rig = Rig::new();
    let server = rig.serve();
    let file = rig.write("good.csv", "id,clientName\n1,Ann\n");
    let import = |firm: &str| {
        let file = file.to_str().unwrap();
        let args = ["import", "conversations", file, "--firm", firm, "--url", &server.url, "--external-id", "id"];
        rig.command(&args)
    };
    run(&mut import("nobody")).expect(3);
    run(import("acme").env("ENGAGE_TOKEN_KEY", "another key of the same length!!")).expect(4);
    let ended = run(import("acme").env_remove("ENGAGE_TOKEN_KEY"));
    assert!(ended.err.contains("ENGAGE_TOKEN_KEY"), "{ended:#?}");
    ended.expect(2);
    // Somebody suspends the command line's own user: the next import is refused.
    run(&mut import("acme")).expect(0);
    let partner = rig.partner(&server);
    let user = eventually("the command line's user in the list", || {
        let users = partner.get("/api/v1/firm/users?role=firm_admin").expect(200);
        users["users"][0]["userId"].as_str().map(str::to_owned)
    });
    partner.put(&format!("/api/v1/firm/users/{user}"), &json!({ "status": "suspended" })).expect(200);
    run(&mut import("acme")).expect(4);
    server.stop();
    rig.is_sound();
}

/// Rows that go on, each with one thing alone that can carry its last activity.
const OPEN: &str = "id,practiceArea,clientName,createdAt,lastActivity,message\n\
    area,Estate planning,,2025-01-01,2025-02-03,\n\
    name,Estate planning,Ann,2025-01-01,2025-02-03,\n\
    message,,,2025-01-01,2025-02-03,hello\n";

#[test]
fn a_row_keeps_its_last_activity_whichever_way_it_comes_in() {
    let conversations = |through_server: bool| {
        let rig = Rig::new();
        let file = rig.write("open.csv", OPEN);
        let file = file.to_str().unwrap();
        let map = ["--external-id", "id"];
        let server = if through_server {
            let server = rig.serve();
            run(&mut command(&rig, file, ["--url", &server.url], &map)).json(0);
            server
        } else {
            run(&mut command(&rig, file, ["--data", rig.data().to_str().unwrap()], &map)).json(0);
            rig.serve()
        };
        let fields = ["practiceArea", "clientName", "createdAt", "lastActivity", "goals", "version"];
        let found: BTreeMap<_, _> = lists::agreed(&rig.partner(&server), 3)
            .into_values()
            .map(|detail| {
                let conversation = &detail["conversation"];
                (conversation["externalId"].to_string(), fields.map(|field| conversation[field].clone()))
            })
            .collect();
        server.stop();
        rig.is_sound();
        found
    };
    let direct = conversations(false);
    assert!(direct.values().all(|[_, _, _, last, ..]| last == "2025-02-03T00:00:00.000Z"), "{direct:#?}");
    assert_eq!(conversations(true), direct);
}
