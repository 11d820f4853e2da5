//! The Worker as a bundle: a module of WebAssembly and the JavaScript around it, ready to run under workerd or to be deployed.
//!
//! `worker-build` makes it. What it needs is installed here, into the target folder, at exactly the versions that fit each other; its own
//! downloads are not used.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::step::Workspace;

/// The builder; of the version of the crate `worker`.
const WORKER_BUILD: (&str, &str) = ("worker-build", "0.8.7");
/// What writes the bindings; of exactly the version of the crate `wasm-bindgen`.
const WASM_BINDGEN: (&str, &str) = ("wasm-bindgen-cli", "0.2.130");

/// Builds the bundle into `crates/worker/build`.
pub(crate) fn bundle(workspace: &Workspace) -> Result<()> {
    crate::wasm::add_target(workspace)?;
    let tools = target(workspace).join("worker-tools");
    install(workspace, &tools, WORKER_BUILD, "worker-build", "--locked")?;
    install(workspace, &tools, WASM_BINDGEN, "wasm-bindgen", "")?;
    let worker = workspace.root.join("crates/worker");
    let local = worker.join("local");
    if !local.join("node_modules/.package-lock.json").is_file() {
        workspace
            .program("npm", "ci --no-audit --no-fund --prefix crates/worker/local")
            .run()
            .context("the JavaScript tools could not be installed; they need Node 20 or later with npm")?;
    }
    let bin = local.join("node_modules/.bin");
    workspace
        .program_at(&tools.join("bin/worker-build"), "--profile worker")
        .within(&worker)
        .set("WASM_BINDGEN_BIN", &tools.join("bin/wasm-bindgen"))
        .set("WASM_OPT_BIN", &bin.join("wasm-opt"))
        .set("ESBUILD_BIN", &bin.join("esbuild"))
        .run()?;
    let module = worker.join("build/index_bg.wasm");
    // The names of functions: nobody reads them there, and they are a tenth of what is fetched.
    let strip = format!("--all-features --strip-debug {0} -o {0}", text(&module)?);
    workspace.program_at(&bin.join("wasm-opt"), &strip).run()?;
    let size = std::fs::metadata(&module).with_context(|| format!("{} was not built", module.display()))?.len();
    if size == 0 {
        bail!("{} is empty", module.display());
    }
    eprintln!("crates/worker/build: the module has {size} bytes");
    Ok(())
}

/// Installs a tool unless it is there already in that version.
fn install(workspace: &Workspace, root: &Path, (package, version): (&str, &str), bin: &str, flags: &str) -> Result<()> {
    let marker = root.join(format!(".{package}-{version}"));
    if marker.is_file() && root.join("bin").join(bin).is_file() {
        return Ok(());
    }
    workspace.cargo(&format!("install {package} --version {version} {flags} --force --root {}", text(root)?)).run()?;
    std::fs::write(&marker, "").with_context(|| format!("cannot write {}", marker.display()))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is a path that is not text", path.display()))
}

fn target(workspace: &Workspace) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.root.join("target"), PathBuf::from)
}
