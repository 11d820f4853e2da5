//! What a crash leaves behind: rows of the list that do not show what was acknowledged.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use engage_http::token::TokenKey;

use super::{
    server::{Place, Server},
    side::{Moments, Side},
};
use crate::bench::{Figure, rig::Rig};

/// Callers that write when it is killed.
const CALLERS: usize = 16;
/// Messages that are acknowledged before it is.
const LIFE: usize = 400;
/// How long after its start its list may still come to show them: longer than any alarm waits that was set with a write.
const RECOVERY: Duration = Duration::from_secs(20);

/// Rows that never come to show what was acknowledged: of the target, beside those of the baseline.
pub(super) fn lost(rig: &Rig, key: &TokenKey, target: &Place, baseline: &Place) -> anyhow::Result<Figure> {
    let kills = rig.size(2, 8);
    let (ours, acknowledged) = after_kills(rig, key, target, "crash", kills)?;
    let (theirs, _) = after_kills(rig, key, baseline, "crash-baseline", kills)?;
    let (value, beside) = (ours as f64, theirs as f64);
    let figure = Figure::new(value, beside, value / beside, "rows lost");
    let figure =
        figure.with("kills", kills).with("acknowledged", acknowledged).with("conversations", kills * CALLERS * 2);
    Ok(Figure { target: Some("0"), met: Some(ours == 0), ..figure })
}

/// Kills a server so many times in the middle of load, each time over conversations of their own; gives the rows that were lost and the
/// messages that were acknowledged.
fn after_kills(rig: &Rig, key: &TokenKey, place: &Place, name: &str, kills: usize) -> anyhow::Result<(usize, usize)> {
    let data = rig.path(name);
    let mut moments = Moments::new();
    let mut acknowledged = 0;
    for kill in 0..kills {
        let server = Server::at(place, &data, key)?;
        let mut side = Side::of(&server, key)?;
        let agent = side.agent();
        if kill == 0 {
            side.found(&agent)?;
        }
        let mut conversations = vec![];
        for _ in 0..CALLERS * 2 {
            conversations.push(side.conversation(&agent, 10)?.0);
        }
        let (heard, count) = until_killed(&server, &side, &conversations)?;
        moments.extend(heard);
        acknowledged += count;
    }
    let server = Server::at(place, &data, key)?;
    let side = Side::of(&server, key)?;
    let (agent, began) = (side.agent(), Instant::now());
    loop {
        let behind = side.behind(&agent, &moments)?;
        if behind == 0 || began.elapsed() > RECOVERY {
            return Ok((behind, acknowledged));
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Writes from all callers until the server is killed; gives when each conversation was last active by what was acknowledged, and how many
/// messages that were.
fn until_killed(server: &Server, side: &Side, conversations: &[String]) -> anyhow::Result<(Moments, usize)> {
    let (heard, count) = (Mutex::new(Moments::new()), AtomicUsize::new(0));
    let outcomes: Vec<anyhow::Result<()>> = std::thread::scope(|scope| {
        let (heard, count) = (&heard, &count);
        let callers: Vec<_> = conversations
            .chunks(conversations.len().div_ceil(CALLERS))
            .map(|mine| {
                scope.spawn(move || {
                    let agent = side.agent();
                    for conversation in mine.iter().cycle() {
                        let at = match side.say(&agent, conversation) {
                            Ok(at) => at,
                            // It is dead.
                            Err(_) if count.load(Ordering::SeqCst) >= LIFE => return Ok(()),
                            Err(error) => return Err(error.context("it was lost before it was killed")),
                        };
                        heard.lock().unwrap_or_else(PoisonError::into_inner).insert(conversation.clone(), at);
                        if count.fetch_add(1, Ordering::SeqCst) + 1 == LIFE {
                            server.kill();
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    outcomes.into_iter().collect::<anyhow::Result<()>>()?;
    Ok((heard.into_inner().unwrap_or_else(PoisonError::into_inner), count.into_inner()))
}
