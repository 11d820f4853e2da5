//! Rows of lists, and how fresh the index is that gave them.

use engage_app::Freshness;
use engage_domain::{
    ConversationId, FirmId, PracticeArea, Role, Timestamp, UserId, Version,
    conversation::{ConflictStatus, Phase, Status},
    text::Private,
    user::UserStatus,
};
use engage_index::{ConversationRow, UserRow};
use serde::Serialize;
use utoipa::ToSchema;

use super::Audience;
use crate::schema;

/// A conversation in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversationRow)]
pub(crate) struct ConversationRowView<'a> {
    #[schema(schema_with = schema::firm)]
    firm_id: &'a FirmId,
    #[schema(schema_with = schema::ulid)]
    session_id: ConversationId,
    #[schema(schema_with = schema::maybe_ulid)]
    user_id: Option<UserId>,
    #[schema(schema_with = schema::maybe_text)]
    client_name: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_text)]
    client_email: Option<&'a Private>,
    #[schema(schema_with = schema::maybe_text)]
    practice_area: Option<&'a PracticeArea>,
    #[schema(schema_with = schema::status)]
    status: Status,
    #[schema(schema_with = schema::phase)]
    phase: Phase,
    #[schema(schema_with = schema::maybe_ulid)]
    assigned_to: Option<UserId>,
    #[schema(schema_with = schema::maybe_conflict_status)]
    conflict_status: Option<ConflictStatus>,
    goals_completed: u32,
    goals_total: u32,
    /// 0 to 100.
    data_quality_score: Option<u8>,
    #[schema(schema_with = schema::time)]
    created_at: Timestamp,
    #[schema(schema_with = schema::time)]
    last_activity: Timestamp,
    is_deleted: bool,
    /// The conversation's version that the row shows.
    #[schema(schema_with = schema::version)]
    version: Version,
}

impl<'a> ConversationRowView<'a> {
    pub(crate) fn new(row: &'a ConversationRow, audience: Audience) -> Self {
        let staff = audience == Audience::Staff;
        Self {
            firm_id: &row.firm_id,
            session_id: row.session_id,
            user_id: row.user_id,
            client_name: row.client_name.as_ref(),
            client_email: row.client_email.as_ref(),
            practice_area: row.practice_area.as_ref(),
            status: row.status,
            phase: row.phase,
            assigned_to: row.assigned_to,
            conflict_status: staff.then_some(row.conflict_status),
            goals_completed: row.goals_completed,
            goals_total: row.goals_total,
            data_quality_score: staff.then_some(row.data_quality_score),
            created_at: row.created_at,
            last_activity: row.last_activity,
            is_deleted: row.is_deleted,
            version: row.version,
        }
    }
}

/// A user in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserRow)]
pub(crate) struct UserRowView<'a> {
    #[schema(schema_with = schema::firm)]
    firm_id: &'a FirmId,
    #[schema(schema_with = schema::ulid)]
    user_id: UserId,
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
    /// Conversations that belong to the user as a client.
    conversation_count: u64,
    /// Conversations that the user is responsible for.
    assigned_conversation_count: u64,
    #[schema(schema_with = schema::time)]
    created_at: Timestamp,
    /// The user's version that the row shows.
    #[schema(schema_with = schema::version)]
    version: Version,
}

impl<'a> From<&'a UserRow> for UserRowView<'a> {
    fn from(row: &'a UserRow) -> Self {
        Self {
            firm_id: &row.firm_id,
            user_id: row.user_id,
            auth0_user_id: row.subject.as_ref(),
            email: row.email.as_ref(),
            name: row.name.as_ref(),
            role: row.role,
            status: row.status,
            last_login: row.last_login,
            conversation_count: row.conversation_count,
            assigned_conversation_count: row.assigned_conversation_count,
            created_at: row.created_at,
            version: row.version,
        }
    }
}

/// Where the list continues.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageView {
    /// The `cursor` of the next page; null when this is the last.
    pub(crate) next: Option<String>,
    /// Most rows of a page.
    pub(crate) limit: u32,
}

/// How fresh the index is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IndexView {
    /// The list holds everything recorded up to then.
    #[schema(schema_with = schema::time)]
    as_of: Timestamp,
    /// How long the oldest entry that it does not hold yet has been waiting, in milliseconds.
    lag_ms: u64,
    /// Whether the list holds the write that `X-Engage-Consistency` named; true without that header.
    consistent: bool,
}

impl From<Freshness> for IndexView {
    fn from(freshness: Freshness) -> Self {
        let Freshness { as_of, lag_ms, consistent } = freshness;
        Self { as_of, lag_ms, consistent }
    }
}

/// A page of the firm's conversations.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationsAnswer<'a> {
    pub(crate) conversations: Vec<ConversationRowView<'a>>,
    pub(crate) page: PageView,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}

/// A page of the firm's users.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsersAnswer<'a> {
    pub(crate) users: Vec<UserRowView<'a>>,
    pub(crate) page: PageView,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}
