//! One firm's journal as its shard holds it: the writing connection, the counters, the alarms.
//!
//! A batch is one transaction. If any statement or the commit fails, nothing of the batch happened: the transaction is rolled back, the
//! activations it touched are dropped, the counters are read anew, and every caller of the batch is told of the fault.

use std::sync::Arc;

use engage_app::{Fault, screening::MemoryScreens};
use engage_domain::{Conversation, Firm, FirmId, Kind, Timestamp, User};
use engage_journal::{
    Activation, Call, Error, Ground, Hosted, Intent, Journal, ObjectKey, Reply, Request, Screens, registry,
    store::{self, COMMAND_TTL_MS},
};
use hashlink::LruCache;
use tokio::sync::oneshot;

use crate::{firm::FirmHandle, screens, sqlite::Db};

/// Answers to named commands forgotten in one go, so that no batch waits long for the cleaning.
const PRUNE_MAX: i64 = 2_000;
/// How often they are looked for.
const PRUNE_EVERY_MS: i64 = COMMAND_TTL_MS / 48;
/// Letters delivered in one batch.
const LETTERS_MAX: i64 = 64;
/// How long a letter waits whose conversation cannot be read.
const LETTER_RETRY_MS: i64 = 60_000;

/// A call on its way through a shard.
pub(crate) struct Job {
    pub firm: Arc<FirmHandle>,
    pub request: Request,
    /// The letter that it delivers.
    pub letter: Option<i64>,
    /// Nobody waits for what an alarm led to.
    pub reply: Option<oneshot::Sender<Result<Reply, Fault>>>,
}

/// An object in memory, of whichever kind.
#[derive(Debug)]
pub(crate) enum Active {
    Conversation(Activation<Conversation>),
    User(Activation<User>),
    Firm(Activation<Firm>),
}

/// The objects in memory, of all of a shard's firms.
pub(crate) type Cache = LruCache<(FirmId, ObjectKey), Active>;

/// One firm's journal, open for writing.
pub(crate) struct Writer {
    pub firm: Arc<FirmHandle>,
    db: Db,
    journal: Journal,
    /// The earliest alarm and whose it is.
    pub alarm: Option<(ObjectKey, Timestamp)>,
    pruned_at: Timestamp,
    /// The names of the firm's parties, from the first call that screens one.
    screens: Option<MemoryScreens>,
}

/// Ties each kind of aggregate to its variant of [`Active`].
trait Cached: Hosted {
    fn wrap(activation: Activation<Self>) -> Active;
    fn unwrap(active: &mut Active) -> Option<&mut Activation<Self>>;
    fn into_reply(turn: engage_journal::Turn<Self>) -> Reply;
}

macro_rules! cached {
    ($kind:ident) => {
        impl Cached for $kind {
            fn wrap(activation: Activation<Self>) -> Active {
                Active::$kind(activation)
            }

            fn unwrap(active: &mut Active) -> Option<&mut Activation<Self>> {
                match active {
                    Active::$kind(activation) => Some(activation),
                    _ => None,
                }
            }

            fn into_reply(turn: engage_journal::Turn<Self>) -> Reply {
                Reply::$kind(turn)
            }
        }
    };
}

cached!(Conversation);
cached!(User);
cached!(Firm);

impl Active {
    fn flush(&mut self, db: &mut Db) -> Result<(), Error> {
        match self {
            Self::Conversation(activation) => activation.flush(db),
            Self::User(activation) => activation.flush(db),
            Self::Firm(activation) => activation.flush(db),
        }
    }
}

/// Fresh random bits for ids, from the operating system.
fn random() -> u128 {
    let mut bytes = [0; 16];
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that ids take their randomness from")]
    getrandom::fill(&mut bytes).expect("the operating system has random bytes; without them nothing here is safe");
    u128::from_le_bytes(bytes)
}

impl Writer {
    /// Opens the firm's journal, brings its tables up to date and tells the others where it stands.
    pub(crate) fn open(firm: &Arc<FirmHandle>, now: Timestamp) -> Result<Self, Error> {
        let mut db = Db::journal(&firm.journal_path())?;
        db.transaction(|db| store::migrate(db, now))?;
        let journal = Journal::open(&mut db, firm.id.clone())?;
        let alarm = earliest(&mut db, &firm.id)?;
        let key = ObjectKey { kind: Kind::Firm, name: firm.id.as_str().into() };
        let state = Activation::<Firm>::load(&mut db, key)?;
        // In this order: whoever sees the state takes it that the journal's end is known.
        firm.committed(journal.last_seq(), now);
        firm.publish_state(&state.state);
        Ok(Self { firm: Arc::clone(firm), db, journal, alarm, pruned_at: Timestamp::from_millis(0), screens: None })
    }

    /// Leaves everything in `journal.db` itself. Closing would not: a reader's connection closes later and cannot write.
    pub(crate) fn close(mut self) {
        if let Err(error) = self.db.checkpoint() {
            tracing::warn!(firm = %self.firm.id, error = &error as &dyn std::error::Error, "the write-ahead log was left as it is; nothing is lost");
        }
    }

    /// Runs the calls of a batch, in order, and answers each after the commit. False when the batch failed.
    pub(crate) fn run(&mut self, cache: &mut Cache, jobs: Vec<Job>, now: Timestamp) -> bool {
        let (mut replies, mut touched) = (Vec::with_capacity(jobs.len()), Vec::with_capacity(jobs.len()));
        let done = self.run_all(cache, &jobs, &mut replies, &mut touched, now);
        match done {
            Ok(()) => {
                self.publish(cache, &touched, now);
                metrics::counter!("engage_turns_total").increment(replies.len() as u64);
                for (job, reply) in jobs.into_iter().zip(replies) {
                    answer(job, reply);
                }
                true
            }
            Err(error) => {
                self.db.rollback();
                // They may hold a party that was never registered.
                self.screens = None;
                for key in touched {
                    cache.remove(&(self.firm.id.clone(), key));
                }
                tracing::error!(firm = %self.firm.id, error = &error as &dyn std::error::Error, "a batch failed; nothing of it was acknowledged");
                metrics::counter!("engage_batch_failures_total").increment(1);
                self.recover(now);
                let error = Arc::new(error);
                for job in jobs {
                    answer(job, Err(Fault::Storage(Arc::clone(&error))));
                }
                false
            }
        }
    }

    fn run_all(
        &mut self,
        cache: &mut Cache,
        jobs: &[Job],
        replies: &mut Vec<Result<Reply, Fault>>,
        touched: &mut Vec<ObjectKey>,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.db.begin()?;
        for job in jobs {
            let reply = match &job.request {
                Request::Conversation(id, call) => {
                    self.call::<Conversation>(cache, id.to_string(), call, touched, now)?
                }
                Request::User(id, call) => self.call::<User>(cache, id.to_string(), call, touched, now)?,
                Request::Firm(id, call) => self.call::<Firm>(cache, id.to_string(), call, touched, now)?,
            };
            if let Some(letter) = job.letter {
                match &reply {
                    Ok(_) => registry::delivered(&mut self.db, letter)?,
                    Err(_) => registry::postpone(&mut self.db, letter, now.plus_millis(LETTER_RETRY_MS))?,
                }
            }
            replies.push(reply);
        }
        for key in &*touched {
            if let Some(active) = cache.get_mut(&(self.firm.id.clone(), key.clone())) {
                active.flush(&mut self.db)?;
            }
        }
        if now.as_millis() - self.pruned_at.as_millis() >= PRUNE_EVERY_MS {
            let pruned = store::prune_commands(&mut self.db, now, PRUNE_MAX)?;
            if pruned < PRUNE_MAX as usize {
                self.pruned_at = now;
            }
        }
        self.db.commit()
    }

    /// One call. The outer error ends the batch; the inner one is this call's alone, before it wrote anything.
    fn call<A: Cached>(
        &mut self,
        cache: &mut Cache,
        name: String,
        call: &Call<A::Command>,
        touched: &mut Vec<ObjectKey>,
        now: Timestamp,
    ) -> Result<Result<Reply, Fault>, Error> {
        let key = ObjectKey { kind: A::KIND, name: name.into() };
        let slot = (self.firm.id.clone(), key.clone());
        if !cache.contains_key(&slot) {
            match Activation::<A>::load(&mut self.db, key.clone()) {
                Ok(activation) => {
                    metrics::counter!("engage_activations_total").increment(1);
                    cache.insert(slot.clone(), A::wrap(activation));
                }
                // One damaged object must not stop the others of its batch.
                Err(error @ Error::Corrupt(_)) => {
                    tracing::error!(firm = %self.firm.id, error = &error as &dyn std::error::Error, "an object cannot be activated");
                    return Ok(Err(Fault::Storage(Arc::new(error))));
                }
                Err(error) => return Err(error),
            }
        }
        let activation =
            cache.get_mut(&slot).and_then(A::unwrap).expect("inserted above, under a key that holds the kind");
        touched.push(key);
        let mut random = random;
        if let Intent::Command(command) = &call.intent
            && A::inquiry(command).is_some()
            && self.screens.is_none()
        {
            // Nothing of this batch has registered anybody yet: whoever does takes the screens up first.
            self.screens = Some(screens::load(&self.firm.journal_path())?);
        }
        let screens = self.screens.as_mut().map(|screens| screens as &mut dyn Screens);
        let mut ground = Ground { now, random: &mut random, screens };
        let turn = self.journal.turn(&mut self.db, activation, call, &mut ground)?;
        if !activation.exists() {
            // Asking for what does not exist must not fill the memory.
            cache.remove(&slot);
        }
        Ok(Ok(A::into_reply(turn)))
    }

    /// Tells the readers, the follower and whoever watches what is durable now.
    fn publish(&mut self, cache: &mut Cache, touched: &[ObjectKey], now: Timestamp) {
        for key in touched {
            match cache.get(&(self.firm.id.clone(), key.clone())) {
                Some(Active::Conversation(activation)) => {
                    if let Ok(id) = activation.key.name.parse() {
                        self.firm.announce(id);
                    }
                }
                Some(Active::User(activation)) => {
                    if let Ok(id) = activation.key.name.parse() {
                        self.firm.publish_user(id, &activation.state);
                    }
                }
                Some(Active::Firm(activation)) => self.firm.publish_state(&activation.state),
                None => {}
            }
        }
        self.firm.committed(self.journal.last_seq(), now);
        // Both are asked, so that neither is left for the next time.
        if self.journal.take_alarms_changed() | self.journal.take_letters_posted() {
            self.read_alarm();
        }
    }

    pub(crate) fn read_alarm(&mut self) {
        match earliest(&mut self.db, &self.firm.id) {
            Ok(alarm) => self.alarm = alarm,
            Err(error) => {
                tracing::error!(firm = %self.firm.id, error = &error as &dyn std::error::Error, "alarms cannot be read");
            }
        }
    }

    /// After a failed batch: the counters as they are on disk. If even that fails, the next batch meets the same fault.
    fn recover(&mut self, now: Timestamp) {
        match Journal::open(&mut self.db, self.firm.id.clone()) {
            Ok(journal) => {
                self.journal = journal;
                self.read_alarm();
            }
            Err(error) => {
                tracing::error!(firm = %self.firm.id, error = &error as &dyn std::error::Error, "the journal cannot be read");
            }
        }
        self.firm.committed(self.journal.last_seq(), now);
    }

    /// The letters that are due, as calls on their conversations: each its own turn, as if they shared no journal with the firm.
    pub(crate) fn letters(&mut self, now: Timestamp) -> Vec<Job> {
        let due = registry::letters_due(&mut self.db, now, LETTERS_MAX).unwrap_or_else(|error| {
            tracing::error!(firm = %self.firm.id, error = &error as &dyn std::error::Error, "letters cannot be read");
            vec![]
        });
        let job = |letter: registry::Letter| {
            let call = Call::new(engage_domain::Actor::SYSTEM, Intent::Command(letter.command()));
            let request = Conversation::request(letter.outcome.conversation, call);
            Job { firm: Arc::clone(&self.firm), request, letter: Some(letter.id), reply: None }
        };
        due.into_iter().map(job).collect()
    }

    /// The call that a due alarm stands for; none when no alarm is due.
    pub(crate) fn due(&mut self, cache: &mut Cache, now: Timestamp) -> Option<Request> {
        let (key, due) = self.alarm.take_if(|(_, due)| *due <= now)?;
        let slot = (self.firm.id.clone(), key.clone());
        let request = match key.kind {
            Kind::Conversation => self.alarm_request::<Conversation>(cache, &slot),
            Kind::User => self.alarm_request::<User>(cache, &slot),
            Kind::Firm => self.alarm_request::<Firm>(cache, &slot),
        };
        match request {
            Ok(Some(request)) => return Some(request),
            Ok(None) | Err(Error::Corrupt(_)) => {
                // It can no longer be answered; left standing it would wake the shard for ever.
                tracing::warn!(firm = %self.firm.id, object = %key.name, "an alarm was dropped");
                let dropped = self.db.transaction(|db| store::drop_alarm(db, &key));
                if dropped.is_ok() {
                    self.read_alarm();
                }
            }
            Err(error) => {
                tracing::error!(firm = %self.firm.id, object = %key.name, error = &error as &dyn std::error::Error, "an alarm has to wait");
                self.alarm = Some((key, due));
            }
        }
        None
    }

    /// What the object's alarm asks for; none when it has none.
    fn alarm_request<A: Cached>(
        &mut self,
        cache: &mut Cache,
        slot: &(FirmId, ObjectKey),
    ) -> Result<Option<Request>, Error> {
        if !cache.contains_key(slot) {
            cache.insert(slot.clone(), A::wrap(Activation::<A>::load(&mut self.db, slot.1.clone())?));
        }
        let Some(activation) = cache.get_mut(slot).and_then(A::unwrap) else { return Ok(None) };
        let command = activation.state.alarm().and(activation.state.on_alarm());
        let call = command.map(|command| Call::new(engage_domain::Actor::SYSTEM, Intent::Command(command)));
        let id = slot.1.name.parse().ok();
        Ok(id.zip(call).map(|(id, call)| A::request(id, call)))
    }
}

/// The earliest alarm, whose it is, and when; letters that wait are an alarm of the firm's.
fn earliest(db: &mut Db, firm: &FirmId) -> Result<Option<(ObjectKey, Timestamp)>, Error> {
    let alarm = store::earliest_alarm(db)?;
    let letter = registry::next_letter(db)?;
    let letter = letter.map(|due| (ObjectKey { kind: Kind::Firm, name: firm.as_str().into() }, due));
    Ok(alarm.into_iter().chain(letter).min_by_key(|(_, due)| *due))
}

pub(crate) fn answer(job: Job, reply: Result<Reply, Fault>) {
    // A caller who has gone away missed the answer, not the effect.
    if let Some(sender) = job.reply {
        let _ = sender.send(reply);
    }
}
