//! A server that gives exactly the reply a test asks for.

use std::time::Duration;

use payos::{Client, Config, payouts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// Reads one request, sends `reply` and closes. Gives the request's text.
pub(crate) struct OneReply {
    config: Config,
    request: JoinHandle<String>,
}

impl OneReply {
    pub(crate) async fn start(reply: impl Into<Vec<u8>>) -> OneReply {
        let (reply, listener) = (reply.into(), bind().await);
        let config = config_of(&listener);
        let request = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let request = read_request(&mut stream).await;
            // The client may hang up first, when it has read enough.
            let _ = stream.write_all(&reply).await;
            request
        });
        OneReply { config, request }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.config.clone()).expect("a sound configuration")
    }

    pub(crate) fn payouts(&self) -> payouts::Client {
        payouts::Client::new(self.config.clone()).expect("a sound configuration")
    }

    pub(crate) async fn request(self) -> String {
        self.request.await.expect("a request")
    }
}

pub(crate) async fn bind() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

pub(crate) fn client_of(listener: &TcpListener) -> Client {
    Client::new(config_of(listener)).expect("a sound configuration")
}

pub(crate) fn payouts_of(listener: &TcpListener) -> payouts::Client {
    payouts::Client::new(config_of(listener)).expect("a sound configuration")
}

fn config_of(listener: &TcpListener) -> Config {
    let mut config = Config::new("the-client-id", "the-api-key", KEY);
    config.base_url = format!("http://{}", listener.local_addr().expect("an address"));
    config.call_timeout = Duration::from_millis(500);
    config
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().expect("a length")) {
                return String::from_utf8(request).expect("UTF-8");
            }
        }
        if stream.read_buf(&mut request).await.expect("a request") == 0 {
            return String::from_utf8(request).expect("UTF-8");
        }
    }
}

pub(crate) fn http(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
}
