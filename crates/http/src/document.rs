//! The OpenAPI document: what all operations have in common, and the whole of it.

use std::collections::BTreeMap;

use utoipa::{
    IntoParams, IntoResponses, OpenApi,
    openapi::{
        Content, RefOr, Response, ResponseBuilder, SecurityRequirement,
        schema::Schema,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::problem;

/// The document before its operations join.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Engage",
        description = "Client intake for law firms. Lists answer from an index that follows within moments; details answer from the \
                       conversation itself. Every answer carries `X-Request-Id`."
    ),
    components(schemas(problem::Wire)),
    tags(
        (name = "conversations", description = "A firm's conversations"),
        (name = "messages", description = "What is said in them"),
        (name = "analytics", description = "What waits, who has how much to do, how practice areas and days compare"),
        (name = "users", description = "A firm's people"),
        (name = "firm", description = "The firm itself"),
        (name = "conflicts", description = "The parties that a firm knows, and the conflicts of interest among them"),
        (name = "compliance", description = "The audit trail, and reports for compliance"),
        (name = "exports", description = "Whole lists and reports as files. Each is put on record as `data_exported` before its first byte \
                                          leaves; of `HEAD` nothing does. `X-Engage-As-Of` and `X-Engage-Lag-Ms` say how fresh the index was at its first page. \
                                          One that breaks off ends without the end of its body: it is not whole"),
        (name = "clients", description = "What clients do from outside the firm"),
        (name = "platform", description = "How the index of a firm is, and what keeps it right"),
    )
)]
struct Base;

/// The document's frame: title, problem schema, how callers prove who they are.
pub(crate) fn base() -> utoipa::openapi::OpenApi {
    let mut document = Base::openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("HS256 with the claims sub, firm, role, iat, exp and optionally email and name"))
        .build();
    if let Some(components) = &mut document.components {
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
    // Nobody has chosen one yet; utoipa would name an empty one.
    document.info.license = None;
    document.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    document
}

/// The answers that are problems.
pub(crate) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let response = |description: &str| {
            let content = Content::new(Some(RefOr::<Schema>::Ref(utoipa::openapi::Ref::from_schema_name("Problem"))));
            RefOr::T(
                ResponseBuilder::new().description(description).content("application/problem+json", content).build(),
            )
        };
        BTreeMap::from([
            ("4XX".to_owned(), response("A no that the caller can act on: decide by `code`")),
            ("5XX".to_owned(), response("The server could not; nothing was acknowledged")),
        ])
    }
}

/// The object of the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only described: `Id` reads it")]
pub(crate) struct IdPath {
    /// Its id, a ULID.
    #[param(pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$", example = "01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    id: String,
}

/// What makes a write safe to repeat, and safe against somebody else's.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described: `Input` and `Conditions` read them")]
pub(crate) struct WriteHeaders {
    /// Names the request: the same key with the same request gives the first answer and no second effect.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
    /// The ETag that the caller saw last; another version now gives 412 with the current one.
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

/// What a list is asked to hold.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described: `Consistency` reads it")]
pub(crate) struct ListHeaders {
    /// The header of that name of a write's answer: the list waits a little for it.
    #[param(rename = "X-Engage-Consistency")]
    consistency: Option<String>,
}
