//! Requests at given times, whatever the server does. Latency counts from when a request was due, so a stall is paid
//! for by every request it kept waiting, and not only by those that happened to be on their way.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::measured::{Measured, Tallies};
use super::swarm::{LOST, Sent, Swarm};
use super::{Answer, Kind};
use crate::report::Progress;

/// Requests due within this leave together: waking up for each would cost the server's cores more than it tells.
const WAKE_EVERY: Duration = Duration::from_micros(100);
/// What is still under way at the end gets this long; then it is lost.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Requests of one kind that arrive on connections of their own.
pub(crate) struct Flow<'a> {
    pub(crate) kind: Kind,
    pub(crate) arrivals: Arrivals,
    pub(crate) connections: usize,
    /// Requests that may wait on one connection for their answers.
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
    /// It is counted and never sent: whoever stands before the server bounds its connections.
    TurnAway,
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
    /// Connections with room, one entry for each request that fits.
    free: VecDeque<usize>,
    /// Arrivals that wait for room.
    due: VecDeque<Instant>,
}

/// Connections that are open before the requests are made: opening thousands takes longer than a token should wait.
pub(crate) struct Connected(Swarm);

pub(crate) fn connect(address: &str, count: usize) -> Result<Connected> {
    Swarm::connect(address, count).map(Connected)
}

/// Offers every flow for `time`, and waits for the answers.
pub(crate) fn run(
    address: &str,
    flows: Vec<Flow<'_>>,
    time: Duration,
    slice: Duration,
    progress: &Progress,
    look: impl FnMut(&Answer<'_>),
) -> Result<Measured> {
    let connected = connect(address, flows.iter().map(|flow| flow.connections).sum())?;
    run_on(connected, flows, time, slice, progress, look)
}

/// As [`run`]; there is a connection for each that the flows name.
pub(crate) fn run_on(
    Connected(mut swarm): Connected,
    flows: Vec<Flow<'_>>,
    time: Duration,
    slice: Duration,
    progress: &Progress,
    mut look: impl FnMut(&Answer<'_>),
) -> Result<Measured> {
    let (mut flows, owners) = running(flows);
    let mut measured = Measured::start();
    measured.slices.resize_with(time.as_secs_f64().div_euclid(slice.as_secs_f64()) as usize + 1, Tallies::default);
    let (mut bytes, mut waiting) = (Vec::new(), 0_u64);
    let started = measured.started;
    let deadline = started + time;
    loop {
        let late = Instant::now();
        let unfinished = waiting > 0 || flows.iter().any(|flow| !flow.due.is_empty());
        if late >= deadline + DRAIN_TIMEOUT || (late >= deadline && !unfinished) {
            break;
        }
        let now = late.min(deadline);
        for flow in &mut flows {
            measured.unsent += flow.arrive(started, now);
            waiting += flow.leave(&mut swarm, &mut bytes)?;
        }
        let wake = flows.iter().map(|flow| flow.wakes(started, deadline)).min().unwrap_or(deadline);
        let mut failed = None;
        swarm.wait(wake.saturating_duration_since(now).max(WAKE_EVERY), |answer| {
            let now = Instant::now();
            look(answer);
            let index = (answer.since - started).div_duration_f64(slice) as usize;
            let in_slice = measured.slices[index].record(answer.kind, answer.status, now - answer.since);
            if let Err(error) = measured.answered(answer, now).and(in_slice) {
                failed = Some(error);
            }
            waiting -= 1;
            flows[owners[answer.connection]].free.push_back(answer.connection);
            None
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        progress.at(started.elapsed(), time);
    }
    // The rate is that of the time in which requests arrived.
    measured.elapsed = time;
    for flow in flows {
        flow.give_up(&mut measured)?;
    }
    Ok(measured)
}

/// The flows, and whose each connection is.
fn running(flows: Vec<Flow<'_>>) -> (Vec<Running<'_>>, Vec<usize>) {
    let mut owners = Vec::new();
    let mut all = Vec::new();
    for flow in flows {
        let first = owners.len();
        owners.resize(first + flow.connections, all.len());
        let once = first..owners.len();
        let free = std::iter::repeat_n(once, flow.pipeline).flatten().collect();
        all.push(Running { flow, number: 0, free, due: VecDeque::new() });
    }
    (all, owners)
}

impl Running<'_> {
    /// Notes what has become due. Returns how many of it were turned away.
    fn arrive(&mut self, started: Instant, now: Instant) -> u64 {
        let mut turned_away = 0;
        loop {
            let at = started + self.flow.arrivals.due(self.number);
            if at >= now {
                return turned_away;
            }
            self.number += 1;
            if self.flow.when_full == WhenFull::TurnAway && self.due.len() >= self.free.len() {
                turned_away += 1;
            } else {
                self.due.push_back(at);
            }
        }
    }

    /// Sends what is due and has room. Returns how many.
    fn leave(&mut self, swarm: &mut Swarm, bytes: &mut Vec<u8>) -> Result<u64> {
        let mut sent = 0;
        while !self.free.is_empty()
            && let Some(since) = self.due.pop_front()
            && let Some(index) = self.free.pop_front()
        {
            bytes.clear();
            (self.flow.next)(bytes)?;
            swarm.send(index, Sent { kind: self.flow.kind, since }, bytes)?;
            sent += 1;
        }
        Ok(sent)
    }

    /// When it needs a look even if no answer comes: with no room an arrival changes nothing.
    fn wakes(&self, started: Instant, deadline: Instant) -> Instant {
        if self.free.is_empty() { deadline } else { started + self.flow.arrivals.due(self.number) }
    }

    /// Counts what was due and never answered as lost.
    fn give_up(self, measured: &mut Measured) -> Result<()> {
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

    /// Answers everything on one connection, and stalls once, at its hundredth request.
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
    fn a_stall_is_paid_for_by_everything_that_was_due_meanwhile() {
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
        // 150 of 500 were due while nothing was answered, the unluckiest 300 ms before its end.
        assert!(measured.total.quantile_ms(0.9) > 100.0, "{} ms", measured.total.quantile_ms(0.9));
        assert!(measured.total.quantile_ms(0.5) < 50.0, "{} ms", measured.total.quantile_ms(0.5));
    }

    #[test]
    fn what_finds_no_room_is_turned_away_and_counted() {
        let flow = Flow {
            kind: Kind::Status,
            arrivals: Arrivals::steady(500.0),
            connections: 1,
            pipeline: 2,
            when_full: WhenFull::TurnAway,
            next: Box::new(|bytes| {
                bytes.push(b'x');
                Ok(())
            }),
        };
        let time = Duration::from_secs(1);
        let measured = run(&stalling_server(), vec![flow], time, time, &Progress::hidden(), |_| {}).unwrap();
        assert!((499..=500).contains(&(measured.total.count() + measured.unsent)));
        assert!(measured.unsent > 100, "{}", measured.unsent);
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
