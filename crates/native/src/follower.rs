//! The followers: from journal to index.
//!
//! One thread beside each shard takes the firms that have something new and lets each one's [`Pass`](pass::Follower) catch up. The
//! index is derived, so it yields to the conversations: between two rounds a follower rests three times as long as the round kept a
//! processor busy, and at least [`REST_MIN`], in which a burst collapses into one row a conversation.
//!
//! Guarantees: an index error never reaches whoever wrote; it is retried with back-off and jitter for as long as it lasts. A follower that is
//! alive has a heartbeat, also when there is nothing to follow.

mod pass;
mod rebuild;
mod states;

pub(crate) use self::{
    pass::{all, key_of, run},
    rebuild::Asker,
};

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use engage_domain::{FirmId, Timestamp};

use self::pass::{Follower, Progress};
use crate::{clock::Clock, firm::FirmHandle};

/// Least rest between two rounds: what a burst waits to be written once, and most of an idle index's lag.
const REST_MIN: Duration = Duration::from_millis(10);
/// Longest rest, so that a long round does not make the next one late beyond notice.
const REST_MAX: Duration = Duration::from_millis(250);
/// How often an idle follower shows that it is alive and looks for retries.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// First wait after a failed pass; doubles with each further failure.
const RETRY_FIRST: Duration = Duration::from_millis(50);
/// Longest wait between two tries.
const RETRY_MAX: Duration = Duration::from_secs(30);
/// Firms whose follower stays open; beyond, the one idle for longest is closed.
const OPEN_MAX: usize = 512;

/// Tells a follower that a firm has something new.
#[derive(Clone)]
pub(crate) struct FollowerSender(Sender<Arc<FirmHandle>>);

impl FollowerSender {
    /// Never blocks; a firm that is queued already, or whose index holds everything, is not queued.
    pub(crate) fn notify(&self, firm: &Arc<FirmHandle>) {
        let behind = firm.committed_seq() != firm.applied_seq();
        let wanted = behind || !firm.is_laid_out() || firm.is_urgent() || firm.wants_rebuild();
        if wanted && !firm.queued.swap(true, Ordering::SeqCst) {
            // The receiver is gone only when the platform is shutting down; the next start catches up.
            let _ = self.0.send(Arc::clone(firm));
        }
    }
}

/// All follower threads. Each ends when its shard, which holds its sender, has ended and what is queued is done.
pub(crate) struct Followers {
    heartbeats: Vec<Arc<AtomicI64>>,
    stopping: Arc<AtomicBool>,
}

impl Followers {
    /// Starts a thread for each sender that it gives.
    pub(crate) fn start(
        threads: usize,
        clock: &Arc<dyn Clock>,
    ) -> std::io::Result<(Self, Vec<FollowerSender>, Vec<JoinHandle<()>>)> {
        let stopping = Arc::new(AtomicBool::new(false));
        let mut followers = Self { heartbeats: vec![], stopping: Arc::clone(&stopping) };
        let (mut senders, mut handles) = (vec![], vec![]);
        for number in 0..threads {
            let (sender, receiver) = channel();
            let heartbeat = Arc::new(AtomicI64::new(clock.now().as_millis()));
            let worker = Worker {
                receiver,
                clock: Arc::clone(clock),
                heartbeat: Arc::clone(&heartbeat),
                stopping: Arc::clone(&stopping),
                open: HashMap::new(),
                retries: HashMap::new(),
                swept: Instant::now(),
            };
            handles.push(thread::Builder::new().name(format!("follower-{number}")).spawn(move || worker.run())?);
            senders.push(FollowerSender(sender));
            followers.heartbeats.push(heartbeat);
        }
        Ok((followers, senders, handles))
    }

    /// When the thread of that number last went round.
    pub(crate) fn heartbeat(&self, number: usize) -> Timestamp {
        Timestamp::from_millis(self.heartbeats.get(number).map_or(0, |heartbeat| heartbeat.load(Ordering::SeqCst)))
    }

    /// When the slowest thread last went round.
    pub(crate) fn oldest_heartbeat(&self) -> Timestamp {
        let oldest = self.heartbeats.iter().map(|heartbeat| heartbeat.load(Ordering::SeqCst)).min();
        Timestamp::from_millis(oldest.unwrap_or(0))
    }

    /// Ends the threads after the pass they are in.
    pub(crate) fn abort(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }
}

struct Worker {
    receiver: Receiver<Arc<FirmHandle>>,
    clock: Arc<dyn Clock>,
    heartbeat: Arc<AtomicI64>,
    stopping: Arc<AtomicBool>,
    open: HashMap<FirmId, Open>,
    /// Firms to be looked at again.
    retries: HashMap<FirmId, Retry>,
    /// When the open indexes were last looked for on the disk.
    swept: Instant,
}

struct Retry {
    firm: Arc<FirmHandle>,
    due: Instant,
    /// Whether the whole pass had failed: then the firm is left alone until it is due. When there merely is something left to do,
    /// what is committed meanwhile does not wait for it.
    failed: bool,
}

struct Open {
    follower: Follower,
    failures: u32,
    used: Instant,
}

impl Worker {
    fn run(mut self) {
        loop {
            self.heartbeat.store(self.clock.now().as_millis(), Ordering::SeqCst);
            let mut firms = match self.receiver.recv_timeout(self.patience()) {
                Ok(firm) => vec![firm],
                Err(RecvTimeoutError::Timeout) => vec![],
                // Every shard has ended, and with them all writing: what is left to do is what is due now.
                Err(RecvTimeoutError::Disconnected) if self.due().next().is_none() => return,
                Err(RecvTimeoutError::Disconnected) => vec![],
            };
            firms.extend(self.receiver.try_iter());
            self.take_due_retries(&mut firms);
            self.take_lost(&mut firms);
            if firms.is_empty() {
                continue;
            }
            let began = worked();
            let committed: Vec<_> = firms.iter().map(|firm| firm.committed_seq()).collect();
            for firm in &firms {
                if self.stopping.load(Ordering::SeqCst) {
                    return;
                }
                self.catch_up(firm);
            }
            if quiet(&firms, &committed) && self.due().next().is_some() {
                // Nobody writes, so nobody is in the way of catching up.
                continue;
            }
            let rest = (worked().saturating_sub(began) * 3).clamp(REST_MIN, REST_MAX);
            // The rest is the point: conversations go first, and bursts collapse.
            thread::sleep(rest);
        }
    }

    fn patience(&self) -> Duration {
        let now = Instant::now();
        let retry = self.retries.values().map(|retry| retry.due.saturating_duration_since(now)).min();
        retry.map_or(HEARTBEAT, |retry| retry.clamp(Duration::from_millis(1), HEARTBEAT))
    }

    fn take_due_retries(&mut self, firms: &mut Vec<Arc<FirmHandle>>) {
        let due: Vec<_> = self.due().cloned().collect();
        for id in due {
            if let Some(Retry { firm, .. }) = self.retries.remove(&id)
                && !firms.iter().any(|queued| Arc::ptr_eq(queued, &firm))
            {
                firms.push(firm);
            }
        }
    }

    /// An index can be deleted at any time; where nothing is written, nobody else would notice.
    fn take_lost(&mut self, firms: &mut Vec<Arc<FirmHandle>>) {
        if self.swept.elapsed() < HEARTBEAT {
            return;
        }
        self.swept = Instant::now();
        for open in self.open.values().filter(|open| open.follower.is_index_gone()) {
            let firm = open.follower.firm();
            if !firms.iter().any(|queued| Arc::ptr_eq(queued, firm)) {
                firms.push(Arc::clone(firm));
            }
        }
    }

    fn due(&self) -> impl Iterator<Item = &FirmId> {
        let now = Instant::now();
        self.retries.iter().filter(move |(_, retry)| retry.due <= now).map(|(id, _)| id)
    }

    /// One pass over one firm. What is left after it is queued behind the other firms.
    fn catch_up(&mut self, firm: &Arc<FirmHandle>) {
        // Before reading, so that what is committed from now on queues the firm again.
        firm.queued.store(false, Ordering::SeqCst);
        let urgent = firm.take_urgent();
        if !urgent && self.retries.get(&firm.id).is_some_and(|retry| retry.failed) {
            // It failed a moment ago; its time has not come, and nobody has asked to try it all the same.
            return;
        }
        // The pass sees anew what is left to do.
        self.retries.remove(&firm.id);
        match self.pass(firm) {
            Ok(progress) => {
                if let Some(open) = self.open.get_mut(&firm.id) {
                    open.failures = 0;
                }
                match progress {
                    Progress::Done => {}
                    Progress::More => self.retry_in(firm, Duration::ZERO, false),
                    Progress::Later(wait) => self.retry_in(firm, wait, false),
                }
            }
            Err(error) => {
                firm.count_failure();
                metrics::counter!("engage_index_failures_total").increment(1);
                let failures = self.open.get_mut(&firm.id).map_or(1, |open| {
                    open.failures += 1;
                    open.failures
                });
                tracing::warn!(firm = %firm.id, failures, error = &error as &dyn std::error::Error, "the index could not be written; it is tried again");
                // A damaged or replaced file heals only on a new connection.
                if let Some(open) = self.open.get_mut(&firm.id) {
                    open.follower.close();
                }
                self.retry_in(firm, backoff(failures, self.clock.now()), true);
            }
        }
    }

    fn pass(&mut self, firm: &Arc<FirmHandle>) -> Result<Progress, engage_journal::Error> {
        if !self.open.contains_key(&firm.id) {
            self.make_room();
            let follower = Follower::new(Arc::clone(firm));
            self.open.insert(firm.id.clone(), Open { follower, failures: 0, used: Instant::now() });
        }
        let open = self.open.get_mut(&firm.id).expect("inserted above");
        open.used = Instant::now();
        open.follower.pass(self.clock.now())
    }

    fn make_room(&mut self) {
        if self.open.len() >= OPEN_MAX
            && let Some(idle) = self.open.iter().min_by_key(|(_, open)| open.used).map(|(id, _)| id.clone())
        {
            self.open.remove(&idle);
        }
    }

    fn retry_in(&mut self, firm: &Arc<FirmHandle>, wait: Duration, failed: bool) {
        let retry = Retry { firm: Arc::clone(firm), due: Instant::now() + wait, failed };
        self.retries.insert(firm.id.clone(), retry);
    }
}

/// For how long this thread has kept a processor busy. What it waited for the disk, such as a write-ahead log that is copied back, was no time
/// that it took from anybody.
#[cfg(unix)]
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The time, where no clock tells a thread's own.
#[cfg(not(unix))]
fn worked() -> Duration {
    static FIRST: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    FIRST.elapsed()
}

/// Whether none of the firms has had a commit since.
fn quiet(firms: &[Arc<FirmHandle>], committed: &[i64]) -> bool {
    firms.iter().map(|firm| firm.committed_seq()).eq(committed.iter().copied())
}

/// The wait before the next try: doubled with each failure, less up to a half by jitter, so that many firms on one full disk do not come
/// back together.
fn backoff(failures: u32, now: Timestamp) -> Duration {
    let full = RETRY_FIRST.saturating_mul(1 << (failures - 1).min(16)).min(RETRY_MAX);
    // The low bits of the clock are as random as this needs.
    let jitter = (now.as_millis().unsigned_abs().wrapping_mul(2_654_435_761) >> 7) % 512;
    full - full.mul_f64(jitter as f64 / 1024.0)
}
