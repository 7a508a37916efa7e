//! One connection of a client. Between requests it is a socket and a waiting task: hyper, whose buffers take 16 KiB, is
//! there only while the client speaks.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// In a rush connections are silent for less than this, and are not taken apart between two requests.
const QUIET_AFTER: Duration = Duration::from_secs(1);

/// How long a client may take.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// To say anything at all.
    pub(crate) silence: Duration,
    /// To finish the head it has begun, to the next whole [`QUIET_AFTER`].
    pub(crate) head: Duration,
}

/// Serves the client until it leaves, has taken too long, or the stop is requested.
pub(crate) async fn serve(
    http: Builder,
    service: TowerToHyperService<Router>,
    stream: TcpStream,
    patience: Patience,
    stop: CancellationToken,
) {
    let mut socket = Socket { stream, early: Bytes::new(), talk: Arc::default() };
    while is_spoken_to(&socket, patience.silence, &stop).await {
        let Some(quiet) = talk(&http, &service, socket, patience.head, &stop).await else { return };
        socket = quiet;
    }
}

/// Waits for the client's first byte; false when none will be heard.
async fn is_spoken_to(socket: &Socket, silence: Duration, stop: &CancellationToken) -> bool {
    if !socket.early.is_empty() {
        return true;
    }
    let mut byte = [0];
    tokio::select! {
        heard = tokio::time::timeout(silence, socket.stream.peek(&mut byte)) => matches!(heard, Ok(Ok(1))),
        () = stop.cancelled() => false,
    }
}

/// Answers requests until there are none for a while, and gives the socket back; nothing when it is closed.
///
/// hyper's own timer of a head is made and taken down with every request, and cost a fiftieth of the status requests a
/// second (measured). One look a second at what was said sees the same.
async fn talk(
    http: &Builder,
    service: &TowerToHyperService<Router>,
    mut socket: Socket,
    head_timeout: Duration,
    stop: &CancellationToken,
) -> Option<Socket> {
    let talk = Arc::new(Talk::default());
    socket.talk = talk.clone();
    let counted = service_fn(|request| {
        talk.was_asked();
        let answer = service.call(request);
        let talk = &talk;
        async move {
            let answer = answer.await;
            talk.has_answered();
            answer
        }
    });
    let mut connection = http.serve_connection(TokioIo::new(socket), counted);
    let (mut asked_before, mut half_asked_for) = (0, Duration::ZERO);
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
            () = tokio::time::sleep(QUIET_AFTER) => {
                let asked = talk.asked.load(Relaxed);
                if asked != asked_before || !talk.is_half_asked() {
                    half_asked_for = Duration::ZERO;
                } else if half_asked_for + QUIET_AFTER >= head_timeout {
                    return None;
                } else {
                    half_asked_for += QUIET_AFTER;
                }
                if asked == asked_before && talk.is_over() {
                    break;
                }
                asked_before = asked;
            }
        }
    }
    // Of a connection without a request this takes hyper away. What it has read of the next is kept.
    Pin::new(&mut connection).graceful_shutdown();
    let parts = connection.without_shutdown().await.ok()?;
    let mut socket = parts.io.into_inner();
    // A copy, because even an empty part of hyper's buffer keeps all of it.
    socket.early = Bytes::copy_from_slice(&parts.read_buf);
    Some(socket)
}

/// What has been said on a connection since hyper serves it.
#[derive(Default)]
struct Talk {
    asked: AtomicU32,
    answered: AtomicU32,
    /// Something was read that belongs to no request yet.
    heard: AtomicBool,
    /// The client does not take what is written.
    blocked: AtomicBool,
}

impl Talk {
    fn was_asked(&self) {
        self.asked.fetch_add(1, Relaxed);
        self.heard.store(false, Relaxed);
    }

    /// What was read since the question was its body. If the next head began behind it, hyper has it, and gives it back
    /// when it is taken away.
    fn has_answered(&self) {
        self.answered.fetch_add(1, Relaxed);
        self.heard.store(false, Relaxed);
    }

    /// The client has begun a head, and not finished it.
    fn is_half_asked(&self) -> bool {
        self.is_answered() && self.heard.load(Relaxed)
    }

    /// Everything asked is answered and sent, and nothing more was begun.
    fn is_over(&self) -> bool {
        self.is_answered() && !self.heard.load(Relaxed) && !self.blocked.load(Relaxed)
    }

    fn is_answered(&self) -> bool {
        self.asked.load(Relaxed) == self.answered.load(Relaxed)
    }
}

/// The client's socket, and what was read from it before.
struct Socket {
    stream: TcpStream,
    early: Bytes,
    talk: Arc<Talk>,
}

impl Socket {
    fn written<T>(&self, result: Poll<T>) -> Poll<T> {
        self.talk.blocked.store(result.is_pending(), Relaxed);
        result
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            let result = Pin::new(&mut self.stream).poll_read(cx, into);
            if result.is_ready() {
                self.talk.heard.store(true, Relaxed);
            }
            return result;
        }
        let length = self.early.len().min(into.remaining());
        into.put_slice(&self.early.split_to(length));
        self.talk.heard.store(true, Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.written(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
