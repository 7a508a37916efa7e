//! Kept-alive connections to one server, polled on one thread.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

use super::Kind;
use super::response::{self, RESPONSE_BYTES_MAX};

/// The status of a request that was never answered, because its connection closed.
pub(crate) const LOST: u16 = 0;

/// Looked at in one poll.
const EVENTS_MAX: usize = 1_024;
const INPUT_BYTES: usize = 8 * 1024;

pub(super) struct Swarm {
    address: String,
    epoll: OwnedFd,
    connections: Vec<Connection>,
    events: Vec<epoll::Event>,
}

/// A request on its way: latency counts from `since`.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    pub(super) kind: Kind,
    pub(super) since: Instant,
}

pub(crate) struct Answer<'a> {
    pub(super) connection: usize,
    pub(crate) kind: Kind,
    pub(super) since: Instant,
    pub(crate) status: u16,
    pub(crate) retry_after: bool,
    pub(crate) body: &'a [u8],
}

/// What goes out on a connection as soon as its answer is in.
pub(super) struct Next<'a> {
    pub(super) sent: Sent,
    pub(super) bytes: &'a [u8],
}

struct Connection {
    stream: TcpStream,
    waiting: VecDeque<Sent>,
    input: Vec<u8>,
    filled: usize,
    /// What the kernel would not take yet.
    output: Vec<u8>,
    /// Whether room for it is watched, too.
    output_watched: bool,
}

impl Swarm {
    pub(super) fn connect(address: &str, count: usize) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let mut swarm = Self {
            address: address.to_owned(),
            epoll,
            connections: Vec::with_capacity(count),
            events: Vec::with_capacity(EVENTS_MAX),
        };
        for index in 0..count {
            let connection = swarm.open(index)?;
            swarm.connections.push(connection);
        }
        Ok(swarm)
    }

    fn open(&self, index: usize) -> Result<Connection> {
        let stream = TcpStream::connect(&self.address)
            .with_context(|| format!("cannot connect to {} the {}th time", self.address, index + 1))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        epoll::add(&self.epoll, &stream, EventData::new_u64(index as u64), EventFlags::IN)?;
        let input = vec![0; INPUT_BYTES];
        Ok(Connection { stream, waiting: VecDeque::new(), input, filled: 0, output: Vec::new(), output_watched: false })
    }

    pub(super) fn send(&mut self, index: usize, sent: Sent, bytes: &[u8]) -> Result<()> {
        self.connections[index].send(sent, bytes);
        self.watch_output(index)
    }

    /// Waits for answers, gives each to `on_answer` and sends what it returns.
    pub(super) fn wait<'a>(
        &mut self,
        timeout: Duration,
        mut on_answer: impl FnMut(&Answer<'_>) -> Option<Next<'a>>,
    ) -> Result<()> {
        let timeout = Timespec { tv_sec: timeout.as_secs().cast_signed(), tv_nsec: timeout.subsec_nanos().into() };
        self.events.clear();
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), Some(&timeout)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let mut events = std::mem::take(&mut self.events);
        for event in &events {
            // The kernel packs events: their fields are copied out.
            let (flags, index) = (event.flags, usize::try_from({ event.data }.u64())?);
            let connection = &mut self.connections[index];
            if flags.contains(EventFlags::OUT) {
                connection.flush();
            }
            if !connection.receive(index, &mut on_answer)? {
                self.replace(index, &mut on_answer)?;
            }
            self.watch_output(index)?;
        }
        events.clear();
        self.events = events;
        Ok(())
    }

    /// The server closed a connection: what waited on it is lost, and a new one takes its place.
    fn replace<'a>(&mut self, index: usize, on_answer: &mut impl FnMut(&Answer<'_>) -> Option<Next<'a>>) -> Result<()> {
        let fresh = self.open(index)?;
        let closed = std::mem::replace(&mut self.connections[index], fresh);
        for Sent { kind, since } in closed.waiting {
            let answer = Answer { connection: index, kind, since, status: LOST, retry_after: false, body: &[] };
            if let Some(next) = on_answer(&answer) {
                self.connections[index].send(next.sent, next.bytes);
            }
        }
        Ok(())
    }

    /// Requests rarely fill a socket, so its room is watched only while something waits for it.
    fn watch_output(&mut self, index: usize) -> Result<()> {
        let connection = &mut self.connections[index];
        let wanted = !connection.output.is_empty();
        if wanted != connection.output_watched {
            let flags = if wanted { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
            epoll::modify(&self.epoll, &connection.stream, EventData::new_u64(index as u64), flags)?;
            connection.output_watched = wanted;
        }
        Ok(())
    }
}

impl Connection {
    fn send(&mut self, sent: Sent, bytes: &[u8]) {
        self.waiting.push_back(sent);
        if self.output.is_empty() {
            // A connection that broke is noticed when it is read.
            let taken = self.stream.write(bytes).unwrap_or_default();
            self.output.extend_from_slice(&bytes[taken..]);
        } else {
            self.output.extend_from_slice(bytes);
        }
    }

    fn flush(&mut self) {
        let taken = self.stream.write(&self.output).unwrap_or_default();
        self.output.drain(..taken);
    }

    /// Returns false when the connection is closed.
    fn receive<'a>(
        &mut self,
        index: usize,
        on_answer: &mut impl FnMut(&Answer<'_>) -> Option<Next<'a>>,
    ) -> Result<bool> {
        if self.filled == self.input.len() {
            self.input.resize((self.filled * 2).min(RESPONSE_BYTES_MAX), 0);
        }
        match self.stream.read(&mut self.input[self.filled..]) {
            Ok(0) => return Ok(false),
            Ok(count) => self.filled += count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return Ok(true),
            Err(_) => return Ok(false),
        }
        let mut taken = 0;
        while let Some(response) = response::parse(&self.input[taken..self.filled])? {
            let Sent { kind, since } = self.waiting.pop_front().context("an answer to no request")?;
            let body = taken + response.body.start..taken + response.body.end;
            taken = body.end;
            let (status, retry_after, body) = (response.status, response.retry_after, &self.input[body]);
            let next = on_answer(&Answer { connection: index, kind, since, status, retry_after, body });
            if let Some(next) = next {
                self.send(next.sent, next.bytes);
            }
        }
        self.input.copy_within(taken..self.filled, 0);
        self.filled -= taken;
        Ok(true)
    }
}
