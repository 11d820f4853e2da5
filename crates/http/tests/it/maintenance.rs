//! Looking after a firm's index.

use engage_domain::Role;
use serde_json::json;

use engage_testkit::TestApp;

const RECONCILE: &str = "/api/v1/platform/firms/acme/reconcile";

#[tokio::test(flavor = "multi_thread")]
async fn a_reconciliation_says_what_it_found_and_is_on_record() {
    let app = TestApp::start().await;
    let admin = app.token(Role::FirmAdmin);
    app.conversation(&admin).await;
    app.settle("acme").await;
    let run = app.post(&admin, RECONCILE, json!({})).await.expect(200)["reconciliation"].clone();
    assert_eq!((&run["firmId"], &run["dryRun"], &run["findings"]), (&json!("acme"), &json!(false), &json!([])));
    for count in ["missing", "stale", "orphaned", "drifted", "repaired", "unreadable"] {
        assert_eq!(run[count], 0, "{count}");
    }
    assert!(run["rows"].as_u64().unwrap() > 2, "{run}");
    let dry = app.post(&admin, &format!("{RECONCILE}?dryRun=true"), json!({})).await.expect(200);
    assert_eq!(dry["reconciliation"]["dryRun"], true);
    app.settle("acme").await;
    let audit = app.audit("acme").await;
    let runs: Vec<_> = audit.iter().filter(|row| row.action.as_ref() == "index_reconciled").collect();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|row| row.user_id.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_says_what_differed_and_lists_answer_after() {
    let app = TestApp::start().await;
    let admin = app.token(Role::FirmAdmin);
    let path = app.conversation(&admin).await;
    app.settle("acme").await;
    let done = app.post(&admin, "/api/v1/platform/firms/acme/rebuild", json!({})).await.expect(200);
    assert!(done["entries"].as_u64().unwrap() > 2, "{done}");
    assert_eq!((&done["rebuild"]["drifted"], &done["rebuild"]["findings"]), (&json!(0), &json!([])));
    app.settle("acme").await;
    let list = app.get(&admin, "/api/v1/firm/conversations").await.expect(200);
    let id = list["conversations"][0]["sessionId"].as_str().unwrap();
    assert!(path.ends_with(id), "{path} {id}");
    let audit = app.audit("acme").await;
    assert_eq!(audit.iter().filter(|row| row.action.as_ref() == "index_rebuilt").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legal_hold_is_set_for_a_reason_shown_to_the_firm_and_lifted() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    let path = app.conversation(&partner).await;
    let hold = format!("{path}/legal-hold");
    app.put(&partner, &hold, json!({ "hold": true })).await.problem(422, "invalid_value", Some("reason"));
    app.put(&partner, &hold, json!({ "hold": true, "reason": "  " })).await.problem(
        422,
        "invalid_value",
        Some("reason"),
    );
    app.put(&partner, &hold, json!({ "hold": false, "reason": "x" })).await.problem(
        422,
        "invalid_value",
        Some("reason"),
    );
    let held = app.put(&partner, &hold, json!({ "hold": true, "reason": "Roe v. Acme" })).await.expect(200);
    assert!(held["conversation"]["heldSince"].is_string());
    let again = app.put(&partner, &hold, json!({ "hold": true, "reason": "twice" })).await.expect(200);
    assert_eq!(again["conversation"]["version"], held["conversation"]["version"], "on hold already");
    // A deleted one can be put on hold and taken off it: that is when it matters.
    app.delete(&partner, &path).await.expect(200);
    let lifted = app.put(&partner, &hold, json!({ "hold": false })).await.expect(200);
    assert_eq!(lifted["conversation"]["heldSince"], json!(null));
    app.put(&app.token(Role::Attorney), &hold, json!({ "hold": false })).await.problem(
        410,
        "conversation_deleted",
        None,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_operate_the_platform_is_refused() {
    let app = TestApp::start().await;
    for role in [Role::Attorney, Role::Paralegal, Role::IntakeSpecialist, Role::ComplianceOfficer, Role::Client] {
        app.post(&app.token(role), RECONCILE, json!({})).await.problem(403, "forbidden", None);
    }
    let partner = app.token(Role::ManagingPartner);
    app.post(&partner, &format!("{RECONCILE}?dryRun=perhaps"), json!({})).await.problem(
        422,
        "invalid_value",
        Some("dryRun"),
    );
    app.post(&partner, "/api/v1/platform/firms/no%20slug/reconcile", json!({})).await.problem(
        404,
        "unknown_firm",
        None,
    );
}
