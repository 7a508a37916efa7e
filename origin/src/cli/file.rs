//! Files that operators give to a command.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// All of a file, unless it is longer than any that makes sense.
pub(super) fn bytes_of(file: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let cannot_read = || format!("cannot read {}", file.display());
    let mut bytes = Vec::new();
    File::open(file)
        .with_context(cannot_read)?
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)
        .with_context(cannot_read)?;
    ensure!(bytes.len() as u64 <= bytes_max, "{} is longer than {bytes_max} bytes", file.display());
    Ok(bytes)
}
