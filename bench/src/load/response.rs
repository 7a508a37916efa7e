//! Finds the end of a response. Every measured server sends HTTP/1.1 with a content-length.

use std::ops::Range;

use anyhow::{Context, Result, ensure};

/// Larger than any response that a measured server sends; a longer one is an error.
pub(super) const RESPONSE_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) status: u16,
    pub(super) retry_after: bool,
    /// Ends where the next response begins.
    pub(super) body: Range<usize>,
}

/// The response at the front of `bytes`; `None` while some of it is still to come.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Parsed>> {
    let mut response = Parsed { status: 0, retry_after: false, body: 0..0 };
    let mut length = None;
    let mut at = 0;
    while let Some(end) = bytes[at..].iter().position(|byte| *byte == b'\n').map(|end| at + end) {
        let line = bytes[at..end].strip_suffix(b"\r").context("a line of a head does not end with CRLF")?;
        at = end + 1;
        if response.status == 0 {
            response.status = status(line)?;
        } else if line.is_empty() {
            // Only these statuses have no body and no length.
            let none = matches!(response.status, 204 | 304).then_some(0);
            let length: usize = length.or(none).context("a response without content-length")?;
            ensure!(at + length <= RESPONSE_BYTES_MAX, "a response of {} bytes", at + length);
            response.body = at..at + length;
            return Ok((bytes.len() >= response.body.end).then_some(response));
        } else if let Some(value) = header(line, b"content-length") {
            length = Some(std::str::from_utf8(value)?.trim().parse()?);
        } else if header(line, b"retry-after").is_some() {
            response.retry_after = true;
        }
    }
    ensure!(bytes.len() < RESPONSE_BYTES_MAX, "a head without an end");
    Ok(None)
}

fn status(line: &[u8]) -> Result<u16> {
    ensure!(line.starts_with(b"HTTP/1.1 "), "not a response: {}", String::from_utf8_lossy(line));
    let digits = line.get(9..12).context("a response without a status")?;
    Ok(std::str::from_utf8(digits)?.parse()?)
}

fn header<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = line.split_at_checked(name.len())?;
    if head.eq_ignore_ascii_case(name) { rest.strip_prefix(b":") } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\ncontent-length: 5\r\n\r\nhello\
        HTTP/1.1 204 No Content\r\ndate: now\r\n\r\n";

    #[test]
    fn a_response_cut_anywhere_is_waited_for_and_then_read_whole() {
        let first = parse(TWO).unwrap().unwrap();
        assert_eq!((first.status, first.retry_after, &TWO[first.body.clone()]), (503, true, &b"hello"[..]));
        let second = parse(&TWO[first.body.end..]).unwrap().unwrap();
        assert_eq!((second.status, second.retry_after, second.body.len()), (204, false, 0));
        assert_eq!(first.body.end + second.body.end, TWO.len());
        for cut in 0..first.body.end {
            assert_eq!(parse(&TWO[..cut]).unwrap(), None, "cut at {cut}");
        }
    }

    #[test]
    fn what_has_no_known_end_is_refused() {
        for bad in
            [&b"HTTP/1.1 200 OK\r\n\r\n"[..], b"HTTP/2 200\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 65536\r\n\r\n"]
        {
            assert!(parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
