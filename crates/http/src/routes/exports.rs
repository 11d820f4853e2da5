//! Every list and report as a file: each operation is the list's with another ending, and takes the same filters. A file holds the rows
//! that the list has on all its pages; what a report says besides its rows is in the report alone.

use axum::{
    extract::{FromRequestParts, State},
    http::Method,
    routing,
};
use engage_app::{
    Caller, Runtime,
    exports::{Opened, WorkloadReport},
};
use engage_domain::ConversationId;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::{
    IntoParams, IntoResponses as _, PartialSchema as _,
    openapi::{
        Content, ResponseBuilder, ResponsesBuilder,
        path::{HttpMethod, OperationBuilder, Parameter, Paths},
    },
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::{
    analytics::{AttentionQuery, NoQuery, OverviewQuery, PracticeAreasQuery},
    assignments::AssignmentsQuery,
    audit::{AuditQuery, TrailQuery},
    conflict_list::ConflictListQuery,
    conversations::ListQuery,
    platform::{ReconciliationsQuery, SyncFailuresQuery},
    reports::{ConflictsQuery, DataAccessQuery},
    search::SearchQuery,
    users::UsersQuery,
};
use crate::{
    caller::Signed,
    document::{IdPath, ListHeaders, Problems},
    export::{self, Format, Shown, Whole},
    params::{Consistency, Id},
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
                |_, caller, (), query: ListQuery| async move { query.list(caller.firm) },
            ))
            .routes(file(
                format,
                "/api/v1/firm/conversations/{id}/audit",
                ("What happened to a conversation and who saw it", "The oldest entry first."),
                |_, _, Id(id), query: TrailQuery| async move { query.trail(id) },
            ))
            .routes(file(
                format,
                "/api/v1/firm/analytics/attention",
                (
                    "All conversations that wait for somebody",
                    "Active, and either nobody's or idle for 24 hours when the file was begun. The longest without activity first.",
                ),
                |server: Shared<R>, caller, (), query: AttentionQuery| async move {
                    query.list(caller.firm, server.engage.runtime().now())
                },
            ))
            .routes(file(
                format,
                "/api/v1/firm/assignments/workload",
                ("What each of the firm's active people has to do", "A row a person, clients left out."),
                |_, _, (), NoQuery {}| async move { Ok(WorkloadReport) },
            ))
            .routes(file(
                format,
                "/api/v1/firm/analytics/practice-areas",
                (
                    "How the practice areas fare",
                    "A row a practice area, by the conversations begun in a span that ends now; one without a name where some have none.",
                ),
                |_, _, (), query: PracticeAreasQuery| async move { query.report() },
            ))
            .routes(file(
                format,
                "/api/v1/firm/analytics/overview",
                (
                    "A period of the firm's days",
                    "A row a day, in order, days without conversations too. What the report says of the period as a whole, and of the one \
                     before, is not in the file: ask for the days of both.",
                ),
                |_, _, (), query: OverviewQuery| async move { query.report() },
            ))
            .routes(file(
                format,
                "/api/v1/firm/users",
                ("All of the firm's users", ""),
                |_, caller, (), query: UsersQuery| async move { query.list(caller.firm) },
            ))
            .routes(file(
                format,
                "/api/v1/firm/assignments",
                ("All of the firm's assignments", ""),
                |server: Shared<R>, caller, (), query: AssignmentsQuery| async move {
                    query.list(caller.firm, server.engage.runtime().now())
                },
            ))
            .routes(file(
                format,
                "/api/v1/firm/conflicts",
                ("All of the firm's conflicts of interest", "The newest detected first."),
                |_, caller, (), query: ConflictListQuery| async move { query.list(caller.firm) },
            ))
            .routes(file(
                format,
                "/api/v1/firm/audit",
                ("The firm's audit trail", ""),
                |_, caller, (), query: AuditQuery| async move { query.list(caller.firm) },
            ))
            .routes(file(
                format,
                "/api/v1/firm/reports/data-access",
                ("The report on accesses", ""),
                |server, caller, (), query: DataAccessQuery| async move { query.report(&server, &caller).await },
            ))
            .routes(file(
                format,
                "/api/v1/firm/reports/conflicts",
                ("The report on conflicts", ""),
                |_, _, (), query: ConflictsQuery| async move { query.report() },
            ))
            .routes(file(
                format,
                "/api/v1/firm/search/conversations",
                (
                    "The conversations that words are found in",
                    "The best first, at most 10,000. A client searches their own. The words are not on record.",
                ),
                |_, caller, (), query: SearchQuery| async move { query.search(caller.firm) },
            ))
            .routes(file(
                format,
                "/api/v1/platform/reconciliations",
                ("All reconciliations of the firm's index", "The newest first."),
                |_, _, (), query: ReconciliationsQuery| async move { query.list() },
            ))
            .routes(file(
                format,
                "/api/v1/platform/sync-failures",
                ("All objects that the index could not take in", "The longest first."),
                |_, _, (), query: SyncFailuresQuery| async move { query.list() },
            ));
    }
    router
}

/// What the path of a list names.
trait Named<R: Runtime>: FromRequestParts<Shared<R>> + Send + 'static {
    /// How the path is described.
    fn parameters() -> Vec<Parameter>;

    /// Notes what was named, for the entry.
    fn note(&self, filters: &mut Map<String, Value>);
}

/// The whole firm.
impl<R: Runtime> Named<R> for () {
    fn parameters() -> Vec<Parameter> {
        vec![]
    }

    fn note(&self, _: &mut Map<String, Value>) {}
}

/// One conversation.
impl<R: Runtime> Named<R> for Id<ConversationId> {
    fn parameters() -> Vec<Parameter> {
        IdPath::into_params(|| None)
    }

    fn note(&self, filters: &mut Map<String, Value>) {
        filters.insert("id".to_owned(), self.0.to_string().into());
    }
}

/// A file: its format, the address of the list that it holds, what it is and what else there is to say of it, and the list that the
/// path and the filters make. Route and description are one step.
fn file<R, N, Q, L, F>(
    format: Format,
    list_path: &str,
    (summary, more): (&str, &str),
    list: impl Fn(Shared<R>, Caller, N, Q) -> F + Clone + Send + Sync + 'static,
) -> UtoipaMethodRouter<Shared<R>>
where
    R: Runtime,
    N: Named<R>,
    Q: DeserializeOwned + IntoParams + Send + 'static,
    L: Shown<Row: Sync>,
    F: Future<Output = Result<L, Problem>> + Send,
{
    let handler = move |State(server): State<Shared<R>>,
                        method: Method,
                        Signed(caller): Signed,
                        named: N,
                        Consistency(token): Consistency,
                        Whole { query, mut filters }: Whole<Q>| async move {
        named.note(&mut filters);
        let list = list(server.clone(), caller.clone(), named, query).await?;
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
        .parameters(Some(N::parameters()))
        .parameters(Some(Whole::<Q>::into_params(|| None)))
        .parameters(Some(ListHeaders::into_params(|| None)))
        .responses(responses.build());
    let mut paths = Paths::new();
    paths.add_path_operation(format!("{list_path}.{}", format.as_str()), vec![HttpMethod::Get], operation.build());
    (vec![], paths, routing::get(handler))
}
