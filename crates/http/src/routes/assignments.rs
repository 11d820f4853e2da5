//! Who is responsible for a conversation.

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::{Runtime, assignments::AssignmentChange};
use engage_domain::{
    ConversationId, Timestamp,
    conversation::{AssignmentStatus, Priority, Terms},
    text::Private,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::conversations::written;
use crate::{
    caller::Signed,
    document::{IdPath, Problems, WriteHeaders},
    input::{Conditions, Input},
    params::Id,
    problem::Problem,
    schema,
    server::Shared,
    views::conversation::ConversationAnswer,
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
