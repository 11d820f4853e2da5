//! The list of conflicts of interest.

use engage_app::Runtime;
use engage_domain::{
    Actor, ConflictId, ConversationId, Firm, FirmId, PartyId, Role,
    firm::Command,
    registry::{Party, PartyRole, Resolution, Verdict},
};
use engage_journal::{Call, Intent, Turn};
use engage_testkit::TestApp;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/firm/conflicts";

/// A firm with three conversations.
struct Scene {
    app: TestApp,
    partner: String,
    conversations: Vec<ConversationId>,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let partner = app.token(Role::ManagingPartner);
        let mut conversations = vec![];
        for _ in 0..3 {
            conversations.push(app.conversation(&partner).await.rsplit('/').next().unwrap().parse().unwrap());
        }
        Self { app, partner, conversations }
    }

    /// What the platform itself asks of the firm; gives the token of the write.
    async fn tell(&self, command: Command) -> String {
        let firm: FirmId = "acme".parse().unwrap();
        let call = Call::new(Actor::SYSTEM, Intent::Command(command));
        match self.app.engage.runtime().call::<Firm>(&firm, firm.clone(), call).await {
            Ok(Turn::Done(answer)) => format!("firm/acme@{}", answer.state.version),
            other => panic!("not done: {other:?}"),
        }
    }

    /// Registers the opposing party of one conversation as the client of another; gives their conflict and the token of the write.
    async fn adverse(&self, client: usize, opponent: usize, name: &str) -> (ConflictId, String) {
        let firm = "acme".parse().unwrap();
        let (mut parties, mut token) = (vec![], String::new());
        for (at, role) in [(opponent, PartyRole::OpposingParty), (client, PartyRole::Client)] {
            let conversation = Some(self.conversations[at]);
            let id = PartyId::of(&firm, conversation, role.as_str(), name);
            let party = Box::new(Party { conversation, ..Party::named(role, name) });
            token = self.tell(Command::Register { id, party }).await;
            parties.push(id);
        }
        (ConflictId::between(parties[0], parties[1]), token)
    }

    /// The ids that a list shows.
    async fn ids(&self, query: &str) -> Vec<String> {
        let list = self.app.get(&self.partner, &format!("{PATH}?{query}")).await.expect(200);
        let rows = list["conflicts"].as_array().unwrap().iter();
        rows.map(|row| row["conflictId"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_listed_with_both_parties_as_soon_as_its_token_asks_for_it() {
    let scene = Scene::new().await;
    let (id, token) = scene.adverse(0, 1, "Quorvex Holdings").await;
    let reply = scene.app.ask("GET", PATH).token(&scene.partner).header("X-Engage-Consistency", &token).send().await;
    let list = reply.expect(200);
    assert_eq!((&list["source"], &list["index"]["consistent"]), (&json!("index"), &json!(true)));
    assert_eq!(list["page"], json!({ "next": null, "limit": 50 }));
    let mut row = list["conflicts"][0].clone();
    let confidence = row["confidence"].as_f64().unwrap();
    assert!(confidence > 0.9 && confidence <= 1.0, "{confidence}");
    let (detected, version) = (row["detectedAt"].take(), row["version"].take());
    assert!(detected.as_str().unwrap().ends_with('Z') && version.as_u64().unwrap() > 1);
    let expected = json!({
        "firmId": "acme", "conflictId": id.to_string(), "status": "detected", "conflictType": "opposing_party",
        "matchType": "exact", "confidence": confidence, "conversationId": scene.conversations[0].to_string(),
        "otherConversationId": scene.conversations[1].to_string(), "entity": "Quorvex Holdings",
        "partyName": "Quorvex Holdings", "detectedAt": null, "resolvedAt": null, "resolvedBy": null, "resolution": null,
        "notes": null, "version": null,
    });
    assert_eq!(row, expected);
    assert_eq!(list["conflicts"].as_array().unwrap().len(), 1);

    let verdict =
        Verdict { resolution: Resolution::NoConflict, reason: "Another one".into(), artefact: None, declined: None };
    let token = scene.tell(Command::Resolve { id, seen: None, verdict: Box::new(verdict) }).await;
    let reply = scene.app.ask("GET", PATH).token(&scene.partner).header("X-Engage-Consistency", &token).send().await;
    let row = reply.expect(200)["conflicts"][0].clone();
    assert_eq!((&row["status"], &row["resolution"]), (&json!("cleared"), &json!("no_conflict")));
    assert_eq!((&row["notes"], &row["resolvedBy"]), (&json!("Another one"), &Value::Null));
    assert!(row["resolvedAt"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_are_filtered_and_paged() {
    let scene = Scene::new().await;
    let (first, _) = scene.adverse(0, 1, "Quorvex Holdings").await;
    let (second, _) = scene.adverse(1, 2, "Tamsin Birkwood").await;
    let (third, _) = scene.adverse(2, 0, "Ljubomir Haraldsen").await;
    let verdict =
        Verdict { resolution: Resolution::CannotRepresent, reason: "Ours".into(), artefact: None, declined: None };
    scene.tell(Command::Resolve { id: second, seen: None, verdict: Box::new(verdict) }).await;
    scene.tell(Command::Review { id: first, seen: None, notes: None }).await;
    scene.app.settle("acme").await;
    let sorted = |ids: &[ConflictId]| {
        let mut ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
        ids.sort();
        ids
    };
    let [a, b, c] = [0, 1, 2].map(|at| scene.conversations[at]);
    for (query, expected) in [
        (String::new(), &[first, second, third][..]),
        ("status=open".into(), &[first, third]),
        ("status=detected".into(), &[third]),
        ("status=reviewing".into(), &[first]),
        ("status=confirmed".into(), &[second]),
        ("status=cleared".into(), &[]),
        ("conflictType=opposing_party&matchType=exact".into(), &[first, second, third]),
        ("conflictType=matter".into(), &[]),
        ("matchType=phonetic".into(), &[]),
        (format!("conversationId={a}"), &[first, third]),
        (format!("conversationId={b}&status=open"), &[first]),
        (format!("conversationId={c}&status=confirmed"), &[second]),
        ("from=2026-01-01T00:00:00Z".into(), &[first, second, third]),
        ("to=2020-01-01T00:00:00Z".into(), &[]),
    ] {
        let mut ids = scene.ids(&query).await;
        ids.sort();
        assert_eq!(ids, sorted(expected), "{query}");
    }
    let whole = scene.ids("").await;
    let (mut paged, mut path) = (vec![], format!("{PATH}?limit=1"));
    loop {
        let page = scene.app.get(&scene.partner, &path).await.expect(200);
        let rows = page["conflicts"].as_array().unwrap();
        assert_eq!(rows.len(), 1);
        paged.push(rows[0]["conflictId"].as_str().unwrap().to_owned());
        let Some(next) = page["page"]["next"].as_str() else { break };
        path = format!("{PATH}?limit=1&cursor={next}");
    }
    assert_eq!(paged, whole, "the newest first, however it is paged");
    let csv = scene.app.get(&scene.partner, &format!("{PATH}.csv?status=open")).await.expect(200);
    assert_eq!(csv.as_str().unwrap().matches("\r\n").count(), 3, "{csv}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_questions_about_conflicts_are_refused_by_field_and_clients_altogether() {
    let app = TestApp::start().await;
    let partner = app.token(Role::ManagingPartner);
    for (query, field) in [
        ("status=resolved", "status"),
        ("conflictType=friend", "conflictType"),
        ("matchType=loose", "matchType"),
        ("conversationId=x", "conversationId"),
        ("from=yesterday", "from"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
        ("sort=name", "sort"),
    ] {
        app.get(&partner, &format!("{PATH}?{query}")).await.problem(422, "invalid_value", Some(field));
    }
    app.get(&app.token(Role::Client), PATH).await.problem(403, "forbidden", None);
    for role in [Role::Paralegal, Role::IntakeSpecialist, Role::ComplianceOfficer] {
        let list = app.get(&app.token(role), PATH).await.expect(200);
        assert_eq!(list["conflicts"], json!([]));
    }
}
