//! A shard: one thread that owns some firms and runs the turns of their objects.
//!
//! Guarantees: the calls on one firm run in the order in which they were accepted; no answer leaves before the commit of its batch
//! (output gate); a batch is one transaction and one `fdatasync`, shared by all its calls (group commit).

mod queue;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, TryRecvError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use engage_app::Fault;
use engage_domain::{FirmId, Timestamp};
use engage_journal::ObjectKey;
use hashlink::LruCache;

pub(crate) use self::queue::ShardSender;
use self::queue::{ShardReceiver, queue};
use crate::{
    clock::Clock,
    firm::FirmHandle,
    follower::FollowerSender,
    writer::{Cache, Job, Writer, answer},
};

/// Calls that can wait for one shard; beyond, callers are told to come back. At 50,000 turns a second it is drained in 80 ms.
const QUEUE: usize = 4_096;
/// Most calls in one batch; bounds how long the first of them waits for the last.
pub(crate) const BATCH_MAX: usize = 256;
/// How long a batch waits for as many calls as the one before answered: about what an `fdatasync` costs, which is saved for
/// each call that comes along in time.
const LINGER: Duration = Duration::from_micros(120);
/// Journals that one shard keeps open.
const WRITERS_MAX: usize = 512;
/// How often an idle shard looks at the clock; alarms are no more precise than this when the clock jumps.
const TICK: Duration = Duration::from_millis(500);

/// Most alarms of one firm served in one go; each is a batch of its own, and callers wait behind them.
const ALARMS_MAX: usize = 16;
/// How long an alarm waits that could not be served.
const ALARM_RETRY_MS: i64 = 1_000;
/// Least time between two looks at the alarms, so that calls come in between when many are due.
const PAUSE: Duration = Duration::from_millis(20);

#[expect(
    clippy::large_enum_variant,
    reason = "nearly all messages are jobs, and a box for each would cost more than it saves"
)]
pub(crate) enum Message {
    Job(Job),
    /// Ends the shard, behind everything that was sent before.
    Stop,
    /// Opens the firm's journal, so that its alarms and its follower start; told when it is done.
    Open(Arc<FirmHandle>, tokio::sync::oneshot::Sender<Result<(), Fault>>),
}

/// The sending end of a shard.
pub(crate) struct Shard {
    pub sender: ShardSender,
    pub thread: JoinHandle<()>,
}

impl Shard {
    /// Starts the thread. It ends at [`Message::Stop`].
    pub(crate) fn start(
        number: usize,
        activations: usize,
        clock: Arc<dyn Clock>,
        follower: FollowerSender,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = queue(QUEUE);
        let state = State {
            receiver,
            clock,
            follower,
            cache: LruCache::new(activations),
            writers: LruCache::new(WRITERS_MAX),
            alarms: HashMap::new(),
            expected: 1,
        };
        let thread = thread::Builder::new().name(format!("shard-{number}")).spawn(move || state.run())?;
        Ok(Self { sender, thread })
    }
}

struct State {
    receiver: ShardReceiver,
    clock: Arc<dyn Clock>,
    follower: FollowerSender,
    cache: Cache,
    writers: LruCache<FirmId, Writer>,
    /// The earliest alarm of each firm that has one, open or not.
    alarms: HashMap<FirmId, (Arc<FirmHandle>, Timestamp)>,
    /// How many callers the last batch answered: as many may come back together.
    expected: usize,
}

impl State {
    fn run(mut self) {
        while self.turn() {}
        for (_, writer) in self.writers {
            writer.close();
        }
    }

    /// Waits for the next message or alarm and does what it asks. False when the shard is to end.
    fn turn(&mut self) -> bool {
        let stop = match self.receiver.recv_timeout(self.patience()) {
            Ok(message) => self.batch(message),
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        if !stop {
            self.fire_alarms();
        }
        !stop
    }

    fn patience(&self) -> Duration {
        let now = self.clock.now();
        let earliest = self.alarms.values().map(|(_, due)| due.as_millis() - now.as_millis()).min();
        earliest.map_or(TICK, |ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)).clamp(PAUSE, TICK))
    }

    /// Gathers what waits, and what is about to come, and runs it firm by firm. True when the shard is to end.
    fn batch(&mut self, first: Message) -> bool {
        let mut firms: Vec<(Arc<FirmHandle>, Vec<Job>)> = vec![];
        let mut count = 0;
        let mut deadline = None;
        let mut stop = false;
        let mut next = Some(first);
        loop {
            match next.take() {
                Some(Message::Job(job)) => {
                    count += 1;
                    match firms.iter_mut().find(|(firm, _)| Arc::ptr_eq(firm, &job.firm)) {
                        Some((_, jobs)) => jobs.push(job),
                        None => firms.push((Arc::clone(&job.firm), vec![job])),
                    }
                }
                Some(Message::Open(firm, done)) => {
                    let opened = self.open(&firm).map(drop);
                    self.follower.notify(&firm);
                    let _ = done.send(opened);
                }
                Some(Message::Stop) => stop = true,
                None => {}
            }
            if stop || count >= BATCH_MAX {
                break;
            }
            next = match self.receiver.try_recv() {
                Ok(message) => Some(message),
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) if count >= self.expected => break,
                Err(TryRecvError::Empty) => {
                    let deadline = *deadline.get_or_insert_with(|| Instant::now() + LINGER);
                    match self.receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                        Ok(message) => Some(message),
                        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                    }
                }
            };
        }
        self.expected = count.max(1);
        metrics::histogram!("engage_batch_calls").record(count as f64);
        for (firm, jobs) in firms {
            self.run_jobs(&firm, jobs);
        }
        stop
    }

    fn run_jobs(&mut self, firm: &Arc<FirmHandle>, jobs: Vec<Job>) {
        let now = self.clock.now();
        match self.open(firm) {
            Ok(()) => {}
            Err(fault) => {
                for job in jobs {
                    answer(job, Err(fault.clone()));
                }
                return;
            }
        }
        if let Some(writer) = self.writers.get_mut(&firm.id) {
            writer.run(&mut self.cache, jobs, now);
            note_alarm(&mut self.alarms, firm, writer.alarm.as_ref());
        }
        self.follower.notify(firm);
    }

    /// Makes sure that the firm's journal is open.
    fn open(&mut self, firm: &Arc<FirmHandle>) -> Result<(), Fault> {
        if self.writers.contains_key(&firm.id) {
            return Ok(());
        }
        let writer = Writer::open(firm, self.clock.now()).map_err(|error| {
            tracing::error!(firm = %firm.id, error = &error as &dyn std::error::Error, "a journal cannot be opened");
            Fault::Storage(Arc::new(error))
        })?;
        note_alarm(&mut self.alarms, firm, writer.alarm.as_ref());
        self.writers.insert(firm.id.clone(), writer);
        self.follower.notify(firm);
        Ok(())
    }

    fn fire_alarms(&mut self) {
        let now = self.clock.now();
        let due = self.alarms.values().filter(|(_, due)| *due <= now).map(|(firm, _)| Arc::clone(firm));
        for firm in due.collect::<Vec<_>>() {
            self.alarms.remove(&firm.id);
            if self.open(&firm).is_err() {
                // Said already; tried again when the firm is next opened.
                continue;
            }
            let Some(writer) = self.writers.get_mut(&firm.id) else { continue };
            for _ in 0..ALARMS_MAX {
                let before = writer.alarm.clone();
                if before.as_ref().is_none_or(|(_, due)| *due > now) {
                    break;
                }
                let mut jobs = writer.letters(now);
                let letters = !jobs.is_empty();
                let mut done = false;
                if jobs.is_empty()
                    && let Some(request) = writer.due(&mut self.cache, now)
                {
                    jobs.push(Job { firm: Arc::clone(&firm), request, letter: None, reply: None });
                }
                if !jobs.is_empty() {
                    done = writer.run(&mut self.cache, jobs, now);
                    // Also when the turn changed nothing, and so did not ask for it.
                    writer.read_alarm();
                    self.follower.notify(&firm);
                }
                // Letters that were delivered may leave others that were posted at the same moment.
                if writer.alarm == before && !(letters && done) {
                    // It could not be done: a full disk, say.
                    if let Some((_, due)) = &mut writer.alarm {
                        *due = now.plus_millis(ALARM_RETRY_MS);
                    }
                }
            }
            note_alarm(&mut self.alarms, &firm, writer.alarm.as_ref());
        }
    }
}

fn note_alarm(
    alarms: &mut HashMap<FirmId, (Arc<FirmHandle>, Timestamp)>,
    firm: &Arc<FirmHandle>,
    alarm: Option<&(ObjectKey, Timestamp)>,
) {
    match alarm {
        Some((_, due)) => {
            alarms.insert(firm.id.clone(), (Arc::clone(firm), *due));
        }
        None => {
            alarms.remove(&firm.id);
        }
    }
}
