//! The project's own checks, for what neither the compiler nor clippy sees.
//!
//! Each check is a pure function from text to findings, and each is tested with an example that breaks its rule. Files
//! are the ones that git keeps or would keep, so that a new file is checked before it is added.

mod arrows;
mod length;
mod text;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::step::Workspace;

/// A text file of the project.
struct File {
    /// From the root, with forward slashes.
    path: String,
    contents: String,
}

/// Runs every check and prints each finding.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let files = files(workspace)?;
    let metadata = workspace.cargo("metadata --format-version 1 --no-deps").output()?;
    let mut findings = arrows::check(&metadata)?;
    findings.extend(text::check(&files));
    findings.extend(length::check(&files, length::EXEMPT));
    for finding in &findings {
        eprintln!("  {finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => bail!("1 finding, see above"),
        found => bail!("{found} findings, see above"),
    }
}

/// The files that git keeps or would keep, without the ones that are not text.
fn files(workspace: &Workspace) -> Result<Vec<File>> {
    let listed = workspace.program("git", "ls-files -z --cached --others --exclude-standard").output()?;
    let mut files = Vec::new();
    for path in listed.split_terminator('\0') {
        let full = workspace.root.join(path);
        // Deleted but not yet committed, or a link to a folder.
        if !full.is_file() {
            continue;
        }
        let bytes = fs::read(&full).with_context(|| format!("could not read {path}"))?;
        if let Ok(contents) = String::from_utf8(bytes) {
            files.push(File { path: path.to_owned(), contents });
        }
    }
    Ok(files)
}

#[cfg(test)]
fn file(path: &str, contents: impl Into<String>) -> File {
    File { path: path.to_owned(), contents: contents.into() }
}
