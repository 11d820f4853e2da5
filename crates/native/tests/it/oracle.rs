//! What the index answers, against the objects themselves: each question is put to the service and, in slow and plain code, to the states that
//! the journal gives back. The firms are random; what matters in them lies on the edges of days, in zones whose days are not all alike.

mod drawn;
mod figures;

use std::{collections::BTreeSet, sync::Arc};

use engage_app::{
    Engage,
    access::Caller,
    analytics::{IDLE_MS, Period, Reach},
    audit::Trail,
};
use engage_domain::{
    Outcome, Timestamp,
    conversation::{AssignmentStatus, Priority, Status},
};
use engage_index::{
    ConversationList, Limit, Range,
    analytics::Attention,
    assignments::{AssignmentFilters, AssignmentList},
    audit::{AuditFilters, AuditList},
    conversations::{Filters, Order, Sort},
    page::Direction,
    search::{Search, Words},
    users::UserList,
};
use engage_native::{ManualClock, Options, Platform};
use proptest::prelude::*;

use self::{
    drawn::{Drawn, drawn},
    figures::Truth,
};
use crate::rig::{PATIENCE, firm};

/// Every page of a list, a few rows at a time.
macro_rules! pages {
    ($engage:ident.$ask:ident($caller:ident, $list:expr)) => {{
        let mut list = $list;
        let mut rows = vec![];
        loop {
            let page = $engage.$ask(&$caller, list.clone(), None).await.unwrap();
            assert!(page.rows.len() <= list.limit.get() as usize);
            assert!(page.freshness.consistent && page.freshness.lag_ms == 0);
            rows.extend(page.rows);
            match page.next {
                Some(next) => list.after = Some(next),
                None => break rows,
            }
        }
    }};
}

type Service = Engage<Platform>;

async fn case(drawn: Drawn) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(drawn.now));
    let options = Options { shards: 1, activations: 1_024, clock: Arc::clone(&clock) as _ };
    let engage = Engage::new(Platform::open(&folder.path().join("data"), options).unwrap(), b"secret");
    drawn.write(engage.runtime()).await;
    let (firm, platform) = (firm("acme"), engage.runtime());
    assert!(platform.catch_up(&firm, PATIENCE).await.unwrap());
    let truth = Truth::read(platform, &drawn).await;
    let caller = Caller::system(firm.clone());
    let limit = Limit::new(3).unwrap();

    let idle_before = drawn.now.plus_millis(-IDLE_MS);
    let rows = pages!(engage.list_attention(caller, Attention { firm: firm.clone(), idle_before, after: None, limit }));
    let shown: Vec<_> = rows.into_iter().map(|row| (row.conversation.session_id, row.assigned_to_name)).collect();
    assert_eq!(shown, truth.attention(idle_before));

    let (workload, now) = engage.workload(&caller, None).await.unwrap();
    assert_eq!(workload.body, truth.workload(now));

    for reach in Reach::ALL {
        let (report, since) = engage.practice_areas(&caller, reach, None).await.unwrap();
        assert_eq!(report.body, truth.practice_areas(since), "{reach:?}");
    }
    overviews(&engage, &caller, &truth, drawn.now).await;

    // What is overdue is active: no list asks for it with another status.
    let lists = AssignmentStatus::ALL.map(|status| (Some(status), false)).into_iter();
    for (status, overdue) in lists.chain([(Some(AssignmentStatus::Active), true), (None, false), (None, true)]) {
        for priority in [None, Some(Priority::Urgent)] {
            for assigned_to in [None, Some(crate::rig::person(1))] {
                let overdue_at = overdue.then_some(drawn.now);
                let filters = AssignmentFilters { assigned_to, status, priority, overdue_at };
                let list = AssignmentList { firm: firm.clone(), filters: filters.clone(), after: None, limit };
                let rows = pages!(engage.list_assignments(caller, list));
                let shown: Vec<_> =
                    rows.into_iter().map(|row| (row.row.session_id, row.row.assigned_to, row.client_name)).collect();
                assert_eq!(shown, truth.assignments(&filters), "{filters:?}");
            }
        }
    }

    let users = pages!(
        engage.list_users(caller, UserList { firm: firm.clone(), role: None, status: None, after: None, limit })
    );
    let shown: Vec<_> = users
        .into_iter()
        .map(|row| (row.user_id, row.role, row.status, row.conversation_count, row.assigned_conversation_count))
        .collect();
    assert_eq!(shown, truth.users());

    for sort in Sort::ALL {
        for direction in Direction::ALL {
            for status in [None, Some(Status::Active), Some(Status::Completed)] {
                let (order, filters) = (Order { sort, direction }, Filters { status, ..Filters::default() });
                let list = ConversationList { firm: firm.clone(), filters, order, after: None, limit };
                let rows = pages!(engage.list_conversations(caller, list));
                let shown: Vec<_> = rows.into_iter().map(|row| row.session_id).collect();
                assert_eq!(shown, truth.conversations(order, status), "{order:?} {status:?}");
            }
        }
    }

    trails(&engage, &caller, &drawn, &clock).await;

    // Last, for a search leaves an entry.
    for word in drawn::WORDS {
        let mut found = BTreeSet::new();
        let mut after = None;
        loop {
            let words = Words::parse(word).unwrap();
            let search = Search { firm: firm.clone(), words, owner: None, after, limit };
            let page = engage.search_conversations(&caller, search, None).await.unwrap();
            assert!(page.rows.into_iter().all(|row| found.insert(row.found.row.session_id)), "{word} twice");
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, truth.holding(word), "{word}");
    }
    assert!(engage.runtime().shut_down(PATIENCE));
}

/// What was recorded, and who looked. Looking leaves entries and takes days, so it comes behind what is asked of the states.
async fn trails(engage: &Service, caller: &Caller, drawn: &Drawn, clock: &ManualClock) {
    let (platform, limit) = (engage.runtime(), Limit::new(3).unwrap());
    drawn.look(platform, clock).await;
    assert!(platform.catch_up(&caller.firm, PATIENCE).await.unwrap());
    let truth = Truth::read(platform, drawn).await;
    for outcome in [None, Some(Outcome::Success), Some(Outcome::Blocked)] {
        let filters = AuditFilters { outcome, ..AuditFilters::default() };
        let list = AuditList { firm: caller.firm.clone(), filters, direction: Direction::Asc, after: None, limit };
        let rows = pages!(engage.list_audit(caller, list));
        let shown: Vec<_> = rows.into_iter().map(|entry| entry.row.audit_id).collect();
        assert_eq!(shown, truth.trail(None, outcome), "{outcome:?}");
    }
    clock.advance_millis(1);
    let mut report = engage.access_report(caller, None, (None, None)).await.unwrap();
    report.limit = limit;
    let rows = pages!(engage.list_accesses(caller, report.clone()));
    let shown: Vec<_> = rows
        .into_iter()
        .map(|row| (row.day, row.count.user_id, row.count.accesses, row.count.resources, row.count.blocked))
        .collect();
    assert_eq!(shown, truth.accesses(report.from, report.to));
    let (conflicts, _) = engage.conflict_counts(caller, Range::ALL, None).await.unwrap();
    assert_eq!(conflicts, [], "nothing is screened yet");
    for number in 1..=drawn.intakes.len() as u64 {
        let id = crate::rig::conversation(number);
        let trail = Trail { id, after: None, limit: Limit::default() };
        let page = engage.list_conversation_audit(caller, trail, None).await.unwrap();
        assert!(page.next.is_none());
        let shown: Vec<_> = page.rows.into_iter().map(|entry| entry.row.audit_id).collect();
        assert_eq!(shown, truth.trail(Some(id), None));
    }
}

async fn overviews(engage: &Service, caller: &Caller, truth: &Truth, now: Timestamp) {
    let today = truth.day_of(now);
    let week = Period { from: Some(today.plus(-6)), to: Some(today.plus(1)) };
    let ended = Period { from: Some(today.plus(-17)), to: Some(today.plus(-8)) };
    for period in [Period::default(), week, ended] {
        let overview = engage.overview(caller, period, None).await.unwrap();
        assert_eq!(overview.current, truth.totals(overview.from, overview.to), "{period:?}");
        assert_eq!(overview.previous, truth.totals(overview.previous_from, overview.from), "{period:?}");
        assert_eq!(overview.from.days_since(overview.previous_from), overview.to.days_since(overview.from));
        assert_eq!(overview.days, truth.days(overview.from, overview.to), "{period:?}");
        assert_eq!(overview.time_zone, truth.zone);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_what_the_objects_come_to(drawn in drawn()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(case(drawn));
    }
}
