//! Accepts connections, and bounds them. A client that is slow loses its own connection and delays no other client.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::connection::{self, Timeouts};
use crate::http::problem::ApiError;

/// An edge keeps a few connections for each of its machines; idle ones take below 4 KiB each.
const CONNECTIONS_MAX: u32 = 16_384;
/// A monitor and an operator.
const PRIVATE_CONNECTIONS_MAX: u32 = 64;
/// Connections that get a 503 because the others are all in use. Beyond it the origin closes them without an answer.
const REFUSED_AT_ONCE: u32 = 256;
/// Files that are not connections of the public listener: the database, calls to PayOS, the private listener, refusals.
const OTHER_FILES: u32 = 1_024;
/// The edge sends a head in one piece: slower than this is a stuck or hostile sender. A client pauses for longer between
/// requests only when it is done: the edge opens another connection when it needs one.
const TIMEOUTS: Timeouts = Timeouts { idle: Duration::from_secs(75), head: Duration::from_secs(10) };
/// A refused client holds a connection that the next refusal needs.
const REFUSED_TIMEOUTS: Timeouts = Timeouts { idle: Duration::from_secs(1), head: Duration::from_secs(1) };
/// A request line and its headers; tokens are below 1 KiB. hyper itself allows 100 headers.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// When a client takes no bytes of an answer for so long, the kernel closes its connection.
#[cfg(target_os = "linux")]
const ANSWER_TIMEOUT_MS: u32 = 10_000;
/// With no file left to open, accepting fails at once and every time; meanwhile connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The connections of a listener: how many there may be, and what they are served.
struct Connections {
    http: http1::Builder,
    service: TowerToHyperService<Router>,
    timeouts: Timeouts,
    permits: Arc<Semaphore>,
    max: u32,
}

/// Serves shoppers and operators until the origin stops.
pub(crate) async fn serve_public(listener: TcpListener, router: Router, stop: CancellationToken) {
    let max = connections_max();
    info!(max, "connections are bounded");
    serve(listener, Connections::new(router, max), stop).await;
}

/// Serves the machine and its monitoring until the origin stops.
pub(crate) async fn serve_private(listener: TcpListener, router: Router, stop: CancellationToken) {
    serve(listener, Connections::new(router, PRIVATE_CONNECTIONS_MAX), stop).await;
}

/// Returns when the origin stops and every connection has ended: idle ones at once, others when answered.
async fn serve(listener: TcpListener, served: Connections, stop: CancellationToken) {
    let refused = Connections::refused();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            stream = accept(&listener) => stream,
        };
        // Waiting in the kernel's queue instead would leave the edge without an answer until its own timeout.
        if let Err(stream) = served.add(stream, &stop) {
            drop(refused.add(stream, &stop));
        }
    }
    drop(listener);
    served.ended().await;
    refused.ended().await;
}

impl Connections {
    fn new(router: Router, max: u32) -> Self {
        let mut http = http1::Builder::new();
        // Answers are small: one buffer is sent with less than two are.
        http.header_read_timeout(None).max_buf_size(HEAD_BYTES_MAX).writev(false);
        Self {
            http,
            service: TowerToHyperService::new(router),
            timeouts: TIMEOUTS,
            permits: Arc::new(Semaphore::new(max as usize)),
            max,
        }
    }

    /// Those beyond the bound: one 503 each.
    fn refused() -> Self {
        let mut connections = Self::new(Router::new().fallback(|| async { ApiError::busy() }), REFUSED_AT_ONCE);
        connections.http.keep_alive(false);
        connections.timeouts = REFUSED_TIMEOUTS;
        connections
    }

    /// Serves the connection on a task of its own, or gives it back when there are too many.
    fn add(&self, stream: TcpStream, stop: &CancellationToken) -> Result<(), TcpStream> {
        let Ok(permit) = self.permits.clone().try_acquire_owned() else { return Err(stream) };
        let serving = connection::serve(self.http.clone(), self.service.clone(), stream, self.timeouts, stop.clone());
        tokio::spawn(async move {
            serving.await;
            drop(permit);
        });
        Ok(())
    }

    async fn ended(&self) {
        // Semaphores fail only when closed, and this one never is.
        drop(self.permits.acquire_many(self.max).await);
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // They fail for a connection that has gone, which `connection` finds out.
                let _ = stream.set_nodelay(true);
                #[cfg(target_os = "linux")]
                let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, ANSWER_TIMEOUT_MS);
                return stream;
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The error is of a client that left before it was accepted, not of the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// As many connections as this process may hold open files for.
fn connections_max() -> u32 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // Systems start processes with a low limit that they may raise themselves.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let files = if raised { maximum } else { current };
    let files = files.and_then(|files| u32::try_from(files).ok()).unwrap_or(u32::MAX);
    files.saturating_sub(OTHER_FILES).max(files / 2).min(CONNECTIONS_MAX)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const REQUEST: &str = "GET / HTTP/1.1\r\nhost: origin\r\n\r\n";
    /// Far more than any of them takes; a listener that waits for nothing ever would hang otherwise.
    const DEADLINE: Duration = Duration::from_secs(20);

    async fn served(
        max: u32,
        idle: Duration,
    ) -> (std::net::SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut connections = Connections::new(Router::new().route("/", get(|| async { "served" })), max);
        connections.timeouts.idle = idle;
        let stop = CancellationToken::new();
        (address, stop.clone(), tokio::spawn(serve(listener, connections, stop)))
    }

    /// Everything until the end of the answer whose last word is known, or of the connection.
    async fn hears(stream: &mut TcpStream, last: &str) -> String {
        let mut heard = Vec::new();
        while !heard.ends_with(last.as_bytes()) || last.is_empty() {
            let read = tokio::time::timeout(DEADLINE, stream.read_buf(&mut heard)).await.expect("an answer in time");
            if !matches!(read, Ok(1..)) {
                break;
            }
        }
        String::from_utf8(heard).unwrap()
    }

    #[tokio::test]
    async fn a_client_beyond_the_bound_gets_a_503_until_another_leaves() {
        let (address, _stop, _serving) = served(1, TIMEOUTS.idle).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(REQUEST.as_bytes()).await.unwrap();
        assert!(hears(&mut first, "served").await.starts_with("HTTP/1.1 200"));
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(REQUEST.as_bytes()).await.unwrap();
        let refused = hears(&mut second, "").await;
        assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 1"), "{refused}");
        drop(first);
        let deadline = tokio::time::Instant::now() + DEADLINE;
        loop {
            let mut third = TcpStream::connect(address).await.unwrap();
            third.write_all(REQUEST.as_bytes()).await.unwrap();
            if hears(&mut third, "served").await.starts_with("HTTP/1.1 200") {
                break;
            }
            assert!(tokio::time::Instant::now() < deadline, "the permit was not given back");
        }
    }

    #[tokio::test]
    async fn a_silent_connection_is_closed_whether_it_was_used_or_not() {
        let (address, _stop, _serving) = served(8, Duration::from_millis(50)).await;
        let mut unused = TcpStream::connect(address).await.unwrap();
        assert_eq!(hears(&mut unused, "").await, "");
        let mut used = TcpStream::connect(address).await.unwrap();
        used.write_all(REQUEST.as_bytes()).await.unwrap();
        assert!(hears(&mut used, "served").await.starts_with("HTTP/1.1 200"));
        let since = tokio::time::Instant::now();
        assert_eq!(hears(&mut used, "").await, "");
        assert!(since.elapsed() < TIMEOUTS.head, "only hyper noticed");
    }

    #[tokio::test]
    async fn half_a_head_outlives_a_pause_and_becomes_a_request() {
        let (address, stop, serving) = served(8, TIMEOUTS.idle).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let (begun, rest) = REQUEST.split_at(9);
        client.write_all(format!("{REQUEST}{begun}").as_bytes()).await.unwrap();
        assert!(hears(&mut client, "served").await.starts_with("HTTP/1.1 200"));
        // Longer than until hyper is taken away.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        client.write_all(rest.as_bytes()).await.unwrap();
        assert!(hears(&mut client, "served").await.starts_with("HTTP/1.1 200"));
        stop.cancel();
        assert_eq!(hears(&mut client, "").await, "");
        tokio::time::timeout(DEADLINE, serving).await.expect("the end of serving").unwrap();
    }
}
