//! Has the tools that will read the files of a rendered machine read them: cloud-init, systemd, nftables, the shell.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{debian, step, terraform_copy::TerraformCopy};

const PROGRAMS: [(&str, &str); 3] = [("cloud-init", "cloud-init"), ("nft", "nftables"), ("systemd-analyze", "systemd")];

const BY_HAND: &str = "the checks of a rendered machine need cloud-init, nftables and systemd: run them on Debian";

const UNITS: [&str; 2] = ["dropgate.service", "cloudflared.service"];

/// `systemd-analyze security` counts to 100; below 20 it calls a service protected.
const EXPOSURE_MAX: &str = "20";

/// Programs that the machine fetches or has from packages; systemd wants to see that units start what exists.
const FETCHED: [&str; 3] = ["usr/local/bin/dropgate", "usr/local/bin/cloudflared", "usr/sbin/nft"];

pub(crate) fn check(terraform: &TerraformCopy, folder: &Path) -> Result<()> {
    install_programs()?;
    let user_data = render(terraform, folder)?;
    step::run(
        "cloud-init reads the user data",
        Command::new("cloud-init").args(["schema", "--config-file"]).arg(&user_data),
    )?;
    let disk = folder.join("root");
    step::run(
        "nftables reads the rules",
        &mut nftables(&["--check", "--file", &disk.join("etc/nftables.conf").display().to_string()]),
    )?;
    check_scripts(&disk)?;
    check_units(&disk)
}

fn install_programs() -> Result<()> {
    let was_there = debian::on_path("cloud-init").is_some();
    debian::install("cloud-init and nftables for the checks of terraform/", &PROGRAMS, BY_HAND)?;
    if !was_there {
        // It is here to read files; at a start of this machine it has nothing to do.
        let as_root = debian::as_root().context(BY_HAND)?;
        step::output(Command::new(as_root).args(["touch", "/etc/cloud/cloud-init.disabled"]))?;
    }
    Ok(())
}

/// Writes the machine's files below `folder`/root and returns the user data's file.
fn render(terraform: &TerraformCopy, folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let disk = folder.join("root");
    fs::create_dir_all(&disk)?;
    let render = "tests/render";
    step::output(&mut terraform.command(render, &["init", "-no-color"]))?;
    step::output(&mut terraform.command(render, &["apply", "-auto-approve", "-no-color"]))?;
    let outputs = step::output(&mut terraform.command(render, &["output", "-json"]))?;
    let outputs: Value = serde_json::from_str(&outputs).context("terraform output -json is no JSON")?;
    let files = outputs["files"]["value"].as_object().context("the render has no files")?;
    for (path, file) in files {
        let mode = u32::from_str_radix(text(&file["permissions"])?, 8).context("a mode is octal")?;
        write(&disk.join(path.trim_start_matches('/')), text(&file["content"])?, mode)?;
    }
    let user_data = folder.join("user-data.yaml");
    write(&user_data, text(&outputs["user_data"]["value"])?, 0o600)?;
    Ok(user_data)
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("the render printed something that is no text")
}

fn write(file: &Path, content: &str, mode: u32) -> Result<()> {
    fs::create_dir_all(file.parent().context("a file has a folder")?)?;
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(fs::set_permissions(file, fs::Permissions::from_mode(mode))?)
}

/// nftables asks the kernel even for a check, and the kernel answers only an administrator of a network.
fn nftables(arguments: &[&str]) -> Command {
    let nft = debian::on_path("nft").unwrap_or_else(|| "nft".into());
    let mut command = if rustix::process::geteuid().is_root() {
        Command::new(nft)
    } else {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--net"]).arg(nft);
        command
    };
    command.args(arguments);
    command
}

fn check_scripts(disk: &Path) -> Result<()> {
    let mut checked = 0;
    for folder in ["usr/local/sbin", "usr/local/lib/dropgate"] {
        for entry in fs::read_dir(disk.join(folder))? {
            let file = entry?.path();
            step::output(Command::new("sh").arg("-n").arg(&file))?;
            checked += 1;
        }
    }
    ensure!(checked > 0, "the machine has no scripts");
    println!("\n== The shell reads {checked} scripts");
    Ok(())
}

fn check_units(disk: &Path) -> Result<()> {
    for program in FETCHED {
        write(&disk.join(program), "#!/bin/sh\n", 0o755)?;
    }
    // Units name targets of the system. Its own are enough for that.
    fs::create_dir_all(disk.join("usr/lib/systemd"))?;
    step::output(Command::new("cp").args(["-a", "/usr/lib/systemd/system"]).arg(disk.join("usr/lib/systemd")))?;
    symlink("usr/lib", disk.join("lib"))?;
    let root = format!("--root={}", disk.display());

    println!("\n== systemd reads the units");
    let verified = Command::new("systemd-analyze").args(["verify", &root]).args(UNITS).output()?;
    let complaints = [verified.stdout, verified.stderr].concat();
    // It succeeds with a word that it does not know, and prints that it goes on without it.
    ensure!(
        verified.status.success() && complaints.is_empty(),
        "systemd does not understand the units:\n{}",
        String::from_utf8_lossy(&complaints)
    );
    for unit in UNITS {
        let security = step::output(
            Command::new("systemd-analyze")
                .args(["security", "--offline=true", "--no-pager", &root])
                .args([&format!("--threshold={EXPOSURE_MAX}"), unit]),
        );
        let table = security.with_context(|| format!("{unit} could reach too much if it were taken over"))?;
        println!("{}", table.trim().lines().next_back().unwrap_or_default());
    }
    Ok(())
}
