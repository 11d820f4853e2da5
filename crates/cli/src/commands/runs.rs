//! What `reconcile` and `rebuild` print of their runs, and the exit code that follows.

use serde_json::{Value, json};

use crate::{client::Client, exit::Exit, out::say};

/// What a run that found nothing has none of.
const FOUND: [&str; 5] = ["missing", "stale", "orphaned", "drifted", "unreadable"];

/// Prints runs, one a firm, with these counts.
pub(super) fn report(runs: &[Value], counts: &[&str], json: bool) -> Exit {
    if json {
        say!("{}", json!({ "firms": runs }));
    } else {
        print(runs, counts);
    }
    let clean = runs.iter().all(|run| FOUND.iter().all(|count| run[*count] == 0));
    if clean { Exit::Ok } else { Exit::Inconsistent }
}

fn print(runs: &[Value], counts: &[&str]) {
    if runs.is_empty() {
        say!("There is no firm in this folder.");
        return;
    }
    let names: Vec<_> = std::iter::once("firm").chain(counts.iter().copied()).collect();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rows: Vec<Vec<_>> = runs.iter().map(|run| names.iter().map(|name| text(&run[*name])).collect()).collect();
    say!("{}", crate::table::render(&names, &rows).trim_end());
    for run in runs {
        for found in run["findings"].as_array().into_iter().flatten() {
            let [table, key, difference] = ["table", "key", "difference"].map(|name| text(&found[name]));
            say!("{}: {table} {key} is {difference}", text(&run["firm"]));
        }
    }
}

/// Asks a server for a run. One shape whichever way it was asked for: the server says `firmId`, a folder `firm`.
pub(super) fn ask(client: &Client, path: &str, name: &str) -> anyhow::Result<Value> {
    let mut answer = client.post(path, &json!({}))?;
    let mut run = answer[name].take();
    if let (Some(run), Some(rest)) = (run.as_object_mut(), answer.as_object()) {
        if let Some(firm) = run.remove("firmId") {
            run.insert("firm".into(), firm);
        }
        run.extend(rest.iter().filter(|(key, _)| *key != name).map(|(key, value)| (key.clone(), value.clone())));
    }
    Ok(run)
}
