//! From an HTTP reply to an outcome. What is not surely a success or a refusal is unknown.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::error::{Error, UnknownCause};
use crate::signature::verify_data;
use crate::strict_json;

/// A link with a hundred transactions takes about 50 KiB. A longer reply is not PayOS's, and reading it
/// would only cost memory.
const REPLY_BYTES_MAX: usize = 1024 * 1024;

/// Whether PayOS signs the reply to a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    Yes,
    No,
}

/// The `data` of a success. The code in the body goes before the HTTP status, except where the status says
/// that no application has answered.
pub(crate) async fn read(response: Response, signed: Signed, checksum_key: &str) -> Result<Value, Error> {
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let retry_after = retry_after(&response);
        return Err(Error::RateLimited { retry_after });
    }
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        return Err(UnknownCause::Status(status.as_u16()).into());
    }
    let body = read_body(response).await?;
    let envelope = strict_json::parse(&body).map_err(|error| error.to_string());
    let text = |key| match &envelope {
        Ok(envelope) => envelope.get(key).and_then(Value::as_str),
        Err(_) => None,
    };
    let desc = || text("desc").unwrap_or("no reason given").to_owned();
    let keys_refused = status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN;
    if keys_refused || text("code") == Some("401") {
        return Err(Error::Unauthorized { desc: desc() });
    }
    match text("code") {
        Some("00") if status.is_success() => {}
        Some(code) if code != "00" && !status.is_redirection() => {
            let (code, desc) = (code.to_owned(), desc());
            return Err(Error::Refused { code, desc });
        }
        _ if !status.is_success() => return Err(UnknownCause::Status(status.as_u16()).into()),
        _ => {
            let reason = envelope.err().unwrap_or_else(|| "no code".into());
            return Err(UnknownCause::UnreadableReply(reason).into());
        }
    }
    let signature = text("signature").map(str::to_owned);
    let data = envelope
        .ok()
        .and_then(|mut envelope| envelope.get_mut("data").map(Value::take))
        .filter(Value::is_object)
        .ok_or_else(|| UnknownCause::UnreadableReply("success without data".into()))?;
    if signed == Signed::Yes {
        let signature = signature.ok_or(UnknownCause::BadSignature)?;
        verify_data(checksum_key, &data, &signature).map_err(|_| UnknownCause::BadSignature)?;
    }
    Ok(data)
}

pub(crate) async fn read_body(mut response: Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > REPLY_BYTES_MAX {
            let reason = format!("longer than {REPLY_BYTES_MAX} bytes");
            return Err(UnknownCause::UnreadableReply(reason).into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Seconds only. The header may hold a date too, but this crate reads no clock.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}
