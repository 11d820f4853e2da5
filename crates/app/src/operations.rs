//! What keeps a firm's index in view and right: its health, reconciliation, a rebuild, what it could not take in, and a second chance for that.
//!
//! Guarantees: health answers from memory, whatever state the index is in. To try an object again changes nothing but the index, which is
//! derived; it leaves an entry on the firm's object before it is done.

use engage_domain::{FirmId, actor::Permission};
use engage_index::{
    AuditRow, Limit,
    audit::{AuditPlace, ListedEntry},
    reconciliation::{self, Rebuilt, Reconciled},
    sync_failure::{SyncFailure, SyncFailureById, SyncFailures},
};
use engage_journal::verify::Walk;
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

/// The runs in which the index was held against its sources, the newest first.
#[derive(Clone, Copy, Debug)]
pub struct Reconciliations {
    /// Behind which run the page begins; none: at the newest.
    pub after: Option<AuditPlace>,
    /// Most runs of the page.
    pub limit: Limit,
}

impl<R: Runtime> Engage<R> {
    /// How the index of the caller's firm is, and what is behind it.
    pub async fn health(&self, caller: &Caller) -> Result<Health, Error> {
        self.require(caller, Permission::ReadAudit, Resource::Firm).await?;
        Ok(self.runtime.health(&caller.firm).await?)
    }

    /// Compares the firm's index with its journal and mends it, unless it is a dry run. Answers when that is done; whoever does
    /// not wait finds the run in the audit trail.
    pub async fn reconcile(&self, caller: &Caller, firm: &str, dry_run: bool) -> Result<Reconciled, Error> {
        self.own_firm(caller, firm).await?;
        self.require(caller, Permission::OperatePlatform, Resource::Firm).await?;
        Ok(self.runtime.reconcile(&caller.firm, &caller.actor, dry_run).await?)
    }

    /// Builds the firm's index anew from its journal, beside the one that answers lists meanwhile, and puts it in its place.
    pub async fn rebuild(&self, caller: &Caller, firm: &str) -> Result<Rebuilt, Error> {
        self.own_firm(caller, firm).await?;
        self.require(caller, Permission::OperatePlatform, Resource::Firm).await?;
        Ok(self.runtime.rebuild(&caller.firm, &caller.actor).await?)
    }

    /// Walks every chain of the firm's journal, and leaves an entry about what it found.
    pub async fn verify_chains(&self, caller: &Caller) -> Result<Walk, Error> {
        self.require(caller, Permission::ReadAudit, Resource::Firm).await?;
        let walk = self.runtime.verify(&caller.firm).await?;
        let details = json!({ "objects": walk.objects, "entries": walk.entries, "errors": walk.errors.len() });
        self.note(caller, reconciliation::CHAINS_VERIFIED, &details).await?;
        Ok(walk)
    }

    /// The entry of the latest walk along the chains that the index shows.
    pub async fn last_verification(&self, caller: &Caller) -> Result<Option<AuditRow>, Error> {
        let walks = reconciliation::walks(caller.firm.clone(), Limit::new(1).unwrap_or_default());
        let latest = self.list_audit(caller, walks, None).await?;
        Ok(latest.rows.into_iter().next().map(|listed| listed.row))
    }

    /// Another firm is not there for a caller, and the attempt is on record.
    pub(crate) async fn own_firm(&self, caller: &Caller, firm: &str) -> Result<(), Error> {
        if caller.firm.as_str() == firm {
            return Ok(());
        }
        // Text that is no slug goes no further: entries hold what was named, not whatever was sent.
        let named = firm.parse::<FirmId>().ok().map(|firm| firm.as_str().into());
        self.refuse(caller, Resource::Firm, named, "unknown").await?;
        Err(Error::NotFound(Resource::Firm))
    }

    /// A page of the runs in which the index was held against its sources, as their entries tell of them.
    pub async fn list_reconciliations(
        &self,
        caller: &Caller,
        Reconciliations { after, limit }: Reconciliations,
        token: Option<Token>,
    ) -> Result<ListPage<ListedEntry, AuditPlace>, Error> {
        self.list_audit(caller, reconciliation::runs(caller.firm.clone(), after, limit), token).await
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
