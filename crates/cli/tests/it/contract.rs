//! What scripts rely on: options, exit codes, what is printed where, and the shapes of the API's main answers.

use serde_json::{Value, json};

use crate::{
    client::Client,
    lists,
    rig::{Rig, Server, engage, eventually, run},
};

/// The fields of an object, sorted.
fn fields(value: &Value) -> Vec<&str> {
    let mut fields: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    fields
}

#[test]
fn a_firm_is_created_once_in_a_folder() {
    let rig = Rig::empty();
    let create = |name: &str, zone: &str, more: &[&str]| {
        let mut args = vec!["firm", "create", "--data", "DATA", "--firm", "acme", "--name", name, "--time-zone", zone];
        args.extend(more);
        rig.run(&args)
    };
    assert!(create("Acme LLP", "Mars/Olympus", &[]).err.contains("time zone"));
    create("", "UTC", &[]).expect(2);
    create("Acme LLP", "Mars/Olympus", &[]).expect(2);
    let created = create("Acme LLP", "America/Chicago", &["--json"]).json(0);
    assert_eq!(created, json!({ "firm": "acme", "name": "Acme LLP", "timeZone": "America/Chicago" }));
    let again = create("Acme LLP", "America/Chicago", &["--json"]);
    let error: Value = serde_json::from_str(&again.err).unwrap();
    assert!(error["error"].as_str().unwrap().contains("acme"), "{error}");
    assert_eq!(again.expect(5), "");
    rig.run(&["firm", "create", "--data", "DATA", "--firm", "Not A Slug", "--name", "Acme"]).expect(2);
    rig.run(&["firm", "create", "--firm", "acme", "--name", "Acme"]).expect(2);
    rig.is_sound();

    let server = rig.serve();
    let settings = rig.partner(&server).get("/api/v1/firm/settings").expect(200);
    assert_eq!(settings["settings"]["timeZone"], "America/Chicago");
    assert_eq!(settings["settings"]["name"], "Acme LLP");
}

#[test]
fn a_firm_is_created_once_on_a_server() {
    let rig = Rig::empty();
    let server = rig.serve();
    let create = |firm: &str, zone: &str| {
        let args = ["firm", "create", "--url", &server.url, "--firm", firm, "--name", "Acme LLP", "--time-zone", zone];
        rig.command(&args)
    };
    run(&mut create("acme", "Mars/Olympus")).expect(2);
    run(create("acme", "UTC").env("ENGAGE_TOKEN_KEY", "another key, of thirty-two bytes")).expect(4);
    run(create("acme", "UTC").env_remove("ENGAGE_TOKEN_KEY")).expect(2);
    run(&mut create("acme", "UTC")).expect(0);
    run(&mut create("acme", "UTC")).expect(5);
    // The server knows it at once.
    rig.partner(&server).get("/api/v1/firm/settings").expect(200);
    let gone = server.url.clone();
    server.stop();
    let ended = rig.run(&["firm", "create", "--url", &gone, "--firm", "late", "--name", "Late LLP"]);
    assert!(ended.err.contains(&gone), "{ended:#?}");
    ended.expect(1);
    rig.is_sound();
}

#[test]
fn a_token_is_printed_alone_and_is_believed_by_a_server_with_the_same_key() {
    let rig = Rig::new();
    let token = ["token", "--firm", "acme", "--user", "pat@acme.example", "--role", "managing_partner"];
    let plain = rig.run(&token).expect(0);
    assert_eq!(plain.lines().count(), 1);
    assert_eq!(plain.trim().split('.').count(), 3);
    let json = rig.run(&[&token[..], &["--ttl", "90m", "--json"]].concat()).json(0);
    assert_eq!(json["expiresInSeconds"], 90 * 60);
    assert_eq!(fields(&json), ["expiresInSeconds", "token"]);

    let server = rig.serve();
    let status = |token: &str| Client::new(&server.url, token).get("/api/v1/firm/settings").status;
    assert_eq!(status(plain.trim()), 200);
    assert_eq!(status(json["token"].as_str().unwrap()), 200);
    let stranger = run(rig.command(&token).env("ENGAGE_TOKEN_KEY", "another key, of thirty-two bytes")).expect(0);
    assert_eq!(status(stranger.trim()), 401);

    let ended = run(rig.command(&token).env_remove("ENGAGE_TOKEN_KEY"));
    assert!(ended.err.contains("ENGAGE_TOKEN_KEY"), "{ended:#?}");
    assert_eq!(ended.expect(2), "");
    let short = run(rig.command(&token).env("ENGAGE_TOKEN_KEY", "short"));
    assert!(short.err.contains("warning"), "{short:#?}");
    assert_eq!(short.expect(0).lines().count(), 1);
    rig.run(&["token", "--firm", "acme", "--user", "pat", "--role", "emperor"]).expect(2);
    rig.run(&["token", "--firm", "acme", "--user", " ", "--role", "attorney"]).expect(2);
    rig.run(&[&token[..], &["--ttl", "soon"]].concat()).expect(2);
}

#[test]
fn a_server_without_a_key_does_not_touch_the_folder() {
    let rig = Rig::empty();
    let ended = run(rig.command(&["serve", "--data", "DATA"]).env_remove("ENGAGE_TOKEN_KEY"));
    assert!(ended.err.contains("ENGAGE_TOKEN_KEY"), "{ended:#?}");
    assert_eq!(ended.expect(2), "");
    assert!(!rig.data().exists());
}

#[test]
fn a_folder_in_use_is_named_to_whoever_else_wants_it() {
    let rig = Rig::new();
    let mut server = rig.serve();
    let file = rig.write("one.csv", "id,clientName\n1,Ann\n");
    let commands: [&[&str]; 5] = [
        &["serve", "--data", "DATA", "--listen", "127.0.0.1:0"],
        &["firm", "create", "--data", "DATA", "--firm", "other", "--name", "Other LLP"],
        &["verify", "--data", "DATA"],
        &["demo", "--data", "DATA", "--port", "0"],
        &["import", "conversations", file.to_str().unwrap(), "--external-id", "id", "--data", "DATA", "--firm", "acme"],
    ];
    for command in commands {
        let ended = rig.run(command);
        assert!(ended.err.contains(rig.data().to_str().unwrap()), "{ended:#?}");
        assert!(ended.err.contains(&format!("process {}", server.id())), "{ended:#?}");
        assert_eq!(ended.expect(5), "", "{command:?}");
    }
    // The lock goes with the process, however it ends.
    server.kill();
    rig.serve().stop();
    rig.is_sound();
}

#[test]
fn what_a_server_cannot_use_it_names() {
    let rig = Rig::new();
    let occupied = rig.serve();
    let address = occupied.url.strip_prefix("http://").unwrap().to_owned();
    let other = Rig::empty();
    let ended = other.run(&["serve", "--data", "DATA", "--listen", &address]);
    assert!(ended.err.contains(&address), "{ended:#?}");
    assert_eq!(ended.expect(1), "");
    other.run(&["serve", "--data", "DATA", "--listen", "somewhere"]).expect(2);

    let file = rig.write("a-file", "");
    let ended = rig.run(&["serve", "--data", file.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert!(ended.err.contains(file.to_str().unwrap()), "{ended:#?}");
    assert_eq!(ended.expect(1), "");
}

#[test]
fn commands_that_name_nothing_known_say_so() {
    let rig = Rig::new();
    let nowhere = rig.data().join("nowhere");
    let ended = rig.run(&["verify", "--data", nowhere.to_str().unwrap()]);
    assert!(ended.err.contains(nowhere.to_str().unwrap()), "{ended:#?}");
    ended.expect(3);
    assert!(!nowhere.exists(), "asking about a folder does not make it");
    let ended = rig.run(&["verify", "--data", "DATA", "--firm", "nobody", "--json"]);
    let error: Value = serde_json::from_str(&ended.err).unwrap();
    assert!(error["error"].as_str().unwrap().contains("nobody"), "{error}");
    ended.expect(3);
    rig.run(&["fly"]).expect(2);
    rig.run(&[]).expect(2);
    for command in ["serve", "demo", "firm", "token", "import", "verify", "bench", "openapi"] {
        assert!(rig.run(&[command, "--help"]).expect(0).contains("--json"));
    }
    assert!(rig.run(&["--version"]).expect(0).starts_with("engage "));
}

#[test]
fn the_document_that_is_printed_is_the_one_that_is_served() {
    let rig = Rig::new();
    let printed = run(engage(&["openapi"]).env_remove("ENGAGE_TOKEN_KEY")).json(0);
    assert!(printed["openapi"].as_str().unwrap().starts_with("3.1"));
    let server = rig.serve();
    assert_eq!(Client::new(&server.url, "").get("/api/openapi.json").expect(200), printed);
}

#[test]
fn a_server_says_how_it_is() {
    let rig = Rig::new();
    let server = rig.serve();
    let client = rig.partner(&server);
    client.get("/healthz").expect(200);
    client.get("/readyz").expect(200);
    client.get("/api/v1/firm/settings").expect(200);
    let metrics = client.text("/metrics");
    assert!(metrics.lines().any(|line| line.starts_with("engage_")), "{metrics}");
}

/// The API's part of the contract, as a script goes through it.
#[test]
fn a_script_can_start_a_conversation_talk_and_find_it_again() {
    let rig = Rig::new();
    let server = rig.serve();
    let client = rig.partner(&server);
    let body = json!({ "clientName": "Ann Lee", "clientEmail": "ann@example.com", "practiceArea": "family_law" });
    let created = client.post("/api/v1/firm/conversations", &body);
    let location = created.header("location").to_owned();
    let conversation = created.expect(201)["conversation"].clone();
    let id = conversation["sessionId"].as_str().unwrap();
    assert_eq!(location, format!("/api/v1/firm/conversations/{id}"));
    assert_eq!((&conversation["status"], &conversation["phase"]), (&json!("active"), &json!("pre_login")));
    assert!(conversation["version"].as_u64() > Some(0));

    let added = client.post(&format!("{location}/messages"), &json!({ "role": "user", "content": "Hello" }));
    let (etag, token) = (added.header("etag").to_owned(), added.header("x-engage-consistency").to_owned());
    let added = added.expect(201);
    assert_eq!(fields(&added), ["conversation", "message"]);
    for field in ["id", "version", "timestamp"] {
        assert!(!added["message"][field].is_null(), "{added:#}");
    }
    assert_eq!(etag, format!("\"{}\"", added["message"]["version"]));

    let detail = lists::detail(&client, id);
    assert_eq!(detail["source"], "object");
    assert_eq!(detail["conversation"], added["conversation"]);
    assert_eq!(detail["conversation"]["messageCount"], 1);
    let messages = client.get(&format!("{location}/messages?limit=10")).expect(200);
    assert_eq!(messages["messages"], detail["messages"]);
    assert_eq!(fields(&messages["messages"][0]), ["content", "id", "role", "timestamp", "version"]);
    assert_eq!(messages["messages"][0]["id"], added["message"]["id"]);
    assert_eq!(messages["page"], json!({ "next": null }));

    let path = "/api/v1/firm/conversations?status=active&practiceArea=family_law&sort=createdAt&order=asc&limit=1";
    let listed = client.send("GET", path, &[("x-engage-consistency", &token)], &Value::Null).unwrap().expect(200);
    assert_eq!(listed["index"]["consistent"], true);
    assert!(listed["index"]["asOf"].is_string() && listed["index"]["lagMs"].is_u64());
    assert_eq!(listed["page"], json!({ "next": null, "limit": 1 }));
    assert_eq!(listed["conversations"][0]["version"], added["message"]["version"]);

    let stale = [("if-match", "\"1\"")];
    let refused = client.send("PUT", &format!("{location}/status"), &stale, &json!({ "status": "completed" })).unwrap();
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.expect(412)["currentVersion"], added["message"]["version"]);
    server.stop();
    rig.is_sound();
    let addressed = "SELECT count(*) FROM audit_log_index WHERE action = 'message_added' AND ipAddress = '127.0.0.1'";
    assert_eq!(crate::rig::count(&rig.file("index.db"), addressed), 1, "who it was is on record");
}

#[test]
fn a_stream_ends_when_the_server_does() {
    let rig = Rig::new();
    let server = rig.serve();
    let client = rig.partner(&server);
    let body = json!({ "clientName": "Ann Lee", "practiceArea": "family_law" });
    let created = client.post("/api/v1/firm/conversations", &body).expect(201);
    let id = created["conversation"]["sessionId"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/firm/conversations/{id}");
    let reading = {
        let (client, path) = (client.clone(), format!("{path}/stream?after=0"));
        std::thread::spawn(move || client.text(&path))
    };
    // The stream was opened when its access entry is there; only then may the server go.
    let opened = "SELECT count(*) FROM entry WHERE schema IS NULL";
    eventually("an open stream", || (crate::rig::count(&rig.file("journal.db"), opened) > 0).then_some(()));
    client.post(&format!("{path}/messages"), &json!({ "role": "agent", "content": "Good morning" })).expect(201);
    Server::stop(server);
    let events = reading.join().unwrap();
    assert!(events.contains("Good morning") && events.contains("event: message_added"), "{events}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child =
        engage(&["openapi"]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    // As `| head` does, without reading anything: the document is longer than a pipe holds.
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr)), (Some(0), "".into()));
}
