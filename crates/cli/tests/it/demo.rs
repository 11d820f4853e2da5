//! The demonstration: three firms that can be looked at, gone without a trace.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    client::Client,
    rig::{Rig, Server, count, eventually, run},
};

/// How many conversations the token's firm lists: a full page or more counts as a hundred.
fn listed(url: &str, token: &str) -> usize {
    let page = Client::new(url, token).get("/api/v1/firm/conversations?limit=100").expect(200);
    page["conversations"].as_array().unwrap().len()
}

#[test]
fn a_demonstration_shows_three_firms_and_leaves_nothing_behind() {
    let rig = Rig::empty();
    let temporary = rig.folder().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let mut command = rig.command(&["demo", "--port", "0", "--json"]);
    // Nothing to set up: no key, no folder.
    let mut server = Server::start(command.env_remove("ENGAGE_TOKEN_KEY").env("TMPDIR", &temporary));
    assert!(server.url.starts_with("http://127.0.0.1:"), "{}", server.url);
    let [line] = &server.before[..] else { panic!("{:?}", server.before) };
    let printed: Value = serde_json::from_str(line).unwrap();
    assert_eq!(printed["url"], server.url.as_str());
    let firms = printed["firms"].as_array().unwrap();
    assert_eq!(firms.len(), 3);
    for firm in firms {
        for person in firm["people"].as_array().unwrap() {
            let token = person["token"].as_str().unwrap();
            let expected = firm["conversations"].as_u64().unwrap().min(100) as usize;
            assert!(expected > 0, "{firm:#}");
            eventually("the firm's conversations", || (listed(&server.url, token) == expected).then_some(()));
        }
    }
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 1);
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "the temporary folder is gone");
}

#[test]
fn a_demonstration_that_is_interrupted_before_it_is_ready_leaves_nothing_behind() {
    let rig = Rig::empty();
    let temporary = rig.folder().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let mut command = rig.command(&["demo", "--port", "0"]);
    let mut child = command.env("TMPDIR", &temporary).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(err.next().unwrap().unwrap().starts_with("Writing a year"));
    // As Ctrl+C on a terminal. On a fast machine it may be ready by now, and then ends all the same.
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "the temporary folder is gone");
}

#[test]
fn a_demonstration_in_a_folder_goes_on_with_it() {
    let rig = Rig::empty();
    // Not the people: whoever became a client between the two starts is there the second time.
    let conversations = || -> Vec<i64> {
        let report = rig.run(&["verify", "--data", "DATA", "--json"]).json(0);
        let firms = report["firms"].as_array().unwrap().iter().map(|firm| firm["firm"].as_str().unwrap());
        let journal = |firm: &str| rig.data().join("firms").join(firm).join("journal.db");
        firms.map(|firm| count(&journal(firm), "SELECT count(*) FROM object WHERE kind = 'conversation'")).collect()
    };
    let demo = || Server::start(&mut rig.command(&["demo", "--port", "0", "--data", "DATA"]));
    let server = demo();
    // For people: who there is, with tokens, and commands to try.
    let text = server.before.join("\n");
    let tokens: Vec<_> = text.lines().filter(|line| line.starts_with("    ey")).map(str::trim).collect();
    assert!(tokens.len() >= 3 && tokens.iter().all(|token| listed(&server.url, token) > 0), "{text}");
    assert!(text.contains(&format!("curl {}/api/openapi.json", server.url)), "{text}");
    server.stop();
    let first = conversations();
    assert_eq!(first.len(), 3);
    demo().stop();
    assert_eq!(conversations(), first, "nothing is there twice");
    // It is a data folder like any other.
    run(&mut rig.command(&["token", "--firm", "acme", "--user", "x", "--role", "attorney"])).expect(0);
    rig.serve().stop();
}
