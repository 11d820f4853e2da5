//! The dashboard's questions. Whoever may list the firm's conversations may ask them; deleted conversations count nowhere.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{
    Runtime,
    analytics::{IDLE_MS, Period, Reach},
    exports::{DayReport, PracticeAreaReport},
};
use engage_domain::{FirmId, Timestamp, calendar::Day};
use engage_index::{Cursor, analytics::Attention};
use serde::Deserialize;
use utoipa::IntoParams;

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
        Audience,
        analytics::{
            AttentionAnswer, AttentionRowView, OverviewAnswer, PracticeAreaView, PracticeAreasAnswer, WorkloadAnswer,
            WorkloadView,
        },
        list::PageView,
    },
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AttentionQuery {
    /// The `page.next` of the page before.
    cursor: Option<String>,
    /// Most rows of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl AttentionQuery {
    pub(super) fn list(self, firm: FirmId, now: Timestamp) -> Result<Attention, Problem> {
        let after = self.cursor.map(|text| Cursor::parse(&text, Attention::ORDER)).transpose();
        let after = after
            .map_err(|error| Problem::with_field(crate::problem::Code::InvalidValue, "cursor", error.to_string()))?;
        Ok(Attention { firm, idle_before: now.plus_millis(-IDLE_MS), after, limit: limit(self.limit)? })
    }
}

/// Active conversations that nobody is responsible for, or in which nothing has happened for 24 hours; the longest without activity first.
#[utoipa::path(get, path = "/api/v1/firm/analytics/attention", tag = "analytics", params(AttentionQuery, ListHeaders),
    responses((status = 200, body = AttentionAnswer), Problems))]
pub(crate) async fn attention<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    uri: Uri,
    Params(query): Params<AttentionQuery>,
) -> Result<Response, Problem> {
    let list = query.list(caller.firm.clone(), server.engage.runtime().now())?;
    let (idle_before, limit) = (list.idle_before, list.limit.get());
    let page = server.engage.list_attention(&caller, list, token).await?;
    let audience = Audience::of(&caller);
    let next = page.next.as_ref().map(ToString::to_string);
    let body = AttentionAnswer {
        conversations: page.rows.iter().map(|row| AttentionRowView::new(row, audience)).collect(),
        idle_before,
        page: PageView { next: next.clone(), limit },
        index: page.freshness.into(),
        source: "index",
    };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}

/// Nothing to choose.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// What each of the firm's active people has to do, clients left out: conversations, assignments, what is overdue.
#[utoipa::path(get, path = "/api/v1/firm/assignments/workload", tag = "analytics", params(ListHeaders),
    responses((status = 200, body = WorkloadAnswer), Problems))]
pub(crate) async fn workload<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    Params(NoQuery {}): Params<NoQuery>,
) -> Result<Response, Problem> {
    let (report, overdue_before) = server.engage.workload(&caller, token).await?;
    let people = report.body.iter().map(WorkloadView::from).collect();
    let body = WorkloadAnswer { people, overdue_before, index: report.freshness.into(), source: "index" };
    Ok(answer::json(StatusCode::OK, &body))
}

/// How far back.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PracticeAreasQuery {
    /// `30d` unless said otherwise. A day has 24 hours here, and the span ends now.
    #[param(schema_with = schema::reach)]
    range: Option<String>,
}

impl PracticeAreasQuery {
    pub(crate) fn report(self) -> Result<PracticeAreaReport, Problem> {
        let reach = self.range.map_or(Some(Reach::default()), |word| Reach::parse(&word));
        let known = || format!("must be one of {}", Reach::ALL.map(Reach::as_str).join(", "));
        reach.map(PracticeAreaReport).ok_or_else(|| Problem::invalid("range", known()))
    }
}

/// How the practice areas fare, by the conversations begun in a span that ends now, most first.
#[utoipa::path(get, path = "/api/v1/firm/analytics/practice-areas", tag = "analytics",
    params(PracticeAreasQuery, ListHeaders), responses((status = 200, body = PracticeAreasAnswer), Problems))]
pub(crate) async fn practice_areas<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    Params(query): Params<PracticeAreasQuery>,
) -> Result<Response, Problem> {
    let PracticeAreaReport(reach) = query.report()?;
    let (report, since) = server.engage.practice_areas(&caller, reach, token).await?;
    let body = PracticeAreasAnswer {
        range: reach.as_str(),
        since,
        practice_areas: report.body.iter().map(PracticeAreaView::from).collect(),
        index: report.freshness.into(),
        source: "index",
    };
    Ok(answer::json(StatusCode::OK, &body))
}

/// Which days, where the firm is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OverviewQuery {
    /// The first day; 30 days before `to` unless said otherwise.
    #[param(schema_with = schema::date)]
    from: Option<String>,
    /// The day after the last, at most 366 days behind `from`; tomorrow unless said otherwise.
    #[param(schema_with = schema::date)]
    to: Option<String>,
}

impl OverviewQuery {
    pub(crate) fn report(self) -> Result<DayReport, Problem> {
        let day = |field, text: Option<String>| {
            text.map(|text| text.parse::<Day>()).transpose().map_err(|reason| Problem::invalid(field, reason))
        };
        Ok(DayReport(Period { from: day("from", self.from)?, to: day("to", self.to)? }))
    }
}

/// What began in a period of the firm's days and how far it has come by now, day by day and beside the period before. Days are
/// those of the firm's time zone.
#[utoipa::path(get, path = "/api/v1/firm/analytics/overview", tag = "analytics",
    params(OverviewQuery, ListHeaders), responses((status = 200, body = OverviewAnswer), Problems))]
pub(crate) async fn overview<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    Params(query): Params<OverviewQuery>,
) -> Result<Response, Problem> {
    let DayReport(period) = query.report()?;
    let overview = server.engage.overview(&caller, period, token).await?;
    Ok(answer::json(StatusCode::OK, &OverviewAnswer::from(&overview)))
}
