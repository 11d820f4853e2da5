//! Random commands from concurrent callers, some of whose batches fail, against a model: the pure aggregates replayed.

mod commands;
mod history;

use std::{sync::Arc, time::Duration};

use engage_app::Fault;
use engage_domain::{Conversation, User, Version};
use engage_journal::{Call, Hosted, Sql, Turn};
use proptest::{collection::vec, prelude::*};

use self::{
    commands::{Step, Target, step},
    history::{History, Modelled},
};
use crate::rig::{Rig, conversation, person};

pub(crate) const CONVERSATIONS: u64 = 3;
pub(crate) const USERS: u64 = 2;

/// A call that was answered, or met a fault.
pub(crate) struct Asked<A: Hosted> {
    object: u64,
    call: Call<A::Command>,
    turn: Result<Turn<A>, Fault>,
}

/// What one caller asked, in order.
#[derive(Default)]
pub(crate) struct Log {
    conversations: Vec<Asked<Conversation>>,
    users: Vec<Asked<User>>,
}

async fn run(rig: Arc<Rig>, steps: Vec<Step>) -> Log {
    let mut log = Log::default();
    for Step { target, pause } in steps {
        match target {
            Target::Conversation(object, call) => {
                let turn = rig.call(conversation(object), call.clone()).await;
                log.conversations.push(Asked { object, call, turn });
            }
            Target::User(object, call) => {
                let turn = rig.call(person(object), call.clone()).await;
                log.users.push(Asked { object, call, turn });
            }
        }
        if pause {
            tokio::time::sleep(Duration::from_micros(300)).await;
        }
    }
    log
}

/// All callers of one round at once.
async fn round(rig: &Arc<Rig>, callers: Vec<Vec<Step>>, logs: &mut Vec<Log>) {
    let tasks: Vec<_> = callers.into_iter().map(|steps| tokio::spawn(run(Arc::clone(rig), steps))).collect();
    for task in tasks {
        logs.push(task.await.unwrap());
    }
}

/// Every answer agrees with the history that the journal tells, and the history with every answer.
async fn compare<A: Modelled>(rig: &Rig, history: &History<A>, logs: &[Vec<&Asked<A>>], objects: u64)
where
    A::Event: PartialEq,
    A::Rejection: PartialEq,
{
    for object in 1..=objects {
        let peeked = rig.peek(A::object(object)).await;
        assert_eq!(peeked.as_deref(), history.last(object).filter(|state| state.version() > Version::NONE));
    }
    let mut acknowledged = vec![];
    let mut refusals = 0;
    for log in logs {
        let mut seen = vec![Version::NONE; objects as usize + 1];
        for asked in log {
            history.explains(asked);
            match &asked.turn {
                Ok(Turn::Done(answer)) if !answer.replayed => {
                    // Whoever has seen a version never sees an earlier one after it.
                    let seen = &mut seen[asked.object as usize];
                    assert!(answer.state.version() >= *seen, "{:?} after {seen}", answer.state);
                    *seen = answer.state.version();
                    acknowledged.extend(answer.recorded.iter().map(|recorded| recorded.id));
                }
                Ok(Turn::Denied { recorded: true, .. }) => refusals += 1,
                Ok(_) | Err(_) => {}
            }
        }
    }
    // Everything acknowledged is there once, and nothing else is there.
    let mut recorded = history.recorded();
    acknowledged.sort();
    recorded.sort();
    assert_eq!(acknowledged, recorded);
    assert_eq!(refusals, history.refusals());
    history.repeats_agree(&logs.concat());
}

async fn agree(rig: &Rig, logs: &[Log]) {
    let entries = rig.entries();
    let conversations = History::<Conversation>::of(&entries);
    let users = History::<User>::of(&entries);
    compare(
        rig,
        &conversations,
        &logs.iter().map(|log| log.conversations.iter().collect()).collect::<Vec<_>>(),
        CONVERSATIONS,
    )
    .await;
    compare(rig, &users, &logs.iter().map(|log| log.users.iter().collect()).collect::<Vec<_>>(), USERS).await;
    rig.is_sound().await;
    history::index_shows(rig, &entries, &conversations, &users);
}

async fn case(first: Vec<Vec<Step>>, second: Vec<Vec<Step>>) {
    let mut rig = Rig::new().await;
    // As a full disk would: what was to be written is refused, and with it the whole batch.
    let poison = "CREATE TRIGGER poison BEFORE INSERT ON entry WHEN new.payload LIKE '%poison%'
                  BEGIN SELECT RAISE(ABORT, 'no room'); END";
    rig.journal().script(poison).unwrap();
    let mut logs = vec![];
    let mut shared = Arc::new(rig);
    round(&shared, first, &mut logs).await;
    agree(&shared, &logs).await;
    rig = Arc::into_inner(shared).unwrap();
    rig.reopen();
    agree(&rig, &logs).await;
    shared = Arc::new(rig);
    round(&shared, second, &mut logs).await;
    agree(&shared, &logs).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn concurrent_callers_see_one_history(
        first in vec(vec(step(), 1..14), 1..5),
        second in vec(vec(step(), 1..8), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(case(first, second));
    }
}
