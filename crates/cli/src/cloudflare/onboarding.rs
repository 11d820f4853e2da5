//! What has to be done so that each firm has its database, bound and of this version; and the doing of it.
//!
//! Guarantees: each firm is looked at and brought forward by itself, so one that fails stops no other; each step is asked for again from
//! what is there, so a run that was cut short is gone on with by the next; a firm's jurisdiction never changes once it has one.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context, bail};
use engage_app::placement::Placement;
use engage_domain::FirmId;
use engage_index::{
    Query, SCHEMA_VERSION,
    schema::{Held, Tables, anew, is_of_an_index},
};

use super::{
    deployment::{Bound, Deployment},
    wrangler::{Database, Target, Wrangler},
};

/// What is in a firm's database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// There is no database.
    Missing,
    /// It has no tables, or not all of them.
    Empty,
    /// An index of this version.
    Version(i64),
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("-"),
            Self::Empty => f.write_str("empty"),
            Self::Version(version) => write!(f, "{version}"),
        }
    }
}

/// What has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Say in the configuration where the firm is kept.
    Place,
    /// Make the database.
    Create,
    /// Put the database into the configuration.
    Bind,
    /// Make the tables of this version, instead of any other.
    Migrate,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Place => "place",
            Self::Create => "create",
            Self::Bind => "bind",
            Self::Migrate => "migrate",
        })
    }
}

/// A firm, what is there of it, and what is not.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) firm: FirmId,
    pub(crate) database: String,
    pub(crate) placement: Placement,
    pub(crate) content: Content,
    pub(crate) steps: Vec<Step>,
    held: Vec<Held>,
    id: Option<String>,
}

/// A firm, and what became of it.
pub(crate) struct Outcome {
    pub(crate) firm: FirmId,
    pub(crate) result: anyhow::Result<Plan>,
}

/// What is asked for firms that are not there yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) firms: BTreeSet<FirmId>,
    pub(crate) placement: Placement,
}

/// Databases on Cloudflare that are asked at the same time. Those of this machine are asked one after another: they share files.
const SIDE_BY_SIDE: usize = 4;

/// Sees what has to be done for every firm of a deployment and every one that is wanted. `seen` is told of each that was looked at.
pub(crate) fn plan(
    deployment: &Deployment,
    wrangler: &Wrangler,
    wanted: &Wanted,
    seen: &(dyn Fn(&FirmId) + Sync),
) -> anyhow::Result<Vec<Outcome>> {
    let there = match wrangler.target {
        Target::Cloudflare => Some(wrangler.databases()?),
        // On this machine a database is there as soon as it is bound.
        Target::Local { .. } => None,
    };
    let firms: BTreeSet<_> = deployment.firms().union(&wanted.firms).cloned().collect();
    let begun: Vec<_> =
        firms.into_iter().map(|firm| (begin(deployment, there.as_ref(), wanted, &firm), firm)).collect();
    Ok(side_by_side(begun, &wrangler.target, |(begun, firm)| {
        let result = begun.and_then(|plan| look(wrangler, plan));
        seen(&firm);
        Outcome { firm, result }
    }))
}

/// What the configuration and the account's databases say of a firm.
fn begin(
    deployment: &Deployment,
    there: Option<&HashMap<String, Database>>,
    wanted: &Wanted,
    firm: &FirmId,
) -> anyhow::Result<Plan> {
    let bound = deployment.bound(firm)?;
    let mut steps = vec![];
    let placed = deployment.placement(firm);
    let asked = wanted.firms.contains(firm) && !wanted.placement.is_anywhere();
    let placement = if asked { wanted.placement } else { placed };
    if placement != placed {
        if bound.is_some() && placement.jurisdiction != placed.jurisdiction {
            bail!(
                "is kept {placed}, and stays there: with another jurisdiction its objects would be others, and empty; \
                 to move it, export it and bring it into a deployment that keeps it {placement}"
            );
        }
        steps.push(Step::Place);
    }
    let database = match &bound {
        Some(bound) => bound.database.clone(),
        None => deployment.database_name(firm)?,
    };
    let bound_id = bound.as_ref().and_then(|bound| bound.id.clone());
    let mut id = bound_id.clone();
    let mut is_there = bound.is_some();
    if let Some(there) = there {
        match (&bound_id, there.get(&database)) {
            (Some(id), _) if there.values().any(|known| known.uuid == *id) => {}
            (Some(id), _) => bail!("its database {database} ({id}) is not in this account"),
            (None, Some(known)) => {
                held_there(known, &database, placement)?;
                id = Some(known.uuid.clone());
                is_there = true;
            }
            (None, None) => {
                is_there = false;
                steps.push(Step::Create);
            }
        }
    }
    if bound.is_none() || !deployment.names(firm) || (there.is_some() && bound_id.is_none()) {
        steps.push(Step::Bind);
    }
    let content = if is_there { Content::Empty } else { Content::Missing };
    Ok(Plan { firm: firm.clone(), database, placement, content, steps, held: vec![], id })
}

/// Refuses a database of that name, made before, that is not kept where the firm's is to be.
fn held_there(known: &Database, database: &str, placement: Placement) -> anyhow::Result<()> {
    let wanted = placement.jurisdiction.map(|jurisdiction| jurisdiction.as_str());
    match &known.jurisdiction {
        Some(held) if Some(held.as_str()) != wanted => {
            bail!("there is a database {database} already, kept within {held}; the firm is to be kept {placement}")
        }
        _ => Ok(()),
    }
}

/// What is in the firm's database.
fn look(wrangler: &Wrangler, mut plan: Plan) -> anyhow::Result<Plan> {
    if plan.content != Content::Missing {
        (plan.content, plan.held) = content(wrangler, &plan.database)?;
    }
    match plan.content {
        Content::Version(version) if version > SCHEMA_VERSION => bail!(
            "its index has version {version}, and this Engage knows {SCHEMA_VERSION}: a newer one made it, which is the one to use"
        ),
        Content::Version(SCHEMA_VERSION) => {}
        Content::Version(_) | Content::Empty | Content::Missing => plan.steps.push(Step::Migrate),
    }
    Ok(plan)
}

fn content(wrangler: &Wrangler, database: &str) -> anyhow::Result<(Content, Vec<Held>)> {
    let tables = Tables.statement().sql;
    let version = "SELECT schemaVersion FROM checkpoint WHERE id = 1";
    // A database without tables knows no checkpoint, and the question as a whole fails.
    let answers = match wrangler.query(database, &[&tables, version]) {
        Err(error) if error.to_string().contains("no such table: checkpoint") => {
            wrangler.query(database, &[&tables])?
        }
        answers => answers?,
    };
    let held = answers.first().context("wrangler printed no answer")?;
    let held = held.iter().map(|row| {
        let name = row["name"].as_str().context("wrangler printed a table without a name")?;
        Ok(Held { name: name.to_owned(), is_virtual: row["isVirtual"].as_i64() == Some(1) })
    });
    let held = held.collect::<anyhow::Result<Vec<_>>>()?;
    let version = answers.get(1).and_then(|rows| rows.first()).and_then(|row| row["schemaVersion"].as_i64());
    if let Some(version) = version {
        return Ok((Content::Version(version), held));
    }
    match held.iter().find(|table| !is_of_an_index(&table.name)) {
        Some(table) => {
            bail!("its database {database} holds a table {} that is none of an index; it is left alone", table.name)
        }
        None => Ok((Content::Empty, held)),
    }
}

/// Does what has to be done. `done` is told of each firm that is through.
pub(crate) fn apply(
    deployment: &mut Deployment,
    wrangler: &Wrangler,
    plans: Vec<Outcome>,
    done: &(dyn Fn(&FirmId) + Sync),
) -> Vec<Outcome> {
    // The configuration is one file, and new firms are few: one after another. What is in the databases: side by side.
    let ready: Vec<_> = plans
        .into_iter()
        .map(|Outcome { firm, result }| {
            let result = result.and_then(|plan| prepare(deployment, wrangler, plan));
            Outcome { firm, result }
        })
        .collect();
    side_by_side(ready, &wrangler.target, |Outcome { firm, result }| {
        let result = result.and_then(|plan| {
            if plan.steps.contains(&Step::Migrate) {
                wrangler.script(&plan.database, &anew(&plan.held))?;
            }
            Ok(plan)
        });
        done(&firm);
        Outcome { firm, result }
    })
}

/// Has the database made and bound.
fn prepare(deployment: &mut Deployment, wrangler: &Wrangler, mut plan: Plan) -> anyhow::Result<Plan> {
    // Where it is kept is written down before anything is there, so that a run that is cut short is gone on with as it began.
    if plan.steps.contains(&Step::Place) {
        deployment.place(&plan.firm, plan.placement)?;
    }
    if plan.steps.contains(&Step::Create) {
        plan.id = Some(wrangler.create(&plan.database, plan.placement)?.uuid);
    }
    if plan.steps.contains(&Step::Bind) {
        deployment.bind(&plan.firm, &Bound { database: plan.database.clone(), id: plan.id.clone() })?;
    }
    Ok(plan)
}

/// Does something with each, a few at a time; gives what came of it, in the same order.
fn side_by_side<T: Send, U: Send>(all: Vec<T>, target: &Target, work: impl Fn(T) -> U + Sync) -> Vec<U> {
    let hands = match target {
        Target::Cloudflare => SIDE_BY_SIDE,
        Target::Local { .. } => 1,
    };
    let next = AtomicUsize::new(0);
    let tasks: Vec<_> = all.into_iter().map(|task| Mutex::new((Some(task), None))).collect();
    std::thread::scope(|scope| {
        for _ in 0..hands.min(tasks.len()) {
            scope.spawn(|| {
                while let Some(slot) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let task = slot.lock().unwrap_or_else(PoisonError::into_inner).0.take();
                    let result = task.map(&work);
                    slot.lock().unwrap_or_else(PoisonError::into_inner).1 = result;
                }
            });
        }
    });
    tasks.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner).1).collect()
}
