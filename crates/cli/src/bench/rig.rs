//! What every measurement needs: a folder on a real disk, a firm, conversations, callers.

use std::{
    fs::File,
    io::{Seek, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use engage_app::Runtime;
use engage_domain::{
    Actor, Conversation, ConversationId, FirmId, Role, UserId, Version,
    conversation::{Author, Command, Start},
};
use engage_journal::{Call, Intent, Turn, sql::first};
use engage_native::{Options, Platform, sqlite::Db};
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
        // Counting is part of the server's work, so it is part of what is measured. Another recorder of the process is as good.
        if let Ok(recorder) = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder() {
            tokio.spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    recorder.run_upkeep();
                }
            });
        }
        Ok(Self { folder, quick, tokio })
    }

    /// A path of its own for one measurement.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name.replace('/', "-"))
    }

    /// One of two numbers: for a quick run, or for one to quote.
    pub(super) fn size<T>(&self, quick: T, whole: T) -> T {
        if self.quick { quick } else { whole }
    }

    /// A platform on a new folder, with a firm in it.
    pub(super) fn platform(&self, name: &str) -> anyhow::Result<(Arc<Platform>, FirmId)> {
        let (platform, firm) = self.open(name, Options::default())?;
        Ok((Arc::new(platform), firm))
    }

    /// A platform on a new folder, with a firm in it, set up in a certain way.
    pub(super) fn open(&self, name: &str, options: Options) -> anyhow::Result<(Platform, FirmId)> {
        let platform = Platform::open(&self.path(name), options)?;
        let firm: FirmId = "bench".parse()?;
        self.tokio.block_on(platform.create_firm(&firm, "Bench LLP", Default::default()))?;
        Ok((platform, firm))
    }

    /// The machine, as far as the figures depend on it.
    pub(super) fn conditions(&self) -> anyhow::Result<String> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut db = Db::journal(&self.path("version.db"))?;
        let version = first(&mut db, "SELECT sqlite_version()", &[], |row| Ok(row.text(0)?.to_owned()))?;
        let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
        let quick = if self.quick { ", quick" } else { "" };
        let fdatasync = self.fdatasync_us(self.size(100, 1_000))?;
        let version = version.unwrap_or_default();
        Ok(format!("{cores} CPUs, SQLite {version}, {profile} build{quick}, one fdatasync {fdatasync:.0} µs (median)"))
    }

    /// The median of `syncs` times that one `fdatasync` takes behind 4 KiB written over a part of a file, in microseconds: what
    /// the disk asks for a commit at the least.
    pub(super) fn fdatasync_us(&self, syncs: usize) -> anyhow::Result<f64> {
        const BLOCK: usize = 4096;
        const BLOCKS: usize = 256;
        let mut file = File::create(self.path("fdatasync"))?;
        file.write_all(&vec![0; BLOCK * BLOCKS])?;
        file.sync_all()?;
        let mut times = vec![];
        for at in 0..syncs {
            if at % BLOCKS == 0 {
                file.rewind()?;
            }
            let began = Instant::now();
            file.write_all(&[at as u8; BLOCK])?;
            file.sync_data()?;
            times.push(began.elapsed());
        }
        Ok(quantile_us(&mut times, 0.5))
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

/// Starts some conversations with a message in each.
pub(super) async fn start_some(
    platform: &Platform,
    firm: &FirmId,
    count: usize,
) -> anyhow::Result<Vec<ConversationId>> {
    let mut ids = vec![];
    for _ in 0..count {
        let id = start(platform, firm).await?;
        say(platform, firm, id).await?;
        ids.push(id);
    }
    Ok(ids)
}

/// Adds a message; gives the conversation's version after it.
pub(super) async fn say(platform: &Platform, firm: &FirmId, id: ConversationId) -> anyhow::Result<Version> {
    let command = Command::AddMessage { author: Author::User, content: CONTENT.into() };
    match platform.call::<Conversation>(firm, id, Call::new(attorney(), Intent::Command(command))).await? {
        Turn::Done(answer) => Ok(answer.state.version),
        other => anyhow::bail!("a message could not be added: {other:?}"),
    }
}

/// Adds `each` messages from each of some concurrent callers, one for each of `ids`, which may repeat.
pub(super) async fn say_much(
    platform: &Arc<Platform>,
    firm: &FirmId,
    ids: &[ConversationId],
    each: usize,
) -> anyhow::Result<()> {
    let mut callers = tokio::task::JoinSet::new();
    for &id in ids {
        let (platform, firm) = (Arc::clone(platform), firm.clone());
        callers.spawn(async move {
            for _ in 0..each {
                say(&platform, &firm, id).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    Ok(())
}

/// Waits until the firm's index holds everything, so that its follower's work falls into no measurement but its own.
pub(super) async fn settle(platform: &Platform, firm: &FirmId) -> anyhow::Result<()> {
    anyhow::ensure!(platform.catch_up(firm, Duration::from_secs(60)).await?, "the index did not catch up in a minute");
    Ok(())
}

/// The middle of some numbers.
pub(super) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median of what `of` makes of each.
pub(super) fn median_of<T>(all: &[T], of: impl Fn(&T) -> f64) -> f64 {
    median(all.iter().map(of).collect())
}

/// The quantile `q` of some times, in microseconds.
pub(super) fn quantile_us(times: &mut [Duration], q: f64) -> f64 {
    times.sort();
    let at = ((times.len() as f64 * q) as usize).min(times.len().saturating_sub(1));
    times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
}
