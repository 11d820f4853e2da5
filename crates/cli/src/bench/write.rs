//! Writing: how many durable messages a second, and how long one takes.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use super::{
    Figure, baseline,
    rig::{self, Rig, median},
};

/// Callers that write at the same time, and rows of the bare loop's transactions.
const CALLERS: usize = 64;

/// Durable `add message` from 64 concurrent callers, each in a conversation of its own, against the bare loop.
pub(super) fn in_process(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let (platform, firm) = rig.platform("write/in-process")?;
    let (rounds, each) = if rig.quick { (3, 100) } else { (7, 1_000) };
    let ids = rig.tokio.block_on(async {
        let mut ids = vec![];
        for _ in 0..CALLERS {
            let id = rig::start(&platform, &firm).await?;
            rig::say(&platform, &firm, id).await?;
            ids.push(id);
        }
        anyhow::Ok(ids)
    })?;
    let bytes = baseline::last_message(&platform.folder().firm(&firm).join("journal.db"))?;
    let bare = rig.path("bare.db");
    let (mut ours, mut bares) = (vec![], vec![]);
    for _ in 0..rounds {
        bares.push(baseline::bare_loop(&bare, &bytes, CALLERS * each, CALLERS)?);
        let began = Instant::now();
        rig.tokio.block_on(async {
            let callers: Vec<_> = ids
                .iter()
                .map(|&id| {
                    let (platform, firm) = (Arc::clone(&platform), firm.clone());
                    tokio::spawn(async move {
                        for _ in 0..each {
                            rig::say(&platform, &firm, id).await?;
                        }
                        anyhow::Ok(())
                    })
                })
                .collect();
            for caller in callers {
                caller.await??;
            }
            anyhow::Ok(())
        })?;
        ours.push((CALLERS * each) as f64 / began.elapsed().as_secs_f64());
    }
    let ratio = median(ours.iter().zip(&bares).map(|(ours, bare)| ours / bare).collect());
    let figure = Figure {
        value: median(ours),
        baseline: median(bares),
        ratio,
        unit: "messages/s",
        target: Some(">= 0.5"),
        met: Some(ratio >= 0.5),
        more: BTreeMap::from([("callers".into(), CALLERS.into())]),
    };
    Ok(vec![("write/in-process".into(), figure)])
}
