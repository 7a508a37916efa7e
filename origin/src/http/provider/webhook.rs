//! Webhooks of PayOS, which report payments.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use edge_protocol::ProblemCode;
use edge_protocol::limits::WEBHOOK_BYTES_MAX;
use engine::{MoneyPlace, WebhookKept};
use payos::{WebhookError, verify_webhook};
use tracing::{error, info, warn};

use crate::http::app::App;
use crate::http::auth::WebhookToken;
use crate::http::body::read_body;
use crate::http::destination::payer;
use crate::http::problem::{ApiError, ApiResult};
use crate::metrics::Metrics;
use crate::payos::{Told, reason};

/// Records a payment that PayOS reports. Every final decision is a 2xx, also for a duplicate. Only when the origin could
/// not store the payment does it respond with an error, so that PayOS sends the webhook again.
pub(crate) async fn receive(_: WebhookToken, State(app): State<Arc<App>>, request: Request) -> Response {
    let result = record(&app, request).await;
    let counted = match &result {
        Ok(counted) => counted,
        Err(error) => error.code().as_str(),
    };
    Metrics::count(&app.metrics.webhooks, counted);
    match result {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_response(),
    }
}

async fn record(app: &App, request: Request) -> ApiResult<&'static str> {
    // Semaphores fail only when closed, and this one never is.
    let _permit = app.webhook_permits.acquire().await;
    let body = read_body(request.into_body(), WEBHOOK_BYTES_MAX).await?;
    let webhook = match verify_webhook(&body, &app.payos_checksum_key) {
        Ok(webhook) => webhook,
        Err(WebhookError::TooLarge) => return Err(ApiError::new(ProblemCode::BodyTooLarge, "the body is too long")),
        Err(WebhookError::Malformed(reason)) => return Err(ApiError::new(ProblemCode::InvalidJson, reason)),
        Err(WebhookError::BadSignature) => {
            warn!("a webhook was not signed with this channel's checksum key");
            return Err(ApiError::new(ProblemCode::BadSignature, "the signature does not match"));
        }
        Err(WebhookError::NotAPayment(_)) => return keep(app, body.into()).await,
    };
    if webhook.is_confirm_probe() {
        info!("PayOS confirmed the webhook address");
        return Ok("probe");
    }
    let Some((order, payment)) = app.description_salt.webhook_payment(&webhook) else {
        return keep(app, body.into()).await;
    };
    let amount = webhook.amount;
    Ok(match app.writer.reported_payment(order, payment, payer(&webhook)).await? {
        Some(MoneyPlace::Applied) => {
            info!(%order, amount, "money applied to its order");
            "applied"
        }
        Some(MoneyPlace::RefundDue) => {
            info!(%order, amount, "money came that the order does not need: its refund is due");
            "refund_due"
        }
        Some(MoneyPlace::Unmatched) => {
            warn!(%order, amount, "money came that no order takes: it is unmatched until an operator decides");
            "unmatched"
        }
        Some(MoneyPlace::Disputed) => {
            warn!(%order, amount, "a known transfer was reported differently: it is disputed until an operator decides");
            "disputed"
        }
        None => "duplicate",
    })
}

/// PayOS has signed it, so repeating it would not help: the shop keeps it, and a person acts on it.
async fn keep(app: &App, body: Vec<u8>) -> ApiResult<&'static str> {
    let Told { order, reference, .. } = Told::in_body(&body);
    let reason = reason(&body, &app.payos_checksum_key);
    match app.writer.keep_webhook(body).await? {
        WebhookKept::New => {
            error!(order, reference, reason, "PayOS signed a webhook that cannot be read: enter its money by hand");
            Ok("unreadable")
        }
        WebhookKept::Already => Ok("duplicate"),
        WebhookKept::TooMany => {
            error!(order, reference, reason, "a webhook that cannot be read was not kept: too many are kept already");
            Err(ApiError::busy())
        }
    }
}
