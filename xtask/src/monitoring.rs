//! Has Prometheus's own checker read and test the alert rules of `deploy/`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{debian, root, step, tools};

const BY_HAND: &str = "the alert rules are tested with promtool, which comes with Prometheus: put it on the PATH";

const FOLDER: &str = "deploy/prometheus";

pub(crate) fn check() -> Result<()> {
    let promtool = promtool()?;
    let run = |title: &str, arguments: &[&str]| {
        let mut command = Command::new(&promtool);
        step::run(title, command.args(arguments).current_dir(root().join(FOLDER)))
    };
    run("Settings and alert rules of Prometheus", &["check", "config", "prometheus.yml"])?;
    run("Tests of the alert rules (about 20 seconds)", &["test", "rules", "rules_test.yml"])
}

/// The one of the machine, or else the one in `.tools`, where the end-to-end tests find it too.
fn promtool() -> Result<PathBuf> {
    if let Some(installed) = debian::on_path("promtool") {
        return Ok(installed);
    }
    let program = tools::installed("promtool");
    if !program.is_file() {
        unpack(&program)?;
    }
    Ok(program)
}

/// Takes the program out of its package. Installing the package would start Prometheus, on the port of the origin.
fn unpack(program: &Path) -> Result<()> {
    let (Some(apt_get), Some(dpkg_deb)) = (debian::on_path("apt-get"), debian::on_path("dpkg-deb")) else {
        bail!("{BY_HAND}")
    };
    let folder = tools::folder().join("prometheus");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    debian::update_lists().context(BY_HAND)?;
    step::run(
        "Fetching promtool (once, about 10 seconds)",
        Command::new(apt_get).args(["download", "prometheus"]).current_dir(&folder),
    )
    .context(BY_HAND)?;
    let package = fs::read_dir(&folder)?.next().context("apt-get fetched nothing")??.path();
    let unpacked = folder.join("unpacked");
    step::output(Command::new(dpkg_deb).arg("--extract").arg(&package).arg(&unpacked))?;
    fs::create_dir_all(program.parent().context("a program has a folder")?)?;
    fs::rename(unpacked.join("usr/bin/promtool"), program).context("Debian's prometheus has no promtool")?;
    Ok(fs::remove_dir_all(&folder)?)
}
