//! Every list and report as a file: each operation is the list's with another ending, and takes the same filters.

use axum::{extract::State, response::Response};
use engage_app::{
    Caller, Runtime,
    exports::{Export, Exportable},
    runtime::Token,
};
use serde_json::{Map, Value};

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

async fn export<R: Runtime, L>(
    server: &Shared<R>,
    caller: Caller,
    list: L,
    format: Format,
    filters: Map<String, Value>,
    token: Option<Token>,
) -> Result<Response, Problem>
where
    L: Exportable<R>,
    L::Row: Shown + Sync,
{
    let (firm, audience) = (caller.firm.clone(), Audience::of(&caller));
    let opened = Export::open(server.engage.clone(), caller, list, format.as_str(), filters, token).await?;
    Ok(export::response(opened, firm.as_str(), format, audience))
}

/// A handler: its address, what it says of itself, whose filters it takes, and the list that they make.
macro_rules! exports {
    ($($name:ident $format:ident $media_type:tt $path:tt $summary:tt $query:ty, |$server:ident, $caller:ident, $read:ident| $list:expr;)+) => {$(
        #[utoipa::path(get, path = $path, tag = "exports", summary = $summary, params(Whole<$query>, ListHeaders),
            responses((status = 200, description = "The whole list", body = String, content_type = $media_type), Problems))]
        pub(crate) async fn $name<R: Runtime>(
            State($server): State<Shared<R>>,
            Signed($caller): Signed,
            Consistency(token): Consistency,
            Whole { query: $read, filters }: Whole<$query>,
        ) -> Result<Response, Problem> {
            let list = $list;
            export(&$server, $caller, list, Format::$format, filters, token).await
        }
    )+};
}

exports! {
    conversations_csv Csv "text/csv" "/api/v1/firm/conversations.csv" "All of the firm's conversations as CSV. A client gets their own."
        ListQuery, |server, caller, query| query.list(caller.firm.clone())?;
    conversations_ndjson Ndjson "application/x-ndjson" "/api/v1/firm/conversations.ndjson"
        "All of the firm's conversations as NDJSON. A client gets their own."
        ListQuery, |server, caller, query| query.list(caller.firm.clone())?;
    users_csv Csv "text/csv" "/api/v1/firm/users.csv" "All of the firm's users as CSV."
        UsersQuery, |server, caller, query| query.list(caller.firm.clone())?;
    users_ndjson Ndjson "application/x-ndjson" "/api/v1/firm/users.ndjson" "All of the firm's users as NDJSON."
        UsersQuery, |server, caller, query| query.list(caller.firm.clone())?;
    assignments_csv Csv "text/csv" "/api/v1/firm/assignments.csv" "All of the firm's assignments as CSV."
        AssignmentsQuery, |server, caller, query| query.list(caller.firm.clone(), server.engage.runtime().now())?;
    assignments_ndjson Ndjson "application/x-ndjson" "/api/v1/firm/assignments.ndjson" "All of the firm's assignments as NDJSON."
        AssignmentsQuery, |server, caller, query| query.list(caller.firm.clone(), server.engage.runtime().now())?;
    audit_csv Csv "text/csv" "/api/v1/firm/audit.csv" "The firm's audit trail as CSV."
        AuditQuery, |server, caller, query| query.list(caller.firm.clone())?;
    audit_ndjson Ndjson "application/x-ndjson" "/api/v1/firm/audit.ndjson" "The firm's audit trail as NDJSON."
        AuditQuery, |server, caller, query| query.list(caller.firm.clone())?;
    data_access_csv Csv "text/csv" "/api/v1/firm/reports/data-access.csv" "The report on accesses as CSV."
        DataAccessQuery, |server, caller, query| query.report(&server, &caller).await?;
    data_access_ndjson Ndjson "application/x-ndjson" "/api/v1/firm/reports/data-access.ndjson" "The report on accesses as NDJSON."
        DataAccessQuery, |server, caller, query| query.report(&server, &caller).await?;
    conflicts_csv Csv "text/csv" "/api/v1/firm/reports/conflicts.csv" "The report on conflicts as CSV."
        ConflictsQuery, |server, caller, query| query.report()?;
    conflicts_ndjson Ndjson "application/x-ndjson" "/api/v1/firm/reports/conflicts.ndjson" "The report on conflicts as NDJSON."
        ConflictsQuery, |server, caller, query| query.report()?;
}
