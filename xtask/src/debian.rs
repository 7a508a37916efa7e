//! Programs that come from Debian's packages, installed once where there is apt-get.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::step;

/// Installs what `programs` are missing, each given with its package. `by_hand` says what to do without apt-get.
pub(crate) fn install(what: &str, programs: &[(&str, &str)], by_hand: &str) -> Result<()> {
    let missing = programs.iter().filter(|(program, _)| on_path(program).is_none());
    let packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let Some(apt_get) = on_path("apt-get") else { bail!("{by_hand}") };
    let as_root = as_root().context(by_hand.to_owned())?;
    update_lists().context(by_hand.to_owned())?;
    step::run(
        &format!("Installing {what} (once, about 1 minute)"),
        step::command(&as_root).arg(&apt_get).args(["install", "--yes", "--no-install-recommends"]).args(packages),
    )
    .context(by_hand.to_owned())
}

/// Without them apt-get knows no package.
pub(crate) fn update_lists() -> Result<()> {
    let as_root = as_root().context("apt-get needs root or sudo")?;
    step::run("Updating the package lists", step::command(as_root).args(["apt-get", "update"]))
}

/// The program that runs another one as root.
pub(crate) fn as_root() -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() { Some(PathBuf::from("env")) } else { on_path("sudo") }
}

/// Where `program` is, as a shell would find it; administrators' programs too, which are not on everyone's PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}
