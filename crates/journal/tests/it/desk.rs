//! A desk to work at in a test: one firm's journal in its own SQLite, a clock and randomness that the test moves.

use engage_domain::{
    Actor, Aggregate, Conversation, ConversationId, Firm, FirmId, Role, Timestamp, User, UserId,
    actor::Access,
    conversation::{Author, Command, Start},
    firm,
};
use engage_journal::{
    Activation, Answer, Call, CommandId, Error, Ground, Intent, Journal, ObjectKey, Sql, Turn, store,
    verify::{self, Walk},
};

use crate::sqlite::Sqlite;

/// 2026-11-23T00:00:00.000Z.
pub(crate) const START_MS: i64 = 1_795_392_000_000;

pub(crate) struct Desk {
    pub(crate) sql: Sqlite,
    pub(crate) journal: Journal,
    /// The clock, in milliseconds; a turn does not move it.
    pub(crate) now: i64,
    /// The random bits that the next draw gives; each draw moves them on.
    pub(crate) random: u128,
}

impl Desk {
    /// A firm with nothing in its journal.
    pub(crate) fn new() -> Self {
        Self::over(Sqlite::in_memory(), "acme")
    }

    pub(crate) fn over(mut sql: Sqlite, firm: &str) -> Self {
        sql.script("BEGIN").unwrap();
        store::migrate(&mut sql, Timestamp::from_millis(START_MS)).unwrap();
        sql.script("COMMIT").unwrap();
        let journal = Journal::open(&mut sql, firm.parse().unwrap()).unwrap();
        Self { sql, journal, now: START_MS, random: 1 }
    }

    pub(crate) fn firm(&self) -> FirmId {
        self.journal.firm().clone()
    }

    /// One call on an activation that the test holds; not flushed.
    pub(crate) fn hot<A: Aggregate>(
        &mut self,
        activation: &mut Activation<A>,
        call: &Call<A::Command>,
    ) -> Result<Turn<A>, Error> {
        let random = &mut self.random;
        let mut draw = || {
            let next = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            std::mem::replace(random, next)
        };
        let mut ground = Ground { now: Timestamp::from_millis(self.now), random: &mut draw, screens: None };
        self.journal.turn(&mut self.sql, activation, call, &mut ground)
    }

    /// One call on an object that is loaded for it and left again, in a transaction of its own.
    #[track_caller]
    pub(crate) fn call<A: Aggregate>(&mut self, key: &ObjectKey, call: &Call<A::Command>) -> Turn<A> {
        self.sql.script("BEGIN").unwrap();
        let mut activation = self.load::<A>(key).unwrap();
        let turn = self.hot(&mut activation, call).unwrap();
        activation.flush(&mut self.sql).unwrap();
        self.sql.script("COMMIT").unwrap();
        turn
    }

    pub(crate) fn load<A: Aggregate>(&mut self, key: &ObjectKey) -> Result<Activation<A>, Error> {
        Activation::load(&mut self.sql, key.clone())
    }

    /// A command of the platform on a conversation, which must be done.
    #[track_caller]
    pub(crate) fn tell(&mut self, n: u128, command: Command) -> Answer<Conversation> {
        done(self.call(&conversation(n), &by(Actor::SYSTEM, command)))
    }

    /// Conversation number `n`, begun.
    #[track_caller]
    pub(crate) fn start(&mut self, n: u128) -> Answer<Conversation> {
        self.tell(n, start())
    }

    /// The firm, created.
    #[track_caller]
    pub(crate) fn create_firm(&mut self) -> Answer<Firm> {
        let create = firm::Command::Create { name: "Acme LLP".into(), settings: Box::default() };
        let key = self.firm_key();
        done(self.call(&key, &by(Actor::SYSTEM, create)))
    }

    /// Takes the journal up where it was left, as a process that starts anew does.
    pub(crate) fn reopen(&mut self) {
        let firm = self.firm();
        self.journal = Journal::open(&mut self.sql, firm).unwrap();
    }

    pub(crate) fn firm_key(&self) -> ObjectKey {
        key::<Firm>(self.journal.firm())
    }

    pub(crate) fn walk(&mut self) -> Walk {
        let firm = self.firm();
        verify::walk(&mut self.sql, &firm).unwrap()
    }

    /// Asserts that the chains are whole.
    #[track_caller]
    pub(crate) fn verified(&mut self) {
        assert_eq!(self.walk().errors, []);
    }

    /// The actions in the journal, in its order.
    pub(crate) fn actions(&self) -> Vec<String> {
        let actions = self.sql.scalar("SELECT coalesce(group_concat(action ORDER BY seq), '') FROM entry");
        actions.split(',').filter(|action| !action.is_empty()).map(str::to_owned).collect()
    }
}

#[track_caller]
pub(crate) fn done<A: Aggregate>(turn: Turn<A>) -> Answer<A> {
    match turn {
        Turn::Done(answer) => answer,
        other => panic!("not done: {other:?}"),
    }
}

pub(crate) fn key<A: Aggregate>(id: &A::Id) -> ObjectKey {
    ObjectKey::of::<A>(id)
}

pub(crate) fn conversation(n: u128) -> ObjectKey {
    key::<Conversation>(&conversation_id(n))
}

pub(crate) fn conversation_id(n: u128) -> ConversationId {
    ConversationId::from_ulid(ulid::Ulid(n))
}

pub(crate) fn user(n: u128) -> ObjectKey {
    key::<User>(&user_id(n))
}

pub(crate) fn user_id(n: u128) -> UserId {
    UserId::from_ulid(ulid::Ulid(n))
}

pub(crate) fn attorney() -> Actor {
    Actor::user(user_id(100), Role::Attorney)
}

pub(crate) fn by<C>(actor: Actor, command: C) -> Call<C> {
    Call::new(actor, Intent::Command(command))
}

pub(crate) fn sees<C>(actor: Actor, access: Access) -> Call<C> {
    Call::new(actor, Intent::Access(access))
}

/// The call under a name, with a fingerprint of what it asks.
pub(crate) fn named<C>(id: &str, fingerprint: u8, call: Call<C>) -> Call<C> {
    Call { command_id: Some(CommandId { id: id.into(), fingerprint: [fingerprint; 32] }), ..call }
}

pub(crate) fn start() -> Command {
    Command::Start(Box::<Start>::default())
}

pub(crate) fn message(text: &str) -> Command {
    Command::AddMessage { author: Author::User, content: text.into() }
}
