//! The browser that tests of pages drive.

use anyhow::Result;

use crate::step::Workspace;

/// Sees to it that there is a browser and its driver: installs Debian's where that may be done, and says so where there is none. The tests that
/// need one are skipped then, each with a line of its own.
///
/// # Errors
/// Never: a machine without a browser can still try everything else.
pub(crate) fn provide(workspace: &Workspace) -> Result<()> {
    if workspace.program("chromedriver", "--version").run().is_ok() {
        return Ok(());
    }
    let installed = workspace.program("apt-get", "update --quiet").run().and_then(|()| {
        workspace.program("apt-get", "install --yes --quiet --no-install-recommends chromium chromium-driver").run()
    });
    if installed.is_err() {
        eprintln!(
            "SKIPPED: no page is opened in a browser, for chromium and chromium-driver are not there and cannot be installed"
        );
    }
    Ok(())
}
