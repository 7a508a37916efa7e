//! Sets up what the build needs beyond Rust, Node and a C compiler: all of it inside the project folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{root, step};

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Equal to the `worker` crate of the worker, with which it shares its generated glue.
const WORKER_BUILD: &str = "0.8.7";

/// Its output format is private: only the very version in Cargo.lock can read what the crate wrote.
const WASM_BINDGEN: &str = "0.2.130";

/// The lowest that both wrangler and the tests' scripts run on.
const NODE_MAJOR_MIN: u32 = 20;

pub(crate) fn set_up() -> Result<()> {
    check_node()?;
    check_c_compiler()?;
    add_wasm_target()?;
    install_npm_packages()?;
    check_lock_file()?;
    install("worker-build", "worker-build", WORKER_BUILD, "3 minutes")?;
    install("wasm-bindgen-cli", "wasm-bindgen", WASM_BINDGEN, "2 minutes")
}

/// A program that `set_up` installed.
pub(crate) fn installed(program: &str) -> PathBuf {
    folder().join("bin").join(program)
}

/// A program of an npm package that `set_up` installed.
pub(crate) fn npm_program(program: &str) -> PathBuf {
    root().join("node_modules/.bin").join(program)
}

fn check_node() -> Result<()> {
    let needed = format!("Node {NODE_MAJOR_MIN} or newer is needed (https://nodejs.org)");
    let version = step::output(Command::new("node").arg("--version"))
        .with_context(|| format!("{needed}, and `node` does not run"))?;
    let version = version.trim();
    match node_major(version) {
        Some(major) if major >= NODE_MAJOR_MIN => Ok(()),
        _ => bail!("{needed}, and `node` is {version}"),
    }
}

fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn check_c_compiler() -> Result<()> {
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    step::output(Command::new(&compiler).arg("--version")).map(drop).with_context(|| {
        format!(
            "a C compiler is needed to build SQLite, and {} does not run; on Debian: apt-get install gcc libc6-dev",
            compiler.display()
        )
    })
}

fn add_wasm_target() -> Result<()> {
    let libraries = step::output(step::command("rustc").args(["--print", "target-libdir", "--target", WASM_TARGET]))?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    step::run(
        &format!("Adding the {WASM_TARGET} target (once, about 10 seconds)"),
        step::command("rustup").args(["target", "add", WASM_TARGET]),
    )
    .context("without rustup, install the target the way this Rust was installed")
}

fn install_npm_packages() -> Result<()> {
    // npm writes this file at the end of every install.
    let stamp = modified(&root().join("node_modules/.package-lock.json"));
    if stamp.is_some() && stamp >= modified(&root().join("package-lock.json")) {
        return Ok(());
    }
    step::run(
        "Installing npm packages by the lock file (about 20 seconds)",
        step::command("npm").args(["ci", "--no-audit", "--no-fund"]),
    )
}

pub(crate) fn modified(path: &Path) -> Option<std::time::SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

fn check_lock_file() -> Result<()> {
    let lock_file = fs::read_to_string(root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    match locked_version(&lock_file, "wasm-bindgen") {
        Some(WASM_BINDGEN) => Ok(()),
        Some(locked) => {
            bail!("Cargo.lock has wasm-bindgen {locked}, xtask/src/tools.rs has {WASM_BINDGEN}: make them equal")
        }
        None => bail!("Cargo.lock has no wasm-bindgen"),
    }
}

fn locked_version<'a>(lock_file: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock_file.lines().skip_while(|line| **line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

fn install(package: &str, program: &str, version: &str, duration: &str) -> Result<()> {
    if is_installed(package, program, version) {
        return Ok(());
    }
    // Without --locked: the lock files these packages carry can name crate versions that are gone.
    step::run(
        &format!("Building {package} {version} into .tools (once, about {duration})"),
        step::cargo().args(["install", package, "--version", version, "--force", "--root"]).arg(folder()),
    )
}

fn is_installed(package: &str, program: &str, version: &str) -> bool {
    let record = fs::read_to_string(folder().join(".crates.toml")).unwrap_or_default();
    record.contains(&format!("\"{package} {version} (")) && installed(program).is_file()
}

pub(crate) fn folder() -> PathBuf {
    root().join(".tools")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wasm_bindgen_tool_and_crate_have_one_version() {
        check_lock_file().unwrap();
    }

    #[test]
    fn a_version_is_read_for_exactly_the_named_package() {
        let lock_file =
            "[[package]]\nname = \"ab\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        assert_eq!(locked_version(lock_file, "a"), Some("2.0.0"));
        assert_eq!(locked_version(lock_file, "b"), None);
    }

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(node_major("v20.20.2"), Some(20));
        assert_eq!(node_major("nonsense"), None);
    }
}
