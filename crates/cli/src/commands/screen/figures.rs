//! What is printed after a screening.

use std::time::Duration;

use engage_screening::{
    Screen, Store,
    evaluation::{At, Figures, Judged, evaluate},
};
use serde_json::{Value, json};

use crate::out::say;

/// How fast it was and, where it is known what is right, how good.
pub(super) struct Report {
    parties: usize,
    names: u32,
    bytes: usize,
    built: Duration,
    times: Vec<Duration>,
    figures: Option<Figures>,
}

impl Report {
    pub(super) fn new(
        screen: &Screen,
        built: Duration,
        mut times: Vec<Duration>,
        judged: &[Judged],
        threshold: Option<f64>,
    ) -> Self {
        times.sort_unstable();
        let figures = evaluate(judged, threshold);
        let store = screen.store();
        Self { parties: store.len(), names: store.names(), bytes: store.bytes(), built, times, figures }
    }

    /// Microseconds within which this share of the queries were answered.
    fn within(&self, share: f64) -> f64 {
        let place = (self.times.len() as f64 * share).ceil() as usize;
        self.times.get(place.saturating_sub(1)).map_or(0.0, |time| time.as_nanos() as f64 / 1000.0)
    }

    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            say!("{}", serde_json::to_string_pretty(&self.json())?);
            return Ok(());
        }
        let each = self.bytes / self.parties.max(1);
        say!(
            "{} parties of {} names, read in {:.0} ms, {each} bytes a party",
            self.parties,
            self.names,
            self.built.as_secs_f64() * 1000.0
        );
        say!("{} names screened: p50 {:.0} µs, p99 {:.0} µs", self.times.len(), self.within(0.50), self.within(0.99));
        let Some(figures) = &self.figures else { return Ok(()) };
        let at = figures.at;
        let alarms = |at: Option<At>| at.map_or("never".to_owned(), |at| format!("{:.3}", at.false_alarms));
        say!("R@1 {:.3}  R@10 {:.3}", figures.first, figures.tenth);
        say!(
            "threshold {:.3}: precision {:.3}, recall {:.3}, F1 {:.3}, false alarms {:.3}, hits per query {:.2}",
            at.threshold,
            at.precision,
            at.recall,
            at.f1,
            at.false_alarms,
            at.hits
        );
        say!("recall at 5 % false alarms {:.3}", figures.at_false_alarms.0);
        say!(
            "false alarms at 90 % recall {}, at 95 % recall {}",
            alarms(figures.at_ninety),
            alarms(figures.at_ninety_five)
        );
        let rows: Vec<_> = figures
            .categories
            .iter()
            .map(|(name, category)| {
                let shares = [category.first, category.tenth, category.recall, category.at_false_alarms];
                let mut row = vec![name.clone(), category.questions.to_string()];
                row.extend(shares.iter().map(|share| format!("{share:.3}")));
                row
            })
            .collect();
        say!(
            "{}",
            crate::table::render(&["category", "queries", "R@1", "R@10", "recall", "at 5 % FA"], &rows).trim_end()
        );
        Ok(())
    }

    fn json(&self) -> Value {
        let at = |at: At| {
            json!({
                "threshold": at.threshold, "precision": at.precision, "recall": at.recall, "f1": at.f1,
                "falseAlarms": at.false_alarms, "hitsPerQuery": at.hits,
            })
        };
        let mut value = json!({
            "parties": self.parties,
            "names": self.names,
            "bytesPerParty": self.bytes / self.parties.max(1),
            "builtMs": self.built.as_secs_f64() * 1000.0,
            "queries": self.times.len(),
            "p50Us": self.within(0.50),
            "p99Us": self.within(0.99),
        });
        if let Some(figures) = &self.figures {
            let categories: serde_json::Map<_, _> = figures
                .categories
                .iter()
                .map(|(name, one)| {
                    let shares = json!({
                        "queries": one.questions, "recallAt1": one.first, "recallAt10": one.tenth, "recall": one.recall,
                        "recallAt5PercentFalseAlarms": one.at_false_alarms,
                    });
                    (name.clone(), shares)
                })
                .collect();
            value["figures"] = json!({
                "recallAt1": figures.first,
                "recallAt10": figures.tenth,
                "atThreshold": at(figures.at),
                "recallAt5PercentFalseAlarms": figures.at_false_alarms.0,
                "at90PercentRecall": figures.at_ninety.map(at),
                "at95PercentRecall": figures.at_ninety_five.map(at),
                "categories": categories,
            });
        }
        value
    }
}
