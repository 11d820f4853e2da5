//! A firm's journal taken out of a running platform, or brought into one.

use std::sync::{Arc, PoisonError};

use engage_app::{Fault, runtime::JournalPage, transfer::Landed};
use engage_domain::FirmId;
use engage_journal::{
    Error, ObjectKey,
    transfer::{Line, ObjectHead, Page, Place, heads_after, page},
};
use tokio::sync::oneshot;

use super::Platform;
use crate::{
    readers::Source,
    shard::Message,
    transfer::{self, TransferError},
};

/// Lines of one page.
const LINES: i64 = 1_000;
/// About how many bytes of text a page holds at most.
const BYTES: usize = 4 * 1024 * 1024;

impl Platform {
    pub(super) async fn lines_of(&self, firm: &FirmId, after: Place) -> Result<JournalPage, Fault> {
        let Page { lines, last, more } =
            self.read(firm, Source::Journal, move |db| page(db, &after.last, LINES, BYTES)).await?;
        Ok(JournalPage { lines, next: more.then_some(Place { object: None, last }) })
    }

    pub(super) async fn heads_of(
        &self,
        firm: &FirmId,
        after: Option<ObjectKey>,
        limit: i64,
    ) -> Result<(Vec<ObjectHead>, Option<ObjectKey>), Fault> {
        let heads = self.read(firm, Source::Journal, move |db| heads_after(db, after.as_ref(), limit)).await?;
        let next = heads.last().filter(|_| heads.len() as i64 == limit).map(|head| head.key.clone());
        Ok((heads, next))
    }

    pub(super) async fn take_in(&self, firm: &FirmId, lines: Vec<Line>) -> Result<Landed, Fault> {
        let (folder, arriving, now) = (Arc::clone(&self.folder), Arc::clone(&self.arriving), self.clock.now());
        let name = firm.clone();
        let received = tokio::task::spawn_blocking(move || {
            // One at a time: two that bring the same firm would build on each other's files.
            let _arriving = arriving.lock().unwrap_or_else(PoisonError::into_inner);
            transfer::receive(&folder, &name, &lines, now)
        });
        match settled(received.await)? {
            Ok(false) => Ok(Landed::Partly),
            Ok(true) => {
                let (done, _) = oneshot::channel();
                // A full queue only delays it until the firm is first asked.
                let _ = self.shard_of(firm).try_send(Message::Open(self.handle(firm)?, done));
                tracing::info!(%firm, "a firm was brought in");
                Ok(Landed::Whole)
            }
            Err(TransferError::Exists(_)) => Ok(Landed::Exists),
            Err(TransferError::Line { problem, .. }) => Ok(Landed::Refused(problem)),
            Err(error) => Err(storage(error)),
        }
    }

    pub(super) async fn forget_lines(&self, firm: &FirmId) -> Result<(), Fault> {
        let (folder, arriving, firm) = (Arc::clone(&self.folder), Arc::clone(&self.arriving), firm.clone());
        let removed = tokio::task::spawn_blocking(move || {
            let _arriving = arriving.lock().unwrap_or_else(PoisonError::into_inner);
            transfer::abandon(&folder, &firm)
        });
        settled(removed.await)?.map_err(storage)
    }
}

fn settled<T>(done: Result<T, tokio::task::JoinError>) -> Result<T, Fault> {
    done.map_err(|_| Fault::Overloaded("the platform is shutting down"))
}

fn storage(error: TransferError) -> Fault {
    Fault::Storage(Arc::new(match error {
        TransferError::Journal(error) => error,
        error => Error::Storage {
            operation: "bring a firm in".into(),
            message: error.to_string(),
            transient: true,
            source: Some(Box::new(error)),
        },
    }))
}
