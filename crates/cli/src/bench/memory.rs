//! What conversations cost that nobody is in.

use std::sync::Arc;

use anyhow::Context;
use engage_native::{Options, Platform};

use super::{
    Figure,
    rig::{self, Rig},
};

const CALLERS: usize = 64;
const MIB: f64 = 1024.0 * 1024.0;

/// Bytes of this process that are in memory: all of them, and those without the pages of mapped files, which the system takes back when
/// it needs them.
pub(super) fn resident() -> anyhow::Result<[f64; 2]> {
    let status =
        std::fs::read_to_string("/proc/self/status").context("memory is read from /proc, which is not here")?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        anyhow::Ok(kib * 1024.0)
    };
    Ok([field("VmRSS:")?, field("RssAnon:")?])
}

/// The resident size with 100,000 conversations of one message each, nearly all hibernated, against that of a platform without any.
pub(super) fn hibernated(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let count = rig.size(5_000, 100_000_usize);
    // As few in memory as the platform allows.
    let options = Options { activations: 1, ..Options::default() };
    let (platform, firm) = rig.open("memory", options)?;
    let platform = Arc::new(platform);
    let empty = rig.tokio.block_on(async {
        rig::settle(&platform, &firm).await?;
        resident()
    })?;
    let full = rig.tokio.block_on(async {
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..CALLERS {
            let (platform, firm): (Arc<Platform>, _) = (Arc::clone(&platform), firm.clone());
            callers.spawn(async move { rig::start_some(&platform, &firm, count.div_ceil(CALLERS)).await });
        }
        while let Some(caller) = callers.join_next().await {
            caller??;
        }
        rig::settle(&platform, &firm).await?;
        resident()
    })?;
    let each = |at: usize| (full[at] - empty[at]) / count as f64;
    let figure = Figure::new(full[0] / MIB, empty[0] / MIB, full[0] / empty[0], "MiB")
        .with_number("bytes_per_conversation", each(0))
        .with_number("anonymous_bytes_per_conversation", each(1))
        .with_number("anonymous_mib", full[1] / MIB)
        .with("conversations", count);
    Ok(vec![("memory".into(), figure)])
}
