//! Every task that a developer or CI runs: `cargo xtask` lists them.
//!
//! Owns what "the project is in order" means: the commands, their flags and their order. CI runs `cargo xtask test` and has
//! no checks of its own, so that what is green here is green there.
//!
//! Leaves out: anything that `cargo` alone says as well (`cargo run`, `cargo bench`).

mod bench;
mod browser;
mod conformance;
mod screening;
mod step;
mod tidy;
mod wasm;
mod worker;

use std::{process::ExitCode, time::Instant};

use anyhow::Result;

use crate::step::{Finished, Workspace};

/// One piece of work that passes or fails as a whole.
struct Step {
    name: &'static str,
    run: fn(&Workspace) -> Result<()>,
}

/// What a developer asks for, by the words after `cargo xtask`.
struct Task {
    words: &'static str,
    about: &'static str,
    steps: &'static [Step],
}

const TIDY: Step = Step { name: "tidy", run: tidy::run };
const FMT: Step = Step { name: "fmt", run: |workspace| workspace.cargo("fmt --all -- --check").run() };
const FMT_FIX: Step = Step { name: "fmt --fix", run: |workspace| workspace.cargo("fmt --all").run() };
const CLIPPY: Step =
    Step { name: "clippy", run: |workspace| workspace.cargo("clippy --workspace --all-targets -- -D warnings").run() };
const WASM: Step = Step { name: "wasm", run: wasm::check };
const WORKER: Step = Step { name: "worker", run: worker::bundle };
const DOC: Step = Step {
    name: "doc",
    run: |workspace| workspace.cargo("doc --no-deps --workspace").append_flags("RUSTDOCFLAGS", "-D warnings").run(),
};
const BROWSER: Step = Step { name: "browser", run: browser::provide };
// No `--all-targets`: it would leave the doctests out.
const TESTS: Step = Step { name: "tests", run: |workspace| workspace.cargo("test --workspace").run() };
const CONFORMANCE: Step = Step { name: "conformance", run: conformance::native };
const WORKER_CONFORMANCE: Step = Step { name: "on workerd", run: conformance::cloudflare_where_node_is };
const CONFORMANCE_CLOUDFLARE: Step = Step { name: "conformance", run: conformance::cloudflare };
const SCREENSHOTS: Step = Step { name: "screenshots", run: browser::screenshots };
const BENCH_CLOUDFLARE: Step = Step { name: "bench", run: bench::cloudflare };

/// Cheapest first: a misplaced brace shows in a second, not after the build.
const EVERYTHING: &[Step] = &[TIDY, FMT, CLIPPY, WASM, DOC, BROWSER, TESTS, CONFORMANCE, WORKER_CONFORMANCE];

const TASKS: &[Task] = &[
    Task {
        words: "test",
        about: "everything below but `fmt --fix`, and all unit, integration and doc tests: what CI runs",
        steps: EVERYTHING,
    },
    Task { words: "all", about: "the same as `test`", steps: EVERYTHING },
    Task { words: "fmt", about: "check the formatting", steps: &[FMT] },
    Task { words: "fmt --fix", about: "format everything", steps: &[FMT_FIX] },
    Task { words: "clippy", about: "lint every crate and target; a warning is an error", steps: &[CLIPPY] },
    Task {
        words: "wasm",
        about: "check that the portable crates build for WebAssembly; adds the target when it is missing",
        steps: &[WASM],
    },
    Task {
        words: "worker",
        about: "bundle the Worker for Cloudflare into crates/worker/build; needs Node 20 or later",
        steps: &[WORKER],
    },
    Task { words: "doc", about: "build the documentation; a broken link is an error", steps: &[DOC] },
    Task {
        words: "conformance native",
        about: "run the suite that every target must pass against the binary `engage`",
        steps: &[CONFORMANCE],
    },
    Task {
        words: "conformance cloudflare",
        about: "bundle the Worker and hold it, under workerd, to the same cases; needs Node 20 or later",
        steps: &[CONFORMANCE_CLOUDFLARE],
    },
    Task {
        words: "bench cloudflare",
        about: "bundle the Worker and measure it, under workerd, beside a plain one; needs Node 20 or later",
        steps: &[BENCH_CLOUDFLARE],
    },
    Task {
        words: "screenshots",
        about: "take the pictures of the pages into docs/images; needs chromium and chromium-driver",
        steps: &[SCREENSHOTS],
    },
    Task { words: "tidy", about: "check dependency arrows, file lengths, leftovers and machine paths", steps: &[TIDY] },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(done) = screening::run(&words) {
        return done;
    }
    let words = words.join(" ");
    if matches!(words.as_str(), "" | "help" | "-h" | "--help") {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    }
    let Some(task) = TASKS.iter().find(|task| task.words == words) else {
        eprint!("error: no task is called `{words}`\n\n{}", usage());
        return ExitCode::from(2);
    };
    let finished = perform(task.steps, &Workspace::locate());
    eprint!("{}", step::summary(&finished));
    if finished.iter().all(Finished::passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs every step, also after a failure, so that one run shows all there is to mend.
fn perform(steps: &[Step], workspace: &Workspace) -> Vec<Finished> {
    steps
        .iter()
        .map(|step| {
            eprintln!("\n== {}", step.name);
            let started = Instant::now();
            let failure = (step.run)(workspace).err().map(|error| format!("{error:#}"));
            let finished = Finished { name: step.name, took: started.elapsed(), failure };
            eprintln!("{finished}");
            finished
        })
        .collect()
}

fn usage() -> String {
    let tasks = || TASKS.iter().map(|task| (task.words, task.about)).chain(screening::TASKS);
    let width = tasks().map(|(words, _)| words.len()).max().unwrap_or(0);
    let lines: String = tasks().map(|(words, about)| format!("  {words:width$}  {about}\n")).collect();
    format!("cargo xtask TASK\n\n{lines}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn nowhere() -> Workspace {
        Workspace::at("/nonexistent".into())
    }

    #[test]
    fn usage_lists_every_task_on_a_line_of_its_own() {
        for task in TASKS {
            assert!(usage().lines().any(|line| line.trim().starts_with(task.words) && line.ends_with(task.about)));
        }
    }

    #[test]
    fn later_steps_run_after_a_failure() {
        let broken = Step { name: "broken", run: |_| anyhow::bail!("it broke") };
        let sound = Step { name: "sound", run: |_| Ok(()) };
        let finished = perform(&[broken, sound], &nowhere());
        assert_eq!(finished.iter().map(Finished::passed).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn the_summary_names_each_step_and_why_it_failed() {
        let took = Duration::from_millis(1500);
        let summary = step::summary(&[
            Finished { name: "fmt", took, failure: None },
            Finished { name: "doc", took, failure: Some("no docs".into()) },
        ]);
        assert!(summary.contains("ok      fmt"), "{summary}");
        assert!(summary.contains("FAILED  doc") && summary.contains("no docs"), "{summary}");
        assert!(summary.contains("1 of 2 steps failed"), "{summary}");
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let mut workspace = nowhere();
        workspace.set_cargo("no-such-cargo");
        let error = workspace.cargo("fmt").run().unwrap_err();
        assert!(format!("{error:#}").contains("no-such-cargo"), "{error:#}");
    }
}
