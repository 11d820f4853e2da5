//! Reports: who looked at the firm's data, and which conflicts were found.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Caller, Runtime, exports::ConflictReport, reports::AccessReport};
use engage_domain::{Timestamp, UserId};
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
    server::{Server, Shared},
    views::{
        list::PageView,
        report::{ConflictCountView, ConflictsAnswer, DailyAccessView, DataAccessAnswer},
    },
};

/// Whose accesses, and when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct DataAccessQuery {
    /// Of this user alone.
    #[param(schema_with = schema::ulid)]
    user_id: Option<UserId>,
    /// Then or later: unless said otherwise from the beginning of the last thirty days on, and at most 366 days before the end.
    #[param(schema_with = schema::time)]
    from: Option<Timestamp>,
    /// Before then: until now unless said otherwise.
    #[param(schema_with = schema::time)]
    to: Option<Timestamp>,
    /// The `page.next` of the page before.
    cursor: Option<String>,
    /// Most rows of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl DataAccessQuery {
    pub(crate) async fn report<R: Runtime>(self, server: &Server<R>, caller: &Caller) -> Result<AccessReport, Problem> {
        let limit = limit(self.limit)?;
        let after = self.cursor.map(|text| text.parse()).transpose();
        let after = after.map_err(|_| Problem::invalid("cursor", "was not given by this list"))?;
        let mut report = server.engage.access_report(caller, self.user_id, (self.from, self.to)).await?;
        (report.after, report.limit) = (after, limit);
        Ok(report)
    }
}

/// How often each user looked at the firm's data, by day of the firm's time zone.
#[utoipa::path(get, path = "/api/v1/firm/reports/data-access", tag = "compliance",
    params(DataAccessQuery, ListHeaders), responses((status = 200, body = DataAccessAnswer), Problems))]
pub(crate) async fn data_access<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    uri: Uri,
    Params(query): Params<DataAccessQuery>,
) -> Result<Response, Problem> {
    let report = query.report(&server, &caller).await?;
    let (from, to, limit, time_zone) = (report.from, report.to, report.limit.get(), report.time_zone.clone());
    let page = server.engage.list_accesses(&caller, report, token).await?;
    let next = page.next.map(|place| place.to_string());
    let body = DataAccessAnswer {
        accesses: page.rows.iter().map(DailyAccessView::from).collect(),
        from,
        to,
        time_zone,
        page: PageView { next: next.clone(), limit },
        index: page.freshness.into(),
        source: "index",
    };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}

/// When the conflicts were detected.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConflictsQuery {
    /// Then or later.
    #[param(schema_with = schema::time)]
    from: Option<Timestamp>,
    /// Before then.
    #[param(schema_with = schema::time)]
    to: Option<Timestamp>,
}

impl ConflictsQuery {
    pub(super) fn report(self) -> Result<ConflictReport, Problem> {
        span(self.from, self.to).map(ConflictReport)
    }
}

/// How many conflicts were detected, by what they concern, how they were matched and what became of them.
#[utoipa::path(get, path = "/api/v1/firm/reports/conflicts", tag = "compliance",
    params(ConflictsQuery, ListHeaders), responses((status = 200, body = ConflictsAnswer), Problems))]
pub(crate) async fn conflicts<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    Params(query): Params<ConflictsQuery>,
) -> Result<Response, Problem> {
    let ConflictReport(detected) = query.report()?;
    let (rows, freshness) = server.engage.conflict_counts(&caller, detected, token).await?;
    let conflicts = rows.iter().map(ConflictCountView::from).collect();
    let body = ConflictsAnswer { conflicts, index: freshness.into(), source: "index" };
    Ok(answer::json(StatusCode::OK, &body))
}
