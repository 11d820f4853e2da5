//! Conflicts of interest: checking a name, looking at a conflict, resolving it.

use axum::{extract::State, http::StatusCode, response::Response};
use engage_app::{
    Caller, Runtime,
    registry::{ConflictChange, ConflictDetail},
};
use engage_domain::{
    ConflictId, ConversationId,
    registry::{Artefact, ConflictState, Resolution, Verdict},
    text::Private,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::parties::CheckBody;
use crate::{
    answer,
    caller::Signed,
    document::{IdPath, Problems, WriteHeaders},
    input::Input,
    params::{CONSISTENCY, Id},
    problem::Problem,
    schema,
    server::Shared,
    views::{
        conflict::{ConflictAnswer, ConflictView},
        party::CheckAnswer,
    },
};

/// Checks a name against the firm's registry. Nothing is registered; the check and what it came to stay on record.
#[utoipa::path(post, path = "/api/v1/firm/conflicts/check", tag = "conflicts", params(WriteHeaders),
    request_body = CheckBody, responses((status = 200, body = CheckAnswer), Problems))]
pub(crate) async fn check<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Input { body, write }: Input<CheckBody>,
) -> Result<Response, Problem> {
    let checked = server.engage.check_conflicts(&caller, &write, body.into_party()?).await?;
    Ok(answer::json(StatusCode::OK, &CheckAnswer::new(&checked)))
}

/// A conflict with its two parties side by side. Leaves an access entry.
#[utoipa::path(get, path = "/api/v1/firm/conflicts/{id}", tag = "conflicts", params(IdPath),
    responses((status = 200, body = ConflictAnswer), Problems))]
pub(crate) async fn detail<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConflictId>,
) -> Result<Response, Problem> {
    let detail = server.engage.conflict(&caller, id).await?;
    Ok(shown(&caller, &detail))
}

fn shown(caller: &Caller, detail: &ConflictDetail) -> Response {
    let body = ConflictAnswer { conflict: ConflictView::new(detail), source: "object" };
    let mut response = answer::tagged(StatusCode::OK, detail.version, &body);
    answer::insert(&mut response, CONSISTENCY, &format!("firm/{}@{}", caller.firm, detail.version));
    response
}

/// How a conflict is resolved, or how far it has come: either `resolution` with `reason`, or `status`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ConflictChange)]
pub(crate) struct ChangeBody {
    /// How it is resolved.
    #[schema(schema_with = schema::resolution, required = false)]
    resolution: Option<Resolution>,
    /// `reviewing`: the caller looks at it; `detected`: it is open again, for which a reason is needed.
    #[schema(schema_with = schema::settable_conflict_state, required = false)]
    status: Option<ConflictState>,
    /// Why; up to 4,000 bytes.
    #[schema(value_type = Option<String>, max_length = 4_000)]
    reason: Option<Private>,
    /// What the reviewer notes; up to 4,000 bytes.
    #[schema(value_type = Option<String>, max_length = 4_000)]
    notes: Option<Private>,
    /// The document that proves a consent or waiver; `client_consented` needs one.
    artefact: Option<ArtefactBody>,
    /// With `cannot_represent`: the conversation that the firm declines, unless it is that of the party that came later.
    #[schema(schema_with = schema::maybe_ulid, required = false)]
    declined_conversation_id: Option<ConversationId>,
}

/// The document that proves a consent or a waiver.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewArtefact)]
struct ArtefactBody {
    /// What it is called.
    #[schema(value_type = String, max_length = 2_000)]
    name: Private,
    /// Where it is kept: a document number or an address.
    #[schema(value_type = String, max_length = 2_000)]
    reference: Private,
    /// SHA-256 of the document, in hexadecimal digits.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-fA-F]{64}$")]
    sha256: Option<Box<str>>,
}

impl ChangeBody {
    fn into_change(self) -> Result<ConflictChange, Problem> {
        let Self { resolution, status, reason, notes, artefact, declined_conversation_id: declined } = self;
        let missing = || Problem::invalid("reason", "must say why");
        match (resolution, status) {
            (Some(resolution), None) => {
                if notes.is_some() {
                    return Err(Problem::invalid("notes", "goes only with the status reviewing"));
                }
                let artefact =
                    artefact.map(|ArtefactBody { name, reference, sha256 }| Artefact { name, reference, sha256 });
                let reason = reason.ok_or_else(missing)?;
                Ok(ConflictChange::Resolve(Box::new(Verdict { resolution, reason, artefact, declined })))
            }
            (None, Some(_)) if artefact.is_some() => Err(Problem::invalid("artefact", "goes only with a resolution")),
            (None, Some(_)) if declined.is_some() => {
                Err(Problem::invalid("declinedConversationId", "goes only with the resolution cannot_represent"))
            }
            (None, Some(ConflictState::Reviewing)) if reason.is_some() => {
                Err(Problem::invalid("reason", "goes with a resolution; a review has notes"))
            }
            (None, Some(ConflictState::Reviewing)) => Ok(ConflictChange::Review { notes }),
            (None, Some(ConflictState::Detected)) if notes.is_some() => {
                Err(Problem::invalid("notes", "goes only with the status reviewing"))
            }
            (None, Some(ConflictState::Detected)) => Ok(ConflictChange::Reopen { reason: reason.ok_or_else(missing)? }),
            (None, Some(ConflictState::Cleared | ConflictState::Confirmed)) => {
                Err(Problem::invalid("status", "follows from the resolution; give that instead"))
            }
            (Some(_), Some(_)) => Err(Problem::invalid("status", "follows from the resolution; leave it out")),
            (None, None) => Err(Problem::invalid("resolution", "must be given, or a status")),
        }
    }
}

/// Resolves a conflict, takes it under review, or opens it again. The conversations that it concerns follow: whoever has no other conflict in
/// the way goes on.
#[utoipa::path(put, path = "/api/v1/firm/conflicts/{id}/resolution", tag = "conflicts", params(IdPath, WriteHeaders),
    request_body = ChangeBody, responses((status = 200, body = ConflictAnswer), Problems))]
pub(crate) async fn resolve<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConflictId>,
    Input { body, write }: Input<ChangeBody>,
) -> Result<Response, Problem> {
    let detail = server.engage.change_conflict(&caller, id, &write, body.into_change()?).await?;
    Ok(shown(&caller, &detail))
}
