//! `engage cloudflare`: the firms of a deployment on Cloudflare.

use std::{collections::BTreeSet, path::PathBuf};

use clap::{Args, Subcommand};
use engage_app::placement::{Jurisdiction, Location, Placement};
use engage_domain::FirmId;
use engage_index::SCHEMA_VERSION;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::{
    cloudflare::{
        deployment::Deployment,
        onboarding::{self, Content, Outcome, Step, Wanted},
        wrangler::{Target, Wrangler},
    },
    exit::Exit,
    out::say,
    table,
};

/// Brings the firms of a deployment on Cloudflare, and their databases, to where they have to be.
#[derive(Args, Debug)]
pub(crate) struct Cloudflare {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Says what `apply` would do, and does nothing. Exit code 6 when there is something to do
    Plan(Of),
    /// Makes the database and the binding of each firm that has none, and brings every firm's database to this version. One firm that
    /// fails stops no other; run again, it goes on where it was. Exit code 1 when a firm failed
    Apply(Of),
}

#[derive(Args, Debug)]
struct Of {
    /// A firm to add; may be given several times
    #[arg(long, value_name = "FIRM")]
    firm: Vec<FirmId>,
    /// What the data of the firms that are added must not leave: eu or fedramp
    #[arg(long, requires = "firm", conflicts_with = "location")]
    jurisdiction: Option<Jurisdiction>,
    /// What the objects of those firms come into being near to, as a hint: wnam, enam, sam, weur, eeur, apac, oc, afr or me
    #[arg(long, requires = "firm")]
    location: Option<Location>,
    /// The deployment's configuration
    #[arg(long, value_name = "FILE", default_value = "wrangler.jsonc")]
    config: PathBuf,
    /// Wrangler, with arguments that come before all others
    #[arg(long, value_name = "COMMAND", env = "ENGAGE_WRANGLER", default_value = "wrangler")]
    wrangler: String,
    /// The databases of `wrangler dev` on this machine, instead of those on Cloudflare
    #[arg(long)]
    local: bool,
    /// Where those are kept
    #[arg(long, value_name = "DIR", requires = "local")]
    persist_to: Option<PathBuf>,
}

impl Cloudflare {
    /// Runs the command.
    pub(crate) fn run(&self, json: bool) -> anyhow::Result<Exit> {
        let (Command::Plan(of) | Command::Apply(of)) = &self.command;
        let mut deployment = Deployment::read(&of.config)?;
        let wrangler = Wrangler {
            program: of.wrangler.clone(),
            config: deployment.path().to_owned(),
            target: if of.local { Target::Local { persist_to: of.persist_to.clone() } } else { Target::Cloudflare },
        };
        let wanted = Wanted {
            firms: of.firm.iter().cloned().collect::<BTreeSet<_>>(),
            placement: Placement { jurisdiction: of.jurisdiction, location: of.location },
        };
        let firms = deployment.firms().union(&wanted.firms).count();
        let bar = progress(json, firms, "looked at");
        let plans = onboarding::plan(&deployment, &wrangler, &wanted, &|firm| advance(&bar, firm))?;
        bar.finish_and_clear();
        let applies = matches!(self.command, Command::Apply(_));
        let outcomes = if applies {
            let bar = progress(json, firms, "brought forward");
            let ended = onboarding::apply(&mut deployment, &wrangler, plans, &|firm| advance(&bar, firm));
            bar.finish_and_clear();
            ended
        } else {
            plans
        };
        let is_to_do = outcomes.iter().any(|outcome| outcome.result.as_ref().is_ok_and(|plan| !plan.steps.is_empty()));
        if json {
            say!("{}", json!({ "applied": applies, "firms": outcomes.iter().map(to_json).collect::<Vec<_>>() }));
        } else {
            tell(&outcomes, applies);
            if applies && is_to_do && !of.local {
                say!("Next: wrangler deploy --config {}", of.config.display());
            }
        }
        let has_failed = outcomes.iter().any(|outcome| outcome.result.is_err());
        Ok(match (has_failed, is_to_do && !applies) {
            (true, _) => Exit::Failure,
            (false, true) => Exit::Inconsistent,
            (false, false) => Exit::Ok,
        })
    }
}

fn tell(outcomes: &[Outcome], applies: bool) {
    if outcomes.is_empty() {
        say!("There is no firm in this deployment; add one with --firm.");
        return;
    }
    let names = ["firm", "database", "kept", "version", if applies { "done" } else { "to do" }];
    let rows: Vec<_> = outcomes.iter().map(|outcome| row(outcome, applies)).collect();
    say!("{}", table::render(&names, &rows).trim_end());
    for Outcome { firm, result } in outcomes {
        if let Err(error) = result {
            eprintln!("error: {firm}: {error:#}");
        }
    }
}

fn row(Outcome { firm, result }: &Outcome, applies: bool) -> Vec<String> {
    let Ok(plan) = result else {
        return vec![firm.to_string(), "-".into(), "-".into(), "-".into(), "failed".into()];
    };
    let version = match (plan.content, plan.steps.contains(&Step::Migrate)) {
        (content, true) => format!("{content} -> {SCHEMA_VERSION}"),
        (content, false) => content.to_string(),
    };
    let steps = plan.steps.iter().map(Step::to_string).collect::<Vec<_>>().join(", ");
    let steps = match (steps.is_empty(), applies) {
        (false, _) => steps,
        (true, false) => "nothing".into(),
        (true, true) => "was ready".into(),
    };
    vec![firm.to_string(), plan.database.clone(), plan.placement.to_string(), version, steps]
}

fn to_json(Outcome { firm, result }: &Outcome) -> Value {
    match result {
        Err(error) => json!({ "firm": firm, "error": format!("{error:#}") }),
        Ok(plan) => json!({
            "firm": firm,
            "database": plan.database,
            "jurisdiction": plan.placement.jurisdiction,
            "location": plan.placement.location,
            "version": match plan.content { Content::Version(version) => Some(version), Content::Missing | Content::Empty => None },
            "currentVersion": SCHEMA_VERSION,
            "steps": plan.steps.iter().map(Step::to_string).collect::<Vec<_>>(),
        }),
    }
}

fn progress(json: bool, firms: usize, what: &'static str) -> ProgressBar {
    let target = if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} firms {prefix} {msg}")
        .expect("a constant template is well formed");
    let bar = ProgressBar::with_draw_target(Some(firms as u64), target).with_style(style).with_prefix(what);
    bar.tick();
    bar
}

fn advance(bar: &ProgressBar, firm: &FirmId) {
    bar.set_message(firm.to_string());
    bar.inc(1);
}
