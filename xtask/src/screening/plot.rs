//! `cargo xtask plot-screening`: how often a confidence is right.

use std::path::Path;

use anyhow::Result;

use crate::step::Workspace;

pub(super) fn plot(_folder: &Path, _workspace: &Workspace) -> Result<()> {
    anyhow::bail!("nothing is drawn yet")
}
