//! What keeps a firm's index in view: its health, its reconciliations, what it could not take in, and a second chance for that.
//!
//! Guarantees: health answers from memory, whatever state the index is in. To try an object again changes nothing but the index, which is
//! derived; it leaves an entry on the firm's object before it is done.

use engage_domain::{EntryId, Timestamp, actor::Permission};
use engage_index::{
    AuditRow,
    reconciliations::Reconciliations,
    sync_failure::{SyncFailure, SyncFailureById, SyncFailures},
};
use serde_json::json;

use crate::{
    Caller, Engage, Error, Resource, Runtime,
    lists::ListPage,
    runtime::{Health, Token},
};

/// How long whoever asks for another try waits for what comes of it, in milliseconds; a try takes some ten of them.
const REPLAY_WAIT_MS: i64 = 2_000;
/// How often it is looked for.
const REPLAY_LOOK_MS: u64 = 20;

/// What came of another try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// The index holds the object now.
    Indexed,
    /// It went wrong again.
    Failed,
    /// It has not been tried yet: the index has other trouble, or too much to do. It will be.
    Queued,
}

impl Replayed {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Indexed, Self::Failed, Self::Queued];

    /// The word on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Indexed => "indexed",
            Self::Failed => "failed",
            Self::Queued => "queued",
        }
    }
}

impl<R: Runtime> Engage<R> {
    /// How the index of the caller's firm is, and what is behind it.
    pub async fn health(&self, caller: &Caller) -> Result<Health, Error> {
        self.require(caller, Permission::ReadAudit, Resource::Firm).await?;
        Ok(self.runtime.health(&caller.firm).await?)
    }

    /// A page of the entries that reconciliations left, the newest first.
    pub async fn list_reconciliations(
        &self,
        caller: &Caller,
        mut list: Reconciliations,
        token: Option<Token>,
    ) -> Result<ListPage<AuditRow, (Timestamp, EntryId)>, Error> {
        list.firm = caller.firm.clone();
        self.require(caller, Permission::ReadAudit, Resource::Firm).await?;
        let (rows, freshness) = self.runtime.query(&caller.firm, list.clone(), token).await?;
        let (rows, next) = list.page(rows);
        Ok(ListPage { rows, next, freshness })
    }

    /// A page of what the index could not take in, the longest first.
    pub async fn list_sync_failures(
        &self,
        caller: &Caller,
        list: SyncFailures,
        token: Option<Token>,
    ) -> Result<ListPage<SyncFailure, i64>, Error> {
        self.require(caller, Permission::ReadAudit, Resource::Firm).await?;
        let (rows, freshness) = self.runtime.query(&caller.firm, list, token).await?;
        let (rows, next) = list.page(rows);
        Ok(ListPage { rows, next, freshness })
    }

    /// Has the index try an object again at once, however often it was tried, and waits a little for what comes of it. Gives the failure as
    /// it stands after that; of an object that was taken in, as it stood before.
    pub async fn replay(&self, caller: &Caller, id: i64) -> Result<(SyncFailure, Replayed), Error> {
        self.require(caller, Permission::OperatePlatform, Resource::Firm).await?;
        let Some(before) = self.sync_failure(caller, id).await? else {
            self.refuse(caller, Resource::SyncFailure, Some(id.to_string().into()), "unknown").await?;
            return Err(Error::NotFound(Resource::SyncFailure));
        };
        let details = json!({
            "id": id, "kind": before.object.kind.as_str(), "object": before.object.name, "version": before.version.0,
            "attempts": before.attempts,
        });
        self.note(caller, "sync_failure_replayed", &details).await?;
        self.runtime.try_again(&caller.firm, before.object.clone()).await?;
        let deadline = self.runtime.now().plus_millis(REPLAY_WAIT_MS);
        let mut looks = REPLAY_WAIT_MS.unsigned_abs() / REPLAY_LOOK_MS;
        loop {
            match self.sync_failure(caller, id).await?.filter(|now| now.object == before.object) {
                None => return Ok((before, Replayed::Indexed)),
                Some(now) if now.attempts > before.attempts => return Ok((now, Replayed::Failed)),
                // The looks are counted as well, for a clock may be set back.
                Some(now) if looks == 0 || self.runtime.now() >= deadline => return Ok((now, Replayed::Queued)),
                Some(_) => looks -= 1,
            }
            self.runtime.sleep(REPLAY_LOOK_MS).await;
        }
    }

    async fn sync_failure(&self, caller: &Caller, id: i64) -> Result<Option<SyncFailure>, Error> {
        let (rows, _) = self.runtime.query(&caller.firm, SyncFailureById { id }, None).await?;
        Ok(rows.into_iter().next())
    }
}
