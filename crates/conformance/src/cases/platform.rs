//! The index under care: health, reconciliation, rebuild, what it could not take in.

use serde_json::{Value, json};

use super::{Case, Run, shared};
use crate::{
    control::Lab,
    firm::{CONVERSATIONS, Firm, eventually, id},
};

pub(super) const CASES: &[Case] = &[
    shared("platform/health-is-told", health_is_told),
    shared("platform/a-sound-index-needs-no-mending", a_sound_index_needs_no_mending),
    shared("platform/a-rebuild-loses-nothing", a_rebuild_loses_nothing),
    Case { name: "platform/planted-faults-are-found-and-mended", run: Run::Faulty(planted_faults_are_mended) },
    Case { name: "platform/an-index-that-was-lost-comes-back", run: Run::Faulty(a_lost_index_comes_back) },
    Case { name: "platform/what-was-not-taken-in-is-replayed", run: Run::Faulty(what_was_not_taken_in_is_replayed) },
];

fn health_is_told(firm: &Firm) {
    let token = firm.written(&firm.conversation());
    firm.list("attorney", CONVERSATIONS, &token);
    let health = firm.get("managing_partner", "/api/v1/platform/health").expect(200);
    let firms = health["firms"].as_array().unwrap();
    assert_eq!((firms.len(), &firms[0]["firmId"]), (1, &json!(firm.slug)), "{health:#}");
    for field in ["lagMs", "pendingEntries", "parkedObjects"] {
        assert!(firms[0]["index"][field].is_u64(), "{health:#}");
    }
    for path in ["/healthz", "/readyz"] {
        firm.client.ask("GET", path).send().expect(200);
    }
}

fn reconcile(firm: &Firm, dry_run: bool) -> Value {
    let path = format!("/api/v1/platform/firms/{}/reconcile?dryRun={dry_run}", firm.slug);
    firm.ask("managing_partner", "POST", &path).send().expect(200)["reconciliation"].clone()
}

/// Missing, drifted, repaired.
fn counts(run: &Value) -> [u64; 3] {
    ["missing", "drifted", "repaired"].map(|count| run[count].as_u64().unwrap())
}

fn a_sound_index_needs_no_mending(firm: &Firm) {
    let path = firm.conversation();
    let token = firm.written(&path);
    firm.list("attorney", CONVERSATIONS, &token);
    for dry_run in [true, false] {
        let run = reconcile(firm, dry_run);
        assert_eq!(
            (&run["firmId"], &run["dryRun"], &run["findings"]),
            (&json!(firm.slug), &json!(dry_run), &json!([]))
        );
        for count in ["missing", "stale", "orphaned", "drifted", "repaired", "unreadable"] {
            assert_eq!(run[count], 0, "{count}");
        }
        assert!(run["rows"].as_u64() > Some(2), "{run:#}");
    }
    let token = firm.written(&path);
    let runs = firm.list("managing_partner", "/api/v1/platform/reconciliations", &token);
    assert_eq!(runs["reconciliations"].as_array().unwrap().len(), 2, "{runs:#}");
}

fn a_rebuild_loses_nothing(firm: &Firm) {
    let path = firm.conversation();
    let token = firm.written(&path);
    let before = firm.list("attorney", CONVERSATIONS, &token)["conversations"].clone();
    let rebuild = format!("/api/v1/platform/firms/{}/rebuild", firm.slug);
    let done = firm.ask("managing_partner", "POST", &rebuild).send().expect(200);
    assert!(done["entries"].as_u64() > Some(2), "{done:#}");
    assert_eq!(counts(&done["rebuild"]), [0, 0, 0]);
    assert_eq!(firm.list("attorney", CONVERSATIONS, &token)["conversations"], before);
}

fn planted_faults_are_mended(lab: &Lab<'_>) {
    let target = lab.start();
    let firm = target.found("acme");
    let paths = ["One", "Two", "Three"].map(|name| firm.conversation_of(name));
    let token = firm.written(&paths[2]);
    let before = firm.list("attorney", &format!("{CONVERSATIONS}?sort=createdAt"), &token)["conversations"].clone();
    target.stop();
    lab.faults().lose_row(&lab.data(), "acme", id(&paths[0]));
    lab.faults().drift_row(&lab.data(), "acme", id(&paths[1]));
    let target = lab.start();
    let firm = target.firm("acme");
    assert_eq!(counts(&reconcile(&firm, true)), [1, 1, 0]);
    assert_eq!(counts(&reconcile(&firm, true)), [1, 1, 0], "a dry run changes nothing");
    assert_eq!(counts(&reconcile(&firm, false)), [1, 1, 2]);
    assert_eq!(counts(&reconcile(&firm, false)), [0, 0, 0]);
    let after = firm.list("attorney", &format!("{CONVERSATIONS}?sort=createdAt"), &token)["conversations"].clone();
    assert_eq!(after, before);
    target.stop();
}

fn a_lost_index_comes_back(lab: &Lab<'_>) {
    let target = lab.start();
    let firm = target.found("acme");
    let paths = ["One", "Two", "Three"].map(|name| firm.conversation_of(name));
    let token = firm.written(&paths[2]);
    let list = format!("{CONVERSATIONS}?sort=createdAt");
    let before = firm.list("attorney", &list, &token)["conversations"].clone();
    target.stop();
    lab.faults().lose_index(&lab.data(), "acme");
    let target = lab.start();
    let firm = target.firm("acme");
    // Nobody writes; whoever looks is told how far behind the list is until it has everything.
    eventually("the list as it was", || {
        let page = firm.get("attorney", &list).expect(200);
        let is_whole = page["conversations"] == before;
        assert!(is_whole || page["index"]["lagMs"].as_u64() > Some(0), "{page:#}");
        is_whole.then_some(())
    });
    let health = eventually("an index that is whole", || {
        let health = firm.get("managing_partner", "/api/v1/platform/health").expect(200);
        (health["firms"][0]["index"]["building"] == false).then_some(health)
    });
    assert_eq!(health["firms"][0]["index"]["parkedObjects"], 0, "{health:#}");
    let run = reconcile(&firm, true);
    assert_eq!((&run["findings"], run["rows"].as_u64() > Some(3)), (&json!([]), true), "{run:#}");
    target.stop();
}

fn what_was_not_taken_in_is_replayed(lab: &Lab<'_>) {
    const FAILURES: &str = "/api/v1/platform/sync-failures";
    let target = lab.start();
    target.found("acme");
    target.stop();
    lab.faults().refuse(&lab.data(), "acme", true);
    let target = lab.start();
    let firm = target.firm("acme");
    let path = firm.conversation();
    let failure = eventually("a failure on record", || {
        let listed = firm.get("managing_partner", FAILURES).expect(200);
        listed["syncFailures"].as_array().unwrap().first().cloned()
    });
    assert_eq!((&failure["kind"], &failure["object"]), (&json!("conversation"), &json!(id(&path))));
    // Whoever writes hears nothing of it.
    firm.say(&path, "Hello").expect(201);
    let replay = |failure: &Value| {
        let path = format!("{FAILURES}/{}/replay", failure["id"]);
        firm.ask("managing_partner", "POST", &path).send().expect(200)["outcome"].clone()
    };
    assert_eq!(replay(&failure), "failed");
    firm.ask("managing_partner", "POST", &format!("{FAILURES}/999/replay")).send().expect(404);
    lab.faults().refuse(&lab.data(), "acme", false);
    // It may have been tried again by itself.
    eventually("the conversation in the list", || {
        let listed = firm.get("managing_partner", FAILURES).expect(200);
        if let Some(failure) = listed["syncFailures"].as_array().unwrap().first() {
            firm.ask("managing_partner", "POST", &format!("{FAILURES}/{}/replay", failure["id"])).send();
        }
        let list = firm.get("attorney", CONVERSATIONS).expect(200);
        (list["conversations"].as_array().unwrap().len() == 1).then_some(())
    });
    target.stop();
}
