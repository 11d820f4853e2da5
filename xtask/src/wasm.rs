//! The portable crates build for WebAssembly, where nothing of the native runtime is there to lean on.

use std::path::Path;

use anyhow::{Context, Result};

use crate::step::Workspace;

const TARGET: &str = "wasm32-unknown-unknown";

/// All that also runs where there is no file system and no thread.
const PORTABLE: &[&str] =
    &["engage-domain", "engage-journal", "engage-index", "engage-screening", "engage-app", "engage-http"];

/// Checks the portable crates, adding the target to the toolchain first when it is missing.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    if !installed(workspace)? {
        workspace
            .program("rustup", &format!("target add {TARGET}"))
            .run()
            .with_context(|| format!("the target {TARGET} is missing and could not be added"))?;
    }
    let packages: String = PORTABLE.iter().map(|package| format!(" -p {package}")).collect();
    workspace.cargo(&format!("check --target {TARGET}{packages}")).run()
}

/// Asks the compiler, not rustup: a distribution's toolchain may bring the target along and no rustup.
fn installed(workspace: &Workspace) -> Result<bool> {
    let libraries = workspace.program("rustc", &format!("--print target-libdir --target {TARGET}")).output()?;
    Ok(Path::new(libraries.trim()).is_dir())
}
