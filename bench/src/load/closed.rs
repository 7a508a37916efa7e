//! A closed loop, like `wrk -t1`: a connection sends as soon as its answer is in.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::measured::Measured;
use super::swarm::{Answer, Next, Sent, Swarm};
use crate::report::Progress;
use crate::requests::Requests;

/// No answer for this long, and the server is taken for dead.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// How long to go on.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// Each request once, and no longer than this.
    Sent(Duration),
    /// The first request again and again.
    Passed(Duration),
}

pub(crate) fn run(
    address: &str,
    requests: &Requests,
    until: Until,
    connections: usize,
    progress: &Progress,
    mut look: impl FnMut(&Answer<'_>),
) -> Result<Measured> {
    let mut swarm = Swarm::connect(address, connections)?;
    let mut measured = Measured::start();
    let started = measured.started;
    let (Until::Sent(time) | Until::Passed(time)) = until;
    let deadline = started + time;
    let mut supplied = 0;
    let mut next = |now: Instant| {
        if now >= deadline {
            return None;
        }
        let (kind, bytes) = match until {
            Until::Sent(_) => requests.get(supplied)?,
            Until::Passed(_) => requests.get(0)?,
        };
        supplied += 1;
        Some(Next { sent: Sent { kind, since: now }, bytes })
    };
    let mut waiting = 0_u64;
    for index in 0..connections {
        if let Some(first) = next(Instant::now()) {
            swarm.send(index, first.sent, first.bytes)?;
            waiting += 1;
        }
    }
    let mut failed = None;
    let mut heard = Instant::now();
    while waiting > 0 {
        let before = measured.total.count();
        swarm.wait(SILENCE_MAX, |answer| {
            let now = Instant::now();
            look(answer);
            if let Err(error) = measured.answered(answer, now) {
                failed = Some(error);
            }
            let next = next(now);
            waiting -= u64::from(next.is_none());
            next
        })?;
        if let Some(error) = failed.take() {
            return Err(error);
        }
        if measured.total.count() > before {
            heard = Instant::now();
        }
        ensure!(heard.elapsed() < SILENCE_MAX, "{waiting} requests are not answered");
        progress.at(started.elapsed(), time);
    }
    measured.elapsed = started.elapsed();
    Ok(measured)
}
