//! An open loop: requests at given times, whatever the server does. Latency counts from the time at which a request was
//! due, so a stall shows in every request that it delayed, and not only in those that were in flight.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::load::connections::{Connections, InFlight, LOST, Response};
use crate::load::measured::{Measured, Tallies};
use crate::load::request::Kind;
use crate::progress::Progress;

/// Requests due within this time leave together: a wake for each would cost the server's cores more than it shows.
const WAKE_EVERY: Duration = Duration::from_micros(100);
/// Requests in flight at the end get this long for a response; then they are lost.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Requests of one kind that arrive on connections of their own.
pub(crate) struct Flow<'a> {
    pub(crate) kind: Kind,
    pub(crate) arrivals: Arrivals,
    pub(crate) connections: usize,
    /// Requests that one connection may have in flight.
    pub(crate) pipeline: usize,
    pub(crate) when_full: WhenFull,
    /// Writes the next request.
    pub(crate) next: WriteNext<'a>,
}

pub(crate) type WriteNext<'a> = Box<dyn FnMut(&mut Vec<u8>) -> Result<()> + 'a>;

/// What becomes of an arrival when every connection of its flow is full.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// It waits, and its latency counts.
    Wait,
    /// It is counted and not sent, as by a proxy that bounds its connections to the server.
    Reject,
}

#[derive(Clone, Copy)]
pub(crate) struct Arrivals {
    pub(crate) per_second: f64,
    /// The rate grows from zero to its full height in this time.
    pub(crate) ramp: Duration,
}

impl Arrivals {
    pub(crate) fn steady(per_second: f64) -> Self {
        Self { per_second, ramp: Duration::ZERO }
    }

    /// When arrival `number`, counted from 0, is due after the start.
    fn due(self, number: u64) -> Duration {
        let ramp = self.ramp.as_secs_f64();
        let in_ramp = self.per_second * ramp / 2.0;
        let number = number as f64;
        Duration::from_secs_f64(if number < in_ramp {
            (2.0 * number * ramp / self.per_second).sqrt()
        } else {
            ramp + (number - in_ramp) / self.per_second
        })
    }
}

struct Running<'a> {
    flow: Flow<'a>,
    number: u64,
    /// Connections with room, once for each request that fits.
    free: VecDeque<usize>,
    /// Arrivals that wait for room.
    due: VecDeque<Instant>,
}

/// Offers every flow for `time`, and waits for the responses.
pub(crate) fn run(
    address: &str,
    flows: Vec<Flow<'_>>,
    time: Duration,
    slice: Duration,
    progress: &Progress,
    on_response: impl FnMut(&Response<'_>),
) -> Result<Measured> {
    let connections = Connections::connect(address, flows.iter().map(|flow| flow.connections).sum())?;
    run_on(connections, flows, time, slice, progress, on_response)
}

/// As [`run`], on connections that are open already, one for each that the flows name: thousands take longer to open
/// than a token should wait.
pub(crate) fn run_on(
    mut connections: Connections,
    flows: Vec<Flow<'_>>,
    time: Duration,
    slice: Duration,
    progress: &Progress,
    mut on_response: impl FnMut(&Response<'_>),
) -> Result<Measured> {
    let (mut flows, flow_of) = running(flows);
    let mut measured = Measured::start();
    measured.slices.resize_with(time.as_secs_f64().div_euclid(slice.as_secs_f64()) as usize + 1, Tallies::default);
    let (mut bytes, mut in_flight) = (Vec::new(), 0_u64);
    let started = measured.started;
    let deadline = started + time;
    loop {
        let clock = Instant::now();
        let unfinished = in_flight > 0 || flows.iter().any(|flow| !flow.due.is_empty());
        if clock >= deadline + DRAIN_TIMEOUT || (clock >= deadline && !unfinished) {
            break;
        }
        let now = clock.min(deadline);
        for flow in &mut flows {
            measured.rejected += flow.note_arrivals(started, now);
            in_flight += flow.send_due(&mut connections, &mut bytes)?;
        }
        let wake = flows.iter().map(|flow| flow.next_wake(started, deadline)).min().unwrap_or(deadline);
        let mut failed = None;
        connections.wait(wake.saturating_duration_since(now).max(WAKE_EVERY), |response| {
            let now = Instant::now();
            on_response(response);
            let index = (response.due - started).div_duration_f64(slice) as usize;
            let in_slice = measured.slices[index].record(response.kind, response.status, now - response.due);
            if let Err(error) = measured.record(response, now).and(in_slice) {
                failed = Some(error);
            }
            in_flight -= 1;
            flows[flow_of[response.connection]].free.push_back(response.connection);
            None
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        progress.set(started.elapsed(), time);
    }
    // The rate is that of the time in which requests arrived.
    measured.elapsed = time;
    for flow in flows {
        flow.count_lost(&mut measured)?;
    }
    Ok(measured)
}

/// The flows, and the flow of each connection.
fn running(flows: Vec<Flow<'_>>) -> (Vec<Running<'_>>, Vec<usize>) {
    let mut flow_of = Vec::new();
    let mut all = Vec::new();
    for flow in flows {
        let first = flow_of.len();
        flow_of.resize(first + flow.connections, all.len());
        let once = first..flow_of.len();
        let free = std::iter::repeat_n(once, flow.pipeline).flatten().collect();
        all.push(Running { flow, number: 0, free, due: VecDeque::new() });
    }
    (all, flow_of)
}

impl Running<'_> {
    /// Notes the arrivals that are due. Returns how many were rejected.
    fn note_arrivals(&mut self, started: Instant, now: Instant) -> u64 {
        let mut rejected = 0;
        loop {
            let at = started + self.flow.arrivals.due(self.number);
            if at >= now {
                return rejected;
            }
            self.number += 1;
            if self.flow.when_full == WhenFull::Reject && self.due.len() >= self.free.len() {
                rejected += 1;
            } else {
                self.due.push_back(at);
            }
        }
    }

    /// Sends the due arrivals for which a connection has room. Returns how many.
    fn send_due(&mut self, connections: &mut Connections, bytes: &mut Vec<u8>) -> Result<u64> {
        let mut sent = 0;
        while !self.free.is_empty()
            && let Some(due) = self.due.pop_front()
            && let Some(index) = self.free.pop_front()
        {
            bytes.clear();
            (self.flow.next)(bytes)?;
            connections.send(index, InFlight { kind: self.flow.kind, due }, bytes)?;
            sent += 1;
        }
        Ok(sent)
    }

    /// When the flow has something to send even if no response comes. Without room an arrival changes nothing.
    fn next_wake(&self, started: Instant, deadline: Instant) -> Instant {
        if self.free.is_empty() { deadline } else { started + self.flow.arrivals.due(self.number) }
    }

    /// Counts arrivals without a response as lost.
    fn count_lost(self, measured: &mut Measured) -> Result<()> {
        let unanswered = self.flow.connections * self.flow.pipeline - self.free.len();
        for _ in 0..self.due.len() + unanswered {
            measured.total.record(self.flow.kind, LOST, DRAIN_TIMEOUT)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    const STALL: Duration = Duration::from_millis(300);

    /// A server that answers one connection and stalls once, at its hundredth request.
    fn stalling_server() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut answered = 0;
            let mut byte = [0; 1];
            while stream.read(&mut byte).unwrap() == 1 {
                answered += 1;
                if answered == 100 {
                    std::thread::sleep(STALL);
                }
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            }
        });
        address
    }

    #[test]
    fn a_stall_shows_in_every_request_that_was_due_meanwhile() {
        let next = |bytes: &mut Vec<u8>| {
            bytes.push(b'x');
            Ok(())
        };
        let flow = Flow {
            kind: Kind::Status,
            arrivals: Arrivals::steady(500.0),
            connections: 1,
            pipeline: 1,
            when_full: WhenFull::Wait,
            next: Box::new(next),
        };
        let time = Duration::from_secs(1);
        let measured = run(&stalling_server(), vec![flow], time, time, &Progress::hidden(), |_| {}).unwrap();
        measured.require(Kind::Status, &[204]).unwrap();
        assert!((499..=500).contains(&measured.total.count()), "{}", measured.total.count());
        // 150 of 500 requests were due during the stall, the first of them 300 ms before its end.
        assert!(measured.total.quantile_ms(0.9) > 100.0, "{} ms", measured.total.quantile_ms(0.9));
        assert!(measured.total.quantile_ms(0.5) < 50.0, "{} ms", measured.total.quantile_ms(0.5));
    }

    #[test]
    fn an_arrival_without_room_is_rejected_and_counted() {
        let flow = Flow {
            kind: Kind::Status,
            arrivals: Arrivals::steady(500.0),
            connections: 1,
            pipeline: 2,
            when_full: WhenFull::Reject,
            next: Box::new(|bytes| {
                bytes.push(b'x');
                Ok(())
            }),
        };
        let time = Duration::from_secs(1);
        let measured = run(&stalling_server(), vec![flow], time, time, &Progress::hidden(), |_| {}).unwrap();
        assert!((499..=500).contains(&(measured.total.count() + measured.rejected)));
        assert!(measured.rejected > 100, "{}", measured.rejected);
    }

    #[test]
    fn a_ramp_grows_evenly_to_its_full_rate() {
        let arrivals = Arrivals { per_second: 1000.0, ramp: Duration::from_secs(1) };
        assert_eq!(arrivals.due(0), Duration::ZERO);
        assert_eq!(arrivals.due(125), Duration::from_millis(500));
        assert_eq!(arrivals.due(500), Duration::from_secs(1));
        assert_eq!(arrivals.due(1500), Duration::from_secs(2));
    }
}
