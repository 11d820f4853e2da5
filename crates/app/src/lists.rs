//! What the index answers. A list says how fresh it is; a refused one leaves an entry on the firm's object.

use std::collections::{BTreeSet, HashMap};

use engage_domain::{
    ConversationId, Role, UserId,
    actor::{Denial, Permission},
    text::Private,
};
use engage_index::{
    ConversationList, ConversationRow, Cursor,
    conversations::{ConversationsById, Filters},
    users::Names,
};

use crate::{Caller, Engage, Error, Freshness, Resource, Runtime, runtime::Token};

/// A page of a list.
#[derive(Clone, Debug)]
pub struct ListPage<T, C> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Where the next page begins; none: this is the last.
    pub next: Option<C>,
    /// How fresh the index is.
    pub freshness: Freshness,
}

impl<R: Runtime> Engage<R> {
    /// A page of the firm's conversations. A client gets their own, whatever else they ask for.
    pub async fn list_conversations(
        &self,
        caller: &Caller,
        mut list: ConversationList,
        token: Option<Token>,
    ) -> Result<ListPage<ConversationRow, Cursor>, Error> {
        list.firm = caller.firm.clone();
        match (caller.actor.role, caller.actor.user_id) {
            (Role::Client, Some(user)) => list.filters = Filters { owner: Some(user), ..list.filters },
            _ => self.require(caller, Permission::ListConversations, Resource::Conversation).await?,
        }
        let (rows, freshness) = self.runtime.query(&caller.firm, list.clone(), token).await?;
        let (rows, next) = list.page(rows);
        Ok(ListPage { rows, next, freshness })
    }

    /// Some conversations as the index has them, by their ids; those that are not there, or were deleted, are left out.
    pub async fn conversations_by_id(
        &self,
        caller: &Caller,
        ids: Vec<ConversationId>,
        token: Option<Token>,
    ) -> Result<(Vec<ConversationRow>, Freshness), Error> {
        self.require(caller, Permission::ListConversations, Resource::Conversation).await?;
        let query = ConversationsById { firm: caller.firm.clone(), ids };
        Ok(self.runtime.query(&caller.firm, query, token).await?)
    }

    /// What people are called, of those that the index shows with a name: for a list that shows their ids.
    pub async fn names(&self, caller: &Caller, users: BTreeSet<UserId>) -> Result<HashMap<UserId, Private>, Error> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        self.require(caller, Permission::ListConversations, Resource::User).await?;
        let query = Names { firm: caller.firm.clone(), users: users.into_iter().collect() };
        Ok(self.runtime.query(&caller.firm, query, None).await?.0.into_iter().collect())
    }

    /// Refuses a caller whose role lacks `permission`, for what has no object to ask.
    pub(crate) async fn require(
        &self,
        caller: &Caller,
        permission: Permission,
        resource: Resource,
    ) -> Result<(), Error> {
        if caller.actor.role.may(permission) {
            return Ok(());
        }
        self.refuse(caller, resource, None, permission.as_str()).await?;
        Err(Error::Forbidden(Denial::Role(permission)))
    }
}
