//! A server that ends with its standard input, and one that does not.

use std::process::Stdio;

use serde_json::json;

use crate::rig::{Rig, Server};

const SERVE: [&str; 5] = ["serve", "--data", "DATA", "--listen", "127.0.0.1:0"];

#[test]
fn a_server_ends_in_order_when_its_standard_input_closes() {
    let rig = Rig::new();
    let mut command = rig.command(&[&SERVE[..], &["--until-stdin-closes"]].concat());
    let mut server = Server::start(command.stdin(Stdio::piped()));
    let body = json!({ "clientName": "Ann Lee", "practiceArea": "family_law" });
    rig.partner(&server).post("/api/v1/firm/conversations", &body).expect(201);
    server.close_input();
    assert_eq!(server.wait().code(), Some(0));
    rig.is_sound();
}

#[test]
fn a_server_that_was_not_told_to_ignores_its_standard_input() {
    let rig = Rig::new();
    // Closed from the start.
    let server = Server::start(rig.command(&SERVE).stdin(Stdio::null()));
    rig.partner(&server).get("/api/v1/firm/settings").expect(200);
    server.stop();
    rig.is_sound();
}
