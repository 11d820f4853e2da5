//! A platform on a folder of its own, and hands to reach around it into the files.

use std::{
    collections::BTreeMap,
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use engage_app::{Fault, Runtime};
use engage_domain::{
    Actor, ConflictId, Conversation, ConversationId, Firm, FirmId, Kind, PartyId, Role, Timestamp, User, UserId,
    Version,
    conversation::{Author, Command},
    firm::{self, SettingsChange},
    registry::{Party, PartyRole},
    user,
};
use engage_journal::{Answer, Call, Entry, Hosted, Intent, ObjectKey, Sql, Turn, Value, read, sql};
use engage_native::{
    Clock, ManualClock, Options, Platform,
    sqlite::Db,
    verify::{self, Report},
};
use tempfile::TempDir;
use ulid::Ulid;

/// How long anything may take before a test calls it lost. Nothing waits this long but to fail.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// 2026-11-23T00:00:00.000Z.
pub(crate) const START_MS: i64 = 1_795_392_000_000;

pub(crate) struct Rig {
    platform: Option<Platform>,
    pub(crate) options: Options,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) firm: FirmId,
    path: PathBuf,
    _folder: TempDir,
}

impl Rig {
    /// A platform of two shards whose clock stands still, with the firm `acme`.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        Self::at(folder, path).await
    }

    /// The same in `path`, which may lie outside of `folder`.
    pub(crate) async fn at(folder: TempDir, path: PathBuf) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(START_MS)));
        let options = Options { shards: 2, activations: 32_768, clock: Arc::clone(&clock) as Arc<dyn Clock> };
        let mut rig = Self { platform: None, options, clock, firm: firm("acme"), path, _folder: folder };
        rig.open();
        rig.found("acme").await;
        rig
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join("firms").join(self.firm.as_str()).join(name)
    }

    pub(crate) fn open(&mut self) {
        self.platform = Some(Platform::open(&self.path, self.options.clone()).unwrap());
    }

    /// Drains and ends the platform.
    pub(crate) fn close(&mut self) {
        let platform = self.platform.take().unwrap();
        assert!(platform.shut_down(PATIENCE), "the platform did not end");
    }

    /// Closes, and copies what the write-ahead logs hold into the databases, so that each is one file that can be spoilt or put back.
    pub(crate) fn settle(&mut self) {
        self.close();
        drop((self.journal(), self.index()));
        for name in ["journal.db-wal", "index.db-wal"] {
            assert!(!self.file(name).exists(), "somebody still has {name} open");
        }
    }

    pub(crate) fn reopen(&mut self) {
        self.close();
        self.open();
    }

    pub(crate) fn platform(&self) -> &Platform {
        self.platform.as_ref().unwrap()
    }

    pub(crate) async fn found(&self, slug: &str) {
        done(self.platform().create_firm(&firm(slug), slug, SettingsChange::default()).await);
    }

    pub(crate) async fn call<A: Hosted>(&self, id: A::Id, call: Call<A::Command>) -> Result<Turn<A>, Fault> {
        self.platform().call::<A>(&self.firm, id, call).await
    }

    /// A command of the platform's own on a conversation.
    pub(crate) async fn try_tell(&self, number: u64, command: Command) -> Result<Turn<Conversation>, Fault> {
        self.call(conversation(number), by_system(command)).await
    }

    /// The same where it is to be done.
    pub(crate) async fn tell(&self, number: u64, command: Command) -> Answer<Conversation> {
        done(self.try_tell(number, command).await)
    }

    pub(crate) async fn tell_user(&self, number: u64, command: user::Command) -> Answer<User> {
        done(self.call(person(number), by_system(command)).await)
    }

    /// A command of the platform's own on the firm.
    pub(crate) async fn tell_firm(&self, command: firm::Command) -> Answer<Firm> {
        done(self.call(self.firm.clone(), by_system(command)).await)
    }

    /// Registers a party of a conversation.
    pub(crate) async fn register_party(&self, number: u64, role: PartyRole, name: &str) -> (PartyId, Version) {
        let conversation = Some(conversation(number));
        let id = PartyId::of(&self.firm, conversation, role.as_str(), name);
        let party = Box::new(Party { conversation, ..Party::named(role, name) });
        let answer = self.tell_firm(firm::Command::Register { id, party }).await;
        (id, answer.state.version)
    }

    /// Registers a client of one conversation whom the client of another stands against; waits until both conversations were told.
    pub(crate) async fn adverse(&self, client: u64, opponent: u64, name: &str) -> ConflictId {
        let (known, _) = self.register_party(opponent, PartyRole::OpposingParty, name).await;
        let (new, _) = self.register_party(client, PartyRole::Client, name).await;
        self.letters_delivered().await;
        ConflictId::between(known, new)
    }

    /// Three conflicts among the first three conversations, which go on all the same.
    pub(crate) async fn three_conflicts(&self) {
        let goes_on = SettingsChange { freeze_on_conflict: Some(false), ..SettingsChange::default() };
        self.tell_firm(firm::Command::Change(Box::new(goes_on))).await;
        for ((client, opponent), name) in [(1, 2), (2, 3), (3, 1)].into_iter().zip(NAMES) {
            self.adverse(client, opponent, name).await;
        }
    }

    /// Waits until every conversation was told what it is to know.
    pub(crate) async fn letters_delivered(&self) {
        let waiting = || integer(&mut Db::reader(&self.file("journal.db")).unwrap(), "SELECT count(*) FROM letter");
        eventually("all letters delivered", || async { (waiting() == 0).then_some(()) }).await;
    }

    /// The conflict that is the second by id.
    pub(crate) fn second_conflict(&self) -> String {
        texts(&mut self.journal(), "SELECT id FROM conflict ORDER BY id LIMIT 1 OFFSET 1").remove(0)
    }

    /// The state without an entry; none when there is no such object.
    pub(crate) async fn peek<A: Hosted>(&self, id: A::Id) -> Option<Arc<A>> {
        match self.call::<A>(id, Call::new(Actor::SYSTEM, Intent::Peek)).await.unwrap() {
            Turn::Done(answer) => Some(answer.state),
            Turn::NotFound => None,
            other => panic!("a peek gave {other:?}"),
        }
    }

    pub(crate) async fn peek_conversation(&self, number: u64) -> Option<Arc<Conversation>> {
        self.peek(conversation(number)).await
    }

    /// Waits until the index holds all that was acknowledged.
    pub(crate) async fn caught_up(&self) {
        assert!(self.platform().catch_up(&self.firm, PATIENCE).await.unwrap(), "the index did not catch up");
    }

    pub(crate) fn check(&self) -> Report {
        verify::check(&self.firm, &self.path.join("firms").join(self.firm.as_str())).unwrap()
    }

    /// Catches up and finds nothing wrong.
    pub(crate) async fn is_sound(&self) {
        self.caught_up().await;
        let report = self.check();
        assert!(report.is_clean(), "{report:#?}");
    }

    /// A second connection that may write to the journal.
    pub(crate) fn journal(&self) -> Db {
        Db::journal(&self.file("journal.db")).unwrap()
    }

    /// A second connection that may write to the index.
    pub(crate) fn index(&self) -> Db {
        Db::index(&self.file("index.db")).unwrap()
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut entries = vec![];
        read::entries_after(&mut self.journal(), 0, i64::MAX, &mut |entry| {
            entries.push(entry);
            Ok(std::ops::ControlFlow::Continue(()))
        })
        .unwrap();
        entries
    }

    /// The directory's number of a conversation.
    pub(crate) fn object(&self, number: u64) -> i64 {
        let sql = format!("SELECT id FROM object WHERE kind = 'conversation' AND name = '{}'", conversation(number));
        integer(&mut self.journal(), &sql)
    }

    /// Removes the index with what SQLite keeps beside it.
    pub(crate) fn remove_index(&self) {
        for name in ["index.db", "index.db-wal", "index.db-shm"] {
            let gone = std::fs::remove_file(self.file(name));
            assert!(gone.is_ok() || name != "index.db", "{gone:?}");
        }
    }

    /// Every row of every table of the index but the follower's sign of life, which no rebuild could bring back.
    pub(crate) fn dump(&self) -> BTreeMap<String, Vec<Vec<String>>> {
        let mut db = Db::reader(&self.file("index.db")).unwrap();
        let tables =
            sql::all(&mut db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'passage@_text@_%' ESCAPE '@' ORDER BY name", &[], |row| {
                Ok(row.text(0)?.to_owned())
            })
            .unwrap();
        let dump = tables.into_iter().map(|table| {
            let columns = texts(
                &mut db,
                &format!("SELECT name FROM pragma_table_info('{table}') WHERE name <> 'heartbeat' ORDER BY cid"),
            );
            let rows =
                rows(&mut db, &format!("SELECT {0} FROM {table} ORDER BY {0}", columns.join(", ")), columns.len());
            (table, rows)
        });
        dump.collect()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // Before the folder goes.
        self.platform = None;
    }
}

/// Every row of a query of `width` columns, as text.
pub(crate) fn rows(db: &mut Db, text: &str, width: usize) -> Vec<Vec<String>> {
    sql::all(db, text, &[], |row| (0..width).map(|at| Ok(format!("{:?}", row.value(at)?))).collect()).unwrap()
}

pub(crate) fn texts(db: &mut Db, text: &str) -> Vec<String> {
    sql::all(db, text, &[], |row| Ok(row.text(0)?.to_owned())).unwrap()
}

pub(crate) fn integer(db: &mut Db, text: &str) -> i64 {
    sql::first(db, text, &[], |row| row.integer(0)).unwrap().unwrap()
}

/// Runs one statement from outside; it must change `expected` rows.
pub(crate) fn change(db: &mut Db, text: &str, params: &[Value<'_>], expected: usize) {
    assert_eq!(db.execute(text, params).unwrap(), expected, "{text}");
}

/// Names that nobody takes for one another.
pub(crate) const NAMES: [&str; 3] = ["Quorvex Holdings", "Tamsin Birkwood", "Ljubomir Haraldsen"];

pub(crate) fn firm(slug: &str) -> FirmId {
    slug.parse().unwrap()
}

/// The `number`th conversation; they sort by number.
pub(crate) fn conversation(number: u64) -> ConversationId {
    ConversationId::from_ulid(Ulid::from_parts(number, 7))
}

/// The `number`th person.
pub(crate) fn person(number: u64) -> UserId {
    UserId::from_ulid(Ulid::from_parts(number, 9))
}

pub(crate) fn key_of(number: u64) -> ObjectKey {
    ObjectKey { kind: Kind::Conversation, name: conversation(number).to_string().into() }
}

pub(crate) const fn by_system<C>(command: C) -> Call<C> {
    Call::new(Actor::SYSTEM, Intent::Command(command))
}

pub(crate) fn start() -> Command {
    Command::Start(Box::default())
}

pub(crate) fn message(text: &str) -> Command {
    Command::AddMessage { author: Author::User, content: text.into() }
}

pub(crate) fn register(name: &str, role: Role) -> user::Command {
    user::Command::Register { subject: None, email: None, name: Some(name.into()), role }
}

/// The answer of a call that is to be done.
pub(crate) fn done<A: Hosted>(turn: Result<Turn<A>, Fault>) -> Answer<A> {
    match turn {
        Ok(Turn::Done(answer)) => answer,
        other => panic!("not done: {other:?}"),
    }
}

/// A fault as a person would read it, with its causes.
pub(crate) fn said(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Asks again until it is so.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until a conversation stands at `version` or later.
pub(crate) async fn reaches(rig: &Rig, number: u64, version: u64) -> Arc<Conversation> {
    let wanted = format!("conversation {number} at version {version}");
    eventually(&wanted, || async {
        rig.peek_conversation(number).await.filter(|state| state.version >= Version(version))
    })
    .await
}
