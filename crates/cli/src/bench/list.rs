//! Lists: what a page costs in a large firm against the same page in a small one.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use engage_domain::{
    FirmId,
    conversation::{ConflictStatus, Phase, Status},
};
use engage_index::{
    ConversationList, ConversationRow, Cursor, Limit, Query, Range,
    conversations::{Filters, Order, Sort},
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

/// One page, read as the platform reads it: one moment, the query's statement, its rows decoded.
fn page(db: &mut Db, list: &ConversationList) -> anyhow::Result<(Vec<ConversationRow>, Option<Cursor>)> {
    let statement = list.statement();
    let mut rows = vec![];
    db.begin_read()?;
    let read = db.query(&statement.sql, &statement.values(), &mut |row| {
        rows.push(ConversationList::decode(row)?);
        Ok(ControlFlow::Continue(()))
    });
    db.rollback();
    read?;
    Ok(list.page(rows))
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

/// A page of a list in both firms, the small one first, and the times of a block.
struct Case {
    name: String,
    pages: [ConversationList; 2],
    times: [Vec<Duration>; 2],
    /// For each block and firm: p50 and p99.
    blocks: Vec<[[f64; 2]; 2]>,
}

/// First page and page 100, unfiltered and with each filter.
pub(super) fn list(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let sizes: [u64; 2] = rig.size([1_000, 20_000], [10_000, 1_000_000]);
    let (blocks, each) = rig.size((3, 50), (5, 400));
    let firm: FirmId = "bench".parse()?;
    let limit = Limit::new(rig.size(2, 20)).map_err(|invalid| anyhow::anyhow!("{invalid}"))?;
    let mut dbs = vec![];
    for size in sizes {
        let path = rig.path(&format!("list-{size}.db"));
        seed::index(&path, &firm, size)?;
        dbs.push(Db::reader(&path)?);
    }
    let [small, large] = dbs.as_mut_slice() else { anyhow::bail!("there are two firms") };
    let mut cases = vec![];
    for (filter, list) in lists(&firm, limit)? {
        for (name, number) in [("first", 1), ("page100", DEEP)] {
            let pages = [from_page(small, &list, number)?, from_page(large, &list, number)?];
            let name = format!("list/{filter}/{name}");
            cases.push(Case { name, pages, times: [vec![], vec![]], blocks: vec![] });
        }
    }
    // All cases in turn, so that none finds only its own pages in the cache.
    for _ in 0..blocks {
        for _ in 0..each {
            for case in &mut cases {
                for ((db, list), times) in [&mut *small, &mut *large].into_iter().zip(&case.pages).zip(&mut case.times)
                {
                    let began = Instant::now();
                    let (rows, _) = page(db, list)?;
                    times.push(began.elapsed());
                    anyhow::ensure!(rows.len() == limit.get() as usize, "{} is not a full page", case.name);
                }
            }
        }
        for case in &mut cases {
            let block = case.times.each_mut().map(|times| [0.5, 0.99].map(|q| quantile_us(times, q)));
            case.blocks.push(block);
            case.times.iter_mut().for_each(Vec::clear);
        }
    }
    Ok(cases.into_iter().map(|case| figure(case, sizes)).collect())
}

fn figure(case: Case, sizes: [u64; 2]) -> (String, Figure) {
    let of = |firm: usize, quantile: usize| median_of(&case.blocks, |block| block[firm][quantile]);
    let ratio = median(case.blocks.iter().map(|[small, large]| large[1] / small[1]).collect());
    let figure = Figure::new(of(1, 1), of(0, 1), ratio, "µs")
        .at_most("<= 2", 2.0)
        .with_number("p50_us", of(1, 0))
        .with_number("baseline_p50_us", of(0, 0))
        .with("conversations", sizes.to_vec())
        .with("seeded", "index rows, not through a journal");
    (case.name, figure)
}
