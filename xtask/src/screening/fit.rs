//! `cargo xtask fit-screening`: the weights, and how well they do on parties they were not fitted to.

use std::{fmt::Write, fs, path::Path};

use anyhow::{Context, Result};
use engage_screening::{
    FEATURE_NAMES,
    evaluation::{Figures, Judged, evaluate},
};

use super::{
    data::{self, Data, Example, Pair, Query},
    logistic::{self, Weights},
};
use crate::step::Workspace;

/// Parts that the parties are divided into; each is judged by what was fitted to the others.
const FOLDS: u64 = 5;

/// Weights for persons and for organisations.
#[derive(Clone, Copy)]
struct Both {
    person: Weights,
    organisation: Weights,
}

impl Both {
    fn fit<'a>(queries: impl Iterator<Item = &'a Query> + Clone) -> Self {
        let of = |organisation: bool| {
            let found = queries.clone().flat_map(|query| &query.found);
            let examples: Vec<_> =
                found.filter(|one| one.organisation == organisation).map(|one| (&one.features, one.same)).collect();
            logistic::fit(&examples)
        };
        Self { person: of(false), organisation: of(true) }
    }

    fn weigh(&self, example: &Example) -> f64 {
        logistic::probability(if example.organisation { &self.organisation } else { &self.person }, &example.features)
    }
}

pub(super) fn fit(folder: &Path, workspace: &Workspace) -> Result<()> {
    let queries = Data::read(folder)?.queries();
    let shipped: Vec<_> = queries.iter().map(|query| data::judge(query, &data::as_shipped)).collect();
    print("as shipped", &shipped);

    let held_out = held_out(&queries);
    let figures = print("cross-validated", &held_out);

    let all = Both::fit(queries.iter());
    let own: Vec<_> = queries.iter().map(|query| data::judge(query, &|one| all.weigh(one))).collect();
    print("fitted to all", &own);

    let pairs = data::pairs(folder)?;
    let (f1, auc) = bench(&pairs, &|one| all.weigh(one));
    println!("pairs: F1 {f1:.3}, AUC {auc:.3}");
    // Where to write what was missed, for a person who looks for the next rule.
    if let Ok(path) = std::env::var("SCREENING_MISSES") {
        misses(Path::new(&path), &queries, &pairs, &all, figures.as_ref())?;
    }

    let path = workspace.root.join("crates/screening/src/weights.rs");
    fs::write(&path, render(&all, figures.as_ref(), queries.len(), (f1, auc)))
        .with_context(|| format!("could not write {}", path.display()))?;
    workspace.cargo("fmt --package engage-screening").run()
}

/// Every query, judged by what was fitted to the queries about other parties.
pub(super) fn held_out(queries: &[Query]) -> Vec<Judged> {
    let mut held_out = Vec::with_capacity(queries.len());
    for fold in 0..FOLDS {
        let both = Both::fit(queries.iter().filter(|query| query.entity % FOLDS != fold));
        let of_fold = queries.iter().filter(|query| query.entity % FOLDS == fold);
        held_out.extend(of_fold.map(|query| data::judge(query, &|one| both.weigh(one))));
    }
    held_out
}

/// Prints figures, by category too.
fn print(title: &str, judged: &[Judged]) -> Option<Figures> {
    let figures = evaluate(judged, None)?;
    let at = figures.at;
    println!(
        "{title}: R@1 {:.3} R@10 {:.3} | best t {:.3} P {:.3} R {:.3} F1 {:.3} FA {:.3} hits {:.2} | R@FA5 {:.3} | FA@R90 {:.3} FA@R95 {:.3} hits@R95 {:.2}",
        figures.first,
        figures.tenth,
        at.threshold,
        at.precision,
        at.recall,
        at.f1,
        at.false_alarms,
        at.hits,
        figures.at_false_alarms.0,
        figures.at_ninety.map_or(f64::NAN, |at| at.false_alarms),
        figures.at_ninety_five.map_or(f64::NAN, |at| at.false_alarms),
        figures.at_ninety_five.map_or(f64::NAN, |at| at.hits),
    );
    for (name, category) in &figures.categories {
        println!(
            "  {name:16} {:4}  R@1 {:.3}  R@10 {:.3}  R(t) {:.3}  R@FA5 {:.3}",
            category.questions, category.first, category.tenth, category.recall, category.at_false_alarms
        );
    }
    Some(figures)
}

/// The best F1 over all thresholds, and the area under the curve.
fn bench(pairs: &[Pair], weigh: &dyn Fn(&Example) -> f64) -> (f64, f64) {
    let scored: Vec<(f64, bool)> = pairs.iter().map(|pair| (weigh(&pair.example), pair.example.same)).collect();
    let positive = scored.iter().filter(|(_, same)| *same).count();
    let f1 = |threshold: f64| {
        let found = scored.iter().filter(|(score, same)| *same && *score >= threshold).count();
        let flagged = scored.iter().filter(|(score, _)| *score >= threshold).count();
        2.0 * found as f64 / (flagged + positive) as f64
    };
    let best = scored.iter().map(|(score, _)| f1(*score)).fold(0.0, f64::max);
    let mut above = 0.0;
    for (score, _) in scored.iter().filter(|(_, same)| *same) {
        for (other, _) in scored.iter().filter(|(_, same)| !*same) {
            above += if score > other { 1.0 } else { f64::from(u8::from(score == other)) / 2.0 };
        }
    }
    (best, above / (positive * (scored.len() - positive)) as f64)
}

/// What was missed and what was wrongly flagged, for a person to look at by category.
fn misses(path: &Path, queries: &[Query], pairs: &[Pair], all: &Both, figures: Option<&Figures>) -> Result<()> {
    let threshold = figures.map_or(0.5, |figures| figures.at_false_alarms.1);
    let mut text = String::new();
    for query in queries {
        let best = query
            .found
            .iter()
            .zip(&query.shown)
            .map(|(one, name)| (all.weigh(one), name))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let hit = query
            .found
            .iter()
            .zip(&query.shown)
            .filter(|(one, _)| one.same)
            .map(|(one, name)| (all.weigh(one), name))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let missed = query.positive && hit.is_none_or(|(score, _)| score < threshold);
        let alarm = !query.positive && best.is_some_and(|(score, _)| score >= threshold);
        if missed || alarm {
            writeln!(
                text,
                "{} {}\t{}\thit {hit:.3?}\tbest {best:.3?}",
                if missed { "MISS" } else { "ALARM" },
                query.category,
                query.name
            )?;
        }
    }
    for pair in pairs {
        writeln!(
            text,
            "PAIR {} {:.3}\t{}\t{}",
            pair.example.same,
            all.weigh(&pair.example),
            pair.names.0,
            pair.names.1
        )?;
    }
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}

/// The source file.
fn render(both: &Both, figures: Option<&Figures>, queries: usize, (f1, auc): (f64, f64)) -> String {
    let mut text = format!(
        "//! The weights of the features, by kind of party.\n//!\n\
         //! Written by `cargo xtask fit-screening`: logistic regression with a ridge of 1 on the 15 best candidates of each of {queries}\n\
         //! labelled queries (sanctioned and listed persons and companies, legislators, and invented persons), judged by {FOLDS}-fold\n\
         //! cross-validation over parties.\n//!\n"
    );
    if let Some(figures) = figures {
        text.push_str(&format!(
            "//! Held-out: F1 {:.3}, recall at 5 % false alarms {:.3}, first {:.3}, within ten {:.3}, false alarms at 90 % recall {:.3}.\n",
            figures.at.f1,
            figures.at_false_alarms.0,
            figures.first,
            figures.tenth,
            figures.at_ninety.map_or(f64::NAN, |at| at.false_alarms),
        ));
    }
    text.push_str(&format!(
        "//! Adversarial pairs, which were not fitted to: F1 {f1:.3}, AUC {auc:.3}.\n\nuse crate::features::FEATURES;\n"
    ));
    for (name, about, weights) in [
        ("PERSON", "For persons and matters.", &both.person),
        ("ORGANISATION", "For organisations.", &both.organisation),
    ] {
        text.push_str(&format!("\n/// {about}\npub(crate) const {name}: [f64; FEATURES] = [\n"));
        for (weight, feature) in weights.iter().zip(FEATURE_NAMES) {
            // A zero has no sign.
            text.push_str(&format!("    {:.3}, // {feature}\n", (weight * 1000.0).round() / 1000.0 + 0.0));
        }
        text.push_str("];\n");
    }
    text
}
