//! Conversations from elsewhere, in batches.

use axum::{
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    response::Response,
};
use engage_app::{
    Runtime,
    import::{ImportAction, ImportRow, ImportStep, Imported},
};
use engage_domain::{
    ConversationId, PracticeArea, Timestamp, Version,
    conversation::{Author, Close, Identity},
    text::Private,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::{answer, caller::Signed, document::Problems, input::Input, problem::Problem, schema, server::Shared};

/// Longest batch in bytes: two hundred rows of forty kilobytes each.
const BATCH_MAX: usize = 8 * 1024 * 1024;

/// The route, with its own limit on the body.
pub(super) fn api<R: Runtime>() -> OpenApiRouter<Shared<R>> {
    use crate::routes::import;
    OpenApiRouter::new().routes(handlers!(R: import::import)).layer(DefaultBodyLimit::max(BATCH_MAX))
}

/// A batch of conversations.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportBatch)]
pub(crate) struct BatchBody {
    /// At most 200.
    rows: Vec<RowBody>,
}

/// A conversation as another system knew it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ImportRow)]
struct RowBody {
    /// The id that it gets; derive it from the other system's name for it, so that importing again changes nothing.
    #[schema(schema_with = schema::ulid)]
    conversation_id: ConversationId,
    /// What people call its practice area; added to the firm's settings if it is new.
    practice_area: Option<String>,
    /// A user's id or e-mail address.
    assigned_to: Option<String>,
    /// What happened, in order; the first begins the conversation.
    steps: Vec<StepBody>,
}

/// Something that happened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportStep)]
struct StepBody {
    /// When.
    #[schema(schema_with = schema::time)]
    at: Timestamp,
    /// What: exactly one.
    #[serde(rename = "do")]
    what: ActionBody,
}

/// What can have happened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case", rename_all_fields = "camelCase")]
#[schema(as = ImportAction)]
enum ActionBody {
    /// It began.
    Start {
        #[serde(default)]
        identity: Particulars,
        #[schema(value_type = Option<String>)]
        external_id: Option<Private>,
    },
    /// Somebody said something.
    Message {
        #[schema(schema_with = schema::author)]
        role: Author,
        #[schema(value_type = String)]
        content: Private,
    },
    /// Particulars came in.
    Identity(Particulars),
    /// The row's practice area became known; without this step it was from the beginning.
    Classify,
    /// The row's person became responsible.
    Assign,
    /// It ended.
    Close { status: Ending },
}

/// How it ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Ending {
    Completed,
    Terminated,
}

/// Particulars of the client.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ImportIdentity)]
struct Particulars {
    #[schema(value_type = Option<String>)]
    client_name: Option<Private>,
    #[schema(value_type = Option<String>)]
    client_email: Option<Private>,
    #[schema(value_type = Option<String>)]
    client_phone: Option<Private>,
    #[schema(value_type = Option<String>)]
    legal_area: Option<Private>,
    #[schema(value_type = Option<String>)]
    situation: Option<Private>,
    #[schema(value_type = Option<String>)]
    address: Option<Private>,
}

impl From<Particulars> for Identity {
    fn from(particulars: Particulars) -> Self {
        let Particulars { client_name, client_email, client_phone, legal_area, situation, address } = particulars;
        Self { name: client_name, email: client_email, phone: client_phone, legal_area, situation, address }
    }
}

impl From<StepBody> for ImportStep {
    fn from(StepBody { at, what }: StepBody) -> Self {
        let what = match what {
            ActionBody::Start { identity, external_id } => {
                ImportAction::Start { identity: identity.into(), external_id }
            }
            ActionBody::Message { role, content } => ImportAction::Message { author: role, content },
            ActionBody::Identity(identity) => ImportAction::Identity(identity.into()),
            ActionBody::Classify => ImportAction::Classify,
            ActionBody::Assign => ImportAction::Assign,
            ActionBody::Close { status: Ending::Completed } => ImportAction::Close(Close::Completed),
            ActionBody::Close { status: Ending::Terminated } => ImportAction::Close(Close::Terminated),
        };
        Self { at, what }
    }
}

impl RowBody {
    fn row(self, at: usize) -> Result<ImportRow, Problem> {
        let area = self.practice_area.map(|name| name.parse::<PracticeArea>().map(|area| (area, name)));
        let practice_area =
            area.transpose().map_err(|reason| Problem::invalid(format!("rows[{at}].practiceArea"), reason))?;
        let steps = self.steps.into_iter().map(Into::into).collect();
        Ok(ImportRow { id: self.conversation_id, practice_area, assigned_to: self.assigned_to, steps })
    }
}

/// What became of each row, in the order of the rows.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportAnswer {
    rows: Vec<OutcomeView>,
}

/// What became of a row.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ImportOutcome)]
struct OutcomeView {
    /// `created`, `already_there` or `refused`.
    outcome: &'static str,
    #[schema(schema_with = schema::ulid)]
    conversation_id: ConversationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::version, required = false)]
    version: Option<Version>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

impl OutcomeView {
    fn new(conversation_id: ConversationId, imported: Imported) -> Self {
        let bare = |outcome| Self { outcome, conversation_id, version: None, code: None, detail: None, field: None };
        match imported {
            Imported::Created(_, version) => Self { version: Some(version), ..bare("created") },
            Imported::AlreadyThere(_) => bare("already_there"),
            Imported::Refused(error) => {
                let Problem { code, detail, field, .. } = error.into();
                let field = field.map(Into::into);
                Self { code: Some(code.as_str()), detail: Some(detail.into()), field, ..bare("refused") }
            }
        }
    }
}

/// Imports a batch. Each row is there whole or not at all; one that is refused does not stop the rest; one that is there already
/// stays as it is.
#[utoipa::path(post, path = "/api/v1/firm/imports/conversations", tag = "conversations", request_body = BatchBody,
    responses((status = 200, body = ImportAnswer), Problems))]
pub(crate) async fn import<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Input { body, .. }: Input<BatchBody>,
) -> Result<Response, Problem> {
    let rows = body.rows.into_iter().enumerate().map(|(at, row)| row.row(at)).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let outcomes = server.engage.import(&caller, rows).await?;
    let rows = ids.into_iter().zip(outcomes).map(|(id, outcome)| OutcomeView::new(id, outcome)).collect();
    Ok(answer::json(StatusCode::OK, &ImportAnswer { rows }))
}
