//! The project's own commands. What cargo does by itself is left to cargo.

mod build;
mod debian;
mod demo;
mod dev;
mod keys;
mod machine;
mod monitoring;
mod parts;
mod step;
mod terraform;
mod terraform_copy;
mod test;
mod tools;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask <command>

  dev                  set up what is missing, then run the whole shop on this machine until Ctrl-C
  test                 format, lints, unit, property, end-to-end and browser tests
  test-monitoring      the alert rules alone
  test-terraform       the checks of terraform/ alone
  build-edge [--dev]   build the worker into edge-worker/build (wrangler runs this before a deploy)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["dev"] => dev::dev(),
        ["test"] => test::test(),
        ["test-monitoring"] => monitoring::check(),
        ["test-terraform"] => tools::set_up().and_then(|()| terraform::check()),
        ["build-edge"] => build::edge_for_wrangler(build::Profile::Release),
        ["build-edge", "--dev"] => build::edge_for_wrangler(build::Profile::Dev),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        [] => bail!("a command is missing\n\n{USAGE}"),
        other => bail!("unknown command: {}\n\n{USAGE}", other.join(" ")),
    }
}

/// The root of the workspace.
fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}
