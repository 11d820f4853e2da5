//! The platform behind the application's port: finds the shard of a firm, holds the readers, starts and ends the threads.

mod health;
mod lists;
mod maintenance;
mod transfer;

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
        mpsc::TrySendError,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use engage_app::{
    Fault, Freshness, Runtime, Standing,
    placement::Jurisdiction,
    runtime::{Changes, Health, JournalPage, Token},
    transfer::Landed,
};
use engage_domain::{
    Actor, ConflictId, ConversationId, Firm, FirmId, Kind, PartyId, Timestamp, User, UserId, Version,
    firm::{Command, SettingsChange},
    registry::PartyRole,
};
use engage_index::{
    Query,
    reconciliation::{Rebuilt, Reconciled},
};
use engage_journal::{
    Answer, Call, Error, Hosted, Intent, Message as ChatMessage, ObjectKey, Reply, Streamed, Turn, read,
    registry::{self, KeptConflict, KeptParty},
    transfer::{Line, ObjectHead, Place},
    verify::Walk,
};
use tokio::sync::{oneshot, watch};
use ulid::Ulid;

use crate::{
    clock::{Clock, SystemClock},
    firm::FirmHandle,
    folder::{Folder, FolderError},
    follower::Followers,
    readers::{Readers, Source},
    shard::{BATCH_MAX, Message, Shard, ShardSender},
    writer::Job,
};

/// How the platform is set up.
#[derive(Clone)]
pub struct Options {
    /// Threads that run objects; each also has a follower. More firms than shards share them.
    pub shards: usize,
    /// Objects in memory, over all shards. A conversation takes 2 to 6 KiB.
    pub activations: usize,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { shards: cores.min(8), activations: 32_768, clock: Arc::new(SystemClock) }
    }
}

/// The platform on one machine. It owns a data folder until it is shut down or dropped.
pub struct Platform {
    folder: Arc<Folder>,
    /// Held while lines of a firm are taken in.
    arriving: Arc<Mutex<()>>,
    clock: Arc<dyn Clock>,
    firms: RwLock<HashMap<FirmId, Arc<FirmHandle>>>,
    shards: Vec<ShardSender>,
    readers: Arc<Readers>,
    followers: Followers,
    threads: Mutex<Vec<JoinHandle<()>>>,
    draining: AtomicBool,
    last_ulid: Mutex<Ulid>,
}

impl Platform {
    /// Takes the folder, starts the threads and opens every firm in it; each firm's follower then catches up by itself.
    pub fn open(path: &Path, options: Options) -> Result<Self, FolderError> {
        let folder = Folder::open(path)?;
        let thread = |source| FolderError::Io { operation: "start a thread for", path: path.to_owned(), source };
        let shards = options.shards.max(1);
        let (followers, follow, mut threads) = Followers::start(shards, &options.clock).map_err(thread)?;
        let mut senders = vec![];
        for (number, follow) in follow.into_iter().enumerate() {
            // Never fewer than one batch can touch: what a batch has changed must not be dropped before it is written.
            let activations = (options.activations / shards).max(2 * BATCH_MAX);
            let shard = Shard::start(number, activations, Arc::clone(&options.clock), follow);
            let Shard { sender, thread } = shard.map_err(thread)?;
            senders.push(sender);
            threads.push(thread);
        }
        let platform = Self {
            clock: options.clock,
            firms: RwLock::default(),
            shards: senders,
            readers: Arc::default(),
            followers,
            threads: Mutex::new(threads),
            draining: AtomicBool::new(false),
            last_ulid: Mutex::new(Ulid::nil()),
            folder: Arc::new(folder),
            arriving: Arc::default(),
        };
        for firm in platform.folder.firms()? {
            let handle = platform.handle(&firm);
            if let Ok(handle) = handle {
                let (done, _) = oneshot::channel();
                // A full queue only delays it until the firm is first asked.
                let _ = platform.shard_of(&firm).try_send(Message::Open(handle, done));
            }
        }
        Ok(platform)
    }

    /// The data folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The firms that are kept here, in the order of their slugs.
    pub fn firms(&self) -> Result<Vec<FirmId>, FolderError> {
        self.folder.firms()
    }

    /// What a firm's threads share, for health and metrics.
    pub fn handle(&self, firm: &FirmId) -> Result<Arc<FirmHandle>, Fault> {
        if let Some(handle) = self.firms.read().unwrap_or_else(PoisonError::into_inner).get(firm) {
            return Ok(Arc::clone(handle));
        }
        let folder = self.folder.firm(firm);
        if !folder.join("journal.db").exists() {
            return Err(Fault::UnknownFirm);
        }
        Ok(self.insert(firm, folder))
    }

    fn insert(&self, firm: &FirmId, folder: std::path::PathBuf) -> Arc<FirmHandle> {
        let mut firms = self.firms.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(firms.entry(firm.clone()).or_insert_with(|| Arc::new(FirmHandle::new(firm.clone(), folder))))
    }

    /// Founds a firm, as the platform itself.
    pub async fn create_firm(&self, firm: &FirmId, name: &str, settings: SettingsChange) -> Result<Turn<Firm>, Fault> {
        let command = Command::Create { name: name.to_owned(), settings: Box::new(settings) };
        self.call::<Firm>(firm, firm.clone(), Call::new(Actor::SYSTEM, Intent::Command(command))).await
    }

    /// The firm that a call is on. A call that founds one makes its folder first; left half done by a crash, the next attempt finishes it.
    fn addressed<A: Hosted>(&self, firm: &FirmId, call: &Call<A::Command>) -> Result<Arc<FirmHandle>, Fault> {
        let founds = A::KIND == Kind::Firm && matches!(&call.intent, Intent::Command(command) if A::creates(command));
        match self.handle(firm) {
            Err(Fault::UnknownFirm) if founds => match self.folder.make_firm(firm) {
                Ok(folder) => Ok(self.insert(firm, folder)),
                Err(error) => Err(Fault::Storage(Arc::new(Error::Storage {
                    operation: format!("create a folder for {firm}"),
                    message: error.to_string(),
                    transient: true,
                    source: Some(Box::new(error)),
                }))),
            },
            found => found,
        }
    }

    fn shard_of(&self, firm: &FirmId) -> &ShardSender {
        &self.shards[self.shard_number(firm)]
    }

    fn shard_number(&self, firm: &FirmId) -> usize {
        let mut hasher = DefaultHasher::new();
        firm.as_str().hash(&mut hasher);
        (hasher.finish() % self.shards.len() as u64) as usize
    }

    async fn peek<A: Hosted>(&self, firm: &FirmId, id: A::Id) -> Result<Option<Answer<A>>, Fault> {
        match self.call::<A>(firm, id, Call::new(Actor::SYSTEM, Intent::Peek)).await? {
            Turn::Done(answer) => Ok(Some(answer)),
            Turn::NotFound | Turn::Denied { .. } | Turn::Rejected(_) | Turn::Stale { .. } | Turn::CommandIdReused => {
                Ok(None)
            }
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        firm: &FirmId,
        source: Source,
        work: impl FnOnce(&mut crate::sqlite::Db) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Fault> {
        let (handle, readers) = (self.handle(firm)?, Arc::clone(&self.readers));
        let done = tokio::task::spawn_blocking(move || readers.read(&handle, source, work)).await;
        match done {
            Ok(read) => read.map_err(|error| Fault::Storage(Arc::new(error))),
            Err(_) => Err(Fault::Overloaded("the platform is shutting down")),
        }
    }

    /// Waits until the firm's index holds every entry recorded so far, or until `patience` has passed; says which.
    pub async fn catch_up(&self, firm: &FirmId, patience: Duration) -> Result<bool, Fault> {
        let handle = self.handle(firm)?;
        // Behind the gate of a turn the shard has opened the journal and knows where it ends.
        self.firm(firm).await.or_else(|fault| match fault {
            Fault::UnknownFirm => Ok(Arc::default()),
            fault @ (Fault::Overloaded(_) | Fault::Storage(_)) => Err(fault),
        })?;
        let target = handle.committed_seq();
        let mut applied = handle.applied_changes();
        let reached = tokio::time::timeout(patience, applied.wait_for(|applied| *applied >= target)).await;
        Ok(matches!(reached, Ok(Ok(_))))
    }

    /// How long ago the slowest follower last went round, in milliseconds.
    pub fn heartbeat_age_ms(&self) -> i64 {
        self.clock.now().as_millis() - self.followers.oldest_heartbeat().as_millis()
    }

    /// Ends every live stream, as a server that goes down does first; their clients resume elsewhere or later.
    pub fn end_streams(&self) {
        for firm in self.firms.read().unwrap_or_else(PoisonError::into_inner).values() {
            firm.close_watchers();
        }
    }

    /// Stops taking calls, lets what was accepted finish and the indexes catch up, and ends the threads; at most `patience`.
    /// Gives whether everything had ended by then. What was acknowledged is durable either way.
    pub fn shut_down(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        self.draining.store(true, Ordering::SeqCst);
        self.end_streams();
        self.end_maintenance(deadline);
        for shard in &self.shards {
            // Behind everything that was accepted. A full queue empties.
            while let Err(TrySendError::Full(_)) = shard.try_send(Message::Stop)
                && Instant::now() < deadline
            {
                pause();
            }
        }
        self.readers.close();
        let mut threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        while !threads.is_empty() && Instant::now() < deadline {
            threads.retain(|thread| !thread.is_finished());
            pause();
        }
        self.followers.abort();
        let ended = threads.is_empty();
        // Those that are left are waited for the next time, at the latest when the platform is dropped.
        *self.threads.lock().unwrap_or_else(PoisonError::into_inner) = threads;
        ended
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // For the folder's lock to be free of writers when the value is gone. After a `shut_down` there is nothing left to do.
        self.shut_down(Duration::from_secs(10));
    }
}

fn pause() {
    std::thread::sleep(Duration::from_millis(2));
}

/// Tells of a conversation's changes.
pub struct Watcher(watch::Receiver<()>);

impl Changes for Watcher {
    async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

impl Runtime for Platform {
    /// A server is where it is put.
    fn held_within(&self, _firm: &FirmId) -> Option<Jurisdiction> {
        None
    }

    type Changes = Watcher;

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        #[expect(clippy::disallowed_methods, reason = "this is the adapter that secrets take their randomness from")]
        getrandom::fill(&mut bytes).expect("the operating system has random bytes; without them nothing here is safe");
        bytes
    }

    fn ulid(&self) -> Ulid {
        let ms = u64::try_from(self.clock.now().as_millis()).unwrap_or(0);
        let mut last = self.last_ulid.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if ms > last.timestamp_ms() {
            let random = self.random();
            let mut bits = [0; 16];
            bits.copy_from_slice(&random[..16]);
            Ulid::from_parts(ms, u128::from_le_bytes(bits))
        } else {
            last.increment().unwrap_or_else(|_| Ulid::from_parts(last.timestamp_ms() + 1, 0))
        };
        *last
    }

    async fn call<A: Hosted>(&self, firm: &FirmId, id: A::Id, call: Call<A::Command>) -> Result<Turn<A>, Fault> {
        if self.draining.load(Ordering::SeqCst) {
            return Err(Fault::Overloaded("the platform is shutting down"));
        }
        let (reply, answer) = oneshot::channel();
        let firm_handle = self.addressed::<A>(firm, &call)?;
        let job = Job { firm: firm_handle, request: A::request(id, call), letter: None, reply: Some(reply) };
        match self.shard_of(firm).try_send(Message::Job(job)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                metrics::counter!("engage_calls_refused_total").increment(1);
                return Err(Fault::Overloaded("too many calls are waiting"));
            }
            Err(TrySendError::Disconnected(_)) => return Err(Fault::Overloaded("the platform is shutting down")),
        }
        let reply: Reply = answer.await.map_err(|_| Fault::Overloaded("the platform is shutting down"))??;
        Ok(A::reply(reply).expect("a shard answers a call with a reply of the call's own kind"))
    }

    async fn standing(&self, firm: &FirmId, user: UserId) -> Result<Option<Standing>, Fault> {
        match self.handle(firm)?.standing(user) {
            Some(standing) => Ok(Some(standing)),
            None => Ok(self.peek::<User>(firm, user).await?.and_then(|answer| Standing::of(&answer.state))),
        }
    }

    async fn firm(&self, firm: &FirmId) -> Result<Arc<Firm>, Fault> {
        match self.handle(firm)?.state() {
            Some(state) => Ok(state),
            None => self.peek::<Firm>(firm, firm.clone()).await?.map(|answer| answer.state).ok_or(Fault::UnknownFirm),
        }
    }

    async fn messages(
        &self,
        firm: &FirmId,
        conversation: ConversationId,
        before: Option<Version>,
        limit: u32,
    ) -> Result<Vec<ChatMessage>, Fault> {
        self.read(firm, Source::Journal, move |db| read::messages(db, conversation, before, limit)).await
    }

    async fn events(
        &self,
        firm: &FirmId,
        conversation: ConversationId,
        after: Version,
        limit: u32,
    ) -> Result<Vec<Streamed>, Fault> {
        self.read(firm, Source::Journal, move |db| read::events(db, conversation, after, limit)).await
    }

    async fn party(&self, firm: &FirmId, id: PartyId) -> Result<Option<KeptParty>, Fault> {
        self.read(firm, Source::Journal, move |db| registry::party(db, id)).await
    }

    async fn parties_of(&self, firm: &FirmId, conversation: ConversationId) -> Result<Vec<KeptParty>, Fault> {
        self.read(firm, Source::Journal, move |db| registry::parties_of(db, conversation)).await
    }

    async fn parties(
        &self,
        firm: &FirmId,
        before: Option<i64>,
        role: Option<PartyRole>,
        limit: u32,
    ) -> Result<Vec<KeptParty>, Fault> {
        self.read(firm, Source::Journal, move |db| registry::parties_before(db, before, role, i64::from(limit))).await
    }

    async fn conflict(&self, firm: &FirmId, id: ConflictId) -> Result<Option<KeptConflict>, Fault> {
        self.read(firm, Source::Journal, move |db| registry::conflict(db, id)).await
    }

    fn subscribe(&self, firm: &FirmId, conversation: ConversationId) -> Watcher {
        // Where nothing will ever change any more, a closed channel says so: in a firm that is not kept here, and after the end.
        let closed = || watch::channel(()).1;
        let watcher = self.handle(firm).map_or_else(|_| closed(), |handle| handle.watch(conversation));
        // Looked at once the watcher stands: either the drain finds it, or the drain is seen here.
        Watcher(if self.draining.load(Ordering::SeqCst) { closed() } else { watcher })
    }

    async fn reconcile(&self, firm: &FirmId, actor: &Actor, dry_run: bool) -> Result<Reconciled, Fault> {
        let progress = Arc::clone(&self.handle(firm)?.compared);
        self.reconcile_with(firm, actor, dry_run, &progress).await
    }

    async fn rebuild(&self, firm: &FirmId, actor: &Actor) -> Result<Rebuilt, Fault> {
        self.rebuild_index(firm, actor).await
    }

    async fn verify(&self, firm: &FirmId) -> Result<Walk, Fault> {
        self.walk_chains(firm).await
    }

    async fn query<Q: Query>(
        &self,
        firm: &FirmId,
        query: Q,
        token: Option<Token>,
    ) -> Result<(Vec<Q::Row>, Freshness), Fault> {
        let (handle, query) = (self.handle(firm)?, Arc::new(query));
        match self.ask(firm, &handle, &query, token.as_ref()).await {
            Err(Fault::Storage(_)) if handle.is_outdated() => {
                Err(Fault::Overloaded("the index is being rebuilt for this version"))
            }
            Err(Fault::Storage(error)) => {
                // What is derived is built anew; whoever asks waits for it rather than hear of it.
                self.look_after_index(firm, &handle, &error);
                self.ask(firm, &handle, &query, token.as_ref()).await
            }
            answer => answer,
        }
    }

    async fn health(&self, firm: &FirmId) -> Result<Health, Fault> {
        self.health_of(firm)
    }

    async fn try_again(&self, firm: &FirmId, object: ObjectKey) -> Result<(), Fault> {
        self.have_tried_again(firm, object)
    }

    async fn journal_page(&self, firm: &FirmId, after: Place) -> Result<JournalPage, Fault> {
        self.lines_of(firm, after).await
    }

    async fn heads(
        &self,
        firm: &FirmId,
        after: Option<ObjectKey>,
        limit: i64,
    ) -> Result<(Vec<ObjectHead>, Option<ObjectKey>), Fault> {
        self.heads_of(firm, after, limit).await
    }

    async fn receive(&self, firm: &FirmId, lines: Vec<Line>) -> Result<Landed, Fault> {
        self.take_in(firm, lines).await
    }

    async fn abandon(&self, firm: &FirmId) -> Result<(), Fault> {
        self.forget_lines(firm).await
    }
}
