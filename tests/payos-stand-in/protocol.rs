//! The calls of a payment channel: PayOS's merchant API v2. Business errors come with HTTP 200, as there.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use payos::{PaymentRequestFields, SAFE_INTEGER_MAX, sign_payment_request};
use serde_json::{Value, json};

use crate::app::App;
use crate::behaviour::{Channel, Operation};
use crate::calls::{Refusal, envelope, invalid, keys_refusal, read_object, respond};
use crate::links::{AlreadyClosed, Cancellation, DuplicateOrderCode, NewLink};
use crate::payments::When;
use crate::{clock, data, vietqr};

const DESCRIPTION_CHARS_MAX: usize = 25;

pub(crate) async fn create(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    respond(app, &headers, Operation::CREATE, move |app| {
        let request = read_request(app, &body)?;
        let mut links = app.links();
        let link = links
            .create(request, clock::now_ms())
            .map_err(|DuplicateOrderCode| ("231", "Đơn thanh toán đã tồn tại".to_owned()))?;
        Ok(data::created(&app.settings.base_url, link, app.shape()))
    })
    .await
}

pub(crate) async fn get(State(app): State<Arc<App>>, Path(key): Path<String>, headers: HeaderMap) -> Response {
    respond(app, &headers, Operation::GET, move |app| {
        let mut links = app.links();
        let link = links.find(&key, clock::now_ms()).ok_or_else(no_such_link)?;
        Ok(data::link(link, app.shape()))
    })
    .await
}

pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    respond(app, &headers, Operation::CANCEL, move |app| {
        let reason = match body.is_empty() {
            true => None,
            false => read_object(&body)?["cancellationReason"].as_str().map(str::to_owned),
        };
        let at_ms = clock::now_ms();
        let mut links = app.links();
        app.receive_planned(&mut links, &key, When::BeforeCancel);
        let link = links.find(&key, at_ms).ok_or_else(no_such_link)?;
        let outcome = match link.cancel(Cancellation { at_ms, reason }) {
            Ok(()) => Ok(data::link(link, app.shape())),
            // PayOS does not publish the code of this refusal.
            Err(AlreadyClosed) => Err(invalid("paymentLink", "Đơn thanh toán đã đóng")),
        };
        app.receive_planned(&mut links, &key, When::AfterCancel);
        outcome
    })
    .await
}

/// Sends the sample first and takes the address only when it was accepted. This reply has no signature.
pub(crate) async fn confirm_webhook(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(refused) = keys_refusal(&app, &headers, Channel::Links) {
        return refused;
    }
    let request = read_object(&body).unwrap_or_default();
    let url = request["webhookUrl"].as_str().unwrap_or_default();
    if !is_http_url(url) {
        return envelope(StatusCode::BAD_REQUEST, "20", "webhookUrl: invalid", Value::Null);
    }
    match app.webhooks.send_once(url, &data::probe()).await {
        Ok(status) if (200..300).contains(&status) => {}
        other => {
            let desc = format!("the webhook address answered {other:?}");
            return envelope(StatusCode::INTERNAL_SERVER_ERROR, "500", &desc, Value::Null);
        }
    }
    app.webhooks.set_url(url);
    let data = json!({
        "webhookUrl": url, "accountName": vietqr::ACCOUNT_NAME,
        "accountNumber": vietqr::ACCOUNT_NUMBER, "name": "Stand-in", "shortName": "SI",
    });
    envelope(StatusCode::OK, "00", "success", data)
}

fn read_request(app: &App, body: &[u8]) -> Result<NewLink, Refusal> {
    let body = read_object(body)?;
    let integer = |key| match body[key].as_i64() {
        Some(value) if (1..=SAFE_INTEGER_MAX).contains(&value) => Ok(value),
        _ => Err(invalid(key, "must be a positive number below 2^53")),
    };
    let text = |key| match body[key].as_str() {
        Some(value) if !value.is_empty() => Ok(value),
        _ => Err(invalid(key, "must be text")),
    };
    let url = |key| match text(key)? {
        value if is_http_url(value) => Ok(value),
        _ => Err(invalid(key, "must be an address")),
    };
    let (order_code, amount) = (integer("orderCode")?, integer("amount")?);
    let (return_url, cancel_url) = (url("returnUrl")?, url("cancelUrl")?);
    let description = text("description")?;
    if description.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(invalid("description", "Mô tả tối đa 25 kí tự"));
    }
    let expired_at = match &body["expiredAt"] {
        Value::Null => None,
        value => match value.as_i64() {
            Some(at) if (clock::now_ms() / 1000 + 1..=i64::from(i32::MAX)).contains(&at) => Some(at),
            _ => return Err(invalid("expiredAt", "must be a second to come, of 32 bits")),
        },
    };
    let fields = PaymentRequestFields { amount, cancel_url, description, order_code, return_url };
    if body["signature"] != sign_payment_request(&app.settings.keys.checksum_key, &fields) {
        return Err(("201", "Mã kiểm tra(signature) không hợp lệ".into()));
    }
    let memo = match app.settings.memo_prefix {
        true => format!("CS{:09X} {description}", order_code & 0xF_FFFF_FFFF),
        false => description.to_owned(),
    };
    let (return_url, cancel_url) = (return_url.to_owned(), cancel_url.to_owned());
    Ok(NewLink { order_code, amount, memo, return_url, cancel_url, expired_at })
}

fn is_http_url(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn no_such_link() -> Refusal {
    ("101", "Mã thanh toán không tồn tại".into())
}
