//! Runs cases, says what came of each, and judges the whole.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use crate::{
    cases::{Case, Run},
    client::Answered,
    control::{Command, Faults, Lab, Target},
    coverage,
    differences::Differences,
};

/// What panicked since the last look, of any thread, with where.
static PANICS: Mutex<Vec<String>> = Mutex::new(vec![]);

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It could not be run on this target, and why.
    Skipped(&'static str),
    /// It failed, as it is listed to, and for what reason.
    Differs(String),
    /// It failed.
    Failed(String),
}

/// A run of cases against one target.
pub struct Suite<'a> {
    /// What the target is called in `differences.toml`.
    pub name: &'a str,
    /// How it is started.
    pub command: Command,
    /// What plants faults in it.
    pub faults: Option<&'a dyn Faults>,
    /// Only cases whose name holds this.
    pub only: Option<&'a str>,
    /// In which cases it may differ.
    pub differences: Differences,
}

impl Suite<'_> {
    /// Runs the cases and prints a line for each to standard output; whether all is as it should be.
    pub fn run(&self, cases: &[Case]) -> bool {
        std::panic::set_hook(Box::new(|panic| {
            PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
        }));
        let known: Vec<_> = cases.iter().map(|case| case.name).collect();
        let unfounded = self.differences.unfounded(&known);
        for line in &unfounded {
            println!("differences.toml names no case, or gives no reason: {line}");
        }
        let chosen: Vec<_> =
            cases.iter().filter(|case| self.only.is_none_or(|only| case.name.contains(only))).collect();
        if chosen.is_empty() {
            println!("no case has a name like that");
            return false;
        }
        let (started, answered) = (Instant::now(), Answered::default());
        let lab = Lab::new(&self.command, &answered, self.faults);
        let mut shared = None;
        let (mut passed, mut skipped, mut differs, mut failed) = (0, 0, 0, 0);
        for (number, case) in chosen.iter().enumerate() {
            let outcome = self.judge(case, || self.perform(case, number, &lab, &mut shared, &answered));
            match &outcome {
                Outcome::Passed => passed += 1,
                Outcome::Skipped(_) => skipped += 1,
                Outcome::Differs(_) => differs += 1,
                Outcome::Failed(_) => failed += 1,
            }
            println!("{}", line(case.name, &outcome));
        }
        let mut sound = failed == 0 && unfounded.is_empty();
        if self.only.is_none() {
            sound &= self.covers(&lab, &mut shared, &answered);
        }
        if let Some(target) = shared {
            sound &= self.ends(target);
        }
        println!(
            "{}: {passed} passed, {failed} failed, {differs} differ as listed, {skipped} skipped, in {:.1} s",
            self.name,
            started.elapsed().as_secs_f64()
        );
        sound
    }

    fn perform(&self, case: &Case, number: usize, lab: &Lab<'_>, shared: &mut Option<Target>, answered: &Answered) {
        match case.run {
            Run::Shared(run) => run(&shared.get_or_insert_with(|| lab.start()).found(&format!("firm-{number}"))),
            Run::Alone(run) | Run::Faulty(run) => run(&Lab::new(&self.command, answered, self.faults)),
        }
    }

    /// Runs one case. A case that may differ must.
    fn judge(&self, case: &Case, run: impl FnOnce()) -> Outcome {
        if matches!(case.run, Run::Faulty(_)) && self.faults.is_none() {
            return Outcome::Skipped("no faults can be planted in this target");
        }
        let ended = catch_unwind(AssertUnwindSafe(run));
        let panics = std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner)).join("\n");
        match (ended, self.differences.reason(self.name, case.name)) {
            (Ok(()), None) => Outcome::Passed,
            (Ok(()), Some(_)) => Outcome::Failed("it passes: take it out of differences.toml".into()),
            (Err(_), Some(reason)) => Outcome::Differs(reason.to_owned()),
            (Err(_), None) => Outcome::Failed(panics),
        }
    }

    fn covers(&self, lab: &Lab<'_>, shared: &mut Option<Target>, answered: &Answered) -> bool {
        let target = shared.get_or_insert_with(|| lab.start());
        let document = target.client().ask("GET", "/api/openapi.json").send().expect(200);
        let answered = answered.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = coverage::missing(&document, &answered, self.faults.is_some());
        for operation in &missing {
            println!("no case calls {operation} with success");
        }
        missing.is_empty()
    }

    fn ends(&self, target: Target) -> bool {
        let ended = catch_unwind(AssertUnwindSafe(|| target.stop())).is_ok();
        if !ended {
            println!("the target did not end in order when its standard input closed");
        }
        ended
    }
}

fn line(name: &str, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => format!("ok       {name}"),
        Outcome::Skipped(why) => format!("skipped  {name}: {why}"),
        Outcome::Differs(reason) => format!("differs  {name}: {reason}"),
        Outcome::Failed(what) => format!("FAILED   {name}\n{what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(list: &str, run: fn()) -> Outcome {
        let differences = Differences::parse(list).unwrap();
        let suite = Suite { name: "here", command: Command("none".into()), faults: None, only: None, differences };
        suite.judge(&Case { name: "a/b", run: Run::Alone(|_| {}) }, run)
    }

    #[test]
    fn a_case_that_is_listed_must_fail() {
        assert_eq!(judge("", || {}), Outcome::Passed);
        assert!(matches!(judge("", || panic!("no")), Outcome::Failed(_)));
        let listed = "[here]\n\"a/b\" = \"because\"";
        assert_eq!(judge(listed, || panic!("no")), Outcome::Differs("because".into()));
        assert!(matches!(judge(listed, || {}), Outcome::Failed(_)));
    }
}
