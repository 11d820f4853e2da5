//! What comes in with the address: ids in the path, parameters in the query.

use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{header::HeaderName, request::Parts},
};
use engage_app::{Resource, Runtime, runtime::Token};
use engage_domain::{ConflictId, ConversationId, PartyId, UserId};
use serde::de::DeserializeOwned;

use crate::{
    input::field,
    problem::{Code, Problem},
    server::Shared,
};

/// The header with which a list is asked to hold a write.
pub(crate) const CONSISTENCY: HeaderName = HeaderName::from_static("x-engage-consistency");

/// Ids that stand in a path as `{id}`.
pub(crate) trait PathId: FromStr {
    /// What is unknown when the text is no such id.
    const RESOURCE: Resource;
}

impl PathId for ConversationId {
    const RESOURCE: Resource = Resource::Conversation;
}

impl PathId for PartyId {
    const RESOURCE: Resource = Resource::Party;
}

impl PathId for ConflictId {
    const RESOURCE: Resource = Resource::Conflict;
}

impl PathId for UserId {
    const RESOURCE: Resource = Resource::User;
}

/// The `{id}` of the path. Text that is no id names nothing, so it is answered like an unknown one.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: PathId, R: Runtime> FromRequestParts<Shared<R>> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Shared<R>) -> Result<Self, Problem> {
        let unknown = || Problem::unknown(T::RESOURCE);
        segment(parts, server, "id", |text| text.parse().ok()).await.map(Self).ok_or_else(unknown)
    }
}

/// What `read` makes of the text that stands in the path as `{name}`.
pub(crate) async fn segment<T, R: Runtime>(
    parts: &mut Parts,
    server: &Shared<R>,
    name: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let segments = RawPathParams::from_request_parts(parts, server).await.ok()?;
    segments.iter().find(|(key, _)| *key == name).and_then(|(_, text)| read(text))
}

/// The query's parameters. One that is unknown, repeated or wrong is refused by name.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, R: Runtime> FromRequestParts<Shared<R>> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _server: &Shared<R>) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|located| {
        let reason = located.inner().to_string();
        let field = field(&located.path().to_string(), &reason);
        Problem::with_field(Code::InvalidValue, field, reason)
    })
}

/// The consistency token of a list request, if it carries one.
pub(crate) struct Consistency(pub(crate) Option<Token>);

impl<R: Runtime> FromRequestParts<Shared<R>> for Consistency {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _server: &Shared<R>) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(CONSISTENCY) else { return Ok(Self(None)) };
        let token = value.to_str().unwrap_or_default().parse();
        token.map(|token| Self(Some(token))).map_err(|reason| Problem::header("X-Engage-Consistency", reason))
    }
}

#[cfg(test)]
mod tests {
    use engage_domain::{Timestamp, conversation::Status};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Query {
        status: Option<Status>,
        created_from: Option<Timestamp>,
        limit: Option<u32>,
    }

    #[test]
    fn parameters_are_typed() {
        let query: Query = parse("status=active&createdFrom=2026-01-01T00%3A00%3A00Z&limit=7").unwrap();
        assert_eq!((query.status, query.limit), (Some(Status::Active), Some(7)));
        assert_eq!(query.created_from.unwrap().to_string(), "2026-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let check = |query: &str, field: &str| {
            let problem = parse::<Query>(query).expect_err("refused");
            assert_eq!((problem.code, problem.field.as_deref()), (Code::InvalidValue, Some(field)), "{query}");
        };
        check("status=odd", "status");
        check("limit=x", "limit");
        check("limit=-1", "limit");
        check("createdFrom=yesterday", "createdFrom");
        check("colour=red", "colour");
        check("limit=1&limit=2", "limit");
    }
}
