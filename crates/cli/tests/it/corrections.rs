//! Rows of the table of corrections that the whole system keeps.

use serde_json::{Value, json};

use crate::{
    client::Client,
    lists,
    rig::{Rig, settles},
};

/// Waits until the list of users shows these counts of a user: own conversations, assigned ones.
#[track_caller]
fn counts(client: &Client, user: &str, expected: [u64; 2]) {
    settles(|| {
        let page = client.get("/api/v1/firm/users?limit=100").expect(200);
        let users = page["users"].as_array().unwrap();
        let row = users.iter().find(|row| row["userId"] == user).ok_or(json!("not listed"))?;
        let counts = json!([row["conversationCount"], row["assignedConversationCount"]]);
        if counts == json!(expected) { Ok(()) } else { Err(counts) }
    });
}

#[test]
fn correction_12_the_counts_of_a_user_are_those_of_the_lists() {
    let rig = Rig::new();
    let server = rig.serve();
    let client = rig.partner(&server);
    let mut users = vec![];
    for name in ["ann", "bob"] {
        let body = json!({ "email": format!("{name}@acme.example"), "name": name, "role": "attorney" });
        let user = client.post("/api/v1/firm/users", &body).expect(201);
        users.push(user["user"]["userId"].as_str().unwrap().to_owned());
    }
    let [ann, bob] = &users[..] else { unreachable!("there are two") };
    server.stop();
    // Five of Ann's from an import, three of Bob's; the address in whatever case.
    let rows = (0..8).map(|n| format!("{n},Client {n},{}@ACME.example\n", if n < 5 { "Ann" } else { "bob" }));
    let file = rig.write("assigned.csv", format!("id,clientName,assignedTo\n{}", rows.collect::<String>()));
    let args = ["import", "conversations", file.to_str().unwrap(), "--firm", "acme", "--external-id", "id"];
    rig.run(&[&args[..], &["--data", "DATA"]].concat()).expect(0);

    let mut server = rig.serve();
    let client = rig.partner(&server);
    counts(&client, ann, [0, 5]);
    counts(&client, bob, [0, 3]);
    let details = lists::agreed(&client, 8);
    let anns: Vec<_> =
        details.iter().filter(|(_, detail)| detail["conversation"]["assignedTo"] == ann.as_str()).collect();
    let path = |nth: usize| format!("/api/v1/firm/conversations/{}", anns[nth].0);
    client.put(&format!("{}/assignment", path(0)), &json!({ "assignedTo": bob })).expect(200);
    client.send("DELETE", &path(1), &[], &Value::Null).unwrap().expect(200);
    // A count that was written apart from its row could be lost here.
    server.kill();
    let server = rig.serve();
    let client = rig.partner(&server);
    counts(&client, ann, [0, 3]);
    counts(&client, bob, [0, 4]);
    for (user, expected) in [(ann, 3), (bob, 4)] {
        let page = client.get(&format!("/api/v1/firm/conversations?assignedTo={user}")).expect(200);
        assert_eq!(page["conversations"].as_array().unwrap().len(), expected);
    }
    server.stop();
    rig.is_sound();
}
