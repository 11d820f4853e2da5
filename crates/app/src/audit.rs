//! The audit trail: of one conversation, and of the firm. Reading it leaves no entry, as no list does; taking it away leaves one
//! ([`crate::exports`]).

use engage_domain::{Conversation, ConversationId, Kind, actor::Permission};
use engage_index::{
    audit::{AuditFilters, AuditList, AuditPlace, AuditedResource, ListedEntry},
    page::{Direction, Limit},
};

use crate::{Caller, Engage, Error, Resource, Runtime, lists::ListPage, runtime::Token};

/// What happened to one conversation, deleted or not, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Trail {
    /// The conversation.
    pub id: ConversationId,
    /// Behind which entry the page begins; none: at the first.
    pub after: Option<AuditPlace>,
    /// Most entries of the page.
    pub limit: Limit,
}

impl<R: Runtime> Engage<R> {
    /// A page of the firm's audit trail.
    pub async fn list_audit(
        &self,
        caller: &Caller,
        mut list: AuditList,
        token: Option<Token>,
    ) -> Result<ListPage<ListedEntry, AuditPlace>, Error> {
        list.firm = caller.firm.clone();
        self.require(caller, Permission::ReadAudit, Resource::Firm).await?;
        let (rows, freshness) = self.runtime.query(&caller.firm, list.clone(), token).await?;
        let (rows, next) = list.page(rows);
        Ok(ListPage { rows, next, freshness })
    }

    /// A page of what happened to one conversation.
    pub async fn list_conversation_audit(
        &self,
        caller: &Caller,
        trail: Trail,
        token: Option<Token>,
    ) -> Result<ListPage<ListedEntry, AuditPlace>, Error> {
        let Trail { id, after, limit } = trail;
        self.require(caller, Permission::ReadAudit, Resource::Conversation).await?;
        // The object says whether there is such a conversation; the index may not have heard of it yet.
        self.peek::<Conversation>(caller, id).await?;
        let kind = Kind::Conversation.resource_type().into();
        let resource = Some(AuditedResource { kind, id: Some(id.to_string().into()) });
        let filters = AuditFilters { resource, ..AuditFilters::default() };
        let list = AuditList { firm: caller.firm.clone(), filters, direction: Direction::Asc, after, limit };
        self.list_audit(caller, list, token).await
    }
}
