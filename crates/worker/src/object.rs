//! A Durable Object that hosts an aggregate: a journal of one object in its own storage, turns one after another, one alarm.
//!
//! Guarantees: a turn is one transaction, and its answer leaves when that is durable (the runtime's output gate); between a turn's reading and
//! its writing nothing else runs, for nothing is awaited there; the alarm that the runtime holds is never later than what is due: it moves
//! with the write that makes something due.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    rc::Rc,
};

use engage_app::{
    runtime::newest,
    screening::{TableScreens, WarmScreens},
};
use engage_domain::{Actor, Conversation, FirmId, Kind, Timestamp, Version};
use engage_journal::{
    Activation, Call, CommandId, Error, Ground, Hosted, Intent, Journal, Message, ObjectKey, Sql, Turn, Value, read,
    registry, sql::first, store,
};
use futures_channel::oneshot;
use futures_util::{FutureExt, future};
use serde::Serialize;
use worker::{Env, State};

use crate::{
    directory,
    maintenance::Backlog,
    outbox::Outbox,
    platform::{self, ObjectStorage},
    push::Pushed,
    run::{self, Progress},
    transfer,
    wire::{Answered, Ask, Envelope},
};

/// What an object keeps beside its journal: its own name, for nobody tells it when an alarm wakes it, and how far its index has come.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS host (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  firm TEXT NOT NULL,
  name TEXT NOT NULL,
  pushed INTEGER NOT NULL DEFAULT 0,     -- the last entry that the index holds
  failures INTEGER NOT NULL DEFAULT 0    -- tries since that came to nothing
) STRICT;";

/// How long after a write an alarm looks whether the index has it.
const PUSH_LATEST_MS: i64 = 5_000;
/// How long a question for changes is kept waiting.
const PATIENCE_MS: u64 = 20_000;

/// The object.
pub(crate) struct Object<A: Hosted> {
    pub(crate) state: State,
    pub(crate) env: Env,
    pub(crate) storage: ObjectStorage,
    live: RefCell<Option<Live<A>>>,
    /// Who waits for the next entry.
    waiting: RefCell<Vec<oneshot::Sender<()>>>,
    /// The alarm that the runtime holds, as far as this instance knows.
    alarm: Cell<Option<Timestamp>>,
    /// Whether the tables are there and of this version.
    ready: Cell<bool>,
    pub(crate) pushing: Cell<bool>,
    pub(crate) delivering: Cell<bool>,
    pub(crate) stepping: Cell<bool>,
    /// Whether this is a firm that is being brought in, once that was looked at.
    pub(crate) arriving: Cell<Option<bool>>,
    /// Whether this one saw to it that the index has its tables.
    pub(crate) indexed: Cell<bool>,
    pub(crate) outbox: Outbox,
}

/// The object in memory.
struct Live<A> {
    journal: Journal,
    activation: Activation<A>,
    screens: WarmScreens,
}

impl<A: Hosted> Object<A> {
    pub(crate) fn new(state: State, env: Env) -> Self {
        Self {
            storage: ObjectStorage::of(&state),
            state,
            env,
            live: RefCell::new(None),
            waiting: RefCell::default(),
            alarm: Cell::new(None),
            ready: Cell::new(false),
            pushing: Cell::new(false),
            delivering: Cell::new(false),
            stepping: Cell::new(false),
            arriving: Cell::new(None),
            indexed: Cell::new(false),
            outbox: Outbox::default(),
        }
    }

    /// Answers a question.
    pub(crate) async fn answer(self: Rc<Self>, asked: &str) -> String {
        let Envelope { firm, name, ask } = match serde_json::from_str::<Envelope<A::Command>>(asked) {
            Ok(envelope) => envelope,
            Err(error) => {
                return written(Err::<(), _>(Error::Corrupt(format!("a question that cannot be read: {error}"))));
            }
        };
        let mut sql = self.storage.clone();
        match self.is_arriving() {
            Ok(false) => {}
            Ok(true) => return self.answer_arriving(&firm, &name, ask).await,
            Err(error) => return written(Err::<(), _>(error)),
        }
        match ask {
            Ask::Call(call) => written(self.call(&firm, &name, &call)),
            Ask::Read { call, before, limit } => written(self.read(&firm, &name, &call, before, limit)),
            Ask::Changed { seen } => written(self.changed(seen).await),
            // What came of it is on the index's list.
            Ask::Push => written(Ok(Rc::clone(&self).push().await.unwrap_or(false))),
            Ask::Enrol { kind, name: object, command } => written(
                self.set_up(&firm, &name)
                    .and_then(|()| sql.transaction(|sql| directory::enrol(sql, kind, &object, command.as_ref()))),
            ),
            Ask::Compare(mode) => written(Rc::clone(&self).compare(mode).await),
            Ask::Head => written(self.head()),
            Ask::Walk => written(self.walk(&firm, &name)),
            Ask::Lines(last) => written(self.lines(&last)),
            Ask::TakeIn(lines) => written(self.take_in(&firm, &name, lines)),
            Ask::Forget => written(self.forget().await),
            Ask::Arrive { keys, commands } => written(self.arrive(&firm, &keys, &commands)),
            Ask::Abandon => written(Ok(false)),
            ask if !self.is_set_up() => match ask {
                Ask::Party(_) | Ask::Conflict(_) => written(Ok(None::<()>)),
                Ask::Backlog => written(Ok(Backlog::default())),
                Ask::Heads { .. } => written(Ok(([(); 0], None::<()>))),
                Ask::Begin { .. } | Ask::Step | Ask::Arrived => {
                    written(Err::<(), _>(Error::Corrupt("there is no such firm".into())))
                }
                _ => written(Ok([(); 0])),
            },
            ask => match self.set_up(&firm, &name) {
                Ok(()) => self.answer_stored(&firm, &name, ask).await,
                Err(error) => written(Err::<(), _>(error)),
            },
        }
    }

    /// Answers a question about what is stored.
    async fn answer_stored(self: &Rc<Self>, firm: &FirmId, name: &str, ask: Ask<A::Command>) -> String {
        let mut sql = self.storage.clone();
        match ask {
            Ask::Messages { before, limit } => {
                written(self.named(name).and_then(|id| read::messages(&mut sql, id, before, limit)))
            }
            Ask::Events { after, limit } => {
                written(self.named(name).and_then(|id| read::events(&mut sql, id, after, limit)))
            }
            Ask::Party(id) => written(registry::party(&mut sql, id)),
            Ask::PartiesOf(id) => written(registry::parties_of(&mut sql, id)),
            Ask::Parties { before, role, limit } => {
                written(registry::parties_before(&mut sql, before, role, i64::from(limit)))
            }
            Ask::Conflict(id) => written(registry::conflict(&mut sql, id)),
            Ask::Begin { actor, purpose } => written(self.begin_run(actor, purpose)),
            Ask::Step => written(self.step().await),
            Ask::Holds { table, keys } => written(self.holds(firm, &table, &keys)),
            Ask::Lags { kind, name, since, entries, failures } => {
                written(directory::lags(&mut sql, kind, &name, since, entries, failures))
            }
            Ask::Backlog => written(self.backlog(firm).await),
            Ask::Heads { after, limit } => written(self.heads(firm, after, limit).await),
            Ask::Walks { after } => written(self.walks(firm, after.as_ref()).await),
            Ask::Directory { after, limit } => written(directory::page(&mut sql, after.as_ref(), limit)),
            _ => written(Err::<(), _>(Error::Corrupt("a question that is answered elsewhere".into()))),
        }
    }

    /// Answers a question to a firm that is being brought in: but for what brings it, it is not there.
    async fn answer_arriving(self: &Rc<Self>, firm: &FirmId, name: &str, ask: Ask<A::Command>) -> String {
        match ask {
            Ask::Call(Call { intent: Intent::Peek, .. }) => written(Ok(Turn::<A>::NotFound)),
            Ask::Arrive { keys, commands } => written(self.arrive(firm, &keys, &commands)),
            Ask::TakeIn(lines) => written(self.take_in(firm, name, lines)),
            Ask::Heads { after, limit } => written(self.heads(firm, after, limit).await),
            Ask::Arrived => written(self.arrived()),
            Ask::Abandon => written(self.abandon(firm).await),
            _ => written(Err::<(), _>(Error::Storage {
                operation: format!("ask the firm {firm}"),
                message: "it is being brought in from elsewhere".into(),
                transient: true,
                source: None,
            })),
        }
    }

    /// Forgets what is in memory: what is stored has become another.
    pub(crate) fn drop_live(&self) {
        *self.live.borrow_mut() = None;
        self.outbox.forget();
    }

    /// Nothing is stored any more.
    pub(crate) fn begin_anew(&self) {
        self.ready.set(false);
        self.alarm.set(None);
        self.indexed.set(false);
        self.outbox.forget();
        self.arriving.set(None);
    }

    /// Has the runtime wake this object for what is due.
    pub(crate) fn reschedule(&self) -> Result<(), Error> {
        let due = match &*self.live.borrow() {
            Some(live) => live.due(&mut self.storage.clone(), None)?,
            None => None,
        };
        self.schedule(due)
    }

    fn named(&self, name: &str) -> Result<engage_domain::ConversationId, Error> {
        name.parse().map_err(|_| Error::Corrupt(format!("a conversation called {name:?}")))
    }

    /// Whether there are tables. Without an object nobody makes any, so that asking for what is not there leaves nothing behind.
    pub(crate) fn is_set_up(&self) -> bool {
        let text = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'host'";
        self.ready.get() || matches!(first(&mut self.storage.clone(), text, &[], |row| row.integer(0)), Ok(Some(_)))
    }

    /// Makes the tables, and brings those of an earlier version up to this one.
    pub(crate) fn set_up(&self, firm: &FirmId, name: &str) -> Result<(), Error> {
        if self.ready.get() {
            return Ok(());
        }
        self.storage.clone().transaction(|sql| {
            store::migrate(sql, platform::now())?;
            sql.script(SCHEMA)?;
            let params = [Value::Text(firm.as_str()), Value::Text(name)];
            sql.execute("INSERT OR IGNORE INTO host (id, firm, name) VALUES (1, ?1, ?2)", &params)?;
            if A::KIND == Kind::Firm {
                sql.script(directory::SCHEMA)?;
                sql.script(run::SCHEMA)?;
                sql.script(transfer::SCHEMA)?;
                directory::note(sql, Kind::Firm, name)?;
                let screens = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'screen'";
                if first(sql, screens, &[], |row| row.integer(0))?.is_none() {
                    TableScreens::create(sql)?;
                }
            }
            Ok(())
        })?;
        self.ready.set(true);
        Ok(())
    }

    fn load(&self, firm: &FirmId, name: &str) -> Result<Live<A>, Error> {
        self.set_up(firm, name)?;
        let mut sql = self.storage.clone();
        let key = ObjectKey { kind: A::KIND, name: name.into() };
        let mut journal = Journal::open(&mut sql, firm.clone())?;
        journal.keep_appended();
        let activation = Activation::load(&mut sql, key)?;
        self.take_up(journal.last_seq(), &activation)?;
        Ok(Live { journal, activation, screens: WarmScreens::default() })
    }

    /// One turn.
    pub(crate) fn call(self: &Rc<Self>, firm: &FirmId, name: &str, call: &Call<A::Command>) -> Result<Turn<A>, Error> {
        let creates = matches!(&call.intent, Intent::Command(command) if A::creates(command));
        let mut slot = self.live.borrow_mut();
        let live = match &mut *slot {
            Some(live) => live,
            empty => {
                if !creates && !self.is_set_up() {
                    return Ok(Turn::NotFound);
                }
                empty.insert(self.load(firm, name)?)
            }
        };
        let before = live.journal.last_seq();
        // Whoever begins something again under the same name is judged as the first time: as if it were not there. The answer is the first
        // one, and nothing is written.
        let mut first_time = match &call.command_id {
            Some(named) if creates && self.is_answered(named)? => Some(Activation::new(live.activation.key.clone())),
            _ => None,
        };
        let now = platform::now();
        let turned = self.storage.clone().transaction(|sql| {
            let mut ground = Ground {
                now,
                random: &mut platform::random_bits,
                screens: if A::KIND == Kind::Firm { Some(&mut live.screens) } else { None },
            };
            if let Some(first_time) = &mut first_time {
                return live.journal.turn(sql, first_time, call, &mut ground);
            }
            let turn = live.journal.turn(sql, &mut live.activation, call, &mut ground)?;
            live.activation.flush(sql)?;
            if live.journal.last_seq() > before {
                self.schedule(live.due(sql, Some(now.plus_millis(PUSH_LATEST_MS)))?)?;
            }
            Ok(turn)
        });
        let wrote = live.journal.last_seq() > before;
        let posted = live.journal.take_letters_posted();
        let appended = live.journal.take_appended();
        if turned.is_err() {
            // What is in memory may be ahead of what is stored, and so may the alarm.
            *slot = None;
            self.alarm.set(None);
            return turned;
        }
        drop(slot);
        if wrote {
            self.outbox.add(appended);
            for waiting in self.waiting.take() {
                // One that has gone away needs nothing.
                let _ = waiting.send(());
            }
            let this = Rc::clone(self);
            self.state.wait_until(async move {
                if posted {
                    this.deliver().await;
                }
                // An error is noted where it happens, and the alarm tries again.
                let _ = this.push().await;
            });
        }
        turned
    }

    /// One turn, and messages as of then.
    fn read(
        self: &Rc<Self>,
        firm: &FirmId,
        name: &str,
        call: &Call<A::Command>,
        before: Option<Version>,
        limit: u32,
    ) -> Result<(Turn<A>, Vec<Message>), Error> {
        let turn = self.call(firm, name, call)?;
        let state = match &turn {
            Turn::Done(answer) => (&*answer.state as &dyn Any).downcast_ref::<Conversation>(),
            _ => None,
        };
        let messages = match state.and_then(|state| newest(state, before)) {
            Some(before) => read::messages(&mut self.storage.clone(), self.named(name)?, Some(before), limit)?,
            None => vec![],
        };
        Ok((turn, messages))
    }

    /// Whether a command of that name has an answer.
    fn is_answered(&self, named: &CommandId) -> Result<bool, Error> {
        let text = "SELECT 1 FROM command WHERE id = ?1";
        let found = first(&mut self.storage.clone(), text, &[Value::Text(&named.id)], |row| row.integer(0))?;
        Ok(found.is_some())
    }

    /// Moves the runtime's alarm forward to `due`, unless it is earlier already.
    pub(crate) fn schedule(&self, due: Option<Timestamp>) -> Result<(), Error> {
        let Some(due) = due else { return Ok(()) };
        if self.alarm.get().is_some_and(|set| set <= due && set > platform::now()) {
            return Ok(());
        }
        self.storage.set_alarm(due)?;
        self.alarm.set(Some(due));
        Ok(())
    }

    /// The number of the last entry, once it is another than `seen`, or after a while.
    async fn changed(self: &Rc<Self>, seen: i64) -> Result<i64, Error> {
        let last = |this: &Self| {
            this.live.borrow().as_ref().map_or_else(|| this.last_stored(), |live| Ok(live.journal.last_seq()))
        };
        let now = last(self)?;
        if now != seen {
            return Ok(now);
        }
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().push(sender);
        let patience = Box::pin(platform::sleep(PATIENCE_MS));
        future::select(receiver, patience).map(drop).await;
        last(self)
    }

    pub(crate) fn last_stored(&self) -> Result<i64, Error> {
        if !self.is_set_up() {
            return Ok(0);
        }
        let text = "SELECT coalesce(max(seq), 0) FROM entry";
        Ok(first(&mut self.storage.clone(), text, &[], |row| row.integer(0))?.unwrap_or(0))
    }

    /// Does what is due, and has itself woken again for the rest.
    pub(crate) async fn wake(self: Rc<Self>) {
        self.alarm.set(None);
        let retry = match self.work_off().await {
            Ok(true) => None,
            // Somebody else is at it, and may not come to the end.
            Ok(false) => Some(platform::now().plus_millis(PUSH_LATEST_MS)),
            Err(error) => {
                platform::log("an alarm has to be tried again", &error);
                Some(platform::now().plus_millis(self.backoff_ms()))
            }
        };
        let next = match &*self.live.borrow() {
            Some(live) => live.due(&mut self.storage.clone(), retry),
            None => Ok(retry),
        };
        // The runtime tries an alarm that fails a few times only, so one is always set before this ends well.
        let next = next.unwrap_or(Some(platform::now().plus_millis(PUSH_LATEST_MS)));
        if let Err(error) = self.schedule(next) {
            platform::log("an alarm cannot be set", &error);
        }
    }

    /// Whether the index then holds everything.
    async fn work_off(self: &Rc<Self>) -> Result<bool, Error> {
        let Some(Pushed { firm, name, .. }) = self.host()? else { return Ok(true) };
        if self.is_arriving()? {
            return Ok(true);
        }
        if self.live.borrow().is_none() {
            let live = self.load(&firm, &name)?;
            *self.live.borrow_mut() = Some(live);
        }
        let due = match &*self.live.borrow() {
            Some(live) if live.activation.state.alarm().is_some_and(|due| due <= platform::now()) => {
                live.activation.state.on_alarm()
            }
            _ => None,
        };
        if let Some(command) = due {
            self.call(&firm, &name, &Call::new(Actor::SYSTEM, Intent::Command(command)))?;
        }
        self.deliver().await;
        if self.is_running()? && matches!(self.step().await?, Progress::Running) {
            // In an alarm of its own, so that each has its full time.
            self.schedule(Some(platform::now()))?;
        }
        Rc::clone(self).push().await
    }

    /// The state and where it stands, for what is made of it.
    pub(crate) fn with_live<T>(
        &self,
        firm: &FirmId,
        name: &str,
        work: impl FnOnce(&Activation<A>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut slot = self.live.borrow_mut();
        let live = match &mut *slot {
            Some(live) => live,
            empty => empty.insert(self.load(firm, name)?),
        };
        work(&live.activation)
    }
}

impl<A: Hosted> Live<A> {
    /// The earliest of what is to be done: what the object wants, the letters that wait, and `other`.
    fn due(&self, sql: &mut dyn Sql, other: Option<Timestamp>) -> Result<Option<Timestamp>, Error> {
        let letter = if A::KIND == Kind::Firm { registry::next_letter(sql)? } else { None };
        Ok([self.activation.state.alarm(), letter, other].into_iter().flatten().min())
    }
}

fn written<T: Serialize>(answer: Result<T, Error>) -> String {
    let answer: Answered<T> = answer.map_err(Into::into);
    serde_json::to_string(&answer).unwrap_or_else(|error| {
        format!(
            r#"{{"Err":{{"transient":false,"message":"an answer cannot be written: {}"}}}}"#,
            error.to_string().replace(['"', '\\'], "'")
        )
    })
}
