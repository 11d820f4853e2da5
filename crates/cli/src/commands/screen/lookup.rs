//! Each name of one file against the parties of another.

use std::{collections::HashMap, time::Instant};

use anyhow::Context;
use engage_screening::{Handle, Options, Party, Screen, evaluation::Judged};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    Lookup,
    figures::Report,
    sheet::{Column, Sheet},
};
use crate::exit::Exit;

/// The parties of a file.
struct Registry {
    screen: Screen,
    ids: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Registry {
    fn read(lookup: &Lookup) -> anyhow::Result<Self> {
        let mut sheet = Sheet::open(&lookup.registry)?;
        let (id, name) = (sheet.column("party_id")?, sheet.column("name")?);
        let (aliases, kind) = (sheet.find("aliases"), sheet.find("kind"));
        let mut registry = Self { screen: Screen::new(), ids: vec![], numbers: HashMap::new() };
        while let Some(row) = sheet.next()? {
            let party_id = row.filled(&id)?;
            let number = u32::try_from(registry.ids.len()).map_err(|_| row.wrong(&id, "there are too many parties"))?;
            if registry.numbers.insert(party_id.to_owned(), number).is_some() {
                return Err(row.wrong(&id, &format!("{party_id} is there twice")));
            }
            registry.ids.push(party_id.to_owned());
            let other = aliases.as_ref().map_or("", |column| row.get(column)).split('|').map(str::trim);
            let party = Party::named(row.filled(&name)?).of_kind(row.kind(kind.as_ref())?);
            let party = party.also_known_as(other.filter(|alias| !alias.is_empty()));
            registry.screen.insert(Handle(number), &party);
        }
        Ok(registry)
    }
}

/// What is expected of a query.
struct Expected {
    parties: Column,
    category: Option<Column>,
}

pub(super) fn run(lookup: &Lookup, json: bool) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let registry = Registry::read(lookup)?;
    let built = started.elapsed();
    let mut sheet = Sheet::open(&lookup.queries)?;
    let (id, name) = (sheet.column("query_id")?, sheet.column("query_name")?);
    let expected =
        sheet.find("expected_party_id").map(|parties| Expected { parties, category: sheet.find("category") });
    let mut out =
        csv::Writer::from_path(&lookup.out).with_context(|| format!("could not write {}", lookup.out.display()))?;
    out.write_record(["query_id", "party_id", "score"])?;

    let options = Options { limit: usize::from(lookup.top), threshold: 0.0 };
    let (mut judged, mut times) = (vec![], vec![]);
    let progress = progress(json);
    while let Some(row) = sheet.next()? {
        let query_id = row.filled(&id)?;
        let party = Party::named(row.filled(&name)?);
        let asked = Instant::now();
        let found = registry.screen.search(&party, &options);
        times.push(asked.elapsed());
        progress.inc(1);
        let party_of = |handle: Handle| registry.ids[handle.0 as usize].as_str();
        for one in found.iter().filter(|one| one.confidence >= lookup.threshold.unwrap_or(0.0)) {
            out.write_record([query_id, party_of(one.handle), &format!("{:.6}", one.confidence)])?;
        }
        if let Some(expected) = &expected {
            let parties = row.get(&expected.parties);
            let parties: Vec<_> = parties.split('|').map(str::trim).filter(|party| !party.is_empty()).collect();
            if let Some(strange) = parties.iter().find(|party| !registry.numbers.contains_key(**party)) {
                return Err(row.wrong(&expected.parties, &format!("{strange} is not in the registry")));
            }
            let category = expected.category.as_ref().map_or("", |column| row.get(column)).to_owned();
            let answers = found.iter().map(|one| (one.confidence, parties.contains(&party_of(one.handle))));
            judged.push(Judged { category, positive: !parties.is_empty(), answers: answers.collect() });
        }
    }
    progress.finish_and_clear();
    out.flush()?;
    Report::new(&registry.screen, built, times, &judged, lookup.threshold).print(json)?;
    Ok(Exit::Ok)
}

/// A count on a terminal alone.
fn progress(json: bool) -> ProgressBar {
    let target = if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style =
        ProgressStyle::with_template("{pos} names screened, {per_sec}").expect("a constant template is well formed");
    ProgressBar::with_draw_target(None, target).with_style(style)
}
