//! Every list and report as a file: each operation is the list's with another ending, and takes the same filters.

use axum::{extract::State, http::Method, routing};
use engage_app::{Caller, Runtime, exports::Opened};
use serde::de::DeserializeOwned;
use utoipa::{
    IntoParams, IntoResponses as _, PartialSchema as _,
    openapi::{
        Content, ResponseBuilder, ResponsesBuilder,
        path::{HttpMethod, OperationBuilder, Paths},
    },
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::{
    assignments::AssignmentsQuery,
    audit::AuditQuery,
    conversations::ListQuery,
    reports::{ConflictsQuery, DataAccessQuery},
    users::UsersQuery,
};
use crate::{
    caller::Signed,
    document::{ListHeaders, Problems},
    export::{self, Format, Shown, Whole},
    params::Consistency,
    problem::Problem,
    server::Shared,
    views::Audience,
};

/// Every file, in each of its formats.
pub(super) fn api<R: Runtime>() -> OpenApiRouter<Shared<R>> {
    let mut router = OpenApiRouter::<Shared<R>>::new();
    for format in Format::ALL {
        router = router
            .routes(file(
                format,
                "/api/v1/firm/conversations",
                ("All of the firm's conversations", "A client gets their own."),
                |_, caller, query: ListQuery| async move { query.list(caller.firm) },
            ))
            .routes(file(
                format,
                "/api/v1/firm/users",
                ("All of the firm's users", ""),
                |_, caller, query: UsersQuery| async move { query.list(caller.firm) },
            ))
            .routes(file(
                format,
                "/api/v1/firm/assignments",
                ("All of the firm's assignments", ""),
                |server: Shared<R>, caller, query: AssignmentsQuery| async move {
                    query.list(caller.firm, server.engage.runtime().now())
                },
            ))
            .routes(file(
                format,
                "/api/v1/firm/audit",
                ("The firm's audit trail", ""),
                |_, caller, query: AuditQuery| async move { query.list(caller.firm) },
            ))
            .routes(file(
                format,
                "/api/v1/firm/reports/data-access",
                ("The report on accesses", ""),
                |server, caller, query: DataAccessQuery| async move { query.report(&server, &caller).await },
            ))
            .routes(file(
                format,
                "/api/v1/firm/reports/conflicts",
                ("The report on conflicts", ""),
                |_, _, query: ConflictsQuery| async move { query.report() },
            ));
    }
    router
}

/// A file: its format, the address of the list that it holds, what it is and what else there is to say of it, and the list that the
/// filters make. Route and description are one step.
fn file<R, Q, L, F>(
    format: Format,
    list_path: &str,
    (summary, more): (&str, &str),
    list: impl Fn(Shared<R>, Caller, Q) -> F + Clone + Send + Sync + 'static,
) -> UtoipaMethodRouter<Shared<R>>
where
    R: Runtime,
    Q: DeserializeOwned + IntoParams + Send + 'static,
    L: Shown<Row: Sync>,
    F: Future<Output = Result<L, Problem>> + Send,
{
    let handler = move |State(server): State<Shared<R>>,
                        method: Method,
                        Signed(caller): Signed,
                        Consistency(token): Consistency,
                        Whole { query, filters }: Whole<Q>| async move {
        let list = list(server.clone(), caller.clone(), query).await?;
        let (firm, audience) = (caller.firm.clone(), Audience::of(&caller));
        let opened = Opened::open(server.engage.clone(), caller, list, token).await?;
        let freshness = opened.freshness();
        let body = match method {
            // Nothing leaves, so nothing goes on record.
            Method::HEAD => export::no_body(),
            _ => export::body(opened.on_record(format.as_str(), filters).await?, format, audience),
        };
        Ok::<_, Problem>(export::response::<L>(body, firm.as_str(), format, freshness))
    };
    let content = Content::new(Some(String::schema()));
    let whole = ResponseBuilder::new().description("The whole list").content(format.essence(), content);
    let responses = ResponsesBuilder::new().response("200", whole).responses_from_iter(Problems::responses());
    let operation = OperationBuilder::new()
        .operation_id(Some(format!("exports_{}_{}", L::RESOURCE, format.as_str())))
        .tag("exports")
        .summary(Some(format!("{summary} as {}.", format.name())))
        .description(Some(more).filter(|more| !more.is_empty()))
        .parameters(Some(Whole::<Q>::into_params(|| None)))
        .parameters(Some(ListHeaders::into_params(|| None)))
        .responses(responses.build());
    let mut paths = Paths::new();
    paths.add_path_operation(format!("{list_path}.{}", format.as_str()), vec![HttpMethod::Get], operation.build());
    (vec![], paths, routing::get(handler))
}
