//! The dashboard's pages that change something beside conversations: conflicts, users, the platform.

use engage_domain::{FirmId, Role, UserId};
use engage_journal::Sql;
use engage_native::sqlite::Db;
use engage_testkit::TestApp;
use serde_json::json;

use crate::browser::{Browser, both, field, links, send};

/// A client of one conversation who is the opposing party of another; gives the page of the conflict.
async fn adverse(app: &TestApp) -> String {
    let attorney = app.token(Role::Attorney);
    let (first, second) = (app.conversation(&attorney).await, app.conversation(&attorney).await);
    let client = json!({ "role": "client", "name": "Katherine Brown" });
    app.post(&attorney, &format!("{first}/parties"), client).await.expect(201);
    let opposing = json!({ "role": "opposing_party", "name": "Brown, Kathy" });
    let named = app.post(&attorney, &format!("{second}/parties"), opposing).await.expect(201);
    app.settle("acme").await;
    format!("/conflicts/{}", named["screening"]["matches"][0]["conflictId"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_listed_looked_at_and_resolved_for_a_reason() {
    let app = TestApp::start().await;
    let browser = Browser::new(&app, Role::Attorney);
    assert!(browser.see("/conflicts").await.page().contains("No open conflicts"));
    let path = adverse(&app).await;
    let list = browser.see("/conflicts").await.page();
    assert!(list.contains("Brown, Kathy") && list.contains("Katherine Brown") && links(&list).contains(&path));
    for other in ["/conflicts?status=cleared", "/conflicts?conflictType=matter", "/conflicts?matchType=fuzzy"] {
        assert!(browser.see(other).await.page().contains("No conflict is like that"), "{other}");
    }
    assert!(!list.contains("What became of them"), "that report is for whoever reads the audit trail");
    assert_eq!(browser.see("/conflicts?status=odd").await.status, 422);
    // Whoever may not resolve is offered nothing, and refused.
    let paralegal = Browser::new(&app, Role::Paralegal);
    let read = paralegal.see(&path).await.page();
    assert!(read.contains("Your role sees conflicts") && !read.contains(&format!("{path}/resolution")));
    let resolution = format!("{path}/resolution");
    let form = [("resolution", "no_conflict"), ("reason", "Another Kathy"), ("version", "1")];
    assert_eq!(send(&paralegal, &read, &resolution, &form).await.status, 403);
    // Both sides and why.
    let page = browser.see(&path).await.page();
    assert!(page.contains("Who came later") && page.contains("Who was known"));
    assert!(
        page.contains("<td>kathy</td><td>katherine</td><td>a nickname, or the name in another language</td>"),
        "{page}"
    );
    // Under review, then resolved; not against an old version, not without a reason, no consent without its document.
    let old = field(&page, "version").to_owned();
    let notes = [("version", old.as_str()), ("notes", "I call her")];
    assert_eq!(send(&browser, &page, &format!("{path}/review"), &notes).await.sent_to(), path);
    let page = browser.see(&path).await.page();
    assert!(page.contains("Under review") && page.contains("I call her"));
    let stale = [("resolution", "no_conflict"), ("reason", "x"), ("version", old.as_str())];
    let stale = send(&browser, &page, &resolution, &stale).await;
    assert_eq!(both(&stale, "The conflict"), ["No conflict: x", "Reviewing: I call her"]);
    let version = field(&page, "version").to_owned();
    for (form, named) in [
        (vec![("resolution", "no_conflict"), ("reason", " ")], "reason"),
        (vec![("reason", "x")], "resolution"),
        (vec![("resolution", "client_consented"), ("reason", "x")], "artefact"),
        (vec![("resolution", "client_consented"), ("reason", "x"), ("artefactName", "Letter")], "artefactReference"),
    ] {
        let form: Vec<_> = form.into_iter().chain([("version", version.as_str())]).collect();
        let refused = send(&browser, &page, &resolution, &form).await;
        assert_eq!(refused.status, 422, "{form:?}");
        assert!(refused.text.contains(&format!("<strong>{named}</strong>")), "{named}: {}", refused.text);
    }
    let good = [("resolution", "no_conflict"), ("reason", "Another <Kathy>"), ("version", version.as_str())];
    assert_eq!(send(&browser, &page, &resolution, &good).await.sent_to(), path);
    let page = browser.see(&path).await.page();
    assert!(page.contains("Cleared") && page.contains("Another &lt;Kathy&gt;") && !page.contains("/resolution\""));
    assert!(page.contains("Noted before: I call her"));
    let api = app.get(&app.token(Role::Attorney), &format!("/api/v1/firm{path}")).await.expect(200);
    assert_eq!(api["conflict"]["resolution"]["reason"], "Another <Kathy>");
    app.settle("acme").await;
    assert!(browser.see("/conflicts").await.page().contains("No open conflicts"));
    assert!(links(&browser.see("/conflicts?status=cleared").await.page()).contains(&path));
    let again = [("reason", "It is her"), ("version", field(&page, "version"))];
    assert_eq!(send(&browser, &page, &format!("{path}/reopening"), &again).await.sent_to(), path);
    assert!(browser.see(&path).await.page().contains("Detected"));
    let officer = Browser::new(&app, Role::ComplianceOfficer);
    assert!(officer.see("/conflicts").await.page().contains("What became of them"));
    assert_eq!(browser.see("/conflicts/01ARZ3NDEKTSV4RRFFQ69G5FAV").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_checked_and_the_check_stays_on_record() {
    let app = TestApp::start().await;
    adverse(&app).await;
    let browser = Browser::new(&app, Role::ComplianceOfficer);
    let page = browser.see("/conflicts/check").await.page();
    let form = [
        ("name", "Catherine Brown"),
        ("role", "opposing_party"),
        ("aliases", "Kate Braun\r\n\r\nK. Brown"),
        ("email", "k@x.example"),
    ];
    let found = send(&browser, &page, "/conflicts/check", &form).await.page();
    assert!(found.contains("Do not take this party in") && found.contains(">Katherine Brown<"), "{found}");
    // What was asked stands on the page, which is printed without its form.
    let asked = "As opposing party, also known as Kate Braun, also known as K. Brown, email k@x.example";
    assert!(found.contains(asked) && found.contains("class=\"paper soft small\""), "{found}");
    // The form keeps what was asked, for the next try.
    assert!(
        found.contains("value=\"Catherine Brown\"")
            && found.contains("Kate Braun\nK. Brown")
            && found.contains("k@x.example")
    );
    // Whose conversation it is, and since when.
    assert!(found.contains(">Jane Roe</a><div class=\"soft small\">since "), "{found}");
    // Entries that look the same are one row, with their number.
    for old in ["1", "2", "3"] {
        let party = json!({ "role": "client", "name": "Katherine Brown", "externalId": old });
        app.post(&app.token(Role::Attorney), "/api/v1/firm/parties", party).await.expect(201);
    }
    let again = send(&browser, &page, "/conflicts/check", &form).await.page();
    assert!(again.contains("<strong>4 conflicts"), "{again}");
    assert_eq!((again.matches(">Katherine Brown<").count(), again.matches("(3 entries)").count()), (2, 1), "{again}");
    let nobody = send(&browser, &page, "/conflicts/check", &[("name", "Zbigniew Kowalczyk")]).await.page();
    assert!(nobody.contains("Nobody adverse was found"));
    let audit = app.audit("acme").await;
    assert_eq!(audit.iter().filter(|row| &*row.action == "conflict_checked").count(), 3);
    let refused = send(&browser, &page, "/conflicts/check", &[("name", "!?")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("<strong>name</strong>"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_listed_registered_changed_and_signed_out() {
    let app = TestApp::start().await;
    let (admin, attorney) = (Browser::new(&app, Role::FirmAdmin), Browser::new(&app, Role::Attorney));
    let id = UserId::from_subject(&"acme".parse::<FirmId>().unwrap(), "attorney");
    let path = format!("/users/{id}");
    let seen = attorney.see("/users").await.page();
    assert!(!seen.contains("Register somebody"));
    let client = Browser::new(&app, Role::Client);
    assert_eq!(client.see("/users").await.status, 403);
    // Whoever comes for the first time is registered.
    admin.see("/overview").await.page();
    app.settle("acme").await;
    let page = admin.see("/users").await.page();
    let people = |page: &str| links(page).into_iter().filter(|link| link.starts_with("/users/")).count();
    assert_eq!(people(&page), 2, "the staff, and not the client: {page}");
    assert_eq!(people(&admin.see("/users?role=client").await.page()), 1);
    assert!(admin.see("/users?status=suspended").await.page().contains("Nobody is like that"));
    // Registered under an address that nobody has.
    let form = [("email", "new@acme.example"), ("name", "New Body"), ("role", "paralegal")];
    let registered = send(&admin, &page, "/users", &form).await;
    assert!(admin.see(registered.sent_to()).await.page().contains("<h1>New Body</h1>"));
    assert_eq!(
        send(&attorney, &seen, "/users", &[("email", "x@acme.example"), ("role", "firm_admin")]).await.status,
        403
    );
    let taken = send(&admin, &page, "/users", &form).await;
    assert_eq!(taken.status, 409, "{}", taken.text);
    // Changed: from the next request on their token speaks for the new role. Not against an old version.
    let user = admin.see(&path).await.page();
    let form = [("role", "paralegal"), ("status", "active"), ("version", field(&user, "version"))];
    assert_eq!(send(&admin, &user, &path, &form).await.sent_to(), path);
    assert!(attorney.see("/overview").await.page().contains("Paralegal"));
    let form = [("role", "attorney"), ("status", "active"), ("version", field(&user, "version"))];
    assert_eq!(both(&send(&admin, &user, &path, &form).await, "Role"), ["Attorney", "Paralegal"]);
    let own = attorney.see(&path).await.page();
    assert!(own.contains("Your role sees users") && !own.contains("/revocation"));
    let forged = [("role", "firm_admin"), ("version", "9")];
    assert_eq!(send(&attorney, &own, &path, &forged).await.status, 403);
    let me = format!("/users/{}", UserId::from_subject(&"acme".parse::<FirmId>().unwrap(), "firm_admin"));
    assert!(admin.see(&me).await.page().contains("Nobody changes their own role"));
    // Signed out everywhere.
    let user = admin.see(&path).await.page();
    let form = [("version", field(&user, "version"))];
    assert_eq!(send(&admin, &user, &format!("{path}/revocation"), &form).await.sent_to(), path);
    assert!(attorney.see("/overview").await.sent_to().starts_with("/sign-in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_is_shown_and_operated_by_whoever_may() {
    let app = TestApp::start().await;
    let (admin, officer) = (Browser::new(&app, Role::FirmAdmin), Browser::new(&app, Role::ComplianceOfficer));
    let conversation = app.conversation(&app.token(Role::Attorney)).await;
    app.settle("acme").await;
    let read = officer.see("/platform").await.page();
    assert!(read.contains("Your role sees the platform") && !read.contains("/platform/rebuild"));
    assert!(read.contains("<div id=\"run\"></div>"), "nothing is under way");
    assert!(read.contains("The server is ready"));
    let run = officer.see("/platform/run").await.page();
    assert!(run.contains("The run has ended") && !run.contains("data-poll"), "{run}");
    assert_eq!(Browser::new(&app, Role::Attorney).see("/platform/run").await.status, 403);
    for (path, form) in [("/platform/reconciliation", vec![("dryRun", "false")]), ("/platform/rebuild", vec![])] {
        assert_eq!(send(&officer, &read, path, &form).await.status, 403, "{path}");
    }
    // A row that the journal does not account for is found by a dry run, and mended by a reconciliation.
    let folder = app.engage.runtime().folder().firm(&"acme".parse().unwrap());
    let index = |script: &str| Db::index(&folder.join("index.db")).unwrap().script(script).unwrap();
    index("UPDATE conversation_index SET clientName = 'Somebody else'");
    let page = admin.see("/platform").await.page();
    let dry = send(&admin, &page, "/platform/reconciliation", &[("dryRun", "true")]).await.page();
    assert!(
        dry.contains("<h1>Dry run</h1>") && dry.contains("1 row differed") && dry.contains("Nothing was changed"),
        "{dry}"
    );
    assert!(dry.contains("Drifted"));
    let run = send(&admin, &page, "/platform/reconciliation", &[("dryRun", "false")]).await.page();
    assert!(run.contains("<h1>Reconciliation</h1>") && run.contains("Mended: 1."), "{run}");
    let built = send(&admin, &page, "/platform/rebuild", &[]).await.page();
    assert!(built.contains("Every row agrees with the journal"), "{built}");
    app.settle("acme").await;
    let page = admin.see("/platform").await.page();
    assert_eq!(page.matches("1 differed").count(), 3, "twice in the list, once as the last one: {page}");
    // What the index cannot take in is tried again.
    index("CREATE TRIGGER rule BEFORE UPDATE ON conversation_index BEGIN SELECT RAISE(ABORT, 'against the rule'); END");
    let said = json!({ "role": "agent", "content": "hello" });
    app.post(&app.token(Role::Attorney), &format!("{conversation}/messages"), said).await.expect(201);
    app.settle("acme").await;
    let page = admin.see("/platform").await.page();
    assert!(page.contains("against the rule") && page.contains(conversation.rsplit('/').next().unwrap()));
    let replay = page.split("action=\"").find(|path| path.starts_with("/platform/sync-failures/")).unwrap();
    let replay = replay.split('"').next().unwrap().to_owned();
    assert!(!officer.see("/platform").await.page().contains(&replay));
    let again = send(&admin, &page, &replay, &[]).await;
    assert_eq!(again.sent_to(), "/platform?replayed=failed");
    index("DROP TRIGGER rule");
    let again = send(&admin, &page, &replay, &[]).await;
    assert_eq!(again.sent_to(), "/platform?replayed=indexed");
    assert_eq!(admin.see("/platform?replayed=perhaps").await.status, 422);
    let page = admin.see("/platform?replayed=indexed").await.page();
    assert!(page.contains("The index has taken the object in") && !page.contains("against the rule"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_begins_in_the_browser_is_on_record_once() {
    let app = TestApp::start().await;
    let signed_in = async || {
        let audit = app.audit("acme").await;
        audit.iter().filter(|row| &*row.action == "user_signed_in").count()
    };
    let admin = Browser::new(&app, Role::FirmAdmin);
    let nobody = Browser { app: &app, cookie: String::new() };
    let token = app.token(Role::Attorney);
    // Whoever is registered on the way has signed in once, not twice.
    assert_eq!(nobody.post("/sign-in", &[("token", &token)]).await.sent_to(), "/overview");
    assert_eq!(signed_in().await, 1);
    let attorney = Browser::new(&app, Role::Attorney);
    attorney.see("/overview").await.page();
    attorney.see("/queue").await.page();
    assert_eq!(signed_in().await, 1, "a page is no session");
    assert_eq!(nobody.post("/sign-in", &[("token", &token)]).await.sent_to(), "/overview");
    let id = UserId::from_subject(&"acme".parse::<FirmId>().unwrap(), "attorney");
    let audit = app.audit("acme").await;
    let last = audit.iter().rfind(|row| &*row.action == "user_signed_in").unwrap();
    assert_eq!((last.user_id, signed_in().await), (Some(id), 2));
    // Another admin's view: the time of it, not a dash.
    let user = admin.see(&format!("/users/{id}")).await.page();
    assert!(user.contains("<dt>Last signed in</dt><dd><time"), "{user}");
    // Whoever may not come in is told at the door.
    let form = [("status", "suspended"), ("version", field(&user, "version"))];
    send(&admin, &user, &format!("/users/{id}"), &form).await.sent_to();
    let refused = nobody.post("/sign-in", &[("token", &token)]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("the user is suspended"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chains_are_checked_and_a_broken_one_is_named() {
    let app = TestApp::start().await;
    let (officer, attorney) = (Browser::new(&app, Role::ComplianceOfficer), Browser::new(&app, Role::Attorney));
    let conversation = app.conversation(&app.token(Role::Attorney)).await;
    app.settle("acme").await;
    let page = officer.see("/audit").await.page();
    assert!(page.contains("The chains have not been walked yet."));
    let own = attorney.see("/overview").await.page();
    assert_eq!(send(&attorney, &own, "/audit/verification", &[]).await.status, 403);
    let whole = send(&officer, &page, "/audit/verification", &[]).await.page();
    assert!(whole.contains("Every chain is whole") && whole.contains("<dt>Digest</dt>"), "{whole}");
    app.settle("acme").await;
    assert!(officer.see("/audit").await.page().contains("Chains whole"));
    // An entry that says otherwise than it did.
    let journal = app.engage.runtime().folder().firm(&"acme".parse().unwrap()).join("journal.db");
    let id = conversation.rsplit('/').next().unwrap();
    let write = |action: &str, other: &str| {
        let change = format!("UPDATE entry SET action = '{other}' WHERE action = '{action}'");
        Db::journal(&journal).unwrap().script(&change).unwrap();
    };
    write("conversation_created", "conversation_forged");
    let broken = send(&officer, &page, "/audit/verification", &[]).await.page();
    assert!(broken.contains("Broken in 1 place.") && broken.contains("was changed: its hash is another"), "{broken}");
    assert!(links(&broken).contains(&format!("/audit?resource=conversation%2F{id}")), "{broken}");
    write("conversation_forged", "conversation_created");
    app.settle("acme").await;
    assert!(officer.see("/audit").await.page().contains("Chains broken in 1 place"));
}
