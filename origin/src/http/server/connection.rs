//! One connection of a client. Between requests it is a socket and a waiting task: hyper, whose two buffers take 16 KiB,
//! is there only while the client sends. That is why hyper-util's graceful shutdown, which keeps hyper for as long as
//! the connection lives, is not used here.

use std::io::Cursor;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, Chain, Join, join};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How often a connection is looked at. Clients of a busy sale pause for less, and keep their hyper between requests.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a client may take.
#[derive(Clone, Copy)]
pub(super) struct Timeouts {
    /// To begin a request.
    pub(super) idle: Duration,
    /// To finish the head of it, to the next whole [`LOOK_EVERY`].
    pub(super) head: Duration,
}

type Service = TowerToHyperService<Router>;
/// The socket, and before it what hyper had read of the next request.
type Socket = Join<Chain<Cursor<Bytes>, OwnedReadHalf>, OwnedWriteHalf>;

/// Serves the client until it leaves, has taken too long, or the origin stops.
pub(super) async fn serve(
    http: http1::Builder,
    service: Service,
    stream: TcpStream,
    timeouts: Timeouts,
    stop: CancellationToken,
) {
    let (mut reader, mut writer) = stream.into_split();
    let mut early = Bytes::new();
    while !early.is_empty() || begins(&mut reader, timeouts.idle, &stop).await {
        let socket = join(Cursor::new(early).chain(reader), writer);
        let Some(quiet) = answer(&http, &service, socket, timeouts.head, &stop).await else { return };
        (early, reader, writer) = quiet;
    }
}

/// Waits for the first byte of a request; false when none will be read.
async fn begins(reader: &mut OwnedReadHalf, idle: Duration, stop: &CancellationToken) -> bool {
    let mut byte = [0];
    tokio::select! {
        read = timeout(idle, reader.peek(&mut byte)) => matches!(read, Ok(Ok(1))),
        () = stop.cancelled() => false,
    }
}

/// Answers requests until there is none for a while, and gives the socket back; nothing when it is closed.
///
/// hyper's own timer of a head would be set and cleared with every request, for a fiftieth of the status requests a
/// second (measured). A head that was not finished before hyper was taken away is the first of the next call, and
/// hyper is taken away only after an answer: so the time of a head is the time without any request.
async fn answer(
    http: &http1::Builder,
    service: &Service,
    socket: Socket,
    head_timeout: Duration,
    stop: &CancellationToken,
) -> Option<(Bytes, OwnedReadHalf, OwnedWriteHalf)> {
    let (asked, answered) = (AtomicU32::new(0), AtomicU32::new(0));
    let counted = service_fn(|request| {
        asked.fetch_add(1, Relaxed);
        let answer = service.call(request);
        let answered = &answered;
        async move {
            let answer = answer.await;
            answered.fetch_add(1, Relaxed);
            answer
        }
    });
    let mut connection = http.serve_connection(TokioIo::new(socket), counted);
    let (started, mut answered_before) = (Instant::now(), 0);
    loop {
        tokio::select! {
            biased;
            // An error is the client's: it went away, or does not speak HTTP.
            _ = &mut connection => return None,
            () = stop.cancelled() => {
                Pin::new(&mut connection).graceful_shutdown();
                drop(connection.await);
                return None;
            }
            () = sleep(LOOK_EVERY) => {
                let (asked, answered) = (asked.load(Relaxed), answered.load(Relaxed));
                if asked == 0 && started.elapsed() >= head_timeout {
                    return None;
                }
                if answered > 0 && answered == answered_before && answered == asked {
                    break;
                }
                answered_before = answered;
            }
        }
    }
    // Sends what is left of the last answer, and closes nothing.
    Pin::new(&mut connection).graceful_shutdown();
    let parts = connection.without_shutdown().await.ok()?;
    let (read, writer) = parts.io.into_inner().into_inner();
    let (unread, reader) = read.into_inner();
    let unread = unread.get_ref().get(unread.position() as usize..).unwrap_or_default();
    // A copy, because even an empty part of hyper's buffer keeps all of it.
    Some(([&parts.read_buf, unread].concat().into(), reader, writer))
}
