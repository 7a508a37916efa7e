//! The machine under measurement, and what a process uses of it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clock::now_ms;
use crate::statistics::median;

/// Linux counts the processor time of a process in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;
const SYNCS: usize = 51;

/// Overload needs more open files than the default limit.
pub(crate) fn raise_file_limit() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?)
}

/// The facts that make results comparable.
pub(crate) fn facts(folder: &Path) -> Result<Value> {
    let read = |file: &str| fs::read_to_string(file).with_context(|| format!("cannot read {file}"));
    let cpuinfo = read("/proc/cpuinfo")?;
    let cpu = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let meminfo = read("/proc/meminfo")?;
    let memory_kib = meminfo.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default();
    let now = OffsetDateTime::from_unix_timestamp(now_ms() / 1000)?;
    Ok(json!({
        "cores": std::thread::available_parallelism()?.get(),
        "cpu": cpu,
        "memory_mib": memory_kib / 1024,
        "kernel": read("/proc/sys/kernel/osrelease")?.trim(),
        "sync_ms": sync_ms(folder)?,
        "date": now.format(&Rfc3339)?,
        "commit": commit(),
    }))
}

/// The commit of this tree, marked when files differ from it.
fn commit() -> Option<String> {
    let output =
        Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The median time to append a page to a file and sync it, which is what a single purchase waits for.
fn sync_ms(folder: &Path) -> Result<f64> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let started = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(median(&times))
}

fn resident_mib(pid: u32) -> Result<f64> {
    status_mib(pid, "VmRSS:")
}

/// The peak of resident memory: a machine needs it even if the process returns it soon.
pub(crate) fn peak_resident_mib(pid: u32) -> Result<f64> {
    status_mib(pid, "VmHWM:")
}

fn status_mib(pid: u32, field: &str) -> Result<f64> {
    let file = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
    let value = status.lines().find_map(|line| line.strip_prefix(field)).with_context(|| format!("no {field}"))?;
    let kib: f64 = value.split_whitespace().next().with_context(|| format!("{field} is empty"))?.parse()?;
    Ok(kib / 1024.0)
}

/// How much of one core a process uses over `time`.
pub(crate) fn share_of_a_core(pid: u32, time: Duration) -> Result<f64> {
    let before = cpu_seconds(pid)?;
    std::thread::sleep(time);
    Ok((cpu_seconds(pid)? - before) / time.as_secs_f64())
}

fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name before the last parenthesis may contain spaces.
    let (_, fields) = stat.rsplit_once(") ").context("no fields in stat")?;
    let ticks = |index: usize| fields.split(' ').nth(index).and_then(|ticks| ticks.parse::<f64>().ok());
    let (user, system) = ticks(11).zip(ticks(12)).context("no times in stat")?;
    Ok((user + system) / TICKS_PER_SECOND)
}

/// Reads the resident memory of a process once a second until it is stopped.
pub(crate) struct MemoryWatch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<(Instant, f64)>>,
}

impl MemoryWatch {
    pub(crate) fn start(pid: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut samples = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                samples.extend(resident_mib(pid).map(|mib| (Instant::now(), mib)));
                std::thread::park_timeout(Duration::from_secs(1));
            }
            samples
        });
        Self { stop, thread }
    }

    pub(crate) fn stop(self) -> Result<Vec<(Instant, f64)>> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        self.thread.join().map_err(|_| anyhow::anyhow!("the memory watch panicked"))
    }
}
