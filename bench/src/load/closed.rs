//! A closed loop, like `wrk -t1`: a connection sends as soon as it has a response.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::load::connections::{Connections, InFlight, NextRequest, Response};
use crate::load::measured::Measured;
use crate::load::request::Requests;
use crate::progress::Progress;

/// A server that sends no response for this long counts as dead.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// When a closed loop ends.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// Every request was sent once, or this much time has passed.
    AllSent(Duration),
    /// This much time has passed. The loop repeats the first request.
    Elapsed(Duration),
}

pub(crate) fn run(
    address: &str,
    requests: &Requests,
    until: Until,
    connection_count: usize,
    progress: &Progress,
    mut on_response: impl FnMut(&Response<'_>),
) -> Result<Measured> {
    let mut connections = Connections::connect(address, connection_count)?;
    let mut measured = Measured::start();
    let started = measured.started;
    let (Until::AllSent(time) | Until::Elapsed(time)) = until;
    let deadline = started + time;
    let mut supplied = 0;
    let mut next = |now: Instant| {
        if now >= deadline {
            return None;
        }
        let (kind, bytes) = match until {
            Until::AllSent(_) => requests.get(supplied)?,
            Until::Elapsed(_) => requests.get(0)?,
        };
        supplied += 1;
        Some(NextRequest { request: InFlight { kind, due: now }, bytes })
    };
    let mut in_flight = 0_u64;
    for index in 0..connection_count {
        if let Some(first) = next(Instant::now()) {
            connections.send(index, first.request, first.bytes)?;
            in_flight += 1;
        }
    }
    let mut failed = None;
    let mut last_response_at = Instant::now();
    while in_flight > 0 {
        let before = measured.total.count();
        connections.wait(SILENCE_MAX, |response| {
            let now = Instant::now();
            on_response(response);
            if let Err(error) = measured.record(response, now) {
                failed = Some(error);
            }
            let next = next(now);
            in_flight -= u64::from(next.is_none());
            next
        })?;
        if let Some(error) = failed.take() {
            return Err(error);
        }
        if measured.total.count() > before {
            last_response_at = Instant::now();
        }
        ensure!(last_response_at.elapsed() < SILENCE_MAX, "{in_flight} requests have no response");
        progress.set(started.elapsed(), time);
    }
    measured.elapsed = started.elapsed();
    Ok(measured)
}
