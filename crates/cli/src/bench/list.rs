//! Lists and reports: what a page costs in a large firm against the same page in a small one, and how long a report takes in a large one.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use engage_domain::{
    FirmId, Outcome, Timestamp,
    conversation::{ConflictStatus, Phase, Status},
};
use engage_index::{
    ConversationList, ConversationRow, Cursor, Limit, Query, Range,
    analytics::{Attention, Means, PracticeAreaSpans, PracticeAreas, Progress, Workload},
    assignments::{AssignmentFilters, AssignmentList},
    audit::{AuditFilters, AuditList},
    conversations::{Filters, Order, Sort},
    page::Direction,
    reports::{AccessesOfDay, ConflictCounts},
    search::{Search, Words},
    users::UserList,
};
use engage_journal::Sql;
use engage_native::sqlite::Db;

use super::{
    Figure,
    rig::{Rig, median, median_of, quantile_us},
    seed,
};

/// The page that is looked at besides the first.
const DEEP: usize = 100;

/// A list with one filter, in the order that the API gives it unless it is asked for another.
fn lists(firm: &FirmId, limit: Limit) -> anyhow::Result<Vec<(&'static str, ConversationList)>> {
    let at = |quarters: i64| seed::BEGAN.plus_millis(seed::SPAN_MS / 4 * quarters);
    // The middle half: there are as many before as behind.
    let middle = Range::new(Some(at(1)), Some(at(3))).map_err(|invalid| anyhow::anyhow!("{invalid}"))?;
    let all = Filters::default();
    let created_order = Order { sort: Sort::CreatedAt, ..Order::default() };
    let filters = [
        ("unfiltered", all.clone()),
        ("status", Filters { status: Some(Status::Active), ..all.clone() }),
        ("assignedTo", Filters { assigned_to: Some(seed::person(0)), ..all.clone() }),
        ("practiceArea", Filters { practice_area: Some(seed::AREAS[0].parse()?), ..all.clone() }),
        ("phase", Filters { phase: Some(Phase::DataGathering), ..all.clone() }),
        ("conflictStatus", Filters { conflict_status: Some(ConflictStatus::Clear), ..all.clone() }),
        ("created", Filters { created: middle, ..all.clone() }),
        ("activity", Filters { activity: middle, ..all }),
    ];
    let list = |(name, filters)| {
        let order = if name == "created" { created_order } else { Order::default() };
        (name, ConversationList { firm: firm.clone(), filters, order, after: None, limit })
    };
    Ok(filters.into_iter().map(list).collect())
}

/// The rows of a query, read as the platform reads them: one moment, the query's statement, its rows decoded.
fn read<Q: Query>(db: &mut Db, query: &Q) -> anyhow::Result<Vec<Q::Row>> {
    let statement = query.statement();
    let mut rows = vec![];
    db.begin_read()?;
    let read = db.query(&statement.sql, &statement.values(), &mut |row| {
        rows.push(Q::decode(row)?);
        Ok(ControlFlow::Continue(()))
    });
    db.rollback();
    read?;
    Ok(rows)
}

fn page(db: &mut Db, list: &ConversationList) -> anyhow::Result<(Vec<ConversationRow>, Option<Cursor>)> {
    Ok(list.page(read(db, list)?))
}

/// The list from page `number` on.
fn from_page(db: &mut Db, list: &ConversationList, number: usize) -> anyhow::Result<ConversationList> {
    let mut list = list.clone();
    for reached in 1..number {
        let (_, next) = page(db, &list)?;
        anyhow::ensure!(next.is_some(), "the list ends at page {reached}");
        list.after = next;
    }
    Ok(list)
}

/// Asks one firm something; gives how many rows came.
type Ask = Box<dyn Fn(&mut Db) -> anyhow::Result<usize>>;

fn ask<Q: Query>(query: Q) -> Ask {
    Box::new(move |db| Ok(read(db, &query)?.len()))
}

/// What a case is held to.
#[derive(Clone, Copy)]
enum Bound {
    /// A page of a list: the large firm's against the small one's.
    Ratio,
    /// A report: so many milliseconds in the large firm.
    Ms(f64),
    /// Nothing: it costs as much as is found.
    None,
}

/// A question to both firms, the small one first, and the times of a block.
struct Case {
    name: String,
    asks: [Ask; 2],
    bound: Bound,
    times: [Vec<Duration>; 2],
    /// For each block and firm: p50 and p99.
    blocks: Vec<[[f64; 2]; 2]>,
}

impl Case {
    fn new(name: impl Into<String>, bound: Bound, asks: [Ask; 2]) -> Self {
        Self { name: name.into(), asks, bound, times: [vec![], vec![]], blocks: vec![] }
    }

    /// The same question to both.
    fn of<Q: Query + Clone>(name: &str, bound: Bound, query: Q) -> Self {
        Self::new(name, bound, [ask(query.clone()), ask(query)])
    }
}

/// First page and page 100 of the conversations, unfiltered and with each filter; the other lists' first pages; the reports.
pub(super) fn list(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let sizes: [u64; 2] = rig.size([1_000, 20_000], [10_000, 1_000_000]);
    let firm: FirmId = "bench".parse()?;
    let limit = Limit::new(rig.size(2, 20)).map_err(|invalid| anyhow::anyhow!("{invalid}"))?;
    let mut dbs = vec![];
    for size in sizes {
        dbs.push(Db::reader(&seed::once(rig, &firm, size)?)?);
    }
    let [small, large] = dbs.as_mut_slice() else { anyhow::bail!("there are two firms") };
    let mut pages = vec![];
    for (filter, list) in lists(&firm, limit)? {
        for (name, number) in [("first", 1), ("page100", DEEP)] {
            let of = |db: &mut Db| anyhow::Ok(ask(from_page(db, &list, number)?));
            pages.push(Case::new(format!("list/{filter}/{name}"), Bound::Ratio, [of(small)?, of(large)?]));
        }
    }
    pages.extend(other_lists(&firm, limit));
    let mut searches = searches(&firm, limit)?;
    let mut reports = reports(&firm)?;
    measure(&mut pages, [small, large], rig.size((3, 50), (5, 400)))?;
    measure(&mut reports, [small, large], rig.size((3, 5), (5, 40)))?;
    measure(&mut searches, [small, large], rig.size((3, 5), (5, 40)))?;
    Ok(pages.into_iter().chain(reports).chain(searches).map(|case| figure(case, sizes)).collect())
}

/// All cases in turn, so that none finds only its own pages in the cache.
fn measure(cases: &mut [Case], dbs: [&mut Db; 2], (blocks, each): (usize, usize)) -> anyhow::Result<()> {
    for _ in 0..blocks {
        for _ in 0..each {
            for case in &mut *cases {
                for (at, ask) in case.asks.iter().enumerate() {
                    let began = Instant::now();
                    let rows = ask(dbs[at])?;
                    case.times[at].push(began.elapsed());
                    // A rare word may be in none of the few conversations of a small firm.
                    let may_be_empty = at == 0 && matches!(case.bound, Bound::None);
                    anyhow::ensure!(rows > 0 || may_be_empty, "{} is empty", case.name);
                }
            }
        }
        for case in &mut *cases {
            let block = case.times.each_mut().map(|times| [0.5, 0.99].map(|q| quantile_us(times, q)));
            case.blocks.push(block);
            case.times.iter_mut().for_each(Vec::clear);
        }
    }
    Ok(())
}

/// The end of the time in which conversations began.
const END: Timestamp = seed::BEGAN.plus_millis(seed::SPAN_MS);

/// First pages of the lists that are not of conversations, and what waits for attention.
fn other_lists(firm: &FirmId, limit: Limit) -> Vec<Case> {
    let firm = || firm.clone();
    let audit = |filters| AuditList { firm: firm(), filters, direction: Direction::Desc, after: None, limit };
    let assignments = |filters| AssignmentList { firm: firm(), filters, after: None, limit };
    let overdue = AssignmentFilters { overdue_at: Some(END), ..AssignmentFilters::default() };
    let mine = AssignmentFilters { assigned_to: Some(seed::person(0)), ..AssignmentFilters::default() };
    let user = AuditFilters { user: Some(seed::person(0)), ..AuditFilters::default() };
    let action = AuditFilters { action: Some("access_messages".into()), ..AuditFilters::default() };
    let blocked = AuditFilters { outcome: Some(Outcome::Blocked), ..AuditFilters::default() };
    let bound = Bound::Ratio;
    vec![
        Case::of("list/attention/first", bound, Attention { firm: firm(), idle_before: END, after: None, limit }),
        Case::of("list/assignments/all", bound, assignments(AssignmentFilters::default())),
        Case::of("list/assignments/overdue", bound, assignments(overdue)),
        Case::of("list/assignments/person", bound, assignments(mine)),
        Case::of("list/audit/all", bound, audit(AuditFilters::default())),
        Case::of("list/audit/user", bound, audit(user)),
        Case::of("list/audit/action", bound, audit(action)),
        Case::of("list/audit/blocked", bound, audit(blocked)),
        Case::of("list/users/first", bound, UserList { firm: firm(), role: None, status: None, after: None, limit }),
    ]
}

/// The reports, over the last 30 days where they have a span.
fn reports(firm: &FirmId) -> anyhow::Result<Vec<Case>> {
    let firm = || firm.clone();
    let day = |days: i64| END.plus_millis(-days * DAY_MS);
    let bound = Bound::Ms(250.0);
    let month = Range::new(Some(day(30)), Some(END)).map_err(|invalid| anyhow::anyhow!("{invalid}"))?;
    let overview = || {
        let progress = Progress { firm: firm(), bounds: (0..=60).rev().map(day).collect() };
        let means = Means { firm: firm(), bounds: [day(60), day(30), END] };
        Box::new(move |db: &mut Db| Ok(read(db, &progress)?.len() + read(db, &means)?.len())) as Ask
    };
    let data_access = || {
        let days = (1..=30).map(|back| AccessesOfDay {
            firm: firm(),
            user: None,
            from: day(back),
            to: day(back - 1),
            after: None,
            limit: Limit::default(),
        });
        let days: Vec<_> = days.collect();
        Box::new(move |db: &mut Db| days.iter().map(|day| Ok(read(db, day)?.len())).sum()) as Ask
    };
    let weeks: Vec<_> = (0..=52).rev().map(|week| day(7 * week)).collect();
    Ok(vec![
        Case::of("list/report/workload", bound, Workload { firm: firm(), now: END }),
        Case::of("list/report/practice-areas-30d", bound, PracticeAreas { firm: firm(), since: Some(day(30)) }),
        Case::of("list/report/practice-areas-all", bound, PracticeAreas { firm: firm(), since: None }),
        Case::of("list/report/practice-area-weeks-1y", bound, PracticeAreaSpans { firm: firm(), bounds: weeks }),
        Case::new("list/report/overview-30d", bound, [overview(), overview()]),
        Case::of("list/report/conflicts-30d", bound, ConflictCounts { firm: firm(), detected: month }),
        Case::of("list/report/conflicts-all", bound, ConflictCounts { firm: firm(), detected: Range::ALL }),
        Case::new("list/report/data-access-30d", bound, [data_access(), data_access()]),
    ])
}

/// First pages of what a search finds, with its excerpts, for words that are rarer and rarer.
fn searches(firm: &FirmId, limit: Limit) -> anyhow::Result<Vec<Case>> {
    let word = |rank: u64| seed::word(rank);
    let questions = [
        ("rare", word(2_000)),
        ("uncommon", word(500)),
        // In one of fifteen messages: more than are looked at.
        ("common", word(30)),
        ("name-and-word", format!("client {}", word(500))),
        ("three-words", format!("{} {} {}", word(10), word(20), word(40))),
        ("phrase", format!("\"{} {}\"", word(2), word(3))),
    ];
    let case = |(name, words): (&str, String)| {
        let words = Words::parse(&words).map_err(|invalid| anyhow::anyhow!("{words}: {invalid}"))?;
        let search = Search { firm: firm.clone(), words, owner: None, after: None, limit };
        let ask = || {
            let search = search.clone();
            Box::new(move |db: &mut Db| {
                let (page, _) = search.page(read(db, &search)?);
                read(db, &search.is_cut())?;
                Ok(read(db, &search.finds(&page))?.len())
            }) as Ask
        };
        Ok(Case::new(format!("list/search/{name}"), Bound::None, [ask(), ask()]))
    };
    questions.into_iter().map(case).collect()
}

const DAY_MS: i64 = 86_400_000;
/// What a page should take at the most, in microseconds.
const PAGE_US: f64 = 10_000.0;

fn figure(case: Case, sizes: [u64; 2]) -> (String, Figure) {
    let of = |firm: usize, quantile: usize| median_of(&case.blocks, |block| block[firm][quantile]);
    let ratio = median(case.blocks.iter().map(|[small, large]| large[1] / small[1]).collect());
    let figure = match case.bound {
        Bound::Ratio if of(1, 1) > PAGE_US => Figure::new(of(1, 1), of(0, 1), ratio, "µs").at_most("<= 10 ms", 0.0),
        Bound::Ratio => Figure::new(of(1, 1), of(0, 1), ratio, "µs").at_most("<= 2", 2.0),
        Bound::None => Figure::new(of(1, 1) / 1e3, of(0, 1) / 1e3, ratio, "ms"),
        Bound::Ms(ms) => Figure::new(of(1, 1) / 1e3, ms, of(1, 1) / 1e3 / ms, "ms").at_most("<= 250 ms", 1.0),
    };
    let figure = figure
        .with_number("p50_us", of(1, 0))
        .with_number("small_p50_us", of(0, 0))
        .with_number("small_p99_us", of(0, 1))
        .with("conversations", sizes.to_vec())
        .with("seeded", "index rows, not through a journal");
    (case.name, figure)
}
