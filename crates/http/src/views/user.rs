//! A user's detail.

use engage_domain::{FirmId, Role, Timestamp, User, UserId, Version, text::Private, user::UserStatus};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// A user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub(crate) struct UserView<'a> {
    #[schema(schema_with = schema::ulid)]
    user_id: UserId,
    #[schema(schema_with = schema::firm)]
    firm_id: &'a FirmId,
    /// Its version, also the ETag.
    #[schema(schema_with = schema::version)]
    version: Version,
    /// What the identity provider calls them.
    #[schema(schema_with = schema::maybe_text)]
    auth0_user_id: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_text)]
    email: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_text)]
    name: Option<&'a Private>,
    #[schema(schema_with = schema::role)]
    role: Option<Role>,
    #[schema(schema_with = schema::user_status)]
    status: UserStatus,
    #[schema(schema_with = schema::maybe_time)]
    last_login: Option<Timestamp>,
    #[schema(schema_with = schema::time)]
    created_at: Timestamp,
}

impl<'a> UserView<'a> {
    pub(crate) fn new(firm_id: &'a FirmId, id: UserId, state: &'a User) -> Self {
        Self {
            user_id: id,
            firm_id,
            version: state.version,
            auth0_user_id: state.subject.as_ref(),
            email: state.email.as_ref(),
            name: state.name.as_ref(),
            role: state.role,
            status: state.status,
            last_login: state.last_login,
            created_at: state.created_at,
        }
    }
}

/// A user alone.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserAnswer<'a> {
    pub(crate) user: UserView<'a>,
    /// `object`: the source itself, not the index.
    pub(crate) source: &'static str,
}
