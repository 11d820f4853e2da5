//! A shard's queue, bounded, that knows how many messages wait in it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
    time::Duration,
};

use super::Message;

/// The sending end.
#[derive(Clone)]
pub(crate) struct ShardSender {
    sender: SyncSender<Message>,
    waiting: Arc<AtomicUsize>,
}

/// The shard's end.
pub(super) struct ShardReceiver {
    receiver: Receiver<Message>,
    waiting: Arc<AtomicUsize>,
}

/// A queue of at most `bound` messages.
pub(super) fn queue(bound: usize) -> (ShardSender, ShardReceiver) {
    let (sender, receiver) = sync_channel(bound);
    let waiting = Arc::<AtomicUsize>::default();
    (ShardSender { sender, waiting: Arc::clone(&waiting) }, ShardReceiver { receiver, waiting })
}

impl ShardSender {
    /// Never blocks.
    #[expect(clippy::result_large_err, reason = "what could not be sent comes back, as from the queue underneath")]
    pub(crate) fn try_send(&self, message: Message) -> Result<(), TrySendError<Message>> {
        // Before it is there to be taken, so that the count never falls below zero.
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.sender.try_send(message).inspect_err(|_| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        })
    }

    /// How many messages wait.
    pub(crate) fn depth(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl ShardReceiver {
    pub(super) fn recv_timeout(&self, patience: Duration) -> Result<Message, RecvTimeoutError> {
        self.receiver.recv_timeout(patience).inspect(|_| self.taken())
    }

    pub(super) fn try_recv(&self) -> Result<Message, TryRecvError> {
        self.receiver.try_recv().inspect(|_| self.taken())
    }

    fn taken(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
