//! Every operation of the document, from another firm and from a role that may not. The exceptions are in [`crate::cases`].

use std::collections::BTreeSet;

use engage_domain::{FirmId, Outcome, Role, UserId};
use engage_native::Platform;
use serde_json::{Value, json};

use crate::cases::{self, Case, Foreign, Refuses, Things};
use engage_testkit::{Ask, TestApp, resource};

/// A service with two firms; in `acme` a conversation with a resume token, and an attorney.
struct Scene {
    app: TestApp,
    things: Things,
    resume_token: String,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start().await;
        app.firm("zenith").await;
        let started =
            app.ask("POST", "/api/v1/conversations").json(&json!({ "firmId": "acme" })).send().await.expect(201);
        for firm in ["acme", "zenith"] {
            let partner = app.token_of(firm, "partner", Role::ManagingPartner);
            let body =
                json!({ "email": "attorney@firm.example", "role": "attorney", "name": format!("Ann of {firm}") });
            app.post(&partner, "/api/v1/firm/users", body).await.expect(201);
        }
        let acme: FirmId = "acme".parse().unwrap();
        let conversation = started["conversation"]["sessionId"].as_str().unwrap().to_owned();
        let partner = app.token(Role::ManagingPartner);
        let known = json!({ "role": "client", "name": "Jane Roe" });
        app.post(&partner, "/api/v1/firm/parties", known).await.expect(201);
        let named = json!({ "role": "opposing_party", "name": "Jane Roe" });
        let named = app.post(&partner, &format!("/api/v1/firm/conversations/{conversation}/parties"), named).await;
        let named = named.expect(201);
        let things = Things {
            conversation,
            user: UserId::from_email(&acme, "attorney@firm.example").to_string(),
            party: named["party"]["partyId"].as_str().unwrap().to_owned(),
            conflict: named["screening"]["matches"][0]["conflictId"].as_str().unwrap().to_owned(),
        };
        Self { app, things, resume_token: started["resumeToken"].as_str().unwrap().to_owned() }
    }

    fn ask(&self, case: &Case) -> Ask<'_> {
        let path = case.path(&self.things, &self.resume_token);
        let ask = self.app.ask(case.method.as_str(), &path);
        match case.body(&self.resume_token) {
            Some(body) => ask.json(&body),
            None => ask,
        }
    }

    async fn versions(&self) -> (Value, Value, Value) {
        let officer = self.app.token_of("acme", "officer", Role::ComplianceOfficer);
        let conversation = format!("/api/v1/firm/conversations/{}", self.things.conversation);
        let conversation = self.app.get(&officer, &conversation).await.expect(200)["conversation"]["version"].clone();
        let user = format!("/api/v1/firm/users/{}", self.things.user);
        let user = self.app.get(&officer, &user).await.expect(200)["user"]["version"].clone();
        let settings = self.app.get(&officer, "/api/v1/firm/settings").await.expect(200)["settings"]["version"].clone();
        (conversation, user, settings)
    }
}

#[test]
fn every_operation_of_the_document_has_a_case() {
    let document = serde_json::to_value(engage_http::openapi::<Platform>()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "delete", "patch", "head", "options"] {
            if item.get(method).is_some() {
                documented.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    let cases: BTreeSet<_> = cases::all()
        .iter()
        .map(|case| (case.method.to_string(), case.path.split('?').next().unwrap().to_owned()))
        .collect();
    assert_eq!(documented, cases);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_firms_objects_are_not_there_and_the_attempt_is_on_record() {
    let scene = Scene::new().await;
    let before = scene.versions().await;
    let outsider = scene.app.token_of("zenith", "partner", Role::ManagingPartner);
    let mut refused = 0;
    for case in cases::all().iter().filter(|case| case.foreign == Foreign::NotFound) {
        let reply = scene.ask(case).token(&outsider).send().await;
        let (code, named) = match case.path {
            path if path.contains("{firm}") => ("unknown_firm", "acme"),
            path if path.contains("/users/") => ("unknown_user", case.id(&scene.things)),
            path if path.contains("/firm/parties/") => ("unknown_party", case.id(&scene.things)),
            path if path.contains("/firm/conflicts/") => ("unknown_conflict", case.id(&scene.things)),
            _ => ("unknown_conversation", case.id(&scene.things)),
        };
        reply.problem(404, code, None);
        refused += 1;
        let audit = scene.app.audit("zenith").await;
        let denied: Vec<_> = audit.iter().filter(|row| row.action.as_ref() == "access_denied").collect();
        assert_eq!(denied.len(), refused, "{} {}", case.method, case.path);
        let last = denied.last().unwrap();
        assert_eq!(resource(last), named, "{}", case.path);
        assert_eq!(last.outcome, Outcome::Blocked);
    }
    assert_eq!(scene.versions().await, before, "nothing changed in the other firm");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_settings_are_the_callers_own_firms() {
    let scene = Scene::new().await;
    let before = scene.versions().await;
    scene.app.settle("acme").await;
    scene.app.settle("zenith").await;
    let outsider = scene.app.token_of("zenith", "partner", Role::ManagingPartner);
    for case in cases::all().iter().filter(|case| case.foreign == Foreign::OwnFirm) {
        let reply = scene.ask(case).token(&outsider).send().await;
        assert!(reply.status.is_success(), "{} {}: {:#}", case.method, case.path, reply.body);
        let text = reply.body.to_string();
        let Things { conversation, user, party, conflict } = &scene.things;
        for id in [conversation, user, party, conflict] {
            assert!(!text.contains(id.as_str()), "{} {}", case.method, case.path);
        }
        assert!(!text.contains("\"acme\""), "{} {}: {text}", case.method, case.path);
    }
    assert_eq!(scene.versions().await, before, "nothing changed in the other firm");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_refuses_a_role_that_may_not() {
    let scene = Scene::new().await;
    let before = scene.versions().await;
    for case in cases::all() {
        match case.refuses {
            Refuses::Nobody => {}
            // A client is not told that somebody else's conversation exists.
            Refuses::Role(Role::Client)
                if case.path.contains("conversations/{id}") && !case.path.ends_with("/parties") =>
            {
                let reply = scene.ask(&case).token(&scene.app.token(Role::Client)).send().await;
                reply.problem(404, "unknown_conversation", None);
            }
            Refuses::Role(role) => {
                let denials = count_denied(&scene.app).await;
                let reply = scene.ask(&case).token(&scene.app.token(role)).send().await;
                assert_eq!(reply.body["code"], "forbidden", "{} {}: {:#}", case.method, case.path, reply.body);
                reply.problem(403, "forbidden", None);
                assert_eq!(count_denied(&scene.app).await, denials + 1, "{} {}", case.method, case.path);
            }
            Refuses::WithoutToken => {
                let (secret, other) = (&scene.resume_token[scene.resume_token.len() - 32..], "0".repeat(32));
                let wrong = Scene { resume_token: scene.resume_token.replace(secret, &other), ..Scene::new().await };
                // The other scene's own conversation and token do not fit together.
                let client = wrong.app.token(Role::Client);
                let reply = wrong.ask(&case).token(&client).send().await;
                reply.problem(404, "unknown_conversation", None);
            }
        }
    }
    assert_eq!(scene.versions().await, before, "nothing changed");
}

async fn count_denied(app: &TestApp) -> usize {
    app.audit("acme").await.iter().filter(|row| row.action.as_ref() == "access_denied").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_but_the_clients_own_asks_for_a_token() {
    let scene = Scene::new().await;
    let open = ["/api/v1/conversations", "/api/v1/conversations/message", "/api/v1/conversations/stream?token={token}"];
    for case in cases::all() {
        if open.contains(&case.path) || case.path.starts_with("/api/v1/conversations/resume/") {
            continue;
        }
        let reply = scene.ask(&case).send().await;
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        reply.problem(401, "unauthenticated", None);
        let reply = scene.ask(&case).token("x.y.z").send().await;
        assert_eq!(reply.header("www-authenticate"), "Bearer error=\"invalid_token\"");
        reply.problem(401, "invalid_token", None);
    }
}
