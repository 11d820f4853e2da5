//! More objects than fit in memory.

use std::sync::Arc;

use engage_app::Fault;
use engage_domain::{Conversation, conversation::Command};
use engage_journal::Value;

use crate::rig::{Rig, change, conversation, done, message, said, start};

/// Far more than two batches, which is the least that a shard keeps.
const CONVERSATIONS: u64 = 2_000;
/// Those that get so many more events that they wake from a snapshot.
const OLD: u64 = 3;
const OLD_EVENTS: u64 = 70;

async fn each(rig: &Arc<Rig>, command: fn() -> Command, expected: u64) {
    let callers: Vec<_> = (0..32)
        .map(|caller| {
            let rig = Arc::clone(rig);
            tokio::spawn(async move {
                for number in (1..=CONVERSATIONS).filter(|number| number % 32 == caller) {
                    let old = if number <= OLD { OLD_EVENTS } else { 0 };
                    let version = rig.tell(number, command()).await.state.version.0;
                    assert!(version == expected || version == expected + old, "{number} is at {version}");
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_beyond_the_memory_hibernate_and_wake_as_they_were() {
    let mut rig = Rig::new().await;
    rig.options.activations = 1;
    rig.options.shards = 1;
    rig.reopen();
    let shared = Arc::new(rig);
    each(&shared, start, 1).await;
    each(&shared, || message("one"), 2).await;
    for number in 1..=OLD {
        for _ in 0..OLD_EVENTS {
            shared.tell(number, message("more")).await;
        }
    }
    each(&shared, || message("last"), 3).await;
    let rig = Arc::into_inner(shared).unwrap();
    for number in 1..=CONVERSATIONS {
        let expected = 2 + if number <= OLD { OLD_EVENTS } else { 0 };
        assert_eq!(rig.peek_conversation(number).await.unwrap().message_count, expected);
    }
    rig.is_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hibernates_is_not_in_memory() {
    let mut rig = Rig::new().await;
    rig.options.activations = 1;
    rig.options.shards = 1;
    rig.reopen();
    let shared = Arc::new(rig);
    each(&shared, start, 1).await;
    let rig = Arc::into_inner(shared).unwrap();
    rig.tell(1, message("in memory now")).await;
    for number in 2..=CONVERSATIONS {
        rig.peek_conversation(number).await;
    }
    // The follower is to have read the file while it was whole.
    rig.caught_up().await;
    // Who is answered from memory does not notice that the file was damaged; who has to be loaded does.
    let payload = "UPDATE entry SET payload = ?2 WHERE object = ?1 AND version = 1";
    let mut journal = rig.journal();
    let mut asleep = 0;
    for number in [1, CONVERSATIONS / 2, CONVERSATIONS] {
        let whole = crate::rig::texts(
            &mut journal,
            &format!("SELECT payload FROM entry WHERE object = {} AND version = 1", rig.object(number)),
        );
        let object = Value::Integer(rig.object(number));
        change(&mut journal, payload, &[object, Value::Text("{}")], 1);
        let peek = engage_journal::Call::new(engage_domain::Actor::SYSTEM, engage_journal::Intent::Peek);
        match rig.call::<Conversation>(conversation(number), peek).await {
            Err(Fault::Storage(error)) => {
                asleep += 1;
                assert!(said(&*error).contains("corrupt"), "{error}");
                // The others go on, and so does this one once the file is whole again.
                assert!(rig.peek_conversation(CONVERSATIONS - 1).await.is_some());
            }
            answer => {
                assert_eq!(number, CONVERSATIONS, "only the last can still be awake");
                done(answer);
            }
        }
        change(&mut journal, payload, &[object, Value::Text(&whole[0])], 1);
        assert!(rig.peek_conversation(number).await.is_some());
    }
    assert_eq!(asleep, 2);
    rig.is_sound().await;
}
