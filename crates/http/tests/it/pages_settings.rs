//! The dashboard's pages of what a firm sets: its name and days, its practice areas with their goals, and who is signed in.

use engage_domain::{Role, UserId, calendar::Calendar};
use engage_testkit::{HOUR_MS, TestApp};
use serde_json::{Value, json};

use crate::browser::{Browser, both, field, links, send};

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_shown_and_changed_by_whoever_may() {
    let app = TestApp::start().await;
    let (partner, attorney) = (Browser::new(&app, Role::ManagingPartner), Browser::new(&app, Role::Attorney));
    let read = attorney.see("/settings").await.page();
    assert!(read.contains("Your role reads the settings") && !read.contains("name=\"timeZone\""));
    let who = "a managing partner or firm admin changes them";
    assert!(read.contains(who) && !read.contains("Who changed them"), "{read}");
    assert!(read.contains("No practice areas yet") && !read.contains("Another practice area"));
    assert_eq!(send(&attorney, &read, "/settings", &[("name", "Mine"), ("version", "1")]).await.status, 403);
    let page = partner.see("/settings").await.page();
    let version = field(&page, "version").to_owned();
    let form = |zone| {
        [
            ("name", "Acme & Sons"),
            ("timeZone", zone),
            ("retentionDays", "90"),
            ("jurisdiction", ""),
            ("freezeOnConflict", "false"),
            ("version", version.as_str()),
        ]
    };
    let wrong = send(&partner, &page, "/settings", &form("Mars/Olympus")).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("<strong>timeZone</strong>"), "{}", wrong.text);
    assert_eq!(send(&partner, &page, "/settings", &form("America/Chicago")).await.sent_to(), "/settings");
    let page = partner.see("/settings").await.page();
    assert!(
        page.contains("Acme &amp; Sons") && page.contains("value=\"America/Chicago\"") && page.contains("value=\"90\"")
    );
    app.settle("acme").await;
    assert!(partner.see("/audit?action=settings_changed").await.page().contains(">Settings changed</a>"));
    let api = app.get(&app.token(Role::Attorney), "/api/v1/firm/settings").await.expect(200);
    assert_eq!((&api["settings"]["freezeOnConflict"], &api["settings"]["jurisdiction"]), (&json!(false), &json!(null)));
    let stale = send(&partner, &page, "/settings", &form("UTC")).await;
    assert_eq!(both(&stale, "Time zone"), ["UTC", "America/Chicago"]);
    // Whoever has seen both can save theirs all the same.
    let mut again = form("UTC");
    again.iter_mut().find(|(name, _)| *name == "version").unwrap().1 = field(&stale.text, "version");
    assert_eq!(send(&partner, &page, "/settings", &again).await.sent_to(), "/settings");
}

/// The firm's practice areas, as the API gives them.
async fn areas(app: &TestApp) -> Value {
    let api = app.get(&app.token(Role::Attorney), "/api/v1/firm/settings").await.expect(200);
    api["settings"]["practiceAreas"].clone()
}

const FAMILY: &str = "/settings/practice-areas/family_kin";

/// Adds the area, and gives the page with its form.
async fn family(browser: &Browser<'_>) -> String {
    let page = browser.see("/settings").await.page();
    let form = [("name", "Family & Kin"), ("version", field(&page, "version"))];
    assert_eq!(send(browser, &page, "/settings/practice-areas", &form).await.sent_to(), FAMILY);
    browser.see(FAMILY).await.page()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practice_area_is_added_once_and_taken_away_by_whoever_may() {
    let app = TestApp::start().await;
    let (partner, attorney) = (Browser::new(&app, Role::ManagingPartner), Browser::new(&app, Role::Attorney));
    let page = partner.see("/settings").await.page();
    let version = field(&page, "version").to_owned();
    let add = "/settings/practice-areas";
    let read = attorney.see("/settings").await.page();
    assert_eq!(send(&attorney, &read, add, &[("name", "Mine"), ("version", &version)]).await.status, 403);
    for name in ["", "!?", &"x".repeat(201)] {
        let refused = send(&partner, &page, add, &[("name", name), ("version", &version)]).await;
        assert_eq!(refused.status, 422, "{name}");
        assert!(refused.text.contains("<strong>name</strong>"), "{}", refused.text);
    }
    let form = family(&partner).await;
    assert_eq!(send(&partner, &page, add, &[("name", "Tax"), ("version", &version)]).await.status, 412);
    let page = partner.see("/settings").await.page();
    assert!(links(&page).iter().any(|link| link == FAMILY) && page.contains("Family &amp; Kin"));
    let again = send(&partner, &page, add, &[("name", "family kin"), ("version", field(&page, "version"))]).await;
    assert_eq!(again.status, 422);
    assert!(again.text.contains("<strong>name</strong>") && again.text.contains("family_kin"), "{}", again.text);
    // Whoever may not change it sees it.
    let read = attorney.see(FAMILY).await.page();
    assert!(read.contains("Your role reads the settings") && !read.contains("/removal"));
    let away = format!("{FAMILY}/removal");
    let current = [("version", field(&form, "version"))];
    assert_eq!(send(&attorney, &read, &away, &current).await.status, 403);
    assert_eq!(send(&partner, &form, &away, &[("version", version.as_str())]).await.status, 412);
    assert_eq!(send(&partner, &form, &away, &current).await.sent_to(), "/settings");
    assert_eq!(areas(&app).await, json!([]));
    assert_eq!(partner.see(FAMILY).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_goals_of_a_practice_area_are_written_into_the_rows_of_a_form() {
    let app = TestApp::start().await;
    let partner = Browser::new(&app, Role::ManagingPartner);
    let form = family(&partner).await;
    let goal = |id: &str, title: &str, priority: &str| json!({ "id": id, "title": title, "priority": priority });
    let save = async |fields: &[(&str, &str)]| {
        let page = partner.see(FAMILY).await.page();
        let all: Vec<_> =
            fields.iter().copied().chain([("name", "Family"), ("version", field(&page, "version"))]).collect();
        send(&partner, &page, FAMILY, &all).await
    };
    // The empty row takes one; another of the same title gets another id.
    let title = "Date of the marriage";
    let first = [("goal.0.title", title), ("goal.0.priority", "important")];
    assert_eq!(save(&first).await.sent_to(), FAMILY);
    let (marriage, second) = ("date_of_the_marriage", "date_of_the_marriage_2");
    let kept = [("goal.0.id", marriage), ("goal.0.title", title), ("goal.0.priority", "critical")];
    let added: Vec<_> = kept.into_iter().chain([("goal.1.title", title), ("goal.1.priority", "optional")]).collect();
    assert_eq!(save(&added).await.sent_to(), FAMILY);
    let goals = json!([goal(marriage, title, "critical"), goal(second, title, "optional")]);
    assert_eq!(areas(&app).await, json!([{ "id": "family_kin", "name": "Family", "goals": goals }]));
    let page = partner.see(FAMILY).await.page();
    assert_eq!([field(&page, "goal.0.id"), field(&page, "goal.1.id")], [marriage, second]);
    assert!(page.contains("<option value=\"critical\" selected>") && page.contains("name=\"goal.2.title\""));
    // Refused by name: a title that is gone, a priority that is none. A form of an older version changes nothing.
    for (fields, named) in [
        ([("goal.0.id", marriage), ("goal.0.title", " "), ("goal.0.priority", "critical")], "title of goal 1"),
        ([("goal.0.id", marriage), ("goal.0.title", "x"), ("goal.0.priority", "mild")], "priority of goal 1"),
        ([("goal.7.id", "No id"), ("goal.7.title", "x"), ("goal.7.priority", "critical")], "id of goal 8"),
    ] {
        let refused = save(&fields).await;
        assert_eq!(refused.status, 422, "{named}");
        assert!(refused.text.contains(&format!("<strong>{named}</strong>")), "{named}: {}", refused.text);
    }
    let stale = [("name", "Kin"), ("version", field(&form, "version"))];
    let stale = send(&partner, &form, FAMILY, &stale).await;
    assert_eq!(both(&stale, "Name")[0], "Kin");
    // A conversation begins with the goals; when one is taken away, it keeps it.
    let (attorney, body) = (app.token(Role::Attorney), json!({ "clientName": "Ann", "practiceArea": "family_kin" }));
    let path = app.post(&attorney, "/api/v1/firm/conversations", body).await.header("location").to_owned();
    let gone = [("goal.0.gone", "true")];
    let changed = [("goal.1.id", second), ("goal.1.title", "Date of the divorce"), ("goal.1.priority", "required")];
    let fields: Vec<_> = kept.into_iter().chain(gone).chain(changed).collect();
    assert_eq!(save(&fields).await.sent_to(), FAMILY);
    let goals = json!([goal(second, "Date of the divorce", "required")]);
    assert_eq!(areas(&app).await[0]["goals"], goals);
    let begun = app.get(&attorney, &path).await.expect(200);
    let ids: Vec<_> = begun["conversation"]["goals"].as_array().unwrap().iter().map(|goal| &goal["id"]).collect();
    assert!(ids.contains(&&json!(marriage)) && ids.contains(&&json!(second)), "{begun:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_practice_areas_than_a_page_holds_are_on_the_next() {
    let app = TestApp::start().await;
    let partner = Browser::new(&app, Role::ManagingPartner);
    let goal =
        |at: u32| json!({ "id": format!("goal_{at}"), "title": "Know what was said and when", "priority": "optional" });
    let goals: Vec<_> = (0..50).map(goal).collect();
    let area = |at: u32| json!({ "id": format!("area_{at}"), "name": format!("Area {at}"), "goals": goals[..7] });
    let mut areas: Vec<_> = (0..130).map(area).collect();
    areas[0]["goals"] = json!(goals);
    app.put(&app.token(Role::FirmAdmin), "/api/v1/firm/settings", json!({ "practiceAreas": areas })).await.expect(200);
    let (mut path, mut seen) = ("/settings".to_owned(), vec![]);
    loop {
        let page = partner.see(&path).await.page();
        assert!(page.len() <= 60 * 1024 && page.contains("and 2 more"), "{path} has {} bytes", page.len());
        seen.extend(links(&page).into_iter().filter(|link| link.starts_with("/settings/practice-areas/")));
        let Some(next) = links(&page).into_iter().rfind(|link| link.starts_with("/settings?areasFrom=")) else { break };
        path = next;
    }
    let wanted: Vec<_> = (0..130).map(|at| format!("/settings/practice-areas/area_{at}")).collect();
    assert_eq!(seen, wanted);
    // As many goals as an area can have are on its page, without room for another.
    let full = partner.see("/settings/practice-areas/area_0").await.page();
    assert!(full.contains("name=\"goal.49.title\"") && !full.contains("name=\"goal.50.title\""));
    assert!(full.len() <= 60 * 1024, "{} bytes", full.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_sees_their_session_and_ends_all_that_they_have() {
    let app = TestApp::start().await;
    let (attorney, elsewhere) = (Browser::new(&app, Role::Attorney), app.token(Role::Attorney));
    let calendar = Calendar::of("UTC").unwrap();
    let page = attorney.see("/settings").await.page();
    let ends = app.now().plus_millis(HOUR_MS);
    assert!(page.contains(&calendar.date(calendar.day_of(ends))) && page.contains("engage token"), "{page}");
    assert!(!page.contains("Those of somebody else"), "an attorney ends nobody's sessions but their own");
    let left = send(&attorney, &page, "/sign-out/everywhere", &[]).await;
    assert!(left.sent_to().starts_with("/sign-in?ended="));
    assert!(attorney.see("/settings").await.sent_to().starts_with("/sign-in?"));
    app.get(&elsewhere, "/api/v1/firm/settings").await.problem(401, "token_revoked", None);
    let partner = Browser::new(&app, Role::ManagingPartner);
    assert!(partner.see("/settings").await.page().contains("Those of somebody else"));
    let audit = app.audit("acme").await;
    let ended = audit.iter().find(|row| &*row.action == "sessions_revoked").unwrap();
    assert_eq!(ended.user_id, Some(UserId::from_subject(&"acme".parse().unwrap(), "attorney")), "by themselves");
}
