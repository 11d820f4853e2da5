//! What every measurement needs: a folder on a real disk, a firm, conversations, callers.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use engage_app::Runtime;
use engage_domain::{
    Actor, Conversation, ConversationId, FirmId, Role, UserId,
    conversation::{Author, Command, Start},
};
use engage_journal::{Call, Intent, Turn};
use engage_native::{Options, Platform};
use tempfile::TempDir;

/// What a message of the benchmarks says: 200 bytes, a sentence or two.
pub(super) const CONTENT: &str = "My landlord has kept the deposit although I left the flat clean and on time. I wrote to him twice \
    and have the photographs, the lease and his answer here. What can I do now, and how long do I have to do it in?";

/// Where and how much to measure.
pub(super) struct Rig {
    folder: TempDir,
    /// Whether to keep it short.
    pub(super) quick: bool,
    /// The runtime of the callers.
    pub(super) tokio: tokio::runtime::Runtime,
}

impl Rig {
    pub(super) fn new(folder: Option<&Path>, quick: bool) -> anyhow::Result<Self> {
        let parent = folder.unwrap_or(Path::new("."));
        let folder = tempfile::Builder::new().prefix(".engage-bench-").tempdir_in(parent)?;
        let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        Ok(Self { folder, quick, tokio })
    }

    /// A path of its own for one measurement.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name.replace('/', "-"))
    }

    /// A platform on a new folder, with a firm in it.
    pub(super) fn platform(&self, name: &str) -> anyhow::Result<(Arc<Platform>, FirmId)> {
        let platform = Platform::open(&self.path(name), Options::default())?;
        let firm: FirmId = "bench".parse()?;
        self.tokio.block_on(platform.create_firm(&firm, "Bench LLP", Default::default()))?;
        Ok((Arc::new(platform), firm))
    }
}

/// An attorney who does everything that is measured.
pub(super) fn attorney() -> Actor {
    let mut actor = Actor::user(UserId::from_ulid(ulid::Ulid(1)), Role::Attorney);
    actor.ip = Some("127.0.0.1".into());
    actor.user_agent = Some("engage-bench/1".into());
    actor
}

/// Starts a conversation.
pub(super) async fn start(platform: &Platform, firm: &FirmId) -> anyhow::Result<ConversationId> {
    let id = ConversationId::from_ulid(platform.ulid());
    let call = Call::new(attorney(), Intent::Command(Command::Start(Box::<Start>::default())));
    match platform.call::<Conversation>(firm, id, call).await? {
        Turn::Done(_) => Ok(id),
        other => anyhow::bail!("a conversation could not be started: {other:?}"),
    }
}

/// Adds a message.
pub(super) async fn say(platform: &Platform, firm: &FirmId, id: ConversationId) -> anyhow::Result<()> {
    let command = Command::AddMessage { author: Author::User, content: CONTENT.into() };
    match platform.call::<Conversation>(firm, id, Call::new(attorney(), Intent::Command(command))).await? {
        Turn::Done(_) => Ok(()),
        other => anyhow::bail!("a message could not be added: {other:?}"),
    }
}

/// The middle of some numbers.
pub(super) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
