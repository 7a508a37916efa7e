//! HTTP as bytes: a client library would retry, and hide which requests got no response.

use std::io;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub(crate) struct RawResponse {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// The connection ended before the response was complete.
#[derive(Debug)]
pub(crate) struct NoResponse;

impl Connection {
    pub(crate) async fn open(address: &str) -> io::Result<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::new() })
    }

    /// Sends a request and reads its response to the end.
    pub(crate) async fn request(&mut self, request: &str) -> Result<RawResponse, NoResponse> {
        self.send(request).await?;
        self.receive().await
    }

    pub(crate) async fn send(&mut self, request: &str) -> Result<(), NoResponse> {
        self.stream.write_all(request.as_bytes()).await.map_err(|_| NoResponse)
    }

    pub(crate) async fn receive(&mut self) -> Result<RawResponse, NoResponse> {
        self.buffer.clear();
        loop {
            self.read_more().await?;
            let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(self.buffer[..end].to_vec()).expect("a head of text");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
            while self.buffer.len() < end + 4 + length {
                self.read_more().await?;
            }
            let status = head.get(9..12).expect("a status").parse().expect("a status of digits");
            let body = self.buffer[end + 4..end + 4 + length].to_vec();
            return Ok(RawResponse { status, head, body });
        }
    }

    async fn read_more(&mut self) -> Result<(), NoResponse> {
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) | Err(_) => Err(NoResponse),
            Ok(_) => Ok(()),
        }
    }
}

impl RawResponse {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        format!("{}\n{}", self.head, String::from_utf8_lossy(&self.body))
    }
}

pub(crate) fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: origin\r\nauthorization: Bearer {token}\r\n\r\n")
}

pub(crate) fn post(path: &str, token: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: origin\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}
