//! A file that is there whole or not at all.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use tempfile::NamedTempFile;

/// A file on its way. It takes its name when it is finished; until then what was there before stays. Only its owner may read it, for it
/// names clients.
pub(crate) struct Draft {
    file: NamedTempFile,
    path: PathBuf,
}

impl Draft {
    /// Begins it beside where it is to be, so that a folder which cannot be written to is told before the work.
    pub(crate) fn begin(path: &Path) -> anyhow::Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Writes it and gives it its name.
    pub(crate) fn finish(mut self, content: &[u8]) -> anyhow::Result<()> {
        let what = || format!("cannot write {}", self.path.display());
        self.file.write_all(content).with_context(what)?;
        self.file.as_file().sync_all().with_context(what)?;
        self.file.persist(&self.path).with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(())
    }
}
