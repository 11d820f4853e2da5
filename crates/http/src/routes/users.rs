//! The firm's people.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{
    Caller, Runtime,
    users::{NewUser, UserChange},
};
use engage_domain::{FirmId, Role, User, UserId, text::Private, user::UserStatus};
use engage_index::users::UserList;
use engage_journal::Answer;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer,
    caller::Signed,
    document::{IdPath, ListHeaders, Problems, WriteHeaders},
    input::{Conditions, Input},
    page::{limit, linked},
    params::{Consistency, Id, Params},
    problem::Problem,
    schema,
    server::Shared,
    views::{
        list::{PageView, UserRowView, UsersAnswer},
        user::{UserAnswer, UserView},
    },
};

/// Which users.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    #[param(schema_with = schema::role)]
    role: Option<Role>,
    #[param(schema_with = schema::user_status)]
    status: Option<UserStatus>,
    /// The `page.next` of the page before.
    #[param(schema_with = schema::ulid)]
    cursor: Option<UserId>,
    /// Most rows of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl UsersQuery {
    pub(crate) fn list(self, firm: FirmId) -> Result<UserList, Problem> {
        let Self { role, status, cursor, limit: rows } = self;
        Ok(UserList { firm, role, status, after: cursor, limit: limit(rows)? })
    }
}

/// The firm's users, from its index, in the order of their ids.
#[utoipa::path(get, path = "/api/v1/firm/users", tag = "users", params(UsersQuery, ListHeaders),
    responses((status = 200, body = UsersAnswer), Problems))]
pub(crate) async fn list<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    uri: Uri,
    Params(query): Params<UsersQuery>,
) -> Result<Response, Problem> {
    let list = query.list(caller.firm.clone())?;
    let limit = list.limit;
    let page = server.engage.list_users(&caller, list, token).await?;
    let next = page.next.map(|user| user.to_string());
    let body = UsersAnswer {
        users: page.rows.iter().map(UserRowView::from).collect(),
        page: PageView { next: next.clone(), limit: limit.get() },
        index: page.freshness.into(),
        source: "index",
    };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}

/// Somebody to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
pub(crate) struct RegisterBody {
    /// What they sign in with; unique in the firm.
    #[schema(value_type = String, max_length = 254)]
    email: Private,
    #[schema(value_type = Option<String>, max_length = 200)]
    name: Option<Private>,
    #[schema(schema_with = schema::role)]
    role: Role,
}

/// Registers a user.
#[utoipa::path(post, path = "/api/v1/firm/users", tag = "users", params(WriteHeaders), request_body = RegisterBody,
    responses((status = 201, body = UserAnswer), Problems))]
pub(crate) async fn register<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Input { body: RegisterBody { email, name, role }, write }: Input<RegisterBody>,
) -> Result<Response, Problem> {
    let done = server.engage.register_user(&caller, &write, NewUser { email, name, role }).await?;
    let response = written(StatusCode::CREATED, &caller, &done);
    Ok(answer::located(response, &format!("/api/v1/firm/users/{}", done.id)))
}

fn written(status: StatusCode, caller: &Caller, done: &Answer<User>) -> Response {
    let user = UserView::new(&caller.firm, done.id, &done.state);
    answer::written(status, done, done.state.version, &UserAnswer { user, source: "object" })
}

/// A user, from the object itself. Leaves an access entry.
#[utoipa::path(get, path = "/api/v1/firm/users/{id}", tag = "users", params(IdPath),
    responses((status = 200, body = UserAnswer), Problems))]
pub(crate) async fn detail<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<UserId>,
) -> Result<Response, Problem> {
    let seen = server.engage.user(&caller, id).await?;
    let user = UserView::new(&caller.firm, seen.id, &seen.state);
    Ok(answer::tagged(StatusCode::OK, seen.state.version, &UserAnswer { user, source: "object" }))
}

/// What is to change of a user; what is absent or null stays as it was.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserChange)]
pub(crate) struct ChangeBody {
    #[schema(value_type = Option<String>, max_length = 200)]
    name: Option<Private>,
    #[schema(schema_with = schema::role, required = false)]
    role: Option<Role>,
    /// Who is suspended or inactive is refused from the next request on.
    #[schema(schema_with = schema::user_status, required = false)]
    status: Option<UserStatus>,
}

/// Changes a user's name, role or status.
#[utoipa::path(put, path = "/api/v1/firm/users/{id}", tag = "users", params(IdPath, WriteHeaders),
    request_body = ChangeBody, responses((status = 200, body = UserAnswer), Problems))]
pub(crate) async fn change<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<UserId>,
    Input { body: ChangeBody { name, role, status }, write }: Input<ChangeBody>,
) -> Result<Response, Problem> {
    let done = server.engage.change_user(&caller, id, &write, UserChange { name, role, status }).await?;
    Ok(written(StatusCode::OK, &caller, &done))
}

/// Refuses every token that was issued to the user until now.
#[utoipa::path(post, path = "/api/v1/firm/users/{id}/revoke-sessions", tag = "users", params(IdPath, WriteHeaders),
    responses((status = 200, body = UserAnswer), Problems))]
pub(crate) async fn revoke<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<UserId>,
    Conditions(write): Conditions,
) -> Result<Response, Problem> {
    let done = server.engage.revoke_sessions(&caller, id, &write).await?;
    Ok(written(StatusCode::OK, &caller, &done))
}
