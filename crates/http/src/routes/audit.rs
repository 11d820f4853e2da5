//! The audit trail: of one conversation, and of the firm.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Runtime, audit::Trail, lists::ListPage};
use engage_domain::{ConversationId, FirmId, Outcome, Timestamp, UserId};
use engage_index::{
    Range,
    audit::{AuditFilters, AuditList, AuditPlace, AuditedResource, ListedEntry},
    page::Direction,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    answer,
    caller::Signed,
    document::{IdPath, ListHeaders, Problems},
    page::{limit, linked},
    params::{Consistency, Id, Params},
    problem::Problem,
    schema,
    server::Shared,
    views::{
        list::PageView,
        report::{AuditAnswer, AuditEntryView},
    },
};

/// Longest action, kind of thing or id that a filter names: longer than any that is recorded.
const WORD_MAX: usize = 64;

/// Which part of a conversation's trail.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrailQuery {
    /// The `page.next` of the page before.
    cursor: Option<String>,
    /// Most rows of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl TrailQuery {
    pub(super) fn trail(self, id: ConversationId) -> Result<Trail, Problem> {
        Ok(Trail { id, after: place(self.cursor)?, limit: limit(self.limit)? })
    }
}

/// What happened to a conversation and who saw it, oldest first, from the firm's index.
#[utoipa::path(get, path = "/api/v1/firm/conversations/{id}/audit", tag = "compliance",
    params(IdPath, TrailQuery, ListHeaders), responses((status = 200, body = AuditAnswer), Problems))]
pub(crate) async fn of_conversation<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Consistency(token): Consistency,
    uri: Uri,
    Params(query): Params<TrailQuery>,
) -> Result<Response, Problem> {
    let trail = query.trail(id)?;
    let page = server.engage.list_conversation_audit(&caller, trail, token).await?;
    Ok(shown(&page, trail.limit.get(), &uri))
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Of this user.
    #[param(schema_with = schema::ulid)]
    user_id: Option<UserId>,
    /// Of this action, such as `access_conversation`.
    #[param(example = "access_conversation", max_length = 64)]
    action: Option<String>,
    /// About this kind of thing, such as `conversation`, or about one: `conversation/01ARZ3NDEKTSV4RRFFQ69G5FAV`.
    #[param(max_length = 129)]
    resource: Option<String>,
    #[param(schema_with = schema::outcome)]
    outcome: Option<String>,
    /// Recorded then or later.
    #[param(schema_with = schema::time)]
    from: Option<Timestamp>,
    /// Recorded before then.
    #[param(schema_with = schema::time)]
    to: Option<Timestamp>,
    /// The `page.next` of the page before.
    cursor: Option<String>,
    /// Most rows of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// The firm's audit trail, newest first, from its index.
#[utoipa::path(get, path = "/api/v1/firm/audit", tag = "compliance", params(AuditQuery, ListHeaders),
    responses((status = 200, body = AuditAnswer), Problems))]
pub(crate) async fn list<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    uri: Uri,
    Params(query): Params<AuditQuery>,
) -> Result<Response, Problem> {
    let list = query.list(caller.firm.clone())?;
    let limit = list.limit.get();
    let page = server.engage.list_audit(&caller, list, token).await?;
    Ok(shown(&page, limit, &uri))
}

fn shown(page: &ListPage<ListedEntry, AuditPlace>, limit: u32, uri: &Uri) -> Response {
    let next = page.next.map(|place| place.to_string());
    let body = AuditAnswer {
        audit: page.rows.iter().map(AuditEntryView::from).collect(),
        page: PageView { next: next.clone(), limit },
        index: page.freshness.into(),
        source: "index",
    };
    linked(answer::json(StatusCode::OK, &body), uri, next.as_deref())
}

pub(super) fn place(cursor: Option<String>) -> Result<Option<AuditPlace>, Problem> {
    let place = cursor.map(|text| text.parse()).transpose();
    place.map_err(|_| Problem::invalid("cursor", "was not given by this list"))
}

impl AuditQuery {
    pub(crate) fn list(self, firm: FirmId) -> Result<AuditList, Problem> {
        let outcome = self.outcome.map(|word| {
            let known = Outcome::ALL.map(Outcome::as_str).join(", ");
            Outcome::parse(&word).ok_or_else(|| Problem::invalid("outcome", format!("must be one of {known}")))
        });
        let filters = AuditFilters {
            user: self.user_id,
            action: self.action.map(|text| word("action", &text)).transpose()?,
            resource: self.resource.as_deref().map(resource).transpose()?,
            outcome: outcome.transpose()?,
            span: span(self.from, self.to)?,
        };
        let (after, limit) = (place(self.cursor)?, limit(self.limit)?);
        Ok(AuditList { firm, filters, direction: Direction::Desc, after, limit })
    }
}

fn resource(text: &str) -> Result<AuditedResource, Problem> {
    let (kind, id) = text.split_once('/').map_or((text, None), |(kind, id)| (kind, Some(id)));
    let id = id.map(|id| word("resource", id)).transpose()?;
    Ok(AuditedResource { kind: word("resource", kind)?, id })
}

/// A word or an id as the journal writes them. An export puts its filters on record, so nothing longer gets there.
fn word(field: &'static str, text: &str) -> Result<Box<str>, Problem> {
    let fits = (1..=WORD_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let problem = || Problem::invalid(field, "must be letters, digits, _ and -, as the audit trail shows them");
    fits.then(|| text.into()).ok_or_else(problem)
}

/// A span that holds something.
pub(super) fn span(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Range, Problem> {
    match Range::new(from, to) {
        Ok(_) if from.is_some() && from == to => Err(Problem::invalid("to", "must be after from")),
        range => range.map_err(|_| Problem::invalid("to", "must be after from")),
    }
}
