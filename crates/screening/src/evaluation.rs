//! How well a screening does on questions whose answers are known.
//!
//! Counts a question with an answer as found when one of its parties is among the ten best with at least the threshold, and one
//! without an answer as a false alarm when anything is. A question with an answer that only finds others counts against recall and
//! precision alike.

use std::collections::BTreeMap;

/// Answers that count.
const TOP: usize = 10;

/// What was answered to a question, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What sort of question it is.
    pub category: String,
    /// Whether it has an answer.
    pub positive: bool,
    /// The confidence of each answer, the best first, and whether it is right.
    pub answers: Vec<(f64, bool)>,
}

/// What was reached at a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At {
    /// The threshold.
    pub threshold: f64,
    /// How much of what was flagged is right.
    pub precision: f64,
    /// How much of what has an answer was found.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
    /// How many questions without an answer were flagged.
    pub false_alarms: f64,
    /// How many answers a question has: what a person has to review.
    pub hits: f64,
}

/// What was reached in one category.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Category {
    /// How many questions.
    pub questions: usize,
    /// The right one is the best.
    pub first: f64,
    /// The right one is among the ten best.
    pub tenth: f64,
    /// Recall at the threshold of the table.
    pub recall: f64,
    /// Recall at 5 % false alarms.
    pub at_false_alarms: f64,
}

/// All of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The right one is the best; a tie counts in part.
    pub first: f64,
    /// The right one is among the ten best.
    pub tenth: f64,
    /// At the threshold that was asked for, or else at the one of the best F1.
    pub at: At,
    /// Recall at 5 % false alarms, and its threshold.
    pub at_false_alarms: (f64, f64),
    /// At the highest threshold that finds 90 % of what has an answer.
    pub at_ninety: Option<At>,
    /// The same for 95 %.
    pub at_ninety_five: Option<At>,
    /// By category of the questions with an answer.
    pub categories: BTreeMap<String, Category>,
}

impl Judged {
    fn top(&self) -> &[(f64, bool)] {
        &self.answers[..self.answers.len().min(TOP)]
    }

    fn best(&self) -> f64 {
        self.top().first().map_or(0.0, |(score, _)| *score)
    }

    fn hit(&self) -> f64 {
        self.top().iter().filter(|(_, right)| *right).map(|(score, _)| *score).fold(0.0, f64::max)
    }

    fn first(&self) -> f64 {
        let best = self.best();
        let ties = self.top().iter().filter(|(score, _)| *score == best);
        let (all, right) = ties.fold((0, 0), |(all, right), (_, is)| (all + 1, right + usize::from(*is)));
        if all == 0 { 0.0 } else { right as f64 / all as f64 }
    }
}

/// What was reached at a threshold.
pub fn at(judged: &[Judged], threshold: f64) -> At {
    let (mut found, mut positive, mut wrong, mut alarms, mut hits) = (0, 0, 0, 0, 0);
    for one in judged {
        hits += one.top().iter().filter(|(score, _)| *score >= threshold).count();
        let flagged = !one.answers.is_empty() && one.best() >= threshold;
        if one.positive {
            positive += 1;
            if one.hit() > 0.0 && one.hit() >= threshold {
                found += 1;
            } else if flagged {
                wrong += 1;
            }
        } else {
            alarms += usize::from(flagged);
        }
    }
    let share = |part: usize, of: usize| if of == 0 { 0.0 } else { part as f64 / of as f64 };
    let (precision, recall) = (share(found, found + alarms + wrong), share(found, positive));
    let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
    let false_alarms = share(alarms, judged.len() - positive);
    At { threshold, precision, recall, f1, false_alarms, hits: share(hits, judged.len()) }
}

/// Everything that is known of how well it did; none when no question has an answer.
pub fn evaluate(judged: &[Judged], threshold: Option<f64>) -> Option<Figures> {
    let positive: Vec<_> = judged.iter().filter(|one| one.positive).collect();
    if positive.is_empty() {
        return None;
    }
    let mean =
        |of: &[&Judged], value: &dyn Fn(&Judged) -> f64| of.iter().map(|one| value(one)).sum::<f64>() / of.len() as f64;
    let best = match threshold {
        Some(threshold) => at(judged, threshold),
        None => {
            let steps = (1..1000).map(|step| at(judged, f64::from(step) / 1000.0));
            steps.max_by(|a, b| a.f1.total_cmp(&b.f1))?
        }
    };
    let mut alarms: Vec<f64> = judged.iter().filter(|one| !one.positive).map(Judged::best).collect();
    alarms.sort_by(|a, b| b.total_cmp(a));
    let at_alarms = alarms.get(alarms.len() / 20).map_or(0.0, |score| score + 1e-9);
    let reached = |one: &Judged, threshold: f64| f64::from(u8::from(one.hit() > 0.0 && one.hit() >= threshold));
    let at_recall = |recall: f64| {
        let mut hits: Vec<f64> = positive.iter().map(|one| one.hit()).collect();
        hits.sort_by(|a, b| b.total_cmp(a));
        let place = ((hits.len() as f64 * recall).ceil() as usize).clamp(1, hits.len()) - 1;
        (hits[place] > 0.0).then(|| at(judged, hits[place]))
    };
    let mut categories: BTreeMap<String, Vec<&Judged>> = BTreeMap::new();
    for one in &positive {
        categories.entry(one.category.clone()).or_default().push(one);
    }
    let categories = categories.into_iter().map(|(name, of)| {
        let category = Category {
            questions: of.len(),
            first: mean(&of, &Judged::first),
            tenth: mean(&of, &|one| f64::from(u8::from(one.hit() > 0.0))),
            recall: mean(&of, &|one| reached(one, best.threshold)),
            at_false_alarms: mean(&of, &|one| reached(one, at_alarms)),
        };
        (name, category)
    });
    Some(Figures {
        first: mean(&positive, &Judged::first),
        tenth: mean(&positive, &|one| f64::from(u8::from(one.hit() > 0.0))),
        at: best,
        at_false_alarms: (mean(&positive, &|one| reached(one, at_alarms)), at_alarms),
        at_ninety: at_recall(0.90),
        at_ninety_five: at_recall(0.95),
        categories: categories.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(positive: bool, answers: &[(f64, bool)]) -> Judged {
        Judged { category: "typo".into(), positive, answers: answers.to_vec() }
    }

    #[test]
    fn what_is_found_missed_and_wrongly_flagged_is_counted() {
        let all = [
            judged(true, &[(0.9, true)]),
            judged(true, &[(0.8, false), (0.7, true)]),
            judged(true, &[(0.6, false)]),
            judged(false, &[(0.75, false)]),
            judged(false, &[]),
        ];
        let at = at(&all, 0.75);
        assert_eq!((at.recall, at.false_alarms), (1.0 / 3.0, 0.5));
        assert_eq!(at.precision, 1.0 / 3.0, "one right, one false alarm, one wrong party");
        let figures = evaluate(&all, None).unwrap();
        assert_eq!((figures.first, figures.tenth), (1.0 / 3.0, 2.0 / 3.0));
        assert_eq!(figures.categories["typo"].questions, 3);
        assert!(evaluate(&all[3..], None).is_none());
    }

    #[test]
    fn a_tie_for_the_first_place_counts_in_part() {
        let figures = evaluate(&[judged(true, &[(0.9, true), (0.9, false)])], Some(0.5)).unwrap();
        assert_eq!(figures.first, 0.5);
    }
}
