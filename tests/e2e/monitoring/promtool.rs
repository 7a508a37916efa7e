use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use harness::root;

/// Runs Prometheus's own checker, which must succeed.
pub(super) fn promtool(arguments: &[&str], input: &str) {
    // `cargo xtask test` puts it there on a machine that has none.
    let of_tools = root().join(".tools/bin/promtool");
    let program = if of_tools.is_file() { of_tools } else { PathBuf::from("promtool") };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().expect("promtool runs: `cargo xtask test` installs it");
    // All of it is read before anything is written.
    running.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("promtool reads");
    let output = running.wait_with_output().expect("promtool ends");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "promtool {arguments:?}: {}\n{input}", String::from_utf8_lossy(&said));
}
