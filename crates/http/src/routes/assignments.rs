//! Who is responsible for a conversation, and the firm's assignments.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{Runtime, assignments::AssignmentChange};
use engage_domain::{
    ConversationId, FirmId, Timestamp, UserId,
    conversation::{AssignmentStatus, Priority, Terms},
    text::Private,
};
use engage_index::assignments::{AssignmentFilters, AssignmentList};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::conversations::written;
use crate::{
    answer,
    caller::Signed,
    document::{IdPath, ListHeaders, Problems, WriteHeaders},
    input::{Conditions, Input},
    page::{limit, linked},
    params::{Consistency, Id, Params},
    problem::Problem,
    schema,
    server::Shared,
    views::{
        conversation::ConversationAnswer,
        list::PageView,
        report::{AssignmentRowView, AssignmentsAnswer},
    },
};

/// Who is to be responsible, and on which terms.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = AssignmentChange)]
pub(crate) struct AssignmentBody {
    /// A user's id or e-mail address: an active member of the firm's staff. May be absent with the status `completed`.
    assigned_to: Option<String>,
    /// `normal` unless said otherwise.
    #[schema(schema_with = schema::priority, required = false)]
    priority: Option<Priority>,
    #[schema(schema_with = schema::time, required = false)]
    due_date: Option<Timestamp>,
    estimated_hours: Option<f64>,
    #[schema(value_type = Option<String>, max_length = 4096)]
    notes: Option<Private>,
    /// `active` unless said otherwise; `pending` offers, `completed` says that the person responsible is done.
    #[schema(schema_with = schema::settable_assignment_status, required = false)]
    status: Option<AssignmentStatus>,
    /// How long it took; only with the status `completed`.
    actual_hours: Option<f64>,
}

impl AssignmentBody {
    fn change(self) -> Result<AssignmentChange, Problem> {
        let Self { assigned_to, priority, due_date, estimated_hours, notes, status, actual_hours } = self;
        let pending = match status {
            Some(AssignmentStatus::Completed) => {
                let term = [
                    ("priority", priority.is_some()),
                    ("dueDate", due_date.is_some()),
                    ("estimatedHours", estimated_hours.is_some()),
                    ("notes", notes.is_some()),
                ];
                if let Some((field, _)) = term.into_iter().find(|(_, present)| *present) {
                    return Err(Problem::invalid(field, "does not go with the status completed"));
                }
                return Ok(AssignmentChange::Complete { assignee: assigned_to, actual_hours });
            }
            Some(AssignmentStatus::Reassigned) => {
                return Err(Problem::invalid("status", "must be one of pending, active, completed"));
            }
            Some(AssignmentStatus::Pending) => true,
            Some(AssignmentStatus::Active) | None => false,
        };
        if actual_hours.is_some() {
            return Err(Problem::invalid("actualHours", "goes only with the status completed"));
        }
        let assignee =
            assigned_to.ok_or_else(|| Problem::invalid("assignedTo", "must say who is to be responsible"))?;
        let terms = Terms { priority: priority.unwrap_or_default(), due_date, estimated_hours, notes };
        Ok(AssignmentChange::Assign { assignee, terms, pending })
    }
}

/// Makes somebody responsible, changes their terms, or says that they are done.
#[utoipa::path(put, path = "/api/v1/firm/conversations/{id}/assignment", tag = "conversations",
    params(IdPath, WriteHeaders), request_body = AssignmentBody,
    responses((status = 200, body = ConversationAnswer), Problems))]
pub(crate) async fn assign<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Input { body, write }: Input<AssignmentBody>,
) -> Result<Response, Problem> {
    let done = server.engage.change_assignment(&caller, id, &write, body.change()?).await?;
    Ok(written(StatusCode::OK, &caller, &done))
}

/// Takes the conversation from whoever is responsible.
#[utoipa::path(delete, path = "/api/v1/firm/conversations/{id}/assignment", tag = "conversations",
    params(IdPath, WriteHeaders), responses((status = 200, body = ConversationAnswer), Problems))]
pub(crate) async fn unassign<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Conditions(write): Conditions,
) -> Result<Response, Problem> {
    let done = server.engage.unassign(&caller, id, &write).await?;
    Ok(written(StatusCode::OK, &caller, &done))
}

/// Which assignments.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct AssignmentsQuery {
    /// A user's id.
    #[param(schema_with = schema::ulid)]
    assigned_to: Option<UserId>,
    #[param(schema_with = schema::assignment_status)]
    status: Option<AssignmentStatus>,
    #[param(schema_with = schema::priority)]
    priority: Option<Priority>,
    /// `true`: active, and due before now. It goes with no other status.
    overdue: Option<bool>,
    /// The `page.next` of the page before.
    cursor: Option<String>,
    /// Most rows of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl AssignmentsQuery {
    pub(crate) fn list(self, firm: FirmId, now: Timestamp) -> Result<AssignmentList, Problem> {
        let Self { assigned_to, status, priority, overdue, cursor, limit: rows } = self;
        if overdue == Some(false) {
            return Err(Problem::invalid("overdue", "must be true, or absent"));
        }
        if overdue.is_some() && status.is_some_and(|status| status != AssignmentStatus::Active) {
            return Err(Problem::invalid("status", "must be active or absent where overdue is asked for"));
        }
        let filters = AssignmentFilters { assigned_to, status, priority, overdue_at: overdue.map(|_| now) };
        let after = cursor.map(|text| text.parse()).transpose();
        let after = after.map_err(|_| Problem::invalid("cursor", "was not given by this list"))?;
        Ok(AssignmentList { firm, filters, after, limit: limit(rows)? })
    }
}

/// The firm's assignments, from its index: by due date, those without one last.
#[utoipa::path(get, path = "/api/v1/firm/assignments", tag = "conversations", params(AssignmentsQuery, ListHeaders),
    responses((status = 200, body = AssignmentsAnswer), Problems))]
pub(crate) async fn list<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    uri: Uri,
    Params(query): Params<AssignmentsQuery>,
) -> Result<Response, Problem> {
    let list = query.list(caller.firm.clone(), server.engage.runtime().now())?;
    let limit = list.limit.get();
    let page = server.engage.list_assignments(&caller, list, token).await?;
    let next = page.next.map(|place| place.to_string());
    let body = AssignmentsAnswer {
        assignments: page.rows.iter().map(AssignmentRowView::from).collect(),
        page: PageView { next: next.clone(), limit },
        index: page.freshness.into(),
        source: "index",
    };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}
