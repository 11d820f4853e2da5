//! Waking: how long a hibernated conversation takes to load.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use engage_domain::{Conversation, ConversationId};
use engage_journal::{Activation, ObjectKey, activation::SNAPSHOT_EVERY};
use engage_native::sqlite::Db;

use super::{
    Figure,
    rig::{self, Rig, median, quantile_us},
};

const CALLERS: usize = 64;

/// A load on a connection of its own: no page and no prepared statement is left from the one before.
fn load(journal: &Path, id: ConversationId) -> anyhow::Result<Duration> {
    let mut db = Db::reader(journal)?;
    let began = Instant::now();
    let loaded = Activation::<Conversation>::load(&mut db, ObjectKey::of::<Conversation>(&id))?;
    let took = began.elapsed();
    anyhow::ensure!(loaded.exists(), "conversation {id} was not found");
    Ok(took)
}

/// Loads a conversation of 10,000 messages and one of 10. How many events are replayed depends on how far the last snapshot lies back,
/// so the long one is loaded at every distance there is.
pub(super) fn activate(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let (platform, firm) = rig.platform("activate")?;
    let (messages, loads) = (rig.size(1_000, 10_000_usize), rig.size(3, 21));
    let (long, short) = rig.tokio.block_on(async {
        let long = rig::start(&platform, &firm).await?;
        rig::say_much(&platform, &firm, &[long; CALLERS], messages.div_ceil(CALLERS)).await?;
        let short = rig::start(&platform, &firm).await?;
        rig::say_much(&platform, &firm, &[short], 10).await?;
        rig::settle(&platform, &firm).await?;
        anyhow::Ok((long, short))
    })?;
    let journal = platform.folder().firm(&firm).join("journal.db");
    let (mut longs, mut shorts) = (vec![], vec![]);
    for _ in 0..SNAPSHOT_EVERY {
        rig.tokio.block_on(rig::say(&platform, &firm, long))?;
        let (mut of_long, mut of_short) = (vec![], vec![]);
        for _ in 0..loads {
            of_long.push(load(&journal, long)?);
            of_short.push(load(&journal, short)?);
        }
        longs.push(quantile_us(&mut of_long, 0.5));
        shorts.push(quantile_us(&mut of_short, 0.5));
    }
    let ratio = median(longs.iter().zip(&shorts).map(|(long, short)| long / short).collect());
    let worst = longs.iter().copied().fold(0.0, f64::max);
    let figure = Figure::new(median(longs), median(shorts), ratio, "µs").with_number("worst_us", worst);
    Ok(vec![("activate".into(), figure.with("messages", messages).with("baseline_is", "10 messages"))])
}
