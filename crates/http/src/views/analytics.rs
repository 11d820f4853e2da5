//! What the dashboard shows.

use std::collections::BTreeMap;

use engage_app::analytics::{DayCount, Overview, Totals};
use engage_domain::{PracticeArea, Role, Timestamp, UserId, text::Private};
use engage_index::analytics::{AttentionRow, PracticeAreaRow, WorkloadRow};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::{
    Audience,
    list::{ConversationRowView, IndexView, PageView},
};
use crate::schema;

/// A conversation that waits for somebody.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AttentionRow)]
pub(crate) struct AttentionRowView<'a> {
    #[serde(flatten)]
    conversation: ConversationRowView<'a>,
    /// The name of who is responsible; null where nobody is, or the index shows no name of theirs.
    #[schema(schema_with = schema::maybe_text)]
    assigned_to_name: Option<&'a Private>,
}

impl<'a> AttentionRowView<'a> {
    pub(crate) fn new(row: &'a AttentionRow, audience: Audience) -> Self {
        Self {
            conversation: ConversationRowView::new(&row.conversation, audience),
            assigned_to_name: row.assigned_to_name.as_ref(),
        }
    }
}

/// A page of the conversations that wait for somebody, those that wait the longest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttentionAnswer<'a> {
    pub(crate) conversations: Vec<AttentionRowView<'a>>,
    /// Those with somebody responsible were last active before then.
    #[schema(schema_with = schema::time)]
    pub(crate) idle_before: Timestamp,
    pub(crate) page: PageView,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}

/// What one person has to do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Workload)]
pub(crate) struct WorkloadView<'a> {
    #[schema(schema_with = schema::ulid)]
    user_id: UserId,
    #[schema(schema_with = schema::maybe_text)]
    name: Option<&'a Private>,
    #[schema(schema_with = schema::role)]
    role: Option<Role>,
    /// Active conversations that they are responsible for.
    active_conversations: u64,
    /// Mean data quality of those, 0 to 100; null of none.
    average_data_quality: Option<f64>,
    /// Their active assignments, whatever the status of the conversation.
    assigned_cases: u64,
    /// Mean of the estimates of those that have one; null where none has.
    average_estimated_hours: Option<f64>,
    /// Those whose due date has passed.
    overdue_cases: u64,
}

impl<'a> From<&'a WorkloadRow> for WorkloadView<'a> {
    fn from(row: &'a WorkloadRow) -> Self {
        Self {
            user_id: row.user_id,
            name: row.name.as_ref(),
            role: row.role,
            active_conversations: row.active_conversations,
            average_data_quality: row.average_data_quality,
            assigned_cases: row.assigned_cases,
            average_estimated_hours: row.average_estimated_hours,
            overdue_cases: row.overdue_cases,
        }
    }
}

/// What each of the firm's active people has to do, most active conversations first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkloadAnswer<'a> {
    pub(crate) people: Vec<WorkloadView<'a>>,
    /// What is overdue was due before then.
    #[schema(schema_with = schema::time)]
    pub(crate) overdue_before: Timestamp,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}

/// How one practice area fares.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PracticeAreaReport)]
pub(crate) struct PracticeAreaView<'a> {
    /// The area's slug; null: conversations without one.
    #[schema(schema_with = schema::maybe_text)]
    practice_area: Option<&'a PracticeArea>,
    /// Conversations begun in the span.
    total: u64,
    /// Those of them that are completed by now.
    completed: u64,
    /// Mean data quality of all of them, 0 to 100.
    average_data_quality: Option<f64>,
    /// Mean hours from the beginning of a completed one to its last activity; null of none.
    average_hours_to_completion: Option<f64>,
}

impl<'a> From<&'a PracticeAreaRow> for PracticeAreaView<'a> {
    fn from(row: &'a PracticeAreaRow) -> Self {
        Self {
            practice_area: row.practice_area.as_ref(),
            total: row.total,
            completed: row.completed,
            average_data_quality: row.average_data_quality,
            average_hours_to_completion: row.average_hours_to_completion,
        }
    }
}

/// How the practice areas fare, most conversations first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PracticeAreasAnswer<'a> {
    #[schema(schema_with = schema::reach)]
    pub(crate) range: &'static str,
    /// Conversations begun then or later count; null: all of them.
    #[schema(schema_with = schema::maybe_time)]
    pub(crate) since: Option<Timestamp>,
    pub(crate) practice_areas: Vec<PracticeAreaView<'a>>,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}

/// A date, as text.
pub(crate) struct DateView(engage_domain::calendar::Day);

impl Serialize for DateView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// What began in a period, and how far it has come by now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PeriodTotals)]
pub(crate) struct TotalsView {
    /// The first day, where the firm is.
    #[schema(schema_with = schema::date)]
    from: DateView,
    /// The day after the last.
    #[schema(schema_with = schema::date)]
    to: DateView,
    /// Conversations begun in the period.
    created: u64,
    /// Those of them that are completed by now, whenever they were.
    completed: u64,
    /// `completed / created`, 0 to 1; null of none.
    conversion: Option<f64>,
    /// Mean hours from the beginning of a completed one to its last activity; null of none.
    average_hours_to_completion: Option<f64>,
    /// Mean data quality of all of them, 0 to 100; null of none.
    average_data_quality: Option<f64>,
    /// How many have each status by now.
    #[schema(value_type = BTreeMap<String, u64>)]
    by_status: BTreeMap<&'static str, u64>,
    /// How many are in each phase by now.
    #[schema(value_type = BTreeMap<String, u64>)]
    by_phase: BTreeMap<&'static str, u64>,
}

impl TotalsView {
    fn new(from: engage_domain::calendar::Day, to: engage_domain::calendar::Day, totals: &Totals) -> Self {
        Self {
            from: DateView(from),
            to: DateView(to),
            created: totals.created,
            completed: totals.completed,
            conversion: totals.conversion(),
            average_hours_to_completion: totals.average_hours_to_completion,
            average_data_quality: totals.average_data_quality,
            by_status: totals.by_status.iter().map(|(status, count)| (status.as_str(), *count)).collect(),
            by_phase: totals.by_phase.iter().map(|(phase, count)| (phase.as_str(), *count)).collect(),
        }
    }
}

/// One day of a period.
#[derive(Serialize, ToSchema)]
#[schema(as = DayCount)]
pub(crate) struct DayView {
    /// The day, where the firm is.
    #[schema(schema_with = schema::date)]
    date: DateView,
    /// Conversations begun on it.
    created: u64,
    /// Those of them that are completed by now, whenever they were.
    completed: u64,
}

impl From<&DayCount> for DayView {
    fn from(count: &DayCount) -> Self {
        Self { date: DateView(count.day), created: count.created, completed: count.completed }
    }
}

/// A period day by day, and the one before it, which is as long in days.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OverviewAnswer<'a> {
    /// The firm's, in which the days are.
    time_zone: &'a str,
    current: TotalsView,
    previous: TotalsView,
    /// Every day of the period, in order.
    days: Vec<DayView>,
    index: IndexView,
    /// `index`: derived, eventually consistent.
    source: &'static str,
}

impl<'a> From<&'a Overview> for OverviewAnswer<'a> {
    fn from(overview: &'a Overview) -> Self {
        Self {
            time_zone: &overview.time_zone,
            current: TotalsView::new(overview.from, overview.to, &overview.current),
            previous: TotalsView::new(overview.previous_from, overview.from, &overview.previous),
            days: overview.days.iter().map(DayView::from).collect(),
            index: overview.freshness.into(),
            source: "index",
        }
    }
}
