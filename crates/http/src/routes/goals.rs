//! Goals of a conversation.

use axum::{
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use engage_app::Runtime;
use engage_domain::{
    ConversationId,
    conversation::{GOAL_ID_MAX, GoalPriority, GoalTemplate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::conversations::written;
use crate::{
    answer,
    caller::Signed,
    document::{IdPath, Problems, WriteHeaders},
    input::Input,
    params::{Id, segment},
    problem::{Code, Problem},
    schema,
    server::Shared,
    views::conversation::ConversationAnswer,
};

/// A goal to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewGoal)]
pub(crate) struct GoalBody {
    /// Lower-case letters, digits and underscores; made from the title when absent.
    #[schema(max_length = 64)]
    id: Option<String>,
    #[schema(max_length = 200)]
    title: String,
    #[schema(schema_with = schema::goal_priority)]
    priority: GoalPriority,
}

/// Sets a goal.
#[utoipa::path(post, path = "/api/v1/firm/conversations/{id}/goals", tag = "conversations",
    params(IdPath, WriteHeaders), request_body = GoalBody,
    responses((status = 201, body = ConversationAnswer), Problems))]
pub(crate) async fn add<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Input { body: GoalBody { id: goal, title, priority }, write }: Input<GoalBody>,
) -> Result<Response, Problem> {
    let goal = goal.unwrap_or_else(|| slug(&title));
    let location = format!("/api/v1/firm/conversations/{id}/goals/{goal}");
    let goal = GoalTemplate { id: goal, title, priority };
    let done = server.engage.add_goal(&caller, id, &write, goal).await?;
    Ok(answer::located(written(StatusCode::CREATED, &caller, &done), &location))
}

/// An id made from a title: its ASCII letters and digits in lower case, an underscore between words. A title without any has none, and the
/// conversation asks for an id.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    slug.truncate(GOAL_ID_MAX);
    slug.truncate(slug.trim_end_matches('_').len());
    slug
}

/// What becomes of a goal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GoalChange)]
pub(crate) struct GoalStatusBody {
    status: GoalStatus,
}

/// A goal can only be reached; it stays so.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GoalStatus {
    Completed,
}

/// The goal of the path.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only described: `Goal` reads it")]
pub(crate) struct GoalPath {
    /// The goal's id.
    goal: String,
}

/// The goal that stands in the path.
pub(crate) struct Goal(String);

impl<R: Runtime> FromRequestParts<Shared<R>> for Goal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Shared<R>) -> Result<Self, Problem> {
        let goal = segment(parts, server, "goal", |text| Some(text.to_owned())).await;
        goal.map(Self).ok_or_else(|| Problem::new(Code::UnknownGoal, "unknown goal"))
    }
}

/// Marks a goal as reached.
#[utoipa::path(put, path = "/api/v1/firm/conversations/{id}/goals/{goal}", tag = "conversations",
    params(IdPath, GoalPath, WriteHeaders), request_body = GoalStatusBody,
    responses((status = 200, body = ConversationAnswer), Problems))]
pub(crate) async fn complete<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Goal(goal): Goal,
    Input { body: GoalStatusBody { status }, write }: Input<GoalStatusBody>,
) -> Result<Response, Problem> {
    let done = match status {
        GoalStatus::Completed => server.engage.complete_goal(&caller, id, &write, goal).await?,
    };
    Ok(written(StatusCode::OK, &caller, &done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_from_the_title() {
        assert_eq!(slug("Find the date of service!"), "find_the_date_of_service");
        assert_eq!(slug("  --  "), "");
        assert_eq!(slug(&"abc ".repeat(40)).len(), 63, "cut, and no underscore left at the end");
    }
}
