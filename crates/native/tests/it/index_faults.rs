//! What goes wrong with an index while people write: nobody who writes notices, health and metrics show it, and the index heals by itself
//! when the cause is gone.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use engage_app::{Runtime, runtime::Health};
use engage_index::{ConversationList, Limit, Table, conversations::Filters, scan::Count};
use tokio::task::JoinHandle;

use crate::{
    faults::SmallDisk,
    rig::{Rig, eventually, message, start},
};

/// Conversations that are written to at the same time.
const WRITERS: u64 = 4;

/// People who write without a pause. Every write is acknowledged, or the test fails.
struct Load {
    acknowledged: Arc<AtomicU64>,
    stopping: Arc<AtomicBool>,
    writers: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(rig: &Arc<Rig>) -> Self {
        let (acknowledged, stopping) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let writers = (1..=WRITERS).map(|number| {
            let (rig, acknowledged, stopping) = (Arc::clone(rig), Arc::clone(&acknowledged), Arc::clone(&stopping));
            tokio::spawn(async move {
                rig.tell(number, start()).await;
                while !stopping.load(Ordering::SeqCst) {
                    rig.tell(number, message("hello")).await;
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                }
            })
        });
        let writers = writers.collect();
        Self { acknowledged, stopping, writers }
    }

    /// Waits until so many more writes were acknowledged.
    async fn goes_on(&self, more: u64) {
        let wanted = self.acknowledged.load(Ordering::SeqCst) + more;
        eventually("as many more writes", || async {
            assert!(self.writers.iter().all(|writer| !writer.is_finished()), "a writer was told no");
            (self.acknowledged.load(Ordering::SeqCst) >= wanted).then_some(())
        })
        .await;
    }

    async fn stop(self) -> u64 {
        self.stopping.store(true, Ordering::SeqCst);
        for writer in self.writers {
            writer.await.unwrap();
        }
        self.acknowledged.load(Ordering::SeqCst)
    }
}

async fn health(rig: &Rig) -> Health {
    rig.platform().health(&rig.firm).await.unwrap()
}

/// Waits until health shows a failure that it did not show before, and that the index lags.
async fn shows_failure(rig: &Rig, before: &Health) {
    eventually("a failure in health", || async {
        rig.clock.advance_millis(10);
        let now = health(rig).await;
        let lags = now.pending_entries > 0 && now.freshness.lag_ms > 0;
        (now.failed_passes > before.failed_passes && lags).then_some(())
    })
    .await;
    let metrics = metrics(rig);
    let value = |metric: &str| -> f64 {
        let line = metrics.lines().find(|line| line.starts_with(&format!("{metric}{{")) && line.contains("acme"));
        line.unwrap_or_else(|| panic!("no {metric} in {metrics}")).rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(value("engage_index_failed_passes") > before.failed_passes as f64, "{metrics}");
    assert!(value("engage_index_pending_entries") > 0.0, "{metrics}");
    assert!(value("engage_index_lag_seconds") > 0.0, "{metrics}");
}

/// The gauges as Prometheus reads them.
pub(crate) fn metrics(rig: &Rig) -> String {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || rig.platform().record_gauges());
    recorder.handle().render()
}

/// Ends the load; then the index comes to hold every write without a restart, and nothing is wrong with it.
async fn heals(rig: &Rig, load: Load) {
    load.goes_on(20).await;
    let acknowledged = load.stop().await;
    rig.is_sound().await;
    let after = health(rig).await;
    assert_eq!((after.pending_entries, after.freshness.lag_ms, after.building), (0, 0, false));
    let counted: u64 =
        eventually("a list", || async { rig.platform().query(&rig.firm, list(rig), None).await.ok() }).await.0.len()
            as u64;
    assert_eq!(counted, WRITERS);
    let mut messages = 0;
    for number in 1..=WRITERS {
        messages += rig.peek_conversation(number).await.unwrap().message_count;
    }
    assert_eq!(messages, acknowledged, "what was acknowledged is what is there");
}

fn list(rig: &Rig) -> ConversationList {
    ConversationList {
        firm: rig.firm.clone(),
        filters: Filters::default(),
        order: Default::default(),
        after: None,
        limit: Limit::new(100).unwrap(),
    }
}

/// Puts a link to `target` in place of the index.
fn put_link(rig: &Rig, target: &Path) {
    rig.remove_index();
    std::os::unix::fs::symlink(target, rig.file("index.db")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_index_holds_up_nobody_and_catches_up_when_it_is_let_go() {
    let rig = Arc::new(Rig::new().await);
    let load = Load::start(&rig);
    rig.caught_up().await;
    for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        let before = health(&rig).await;
        let mut holder = rig.index();
        engage_journal::Sql::script(&mut holder, lock).unwrap();
        load.goes_on(50).await;
        shows_failure(&rig, &before).await;
        load.goes_on(50).await;
        // What is in the index is listed all the same.
        assert!(rig.platform().query(&rig.firm, list(&rig), None).await.is_ok());
        holder.rollback();
        rig.caught_up().await;
    }
    heals(&rig, load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_on_a_full_disk_holds_up_nobody_and_catches_up_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path().join("small"), "size=4m") else { return };
    let mut rig = Rig::new().await;
    rig.settle();
    std::fs::copy(rig.file("index.db"), disk.path().join("index.db")).unwrap();
    put_link(&rig, &disk.path().join("index.db"));
    rig.open();
    let rig = Arc::new(rig);
    let load = Load::start(&rig);
    load.goes_on(20).await;
    rig.caught_up().await;
    let before = health(&rig).await;
    let ballast = disk.path().join("ballast");
    let filled = std::fs::write(&ballast, vec![0; 8 * 1024 * 1024]);
    assert!(filled.is_err(), "the disk takes more than it should");
    shows_failure(&rig, &before).await;
    load.goes_on(50).await;
    std::fs::remove_file(ballast).unwrap();
    heals(&rig, load).await;
    drop(rig);
    drop(disk);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_may_only_be_read_holds_up_nobody_and_catches_up_when_it_may_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path().join("small"), "size=16m") else { return };
    let mut rig = Rig::new().await;
    rig.settle();
    std::fs::copy(rig.file("index.db"), disk.path().join("index.db")).unwrap();
    disk.remount("ro");
    rig.open();
    let rig = Arc::new(rig);
    let load = Load::start(&rig);
    load.goes_on(20).await;
    rig.caught_up().await;
    let before = health(&rig).await;
    put_link(&rig, &disk.path().join("index.db"));
    shows_failure(&rig, &before).await;
    load.goes_on(50).await;
    disk.remount("rw");
    heals(&rig, load).await;
    drop(rig);
    drop(disk);
}

/// Spoils the index under load by `spoil`.
async fn spoilt(spoil: impl Fn(&Path)) {
    let rig = Arc::new(Rig::new().await);
    let load = Load::start(&rig);
    load.goes_on(50).await;
    rig.caught_up().await;
    // So that people who list have it open, and what they read is in the file.
    rig.index().checkpoint().unwrap();
    rig.platform().query(&rig.firm, list(&rig), None).await.unwrap();
    let before = health(&rig).await;
    spoil(&rig.file("index.db"));
    eventually("a failure in health", || async {
        // Whoever meets the damage has the follower look after it: here by pages that nobody has read before.
        let count = Count { table: Table::Audit, firm: rig.firm.clone() };
        let _ = rig.platform().query(&rig.firm, count, None).await;
        let _ = rig.platform().query(&rig.firm, list(&rig), None).await;
        (health(&rig).await.failed_passes > before.failed_passes).then_some(())
    })
    .await;
    load.goes_on(50).await;
    heals(&rig, load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_overwritten_holds_up_nobody_and_is_built_anew() {
    spoilt(|path| {
        let length = std::fs::metadata(path).unwrap().len();
        let mut file = std::fs::File::options().write(true).open(path).unwrap();
        std::io::Write::write_all(&mut file, &vec![0x5a; length as usize]).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_cut_short_holds_up_nobody_and_is_built_anew() {
    spoilt(|path| std::fs::File::options().write(true).open(path).unwrap().set_len(4_096).unwrap()).await;
}
