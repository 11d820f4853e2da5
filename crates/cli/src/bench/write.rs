//! Writing: how many durable messages a second, and how long one takes.

use std::time::Instant;

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
    let ids = rig.tokio.block_on(rig::start_some(&platform, &firm, CALLERS))?;
    let bytes = baseline::last_message(&platform.folder().firm(&firm).join("journal.db"))?;
    let bare = rig.path("bare.db");
    let (mut ours, mut bares) = (vec![], vec![]);
    for _ in 0..rounds {
        bares.push(baseline::bare_loop(&bare, &bytes, CALLERS * each, CALLERS)?);
        let began = Instant::now();
        rig.tokio.block_on(rig::say_much(&platform, &firm, &ids, each))?;
        ours.push((CALLERS * each) as f64 / began.elapsed().as_secs_f64());
    }
    let ratio = median(ours.iter().zip(&bares).map(|(ours, bare)| ours / bare).collect());
    let figure = Figure::new(median(ours), median(bares), ratio, "messages/s").at_least(">= 0.5", 0.5);
    Ok(vec![("write/in-process".into(), figure.with("callers", CALLERS))])
}

/// Callers that write into one conversation at the same time, where its length is what matters.
const PIPELINED: usize = 8;

/// The time of a message in a conversation that has some 100,000 against one that has some 100.
pub(super) fn long_conversation(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    const EARLY: usize = 100;
    let (platform, firm) = rig.platform("write/long-conversation")?;
    let (length, rounds, each) = (rig.size(5_000, 100_000_usize), rig.size(3, 21), rig.size(20, 60));
    let long = rig.tokio.block_on(async {
        let id = rig::start(&platform, &firm).await?;
        rig::say_much(&platform, &firm, &[id; CALLERS], length.div_ceil(CALLERS)).await?;
        rig::settle(&platform, &firm).await?;
        anyhow::Ok(id)
    })?;
    let block = async |id| {
        let began = Instant::now();
        rig::say_much(&platform, &firm, &[id; PIPELINED], each).await?;
        anyhow::Ok(began.elapsed().as_secs_f64() * 1e6 / (PIPELINED * each) as f64)
    };
    let (mut late, mut early) = (vec![], vec![]);
    rig.tokio.block_on(async {
        for _ in 0..rounds {
            let short = rig::start(&platform, &firm).await?;
            rig::say_much(&platform, &firm, &[short; PIPELINED], EARLY.div_ceil(PIPELINED)).await?;
            rig::settle(&platform, &firm).await?;
            early.push(block(short).await?);
            rig::settle(&platform, &firm).await?;
            late.push(block(long).await?);
        }
        anyhow::Ok(())
    })?;
    let ratio = median(late.iter().zip(&early).map(|(late, early)| late / early).collect());
    let figure = Figure::new(median(late), median(early), ratio, "µs/message").at_most("<= 1.2", 1.2);
    Ok(vec![("write/long-conversation".into(), figure.with("messages", length).with("callers", PIPELINED))])
}
