//! The machine: its folder, its disk, its clock, what it may open.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{fdatasync, statvfs};
use rustix::process::{Resource, getrlimit};

use super::Finding;
use crate::clock::Clock;
use crate::config::ServeConfig;
use crate::store::require_private;

/// A million orders take about a gigabyte with their log; a copy of the database takes as much again.
const ROOM_BAD_BYTES: u64 = 1 << 30;
const ROOM_DOUBTFUL_BYTES: u64 = 5 << 30;
/// Each batch of purchases waits for one sync. Ten milliseconds are what a shopper may wait at the 99th percentile.
const SYNC_DOUBTFUL: Duration = Duration::from_millis(5);
const SYNC_BAD: Duration = Duration::from_millis(50);
/// Beside the database, because another folder may be another disk.
const SYNC_FILE: &str = "sync-check";
const SYNCS: usize = 64;
const SYNC_BYTES: usize = 4_096;
/// As many connections as the origin takes, and its own files.
const FILES_WANTED: u64 = 16_384 + 1_024;

pub(super) fn findings(config: &ServeConfig, clock: &Clock) -> Vec<Finding> {
    vec![folder(&config.data), room(&config.data), sync(&config.data, clock), synchronised(clock), files()]
}

fn folder(data: &Path) -> Finding {
    const WHAT: &str = "data folder";
    match require_private(data) {
        Ok(()) => Finding::well(WHAT, format!("{} is for this user alone", data.display())),
        Err(error) => Finding::bad(WHAT, format!("{error:#}")),
    }
}

fn room(data: &Path) -> Finding {
    const WHAT: &str = "disk";
    let free = match statvfs(data) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => return Finding::bad(WHAT, format!("cannot look at {}: {error}", data.display())),
    };
    let says = format!("{} GiB are free", free >> 30);
    if free < ROOM_BAD_BYTES {
        Finding::bad(WHAT, format!("{says}: make room, a million orders take about one"))
    } else if free < ROOM_DOUBTFUL_BYTES {
        Finding::doubtful(WHAT, format!("{says}: a million orders and a copy need about two"))
    } else {
        Finding::well(WHAT, says)
    }
}

fn sync(data: &Path, clock: &Clock) -> Finding {
    const WHAT: &str = "sync";
    let median = match median_sync(&data.join(SYNC_FILE), clock) {
        Ok(median) => median,
        Err(error) => return Finding::bad(WHAT, format!("cannot write to {}: {error}", data.display())),
    };
    let says = format!("the disk syncs in {:.2} ms", median.as_secs_f64() * 1e3);
    if median >= SYNC_BAD {
        Finding::bad(WHAT, format!("{says}: every purchase waits for one; take a local SSD"))
    } else if median >= SYNC_DOUBTFUL {
        Finding::doubtful(WHAT, format!("{says}: every purchase waits for one; a local SSD takes below 1 ms"))
    } else {
        Finding::well(WHAT, says)
    }
}

fn median_sync(path: &Path, clock: &Clock) -> io::Result<Duration> {
    let mut file = File::create(path)?;
    let synced: io::Result<Vec<i64>> = (0..SYNCS)
        .map(|_| {
            let begun_us = clock.read().monotonic_us;
            file.write_all(&[0; SYNC_BYTES])?;
            fdatasync(&file)?;
            Ok(clock.read().monotonic_us - begun_us)
        })
        .collect();
    fs::remove_file(path)?;
    let mut times_us = synced?;
    times_us.sort_unstable();
    Ok(Duration::from_micros(times_us[SYNCS / 2].unsigned_abs()))
}

fn synchronised(clock: &Clock) -> Finding {
    const WHAT: &str = "clock";
    match clock.is_synchronised() {
        Some(true) => Finding::well(WHAT, "a time service keeps it synchronised"),
        Some(false) => Finding::bad(WHAT, "no time service synchronises it: start chrony or systemd-timesyncd"),
        None => Finding::doubtful(WHAT, "the kernel does not say whether it is synchronised"),
    }
}

fn files() -> Finding {
    const WHAT: &str = "open files";
    match getrlimit(Resource::Nofile).maximum {
        Some(most) if most < FILES_WANTED => {
            let says = format!("at most {most}: connections are bounded by it; set LimitNOFILE={FILES_WANTED} or more");
            Finding::doubtful(WHAT, says)
        }
        Some(most) => Finding::well(WHAT, format!("at most {most}")),
        None => Finding::well(WHAT, "without a limit"),
    }
}
