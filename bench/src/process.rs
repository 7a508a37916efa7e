//! Servers as child processes, bound to cores. A server ends when its owner drops it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Cores, as `taskset` writes them: `0`, `0,2`, `0-3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cores(Vec<usize>);

impl FromStr for Cores {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut cores = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| {
                let core = text.trim().parse().ok().filter(|core: &usize| *core < CpuSet::MAX_CPU);
                core.ok_or_else(|| format!("{part} names no cores"))
            };
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(format!("{part} names no cores"));
            }
            cores.extend(first..=last);
        }
        Ok(Self(cores))
    }
}

impl Cores {
    /// The cores that this process may run on.
    pub(crate) fn allowed() -> Result<Self> {
        let set = sched_getaffinity(None)?;
        Ok(Self((0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()))
    }

    pub(crate) fn list(&self) -> &[usize] {
        &self.0
    }

    /// Binds this thread and every process that it starts.
    pub(crate) fn bind(&self) -> Result<()> {
        let mut set = CpuSet::new();
        for core in &self.0 {
            set.set(*core);
        }
        sched_setaffinity(None, &set).with_context(|| format!("cannot run on cores {:?}", self.0))
    }
}

/// A server that ends when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// Kept open: a write to a closed pipe would end the server.
    stdout: BufReader<ChildStdout>,
    /// The line that says where the server listens.
    pub(crate) line: String,
}

impl Server {
    /// Returns once the server says that it listens.
    pub(crate) fn start(mut command: Command, cores: &Cores) -> Result<Self> {
        let before = Cores::allowed()?;
        cores.bind()?;
        // A child inherits the cores of the thread that starts it, so the server counts only those from the start.
        let child = command.stdout(Stdio::piped()).spawn();
        before.bind()?;
        let mut child = child.context("cannot start a server")?;
        let stdout = child.stdout.take().context("a server has no stdout")?;
        let mut server = Self { child, stdout: BufReader::new(stdout), line: String::new() };
        server.stdout.read_line(&mut server.line)?;
        ensure!(server.line.starts_with("listening "), "a server did not start");
        Ok(server)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM and waits until the server has ended.
    pub(crate) fn stop(mut self) -> Result<ExitStatus> {
        let pid = self.pid().to_string();
        ensure!(Command::new("kill").args(["-TERM", &pid]).status()?.success(), "cannot stop a server");
        Ok(self.child.wait()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server may have exited already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_written_as_taskset_writes_them() {
        assert_eq!("0,2-4".parse(), Ok(Cores(vec![0, 2, 3, 4])));
        for bad in ["", "a", "1-", "3-1", "-1", "99999"] {
            assert!(bad.parse::<Cores>().is_err(), "{bad}");
        }
    }
}
