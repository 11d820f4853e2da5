//! The firm's conflicts of interest, as its index lists them.

use engage_domain::actor::Permission;
use engage_index::{
    ConflictRow,
    conflicts::{ConflictList, ConflictPlace},
};

use crate::{Caller, Engage, Error, Resource, Runtime, lists::ListPage, runtime::Token};

impl<R: Runtime> Engage<R> {
    /// A page of the firm's conflicts, the newest detected first.
    pub async fn list_conflicts(
        &self,
        caller: &Caller,
        mut list: ConflictList,
        token: Option<Token>,
    ) -> Result<ListPage<ConflictRow, ConflictPlace>, Error> {
        list.firm = caller.firm.clone();
        self.require(caller, Permission::ListConversations, Resource::Conversation).await?;
        let (rows, freshness) = self.runtime.query(&caller.firm, list.clone(), token).await?;
        let (rows, next) = list.page(rows);
        Ok(ListPage { rows, next, freshness })
    }
}
