//! How long after its acknowledgement a write shows in the lists.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use engage_app::{Runtime, runtime::Token};
use engage_domain::{Conversation, ConversationId, FirmId};
use engage_index::scan::VersionOf;
use engage_journal::ObjectKey;
use engage_native::Platform;

use super::{
    Figure,
    rig::{self, Rig, quantile_us},
};

/// Writes that are offered a second, whether or not the ones before have been answered.
const OFFERED: f64 = 5_000.0;
/// Conversations they go to, in turn.
const CONVERSATIONS: usize = 64;
/// One in so many is followed into the index.
const SAMPLED: usize = 20;
/// What the lag should be at the most.
const BOUND_MS: f64 = 100.0;

/// What became of one write.
struct Seen {
    /// From when it was to be sent until it was acknowledged.
    acknowledged: Duration,
    /// From then until the index showed it; none where nobody looked.
    visible: Option<Duration>,
}

/// Writes once, and asks the index for what was written as a list with a consistency token does.
async fn write(
    platform: Arc<Platform>,
    firm: FirmId,
    id: ConversationId,
    scheduled: Instant,
    sampled: bool,
) -> anyhow::Result<Seen> {
    let version = rig::say(&platform, &firm, id).await?;
    let acknowledged = Instant::now();
    let mut visible = None;
    while sampled && visible.is_none() {
        let object = ObjectKey::of::<Conversation>(&id);
        let query = VersionOf { firm: firm.clone(), object: object.clone() };
        let (shown, _) = platform.query(&firm, query, Some(Token { object, version })).await?;
        // What is not there in time is asked for again: a slow index must show as one.
        visible = shown.first().is_some_and(|shown| *shown >= version).then(|| acknowledged.elapsed());
    }
    Ok(Seen { acknowledged: acknowledged - scheduled, visible })
}

/// The time from acknowledgement to visibility at 5,000 writes a second.
pub(super) fn lag(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let (platform, firm) = rig.platform("lag")?;
    let lasting = rig.size(2.0, 20.0);
    let (seen, per_second) = rig.tokio.block_on(async {
        let ids = rig::start_some(&platform, &firm, CONVERSATIONS).await?;
        rig::settle(&platform, &firm).await?;
        let total = (OFFERED * lasting) as usize;
        let mut writes = tokio::task::JoinSet::new();
        let began = Instant::now();
        let mut sent = 0;
        while sent < total {
            let due = ((began.elapsed().as_secs_f64() * OFFERED) as usize).min(total);
            for at in sent..due {
                let scheduled = began + Duration::from_secs_f64(at as f64 / OFFERED);
                // Another conversation's turn with each round, or the same ones would be followed always.
                let sampled = (at + at / SAMPLED).is_multiple_of(SAMPLED);
                let id = ids[at % CONVERSATIONS];
                writes.spawn(write(Arc::clone(&platform), firm.clone(), id, scheduled, sampled));
            }
            sent = due;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut seen = vec![];
        while let Some(write) = writes.join_next().await {
            seen.push(write??);
        }
        anyhow::Ok((seen, total as f64 / began.elapsed().as_secs_f64()))
    })?;
    let mut acknowledged: Vec<_> = seen.iter().map(|seen| seen.acknowledged).collect();
    let mut visible: Vec<_> = seen.iter().filter_map(|seen| seen.visible).collect();
    let p99 = quantile_us(&mut visible, 0.99) / 1e3;
    let figure = Figure::new(p99, BOUND_MS, p99 / BOUND_MS, "ms").at_most("<= 100", 1.0);
    let figure = figure
        .with_number("p50_ms", quantile_us(&mut visible, 0.5) / 1e3)
        .with_number("max_ms", quantile_us(&mut visible, 1.0) / 1e3)
        .with_number("writes_per_s", per_second)
        .with_number("write_p50_us", quantile_us(&mut acknowledged, 0.5))
        .with_number("write_p99_us", quantile_us(&mut acknowledged, 0.99))
        .with("samples", visible.len());
    Ok(vec![("lag".into(), figure)])
}
