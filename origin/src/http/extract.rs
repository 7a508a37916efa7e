//! Who is asking, and with what. Every extractor of a token refuses the request before its body is read.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use edge_protocol::limits::BODY_BYTES_MAX;
use edge_protocol::{
    AdminClaims, OrderClaims, ProblemCode, PurchaseClaims, Role, TokenError, verify_admin, verify_order,
    verify_purchase, verify_read, verify_webhook,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::App;
use super::error::{ApiError, ApiResult};
use crate::metrics::Metrics;

/// The edge sends bodies of a few kilobytes from memory: slower than this is a stuck or hostile sender.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct PurchaseToken(pub(super) PurchaseClaims);
pub(super) struct OrderToken(pub(super) OrderClaims);
pub(super) struct ReadToken;
pub(super) struct WebhookToken;
/// An operator, by name. What they may do is asked with [`Operator::require`].
pub(super) struct Operator(AdminClaims);

impl Operator {
    pub(super) fn require(self, role: Role) -> ApiResult<String> {
        if self.0.role < role {
            return Err(ApiError::new(ProblemCode::Forbidden, format!("this needs the role {role:?}")));
        }
        Ok(self.0.name)
    }
}

macro_rules! edge_token {
    ($token:ty, $verify:expr, $build:expr) => {
        impl FromRequestParts<Arc<App>> for $token {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> ApiResult<Self> {
                let token = bearer(&parts.headers).ok_or_else(|| refused(app, TokenError::Malformed))?;
                let claims = $verify(&app.edge_keys, token, app.clock.now().0).map_err(|error| refused(app, error))?;
                Ok($build(claims))
            }
        }
    };
}

edge_token!(PurchaseToken, verify_purchase, |verified: edge_protocol::Verified<PurchaseClaims>| Self(verified.claims));
edge_token!(OrderToken, verify_order, |verified: edge_protocol::Verified<OrderClaims>| Self(verified.claims));
edge_token!(WebhookToken, verify_webhook, |()| Self);

impl FromRequestParts<Arc<App>> for ReadToken {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> ApiResult<Self> {
        let token = bearer(&parts.headers).ok_or_else(|| refused(app, TokenError::Malformed))?;
        let verified = app.read_tokens.verify(&app.edge_keys, token, app.clock.now().0);
        verified.map(|()| Self).map_err(|error| refused(app, error))
    }
}

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> ApiResult<Self> {
        let token = bearer(&parts.headers).ok_or_else(|| refused(app, TokenError::Malformed))?;
        let verified = verify_admin(&app.admin_keys, token, app.clock.now().0).map_err(|error| refused(app, error))?;
        let jti = domain::Jti(*verified.claims.jti.as_bytes());
        if app.reader.read(move |store| store.is_revoked(jti)).await? {
            Metrics::count(&app.metrics.refused_tokens, "revoked");
            return Err(ApiError::new(ProblemCode::BadToken, "the token was revoked"));
        }
        Ok(Self(verified.claims))
    }
}

/// Whether the request carries a token of any scope: only then does it learn what exists.
pub(super) fn any_token(app: &App, headers: &HeaderMap) -> ApiResult<()> {
    let token = bearer(headers).ok_or_else(|| refused(app, TokenError::Malformed))?;
    let now = app.clock.now().0;
    let edge = &app.edge_keys;
    let valid = verify_read(edge, token, now).is_ok()
        || verify_webhook(edge, token, now).is_ok()
        || verify_order(edge, token, now).is_ok()
        || verify_purchase(edge, token, now).is_ok()
        || verify_admin(&app.admin_keys, token, now).is_ok();
    if valid { Ok(()) } else { Err(refused(app, TokenError::WrongScope)) }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The caller learns only that the token is not good; which rule it broke is counted.
fn refused(app: &App, error: TokenError) -> ApiError {
    let reason = match error {
        TokenError::Malformed => "malformed",
        TokenError::UnknownKey => "unknown_key",
        TokenError::BadSignature => "bad_signature",
        TokenError::Expired => "expired",
        TokenError::NotYetValid => "not_yet_valid",
        TokenError::WrongScope => "wrong_scope",
    };
    Metrics::count(&app.metrics.refused_tokens, reason);
    let detail = match error {
        TokenError::Expired => "the token has expired",
        _ => "the token is missing or not valid here",
    };
    ApiError::new(ProblemCode::BadToken, detail)
}

/// The whole body, if it comes within its limits of size and time.
pub(super) async fn read_body(body: Body, bytes_max: usize) -> ApiResult<Bytes> {
    let mut reading = pin!(axum::body::to_bytes(body, bytes_max));
    let read = match asked_twice(reading.as_mut()).await {
        Some(read) => read,
        None => tokio::time::timeout(BODY_TIMEOUT, reading)
            .await
            .map_err(|_| ApiError::new(ProblemCode::InvalidJson, "the body did not arrive in time"))?,
    };
    read.map_err(|_| ApiError::new(ProblemCode::BodyTooLarge, format!("the body is longer than {bytes_max} bytes")))
}

/// What is there without waiting. hyper looks for a body when it is asked for it the first time, and has it the second
/// time if it came with the head, as nearly all do: those need no timer.
async fn asked_twice<T>(mut future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    let mut asked = false;
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if asked => Poll::Ready(None),
        Poll::Pending => {
            asked = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

/// A JSON body, parsed.
pub(super) async fn read_json<T: DeserializeOwned>(request: Request) -> ApiResult<T> {
    parse_json(&read_json_body(request).await?)
}

/// The bytes of a body that is said to be JSON.
pub(super) async fn read_json_body(request: Request) -> ApiResult<Bytes> {
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
    if !is_json {
        return Err(ApiError::new(ProblemCode::UnsupportedMediaType, "the body must be application/json"));
    }
    read_body(request.into_body(), BODY_BYTES_MAX).await
}

/// Unknown fields are ignored; a field of a wrong type is named.
pub(super) fn parse_json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> ApiResult<T> {
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    // Following the path costs as much again, so only what failed is parsed with it.
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        // A problem of the text itself is nobody's field.
        if cause.is_data() && path != "." {
            ApiError::field(&path, field_message(&cause))
        } else {
            ApiError::new(ProblemCode::InvalidJson, "the body is not a JSON object of the expected shape")
        }
    })?;
    json.end().map_err(|_| ApiError::new(ProblemCode::InvalidJson, "the body goes on after its JSON"))?;
    Ok(value)
}

/// serde's words without its position, which says nothing to whoever built the JSON with a library. What was sent is
/// not repeated: it may be personal.
fn field_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let expected = text.split(", expected ").nth(1).map(|rest| rest.split(" at line ").next().unwrap_or(rest));
    match expected {
        Some(expected) => format!("expected {expected}"),
        None => "this value cannot be read".to_owned(),
    }
}
