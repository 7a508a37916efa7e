//! An SMTP server that takes every mail and keeps none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Takes mails over as many connections as there are; each mail waits `delay` for its answer.
pub(super) async fn serve(listener: TcpListener, delay: Duration, taken: Arc<AtomicU64>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(converse(BufReader::new(stream), delay, taken.clone()));
    }
}

/// Ends when the origin says so or closes the connection.
async fn converse(mut stream: BufReader<TcpStream>, delay: Duration, taken: Arc<AtomicU64>) -> Result<()> {
    let mut line = Vec::new();
    stream.write_all(b"220 bench\r\n").await?;
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match line.get(..4).unwrap_or_default() {
            b"EHLO" => b"250-bench\r\n250 8BITMIME\r\n",
            b"MAIL" | b"RCPT" | b"NOOP" | b"RSET" => b"250 ok\r\n",
            b"DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                while line != b".\r\n" {
                    line.clear();
                    if stream.read_until(b'\n', &mut line).await? == 0 {
                        return Ok(());
                    }
                }
                tokio::time::sleep(delay).await;
                taken.fetch_add(1, Ordering::Relaxed);
                b"250 taken\r\n"
            }
            b"QUIT" => return Ok(stream.write_all(b"221 bye\r\n").await?),
            _ => b"502 not known\r\n",
        };
        stream.write_all(answer).await?;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn two_mails_over_one_connection_are_taken_and_their_text_is_no_command() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let taken = Arc::new(AtomicU64::new(0));
        tokio::spawn(serve(listener, Duration::ZERO, taken.clone()));
        let mail = "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nQUIT\r\n..\r\n.\r\n";
        client.write_all(format!("EHLO a\r\n{mail}NOOP\r\n{mail}QUIT\r\n").as_bytes()).await.unwrap();
        let mut said = String::new();
        client.read_to_string(&mut said).await.unwrap();
        let codes: Vec<&str> = said.lines().map(|line| &line[..3]).collect();
        let of_mail = ["250", "250", "354", "250"];
        assert_eq!(codes, [&["220", "250", "250"][..], &of_mail, &["250"], &of_mail, &["221"]].concat());
        assert_eq!(taken.load(Ordering::Relaxed), 2);
    }
}
