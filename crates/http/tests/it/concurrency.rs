//! Many at once.

use engage_domain::Role;
use serde_json::json;

use engage_testkit::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_messages_are_each_there_once_with_contiguous_versions() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let path = format!("{}/messages", app.conversation(&attorney).await);
    let add = |n: u32| {
        let body = json!({ "role": "user", "content": n.to_string() });
        app.post(&attorney, &path, body)
    };
    let replies = futures_util::future::join_all((0..90).map(add)).await;
    let mut versions: Vec<_> =
        replies.into_iter().map(|reply| reply.expect(201)["message"]["version"].as_u64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=91).collect::<Vec<_>>());
    let page = app.get(&attorney, &format!("{path}?limit=100")).await.expect(200);
    let mut said: Vec<u32> =
        page["messages"].as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap().parse().unwrap()).collect();
    said.sort_unstable();
    assert_eq!(said, (0..90).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writes_on_the_same_version_one_wins() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let path = format!("{}/messages", app.conversation(&attorney).await);
    let add = |n: u32| {
        let body = json!({ "role": "user", "content": n.to_string() });
        app.ask("POST", &path).token(&attorney).header("if-match", "\"1\"").json(&body).send()
    };
    let replies = futures_util::future::join_all((0..20).map(add)).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.status == 412).count(), 19);
}
