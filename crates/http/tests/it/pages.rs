//! The dashboard's pages, as a browser without script sees them.

use engage_domain::Role;
use engage_testkit::TestApp;
use serde_json::json;

use crate::browser::{Browser, field};

async fn begun(app: &TestApp, name: &str) -> String {
    let body = json!({ "clientName": name, "practiceArea": "tax" });
    let created = app.post(&app.token(Role::Attorney), "/api/v1/firm/conversations", body).await;
    created.header("location").trim_start_matches("/api/v1/firm").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_signed_in_is_asked_to_and_comes_back_to_the_page() {
    let app = TestApp::start().await;
    let nobody = Browser { app: &app, cookie: String::new() };
    let asked = nobody.see("/conversations?status=active").await;
    assert_eq!(asked.sent_to(), "/sign-in?next=%2Fconversations%3Fstatus%3Dactive");
    let door = nobody.see(asked.sent_to()).await.page();
    assert_eq!(field(&door, "next"), "/conversations?status=active");
    let token = app.token(Role::Attorney);
    let entered = nobody.post("/sign-in", &[("token", &token), ("next", "/conversations?status=active")]).await;
    assert_eq!(entered.sent_to(), "/conversations?status=active");
    let cookie = entered.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
    let browser = Browser { app: &app, cookie: cookie.split(';').next().unwrap().to_owned() };
    assert!(browser.see("/conversations?status=active").await.page().contains("<h1>Conversations</h1>"));
    let left = browser.post("/sign-out", &[]).await;
    assert_eq!(left.sent_to(), "/sign-in");
    assert!(left.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    // Neither a wrong token nor another host gets anybody anywhere.
    let refused = nobody.post("/sign-in", &[("token", "no.such.token")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("That did not work") && !refused.headers.contains_key("set-cookie"));
    let elsewhere = nobody.post("/sign-in", &[("token", &token), ("next", "//evil.example")]).await;
    assert_eq!(elsewhere.sent_to(), "/overview");
    // Nobody is let in without a token outside of a demonstration.
    assert_eq!(nobody.post("/sign-in", &[("identity", "0")]).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_holds_no_style_or_script_and_its_policy_forbids_them() {
    let app = TestApp::start().await;
    let path = begun(&app, "<script>alert(1)</script> & \"Sons\"").await;
    app.settle("acme").await;
    let browser = Browser::new(&app, Role::ManagingPartner);
    for path in ["/overview", "/conversations", &path, "/sign-in", "/nowhere"] {
        let shown = browser.see(path).await;
        let policy = shown.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
        assert_eq!(shown.headers["cache-control"], "no-store");
        assert_eq!(shown.headers["x-content-type-options"], "nosniff");
        for bad in ["<style", " style=", "onclick", "javascript:", "<script>"] {
            assert!(!shown.text.contains(bad), "{bad} in {path}");
        }
        assert_eq!(shown.text.matches("<h1>").count(), 1, "{path}");
        assert_eq!(shown.text.matches("<script ").count(), 1, "{path}");
    }
    let style = browser.see("/overview").await.page();
    let style = style.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let kept = browser.see(style).await;
    assert_eq!(kept.headers["cache-control"], "public, max-age=31536000, immutable");
    let (stem, _) = style.split_once('.').unwrap();
    assert_eq!(browser.see(&format!("{stem}.0000.css")).await.headers["cache-control"], "no-cache");
    assert_eq!(browser.see("/assets/nothing").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_counts_only_from_a_page_of_the_same_session() {
    let app = TestApp::start().await;
    let path = begun(&app, "Jane Roe").await;
    let (browser, other) = (Browser::new(&app, Role::Attorney), Browser::new(&app, Role::Paralegal));
    let csrf = field(&browser.see(&path).await.page(), "csrf").to_owned();
    let reply = format!("{path}/messages");
    let good = [("csrf", csrf.as_str()), ("content", "Hello from the firm")];
    for (who, form, site) in [
        (&browser, vec![("content", "x")], "same-origin"),
        (&browser, vec![("csrf", "00"), ("content", "x")], "same-origin"),
        (&other, good.to_vec(), "same-origin"),
        (&browser, good.to_vec(), "cross-site"),
        (&browser, good.to_vec(), "same-site"),
    ] {
        let refused = who.send("POST", &reply, Some(&form), &[("sec-fetch-site", site)]).await;
        assert_eq!(refused.status, 403, "{form:?} {site}");
        assert!(refused.text.contains("The form has expired"));
    }
    let page = browser.see(&path).await.page();
    assert!(!page.contains("Hello from the firm"));
    let key = field(&page, "key").to_owned();
    for _ in 0..2 {
        let sent = [&good[..], &[("key", key.as_str())]].concat();
        assert_eq!(browser.post(&reply, &sent).await.sent_to(), path);
    }
    assert_eq!(
        browser.see(&path).await.page().matches("Hello from the firm").count(),
        1,
        "a form sent twice says it once"
    );
    // Without its text it is refused, and the field is named.
    let empty = browser.post(&reply, &[("csrf", csrf.as_str()), ("content", "  ")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text.contains("content"), "{}", empty.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_role_may_not_do_is_not_offered_and_refused() {
    let app = TestApp::start().await;
    let path = begun(&app, "Jane Roe").await;
    let officer = Browser::new(&app, Role::ComplianceOfficer);
    let page = officer.see(&path).await.page();
    assert!(
        page.contains("Your role reads conversations")
            && !page.contains("<textarea")
            && !page.contains("/assignment\"")
    );
    // What an attorney needs first stands first.
    let order = ["identity", "parties", "goals", "assignment", "course"];
    let places = order.map(|part| page.find(&format!("data-part=\"{part}\"")).expect(part));
    assert!(places.is_sorted(), "{places:?}");
    // Every page has a form for the theme, so the officer has a proof.
    let csrf = field(&page, "csrf").to_owned();
    let refused = officer.post(&format!("{path}/messages"), &[("csrf", &csrf), ("content", "Hi")]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("Your role does not reach this page"), "{}", refused.text);
    let client = Browser::new(&app, Role::Client);
    assert_eq!(client.see("/overview").await.status, 403);
    // A refusal names the request, as the log does.
    let missing = officer.see("/conversations/01ARZ3NDEKTSV4RRFFQ69G5FAV").await;
    assert_eq!(missing.status, 404);
    assert!(missing.text.contains(missing.headers["x-request-id"].to_str().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grid_filters_sorts_and_pages_by_its_address() {
    let app = TestApp::start().await;
    for name in ["Eve", "ann", "Dan"] {
        begun(&app, name).await;
    }
    app.settle("acme").await;
    let browser = Browser::new(&app, Role::ManagingPartner);
    let names = |page: &str| {
        ["Eve", "ann", "Dan"].into_iter().filter(|name| page.contains(&format!(">{name}</a>"))).collect::<Vec<_>>()
    };
    let page = browser.see("/conversations?sort=clientName&order=asc&limit=2&status=&phase=").await.page();
    assert_eq!(names(&page), ["ann", "Dan"]);
    assert!(page.contains("aria-sort=\"ascending\""));
    let next = page.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let second = browser.see(&next).await.page();
    assert_eq!(names(&second), ["Eve"]);
    assert!(second.contains("That is the end of the list.") && second.contains("First page"));
    // The file is of the same question, and the session is enough for it.
    let file = page.split("href=\"").find(|link| link.starts_with("/api/v1/firm/conversations.csv")).unwrap();
    let file = browser.see(&file.split('"').next().unwrap().replace("&amp;", "&")).await.page();
    assert_eq!(file.lines().count(), 4, "{file}");
    let none = browser.see("/conversations?status=completed").await.page();
    assert!(none.contains("No conversation is like that"));
    let wrong = browser.see("/conversations?status=odd").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("status"), "{}", wrong.text);
    // Figures of the overview lead to their rows.
    let overview = browser.see("/overview").await.page();
    let rows = overview.split("class=\"card figure\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(names(&browser.see(&rows.replace("&amp;", "&")).await.page()).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_against_an_old_version_is_refused() {
    let app = TestApp::start().await;
    let path = begun(&app, "Jane Roe").await;
    let browser = Browser::new(&app, Role::ManagingPartner);
    let page = browser.see(&path).await.page();
    let (csrf, version) = (field(&page, "csrf").to_owned(), field(&page, "version").to_owned());
    browser.post(&format!("{path}/messages"), &[("csrf", &csrf), ("content", "Meanwhile")]).await;
    let form = [("csrf", csrf.as_str()), ("version", version.as_str()), ("status", "completed")];
    let stale = browser.post(&format!("{path}/status"), &form).await;
    assert_eq!(stale.status, 412);
    assert!(stale.text.contains("Somebody was faster") && stale.text.contains("The firm wrote"), "{}", stale.text);
    assert!(stale.text.contains(">Completed<") && stale.text.contains(">Active<"), "both versions are shown");
    let version = field(&browser.see(&path).await.page(), "version").to_owned();
    let form = [("csrf", csrf.as_str()), ("version", version.as_str()), ("status", "completed")];
    assert_eq!(browser.post(&format!("{path}/status"), &form).await.sent_to(), path);
    assert!(browser.see(&path).await.page().contains("Take up again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_the_browser_reads_the_api_and_changes_nothing_there() {
    let app = TestApp::start().await;
    let browser = Browser::new(&app, Role::Attorney);
    assert_eq!(browser.see("/api/v1/firm/conversations").await.status, 200);
    let from_elsewhere = [("sec-fetch-site", "cross-site")];
    assert_eq!(browser.send("GET", "/api/v1/firm/conversations", None, &from_elsewhere).await.status, 401);
    assert_eq!(browser.post("/api/v1/firm/conversations", &[]).await.status, 401);
    // A theme is kept apart from the session, and the document says which.
    let csrf = field(&browser.see("/overview").await.page(), "csrf").to_owned();
    let chosen = browser.post("/theme", &[("csrf", &csrf), ("theme", "dark"), ("next", "/conversations")]).await;
    assert_eq!(chosen.sent_to(), "/conversations");
    let theme = chosen.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let dark = Browser { app: &app, cookie: format!("{}; {theme}", browser.cookie) };
    assert!(dark.see("/overview").await.page().contains("<html lang=\"en\" data-theme=\"dark\">"));
}
