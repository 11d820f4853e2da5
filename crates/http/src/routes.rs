//! The routes. Each is registered with its entry in the OpenAPI document in one step, so that the two cannot disagree.

/// Handlers of one path, with what they say of themselves: what [`OpenApiRouter::routes`] takes. The crate's own macro of that name
/// does not take generic handlers.
macro_rules! handlers {
    ($runtime:ident: $($module:ident::$handler:ident),+ $(,)?) => {{
        let mut schemas = vec![];
        let mut paths = utoipa::openapi::path::Paths::new();
        let mut methods = axum::routing::MethodRouter::new();
        utoipa_axum::paste! {$(
            #[expect(non_camel_case_types, reason = "named by utoipa after the handler")]
            type [<doc_ $module _ $handler>] = $module::[<__path_ $handler>];
            {
                use utoipa::{Path as _, __dev::{SchemaReferences as _, Tags as _}};
                use utoipa_axum::PathItemExt as _;
                let verbs = [<doc_ $module _ $handler>]::methods();
                for verb in &verbs {
                    methods = methods.on(verb.to_method_filter(), $module::$handler::<$runtime>);
                }
                let mut operation = [<doc_ $module _ $handler>]::operation();
                // The handler's name alone is not unique among all operations.
                operation.operation_id = Some(concat!(stringify!($module), "_", stringify!($handler)).to_owned());
                let tags = [<doc_ $module _ $handler>]::tags().iter().map(ToString::to_string).collect::<Vec<_>>();
                operation.tags.get_or_insert_default().extend(tags);
                [<doc_ $module _ $handler>]::schemas(&mut schemas);
                paths.add_path_operation([<doc_ $module _ $handler>]::path(), verbs, operation);
            }
        )+}
        (schemas, paths, methods)
    }};
}

mod analytics;
mod assignments;
mod audit;
mod conflict_list;
mod conflicts;
mod conversations;
mod exports;
mod goals;
mod health;
mod import;
mod intake;
mod messages;
mod parties;
mod platform;
mod reports;
mod saved_views;
mod search;
mod settings;
mod stream;
mod transfer;
mod users;

use engage_app::Runtime;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::{
    analytics::PracticeAreasQuery, assignments::AssignmentsQuery, audit::AuditQuery, conflict_list::ConflictListQuery,
    conversations::ListQuery, platform::SyncFailureId, reports::DataAccessQuery, search::SearchQuery, stream::follow,
    users::UsersQuery,
};
use crate::server::Shared;

/// Every route under `/api`, and the document that describes them.
pub(crate) fn api<R: Runtime>() -> OpenApiRouter<Shared<R>> {
    OpenApiRouter::new()
        .routes(handlers!(R: conversations::list, conversations::create))
        .routes(handlers!(R: conversations::detail, conversations::delete))
        .routes(handlers!(R: conversations::restore))
        .routes(handlers!(R: conversations::hold))
        .routes(handlers!(R: conversations::identity))
        .routes(handlers!(R: conversations::status))
        .routes(handlers!(R: conversations::phase))
        .routes(handlers!(R: conversations::rotate))
        .routes(handlers!(R: assignments::assign, assignments::unassign))
        .routes(handlers!(R: analytics::attention))
        .routes(handlers!(R: analytics::workload))
        .routes(handlers!(R: analytics::practice_areas))
        .routes(handlers!(R: analytics::overview))
        .routes(handlers!(R: search::conversations))
        .routes(handlers!(R: goals::add))
        .routes(handlers!(R: goals::complete))
        .routes(handlers!(R: messages::page, messages::add))
        .routes(handlers!(R: stream::staff))
        .routes(handlers!(R: users::list, users::register))
        .routes(handlers!(R: users::detail, users::change))
        .routes(handlers!(R: users::revoke))
        .routes(handlers!(R: settings::create))
        .routes(handlers!(R: settings::read, settings::change))
        .routes(handlers!(R: saved_views::list, saved_views::save))
        .routes(handlers!(R: saved_views::remove))
        .routes(handlers!(R: intake::start))
        .routes(handlers!(R: intake::message))
        .routes(handlers!(R: intake::resume))
        .routes(handlers!(R: intake::rotate))
        .routes(handlers!(R: intake::secure))
        .routes(handlers!(R: stream::visitor))
        .routes(handlers!(R: platform::reconcile))
        .routes(handlers!(R: platform::rebuild))
        .routes(handlers!(R: assignments::list))
        .routes(handlers!(R: conflict_list::list))
        .routes(handlers!(R: audit::of_conversation))
        .routes(handlers!(R: audit::list))
        .routes(handlers!(R: reports::data_access))
        .routes(handlers!(R: reports::conflicts))
        .routes(handlers!(R: platform::health))
        .routes(handlers!(R: platform::reconciliations))
        .routes(handlers!(R: platform::sync_failures))
        .routes(handlers!(R: platform::replay))
        .routes(handlers!(R: parties::of_conversation, parties::name, parties::name_all))
        .routes(handlers!(R: parties::list, parties::register))
        .routes(handlers!(R: parties::detail))
        .routes(handlers!(R: conflicts::check))
        .routes(handlers!(R: conflicts::detail))
        .routes(handlers!(R: conflicts::resolve))
        .routes(handlers!(R: transfer::export))
        .routes(handlers!(R: transfer::heads))
        .merge(transfer::api())
        .merge(parties::import_api())
        .merge(import::api())
        .merge(exports::api())
}

/// What keeps the server itself in view.
pub(crate) use health::routes as health;
