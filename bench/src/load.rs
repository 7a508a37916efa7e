//! A closed loop over kept-alive connections, on one thread, like `wrk -t1`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::requests::Requests;

const RESPONSE_BYTES_MAX: usize = 64 * 1024;

pub(crate) struct Measured {
    pub(crate) elapsed: Duration,
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Microseconds, ascending.
    latencies: Vec<u32>,
}

impl Measured {
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn percentile_ms(&self, share: f64) -> f64 {
        let index = ((self.latencies.len() as f64 * share) as usize).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(index).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

struct Shared {
    requests: Requests,
    /// Whether each request is sent once or the first one for ever.
    once: bool,
    next: Cell<usize>,
    deadline: Instant,
    statuses: RefCell<BTreeMap<u16, u64>>,
    latencies: RefCell<Vec<u32>>,
}

/// Sends until the time is over or, with `once`, until every request was sent.
pub(crate) async fn run(
    address: &str,
    requests: Requests,
    once: bool,
    connections: usize,
    seconds: u64,
) -> Result<Measured> {
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let started = Instant::now();
    let shared = Rc::new(Shared {
        requests,
        once,
        next: Cell::new(0),
        deadline: started + Duration::from_secs(seconds),
        statuses: RefCell::default(),
        latencies: RefCell::default(),
    });
    let local = LocalSet::new();
    let tasks: Vec<_> =
        streams.into_iter().map(|stream| local.spawn_local(connection(stream, shared.clone()))).collect();
    local
        .run_until(async {
            for task in tasks {
                task.await??;
            }
            Ok::<_, anyhow::Error>(())
        })
        .await?;
    let elapsed = started.elapsed();
    let mut latencies = shared.latencies.take();
    latencies.sort_unstable();
    Ok(Measured { elapsed, statuses: shared.statuses.take(), latencies })
}

async fn connection(mut stream: TcpStream, shared: Rc<Shared>) -> Result<()> {
    let mut buffer = Vec::with_capacity(4096);
    while Instant::now() < shared.deadline {
        let index = shared.next.get();
        if shared.once {
            if index >= shared.requests.len() {
                break;
            }
            shared.next.set(index + 1);
        }
        let sent = Instant::now();
        stream.write_all(shared.requests.get(index)).await?;
        let status = response(&mut stream, &mut buffer).await?;
        *shared.statuses.borrow_mut().entry(status).or_default() += 1;
        shared.latencies.borrow_mut().push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(())
}

/// Reads one response to its end. Every response here has a content-length.
async fn response(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<u16> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            bail!("the server closed a connection");
        }
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&buffer[..head])?;
        let status = text.get(9..12).context("no status")?.parse()?;
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .context("a response without content-length")?
            .parse()?;
        let total = head + 4 + length;
        if total > RESPONSE_BYTES_MAX {
            bail!("a response of {total} bytes");
        }
        while buffer.len() < total {
            if stream.read_buf(buffer).await? == 0 {
                bail!("the server closed a connection inside a response");
            }
        }
        return Ok(status);
    }
}
