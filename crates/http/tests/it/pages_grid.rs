//! The grid: its columns, what is done with several rows, kept views, a look beside it; and search.

use engage_domain::Role;
use engage_testkit::TestApp;
use serde_json::json;

use crate::browser::{Browser, field, links};

/// Begins conversations, and gives the path of each.
async fn begun(app: &TestApp, names: &[&str]) -> Vec<String> {
    let mut paths = vec![];
    for name in names {
        let body = json!({ "clientName": name, "clientEmail": format!("{name}@x.test"), "practiceArea": "tax" });
        let created = app.post(&app.token(Role::Attorney), "/api/v1/firm/conversations", body).await;
        paths.push(created.header("location").trim_start_matches("/api/v1/firm").to_owned());
    }
    app.settle("acme").await;
    paths
}

/// The values of the boxes before rows.
fn boxes(page: &str) -> Vec<&str> {
    page.split("name=\"row\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_chosen_in_the_address_and_kept_by_everything_else() {
    let app = TestApp::start().await;
    begun(&app, &["Ann"]).await;
    let browser = Browser::new(&app, Role::Paralegal);
    let usual = browser.see("/conversations").await.page();
    assert!(
        usual.contains("<th scope=\"col\" class=\"c-quality\"")
            && !usual.contains("<th scope=\"col\" class=\"c-email\"")
    );
    let chosen = browser.see("/conversations?columns=email&columns=status&status=active").await.page();
    assert!(chosen.contains("ann@x.test") && !chosen.contains("<th scope=\"col\" class=\"c-quality\""));
    // Sorting and taking a filter away keep them.
    let sorted = links(&chosen).into_iter().find(|link| link.contains("sort=clientName")).unwrap();
    assert!(sorted.contains("columns=email%2Cstatus"), "{sorted}");
    assert!(browser.see(&sorted).await.page().contains("ann@x.test"));
    let wrong = browser.see("/conversations?columns=colour").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("columns"));
    // The file has every column, whichever are shown.
    let file = links(&chosen).into_iter().find(|link| link.contains(".csv")).unwrap();
    assert_eq!(file, "/api/v1/firm/conversations.csv?status=active");
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_filtered_by_where_the_firm_is() {
    let app = TestApp::start().await;
    begun(&app, &["Ann"]).await;
    let browser = Browser::new(&app, Role::Attorney);
    let page = browser.see("/conversations").await.page();
    let today = links(&page).into_iter().find(|link| link.starts_with("/conversations?createdFrom=")).unwrap();
    assert!(browser.see(&today).await.page().contains(">Ann</a>"), "{today}");
    let day = today.split('=').nth(1).unwrap().to_owned();
    let until = browser.see(&format!("/conversations?createdFrom={day}&createdTo={day}")).await.page();
    assert!(until.contains(">Ann</a>"), "the last day is included");
    assert!(browser.see("/conversations?createdTo=2020-01-01").await.page().contains("No conversation is like that"));
    assert_eq!(browser.see("/conversations?createdFrom=yesterday").await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_beside_the_grid_shows_what_was_said_and_is_on_record() {
    let app = TestApp::start().await;
    let paths = begun(&app, &["Ann"]).await;
    let said = json!({ "role": "user", "content": "My roof leaks." });
    app.post(&app.token(Role::Attorney), &format!("/api/v1/firm{}/messages", paths[0]), said).await;
    let browser = Browser::new(&app, Role::ManagingPartner);
    let id = paths[0].rsplit('/').next().unwrap();
    let page = browser.see(&format!("/conversations?preview={id}&sort=createdAt")).await.page();
    assert!(page.contains("aria-label=\"Preview\"") && page.contains("My roof leaks."));
    let close = page.split("data-close").next().unwrap().rsplit("href=\"").next().unwrap().split('"').next().unwrap();
    assert_eq!(close, "/conversations?sort=createdAt");
    assert_eq!(browser.see("/conversations?preview=nobody").await.status, 422);
    assert_eq!(browser.see("/conversations?preview=01ARZ3NDEKTSV4RRFFQ69G5FAV").await.status, 404);
    app.settle("acme").await;
    let trail = browser.see(&format!("/audit?resource=conversation/{id}&action=access_conversation")).await.page();
    assert!(trail.contains(">Conversation opened</a>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_assigned_closed_and_taken_away_with_a_result_for_each() {
    let app = TestApp::start().await;
    let paths = begun(&app, &["Ann", "Bob", "Cyd"]).await;
    let browser = Browser::new(&app, Role::ManagingPartner);
    // Whoever is assigned to has come in once.
    Browser::new(&app, Role::Attorney).see("/overview").await.page();
    app.settle("acme").await;
    let page = browser.see("/conversations").await.page();
    let (csrf, rows) = (field(&page, "csrf").to_owned(), boxes(&page));
    assert_eq!(rows.len(), 3);
    let form = |more: &[(&'static str, &'static str)]| -> Vec<(String, String)> {
        let mut form = vec![("csrf".to_owned(), csrf.clone())];
        form.extend(rows.iter().map(|row| ("row".to_owned(), (*row).to_owned())));
        form.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        form
    };
    let send = async |form: Vec<(String, String)>| {
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        browser.post("/conversations/selection", &form).await
    };
    let asked = send(form(&[("do", "assign")])).await.page();
    assert!(asked.contains("Assign 3 conversations") && boxes(&asked).len() == 3);
    let attorney = asked.split("<option value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    let attorney = attorney.last().unwrap();
    let mut assign = form(&[("do", "assign")]);
    assign.push(("assignee".into(), attorney));
    let done = send(assign).await.page();
    assert!(done.contains("Assigned: 3 of 3 conversations"), "{done}");
    // The boxes were ticked before that: the closing is refused where something happened, each on its own.
    let asked = send(form(&[("do", "status")])).await.page();
    assert!(asked.contains("Change the status of 3 conversations"));
    let stale = send(form(&[("do", "status"), ("status", "completed")])).await.page();
    assert!(stale.contains("Completed: 0 of 3 conversations") && stale.contains("Changed meanwhile"), "{stale}");
    let again = boxes(&stale).iter().map(|row| ("row".to_owned(), (*row).to_owned())).collect::<Vec<_>>();
    let mut closing =
        vec![("csrf".to_owned(), csrf.clone()), ("do".into(), "status".into()), ("status".into(), "completed".into())];
    closing.extend(again);
    let done = send(closing).await.page();
    assert!(done.contains("Completed: 3 of 3 conversations"), "{done}");
    // A closed one is not assigned: the refusal is that row's.
    let reopened = format!("{}/status", paths[0]);
    let version = field(&browser.see(&paths[0]).await.page(), "version").to_owned();
    browser.post(&reopened, &[("csrf", &csrf), ("version", &version), ("status", "active")]).await.sent_to();
    let mut assign = form(&[("do", "assign")]);
    let me = browser.see(&paths[0]).await.page();
    let me = me.split("name=\"assignee\">").nth(1).unwrap().split("<option value=\"").nth(1).unwrap();
    assign.push(("assignee".into(), me.split('"').next().unwrap().to_owned()));
    let mixed = send(assign).await.page();
    assert!(mixed.contains("Assigned: 1 of 3 conversations") && mixed.matches("Refused").count() == 2, "{mixed}");
    // The file holds those that were ticked, and no more.
    let file =
        send(form(&[("do", "export")])[..3].to_vec().into_iter().chain([("do".into(), "export".into())]).collect())
            .await;
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(file.text.lines().count(), 3, "{}", file.text);
    // Nothing ticked, and who may not.
    let nothing = browser.post("/conversations/selection", &[("csrf", &csrf), ("do", "assign")]).await;
    assert_eq!(nothing.status, 422);
    assert!(nothing.text.contains("tick the boxes"));
    let officer = Browser::new(&app, Role::ComplianceOfficer);
    let page = officer.see("/conversations").await.page();
    assert!(page.contains("value=\"export\"") && !page.contains("value=\"assign\""));
    let own = field(&page, "csrf").to_owned();
    let form = [("csrf", own.as_str()), ("row", rows[0]), ("do", "status"), ("status", "completed")];
    assert_eq!(officer.post("/conversations/selection", &form).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_kept_for_oneself_or_for_the_firm() {
    let app = TestApp::start().await;
    begun(&app, &["Ann"]).await;
    let (attorney, partner) = (Browser::new(&app, Role::Attorney), Browser::new(&app, Role::ManagingPartner));
    let page = attorney.see("/conversations?status=active&sort=createdAt&cursor=").await.page();
    assert!(page.contains("None is kept yet") && !page.contains("For the whole firm"));
    let (csrf, query) = (field(&page, "csrf").to_owned(), field(&page, "query").replace("&amp;", "&"));
    let keep = |name: &'static str| [("csrf", csrf.clone()), ("query", query.clone()), ("name", name.to_owned())];
    let send = async |who: &Browser<'_>, path: &str, form: &[(&str, String)]| {
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        who.post(path, &form).await
    };
    let kept = send(&attorney, "/conversations/views", &keep("Fresh ones")).await;
    assert_eq!(kept.sent_to(), "/conversations?status=active&sort=createdAt");
    let page = attorney.see(kept.sent_to()).await.page();
    assert!(page.contains("Fresh ones"));
    assert!(!partner.see("/conversations").await.page().contains("Fresh ones"), "it is the attorney's own");
    // Nobody but who may change settings keeps one for everybody.
    let shared = [&keep("Everybody’s")[..], &[("shared", "true".to_owned())]].concat();
    assert_eq!(send(&attorney, "/conversations/views", &shared).await.status, 403);
    let own = field(&partner.see("/conversations").await.page(), "csrf").to_owned();
    let shared: Vec<_> =
        shared.into_iter().map(|(name, value)| (name, if name == "csrf" { own.clone() } else { value })).collect();
    assert_eq!(send(&partner, "/conversations/views", &shared).await.status, 303);
    assert!(attorney.see("/conversations").await.page().contains("Everybody’s"));
    // What is no question to the grid is not kept.
    let odd = [("csrf", csrf.clone()), ("query", "status=odd".to_owned()), ("name", "Odd".to_owned())];
    let refused = send(&attorney, "/conversations/views", &odd).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("status"));
    let settings = attorney.see("/settings").await.page();
    assert!(settings.contains("Fresh ones") && !settings.contains("Odd"));
    let removal = [("csrf", csrf.clone()), ("name", "Fresh ones".to_owned())];
    assert_eq!(send(&attorney, "/conversations/views/removal", &removal).await.sent_to(), "/settings#views");
    assert!(!attorney.see("/settings").await.page().contains("Fresh ones"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_found_with_the_words_set_apart() {
    let app = TestApp::start().await;
    let paths = begun(&app, &["Ann", "Bob"]).await;
    let said = json!({ "role": "user", "content": "The landlord <b>kept</b> my deposit." });
    app.post(&app.token(Role::Attorney), &format!("/api/v1/firm{}/messages", paths[0]), said).await;
    app.settle("acme").await;
    let browser = Browser::new(&app, Role::Attorney);
    let found = browser.see("/search?q=deposit").await.page();
    assert!(found.contains("<mark>deposit</mark>") && found.contains("&lt;b&gt;kept"), "{found}");
    assert!(found.contains(&paths[0]) && !found.contains(&paths[1]));
    assert!(browser.see("/search?q=nothing").await.page().contains("Nothing was found"));
    assert!(browser.see("/search").await.page().contains("Search what was said"));
    let wrong = browser.see("/search?q=%22%22").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("<strong>q</strong>"), "{}", wrong.text);
}
