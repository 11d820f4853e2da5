//! The firm's conflicts of interest, from its index.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::Runtime;
use engage_domain::{
    ConversationId, FirmId, Timestamp,
    registry::{ConflictType, MatchType},
};
use engage_index::conflicts::{ConflictFilters, ConflictList, Standing};
use serde::Deserialize;
use utoipa::IntoParams;

use super::audit::span;
use crate::{
    answer,
    caller::Signed,
    document::{ListHeaders, Problems},
    page::{limit, linked},
    params::{Consistency, Params},
    problem::Problem,
    schema,
    server::Shared,
    views::{
        conflict_list::{ConflictListAnswer, ConflictRowView},
        list::PageView,
    },
};

/// Which conflicts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ConflictListQuery {
    /// In this state; `open` means detected or under review.
    #[param(schema_with = schema::standing)]
    status: Option<Standing>,
    /// With such a party.
    #[param(schema_with = schema::conflict_type)]
    conflict_type: Option<ConflictType>,
    /// Matched so.
    #[param(schema_with = schema::match_type)]
    match_type: Option<MatchType>,
    /// That concern this conversation, on either side.
    #[param(schema_with = schema::ulid)]
    conversation_id: Option<ConversationId>,
    /// Detected then or later.
    #[param(schema_with = schema::time)]
    from: Option<Timestamp>,
    /// Detected before then.
    #[param(schema_with = schema::time)]
    to: Option<Timestamp>,
    /// The `page.next` of the page before.
    cursor: Option<String>,
    /// Most rows of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl ConflictListQuery {
    pub(crate) fn list(self, firm: FirmId) -> Result<ConflictList, Problem> {
        let Self { status, conflict_type, match_type, conversation_id, from, to, cursor, limit: rows } = self;
        let detected = span(from, to)?;
        let filters = ConflictFilters { status, conflict_type, match_type, conversation: conversation_id, detected };
        let after = cursor.map(|text| text.parse()).transpose();
        let after = after.map_err(|_| Problem::invalid("cursor", "was not given by this list"))?;
        Ok(ConflictList { firm, filters, after, limit: limit(rows)? })
    }
}

/// The firm's conflicts of interest, from its index: the newest detected first.
#[utoipa::path(get, path = "/api/v1/firm/conflicts", tag = "compliance", params(ConflictListQuery, ListHeaders),
    responses((status = 200, body = ConflictListAnswer), Problems))]
pub(crate) async fn list<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    uri: Uri,
    Params(query): Params<ConflictListQuery>,
) -> Result<Response, Problem> {
    let list = query.list(caller.firm.clone())?;
    let limit = list.limit.get();
    let page = server.engage.list_conflicts(&caller, list, token).await?;
    let next = page.next.map(|place| place.to_string());
    let body = ConflictListAnswer {
        conflicts: page.rows.iter().map(ConflictRowView::from).collect(),
        page: PageView { next: next.clone(), limit },
        index: page.freshness.into(),
        source: "index",
    };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}
