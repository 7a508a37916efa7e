//! Builds the parts that cargo alone cannot: the worker and the storefront.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{root, step, tools};

#[derive(Clone, Copy)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// The `[build]` command of wrangler.toml.
pub(crate) fn edge_for_wrangler(profile: Profile) -> Result<()> {
    // `cargo xtask dev` and the tests start wrangler on a worker they have just built.
    if std::env::var_os("EDGE_PREBUILT").is_some_and(|value| value == "1") {
        return Ok(());
    }
    tools::set_up()?;
    storefront()?;
    edge(profile)
}

pub(crate) fn edge(profile: Profile) -> Result<()> {
    let (title, flag) = match profile {
        Profile::Dev => ("Building the edge worker, unoptimised (first time about 1 minute)", "--dev"),
        Profile::Release => ("Building the edge worker (about 1 minute)", "--release"),
    };
    // worker-build would download these three; the pinned ones of the project need no other host.
    step::run(
        title,
        step::command(tools::installed("worker-build"))
            .current_dir(root().join("edge-worker"))
            .arg(flag)
            .env("WASM_BINDGEN_BIN", tools::installed("wasm-bindgen"))
            .env("ESBUILD_BIN", tools::npm_program("esbuild"))
            .env("WASM_OPT_BIN", tools::npm_program("wasm-opt")),
    )
}

pub(crate) fn storefront() -> Result<()> {
    step::run("Building the storefront", step::command("node").arg("storefront/build.mjs"))
}

/// A program of the workspace, which cargo puts where it put this one.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let this = std::env::current_exe().context("cannot find this program's own path")?;
    Ok(this.with_file_name(name))
}
