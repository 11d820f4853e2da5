//! Measuring the Worker beside what the architecture's code sample does, both under workerd on this machine.

use anyhow::Result;

use crate::{step::Workspace, worker};

/// Builds the Worker and the binary `engage`, and has it measure one beside the other.
///
/// # Errors
/// When something does not build, start or answer. A figure that misses its target is no error.
pub(crate) fn cloudflare(workspace: &Workspace) -> Result<()> {
    worker::bundle(workspace)?;
    workspace.cargo("build --release --package engage-cli").run()?;
    let engage = worker::target(workspace).join("release/engage");
    let served = "node crates/worker/local/serve.mjs --data {data} --listen 127.0.0.1:0";
    workspace
        .invoke("engage", engage.into(), "bench --target")
        .argument(served)
        .argument("--baseline")
        .argument(&format!("{served} --sample"))
        .run()
}
