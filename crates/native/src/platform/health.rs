//! How the platform is: what health and metrics show, and a second chance for what the index could not take in.
//!
//! Everything here is read from memory, so that it answers while an index is locked, damaged or gone.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use engage_app::{Fault, runtime::Health};
use engage_domain::{FirmId, Timestamp};
use engage_index::AuditRow;
use engage_journal::ObjectKey;
use serde::Deserialize;
use tokio::sync::oneshot;

use super::Platform;
use crate::shard::Message;

/// What the entry of a reconciliation counts.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Found {
    missing: u64,
    stale: u64,
    orphaned: u64,
    drifted: u64,
}

impl Found {
    /// Details that cannot be read count as nothing: the entry itself shows them.
    fn of(entry: &AuditRow) -> Self {
        serde_json::from_str(&entry.details).unwrap_or_default()
    }
}

impl Platform {
    pub(super) fn health_of(&self, firm: &FirmId) -> Result<Health, Fault> {
        let (handle, now) = (self.handle(firm)?, self.clock.now());
        // In this order: what is applied meanwhile was committed before.
        let (applied, committed) = (handle.applied_seq(), handle.committed_seq());
        let heartbeat = self.followers.heartbeat(self.shard_number(firm));
        Ok(Health {
            freshness: handle.freshness(now),
            pending_entries: u64::try_from(committed - applied).unwrap_or(0),
            parked_objects: handle.parked(),
            failed_passes: handle.failures(),
            building: handle.is_building(),
            queue_depth: self.shard_of(firm).depth() as u64,
            heartbeat_age_ms: age(now, heartbeat),
            running: handle.reconciling.load(Ordering::SeqCst).then(|| handle.compared.load(Ordering::Relaxed)),
            last_reconciliation: handle.last_reconciliation(),
        })
    }

    pub(super) fn have_tried_again(&self, firm: &FirmId, object: ObjectKey) -> Result<(), Fault> {
        let handle = self.handle(firm)?;
        handle.want(object);
        let (done, _) = oneshot::channel();
        let sent = self.shard_of(firm).try_send(Message::Open(Arc::clone(&handle), done));
        sent.map_err(|_| Fault::Overloaded("too many calls are waiting"))
    }

    /// Sets the gauges that are read rather than counted, before metrics are shown.
    pub fn record_gauges(&self) {
        let now = self.clock.now();
        metrics::gauge!("engage_follower_heartbeat_age_seconds").set(self.heartbeat_age_ms() as f64 / 1000.0);
        for (number, shard) in self.shards.iter().enumerate() {
            metrics::gauge!("engage_shard_queue_depth", "shard" => number.to_string()).set(shard.depth() as f64);
        }
        for firm in self.firms.read().unwrap_or_else(PoisonError::into_inner).values() {
            let name = firm.id.to_string();
            let gauge = |metric: &'static str, value: f64| metrics::gauge!(metric, "firm" => name.clone()).set(value);
            let (applied, committed) = (firm.applied_seq(), firm.committed_seq());
            gauge("engage_index_lag_seconds", firm.freshness(now).lag_ms as f64 / 1000.0);
            gauge("engage_journal_entries", committed as f64);
            gauge("engage_index_pending_entries", (committed - applied).max(0) as f64);
            gauge("engage_index_parked_objects", firm.parked() as f64);
            gauge("engage_index_failed_passes", firm.failures() as f64);
            gauge("engage_index_building", f64::from(u8::from(firm.is_building())));
            if let Some(entry) = firm.last_reconciliation() {
                gauge("engage_reconciliation_age_seconds", age(now, entry.timestamp) as f64 / 1000.0);
                let Found { missing, stale, orphaned, drifted } = Found::of(&entry);
                let counts = [("missing", missing), ("stale", stale), ("orphaned", orphaned), ("drifted", drifted)];
                for (difference, count) in counts {
                    let labels = [("firm", name.clone()), ("difference", difference.to_owned())];
                    metrics::gauge!("engage_reconciliation_rows", &labels).set(count as f64);
                }
            }
        }
    }
}

/// How long ago `then` was, in milliseconds; 0 when the clock was set back since.
fn age(now: Timestamp, then: Timestamp) -> u64 {
    u64::try_from(now.as_millis().saturating_sub(then.as_millis())).unwrap_or(0)
}
