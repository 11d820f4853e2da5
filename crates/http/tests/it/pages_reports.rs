//! The dashboard's pages of work and compliance: they show what the API answers, and their links lead to the rows behind a figure.

use engage_domain::{FirmId, Role, UserId, calendar::Calendar};
use engage_testkit::TestApp;
use serde_json::{Value, json};

use crate::browser::{Browser, field, links};

const PLACES: [&str; 9] = [
    "/queue",
    "/workload",
    "/practice-areas",
    "/conflicts",
    "/audit",
    "/data-access",
    "/users",
    "/settings",
    "/platform",
];
/// Most bytes of a page.
const PAGE_MAX: usize = 60 * 1024;

fn id_of(role: Role) -> String {
    let acme: FirmId = "acme".parse().unwrap();
    UserId::from_subject(&acme, role.as_str()).to_string()
}

/// A conversation of a client of that name, which somebody is responsible for on some terms.
async fn assigned(app: &TestApp, name: &str, to: Role, terms: Value) -> String {
    app.get(&app.token(to), "/api/v1/firm/conversations").await.expect(200);
    let attorney = app.token(Role::Attorney);
    let body = json!({ "clientName": name, "practiceArea": "tax" });
    let created = app.post(&attorney, "/api/v1/firm/conversations", body).await;
    let path = created.header("location").to_owned();
    let mut assignment = terms;
    assignment["assignedTo"] = id_of(to).into();
    app.put(&attorney, &format!("{path}/assignment"), assignment).await.expect(200);
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn every_place_is_one_page_without_style_or_script_and_small() {
    let app = TestApp::start().await;
    let partner = Browser::new(&app, Role::ManagingPartner);
    for at in 0..45 {
        let terms = json!({ "notes": "What there is to do before the hearing, in some words", "estimatedHours": 2.5 });
        assigned(&app, &format!("Client number {at} of many"), Role::ManagingPartner, terms).await;
    }
    app.settle("acme").await;
    // As long as a browser's name may be on record.
    let agent = "x".repeat(256);
    for at in 0..40 {
        partner
            .send("GET", &format!("/users/{}", id_of(Role::Attorney)), None, &[("user-agent", &format!("{at}{agent}"))])
            .await;
    }
    app.settle("acme").await;
    for place in PLACES {
        let page = partner.see(place).await.page();
        assert!(page.len() <= PAGE_MAX, "{place} has {} bytes", page.len());
        assert_eq!(page.matches("<h1>").count(), 1, "{place}");
        assert_eq!(page.matches("aria-current=\"page\"").count(), 1, "{place}");
        for bad in ["<style", " style=", "onclick", "javascript:", "<script>"] {
            assert!(!page.contains(bad), "{bad} in {place}");
        }
        // What looks like a table has its name and its heads.
        assert_eq!(page.matches("<table").count(), page.matches("<thead").count(), "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_in_the_rail_of_whoever_may_see_it_and_refused_to_others() {
    let app = TestApp::start().await;
    let closed = ["/audit", "/data-access", "/platform"];
    for role in [Role::Attorney, Role::Paralegal, Role::IntakeSpecialist] {
        let browser = Browser::new(&app, role);
        let rail = links(&browser.see("/overview").await.page());
        for place in PLACES {
            let is_closed = closed.contains(&place);
            assert_eq!(rail.iter().any(|link| link == place), !is_closed, "{role} {place}");
            let shown = browser.see(place).await;
            assert_eq!(shown.status, if is_closed { 403 } else { 200 }, "{role} {place}");
        }
    }
    let officer = Browser::new(&app, Role::ComplianceOfficer);
    let rail = links(&officer.see("/overview").await.page());
    assert!(PLACES.iter().all(|place| rail.iter().any(|link| link == place)), "{rail:?}");
    let client = Browser::new(&app, Role::Client);
    for place in PLACES {
        assert_eq!(client.see(place).await.status, 403, "{place}");
        let nobody = Browser { app: &app, cookie: String::new() };
        assert!(nobody.see(place).await.sent_to().starts_with("/sign-in?next="), "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workload_shows_everybody_whom_the_api_does_and_leads_to_their_conversations() {
    let app = TestApp::start().await;
    assigned(&app, "Ann Late", Role::Paralegal, json!({ "dueDate": "2020-01-01T00:00:00Z" })).await;
    assigned(&app, "Bob Other", Role::Attorney, json!({})).await;
    let browser = Browser::new(&app, Role::ManagingPartner);
    // Whoever comes for the first time is registered.
    browser.see("/overview").await.page();
    app.settle("acme").await;
    let page = browser.see("/workload").await.page();
    let api = app.get(&app.token(Role::ManagingPartner), "/api/v1/firm/assignments/workload").await.expect(200);
    let people = api["people"].as_array().unwrap();
    assert_eq!(people.len(), 3);
    let rows: Vec<_> = links(&page).into_iter().filter(|link| link.starts_with("/conversations?assignedTo=")).collect();
    // Each leads to their conversations, and whoever has active ones to those, for somebody who may assign them.
    let paths = |of: &Value| {
        let all = format!("/conversations?assignedTo={}", of["userId"].as_str().unwrap());
        let active = (of["activeConversations"].as_u64() > Some(0)).then(|| format!("{all}&status=active"));
        std::iter::once(all).chain(active)
    };
    assert_eq!(rows, people.iter().flat_map(paths).collect::<Vec<_>>(), "in the API's order");
    assert_eq!(page.matches("status=active").count(), 2);
    assert!(!Browser::new(&app, Role::Paralegal).see("/workload").await.page().contains("status=active"));
    assert_eq!(page.matches("class=\"bar-late\"").count(), 2, "one has something overdue, and the legend");
    assert_eq!(page.matches("<span class=\"mark alert\">").count(), 1, "one has something overdue");
    let theirs = browser.see(&format!("/conversations?assignedTo={}", id_of(Role::Paralegal))).await.page();
    assert!(theirs.contains("Ann Late") && !theirs.contains("Bob Other"));
}

#[tokio::test(flavor = "multi_thread")]
async fn practice_areas_count_the_span_that_is_asked_for_and_lead_to_its_conversations() {
    let app = TestApp::start().await;
    assigned(&app, "Ann New", Role::Attorney, json!({})).await;
    app.settle("acme").await;
    let browser = Browser::new(&app, Role::Attorney);
    let page = browser.see("/practice-areas?range=7d").await.page();
    let rows = links(&page).into_iter().find(|link| link.starts_with("/conversations?practiceArea=tax")).unwrap();
    assert!(rows.contains("createdFrom="), "{rows}");
    assert!(browser.see(&rows).await.page().contains("Ann New"));
    // As time went by: seven days, of which the last brought one.
    assert!(
        page.contains("day by day, over the last 7 days")
            && page.contains("<desc>0 in the first, at most 1 in one, 1 in the last</desc>"),
        "{page}"
    );
    let all = browser.see("/practice-areas?range=all").await.page();
    assert!(
        links(&all).iter().any(|link| link == "/conversations?practiceArea=tax"),
        "of all of time there is no beginning"
    );
    let file = links(&page).into_iter().find(|link| link.contains(".csv")).unwrap();
    assert_eq!(file, "/api/v1/firm/analytics/practice-areas.csv?range=7d");
    assert!(browser.see(&file).await.page().contains("\r\ntax,1,0,"));
    let wrong = browser.see("/practice-areas?range=1d").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("<strong>range</strong>"), "{}", wrong.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_practice_areas_is_small_however_many_there_are() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    for at in 0..70 {
        let body = json!({ "clientName": "Ann", "practiceArea": format!("An area of practice with a long name {at}") });
        app.post(&attorney, "/api/v1/firm/conversations", body).await.expect(201);
    }
    app.settle("acme").await;
    let page = Browser::new(&app, Role::Attorney).see("/practice-areas?range=365d").await.page();
    assert!(page.contains("The first 30 of 70.") && page.contains("week by week, over the last 52 weeks"));
    assert!(page.len() <= PAGE_MAX, "{} bytes", page.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_workload_is_small_however_many_people_there_are() {
    let app = TestApp::start().await;
    let attorney = app.token(Role::Attorney);
    let terms = json!({ "dueDate": "2020-01-01T00:00:00Z", "estimatedHours": 2.5 });
    for at in 0..45 {
        let subject = format!("somebody.with.a.long.name.{at}@acme.example");
        let theirs = app.token_of("acme", &subject, Role::IntakeSpecialist);
        let path = app.conversation(&theirs).await;
        let mut assignment = terms.clone();
        assignment["assignedTo"] = UserId::from_subject(&"acme".parse().unwrap(), &subject).to_string().into();
        app.put(&attorney, &format!("{path}/assignment"), assignment).await.expect(200);
    }
    app.settle("acme").await;
    let page = Browser::new(&app, Role::Attorney).see("/workload").await.page();
    assert!(page.contains("The first 40 of 46.") && page.matches("status=active").count() == 40, "{page}");
    assert!(page.len() <= PAGE_MAX, "{} bytes", page.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_figure_of_the_overview_leads_to_its_rows() {
    let app = TestApp::start().await;
    assigned(&app, "Ann New", Role::Attorney, json!({})).await;
    app.settle("acme").await;
    let browser = Browser::new(&app, Role::Attorney);
    let page = browser.see("/overview?days=7").await.page();
    let figures: Vec<_> = page.split("class=\"card figure\" href=\"").skip(1).collect();
    let labels: Vec<_> =
        figures.iter().map(|text| text.split("label\">").nth(1).unwrap().split('<').next().unwrap()).collect();
    assert_eq!(labels, ["New", "Active", "Completed", "Conversion", "Average time", "Quality"]);
    let value = |at: usize| figures[at].split("value\">").nth(1).unwrap().split('<').next().unwrap();
    let api = app.get(&app.token(Role::Attorney), "/api/v1/firm/conversations").await.expect(200);
    assert_eq!(value(5), api["conversations"][0]["dataQualityScore"].to_string());
    for (at, finds) in [true, true, false, false, false, true].into_iter().enumerate() {
        let rows = figures[at].split('"').next().unwrap().replace("&amp;", "&");
        assert_eq!(browser.see(&rows).await.page().contains("Ann New"), finds, "{rows}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_holds_what_is_ones_own_by_due_date_and_priority() {
    let app = TestApp::start().await;
    let browser = Browser::new(&app, Role::Paralegal);
    assert!(browser.see("/queue").await.page().contains("Nothing waits for you"));
    let calendar = Calendar::of("UTC").unwrap();
    let tomorrow = calendar.start_of(calendar.day_of(app.now()).plus(1));
    let late = json!({ "dueDate": "2020-01-01T00:00:00Z" });
    assigned(&app, "Late", Role::Paralegal, late.clone()).await;
    assigned(&app, "Tonight", Role::Paralegal, json!({ "dueDate": tomorrow.plus_millis(-1), "priority": "low" })).await;
    assigned(&app, "Sooner", Role::Paralegal, json!({ "dueDate": tomorrow.plus_millis(-2), "priority": "low" })).await;
    assigned(&app, "Urgent", Role::Paralegal, json!({ "dueDate": tomorrow.plus_millis(-1), "priority": "urgent" }))
        .await;
    assigned(&app, "Then", Role::Paralegal, json!({ "dueDate": tomorrow })).await;
    assigned(&app, "Someday", Role::Paralegal, json!({})).await;
    let other = assigned(&app, "Elsewhere", Role::Attorney, late).await;
    app.settle("acme").await;
    let page = browser.see("/queue").await.page();
    let at = |text: &str| page.find(&format!(">{text}<")).unwrap_or_else(|| panic!("{text} is not in {page}"));
    let order =
        ["Overdue", "Late", "Today", "Urgent", "Sooner", "Tonight", "Later", "Then", "Without a due date", "Someday"];
    // Each heading stands once more as the caption of its table; the first one counts.
    assert!(order.windows(2).all(|two| at(two[0]) < at(two[1])), "{page}");
    assert!(!page.contains("Elsewhere"));
    // Whoever asks for somebody else's gets their own all the same.
    let mine = browser.see(&format!("/queue?assignedTo={}", id_of(Role::Attorney))).await.page();
    assert!(!mine.contains(other.rsplit('/').next().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_page_filters_pages_and_gives_exactly_its_question_as_a_file() {
    let app = TestApp::start().await;
    assigned(&app, "Ann", Role::Attorney, json!({})).await;
    app.get(&app.token(Role::Attorney), "/api/v1/firm/audit").await.problem(403, "forbidden", None);
    app.settle("acme").await;
    let browser = Browser::new(&app, Role::ComplianceOfficer);
    // Whoever comes for the first time leaves entries.
    browser.see("/audit").await.page();
    app.settle("acme").await;
    let entries = |page: &str| page.matches("<tr><th scope=\"row\"").count();
    let whole = browser.see("/audit").await.page();
    assert!(entries(&whole) > 3, "{whole}");
    let refused = browser.see("/audit?outcome=blocked&action=&from=").await.page();
    assert_eq!(entries(&refused), 1);
    assert!(refused.contains("Refused") && refused.contains("read_audit"), "{refused}");
    assert!(refused.contains("Only outcome: Blocked</p>") && !whole.contains("Only "), "as it is printed");
    let action = browser.see("/audit?action=attorney_assigned").await.page();
    assert_eq!(entries(&action), 1, "{action}");
    // People read what it is called; what is stored stands in the details, and what has no name can be asked for all the same.
    assert!(action.contains("<option value=\"attorney_assigned\" selected>Assigned</option>"), "{action}");
    assert!(action.contains(">Assigned</a>") && action.contains("<dd>attorney_assigned</dd>"), "{action}");
    assert!(action.contains("Only action: Assigned</p>"), "{action}");
    let other = browser.see("/audit?action=teleported&resource=user/x").await.page();
    assert!(other.contains("<option value=\"teleported\" selected>teleported</option>"), "{other}");
    assert!(other.contains("<option value=\"user/x\" selected>User x</option>"), "{other}");
    // Days are the firm's and the last one is included.
    let today = Calendar::of("UTC").unwrap().day_of(app.now());
    let day = format!("from={today}&to={today}");
    assert_eq!(entries(&browser.see(&format!("/audit?{day}")).await.page()), entries(&whole));
    let before = format!("/audit?to={}", today.plus(-1));
    assert!(browser.see(&before).await.page().contains("Nothing of the kind is on record"));
    // The next page goes on, and the file has as many rows as the list.
    let first = browser.see(&format!("/audit?limit=2&userId={}&{day}", id_of(Role::Attorney))).await.page();
    let next = links(&first).into_iter().find(|link| link.contains("cursor=")).unwrap();
    assert_eq!((entries(&first), next.contains("userId=")), (2, true), "{next}");
    let mut seen = entries(&first);
    let mut page = browser.see(&next).await.page();
    loop {
        seen += entries(&page);
        let Some(next) =
            links(&page).into_iter().find(|link| link.contains("cursor=") && page.contains("rel=\"next\""))
        else {
            break;
        };
        page = browser.see(&next).await.page();
    }
    let file = links(&first).into_iter().find(|link| link.starts_with("/api/v1/firm/audit.csv")).unwrap();
    assert!(file.contains("userId=") && !file.contains("limit="), "{file}");
    assert_eq!(browser.see(&file).await.page().lines().count(), seen + 1, "{file}");
    let wrong = browser.see("/audit?from=yesterday").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("<strong>from</strong>"), "{}", wrong.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_access_shows_who_looked_and_lets_refusals_stand_out() {
    let app = TestApp::start().await;
    let path = assigned(&app, "Ann", Role::Attorney, json!({})).await;
    let (attorney, client) = (app.token(Role::Attorney), app.token(Role::Client));
    app.get(&attorney, &path).await.expect(200);
    app.get(&attorney, &path).await.expect(200);
    app.get(&client, &path).await.expect(404);
    app.settle("acme").await;
    let browser = Browser::new(&app, Role::ComplianceOfficer);
    let page = browser.see("/data-access").await.page();
    let api = app.get(&app.token(Role::ComplianceOfficer), "/api/v1/firm/reports/data-access").await.expect(200);
    let rows = api["accesses"].as_array().unwrap();
    assert!(rows.len() >= 2, "{api:#}");
    for row in rows {
        let user = row["userId"].as_str().unwrap();
        assert!(links(&page).iter().any(|link| link.starts_with("/audit?userId=") && link.contains(user)), "{user}");
    }
    let refusals: u64 = rows.iter().map(|row| u64::from(row["blockedAttempts"].as_u64().unwrap() > 0)).sum();
    assert_eq!(page.matches("<span class=\"mark alert\">").count() as u64, refusals);
    let blocked = links(&page).into_iter().find(|link| link.contains("outcome=blocked")).unwrap();
    // The strip: a line a person, a cell a day, the refused ones marked.
    let strip = page.split("<table class=\"heat\">").nth(1).unwrap().split("</table>").next().unwrap();
    assert_eq!(
        (strip.matches("<th scope=\"row\">").count(), strip.matches("<td").count()),
        (rows.len(), rows.len() * 30)
    );
    assert_eq!(strip.matches(" no\"><a href").count() as u64, refusals);
    let looks =
        rows.iter().map(|row| format!(">{}<", row["accessCount"])).filter(|looks| strip.contains(looks.as_str()));
    assert_eq!(looks.count(), rows.len(), "{strip}");
    assert!(strip.contains(", 1 refused</span>") && strip.contains("class=\"h4"), "{strip}");
    assert!(browser.see(&blocked).await.page().contains("Refused"));
    let one = browser.see(&format!("/data-access?userId={}", id_of(Role::Attorney))).await.page();
    assert!(!one.contains(&format!("/audit?userId={}", id_of(Role::Client))));
    let none = browser.see("/data-access?from=2020-01-01&to=2020-01-02").await.page();
    assert!(none.contains("Nobody looked at anything"));
    assert_eq!(field(&none, "csrf").len(), 64);
}
