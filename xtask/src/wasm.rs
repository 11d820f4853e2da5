//! The portable crates build for WebAssembly, where nothing of the native runtime is there to lean on, and so does the Worker.

use std::path::Path;

use anyhow::{Context, Result};

use crate::step::Workspace;

const TARGET: &str = "wasm32-unknown-unknown";

/// All that also runs where there is no file system and no thread.
const PORTABLE: &[&str] =
    &["engage-domain", "engage-journal", "engage-index", "engage-screening", "engage-app", "engage-http"];

/// Checks the portable crates and the Worker.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    add_target(workspace)?;
    let packages: String = PORTABLE.iter().map(|package| format!(" -p {package}")).collect();
    workspace.cargo(&format!("check --target {TARGET}{packages}")).run()?;
    // Elsewhere this crate is empty, so it is linted where it is not.
    workspace.cargo(&format!("clippy --target {TARGET} -p engage-worker -- -D warnings")).run()
}

/// Adds the target to the toolchain when it is missing.
pub(crate) fn add_target(workspace: &Workspace) -> Result<()> {
    if !installed(workspace)? {
        workspace
            .program("rustup", &format!("target add {TARGET}"))
            .run()
            .with_context(|| format!("the target {TARGET} is missing and could not be added"))?;
    }
    Ok(())
}

/// Asks the compiler, not rustup: a distribution's toolchain may bring the target along and no rustup.
fn installed(workspace: &Workspace) -> Result<bool> {
    let libraries = workspace.program("rustc", &format!("--print target-libdir --target {TARGET}")).output()?;
    Ok(Path::new(libraries.trim()).is_dir())
}
