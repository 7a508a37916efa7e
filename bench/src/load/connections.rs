//! Kept-alive connections to one server, polled on one thread.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

use crate::load::request::Kind;
use crate::load::response::{self, RESPONSE_BYTES_MAX};

/// The status of a request without a response: its connection closed.
pub(crate) const LOST: u16 = 0;

/// Handled after one poll.
const EVENTS_MAX: usize = 1_024;
const INPUT_BYTES: usize = 8 * 1024;

pub(crate) struct Connections {
    address: String,
    epoll: OwnedFd,
    connections: Vec<Connection>,
    events: Vec<epoll::Event>,
}

/// A request on its way. Its latency counts from `due`.
#[derive(Clone, Copy)]
pub(super) struct InFlight {
    pub(super) kind: Kind,
    pub(super) due: Instant,
}

pub(crate) struct Response<'a> {
    pub(super) connection: usize,
    pub(crate) kind: Kind,
    pub(super) due: Instant,
    pub(crate) status: u16,
    pub(crate) retry_after: bool,
    pub(crate) body: &'a [u8],
}

/// What a connection sends as soon as it has a response.
pub(super) struct NextRequest<'a> {
    pub(super) request: InFlight,
    pub(super) bytes: &'a [u8],
}

struct Connection {
    stream: TcpStream,
    in_flight: VecDeque<InFlight>,
    input: Vec<u8>,
    filled: usize,
    /// Bytes that the kernel has not accepted yet.
    output: Vec<u8>,
    /// Whether the poll watches for room for them too.
    output_watched: bool,
}

impl Connections {
    pub(crate) fn connect(address: &str, count: usize) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let mut opened = Self {
            address: address.to_owned(),
            epoll,
            connections: Vec::with_capacity(count),
            events: Vec::with_capacity(EVENTS_MAX),
        };
        for index in 0..count {
            let connection = opened.open(index)?;
            opened.connections.push(connection);
        }
        Ok(opened)
    }

    fn open(&self, index: usize) -> Result<Connection> {
        let stream = TcpStream::connect(&self.address)
            .with_context(|| format!("cannot connect to {} the {}th time", self.address, index + 1))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        epoll::add(&self.epoll, &stream, EventData::new_u64(index as u64), EventFlags::IN)?;
        let input = vec![0; INPUT_BYTES];
        Ok(Connection {
            stream,
            in_flight: VecDeque::new(),
            input,
            filled: 0,
            output: Vec::new(),
            output_watched: false,
        })
    }

    pub(super) fn send(&mut self, index: usize, request: InFlight, bytes: &[u8]) -> Result<()> {
        self.connections[index].send(request, bytes);
        self.watch_output(index)
    }

    /// Waits for responses, gives each to `on_response` and sends what that returns.
    pub(super) fn wait<'a>(
        &mut self,
        timeout: Duration,
        mut on_response: impl FnMut(&Response<'_>) -> Option<NextRequest<'a>>,
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
            // The kernel packs events, so their fields must be copied out.
            let (flags, index) = (event.flags, usize::try_from({ event.data }.u64())?);
            let connection = &mut self.connections[index];
            if flags.contains(EventFlags::OUT) {
                connection.flush();
            }
            if !connection.receive(index, &mut on_response)? {
                self.replace(index, &mut on_response)?;
            }
            self.watch_output(index)?;
        }
        events.clear();
        self.events = events;
        Ok(())
    }

    /// The server closed a connection: its requests in flight are lost, and a new connection replaces it.
    fn replace<'a>(
        &mut self,
        index: usize,
        on_response: &mut impl FnMut(&Response<'_>) -> Option<NextRequest<'a>>,
    ) -> Result<()> {
        let fresh = self.open(index)?;
        let closed = std::mem::replace(&mut self.connections[index], fresh);
        for InFlight { kind, due } in closed.in_flight {
            let response = Response { connection: index, kind, due, status: LOST, retry_after: false, body: &[] };
            if let Some(next) = on_response(&response) {
                self.connections[index].send(next.request, next.bytes);
            }
        }
        Ok(())
    }

    /// Requests rarely fill a socket, so a connection watches for room only while bytes wait for it.
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
    fn send(&mut self, request: InFlight, bytes: &[u8]) {
        self.in_flight.push_back(request);
        if self.output.is_empty() {
            // The next read notices a broken connection.
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
        on_response: &mut impl FnMut(&Response<'_>) -> Option<NextRequest<'a>>,
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
        while let Some(parsed) = response::parse(&self.input[taken..self.filled])? {
            let InFlight { kind, due } = self.in_flight.pop_front().context("a response to no request")?;
            let body = taken + parsed.body.start..taken + parsed.body.end;
            taken = body.end;
            let (status, retry_after, body) = (parsed.status, parsed.retry_after, &self.input[body]);
            let next = on_response(&Response { connection: index, kind, due, status, retry_after, body });
            if let Some(next) = next {
                self.send(next.request, next.bytes);
            }
        }
        self.input.copy_within(taken..self.filled, 0);
        self.filled -= taken;
        Ok(true)
    }
}
