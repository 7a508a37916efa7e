use std::{
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, kill_process_group, prlimit};

use crate::wait::until;

/// A start takes well under a second, and several on two cores under full load.
const START_DEADLINE: Duration = Duration::from_secs(60);

const STOP_DEADLINE: Duration = Duration::from_secs(20);

/// How much of each log a failing test prints.
const LOG_LINES_SHOWN: usize = 60;

/// A program of the system under test, with its children. It does not outlive the test.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    /// Where in `stderr` this start begins.
    stderr_from: usize,
}

impl Process {
    /// Starts `command`; its output goes to files in `logs`, after that of earlier processes of this name.
    pub(crate) fn start(name: &'static str, command: Command, logs: &Path) -> Process {
        let stdout = logs.join(format!("{name}.out"));
        let stderr = logs.join(format!("{name}.log"));
        // The standard output of a start begins with an empty file: readiness is read from it.
        let out = File::create(&stdout).expect("a log file");
        let err = File::options().append(true).create(true).open(&stderr).expect("a log file");
        let stderr_from = fs::read(&stderr).expect("the log").len();
        let child = bound_to_this_thread(command)
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(err)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Process { name, child, stdout, stderr, stderr_from }
    }

    /// Waits until the program listens. Panics when it ends instead.
    pub(crate) async fn assert_listens(&mut self) {
        if let Err(log) = self.wait_until_listening().await {
            panic!("{} ended at its start\n{log}", self.name);
        }
    }

    /// Waits for the line that says that the program listens. The error is its log when it ends instead.
    pub(crate) async fn wait_until_listening(&mut self) -> Result<(), String> {
        until(&format!("{} listens", self.name), START_DEADLINE, async || {
            let printed = fs::read_to_string(&self.stdout).unwrap_or_default();
            // Complete lines only: the program may still be writing the last one.
            let mut lines = printed.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            if lines.any(|line| line.starts_with("listening ")) {
                return Some(Ok(()));
            }
            let ended = self.child.try_wait().expect("the state of a child");
            ended.map(|_| Err(self.log()))
        })
        .await
    }

    pub(crate) async fn wait_for_exit(&mut self) -> ExitStatus {
        let name = self.name;
        until(&format!("{name} ends"), STOP_DEADLINE, async || self.child.try_wait().expect("the state of a child"))
            .await
    }

    /// The way an operator stops it: SIGTERM, and time to finish.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.wait_for_exit().await
    }

    pub(crate) fn terminate(&self) {
        // An error means that the program has ended already.
        let _ = kill_process(self.pid(), Signal::TERM);
    }

    /// SIGKILL: the program can do nothing more.
    pub(crate) async fn kill(&mut self) {
        kill_process(self.pid(), Signal::KILL).expect("a running process");
        self.wait_for_exit().await;
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Resident memory as the kernel counts it.
    pub(crate) fn resident_bytes(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the state of a child");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its resident memory");
        let kib = resident.trim().trim_end_matches(" kB");
        kib.parse::<usize>().expect("a number of KiB") * 1024
    }

    /// Whether the program may open more files. Open files stay open.
    pub(crate) fn may_open_files(&self, may: bool) {
        let maximum = getrlimit(Resource::Nofile).maximum;
        let current = if may { maximum } else { Some(0) };
        prlimit(Some(self.pid()), Resource::Nofile, Rlimit { current, maximum }).expect("another limit of open files");
    }

    /// Whether Rust code of the program has panicked, even if the program went on.
    pub(crate) fn has_panicked(&self) -> bool {
        fs::read_to_string(&self.stderr).expect("the log").contains("panicked at")
    }

    /// What the program wrote to stderr since its start.
    pub(crate) fn stderr(&self) -> String {
        let log = fs::read(&self.stderr).expect("the log");
        String::from_utf8_lossy(&log[self.stderr_from..]).into_owned()
    }

    /// The end of the log, for a failing test.
    pub(crate) fn log(&self) -> String {
        let text = fs::read_to_string(&self.stderr).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let shown = &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..];
        format!("--- {} (last lines of {})\n{}", self.name, self.stderr.display(), shown.join("\n"))
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The group, because the edge has a child. An error means that the group has ended.
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// A killed test program runs no destructor. Where `setpriv` exists (Linux), the kernel ends the child with the thread
/// that started it, which is the thread of the test that owns it.
fn bound_to_this_thread(command: Command) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    if !setpriv.exists() {
        return command;
    }
    let mut bound = Command::new(setpriv);
    bound.args(["--pdeathsig", "TERM", "--"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bound.env(name, value),
            None => bound.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        bound.current_dir(folder);
    }
    bound
}
