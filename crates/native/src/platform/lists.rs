//! Lists: asking a firm's index, which may be late, and may be lost and on its way back.

use std::{sync::Arc, time::Duration};

use engage_app::{Fault, Freshness, runtime::Token};
use engage_domain::FirmId;
use engage_index::{Query, scan::VersionOf};
use engage_journal::Error;
use tokio::sync::oneshot;

use super::Platform;
use crate::{
    firm::FirmHandle,
    follower::all,
    readers::Source,
    shard::Message,
    sqlite::{is_damaged, lacks_tables},
};

/// How long a list waits for the index to hold what its consistency token asks for, before it answers and says that it does not.
const CONSISTENCY_WAIT: Duration = Duration::from_secs(2);

/// How long a list waits for an index whose tables are not there yet: of a firm just founded, or begun anew. It takes milliseconds
/// unless the disk is in trouble.
const LAYOUT_WAIT: Duration = Duration::from_secs(5);

impl Platform {
    /// Asks the index once it is there.
    pub(super) async fn ask<Q: Query>(
        &self,
        firm: &FirmId,
        handle: &Arc<FirmHandle>,
        query: &Arc<Q>,
        token: Option<&Token>,
    ) -> Result<(Vec<Q::Row>, Freshness), Fault> {
        if tokio::time::timeout(LAYOUT_WAIT, handle.laid_out()).await.is_err() {
            return Err(Fault::Overloaded("the index is not there yet"));
        }
        let consistent = match token {
            Some(token) => self.wait_for(firm, handle, token).await?,
            None => true,
        };
        // Read before the query, so that the answer holds at least what it says.
        let freshness = Freshness { consistent, ..handle.freshness(self.clock.now()) };
        let query = Arc::clone(query);
        let rows = self.read(firm, Source::Index, move |db| all(db, &*query)).await?;
        Ok((rows, freshness))
    }

    /// Tells the follower where a list met an index that is damaged, or that is not there. What went wrong may be past already.
    pub(super) fn look_after_index(&self, firm: &FirmId, handle: &Arc<FirmHandle>, error: &Error) {
        tracing::warn!(%firm, error = error as &dyn std::error::Error, "the index cannot be read");
        let damaged = is_damaged(error);
        // A file that has just been made anew may not have its tables yet.
        if damaged || lacks_tables(error) || !handle.index_path().exists() {
            handle.index_is_lost(damaged);
            let (done, _) = oneshot::channel();
            // A full queue only delays it until something is written.
            let _ = self.shard_of(firm).try_send(Message::Open(Arc::clone(handle), done));
        }
    }

    /// Waits until the index holds the object at the token's version; false when it does not in time.
    async fn wait_for(&self, firm: &FirmId, handle: &Arc<FirmHandle>, token: &Token) -> Result<bool, Fault> {
        let mut applied = handle.applied_changes();
        let deadline = tokio::time::Instant::now() + CONSISTENCY_WAIT;
        loop {
            applied.mark_unchanged();
            let query = VersionOf { firm: firm.clone(), object: token.object.clone() };
            let held = self.read(firm, Source::Index, move |db| all(db, &query)).await?;
            if held.first().is_some_and(|held| *held >= token.version) {
                return Ok(true);
            }
            if tokio::time::timeout_at(deadline, applied.changed()).await.is_err() {
                return Ok(false);
            }
        }
    }
}
