//! From an HTTP reply about a payout to an outcome. Only what surely did nothing is a refusal.

use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::signature::verify;
use crate::error::{Error, UnknownCause};
use crate::reply::{Signed, read_body};
use crate::strict_json;

/// Codes of a body that PayOS gives before it does anything: a wrong field, a wrong signature.
const CODES_OF_NOTHING_DONE: [&str; 2] = ["20", "201"];

/// The keys of a payment channel were used on a payout channel.
const CODE_OF_UNKNOWN_API_KEY: &str = "601";

/// The `data` of a success.
pub(super) async fn read(response: Response, signed: Signed, checksum_key: &str) -> Result<Value, Error> {
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() || status.is_redirection() {
        return Err(UnknownCause::Status(status.as_u16()).into());
    }
    let signature = response.headers().get("x-signature").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let envelope = strict_json::parse(&read_body(response).await?).map_err(|error| error.to_string());
    let text = |key| envelope.as_ref().ok().and_then(|envelope| envelope.get(key)).and_then(Value::as_str);
    let code = text("code").map(str::to_owned);
    if !status.is_success() || code.as_deref().is_some_and(|code| code != "00") {
        let desc = text("desc").unwrap_or("no reason given").to_owned();
        return Err(declined(status, code, desc));
    }
    let data = envelope.map_err(UnknownCause::UnreadableReply)?;
    let data = match (code, data.get("data")) {
        (Some(_), Some(data)) if data.is_object() => data,
        _ => return Err(UnknownCause::UnreadableReply("success without code or data".into()).into()),
    };
    if signed == Signed::Yes {
        let signature = signature.ok_or(UnknownCause::BadSignature)?;
        verify(checksum_key, data, &signature).map_err(|_| UnknownCause::BadSignature)?;
    }
    Ok(data.clone())
}

fn declined(status: StatusCode, code: Option<String>, desc: String) -> Error {
    let code = code.unwrap_or_else(|| status.as_u16().to_string());
    // The key was seen before, so an earlier post of this payout may have been carried out.
    let names_the_key = |text: &str| text.to_ascii_lowercase().contains("idempotency");
    if code == "00" || names_the_key(&code) || names_the_key(&desc) {
        return UnknownCause::NotDecisive { code, desc }.into();
    }
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Unauthorized { desc },
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => Error::Refused { code, desc },
        _ if code == CODE_OF_UNKNOWN_API_KEY => Error::Unauthorized { desc },
        _ if CODES_OF_NOTHING_DONE.contains(&code.as_str()) => Error::Refused { code, desc },
        _ => UnknownCause::NotDecisive { code, desc }.into(),
    }
}
