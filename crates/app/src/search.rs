//! Search over the firm's conversations.
//!
//! Whoever searches sees pieces of what clients said, so each page of finds is on record before it leaves: how many words were asked for, never which,
//! and the conversations that were shown.

use std::collections::HashMap;

use engage_domain::{ConversationId, Role, actor::Permission};
use engage_index::search::{Find, Found, Search, SearchPlace};
use serde_json::json;

use crate::{Caller, Engage, Error, Freshness, Resource, Runtime, runtime::Token};

/// A page of finds.
#[derive(Clone, Debug)]
pub struct SearchPage {
    /// The conversations, the best first.
    pub rows: Vec<FoundConversation>,
    /// Where the next page begins; none: this is the last.
    pub next: Option<SearchPlace>,
    /// Whether every passage that holds a word was looked at. If not, a word was so common that only the newest ones were.
    pub is_exhaustive: bool,
    /// How fresh the index is.
    pub freshness: Freshness,
}

/// A conversation that was found, with the passages in which something was found, the oldest first.
#[derive(Clone, Debug)]
pub struct FoundConversation {
    /// The conversation.
    pub found: Found,
    /// The passages.
    pub finds: Vec<Find>,
}

impl<R: Runtime> Engage<R> {
    /// A page of the conversations that words are found in. A client searches their own.
    pub async fn search_conversations(
        &self,
        caller: &Caller,
        mut search: Search,
        token: Option<Token>,
    ) -> Result<SearchPage, Error> {
        search.firm = caller.firm.clone();
        match (caller.actor.role, caller.actor.user_id) {
            (Role::Client, Some(user)) => search.owner = Some(user),
            _ => self.require(caller, Permission::ReadConversations, Resource::Conversation).await?,
        }
        let (rows, freshness) = self.runtime.query(&caller.firm, search.clone(), token).await?;
        let (page, next) = search.page(rows);
        let (cut, _) = self.runtime.query(&caller.firm, search.is_cut(), None).await?;
        let mut finds: HashMap<ConversationId, Vec<Find>> = HashMap::new();
        if !page.is_empty() {
            for find in self.runtime.query(&caller.firm, search.finds(&page), None).await?.0 {
                finds.entry(find.session_id).or_default().push(find);
            }
        }
        let shown: Vec<_> = page.iter().map(|found| found.row.session_id).collect();
        let resource = Resource::Conversation.as_str();
        let details = json!({ "resourceType": resource, "words": search.words.count(), "shown": shown });
        self.note(caller, "access_search", &details).await?;
        let rows = page.into_iter().map(|found| {
            let finds = finds.remove(&found.row.session_id).unwrap_or_default();
            FoundConversation { found, finds }
        });
        Ok(SearchPage { rows: rows.collect(), next, is_exhaustive: cut != [true], freshness })
    }
}
