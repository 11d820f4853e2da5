//! What looking after an index costs: how fast it is reconciled and rebuilt, and what writers notice of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use engage_app::Runtime;
use engage_domain::{Actor, ConversationId, FirmId};
use engage_native::{Options, Platform};

use super::{
    Figure, memory,
    rig::{self, Rig, median},
};

/// Callers that fill a firm, and that write while its index is looked after.
const CALLERS: usize = 64;
/// Rows a second at which an equal pair should be reconciled.
const RECONCILED: f64 = 200_000.0;
/// Entries a second at which an index should be rebuilt.
const REBUILT: f64 = 100_000.0;
const MIB: f64 = 1024.0 * 1024.0;

/// A firm with so many conversations of three messages each, nearly all hibernated: five rows of the index each, four of them of the audit
/// trail.
fn firm(rig: &Rig, name: &str, conversations: usize) -> anyhow::Result<(Arc<Platform>, FirmId)> {
    let (platform, firm) = rig.open(name, Options { activations: 1, ..Options::default() })?;
    let platform = Arc::new(platform);
    rig.tokio.block_on(async {
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..CALLERS {
            let (platform, firm) = (Arc::clone(&platform), firm.clone());
            callers.spawn(async move {
                let ids = rig::start_some(&platform, &firm, conversations.div_ceil(CALLERS)).await?;
                for id in ids {
                    rig::say(&platform, &firm, id).await?;
                    rig::say(&platform, &firm, id).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(caller) = callers.join_next().await {
            caller??;
        }
        rig::settle(&platform, &firm).await
    })?;
    Ok((platform, firm))
}

/// Rows a second of a reconciliation that finds nothing, and by how much the process grew in it.
async fn reconcile(platform: &Platform, firm: &FirmId) -> anyhow::Result<(f64, f64)> {
    let [_, before] = memory::resident()?;
    let began = Instant::now();
    let run = platform.reconcile(firm, &Actor::SYSTEM, false).await?;
    let lasted = began.elapsed().as_secs_f64();
    anyhow::ensure!(run.tally.is_clean(), "the index differs from its journal: {:?}", run.tally);
    let [_, after] = memory::resident()?;
    Ok((run.tally.rows as f64 / lasted, (after - before) / MIB))
}

/// Reconciliation of an equal pair, in rows a second; the growth of the process in it, for a firm and for one ten times as large.
pub(super) fn reconciliation(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let (small, large) = rig.size((500, 5_000), (10_000, 100_000));
    let rounds = rig.size(1, 3);
    let mut rates = vec![];
    let mut grown = vec![];
    for (name, size) in [("reconcile-small", small), ("reconcile-large", large)] {
        let (platform, firm) = firm(rig, name, size)?;
        let mut seen = vec![];
        for _ in 0..rounds {
            seen.push(rig.tokio.block_on(reconcile(&platform, &firm))?);
            rig.tokio.block_on(rig::settle(&platform, &firm))?;
        }
        rates.push(median(seen.iter().map(|(rate, _)| *rate).collect()));
        grown.push(seen.iter().map(|(_, mib)| *mib).fold(0.0, f64::max));
    }
    let figure = Figure::new(rates[1], RECONCILED, rates[1] / RECONCILED, "rows/s").at_least(">= 200000", 1.0);
    let figure = figure
        .with("conversations", large)
        .with_number("rows_per_s_of_a_tenth", rates[0])
        .with_number("grown_mib", grown[1])
        .with_number("grown_mib_of_a_tenth", grown[0]);
    Ok(vec![("reconcile".into(), figure)])
}

/// A rebuild of an index nobody writes to, comparison included, in entries a second.
pub(super) fn rebuild(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let size = rig.size(2_000, 100_000);
    let (platform, firm) = firm(rig, "rebuild", size)?;
    let mut rates = vec![];
    for _ in 0..rig.size(1, 3) {
        let began = Instant::now();
        let done = rig.tokio.block_on(platform.rebuild(&firm, &Actor::SYSTEM))?;
        anyhow::ensure!(done.run.tally.is_clean(), "the rebuilt index differs: {:?}", done.run.tally);
        rates.push(done.entries as f64 / began.elapsed().as_secs_f64());
    }
    let rate = median(rates);
    let figure = Figure::new(rate, REBUILT, rate / REBUILT, "entries/s").at_least(">= 100000", 1.0);
    Ok(vec![("rebuild".into(), figure.with("conversations", size))])
}

/// Durable messages a second from 64 callers while reconciliations and rebuilds of their firm follow one another, against the same without.
pub(super) fn beside(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let (platform, firm) = firm(rig, "beside", rig.size(1_000, 30_000))?;
    let (rounds, lasting) = (rig.size(2, 7), Duration::from_millis(rig.size(300, 2_000)));
    let ids = rig.tokio.block_on(rig::start_some(&platform, &firm, CALLERS))?;
    let (mut alone, mut beside, mut runs) = (vec![], vec![], 0);
    for _ in 0..rounds {
        rig.tokio.block_on(async {
            rig::settle(&platform, &firm).await?;
            alone.push(writes(&platform, &firm, &ids, lasting).await?);
            rig::settle(&platform, &firm).await?;
            let stop = Arc::new(AtomicBool::new(false));
            let maintenance = tokio::spawn(maintain(Arc::clone(&platform), firm.clone(), Arc::clone(&stop)));
            beside.push(writes(&platform, &firm, &ids, lasting).await?);
            stop.store(true, Ordering::SeqCst);
            runs += maintenance.await??;
            anyhow::Ok(())
        })?;
    }
    let ratio = median(beside.iter().zip(&alone).map(|(beside, alone)| beside / alone).collect());
    let figure = Figure::new(median(beside), median(alone), ratio, "messages/s").at_least(">= 0.8", 0.8);
    Ok(vec![("write/beside-maintenance".into(), figure.with("runs", runs))])
}

/// Reconciles and rebuilds in turn until it is told to stop; gives how many came to their end.
async fn maintain(platform: Arc<Platform>, firm: FirmId, stop: Arc<AtomicBool>) -> anyhow::Result<u64> {
    let mut runs = 0;
    loop {
        let run = platform.reconcile(&firm, &Actor::SYSTEM, false).await?;
        anyhow::ensure!(run.tally.is_clean(), "the index differs from its journal: {:?}", run.tally);
        let done = platform.rebuild(&firm, &Actor::SYSTEM).await?;
        anyhow::ensure!(done.run.tally.is_clean(), "the rebuilt index differs: {:?}", done.run.tally);
        runs += 2;
        if stop.load(Ordering::SeqCst) {
            return Ok(runs);
        }
    }
}

/// Messages a second for a while, from one caller a conversation.
async fn writes(
    platform: &Arc<Platform>,
    firm: &FirmId,
    ids: &[ConversationId],
    lasting: Duration,
) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for &id in ids {
        let (platform, firm) = (Arc::clone(platform), firm.clone());
        callers.spawn(async move {
            let mut said = 0;
            while began.elapsed() < lasting {
                rig::say(&platform, &firm, id).await?;
                said += 1;
            }
            anyhow::Ok(said)
        });
    }
    let mut said = 0;
    while let Some(caller) = callers.join_next().await {
        said += caller??;
    }
    Ok(f64::from(said) / began.elapsed().as_secs_f64())
}
