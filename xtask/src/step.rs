//! One step of a longer run: announced, timed, and the end of the run when it fails.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::root;

/// Runs `command` from the root of the workspace, with its output shown.
pub(crate) fn run(title: &str, command: &mut Command) -> Result<()> {
    println!("\n== {title}");
    let started = Instant::now();
    let status = command.status().with_context(|| format!("{title}: cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{title}: failed ({status}): {}", shown(command));
    }
    println!("== {title}: done in {:.1} s", started.elapsed().as_secs_f32());
    Ok(())
}

/// What `command` prints, or the reason it could not say anything.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::piped()).output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        bail!("failed ({}): {}\n{}", output.status, shown(command), String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed no text", shown(command)))
}

/// A command that starts in the root of the workspace.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

pub(crate) fn cargo() -> Command {
    // The cargo that started this program, so that a toolchain chosen on its command line is kept.
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    command(program)
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
