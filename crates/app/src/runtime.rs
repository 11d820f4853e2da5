//! The port to the platform that hosts the objects and the index: native shards here, Durable Objects and D1 elsewhere.
//!
//! Every future is `Send`: both targets drive axum handlers, which ask for it.

use std::future::Future;

use engage_domain::{
    Actor, ConflictId, Conversation, ConversationId, FirmId, PartyId, Role, Timestamp, User, UserId, Version,
    conversation, registry::PartyRole, user::UserStatus,
};
use engage_index::{
    Query,
    reconciliation::{Rebuilt, Reconciled},
};
use engage_journal::{
    Call, Hosted, Message, ObjectKey, Streamed, Turn,
    registry::{KeptConflict, KeptParty},
    transfer::{Line, ObjectHead, Place},
    verify::Walk,
};

use crate::{placement::Jurisdiction, transfer::Landed};

/// Why the platform could not answer. Nothing was acknowledged.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// No firm of that name is kept here.
    #[error("unknown firm")]
    UnknownFirm,
    /// Too much is waiting already, or the platform is draining; try again later.
    #[error("overloaded: {0}")]
    Overloaded(&'static str),
    /// The storage failed.
    #[error("storage failed")]
    Storage(#[source] std::sync::Arc<engage_journal::Error>),
}

/// What the platform knows of a user without asking their object: enough to let them in or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Their recorded role.
    pub role: Role,
    /// Whether they may come in.
    pub status: UserStatus,
    /// When an administrator last changed the role.
    pub role_changed_at: Option<Timestamp>,
    /// Tokens issued before are refused.
    pub sessions_revoked_at: Option<Timestamp>,
}

impl Standing {
    /// That of a user; none where they are not registered.
    pub fn of(user: &User) -> Option<Self> {
        user.role.map(|role| Self {
            role,
            status: user.status,
            role_changed_at: user.role_changed_at,
            sessions_revoked_at: user.sessions_revoked_at,
        })
    }
}

/// How far an index lags behind its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The index holds everything recorded up to then.
    pub as_of: Timestamp,
    /// How long the oldest entry that it does not hold yet has been waiting, in milliseconds; 0 when it holds all.
    pub lag_ms: u64,
    /// Whether it holds what the consistency token asked for; true without a token.
    pub consistent: bool,
}

/// How a firm's index, and the threads behind its objects and its index, are. From memory alone, so that it can be told whatever state
/// the index is in.
#[derive(Clone, Debug)]
pub struct Health {
    /// How far the index lags.
    pub freshness: Freshness,
    /// Entries that the index does not hold yet.
    pub pending_entries: u64,
    /// Objects that the index could not take in after all its tries.
    pub parked_objects: u64,
    /// How often the index could not be written, or was found damaged, since the start.
    pub failed_passes: u64,
    /// Whether the index was begun anew and is not complete yet.
    pub building: bool,
    /// Calls that wait for the thread or object that runs the firm's turns.
    pub queue_depth: u64,
    /// How long ago whatever brings the index up to date last showed that it is alive, in milliseconds.
    pub heartbeat_age_ms: u64,
    /// How many rows the reconciliation has compared that is under way; of another long run it says nothing but that there is one (0). None:
    /// nothing long is under way.
    pub running: Option<u64>,
    /// The entry of the latest reconciliation that is known.
    pub last_reconciliation: Option<std::sync::Arc<engage_index::AuditRow>>,
}

/// An object at a version: what a write answers with, and what a list can be asked to wait for. `conversation/01J…@7` as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The object.
    pub object: engage_journal::ObjectKey,
    /// The version.
    pub version: Version,
}

/// Tells when a conversation has moved on.
pub trait Changes: Send {
    /// Waits until the conversation may have a version above the one last seen, or until the platform closes the stream
    /// (then false).
    fn changed(&mut self) -> impl Future<Output = bool> + Send;
}

/// A page of a journal's lines, and where the next one begins; none when there are no more.
#[derive(Clone, Debug)]
pub struct JournalPage {
    /// Entries, and answers to commands that may be repeated. Those of an object follow each other.
    pub lines: Vec<Line>,
    /// Where to go on.
    pub next: Option<Place>,
}

/// Below which version a page of messages ends that agrees with a conversation's state: messages that came in since are not on it. None where
/// it has no messages.
pub fn newest(state: &Conversation, before: Option<Version>) -> Option<Version> {
    let newest = state.version.next();
    (state.message_count > 0).then(|| before.map_or(newest, |before| before.min(newest)))
}

/// The platform.
pub trait Runtime: Send + Sync + 'static {
    /// What [`Runtime::subscribe`] gives.
    type Changes: Changes + 'static;

    /// The time.
    fn now(&self) -> Timestamp;

    /// The jurisdiction that the host holds a firm's objects to; none where it holds them to none.
    fn held_within(&self, firm: &FirmId) -> Option<Jurisdiction>;

    /// Fresh random bytes from the operating system.
    fn random(&self) -> [u8; 32];

    /// A fresh ULID: later ones sort behind.
    fn ulid(&self) -> ulid::Ulid;

    /// Waits for `ms` milliseconds.
    fn sleep(&self, ms: u64) -> impl Future<Output = ()> + Send;

    /// Runs one turn on one object. The answer is durable before the future resolves.
    fn call<A: Hosted>(
        &self,
        firm: &FirmId,
        id: A::Id,
        call: Call<A::Command>,
    ) -> impl Future<Output = Result<Turn<A>, Fault>> + Send;

    /// Runs one turn on a conversation, as [`Runtime::call`] does, and gives, where it was done, at most `limit` of its messages as of then,
    /// newest first: those with versions below `before`, or the newest of all.
    fn read(
        &self,
        firm: &FirmId,
        id: ConversationId,
        call: Call<conversation::Command>,
        before: Option<Version>,
        limit: u32,
    ) -> impl Future<Output = Result<(Turn<Conversation>, Vec<Message>), Fault>> + Send {
        async move {
            let turn = self.call::<Conversation>(firm, id, call).await?;
            let before = match &turn {
                Turn::Done(answer) => newest(&answer.state, before),
                _ => None,
            };
            let messages = match before {
                Some(before) => self.messages(firm, id, Some(before), limit).await?,
                None => vec![],
            };
            Ok((turn, messages))
        }
    }

    /// What is known of a user, as of their last acknowledged change; none: not registered.
    fn standing(&self, firm: &FirmId, user: UserId) -> impl Future<Output = Result<Option<Standing>, Fault>> + Send;

    /// The firm's state as of its last acknowledged change, without an entry: settings and suspension for other decisions.
    fn firm(&self, firm: &FirmId) -> impl Future<Output = Result<std::sync::Arc<engage_domain::Firm>, Fault>> + Send;

    /// At most `limit` messages with versions below `before`, newest first; without `before`, the newest of all.
    fn messages(
        &self,
        firm: &FirmId,
        conversation: ConversationId,
        before: Option<Version>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Message>, Fault>> + Send;

    /// At most `limit` events with versions above `after`, oldest first.
    fn events(
        &self,
        firm: &FirmId,
        conversation: ConversationId,
        after: Version,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Streamed>, Fault>> + Send;

    /// A party of the firm's registry.
    fn party(&self, firm: &FirmId, id: PartyId) -> impl Future<Output = Result<Option<KeptParty>, Fault>> + Send;

    /// The parties of a conversation, in the order of their registration.
    fn parties_of(
        &self,
        firm: &FirmId,
        conversation: ConversationId,
    ) -> impl Future<Output = Result<Vec<KeptParty>, Fault>> + Send;

    /// At most `limit` parties numbered below `before`, of a role if one is named, the latest registered first.
    fn parties(
        &self,
        firm: &FirmId,
        before: Option<i64>,
        role: Option<PartyRole>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<KeptParty>, Fault>> + Send;

    /// A conflict of the firm's registry.
    fn conflict(
        &self,
        firm: &FirmId,
        id: ConflictId,
    ) -> impl Future<Output = Result<Option<KeptConflict>, Fault>> + Send;

    /// Tells of changes to a conversation, from now on.
    fn subscribe(&self, firm: &FirmId, conversation: ConversationId) -> Self::Changes;

    /// Compares the firm's index with its journal and mends it unless it is a `dry_run`; recorded in the journal as `index_reconciled`
    /// by `actor`, also where whoever asked has gone away. One run a firm at a time.
    fn reconcile(
        &self,
        firm: &FirmId,
        actor: &Actor,
        dry_run: bool,
    ) -> impl Future<Output = Result<Reconciled, Fault>> + Send;

    /// Builds the firm's index anew beside the live one, compares the two and swaps them; recorded in the journal as `index_rebuilt` by
    /// `actor`, also where whoever asked has gone away. Not while another run of the firm is under way.
    fn rebuild(&self, firm: &FirmId, actor: &Actor) -> impl Future<Output = Result<Rebuilt, Fault>> + Send;

    /// Walks every chain of the firm's journal. Not while another long run of the firm is under way.
    fn verify(&self, firm: &FirmId) -> impl Future<Output = Result<Walk, Fault>> + Send;

    /// Asks the firm's index. With a token it waits a little for the index to hold that version, and says whether it does.
    fn query<Q: Query>(
        &self,
        firm: &FirmId,
        query: Q,
        token: Option<Token>,
    ) -> impl Future<Output = Result<(Vec<Q::Row>, Freshness), Fault>> + Send;

    /// How the firm's index is. Answers also when the index cannot.
    fn health(&self, firm: &FirmId) -> impl Future<Output = Result<Health, Fault>> + Send;

    /// Has an object that the index could not take in tried again at once, however often it was tried. Does not wait for it.
    fn try_again(
        &self,
        firm: &FirmId,
        object: engage_journal::ObjectKey,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// A page of the lines of a firm's journal. Nothing holds writers up meanwhile: whoever wants one moment of it compares heads.
    fn journal_page(&self, firm: &FirmId, after: Place) -> impl Future<Output = Result<JournalPage, Fault>> + Send;

    /// The heads of at most `limit` objects behind `after`, in the order of kind and name, and the last of those that were looked at;
    /// none at the end.
    fn heads(
        &self,
        firm: &FirmId,
        after: Option<ObjectKey>,
        limit: i64,
    ) -> impl Future<Output = Result<(Vec<ObjectHead>, Option<ObjectKey>), Fault>> + Send;

    /// Takes in lines of a firm that is not here; with the last of them it is.
    fn receive(&self, firm: &FirmId, lines: Vec<Line>) -> impl Future<Output = Result<Landed, Fault>> + Send;

    /// Takes away the lines of a firm whose last ones have not come.
    fn abandon(&self, firm: &FirmId) -> impl Future<Output = Result<(), Fault>> + Send;
}
