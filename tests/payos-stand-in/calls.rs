//! What every call of PayOS has in common: keys, an envelope, a signature, and the behaviour that a test has set.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use payos::{payouts, sign_data};
use serde_json::{Value, json};

use crate::app::{App, Keys};
use crate::behaviour::{Channel, Mode, Operation};

/// A code and its text.
pub(crate) type Refusal = (&'static str, String);

/// Does the call as the current behaviour says.
pub(crate) async fn respond(
    app: Arc<App>,
    headers: &HeaderMap,
    operation: Operation,
    work: impl FnOnce(&App) -> Result<Value, Refusal> + Send + 'static,
) -> Response {
    if let Some(refused) = keys_refusal(&app, headers, operation.channel) {
        return refused;
    }
    let behaviour = app.behaviours(operation.channel).take(operation);
    match behaviour.mode {
        Mode::Fail5xx => return behaviour.failure_status().into_response(),
        Mode::RateLimited => {
            let retry_after = [(header::RETRY_AFTER, behaviour.retry_after_seconds().to_string())];
            return (StatusCode::TOO_MANY_REQUESTS, retry_after).into_response();
        }
        Mode::RateLimitedWithoutRetryAfter => return StatusCode::TOO_MANY_REQUESTS.into_response(),
        Mode::Down => {
            tokio::time::sleep(behaviour.delay()).await;
            return cut_off();
        }
        Mode::Ok | Mode::Slow | Mode::Silent | Mode::DoneThen5xx | Mode::BadSignature | Mode::Unsigned => {}
    }
    // A task of its own, because the server drops this one when the caller hangs up.
    let done = tokio::spawn(async move {
        if behaviour.mode == Mode::Slow {
            tokio::time::sleep(behaviour.delay()).await;
        }
        let outcome = work(&app);
        match behaviour.mode {
            Mode::Silent => {
                tokio::time::sleep(behaviour.delay()).await;
                cut_off()
            }
            Mode::DoneThen5xx => behaviour.failure_status().into_response(),
            mode => reply(&app, operation, mode, outcome),
        }
    });
    done.await.expect("the work does not panic")
}

/// PayOS signs links in the envelope and payouts in a header, except an estimate, which it does not sign.
fn reply(app: &App, operation: Operation, mode: Mode, outcome: Result<Value, Refusal>) -> Response {
    let data = match outcome {
        Ok(data) => data,
        Err((code, desc)) => return envelope(StatusCode::OK, code, &desc, Value::Null),
    };
    let checksum_key = &app.keys(operation.channel).checksum_key;
    let signature = match operation.channel {
        Channel::Links => sign_data(checksum_key, &data),
        Channel::Payouts => payouts::sign(checksum_key, &data),
    };
    let mut signature = signature.expect("replies hold safe integers only");
    if mode == Mode::BadSignature {
        let wrong = if signature.starts_with('0') { "1" } else { "0" };
        signature.replace_range(..1, wrong);
    }
    let signature = Some(signature).filter(|_| mode != Mode::Unsigned && operation != Operation::ESTIMATE_PAYOUT);
    let mut body = json!({ "code": "00", "desc": "success", "data": data });
    let mut headers = HeaderMap::new();
    match (operation.channel, signature) {
        (Channel::Links, signature) => body["signature"] = json!(signature),
        (Channel::Payouts, Some(signature)) => {
            headers.insert("x-signature", HeaderValue::from_str(&signature).expect("hex digits"));
        }
        (Channel::Payouts, None) => {}
    }
    (headers, Json(body)).into_response()
}

/// The head of a reply, then a broken connection.
fn cut_off() -> Response {
    let broken = std::io::Error::other("cut off on purpose");
    let stream = futures_util::stream::once(std::future::ready(Err::<Bytes, _>(broken)));
    Body::from_stream(stream).into_response()
}

pub(crate) fn envelope(status: StatusCode, code: &str, desc: &str, data: Value) -> Response {
    let body = json!({ "code": code, "desc": desc, "data": data, "signature": null });
    (status, Json(body)).into_response()
}

/// Nothing when the keys fit.
pub(crate) fn keys_refusal(app: &App, headers: &HeaderMap, channel: Channel) -> Option<Response> {
    let is = |name, expected: &str| headers.get(name).is_some_and(|value| value == expected);
    let fit = |keys: &Keys| is("x-client-id", &keys.client_id) && is("x-api-key", &keys.api_key);
    if channel == Channel::Payouts && app.payouts().channel.ip_refused {
        return Some(envelope(StatusCode::FORBIDDEN, "403", "Địa chỉ IP không được phép", Value::Null));
    }
    if fit(app.keys(channel)) {
        return None;
    }
    if channel == Channel::Payouts && fit(app.keys(Channel::Links)) {
        return Some(envelope(StatusCode::OK, "601", "API key không tồn tại", Value::Null));
    }
    Some(envelope(StatusCode::UNAUTHORIZED, "401", "Client ID hoặc API key không hợp lệ", Value::Null))
}

pub(crate) fn read_object(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).ok().filter(Value::is_object).ok_or_else(|| invalid("body", "must be a JSON object"))
}

pub(crate) fn invalid(field: &str, message: &str) -> Refusal {
    ("20", format!("{field}: {message}"))
}
