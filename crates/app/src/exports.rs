//! Exports: a whole list or report, page after page, as it is read.
//!
//! An export begins with its first page, so that whoever may not have it, or comes while the index cannot be read, is told so at once. Then it is put
//! on record, on the firm's object, before anything leaves. Then come the pages, one at a time: memory holds one, whatever the
//! length. Each is a page of its own, not of one moment: a row that moves meanwhile may be met twice or not at all, as by anybody
//! who leafs through the list.

use std::{future::Future, sync::Arc};

use engage_domain::{ConversationId, Timestamp};
use engage_index::{
    ConflictRow, ConversationList, ConversationRow, Limit, Range, UserRow,
    analytics::{Attention, AttentionRow, PracticeAreaRow, WorkloadRow},
    assignments::{AssignmentList, ListedAssignment},
    audit::{AuditList, ListedEntry},
    conflicts::ConflictList,
    page::LIMIT_MAX,
    reports::ConflictCount,
    search::Search,
    sync_failure::{SyncFailure, SyncFailures},
    users::UserList,
};
use serde_json::{Map, Value, json};

use crate::{
    Caller, Engage, Error, Freshness, Runtime,
    analytics::{DayCount, Period, Reach},
    audit::Trail,
    operations::Reconciliations,
    reports::{AccessReport, DailyAccess},
    runtime::Token,
    search::FoundConversation,
};

/// A page of an export.
#[derive(Clone, Debug)]
pub struct ExportPage<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Whether another comes.
    pub more: bool,
    /// How fresh the index is.
    pub freshness: Freshness,
}

/// A list or report that can be exported.
pub trait Exportable: Send + 'static {
    /// What it holds.
    type Row: Send;

    /// What an entry calls it.
    const RESOURCE: &'static str;

    /// The page at which the list stands; it moves on to the next.
    fn turn<R: Runtime>(
        &mut self,
        engage: &Engage<R>,
        caller: &Caller,
        token: Option<Token>,
    ) -> impl Future<Output = Result<ExportPage<Self::Row>, Error>> + Send;
}

macro_rules! exportable {
    ($($list:ty: $resource:literal, $method:ident -> $row:ty;)+) => {$(
        impl Exportable for $list {
            type Row = $row;

            const RESOURCE: &'static str = $resource;

            async fn turn<R: Runtime>(
                &mut self,
                engage: &Engage<R>,
                caller: &Caller,
                token: Option<Token>,
            ) -> Result<ExportPage<$row>, Error> {
                self.limit = Limit::new(LIMIT_MAX).unwrap_or_default();
                let page = engage.$method(caller, self.clone(), token).await?;
                let more = page.next.is_some();
                if let Some(next) = page.next {
                    self.after = next.into();
                }
                Ok(ExportPage { rows: page.rows, more, freshness: page.freshness })
            }
        }
    )+};
}

exportable! {
    ConversationList: "conversations", list_conversations -> ConversationRow;
    UserList: "users", list_users -> UserRow;
    AssignmentList: "assignments", list_assignments -> ListedAssignment;
    ConflictList: "conflict_list", list_conflicts -> ConflictRow;
    Attention: "attention", list_attention -> AttentionRow;
    AuditList: "audit", list_audit -> ListedEntry;
    Trail: "conversation_audit", list_conversation_audit -> ListedEntry;
    AccessReport: "data_access", list_accesses -> DailyAccess;
    Reconciliations: "reconciliations", list_reconciliations -> ListedEntry;
    Search: "search", search_conversations -> FoundConversation;
    SyncFailures: "sync_failures", list_sync_failures -> SyncFailure;
}

/// The report on conflicts detected in a span.
#[derive(Clone, Copy, Debug)]
pub struct ConflictReport(pub Range);

/// Some conversations, by their ids.
#[derive(Clone, Debug)]
pub struct SelectedConversations(pub Vec<ConversationId>);

/// What each of the firm's active people has to do.
#[derive(Clone, Copy, Debug)]
pub struct WorkloadReport;

/// How the practice areas fare, by the conversations begun in a span that ends now.
#[derive(Clone, Copy, Debug)]
pub struct PracticeAreaReport(pub Reach);

/// How the days of a period compare, a row a day. What is said of the period as a whole, and of the one before, is in the report alone.
#[derive(Clone, Copy, Debug)]
pub struct DayReport(pub Period);

/// Reports, which are one page each.
macro_rules! reports {
    ($($report:ty: $resource:literal -> $row:ty, |$this:ident, $engage:ident, $caller:ident, $token:ident| $answer:expr;)+) => {$(
        impl Exportable for $report {
            type Row = $row;

            const RESOURCE: &'static str = $resource;

            async fn turn<R: Runtime>(
                &mut self,
                $engage: &Engage<R>,
                $caller: &Caller,
                $token: Option<Token>,
            ) -> Result<ExportPage<$row>, Error> {
                let $this = self;
                let (rows, freshness) = $answer;
                Ok(ExportPage { rows, more: false, freshness })
            }
        }
    )+};
}

reports! {
    ConflictReport: "conflicts" -> ConflictCount, |report, engage, caller, token| {
        engage.conflict_counts(caller, report.0, token).await?
    };
    SelectedConversations: "conversations" -> ConversationRow, |selected, engage, caller, token| {
        engage.conversations_by_id(caller, selected.0.clone(), token).await?
    };
    WorkloadReport: "workload" -> WorkloadRow, |_report, engage, caller, token| {
        let (report, _) = engage.workload(caller, token).await?;
        (report.body, report.freshness)
    };
    PracticeAreaReport: "practice_areas" -> PracticeAreaRow, |report, engage, caller, token| {
        let (report, _) = engage.practice_areas(caller, report.0, token).await?;
        (report.body, report.freshness)
    };
    DayReport: "overview" -> DayCount, |report, engage, caller, token| {
        let overview = engage.overview(caller, report.0, token).await?;
        (overview.days, overview.freshness)
    };
}

/// A list that its caller may have, its first page read. Nothing of it can be had before it is on record; one that is dropped
/// instead leaves no entry.
pub struct Opened<R: Runtime, L: Exportable> {
    export: Export<R, L>,
    freshness: Freshness,
}

impl<R: Runtime, L: Exportable> Opened<R, L> {
    /// Reads the first page.
    pub async fn open(
        engage: Arc<Engage<R>>,
        caller: Caller,
        mut list: L,
        token: Option<Token>,
    ) -> Result<Self, Error> {
        let opened_at = engage.runtime.now();
        let ExportPage { rows, more, freshness } = list.turn(&engage, &caller, token).await?;
        let export = Export { engage, caller, opened_at, list, first: Some(rows), more };
        Ok(Self { export, freshness })
    }

    /// How fresh the index was at the first page.
    pub const fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// Puts the export on record. `filters` are what the caller asked for, without client data: they outlive an erasure.
    pub async fn on_record(self, format: &'static str, filters: Map<String, Value>) -> Result<Export<R, L>, Error> {
        let Self { export, .. } = self;
        let details = json!({ "resource": L::RESOURCE, "format": format, "filters": filters });
        export.engage.note(&export.caller, "data_exported", &details).await?;
        Ok(export)
    }
}

/// A list on its way out, on record.
pub struct Export<R: Runtime, L: Exportable> {
    engage: Arc<Engage<R>>,
    caller: Caller,
    opened_at: Timestamp,
    list: L,
    first: Option<Vec<L::Row>>,
    more: bool,
}

impl<R: Runtime, L: Exportable> Export<R, L> {
    /// The next page's rows; none: that was the last. An error, also because the caller may no longer come in, means that the export is not whole.
    pub async fn next(&mut self) -> Result<Option<Vec<L::Row>>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if !self.more {
            return Ok(None);
        }
        if !self.engage.still_admitted(&self.caller, self.opened_at).await? {
            return Err(Error::Revoked);
        }
        let page = self.list.turn(&self.engage, &self.caller, None).await?;
        self.more = page.more;
        Ok(Some(page.rows))
    }
}
