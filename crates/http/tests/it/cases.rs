//! A request for every operation of the OpenAPI document. An operation without one fails the tests that go through them all.

use axum::http::Method;
use engage_domain::Role;
use serde_json::{Value, json};

/// How a route answers those whom it refuses for their role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refuses {
    /// This role hears 403.
    Role(Role),
    /// No role is refused: everybody gets what is theirs.
    Nobody,
    /// Who has no token of the conversation hears 404.
    WithoutToken,
}

/// What a caller of another firm meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// 404, and an entry in their own firm's journal.
    NotFound,
    /// An answer about their own firm, which holds nothing of the other.
    OwnFirm,
    /// The address names no object and no firm but the caller's own.
    NotAddressable,
}

/// One operation with a request that would succeed.
pub(crate) struct Case {
    pub(crate) method: Method,
    /// As in the document.
    pub(crate) path: &'static str,
    pub(crate) body: Option<Value>,
    pub(crate) refuses: Refuses,
    pub(crate) foreign: Foreign,
}

/// One of each that a path can name.
pub(crate) struct Things {
    pub(crate) conversation: String,
    pub(crate) user: String,
    pub(crate) party: String,
    pub(crate) conflict: String,
}

impl Case {
    /// What stands in the path as `{id}`.
    pub(crate) fn id<'a>(&self, things: &'a Things) -> &'a str {
        match self.path {
            path if path.contains("/users/") => &things.user,
            path if path.contains("/sync-failures/") => "1",
            path if path.contains("/firm/parties/") => &things.party,
            path if path.contains("/firm/conflicts/") => &things.conflict,
            _ => &things.conversation,
        }
    }

    /// The path of one of these things.
    pub(crate) fn path(&self, things: &Things, token: &str) -> String {
        self.path
            .replace("{id}", self.id(things))
            .replace("{firm}", "acme")
            .replace("{goal}", "user_identification")
            .replace("{token}", token)
    }

    /// The body, with the conversation's resume token where it needs one.
    pub(crate) fn body(&self, token: &str) -> Option<Value> {
        let mut body = self.body.clone()?;
        if let Some(slot) = body.get_mut("resumeToken") {
            *slot = json!(token);
        }
        Some(body)
    }
}

pub(crate) fn all() -> Vec<Case> {
    use Foreign::{NotAddressable, NotFound, OwnFirm};
    use Refuses::{Nobody, WithoutToken};
    let officer = Refuses::Role(Role::ComplianceOfficer);
    let attorney = Refuses::Role(Role::Attorney);
    let client = Refuses::Role(Role::Client);
    let paralegal = Refuses::Role(Role::Paralegal);
    let case = |method, path, body, refuses, foreign| Case { method, path, body, refuses, foreign };
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    let conversation = json!({ "clientName": "Jane Roe", "practiceArea": "tax" });
    let intake = json!({ "firmId": "acme" });
    let said = json!({ "resumeToken": "", "content": "Hello" });
    let goal = json!({ "title": "Find the lease", "priority": "required" });
    let party = json!({ "role": "opposing_party", "name": "Another Party" });
    let user = json!({ "email": "new@acme.example", "role": "attorney" });
    vec![
        case(get.clone(), "/api/v1/firm/conversations", None, Nobody, OwnFirm),
        case(post.clone(), "/api/v1/firm/conversations", Some(conversation), officer, OwnFirm),
        case(get.clone(), "/api/v1/firm/conversations/{id}", None, client, NotFound),
        case(delete.clone(), "/api/v1/firm/conversations/{id}", None, attorney, NotFound),
        case(post.clone(), "/api/v1/firm/conversations/{id}/restore", None, attorney, NotFound),
        case(
            put.clone(),
            "/api/v1/firm/conversations/{id}/legal-hold",
            Some(json!({ "hold": true, "reason": "Roe v. Acme" })),
            attorney,
            NotFound,
        ),
        case(
            put.clone(),
            "/api/v1/firm/conversations/{id}/identity",
            Some(json!({ "clientPhone": "+1 555 0100" })),
            officer,
            NotFound,
        ),
        case(
            put.clone(),
            "/api/v1/firm/conversations/{id}/status",
            Some(json!({ "status": "completed" })),
            officer,
            NotFound,
        ),
        case(
            put.clone(),
            "/api/v1/firm/conversations/{id}/phase",
            Some(json!({ "phase": "login_suggested" })),
            officer,
            NotFound,
        ),
        case(post.clone(), "/api/v1/firm/conversations/{id}/resume-token", None, officer, NotFound),
        case(
            put.clone(),
            "/api/v1/firm/conversations/{id}/assignment",
            Some(json!({ "assignedTo": "attorney@firm.example" })),
            paralegal,
            NotFound,
        ),
        case(delete.clone(), "/api/v1/firm/conversations/{id}/assignment", None, paralegal, NotFound),
        case(post.clone(), "/api/v1/firm/conversations/{id}/goals", Some(goal), officer, NotFound),
        case(
            put.clone(),
            "/api/v1/firm/conversations/{id}/goals/{goal}",
            Some(json!({ "status": "completed" })),
            officer,
            NotFound,
        ),
        case(get.clone(), "/api/v1/firm/conversations/{id}/messages", None, client, NotFound),
        case(
            post.clone(),
            "/api/v1/firm/conversations/{id}/messages",
            Some(json!({ "role": "agent", "content": "Hello" })),
            officer,
            NotFound,
        ),
        case(get.clone(), "/api/v1/firm/conversations/{id}/stream", None, client, NotFound),
        case(get.clone(), "/api/v1/firm/analytics/attention", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/assignments/workload", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/analytics/practice-areas", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/analytics/overview", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/users", None, client, OwnFirm),
        case(post.clone(), "/api/v1/firm/users", Some(user), attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/users/{id}", None, client, NotFound),
        case(put.clone(), "/api/v1/firm/users/{id}", Some(json!({ "name": "Ann Other" })), attorney, NotFound),
        case(post.clone(), "/api/v1/firm/users/{id}/revoke-sessions", None, attorney, NotFound),
        case(post.clone(), "/api/v1/firm", Some(json!({ "name": "Another" })), attorney, NotAddressable),
        case(get.clone(), "/api/v1/firm/settings", None, client, OwnFirm),
        case(put.clone(), "/api/v1/firm/settings", Some(json!({ "timeZone": "America/Chicago" })), attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/views", None, client, OwnFirm),
        case(
            put.clone(),
            "/api/v1/firm/views",
            Some(json!({ "name": "Mine", "query": "status=active" })),
            client,
            OwnFirm,
        ),
        case(post.clone(), "/api/v1/firm/views/removal", Some(json!({ "name": "Mine" })), client, OwnFirm),
        case(post.clone(), "/api/v1/firm/imports/conversations", Some(json!({ "rows": [] })), attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/conversations/{id}/parties", None, client, NotFound),
        case(post.clone(), "/api/v1/firm/conversations/{id}/parties", Some(party.clone()), officer, NotFound),
        case(
            put.clone(),
            "/api/v1/firm/conversations/{id}/parties",
            Some(json!({ "parties": [party.clone()] })),
            officer,
            NotFound,
        ),
        case(get.clone(), "/api/v1/firm/parties", None, client, OwnFirm),
        case(post.clone(), "/api/v1/firm/parties", Some(party), officer, OwnFirm),
        case(get.clone(), "/api/v1/firm/parties/{id}", None, client, NotFound),
        case(post.clone(), "/api/v1/firm/conflicts/check", Some(json!({ "name": "Jane Roe" })), client, OwnFirm),
        case(get.clone(), "/api/v1/firm/conflicts/{id}", None, client, NotFound),
        case(
            put.clone(),
            "/api/v1/firm/conflicts/{id}/resolution",
            Some(json!({ "resolution": "no_conflict", "reason": "Another Jane Roe." })),
            paralegal,
            NotFound,
        ),
        case(post.clone(), "/api/v1/firm/imports/parties", Some(json!({ "parties": [] })), attorney, OwnFirm),
        case(post.clone(), "/api/v1/platform/firms/{firm}/reconcile", None, attorney, NotFound),
        case(post.clone(), "/api/v1/platform/firms/{firm}/rebuild", None, attorney, NotFound),
        case(post.clone(), "/api/v1/platform/firms/{firm}/journal/exports", None, attorney, NotFound),
        case(get.clone(), "/api/v1/platform/firms/{firm}/journal/heads", None, attorney, NotFound),
        case(get.clone(), "/api/v1/platform/firms/{firm}/journal/lines?export=x", None, attorney, NotFound),
        case(
            post.clone(),
            "/api/v1/platform/firms/{firm}/journal/lines",
            Some(json!({ "format": 2, "lines": [] })),
            attorney,
            NotFound,
        ),
        case(delete.clone(), "/api/v1/platform/firms/{firm}/journal/lines", None, attorney, NotFound),
        case(get.clone(), "/api/v1/platform/health", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/platform/reconciliations", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/platform/sync-failures", None, attorney, OwnFirm),
        case(post.clone(), "/api/v1/platform/sync-failures/{id}/replay", None, officer, NotAddressable),
        case(post.clone(), "/api/v1/conversations", Some(intake), Nobody, NotAddressable),
        case(post.clone(), "/api/v1/conversations/message", Some(said), WithoutToken, NotAddressable),
        case(get.clone(), "/api/v1/conversations/resume/{token}", None, WithoutToken, NotAddressable),
        case(post.clone(), "/api/v1/conversations/resume/{token}/rotate", None, WithoutToken, NotAddressable),
        case(post, "/api/v1/conversations/secure", Some(json!({ "resumeToken": "" })), WithoutToken, NotFound),
        case(get.clone(), "/api/v1/firm/search/conversations?q=roe", None, Nobody, OwnFirm),
        case(get.clone(), "/api/v1/firm/search/conversations.csv?q=roe", None, Nobody, OwnFirm),
        case(get.clone(), "/api/v1/firm/search/conversations.ndjson?q=roe", None, Nobody, OwnFirm),
        case(get.clone(), "/api/v1/firm/assignments", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/conversations/{id}/audit", None, attorney, NotFound),
        case(get.clone(), "/api/v1/firm/audit", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/reports/data-access", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/reports/conflicts", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/conversations.csv", None, Nobody, OwnFirm),
        case(get.clone(), "/api/v1/firm/conversations.ndjson", None, Nobody, OwnFirm),
        case(get.clone(), "/api/v1/firm/users.csv", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/users.ndjson", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/assignments.csv", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/assignments.ndjson", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/conflicts", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/conflicts.csv", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/conflicts.ndjson", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/audit.csv", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/audit.ndjson", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/reports/data-access.csv", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/reports/data-access.ndjson", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/reports/conflicts.csv", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/reports/conflicts.ndjson", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/firm/conversations/{id}/audit.csv", None, attorney, NotFound),
        case(get.clone(), "/api/v1/firm/conversations/{id}/audit.ndjson", None, attorney, NotFound),
        case(get.clone(), "/api/v1/firm/analytics/attention.csv", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/analytics/attention.ndjson", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/assignments/workload.csv", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/assignments/workload.ndjson", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/analytics/practice-areas.csv", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/analytics/practice-areas.ndjson", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/analytics/overview.csv", None, client, OwnFirm),
        case(get.clone(), "/api/v1/firm/analytics/overview.ndjson", None, client, OwnFirm),
        case(get.clone(), "/api/v1/platform/reconciliations.csv", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/platform/reconciliations.ndjson", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/platform/sync-failures.csv", None, attorney, OwnFirm),
        case(get.clone(), "/api/v1/platform/sync-failures.ndjson", None, attorney, OwnFirm),
        case(get, "/api/v1/conversations/stream?token={token}", None, WithoutToken, NotAddressable),
    ]
}
