//! Reconciliation, rebuild and health, as whoever asks over the port sees them.

use engage_app::{Fault, Freshness, runtime::Health};
use engage_domain::{Actor, Firm, FirmId, Timestamp};
use engage_index::{
    Limit,
    reconciliation::{self, Rebuilt, Reconciled},
};
use engage_journal::{
    Hash, ObjectKey,
    transfer::{JournalDigest, ObjectHead},
    verify::{ChainError, ERRORS_MAX, Walk},
};
use serde::{Deserialize, Serialize};

use crate::{
    platform,
    run::{Progress, Purpose},
    runtime::Cloudflare,
    wire::Ask,
};

/// What a firm knows of the objects whose rows its index does not hold.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Backlog {
    /// Since when the earliest of their entries has been waiting.
    pub(crate) since: Option<Timestamp>,
    /// How many entries wait, at the least.
    pub(crate) entries: u64,
    /// How many objects have been tried often, and are tried rarely now.
    pub(crate) parked: u64,
    /// How often something could not be written.
    pub(crate) failures: u64,
    /// Whether the index was made anew and is being filled.
    pub(crate) filling: bool,
    /// How many rows the run over the index has compared that is under way; none: there is none.
    #[serde(default)]
    pub(crate) running: Option<u64>,
}

impl Backlog {
    /// How fresh an index with this backlog is.
    pub(crate) fn freshness(&self, now: Timestamp, consistent: bool) -> Freshness {
        let as_of = self.since.map_or(now, |since| since.min(now));
        let lag_ms = u64::try_from(now.as_millis() - as_of.as_millis()).unwrap_or(0);
        Freshness { as_of, lag_ms, consistent }
    }
}

/// What a walk along an object's chain found.
#[derive(Serialize, Deserialize)]
pub(crate) struct Walked {
    pub(crate) key: ObjectKey,
    pub(crate) entries: u64,
    pub(crate) errors: Vec<ChainError>,
    /// Where the chain ends; none: there is no such object.
    pub(crate) head: Option<ObjectHead>,
}

/// Why a second run of a firm does not begin.
const BUSY: &str = "a reconciliation or rebuild of this firm is running already";

impl Cloudflare {
    pub(crate) async fn reconcile_all(&self, firm: &FirmId, actor: &Actor, dry_run: bool) -> Result<Reconciled, Fault> {
        self.run(firm, actor, Purpose::Reconcile { dry_run }).await.map(|ended| ended.run)
    }

    pub(crate) async fn rebuild_all(&self, firm: &FirmId, actor: &Actor) -> Result<Rebuilt, Fault> {
        self.run(firm, actor, Purpose::Rebuild).await
    }

    async fn run(&self, firm: &FirmId, actor: &Actor, purpose: Purpose) -> Result<Rebuilt, Fault> {
        let begin = Ask::Begin { actor: actor.clone(), purpose };
        let mut progress: Progress = self.ask::<Firm, _>(firm, firm.as_str(), begin).await?;
        loop {
            match progress {
                Progress::Busy => return Err(Fault::Overloaded(BUSY)),
                Progress::Ended(ended) => return Ok(*ended),
                Progress::Running => progress = self.ask::<Firm, _>(firm, firm.as_str(), Ask::Step).await?,
            }
        }
    }

    /// Walks the chain of every object, some at a time. Each is of one moment, and the objects are of one after the other.
    pub(crate) async fn walk_all(&self, firm: &FirmId) -> Result<Walk, Fault> {
        let (mut walk, mut digest, mut after) = (Walk::default(), JournalDigest::default(), None);
        loop {
            let page: Vec<Walked> = self.ask::<Firm, _>(firm, firm.as_str(), Ask::Walks { after }).await?;
            for Walked { key, entries, errors, head } in &page {
                walk.objects += u64::from(head.is_some());
                walk.entries += entries;
                walk.errors.extend(errors.iter().take(ERRORS_MAX - walk.errors.len()).cloned());
                head.iter().for_each(|head| digest.add(key.kind, &key.name, &head.hash));
            }
            after = page.into_iter().next_back().map(|last| last.key);
            if after.is_none() {
                walk.digest = Hash(digest.finish().0);
                return Ok(walk);
            }
        }
    }

    pub(crate) async fn health_of(&self, firm: &FirmId) -> Result<Health, Fault> {
        let backlog: Backlog = self.ask::<Firm, _>(firm, firm.as_str(), Ask::Backlog).await?;
        let runs = reconciliation::runs(firm.clone(), None, Limit::default());
        // Health is told also where the index cannot answer.
        let last = self.rows(firm, &runs).await.ok().and_then(|runs| runs.into_iter().next());
        Ok(Health {
            freshness: backlog.freshness(platform::now(), true),
            pending_entries: backlog.entries,
            parked_objects: backlog.parked,
            failed_passes: backlog.failures,
            building: backlog.filling,
            // Calls wait within the runtime, which tells nobody how many, and wakes objects by itself.
            queue_depth: 0,
            heartbeat_age_ms: 0,
            running: backlog.running,
            last_reconciliation: last.map(|last| std::sync::Arc::new(last.row)),
        })
    }
}
