//! How connections are taken, bounded and let go. Whoever is slow loses their own connection and costs nobody else's.

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

use super::connection::{self, Patience};
use crate::http::problem::ApiError;

/// An edge keeps a few connections for each of its machines; idle ones take below 4 KiB each.
const CONNECTIONS_MAX: u32 = 16_384;
/// A monitor and an operator.
const PRIVATE_CONNECTIONS_MAX: u32 = 64;
/// Connections being told that there is no room. Beyond it they are closed without a word.
const REFUSED_AT_ONCE: u32 = 256;
/// Files that are not connections of the public listener: the database, calls to PayOS, the private listener, refusals.
const OTHER_FILES: u32 = 1_024;
/// A head comes in one piece from the edge: slower than this is a stuck or hostile sender.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for one who is refused, and whose place others wait for.
const REFUSED_TIMEOUT: Duration = Duration::from_secs(1);
/// A client says nothing for so long only when it is done: the edge opens another connection when it needs one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// A request line and its headers; tokens are below 1 KiB. hyper itself allows 100 headers.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// An answer nobody takes for so long is nobody's, and the kernel closes its connection.
#[cfg(target_os = "linux")]
const ANSWER_TIMEOUT_MS: u32 = 10_000;
/// With no file left to open, accepting fails at once and for all; meanwhile connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Who may be connected, and what they are served.
struct Door {
    http: http1::Builder,
    service: TowerToHyperService<Router>,
    patience: Patience,
    room: Arc<Semaphore>,
    places: u32,
}

/// Serves shoppers and operators until the stop.
pub(crate) async fn serve_public(listener: TcpListener, router: Router, stop: CancellationToken) {
    let places = places();
    info!(places, "connections are bounded");
    serve(listener, Door::new(router, places), stop).await;
}

/// Serves the machine and its monitoring until the stop.
pub(crate) async fn serve_private(listener: TcpListener, router: Router, stop: CancellationToken) {
    serve(listener, Door::new(router, PRIVATE_CONNECTIONS_MAX), stop).await;
}

/// Returns when the stop is requested and every connection has ended: idle ones at once, others when answered.
async fn serve(listener: TcpListener, door: Door, stop: CancellationToken) {
    let full = Door::of_refusals();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            stream = accept(&listener) => stream,
        };
        // Waiting in the kernel's queue instead would leave the edge without an answer until its own timeout.
        if let Err(stream) = door.opens_for(stream, &stop) {
            drop(full.opens_for(stream, &stop));
        }
    }
    drop(listener);
    door.is_empty().await;
    full.is_empty().await;
}

impl Door {
    fn new(router: Router, places: u32) -> Self {
        let mut http = http1::Builder::new();
        // Answers are small: one buffer is sent with less than two are.
        http.header_read_timeout(None).max_buf_size(HEAD_BYTES_MAX).writev(false);
        Self {
            http,
            service: TowerToHyperService::new(router),
            patience: Patience { silence: IDLE_TIMEOUT, head: HEAD_TIMEOUT },
            room: Arc::new(Semaphore::new(places as usize)),
            places,
        }
    }

    /// For whoever finds the other full.
    fn of_refusals() -> Self {
        let mut door = Self::new(Router::new().fallback(|| async { ApiError::busy() }), REFUSED_AT_ONCE);
        door.http.keep_alive(false);
        door.patience = Patience { silence: REFUSED_TIMEOUT, head: REFUSED_TIMEOUT };
        door
    }

    /// Serves the connection on a task of its own, or gives it back when there is no room.
    fn opens_for(&self, stream: TcpStream, stop: &CancellationToken) -> Result<(), TcpStream> {
        let Ok(place) = self.room.clone().try_acquire_owned() else { return Err(stream) };
        let serving = connection::serve(self.http.clone(), self.service.clone(), stream, self.patience, stop.clone());
        tokio::spawn(async move {
            serving.await;
            drop(place);
        });
        Ok(())
    }

    async fn is_empty(&self) {
        // Semaphores fail only when closed, and this one never is.
        drop(self.room.acquire_many(self.places).await);
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // They fail for a connection that has gone, which is noticed when it is served.
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

/// A caller that left while it waited says nothing about the next.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// As many connections as this process may hold open files for.
fn places() -> u32 {
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
        places: u32,
        silence: Duration,
    ) -> (std::net::SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut door = Door::new(Router::new().route("/", get(|| async { "served" })), places);
        door.patience.silence = silence;
        let stop = CancellationToken::new();
        (address, stop.clone(), tokio::spawn(serve(listener, door, stop)))
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
    async fn beyond_the_last_place_a_client_is_told_to_come_again_until_somebody_leaves() {
        let (address, _stop, _serving) = served(1, IDLE_TIMEOUT).await;
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
            assert!(tokio::time::Instant::now() < deadline, "the place was not given back");
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
        assert!(since.elapsed() < HEAD_TIMEOUT, "only hyper noticed");
    }

    #[tokio::test]
    async fn half_a_head_outlives_a_pause_and_becomes_a_request() {
        let (address, stop, serving) = served(8, IDLE_TIMEOUT).await;
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
