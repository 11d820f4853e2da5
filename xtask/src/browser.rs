//! The browser that tests of pages drive, and what they hold the pages to.

use std::{ffi::OsStr, fs};

use anyhow::{Context, Result, ensure};

use crate::{step::Workspace, worker};

/// Sees to it that there is a browser with its driver, and axe-core: installs what is missing where that may be done, and says what cannot be.
/// The tests that need it are skipped then, each with a line of its own.
///
/// # Errors
/// When something was installed and is not there all the same: tests would be skipped, and nobody would know why.
pub(crate) fn provide(workspace: &Workspace) -> Result<()> {
    if !packages(workspace, "chromedriver", "chromium chromium-driver")? {
        eprintln!("SKIPPED: no page is opened in a browser, for chromium and chromium-driver cannot be installed");
    }
    axe(workspace)
}

/// Whether a program is there, installed as Debian's packages if need be.
fn packages(workspace: &Workspace, program: &'static str, packages: &str) -> Result<bool> {
    let is_there = || workspace.program(program, "--version").run().is_ok();
    if is_there() {
        return Ok(true);
    }
    if install(workspace, packages).is_err() {
        return Ok(false);
    }
    ensure!(is_there(), "{packages} were installed, and {program} does not run");
    Ok(true)
}

/// Installs packages of Debian.
fn install(workspace: &Workspace, packages: &str) -> Result<()> {
    workspace.program("apt-get", "update --quiet").run()?;
    workspace.program("apt-get", &format!("install --yes --quiet --no-install-recommends {packages}")).run()
}

/// Fetches axe-core into the target folder, where the tests look for it: the version that the lock names, with its checksum.
fn axe(workspace: &Workspace) -> Result<()> {
    let folder = worker::target(workspace).join("axe");
    let listed = workspace.root.join("xtask/axe");
    let names = ["package.json", "package-lock.json"];
    let same = |name| matches!((fs::read(listed.join(name)), fs::read(folder.join(name))), (Ok(one), Ok(other)) if one == other);
    let text = folder.join("node_modules/axe-core/axe.min.js");
    if text.is_file() && names.into_iter().all(same) {
        return Ok(());
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for name in names {
        fs::copy(listed.join(name), folder.join(name)).with_context(|| format!("cannot copy {name} of axe-core"))?;
    }
    if workspace.program("npm", "ci --no-audit --no-fund").within(&folder).run().is_err() {
        eprintln!(
            "SKIPPED: no page is held to the rules of accessibility, for axe-core cannot be fetched; that needs npm"
        );
        return Ok(());
    }
    ensure!(text.is_file(), "axe-core was fetched, and {} is not there", text.display());
    Ok(())
}

/// Takes the pictures of the documentation in the brand's letters, as far as Debian has them, and keeps of their colours as many as they need, so
/// that they are small.
///
/// # Errors
/// When there is no browser, a page does not come, or what makes pictures small can neither be found nor installed.
pub(crate) fn screenshots(workspace: &Workspace) -> Result<()> {
    provide(workspace)?;
    if install(workspace, "pngquant fonts-open-sans fonts-liberation").is_err() {
        eprintln!("nothing can be installed: the pictures are made with the letters that are there");
    }
    let folder = workspace.root.join("docs/images");
    workspace
        .cargo("test --package engage-cli --test it -- --ignored --exact screenshots::pictures")
        .set("ENGAGE_SCREENSHOTS", &folder)
        .run()?;
    let mut quantise = workspace.program("pngquant", "--force --strip --speed 1 --ext .png 64 --");
    for file in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = file?.path();
        if path.extension() == Some(OsStr::new("png")) {
            quantise = quantise.argument(path.to_str().context("a picture's path is not text")?);
        }
    }
    quantise.run()
}
