//! Running the conformance suite against a target.
//!
//! The suite is a program of its own, given the command line that starts the target; here is known how each target is built and started.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{step::Workspace, worker};

/// Builds the binary `engage` and the suite, and runs every case against servers of that binary.
///
/// # Errors
/// When something does not build or the target does not behave.
pub(crate) fn native(workspace: &Workspace) -> Result<()> {
    let folder = built()?;
    workspace.cargo("build --package engage-cli --package engage-conformance").run()?;
    let engage = folder.join("engage");
    let engage = engage.to_str().context("the target folder's path is not text")?;
    anyhow::ensure!(!engage.contains(char::is_whitespace), "the suite cannot start {engage}: white space in its path");
    let served = format!("{engage} serve --data {{data}} --listen 127.0.0.1:0 --until-stdin-closes --schedule never");
    // Not by `cargo run`, which would build its dependencies once more with fewer features.
    workspace.invoke("conformance", folder.join("conformance").into(), "native --command").argument(&served).run()
}

/// Builds the Worker and the suite, and runs every case against the Worker under workerd.
///
/// # Errors
/// As [`native`].
pub(crate) fn cloudflare(workspace: &Workspace) -> Result<()> {
    let folder = built()?;
    worker::bundle(workspace)?;
    workspace.cargo("build --package engage-cli --package engage-conformance").run()?;
    let served = "node crates/worker/local/serve.mjs --data {data} --listen 127.0.0.1:0";
    workspace.invoke("conformance", folder.join("conformance").into(), "cloudflare --command").argument(served).run()
}

/// [`cloudflare`] where Node is installed; elsewhere it says that it was skipped.
///
/// # Errors
/// As [`native`].
pub(crate) fn cloudflare_where_node_is(workspace: &Workspace) -> Result<()> {
    if workspace.program("node", "--version").run().is_err() {
        eprintln!("SKIPPED: the Worker was not held to the suite, for Node is not installed (20 or later)");
        return Ok(());
    }
    cloudflare(workspace)
}

/// The folder of what cargo builds: this program was built there too.
fn built() -> Result<PathBuf> {
    let program = std::env::current_exe().context("this program does not know where it is")?;
    program.parent().map(PathBuf::from).context("this program is in no folder")
}
