//! Tasks about the quality of the screening, on labelled data that is not part of the project.
//!
//! They take the folder of the data as an argument: `registry.csv` (`party_id,name,aliases,kind`), `queries.csv`
//! (`query_id,query_name,expected_party_id,category`), `pairs_namebench.csv` (`name1,name2,schema,is_match`).

mod data;
mod fit;
mod logistic;
mod plot;

use std::{path::Path, process::ExitCode};

use crate::step::Workspace;

/// What they are called and what they do, for the usage.
pub(crate) const TASKS: [(&str, &str); 2] = [
    (
        "fit-screening DATA_DIR",
        "fit the weights of the screening and write them to its source; cross-validated over parties",
    ),
    (
        "plot-screening DATA_DIR",
        "draw docs/images/screening-calibration.svg: confidence against how often it was right",
    ),
];

/// Runs the task that the words name; none when they name another.
pub(crate) fn run(words: &[String]) -> Option<ExitCode> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["fit-screening", folder] => fit::fit(Path::new(folder), &Workspace::locate()),
        ["plot-screening", folder] => plot::plot(Path::new(folder), &Workspace::locate()),
        ["fit-screening" | "plot-screening", ..] => {
            Err(anyhow::anyhow!("name the folder of the data, and nothing else"))
        }
        _ => return None,
    };
    Some(match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    })
}
