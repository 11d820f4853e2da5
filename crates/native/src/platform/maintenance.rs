//! Maintenance of a firm's index: what runs long beside everything else, one run a firm at a time.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::SyncSender,
    },
    time::{Duration, Instant},
};

use engage_app::Fault;
use engage_domain::{Actor, Firm, FirmId};
use engage_index::reconciliation::Reconciled;
use engage_journal::{Call, Error, Hosted, Intent};
use serde_json::json;
use tokio::sync::oneshot;

use super::{Platform, pause};
use crate::{firm::FirmHandle, reconcile::reconcile, shard::Message, writer::Job};

/// How long a run waits for an index whose tables are not there yet.
const LAYOUT_WAIT: Duration = Duration::from_secs(5);
/// How often the note of a finished run is offered to a shard whose queue is full.
const NOTE_TRIES: u32 = 500;

/// A firm's turn at maintenance. Gives it back when it goes.
struct Turn(Arc<FirmHandle>);

impl Turn {
    fn take(firm: &Arc<FirmHandle>) -> Option<Self> {
        let taken = firm.reconciling.swap(true, Ordering::SeqCst);
        (!taken).then(|| Self(Arc::clone(firm)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.reconciling.store(false, Ordering::SeqCst);
    }
}

impl Platform {
    /// Compares a firm's index with its journal and mends it, beside whatever else goes on; `progress` counts the rows compared. The
    /// run is recorded in the journal before this answers, as `index_reconciled` by `actor`, also where whoever asked has gone away.
    ///
    /// [`Fault::Overloaded`] while another run of this firm is under way, or its index is not there yet.
    pub async fn reconcile_with(
        &self,
        firm: &FirmId,
        actor: &Actor,
        dry_run: bool,
        progress: &Arc<AtomicU64>,
    ) -> Result<Reconciled, Fault> {
        let handle = self.handle(firm)?;
        if tokio::time::timeout(LAYOUT_WAIT, handle.laid_out()).await.is_err() {
            return Err(Fault::Overloaded("the index is not there yet"));
        }
        let turn = Turn::take(&handle).ok_or(Fault::Overloaded("a reconciliation of this firm is running already"))?;
        // A drain that began before the turn was taken did not see it.
        if self.draining.load(Ordering::SeqCst) {
            return Err(Fault::Overloaded("the platform is shutting down"));
        }
        let (clock, progress) = (Arc::clone(&self.clock), Arc::clone(progress));
        let (shard, actor) = (self.shard_of(firm).clone(), actor.clone());
        let run = tokio::task::spawn_blocking(move || {
            let done = reconcile(&handle, &*clock, dry_run, &progress);
            match &done {
                Ok(done) => record(&shard, &handle, actor, done)?,
                Err(error) => {
                    metrics::counter!("engage_reconciliation_failures_total").increment(1);
                    tracing::error!(firm = %handle.id, error = error as &dyn std::error::Error, "a reconciliation ended early");
                }
            }
            drop(turn);
            done.map_err(|error| Fault::Storage(Arc::new(error)))
        });
        run.await.unwrap_or(Err(Fault::Overloaded("the platform is shutting down")))
    }

    /// Has long runs end and waits for them.
    pub(super) fn end_maintenance(&self, deadline: Instant) {
        let firms: Vec<_> =
            self.firms.read().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect();
        firms.iter().for_each(|firm| firm.close());
        while firms.iter().any(|firm| firm.reconciling.load(Ordering::SeqCst)) && Instant::now() < deadline {
            pause();
        }
    }
}

/// Leaves an entry on the firm about a run, and its figures among the metrics.
fn record(shard: &SyncSender<Message>, firm: &Arc<FirmHandle>, actor: Actor, done: &Reconciled) -> Result<(), Fault> {
    let name = firm.id.to_string();
    metrics::counter!("engage_reconciliations_total").increment(1);
    metrics::gauge!("engage_reconciliation_differences", "firm" => name.clone()).set(done.tally.differences() as f64);
    metrics::gauge!("engage_reconciliation_timestamp_seconds", "firm" => name)
        .set(done.finished_at.as_millis() as f64 / 1000.0);
    let details = json!({
        "missing": done.tally.missing,
        "stale": done.tally.stale,
        "orphaned": done.tally.orphaned,
        "drifted": done.tally.drifted,
        "repaired": done.tally.repaired,
        "unreadable": done.tally.unreadable,
        "dryRun": done.dry_run,
        "rows": done.tally.rows,
        "startedAt": done.started_at,
        "durationMs": done.finished_at.as_millis() - done.started_at.as_millis(),
    });
    let intent = Intent::Note { action: "index_reconciled", details: details.to_string().into() };
    let request = Firm::request(firm.id.clone(), Call::new(actor, intent));
    let (reply, recorded) = oneshot::channel();
    let mut message = Message::Job(Job { firm: Arc::clone(firm), request, reply: Some(reply) });
    for _ in 0..NOTE_TRIES {
        match shard.try_send(message) {
            Ok(()) => {
                let recorded = recorded.blocking_recv();
                return recorded.map_err(|_| Fault::Overloaded("the platform is shutting down"))?.map(drop);
            }
            Err(std::sync::mpsc::TrySendError::Full(back)) => message = back,
            Err(std::sync::mpsc::TrySendError::Disconnected(_)) => break,
        }
        pause();
    }
    Err(Fault::Storage(Arc::new(Error::Storage {
        operation: "record a reconciliation".into(),
        message: "its shard takes no more calls".into(),
        transient: true,
        source: None,
    })))
}
