//! `cargo xtask test`: everything that must hold before a change is merged, in the order of its cost.

use std::time::Instant;

use anyhow::Result;

use crate::{
    build, debian, monitoring, root,
    step::{self, cargo},
    terraform, tools,
};

/// What the worker is made of must not need an operating system.
const WASM_PACKAGES: [&str; 3] = ["domain", "edge-protocol", "edge-worker"];

/// The origin that the crash tests end at named points. The whole workspace, so that what it depends on is what the
/// other programs depend on, and is not built again.
const FAILPOINTS: [&str; 5] = ["--workspace", "--features", "origin/failpoints", "--bin", "dropgate-failpoints"];

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

pub(crate) fn test() -> Result<()> {
    let started = Instant::now();
    step::run("Format", cargo().args(["fmt", "--all", "--check"]))?;
    tools::set_up()?;
    step::run("Types of the storefront", step::command(tools::npm_program("tsc")).args(["--project", "storefront"]))?;
    install_browser()?;
    monitoring::check()?;
    terraform::check()?;
    check()?;
    build_parts()?;
    let mut node = step::command("node");
    step::run(
        "The PayOS stand-in against the official SDK",
        node.arg("--test").current_dir(root().join("tests").join("sdk")),
    )?;
    step::run("Unit, property, end-to-end and browser tests (about 5 minutes)", cargo().args(["test", "--workspace"]))?;
    println!("\n== All tests passed in {} s", started.elapsed().as_secs());
    Ok(())
}

fn check() -> Result<()> {
    step::run(
        "Lints (first time about 4 minutes)",
        cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    )?;
    step::run("Lints of the failpoints", cargo().arg("clippy").args(FAILPOINTS).args(["--", "-D", "warnings"]))?;
    let packages = WASM_PACKAGES.iter().flat_map(|package| ["--package", package]);
    step::run("Check for WebAssembly", cargo().args(["check", "--target", "wasm32-unknown-unknown"]).args(packages))
}

fn build_parts() -> Result<()> {
    build::storefront()?;
    // Without arguments node finds the tests below its folder; older and newer releases differ in all else.
    let mut node = step::command("node");
    step::run("Storefront tests", node.arg("--test").current_dir(root().join("storefront")))?;
    build::edge(build::Profile::Dev)?;
    // All targets, as `cargo test` will ask for them: the end-to-end tests start these very programs.
    step::run(
        "Building programs and tests (first time about 5 minutes)",
        cargo().args(["build", "--workspace", "--all-targets"]),
    )?;
    step::run("Building the origin with failpoints", cargo().arg("build").args(FAILPOINTS))
}

fn install_browser() -> Result<()> {
    if BROWSERS.iter().any(|browser| debian::on_path(browser).is_some()) {
        return Ok(());
    }
    debian::install(
        "Chromium for the browser test",
        &[("chromium", "chromium")],
        "the browser test needs Chromium or Google Chrome on the PATH: install one of them",
    )
}
