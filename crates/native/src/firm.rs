//! What the shard, the follower and the readers of one firm share.
//!
//! Invariant: the shard updates what is here after the commit and before it releases the answers, so that whoever holds an answer
//! finds its effect here.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use engage_app::{Freshness, Standing};
use engage_domain::{ConversationId, Firm, FirmId, Timestamp, User, UserId};
use engage_index::AuditRow;
use engage_journal::ObjectKey;
use tokio::sync::watch;

use crate::follower::Asker;

/// Most standings kept in memory; beyond, the cache starts over and users are asked again.
const STANDINGS_MAX: usize = 100_000;

/// One firm, as all its threads know it.
#[derive(Debug)]
pub struct FirmHandle {
    /// Its slug.
    pub id: FirmId,
    folder: PathBuf,
    standings: RwLock<HashMap<UserId, Standing>>,
    state: RwLock<Option<Arc<Firm>>>,
    watchers: Mutex<HashMap<ConversationId, watch::Sender<()>>>,
    watched: AtomicBool,
    committed: AtomicI64,
    /// When the oldest commit that the index does not hold was made, in milliseconds; 0 when it holds all.
    pending_since: AtomicI64,
    applied: watch::Sender<i64>,
    applied_at: AtomicI64,
    /// Whether the index's tables are there to be read.
    laid_out: watch::Sender<bool>,
    /// Whether a reader found the index's file damaged.
    index_damaged: AtomicBool,
    parked: AtomicU64,
    failures: AtomicU64,
    /// Whether the index was begun anew and does not hold yet what the journal held then.
    building: AtomicBool,
    /// The objects that are to be tried again at once, whatever their tries.
    wanted: Mutex<HashSet<ObjectKey>>,
    /// Whether somebody has asked for that since the follower last looked: then it does not wait for its time.
    urgent: AtomicBool,
    last_reconciliation: RwLock<Option<Arc<AuditRow>>>,
    /// Whether the firm stands in its follower's queue.
    pub(crate) queued: AtomicBool,
    /// Whether something long is running, such as a reconciliation; there is one at a time.
    pub(crate) reconciling: AtomicBool,
    /// How many rows it has compared, where it compares any.
    pub(crate) compared: Arc<AtomicU64>,
    /// When the firm was last looked after, in milliseconds; 0 while that is not known.
    maintained_at: AtomicI64,
    /// Whether the platform is shutting down, so that long work ends.
    closing: AtomicBool,
    /// Whoever asked for a rebuild of the index that has not begun.
    rebuild: Mutex<Option<Asker>>,
    /// Whether the index is of another version of the product.
    outdated: AtomicBool,
    /// Held by whoever opens the index to read it, and alone by whoever puts another in its place: names and files change together.
    pub(crate) index_gate: RwLock<()>,
    /// Counts the index files the firm has had while served; readers of an earlier one open the new one.
    pub(crate) index_generation: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What these locks guard is replaced whole, so a panic elsewhere leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FirmHandle {
    pub(crate) fn new(id: FirmId, folder: PathBuf) -> Self {
        Self {
            id,
            folder,
            standings: RwLock::default(),
            state: RwLock::default(),
            watchers: Mutex::default(),
            watched: AtomicBool::new(false),
            committed: AtomicI64::new(0),
            pending_since: AtomicI64::new(0),
            applied: watch::Sender::new(0),
            applied_at: AtomicI64::new(0),
            laid_out: watch::Sender::new(false),
            index_damaged: AtomicBool::new(false),
            parked: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            building: AtomicBool::new(false),
            wanted: Mutex::default(),
            urgent: AtomicBool::new(false),
            last_reconciliation: RwLock::default(),
            queued: AtomicBool::new(false),
            index_generation: AtomicU64::new(0),
            reconciling: AtomicBool::new(false),
            compared: Arc::default(),
            maintained_at: AtomicI64::new(0),
            rebuild: Mutex::default(),
            outdated: AtomicBool::new(false),
            index_gate: RwLock::default(),
            closing: AtomicBool::new(false),
        }
    }

    /// The firm's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The journal's file.
    pub fn journal_path(&self) -> PathBuf {
        self.folder.join("journal.db")
    }

    /// The index's file.
    pub fn index_path(&self) -> PathBuf {
        self.folder.join("index.db")
    }

    pub(crate) fn standing(&self, user: UserId) -> Option<Standing> {
        self.standings.read().unwrap_or_else(PoisonError::into_inner).get(&user).copied()
    }

    pub(crate) fn publish_user(&self, id: UserId, user: &User) {
        let Some(standing) = Standing::of(user) else { return };
        let mut standings = self.standings.write().unwrap_or_else(PoisonError::into_inner);
        if standings.len() >= STANDINGS_MAX {
            standings.clear();
        }
        standings.insert(id, standing);
    }

    /// The firm's state as of its last commit; none before the shard has opened it or while it does not exist.
    pub(crate) fn state(&self) -> Option<Arc<Firm>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn publish_state(&self, state: &Arc<Firm>) {
        let known = state.exists().then(|| Arc::clone(state));
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    pub(crate) fn watch(&self, conversation: ConversationId) -> watch::Receiver<()> {
        let mut watchers = lock(&self.watchers);
        watchers.retain(|_, sender| sender.receiver_count() > 0);
        self.watched.store(true, Ordering::SeqCst);
        watchers.entry(conversation).or_default().subscribe()
    }

    pub(crate) fn announce(&self, conversation: ConversationId) {
        // Nobody watches, mostly: then a message costs one load here.
        if self.watched.load(Ordering::SeqCst) {
            let mut watchers = lock(&self.watchers);
            if let Some(sender) = watchers.get(&conversation)
                && sender.send(()).is_err()
            {
                watchers.remove(&conversation);
            }
            self.watched.store(!watchers.is_empty(), Ordering::SeqCst);
        }
    }

    /// Where a new index is built.
    pub(crate) fn next_index_path(&self) -> PathBuf {
        self.folder.join("index.next.db")
    }

    /// Has the follower rebuild the index once it comes round.
    pub(crate) fn ask_for_rebuild(&self, asker: Asker) {
        *lock(&self.rebuild) = Some(asker);
    }

    pub(crate) fn wants_rebuild(&self) -> bool {
        lock(&self.rebuild).is_some()
    }

    pub(crate) fn take_rebuild(&self) -> Option<Asker> {
        lock(&self.rebuild).take()
    }

    pub(crate) fn set_outdated(&self, outdated: bool) {
        self.outdated.store(outdated, Ordering::SeqCst);
    }

    /// Whether the index is of another version, so that some lists cannot be answered until it is rebuilt.
    pub(crate) fn is_outdated(&self) -> bool {
        self.outdated.load(Ordering::SeqCst)
    }

    /// Puts the index built at [`FirmHandle::next_index_path`] in the place of the live one, which stays beside it as `index.prev.db`. Neither
    /// may be open for writing. Readers of the old one go on reading it.
    pub(crate) fn swap_index(&self) -> std::io::Result<()> {
        let remove = |path: &Path| match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        let _gate = self.index_gate.write().unwrap_or_else(PoisonError::into_inner);
        let live = self.index_path();
        let previous = self.folder.join("index.prev.db");
        remove(&previous)?;
        std::fs::hard_link(&live, &previous)?;
        // They belong to the file that is going; under the new one's name they would be taken for its own.
        remove(&self.folder.join("index.db-wal"))?;
        remove(&self.folder.join("index.db-shm"))?;
        std::fs::rename(self.next_index_path(), &live)?;
        self.index_generation.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    pub(crate) fn last_maintained(&self) -> Option<Timestamp> {
        let at = self.maintained_at.load(Ordering::SeqCst);
        (at != 0).then(|| Timestamp::from_millis(at))
    }

    pub(crate) fn maintained(&self, at: Timestamp) {
        self.maintained_at.store(at.as_millis(), Ordering::SeqCst);
    }

    /// Asks what runs long to end.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Ends every live stream of the firm.
    pub(crate) fn close_watchers(&self) {
        lock(&self.watchers).clear();
    }

    pub(crate) fn committed(&self, seq: i64, now: Timestamp) {
        if self.committed.swap(seq, Ordering::SeqCst) < seq && *self.applied.borrow() < seq {
            let _ = self.pending_since.compare_exchange(0, now.as_millis(), Ordering::SeqCst, Ordering::SeqCst);
        }
    }

    /// The last entry that is durable.
    pub fn committed_seq(&self) -> i64 {
        self.committed.load(Ordering::SeqCst)
    }

    /// The last entry that the index holds.
    pub fn applied_seq(&self) -> i64 {
        *self.applied.borrow()
    }

    /// The index holds the entries up to `seq`, recorded `at`, of those that the pass found when it began to read at `read_at`; it
    /// found `more` than it took.
    pub(crate) fn applied(&self, seq: i64, at: Timestamp, read_at: Timestamp, more: bool) {
        self.applied_at.store(at.as_millis(), Ordering::SeqCst);
        self.applied.send_replace(seq);
        self.pending_since.store(if more { at.as_millis() } else { 0 }, Ordering::SeqCst);
        // What the pass did not find was committed after it began. A commit that this look misses notes its own time.
        if self.committed_seq() > seq {
            let _ = self.pending_since.compare_exchange(0, read_at.as_millis(), Ordering::SeqCst, Ordering::SeqCst);
        }
    }

    pub(crate) fn set_laid_out(&self, laid_out: bool) {
        self.laid_out.send_replace(laid_out);
    }

    pub(crate) fn is_laid_out(&self) -> bool {
        *self.laid_out.borrow()
    }

    /// Notes that a reader could not read the index: lists wait until the follower has looked after it.
    pub(crate) fn index_is_lost(&self, damaged: bool) {
        if damaged {
            self.index_damaged.store(true, Ordering::SeqCst);
        }
        self.laid_out.send_replace(false);
    }

    /// Whether a reader found the index damaged since this was last asked.
    pub(crate) fn take_index_damaged(&self) -> bool {
        self.index_damaged.swap(false, Ordering::SeqCst)
    }

    /// Waits until the follower has laid out the index, as it does once for a new firm and again when it builds the index anew.
    pub(crate) async fn laid_out(&self) {
        // The sender lives as long as the handle does.
        let _ = self.laid_out.subscribe().wait_for(|laid_out| *laid_out).await;
    }

    pub(crate) fn applied_changes(&self) -> watch::Receiver<i64> {
        self.applied.subscribe()
    }

    pub(crate) fn count_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn set_parked(&self, parked: u64) {
        self.parked.store(parked, Ordering::Relaxed);
    }

    /// How many objects are parked in `sync_failure`.
    pub fn parked(&self) -> u64 {
        self.parked.load(Ordering::Relaxed)
    }

    /// How many passes of the follower have failed since the start. Each time that a reader finds the file damaged counts as well.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    pub(crate) fn set_building(&self, building: bool) {
        self.building.store(building, Ordering::SeqCst);
    }

    /// Whether the index was begun anew and does not hold yet what the journal held then.
    pub fn is_building(&self) -> bool {
        self.building.load(Ordering::SeqCst)
    }

    /// Asks the follower to try an object again at once.
    pub(crate) fn want(&self, object: ObjectKey) {
        lock(&self.wanted).insert(object);
        self.urgent.store(true, Ordering::SeqCst);
    }

    /// What is to be tried again at once.
    pub(crate) fn wanted(&self) -> Vec<ObjectKey> {
        lock(&self.wanted).iter().cloned().collect()
    }

    /// They were tried, whatever came of it.
    pub(crate) fn have_tried(&self, objects: &[ObjectKey]) {
        let mut wanted = lock(&self.wanted);
        for object in objects {
            wanted.remove(object);
        }
    }

    pub(crate) fn is_urgent(&self) -> bool {
        self.urgent.load(Ordering::SeqCst)
    }

    /// Whether something was asked to be tried again since this was last looked at.
    pub(crate) fn take_urgent(&self) -> bool {
        self.urgent.swap(false, Ordering::SeqCst)
    }

    pub(crate) fn set_last_reconciliation(&self, entry: AuditRow) {
        let mut last = self.last_reconciliation.write().unwrap_or_else(PoisonError::into_inner);
        *last = Some(Arc::new(entry));
    }

    /// The entry of the latest reconciliation that the index has seen. Kept in memory, so that it can be told when the index cannot be read.
    pub fn last_reconciliation(&self) -> Option<Arc<AuditRow>> {
        self.last_reconciliation.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How far the index lags behind the journal.
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        let behind = self.applied_seq() < self.committed_seq();
        let since = self.pending_since.load(Ordering::SeqCst);
        if !behind {
            return Freshness { as_of: now, lag_ms: 0, consistent: true };
        }
        if since == 0 {
            // The commit is so fresh that its time is not noted yet.
            let as_of = Timestamp::from_millis(self.applied_at.load(Ordering::SeqCst));
            return Freshness { as_of, lag_ms: 0, consistent: true };
        }
        let lag_ms = u64::try_from(now.as_millis().saturating_sub(since)).unwrap_or(0);
        // What was recorded before the oldest pending commit is all there.
        Freshness { as_of: Timestamp::from_millis(since), lag_ms, consistent: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn a_commit_that_a_pass_did_not_find_counts_as_lag_from_when_the_pass_began() {
        let firm = FirmHandle::new("acme".parse().expect("a slug"), PathBuf::new());
        firm.committed(1, at(1_000));
        firm.committed(2, at(1_200));
        // A pass that began to read at 1,100 and found the first entry alone.
        firm.applied(1, at(1_000), at(1_100), false);
        let behind = firm.freshness(at(1_500));
        assert_eq!((behind.lag_ms, behind.as_of), (400, at(1_100)));
        firm.applied(2, at(1_200), at(1_500), false);
        assert_eq!(firm.freshness(at(9_000)).lag_ms, 0);
        firm.committed(3, at(9_000));
        assert_eq!(firm.freshness(at(9_250)).lag_ms, 250);
    }
}
