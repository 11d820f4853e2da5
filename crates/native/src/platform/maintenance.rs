//! Maintenance of a firm's index: what runs long beside everything else, one run a firm at a time.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::TrySendError,
    },
    time::{Duration, Instant},
};

use engage_app::{Fault, Runtime};
use engage_domain::{Actor, Conversation, Firm, FirmId, Timestamp, conversation};
use engage_index::{
    Limit,
    conversations::DeletedConversations,
    reconciliation::{self, Rebuilt, Reconciled},
};
use engage_journal::{Call, Error, Hosted, Intent, Turn, read, verify};
use serde_json::json;
use tokio::sync::oneshot;

use super::{Platform, pause};
use crate::{
    firm::FirmHandle,
    follower::all,
    readers::Source,
    reconcile::reconcile,
    schedule::Schedule,
    shard::{Message, ShardSender},
    writer::Job,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Why a second long run of a firm does not begin.
const BUSY: &str = "another long run of this firm is under way";
/// Why nothing long begins any more.
const CLOSING: &str = "the platform is shutting down";
/// How long a run waits for an index whose tables are not there yet.
const LAYOUT_WAIT: Duration = Duration::from_secs(5);
/// How often the note of a finished run is offered to a shard whose queue is full.
const NOTE_TRIES: u32 = 500;

/// The right to run something long on a firm, given back when it goes: one run a firm at a time.
struct Lease(Arc<FirmHandle>);

impl Lease {
    fn take(firm: &Arc<FirmHandle>) -> Option<Self> {
        let taken = firm.reconciling.swap(true, Ordering::SeqCst);
        (!taken).then(|| {
            firm.compared.store(0, Ordering::Relaxed);
            Self(Arc::clone(firm))
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.reconciling.store(false, Ordering::SeqCst);
    }
}

/// Most broken places of chains that the log names one by one.
const CHAIN_ERRORS_MAX: usize = 100;

/// Whether the details of a reconciliation say that it changed nothing.
fn is_dry(details: &str) -> bool {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Details {
        dry_run: bool,
    }
    serde_json::from_str::<Details>(details).is_ok_and(|details| details.dry_run)
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
        let lease = Lease::take(&handle).ok_or(Fault::Overloaded(BUSY))?;
        // A drain that began before the lease was taken did not see it.
        if self.draining.load(Ordering::SeqCst) {
            return Err(Fault::Overloaded(CLOSING));
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
            drop(lease);
            done.map_err(|error| Fault::Storage(Arc::new(error)))
        });
        run.await.unwrap_or(Err(Fault::Overloaded(CLOSING)))
    }

    /// Builds a firm's index anew from its journal beside the live one, compares the two, and puts it in the other's place; lists keep
    /// answering. Recorded in the journal before this answers, as `index_rebuilt` by `actor`, also where whoever asked has gone away.
    ///
    /// [`Fault::Overloaded`] while another run of this firm is under way.
    pub async fn rebuild_index(&self, firm: &FirmId, actor: &Actor) -> Result<Rebuilt, Fault> {
        let handle = self.handle(firm)?;
        let lease = Lease::take(&handle).ok_or(Fault::Overloaded(BUSY))?;
        if self.draining.load(Ordering::SeqCst) {
            return Err(Fault::Overloaded(CLOSING));
        }
        let (asker, answer) = oneshot::channel();
        handle.ask_for_rebuild(asker);
        let shard = self.shard_of(firm).clone();
        let (opened, open) = oneshot::channel();
        if shard.try_send(Message::Open(Arc::clone(&handle), opened)).is_err() {
            handle.take_rebuild();
            return Err(Fault::Overloaded("too many calls are waiting"));
        }
        let actor = actor.clone();
        let run = tokio::task::spawn_blocking(move || {
            open.blocking_recv().map_err(|_| Fault::Overloaded(CLOSING))??;
            let done = await_rebuild(&handle, answer)?;
            record_rebuild(&shard, &handle, actor, &done)?;
            drop(lease);
            Ok(done)
        });
        run.await.unwrap_or(Err(Fault::Overloaded(CLOSING)))
    }

    /// Looks after the firms whose time has come, one after another: erases what their retention no longer keeps, walks their chains,
    /// reconciles their indexes. A run that was missed
    /// while nothing ran is made up once. What goes wrong with one firm is logged and counted, and keeps none from its own.
    /// Gives the firms that were looked after.
    pub async fn maintain(&self, schedule: &Schedule) -> Vec<FirmId> {
        let firms: Vec<_> =
            self.firms.read().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect();
        let mut done = vec![];
        for firm in firms {
            match self.is_due(&firm, schedule).await {
                Ok(true) => {}
                Ok(false) => continue,
                Err(fault) => {
                    tracing::warn!(firm = %firm.id, error = &fault as &dyn std::error::Error, "whether a firm is due cannot be told");
                    continue;
                }
            }
            // First, so that a firm whose run fails is not tried over and over.
            firm.maintained(self.clock.now());
            if let Err(fault) = self.erase_due(&firm).await {
                tracing::error!(firm = %firm.id, error = &fault as &dyn std::error::Error, "what the retention no longer keeps could not be erased");
            }
            if let Err(fault) = self.verify_chains(&firm).await {
                tracing::error!(firm = %firm.id, error = &fault as &dyn std::error::Error, "the chains could not be verified");
            }
            if let Err(fault) = self.reconcile_with(&firm.id, &Actor::SYSTEM, false, &firm.compared).await {
                tracing::error!(firm = %firm.id, error = &fault as &dyn std::error::Error, "the nightly reconciliation did not come to its end");
            }
            done.push(firm.id.clone());
        }
        done
    }

    /// Erases the conversations that were deleted longer ago than the firm keeps them, but for those on hold. The index says which may be
    /// due; each conversation decides for itself.
    async fn erase_due(&self, firm: &Arc<FirmHandle>) -> Result<(), Fault> {
        let Some(state) = firm.state() else { return Ok(()) };
        let kept_ms = i64::from(state.settings.retention_days) * DAY_MS;
        let before = self.clock.now().plus_millis(-kept_ms);
        let (mut after, mut erased, mut held) = (None, 0_u64, 0_u64);
        loop {
            let query = DeletedConversations { firm: firm.id.clone(), before, after, limit: Limit::default() };
            let page = self.read(&firm.id, Source::Index, move |db| all(db, &query)).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            for id in page {
                let erase = Intent::Command(conversation::Command::Erase { deleted_before: before });
                match self.call::<Conversation>(&firm.id, id, Call::new(Actor::SYSTEM, erase)).await? {
                    Turn::Done(answer) => erased += u64::from(!answer.recorded.is_empty()),
                    Turn::Rejected(conversation::Rejection::OnHold) => held += 1,
                    // Restored meanwhile, or deleted later than it was last active.
                    _ => {}
                }
            }
        }
        metrics::counter!("engage_conversations_erased_total").increment(erased);
        if erased + held > 0 {
            tracing::info!(firm = %firm.id, erased, held, "conversations past their retention were erased");
        }
        Ok(())
    }

    async fn is_due(&self, firm: &Arc<FirmHandle>, schedule: &Schedule) -> Result<bool, Fault> {
        let now = self.clock.now();
        // Not opened yet, or not founded to its end.
        let Some(state) = firm.state() else { return Ok(false) };
        let last = match firm.last_maintained() {
            Some(last) => last,
            // An index that is still catching up may not show the last run yet.
            None if firm.applied_seq() < firm.committed_seq() || !firm.is_laid_out() => return Ok(false),
            None => {
                let last = self.last_reconciled(firm).await?;
                firm.maintained(last);
                last
            }
        };
        Ok(schedule.due(&firm.id, &state.settings.time_zone, last).is_some_and(|due| due <= now))
    }

    /// When the firm's index was last reconciled; before the first time, when the firm was founded.
    async fn last_reconciled(&self, firm: &Arc<FirmHandle>) -> Result<Timestamp, Fault> {
        let query = reconciliation::runs(firm.id.clone(), None, Limit::default());
        let rows = self.read(&firm.id, Source::Index, move |db| all(db, &query)).await?;
        if let Some(last) = rows.iter().find(|entry| !is_dry(&entry.row.details)) {
            return Ok(last.row.timestamp);
        }
        let founded = self.read(&firm.id, Source::Journal, |db| read::first_entry_at(db)).await?;
        Ok(founded.unwrap_or_else(|| self.clock.now()))
    }

    /// Walks every hash chain of a firm.
    pub(super) async fn walk_chains(&self, firm: &FirmId) -> Result<verify::Walk, Fault> {
        let lease = Lease::take(&self.handle(firm)?).ok_or(Fault::Overloaded(BUSY))?;
        let id = firm.clone();
        let walk = self.read(firm, Source::Journal, move |db| {
            let walk = verify::walk(db, &id);
            drop(lease);
            walk
        });
        let walk = walk.await?;
        metrics::gauge!("engage_chain_errors", "firm" => firm.to_string()).set(walk.errors.len() as f64);
        for error in walk.errors.iter().take(CHAIN_ERRORS_MAX) {
            tracing::error!(firm = %firm, object = error.object, seq = error.seq, problem = error.problem, "a hash chain is broken");
        }
        Ok(walk)
    }

    /// Walks every hash chain of a firm and records what it found.
    async fn verify_chains(&self, firm: &Arc<FirmHandle>) -> Result<(), Fault> {
        let walk = self.walk_chains(&firm.id).await?;
        let details = json!({ "objects": walk.objects, "entries": walk.entries, "errors": walk.errors.len() });
        let (shard, firm) = (self.shard_of(&firm.id).clone(), Arc::clone(firm));
        let noted = tokio::task::spawn_blocking(move || {
            note(&shard, &firm, Actor::SYSTEM, reconciliation::CHAINS_VERIFIED, &details)
        });
        noted.await.unwrap_or(Err(Fault::Overloaded(CLOSING)))
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

/// Leaves an entry on the firm about a run.
fn record(shard: &ShardSender, firm: &Arc<FirmHandle>, actor: Actor, done: &Reconciled) -> Result<(), Fault> {
    metrics::counter!("engage_reconciliations_total").increment(1);
    note(shard, firm, actor, reconciliation::ACTION, &done.details())
}

/// Waits for a rebuild, unless the platform shuts down: the followers that would do it then end.
fn await_rebuild(
    firm: &FirmHandle,
    mut answer: oneshot::Receiver<Result<Rebuilt, Arc<Error>>>,
) -> Result<Rebuilt, Fault> {
    loop {
        match answer.try_recv() {
            Ok(done) => return done.map_err(Fault::Storage),
            Err(oneshot::error::TryRecvError::Closed) => return Err(Fault::Overloaded(CLOSING)),
            Err(oneshot::error::TryRecvError::Empty) if firm.is_closing() => return Err(Fault::Overloaded(CLOSING)),
            Err(oneshot::error::TryRecvError::Empty) => pause(),
        }
    }
}

/// Leaves an entry on the firm about a rebuild.
fn record_rebuild(shard: &ShardSender, firm: &Arc<FirmHandle>, actor: Actor, done: &Rebuilt) -> Result<(), Fault> {
    note(shard, firm, actor, reconciliation::REBUILT, &done.details())
}

/// Leaves an entry on the firm. Blocks until it is durable.
fn note(
    shard: &ShardSender,
    firm: &Arc<FirmHandle>,
    actor: Actor,
    action: &'static str,
    details: &serde_json::Value,
) -> Result<(), Fault> {
    let intent = Intent::Note { action, details: details.to_string().into() };
    let request = Firm::request(firm.id.clone(), Call::new(actor, intent));
    let (reply, recorded) = oneshot::channel();
    let mut message = Message::Job(Job { firm: Arc::clone(firm), request, letter: None, reply: Some(reply) });
    for _ in 0..NOTE_TRIES {
        match shard.try_send(message) {
            Ok(()) => {
                let recorded = recorded.blocking_recv();
                return recorded.map_err(|_| Fault::Overloaded(CLOSING))?.map(drop);
            }
            Err(TrySendError::Full(back)) => message = back,
            Err(TrySendError::Disconnected(_)) => return Err(Fault::Overloaded(CLOSING)),
        }
        pause();
    }
    Err(Fault::Overloaded("too many calls are waiting"))
}
