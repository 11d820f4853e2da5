//! What a search found.

use engage_app::search::FoundConversation;
use engage_domain::{EntryId, Version};
use engage_index::search::{Field, Find};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Audience,
    list::{ConversationRowView, IndexView, PageView},
};
use crate::schema;

/// A conversation that was found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FoundConversation)]
pub(crate) struct FoundView<'a> {
    #[serde(flatten)]
    conversation: ConversationRowView<'a>,
    /// How well it fits, beside the others of the same question; higher is better.
    score: f64,
    /// The passages in which each word fits best, the oldest first.
    finds: Vec<FindView<'a>>,
}

impl<'a> FoundView<'a> {
    pub(crate) fn new(row: &'a FoundConversation, audience: Audience) -> Self {
        let FoundConversation { found, finds } = row;
        Self {
            conversation: ConversationRowView::new(&found.row, audience),
            score: -found.rank,
            finds: finds.iter().flat_map(FindView::all).collect(),
        }
    }
}

/// A field in which something was found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Find)]
struct FindView<'a> {
    #[schema(schema_with = schema::search_field)]
    field: &'static str,
    /// The entry that brought it: a message's id, where it is one.
    #[schema(schema_with = schema::ulid)]
    id: EntryId,
    /// The conversation's version that it gave.
    #[schema(schema_with = schema::version)]
    version: Version,
    /// The text around what was found, in pieces.
    excerpt: Vec<FragmentView<'a>>,
}

impl<'a> FindView<'a> {
    fn all(find: &'a Find) -> impl Iterator<Item = Self> {
        find.fields.iter().map(|(field, excerpt)| Self {
            field: Field::as_str(*field),
            id: find.passage_id,
            version: find.version,
            excerpt: excerpt.0.iter().map(|piece| FragmentView { text: &piece.text, found: piece.found }).collect(),
        })
    }
}

/// A piece of an excerpt.
#[derive(Serialize, ToSchema)]
#[schema(as = Fragment)]
struct FragmentView<'a> {
    text: &'a str,
    /// Whether it is what was looked for.
    found: bool,
}

/// A page of what was found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchAnswer<'a> {
    pub(crate) conversations: Vec<FoundView<'a>>,
    /// False where more than 20,000 passages hold one of the words: only the newest so many were looked at. A rarer word helps.
    pub(crate) is_exhaustive: bool,
    pub(crate) page: PageView,
    pub(crate) index: IndexView,
    /// `index`: derived, eventually consistent.
    pub(crate) source: &'static str,
}
