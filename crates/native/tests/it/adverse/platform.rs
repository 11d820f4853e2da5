//! The real platform under callers who all come at once, ended in the middle, with callers lost on the way.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use engage_app::{Caller, Engage, Error, Fault, Runtime, Write, registry::Registered};
use engage_domain::{
    Actor, ConflictId, Conversation, ConversationId, FirmId,
    conversation::{ConflictStatus, Start},
    registry::Party,
};
use engage_journal::{Call, Intent, Sql, Turn};
use engage_native::Platform;
use tokio::task::JoinSet;

use super::{
    pairs::{Dice, Half, pair},
    world::replayed,
};
use crate::rig::{Rig, by_system, conversation, eventually, integer, start};

/// Pairs that come in at once: twice as many callers.
const AT_ONCE: u64 = 256;
/// How many times that is, the platform ended under each but the last.
const ROUNDS: u64 = 5;

/// What a caller was answered of the last party it named.
struct Answered {
    half: Half,
    last: Registered,
    status: ConflictStatus,
}

/// Names a half's parties as one caller; none: the platform ended meanwhile.
async fn name(engage: Arc<Engage<Platform>>, firm: FirmId, half: Half) -> Option<Answered> {
    let begin =
        Call::new(Actor::SYSTEM, Intent::Command(engage_domain::conversation::Command::Start(Box::<Start>::default())));
    match engage.runtime().call::<Conversation>(&firm, half.conversation, begin).await {
        // It was begun before.
        Ok(Turn::Done(_) | Turn::Rejected(_)) => {}
        Err(Fault::Overloaded(_)) => return None,
        other => panic!("{other:?}"),
    }
    let caller = Caller::system(firm);
    let parties: Vec<Party> = half.named.iter().map(|planned| planned.party.clone()).collect();
    match engage.register_parties(&caller, half.conversation, &Write::default(), parties).await {
        Ok((mut registered, answer)) => {
            let last = registered.pop().unwrap();
            Some(Answered { half, last, status: answer.state.conflict_status })
        }
        Err(Error::Fault(Fault::Overloaded(_))) => None,
        Err(other) => panic!("{other:?}"),
    }
}

fn letters(rig: &Rig) -> i64 {
    integer(&mut rig.journal(), "SELECT count(*) FROM letter")
}

/// Waits until nothing is left to deliver, without asking the platform anything.
async fn delivered(rig: &Rig) {
    eventually("no letter waits", || async { (letters(rig) == 0).then_some(()) }).await;
}

async fn status(rig: &Rig, id: ConversationId) -> ConflictStatus {
    rig.peek::<Conversation>(id).await.map(|state| state.conflict_status).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_thousands_who_come_at_once_no_pair_is_clear_on_both_sides_whenever_the_platform_ends() {
    let mut rig = Rig::new().await;
    let mut dice = Dice::new(7);
    let mut pairs = vec![];
    let mut answered: BTreeMap<ConversationId, Answered> = BTreeMap::new();
    let mut again: Vec<Half> = vec![];
    for round in 0..ROUNDS {
        let mut callers = std::mem::take(&mut again);
        for number in round * AT_ONCE..(round + 1) * AT_ONCE {
            let halves = pair(&rig.firm, number, [conversation(2 * number), conversation(2 * number + 1)], &mut dice);
            callers.extend(halves.clone());
            pairs.push(halves);
        }
        rig.close();
        let engage = Arc::new(Engage::new(Platform::open(rig.path(), rig.options.clone()).unwrap(), b"secret"));
        // After so many answers the callers that are left are lost, wherever they are, and the platform ends.
        let life = if round + 1 == ROUNDS { usize::MAX } else { 1 + dice.below(AT_ONCE * 2) as usize };
        let (mut asking, mut count) = (JoinSet::new(), 0);
        for half in callers.clone() {
            asking.spawn(name(Arc::clone(&engage), rig.firm.clone(), half));
        }
        while let Some(done) = asking.join_next().await {
            match done {
                Ok(Some(one)) => {
                    count += 1;
                    // Whoever is found in conflict is told so in the same answer. Whoever asks again may be ahead of the letter.
                    let found = one.last.party.screening.conflicts().next().is_some();
                    assert!(
                        !found || !one.last.changed || one.status == ConflictStatus::ConflictDetected,
                        "{:?}",
                        one.half
                    );
                    answered.insert(one.half.conversation, one);
                }
                Ok(None) => {}
                Err(lost) => assert!(lost.is_cancelled(), "{lost}"),
            }
            if count >= life {
                asking.abort_all();
            }
        }
        drop(Arc::into_inner(engage).unwrap());
        rig.open();
        // Some of those who got no answer ask again, the others never do.
        let unanswered = callers.into_iter().filter(|half| !answered.contains_key(&half.conversation));
        again.extend(unanswered.filter(|_| !dice.one_in(4)));
    }
    assert!(again.is_empty(), "in the last round everybody was answered");
    assert!(answered.len() as u64 > AT_ONCE * ROUNDS, "{} were answered", answered.len());
    delivered(&rig).await;
    rig.is_sound().await;

    let parties = super::parties(&mut rig.journal()).unwrap();
    let conflicts = super::conflicts(&mut rig.journal()).unwrap();
    let records: BTreeMap<_, _> = parties.iter().map(|kept| (kept.record.id, &kept.record)).collect();
    for one in answered.values() {
        assert_eq!(records.get(&one.last.party.id), Some(&&one.last.party), "it was answered so");
    }
    let mut expected = BTreeSet::new();
    for [one, other] in &pairs {
        let known = |half: &Half| {
            let planned = half.adverse();
            records.get(&planned.id).is_some_and(|record| record.party.aliases == planned.party.aliases)
        };
        let (mine, theirs) = (status(&rig, one.conversation).await, status(&rig, other.conversation).await);
        if known(one) && known(other) {
            expected.insert(ConflictId::between(one.adverse().id, other.adverse().id));
            assert_eq!([mine, theirs], [ConflictStatus::ConflictDetected; 2], "{one:?} {other:?}");
            if let (Some(one), Some(other)) = (answered.get(&one.conversation), answered.get(&other.conversation)) {
                let told = [one, other].map(|side| side.last.party.screening.status());
                assert!(told.contains(&ConflictStatus::ConflictDetected), "{:?} {:?}", one.half, other.half);
            }
        } else {
            for (half, shown) in [(one, mine), (other, theirs)] {
                let named = half.named.iter().any(|planned| records.contains_key(&planned.id));
                let alone = if named { ConflictStatus::Clear } else { ConflictStatus::Pending };
                assert_eq!(shown, alone, "{half:?}");
            }
        }
    }
    assert_eq!(conflicts.iter().map(|kept| kept.conflict.id).collect::<BTreeSet<_>>(), expected);
    assert_eq!(conflicts.len(), expected.len());
    assert!(conflicts.iter().all(|kept| kept.conflict.state.is_open()));
    assert!(expected.len() as u64 > AT_ONCE, "{} pairs were adverse", expected.len());
    let detected = rig.entries().iter().filter(|entry| &*entry.action == "conflict_detected").count();
    assert_eq!(detected, expected.len());
    let again = replayed(&mut rig.journal(), &rig.path().join("again.db"), &rig.firm).unwrap();
    assert_eq!(again, (parties, conflicts));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_that_waited_at_the_end_are_delivered_at_the_next_start_without_anybody_asking() {
    let mut rig = Rig::new().await;
    let mut dice = Dice::new(11);
    let pairs: Vec<_> = (0..24)
        .map(|number| pair(&rig.firm, number, [conversation(2 * number), conversation(2 * number + 1)], &mut dice))
        .collect();
    // No letter can be delivered, as if the process ended between the two commits each time.
    rig.journal()
        .script("CREATE TRIGGER held BEFORE DELETE ON letter BEGIN SELECT RAISE(ABORT, 'not yet'); END")
        .unwrap();
    for half in pairs.iter().flatten() {
        let begun = rig.call::<Conversation>(half.conversation, by_system(start())).await.unwrap();
        assert!(matches!(begun, Turn::Done(_)), "{begun:?}");
        for planned in &half.named {
            // A caller who is gone before telling anybody. A batch of letters that failed may have taken the call with it.
            let named = eventually("a turn that was not in a batch with letters", || async {
                let command =
                    engage_domain::firm::Command::Register { id: planned.id, party: Box::new(planned.party.clone()) };
                rig.call::<engage_domain::Firm>(rig.firm.clone(), by_system(command)).await.ok()
            })
            .await;
            assert!(matches!(named, Turn::Done(_)), "{named:?}");
        }
    }
    rig.close();
    assert!(letters(&rig) >= 72, "{} letters wait", letters(&rig));
    rig.journal().script("DROP TRIGGER held").unwrap();
    rig.open();
    delivered(&rig).await;
    for half in pairs.iter().flatten() {
        assert_eq!(status(&rig, half.conversation).await, ConflictStatus::ConflictDetected, "{half:?}");
    }
    rig.is_sound().await;
}
