//! The Worker as a bundle: a module of WebAssembly and the JavaScript around it, ready to run under workerd or to be deployed.
//!
//! `worker-build` makes it. What it needs is installed here, into the target folder, at exactly the versions that fit each other; its own
//! downloads are not used.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

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
    let built = std::fs::read(&module).with_context(|| format!("{} was not built", module.display()))?;
    let stripped = without_names(&built).with_context(|| format!("{} is no module", module.display()))?;
    std::fs::write(&module, &stripped).with_context(|| format!("cannot write {}", module.display()))?;
    let size = stripped.len();
    eprintln!("crates/worker/build: the module has {size} bytes");
    Ok(())
}

/// A module without the names of its functions, which nobody reads where it runs, and which are a tenth of what is fetched. Sections are as in
/// the WebAssembly core specification, 5.5: an id, a length in LEB128, content; of a custom one (id 0) the content begins with its name.
fn without_names(module: &[u8]) -> Option<Vec<u8>> {
    let (header, mut rest) = module.split_at_checked(8)?;
    if header != b"\0asm\x01\0\0\0" {
        return None;
    }
    let mut kept = header.to_vec();
    while let Some((id, after)) = rest.split_first() {
        let (length, content) = leb128(after)?;
        let (content, next) = content.split_at_checked(length)?;
        let named = || leb128(content).and_then(|(length, name)| name.get(..length)) == Some(b"name");
        if *id != 0 || !named() {
            kept.extend_from_slice(&rest[..rest.len() - next.len()]);
        }
        rest = next;
    }
    Some(kept)
}

/// An unsigned number, and what follows it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        number |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}

/// Installs a tool unless it is there already in that version. Built without optimisation: it runs once for each time it is built.
fn install(workspace: &Workspace, root: &Path, (package, version): (&str, &str), bin: &str, flags: &str) -> Result<()> {
    let marker = root.join(format!(".{package}-{version}"));
    if marker.is_file() && root.join("bin").join(bin).is_file() {
        return Ok(());
    }
    let arguments = format!("install {package} --version {version} {flags} --debug --force --root {}", text(root)?);
    workspace.cargo(&arguments).set("CARGO_PROFILE_DEV_DEBUG", Path::new("0")).run()?;
    std::fs::write(&marker, "").with_context(|| format!("cannot write {}", marker.display()))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is a path that is not text", path.display()))
}

/// Where cargo builds.
pub(crate) fn target(workspace: &Workspace) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.root.join("target"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_go_and_everything_else_stays() {
        let header = b"\0asm\x01\0\0\0".as_slice();
        let (types, names, others) =
            ([1, 2, 7, 7].as_slice(), b"\0\x06\x04name!".as_slice(), b"\0\x04\x03abc".as_slice());
        let whole = [header, types, names, others].concat();
        assert_eq!(without_names(&whole).unwrap(), [header, types, others].concat());
        assert_eq!(without_names(b"no module"), None);
        assert_eq!(without_names(&whole[..whole.len() - 1]), None, "one that was cut short is none");
    }
}
