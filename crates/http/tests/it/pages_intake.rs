//! A client's conversation with a firm, in the browser.

use engage_domain::Role;
use engage_testkit::TestApp;
use serde_json::json;

use crate::browser::{Browser, Shown, field};

/// The cookie that an answer has the browser keep.
fn kept(shown: &Shown) -> String {
    let cookie = shown.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("; Secure; HttpOnly; SameSite=Lax; Max-Age="), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

fn link(page: &str) -> &str {
    page.split("href=\"").find(|link| link.starts_with("/intake/acme?resume=")).unwrap().split('"').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_begins_comes_back_and_is_answered() {
    let app = TestApp::start().await;
    let mut client = Browser { app: &app, cookie: String::new() };
    let door = client.see("/intake/acme").await.page();
    assert!(door.contains("<h1>How can we help?</h1>"));
    let key = field(&door, "key").to_owned();
    let told =
        [("key", key.as_str()), ("name", "Jane Roe"), ("email", ""), ("content", "My landlord <b>evicts</b> me")];
    let begun = client.post("/intake/acme", &told).await;
    assert_eq!(begun.sent_to(), "/intake/acme");
    // The same form sent twice is one conversation.
    let again = client.post("/intake/acme", &told).await;
    assert_eq!(kept(&again), kept(&begun));
    client.cookie = kept(&begun);
    let page = client.see("/intake/acme").await.page();
    assert_eq!(page.matches("My landlord &lt;b&gt;evicts&lt;/b&gt; me").count(), 1);
    app.settle("acme").await;
    let list = app.get(&app.token(Role::Attorney), "/api/v1/firm/conversations").await.expect(200);
    assert_eq!(list["conversations"].as_array().unwrap().len(), 1);
    let id = list["conversations"][0]["sessionId"].as_str().unwrap().to_owned();

    // The firm answers on its page, the client sees it, and the other way round.
    let firm = Browser::new(&app, Role::Attorney);
    let talk = format!("/conversations/{id}");
    let csrf = field(&firm.see(&talk).await.page(), "csrf").to_owned();
    firm.post(&format!("{talk}/messages"), &[("csrf", &csrf), ("content", "When did the notice come?")]).await;
    let page = client.see("/intake/acme").await.page();
    assert!(page.contains("When did the notice come?"));
    let (csrf, key) = (field(&page, "csrf").to_owned(), field(&page, "key").to_owned());
    let said = [("csrf", csrf.as_str()), ("key", key.as_str()), ("content", "On Monday")];
    for _ in 0..2 {
        assert_eq!(client.post("/intake/acme/messages", &said).await.sent_to(), "/intake/acme");
    }
    assert_eq!(firm.see(&talk).await.page().matches("On Monday").count(), 1, "a form sent twice says it once");

    // On another device, by the link, which leaves the address at once.
    let mut phone = Browser { app: &app, cookie: String::new() };
    let arrived = phone.see(link(&page)).await;
    assert_eq!(arrived.sent_to(), "/intake/acme");
    phone.cookie = kept(&arrived);
    assert!(phone.see("/intake/acme").await.page().contains("On Monday"));
    let left = phone.post("/intake/acme/leave", &[("csrf", &csrf)]).await;
    assert!(left.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));

    // Closed, it can be read and not written.
    app.put(
        &app.token(Role::Attorney),
        &format!("/api/v1/firm/conversations/{id}/status"),
        json!({ "status": "completed" }),
    )
    .await
    .expect(200);
    let page = client.see("/intake/acme").await.page();
    assert!(page.contains("closed this conversation") && !page.contains("<textarea"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_into_a_conversation_that_is_not_theirs() {
    let app = TestApp::start().await;
    app.firm("zenith").await;
    let nobody = Browser { app: &app, cookie: String::new() };
    assert_eq!(nobody.see("/intake/nosuch").await.status, 404);
    assert_eq!(nobody.see("/intake/NO%20SUCH").await.status, 404);
    let key = "0123456789abcdef0123456789abcdef";
    let begun = nobody.post("/intake/acme", &[("key", key), ("content", "Hello")]).await;
    let client = Browser { app: &app, cookie: kept(&begun) };
    // Another firm's page does not know it.
    assert!(client.see("/intake/zenith").await.page().contains("How can we help?"));
    let page = client.see("/intake/acme").await.page();
    let csrf = field(&page, "csrf").to_owned();
    for (who, csrf) in [(&nobody, csrf.as_str()), (&client, "00")] {
        let refused = who.post("/intake/acme/messages", &[("csrf", csrf), ("key", "k"), ("content", "Me")]).await;
        assert_eq!(refused.status, 403, "{}", refused.text);
    }
    // A key that could be guessed is refused, for whoever repeats it gets the conversation; so is a text that is missing.
    let short = nobody.post("/intake/acme", &[("key", "1"), ("content", "Hello")]).await;
    assert_eq!(short.status, 422);
    let empty = nobody.post("/intake/acme", &[("key", key), ("content", " ")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text.contains("content"));
    // A link that no longer opens anything says so, and a new conversation can begin.
    let (stem, last) = link(&page).split_at(link(&page).len() - 1);
    let other = format!("{stem}{}", if last == "0" { "1" } else { "0" });
    let arrived = nobody.see(&other).await;
    let stale = Browser { app: &app, cookie: kept(&arrived) };
    let told = stale.see("/intake/acme").await.page();
    assert!(told.contains("can no longer be opened") && told.contains("How can we help?"), "{told}");
}
