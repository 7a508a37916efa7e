//! The folder that keeps results and, beside them, databases under measurement.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Below the target folder of this program.
pub(crate) fn folder() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent).context("this binary is not in a target folder")?;
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
