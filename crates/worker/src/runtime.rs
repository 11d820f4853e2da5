//! The port of `app` over Durable Objects and D1.
//!
//! Who may come in is asked at each request, of the firm and of the user. An isolate remembers the answers for [`REMEMBERED_MS`], and what
//! passes through it at once, so a suspension or a revocation is in force everywhere after that long, and at once where it was made.

use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use engage_app::{
    Fault, Freshness, Runtime, Standing,
    placement::Jurisdiction,
    runtime::{Changes, Health, JournalPage, Token},
    transfer::Landed,
};
use engage_domain::{
    Actor, ConflictId, Conversation, ConversationId, Firm, FirmId, Kind, PartyId, Timestamp, User, UserId, Version,
    conversation, registry::PartyRole,
};
use engage_index::{
    Query,
    reconciliation::{Rebuilt, Reconciled},
    scan::VersionOf,
};
use engage_journal::{
    Answer, Call, Error, Hosted, Intent, Message, ObjectKey, Streamed, Turn,
    registry::{KeptConflict, KeptParty},
    transfer::{Line, ObjectHead, Place},
    verify::Walk,
};
use serde::de::DeserializeOwned;
use ulid::Ulid;
use worker::{
    Env,
    send::{SendFuture, SendWrapper},
};

use crate::{
    maintenance::Backlog,
    platform::{self, Index},
    wire::{self, Ask},
};

/// How long what a firm or a user said of itself is believed.
pub(crate) const REMEMBERED_MS: i64 = 1_000;
/// Most firms and users remembered.
const REMEMBERED_MAX: usize = 10_000;
/// How long a list waits for the index to hold what its consistency token asks for.
const CONSISTENCY_WAIT_MS: i64 = 2_000;
/// How long it rests between two looks.
const CONSISTENCY_REST_MS: u64 = 20;

/// The platform on Cloudflare, as one isolate sees it.
pub(crate) struct Cloudflare {
    env: SendWrapper<Env>,
    firms: Mutex<HashMap<FirmId, (Timestamp, Arc<Firm>)>>,
    standings: Mutex<HashMap<(FirmId, UserId), (Timestamp, Standing)>>,
    backlogs: Mutex<HashMap<FirmId, (Timestamp, Backlog)>>,
    last_ulid: Mutex<Ulid>,
}

pub(crate) fn fault(error: Error) -> Fault {
    platform::log("a question to the platform failed", &error);
    Fault::Storage(Arc::new(error))
}

impl Cloudflare {
    pub(crate) fn new(env: Env) -> Self {
        Self {
            env: SendWrapper::new(env),
            firms: Mutex::default(),
            standings: Mutex::default(),
            backlogs: Mutex::default(),
            last_ulid: Mutex::new(Ulid::nil()),
        }
    }

    pub(crate) fn env(&self) -> &Env {
        &self.env
    }

    pub(crate) async fn ask<A: Hosted, T: DeserializeOwned>(
        &self,
        firm: &FirmId,
        name: &str,
        ask: Ask<A::Command>,
    ) -> Result<T, Fault> {
        wire::ask::<A, T>(&self.env, firm, name, ask).await.map_err(fault)
    }

    async fn turn<A: Hosted>(&self, firm: &FirmId, id: A::Id, call: Call<A::Command>) -> Result<Turn<A>, Fault> {
        let mut name: Box<str> = id.to_string().into();
        let creates = matches!(&call.intent, Intent::Command(command) if A::creates(command));
        if creates && A::KIND != Kind::Firm {
            let command = call.command_id.clone();
            name = self.ask::<Firm, _>(firm, firm.as_str(), Ask::Enrol { kind: A::KIND, name, command }).await?;
        }
        let turn: Turn<A> = self.ask::<A, _>(firm, &name, Ask::Call(call)).await?;
        if let Turn::Done(answer) = &turn
            && !answer.replayed
        {
            self.remember(firm, answer);
        }
        Ok(turn)
    }

    /// Keeps what a turn said of a firm or a user; not the first answer to a command that came again, which may be old.
    fn remember<A: Hosted>(&self, firm: &FirmId, answer: &Answer<A>) {
        let now = platform::now();
        let state: Arc<dyn Any + Send + Sync> = Arc::<A>::clone(&answer.state);
        match state.downcast::<Firm>() {
            Ok(state) => keep(&self.firms, firm.clone(), (now, state)),
            Err(state) => {
                let standing = state.downcast_ref::<User>().and_then(Standing::of);
                if let (Some(standing), Ok(user)) = (standing, answer.id.to_string().parse()) {
                    keep(&self.standings, (firm.clone(), user), (now, standing));
                }
            }
        }
    }

    async fn state<A: Hosted>(&self, firm: &FirmId, id: A::Id) -> Result<Option<Arc<A>>, Fault> {
        Ok(match self.turn::<A>(firm, id, Call::new(Actor::SYSTEM, Intent::Peek)).await? {
            Turn::Done(answer) => Some(answer.state),
            Turn::NotFound | Turn::Denied { .. } | Turn::Rejected(_) | Turn::Stale { .. } | Turn::CommandIdReused => {
                None
            }
        })
    }

    pub(crate) async fn rows<Q: Query>(&self, firm: &FirmId, query: &Q) -> Result<Vec<Q::Row>, Fault> {
        let index = Index::of(&self.env, firm).map_err(fault)?;
        index.rows(&query.statement(), Q::decode).await.map_err(fault)
    }

    /// What waits to be written into the firm's index, as the firm knows it.
    async fn backlog(&self, firm: &FirmId) -> Result<Backlog, Fault> {
        if let Some(backlog) = remembered(&self.backlogs, firm) {
            return Ok(backlog);
        }
        let backlog: Backlog = self.ask::<Firm, _>(firm, firm.as_str(), Ask::Backlog).await?;
        keep(&self.backlogs, firm.clone(), (platform::now(), backlog));
        Ok(backlog)
    }

    /// Waits until the index holds the object at the token's version; false when it does not in time.
    async fn wait_for(&self, firm: &FirmId, token: Token) -> Result<bool, Fault> {
        let query = VersionOf { firm: firm.clone(), object: token.object };
        let deadline = platform::now().plus_millis(CONSISTENCY_WAIT_MS);
        loop {
            if self.rows(firm, &query).await?.first().is_some_and(|held| *held >= token.version) {
                return Ok(true);
            }
            if platform::now() >= deadline {
                return Ok(false);
            }
            platform::sleep(CONSISTENCY_REST_MS).await;
        }
    }
}

fn keep<K: std::hash::Hash + Eq, V>(memory: &Mutex<HashMap<K, V>>, key: K, value: V) {
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    if memory.len() >= REMEMBERED_MAX {
        memory.clear();
    }
    memory.insert(key, value);
}

fn remembered<K: std::hash::Hash + Eq, V: Clone>(memory: &Mutex<HashMap<K, (Timestamp, V)>>, key: &K) -> Option<V> {
    let memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    let (at, value) = memory.get(key)?;
    (platform::now() < at.plus_millis(REMEMBERED_MS)).then(|| value.clone())
}

/// Tells of a conversation's changes: asks the object, which keeps the question until there are any.
pub(crate) struct Watcher {
    env: SendWrapper<Env>,
    firm: FirmId,
    conversation: ConversationId,
    seen: i64,
}

impl Changes for Watcher {
    fn changed(&mut self) -> impl Future<Output = bool> + Send {
        SendFuture::new(async move {
            let name = self.conversation.to_string();
            loop {
                let ask = Ask::Changed { seen: self.seen };
                match wire::ask::<Conversation, i64>(&self.env, &self.firm, &name, ask).await {
                    Ok(now) if now == self.seen => {}
                    Ok(now) => {
                        self.seen = now;
                        return true;
                    }
                    Err(error) => {
                        platform::log("a conversation cannot be watched", &error);
                        return false;
                    }
                }
            }
        })
    }
}

impl Runtime for Cloudflare {
    type Changes = Watcher;

    fn now(&self) -> Timestamp {
        platform::now()
    }

    fn random(&self) -> [u8; 32] {
        platform::random()
    }

    fn held_within(&self, firm: &FirmId) -> Option<Jurisdiction> {
        platform::held_within(&self.env, firm)
    }

    fn ulid(&self) -> Ulid {
        let ms = u64::try_from(platform::now().as_millis()).unwrap_or(0);
        let mut last = self.last_ulid.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if ms > last.timestamp_ms() {
            Ulid::from_parts(ms, platform::random_bits())
        } else {
            last.increment().unwrap_or_else(|_| Ulid::from_parts(last.timestamp_ms() + 1, 0))
        };
        *last
    }

    fn sleep(&self, ms: u64) -> impl Future<Output = ()> + Send {
        SendFuture::new(platform::sleep(ms))
    }

    fn call<A: Hosted>(
        &self,
        firm: &FirmId,
        id: A::Id,
        call: Call<A::Command>,
    ) -> impl Future<Output = Result<Turn<A>, Fault>> + Send {
        SendFuture::new(self.turn::<A>(firm, id, call))
    }

    fn read(
        &self,
        firm: &FirmId,
        id: ConversationId,
        call: Call<conversation::Command>,
        before: Option<Version>,
        limit: u32,
    ) -> impl Future<Output = Result<(Turn<Conversation>, Vec<Message>), Fault>> + Send {
        SendFuture::new(async move {
            self.ask::<Conversation, _>(firm, &id.to_string(), Ask::Read { call, before, limit }).await
        })
    }

    fn standing(&self, firm: &FirmId, user: UserId) -> impl Future<Output = Result<Option<Standing>, Fault>> + Send {
        SendFuture::new(async move {
            if let Some(standing) = remembered(&self.standings, &(firm.clone(), user)) {
                return Ok(Some(standing));
            }
            Ok(self.state::<User>(firm, user).await?.and_then(|user| Standing::of(&user)))
        })
    }

    fn firm(&self, firm: &FirmId) -> impl Future<Output = Result<Arc<Firm>, Fault>> + Send {
        SendFuture::new(async move {
            if let Some(state) = remembered(&self.firms, firm) {
                return Ok(state);
            }
            self.state::<Firm>(firm, firm.clone()).await?.ok_or(Fault::UnknownFirm)
        })
    }

    fn messages(
        &self,
        firm: &FirmId,
        conversation: ConversationId,
        before: Option<Version>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Message>, Fault>> + Send {
        SendFuture::new(async move {
            self.ask::<Conversation, _>(firm, &conversation.to_string(), Ask::Messages { before, limit }).await
        })
    }

    fn events(
        &self,
        firm: &FirmId,
        conversation: ConversationId,
        after: Version,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Streamed>, Fault>> + Send {
        SendFuture::new(async move {
            self.ask::<Conversation, _>(firm, &conversation.to_string(), Ask::Events { after, limit }).await
        })
    }

    fn party(&self, firm: &FirmId, id: PartyId) -> impl Future<Output = Result<Option<KeptParty>, Fault>> + Send {
        SendFuture::new(self.ask::<Firm, _>(firm, firm.as_str(), Ask::Party(id)))
    }

    fn parties_of(
        &self,
        firm: &FirmId,
        conversation: ConversationId,
    ) -> impl Future<Output = Result<Vec<KeptParty>, Fault>> + Send {
        SendFuture::new(self.ask::<Firm, _>(firm, firm.as_str(), Ask::PartiesOf(conversation)))
    }

    fn parties(
        &self,
        firm: &FirmId,
        before: Option<i64>,
        role: Option<PartyRole>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<KeptParty>, Fault>> + Send {
        SendFuture::new(self.ask::<Firm, _>(firm, firm.as_str(), Ask::Parties { before, role, limit }))
    }

    fn conflict(
        &self,
        firm: &FirmId,
        id: ConflictId,
    ) -> impl Future<Output = Result<Option<KeptConflict>, Fault>> + Send {
        SendFuture::new(self.ask::<Firm, _>(firm, firm.as_str(), Ask::Conflict(id)))
    }

    fn subscribe(&self, firm: &FirmId, conversation: ConversationId) -> Watcher {
        Watcher { env: self.env.clone(), firm: firm.clone(), conversation, seen: -1 }
    }

    fn reconcile(
        &self,
        firm: &FirmId,
        actor: &Actor,
        dry_run: bool,
    ) -> impl Future<Output = Result<Reconciled, Fault>> + Send {
        SendFuture::new(self.reconcile_all(firm, actor, dry_run))
    }

    fn rebuild(&self, firm: &FirmId, actor: &Actor) -> impl Future<Output = Result<Rebuilt, Fault>> + Send {
        SendFuture::new(self.rebuild_all(firm, actor))
    }

    fn verify(&self, firm: &FirmId) -> impl Future<Output = Result<Walk, Fault>> + Send {
        SendFuture::new(self.walk_all(firm))
    }

    fn query<Q: Query>(
        &self,
        firm: &FirmId,
        query: Q,
        token: Option<Token>,
    ) -> impl Future<Output = Result<(Vec<Q::Row>, Freshness), Fault>> + Send {
        SendFuture::new(async move {
            let consistent = match token {
                Some(token) => self.wait_for(firm, token).await?,
                None => true,
            };
            // Asked before the query, so that the answer holds at least what it says.
            let backlog = self.backlog(firm).await?;
            let freshness = backlog.freshness(platform::now(), consistent);
            Ok((self.rows(firm, &query).await?, freshness))
        })
    }

    fn health(&self, firm: &FirmId) -> impl Future<Output = Result<Health, Fault>> + Send {
        SendFuture::new(self.health_of(firm))
    }

    fn try_again(&self, firm: &FirmId, object: ObjectKey) -> impl Future<Output = Result<(), Fault>> + Send {
        SendFuture::new(async move {
            let name = &object.name;
            match object.kind {
                Kind::Conversation => self.ask::<Conversation, bool>(firm, name, Ask::Push).await,
                Kind::User => self.ask::<User, bool>(firm, name, Ask::Push).await,
                Kind::Firm => self.ask::<Firm, bool>(firm, name, Ask::Push).await,
            }
            .map(drop)
        })
    }

    fn journal_page(&self, firm: &FirmId, after: Place) -> impl Future<Output = Result<JournalPage, Fault>> + Send {
        SendFuture::new(self.lines_of(firm, after))
    }

    fn heads(
        &self,
        firm: &FirmId,
        after: Option<ObjectKey>,
        limit: i64,
    ) -> impl Future<Output = Result<(Vec<ObjectHead>, Option<ObjectKey>), Fault>> + Send {
        SendFuture::new(self.heads_of(firm, after, limit))
    }

    fn receive(&self, firm: &FirmId, lines: Vec<Line>) -> impl Future<Output = Result<Landed, Fault>> + Send {
        SendFuture::new(self.take_in(firm, lines))
    }

    fn abandon(&self, firm: &FirmId) -> impl Future<Output = Result<(), Fault>> + Send {
        SendFuture::new(self.forget_lines(firm))
    }
}
