//! The columns of each file: the fields of the same rows on the wire, in an order in which a table is read.

use engage_app::{
    audit::Trail,
    exports::{ConflictReport, DayReport, Exportable, PracticeAreaReport, SelectedConversations, WorkloadReport},
    operations::Reconciliations,
    reports::AccessReport,
};
use engage_index::{
    ConversationList, analytics::Attention, assignments::AssignmentList, audit::AuditList, conflicts::ConflictList,
    search::Search, sync_failure::SyncFailures, users::UserList,
};
use serde::Serialize;

use super::Shown;
use crate::views::{
    Audience,
    analytics::{AttentionRowView, DayView, PracticeAreaView, WorkloadView},
    conflict_list::ConflictRowView,
    list::{ConversationRowView, UserRowView},
    platform::{ReconciliationView, SyncFailureView},
    report::{AssignmentRowView, AuditEntryView, ConflictCountView, DailyAccessView},
    search::FoundView,
};

macro_rules! shown {
    ($($list:ty: |$row:ident, $audience:pat_param| $view:expr, [$($column:literal)+];)+) => {$(
        impl Shown for $list {
            const COLUMNS: &'static [&'static str] = &[$($column),+];

            fn shown($row: &<Self as Exportable>::Row, $audience: Audience) -> impl Serialize {
                $view
            }
        }
    )+};
}

impl Shown for SelectedConversations {
    const COLUMNS: &'static [&'static str] = ConversationList::COLUMNS;

    fn shown(row: &<Self as Exportable>::Row, audience: Audience) -> impl Serialize {
        ConversationRowView::new(row, audience)
    }
}

shown! {
    ConversationList: |row, audience| ConversationRowView::new(row, audience), [
        "firmId" "sessionId" "userId" "clientName" "clientEmail" "practiceArea" "status" "phase" "assignedTo" "conflictStatus"
        "goalsCompleted" "goalsTotal" "dataQualityScore" "createdAt" "lastActivity" "isDeleted" "version"
    ];
    Attention: |row, audience| AttentionRowView::new(row, audience), [
        "firmId" "sessionId" "userId" "clientName" "clientEmail" "practiceArea" "status" "phase" "assignedTo" "assignedToName"
        "conflictStatus" "goalsCompleted" "goalsTotal" "dataQualityScore" "createdAt" "lastActivity" "isDeleted" "version"
    ];
    WorkloadReport: |row, _| WorkloadView::from(row), [
        "userId" "name" "role" "activeConversations" "averageDataQuality" "assignedCases" "averageEstimatedHours" "overdueCases"
    ];
    PracticeAreaReport: |row, _| PracticeAreaView::from(row), [
        "practiceArea" "total" "completed" "averageDataQuality" "averageHoursToCompletion"
    ];
    DayReport: |row, _| DayView::from(row), ["date" "created" "completed"];
    UserList: |row, _| UserRowView::from(row), [
        "firmId" "userId" "auth0UserId" "email" "name" "role" "status" "lastLogin" "conversationCount"
        "assignedConversationCount" "createdAt" "version"
    ];
    AssignmentList: |row, _| AssignmentRowView::from(row), [
        "firmId" "sessionId" "clientName" "assignedTo" "assignedBy" "assignedAt" "status" "priority" "dueDate"
        "estimatedHours" "actualHours" "notes" "version"
    ];
    ConflictList: |row, _| ConflictRowView::from(row), [
        "firmId" "conflictId" "status" "conflictType" "matchType" "confidence" "conversationId" "otherConversationId" "entity"
        "partyName" "detectedAt" "resolvedAt" "resolvedBy" "resolution" "notes" "version"
    ];
    AuditList: |row, _| AuditEntryView::from(row), [
        "firmId" "auditId" "timestamp" "userId" "userName" "userRole" "action" "resourceType" "resourceId" "outcome"
        "ipAddress" "userAgent" "details" "version"
    ];
    Trail: |row, _| AuditEntryView::from(row), [
        "firmId" "auditId" "timestamp" "userId" "userName" "userRole" "action" "resourceType" "resourceId" "outcome"
        "ipAddress" "userAgent" "details" "version"
    ];
    AccessReport: |row, _| DailyAccessView::from(row), [
        "accessDate" "userId" "userName" "userRole" "accessCount" "uniqueResourcesAccessed" "blockedAttempts"
    ];
    ConflictReport: |row, _| ConflictCountView::from(row), [
        "conflictType" "matchType" "status" "conflictCount" "avgConfidence" "confirmedConflicts" "clearedConflicts"
    ];
    Reconciliations: |entry, _| ReconciliationView::from(&entry.row), ["id" "at" "userId" "details"];
    Search: |row, audience| FoundView::new(row, audience), [
        "firmId" "sessionId" "userId" "clientName" "clientEmail" "practiceArea" "status" "phase" "assignedTo" "conflictStatus"
        "goalsCompleted" "goalsTotal" "dataQualityScore" "createdAt" "lastActivity" "isDeleted" "version" "score" "finds"
    ];
    SyncFailures: |row, _| SyncFailureView::from(row), [
        "id" "kind" "object" "version" "attempts" "error" "firstFailedAt" "lastFailedAt"
    ];
}
