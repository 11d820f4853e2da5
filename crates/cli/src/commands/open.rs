//! How commands get at a data folder.

use std::path::Path;

use engage_domain::FirmId;
use engage_native::{Options, Platform};

use crate::exit::{Exit, failed};

/// Opens a data folder that exists already: a mistyped path is an error, not a new folder.
pub(crate) fn existing(data: &Path, options: Options) -> anyhow::Result<Platform> {
    if !data.join("firms").is_dir() {
        return Err(failed(Exit::NotFound, format!("{} is not a data folder", data.display())));
    }
    Ok(Platform::open(data, options)?)
}

/// A firm that the folder holds.
pub(crate) fn known(platform: &Platform, firm: &FirmId) -> anyhow::Result<FirmId> {
    match platform.handle(firm) {
        Ok(_) => Ok(firm.clone()),
        Err(_) => {
            Err(failed(Exit::NotFound, format!("there is no firm {firm} in {}", platform.folder().path().display())))
        }
    }
}

/// The runtime on which commands wait.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
