//! Tokens and the callers they name. Every extractor of a token refuses the request before its body is read.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::OrderCode;
use edge_protocol::{
    AdminClaims, OrderClaims, ProblemCode, PurchaseClaims, Role, TokenError, verify_admin, verify_order,
    verify_purchase, verify_read, verify_webhook,
};

use super::app::App;
use super::problem::{ApiError, ApiResult};
use crate::metrics::Metrics;

pub(crate) struct PurchaseToken(pub(crate) PurchaseClaims);
pub(crate) struct OrderToken(pub(crate) OrderClaims);
pub(crate) struct ReadToken;
pub(crate) struct WebhookToken;
/// An operator, by name. [`Operator::require`] checks the role.
pub(crate) struct Operator(AdminClaims);

impl Operator {
    pub(crate) fn require(self, role: Role) -> ApiResult<String> {
        if self.0.role < role {
            return Err(ApiError::new(ProblemCode::Forbidden, format!("this needs the role {role:?}")));
        }
        Ok(self.0.name)
    }
}

impl OrderToken {
    /// The token speaks for one order, and the path must name the same.
    pub(crate) fn named(&self, code: &str) -> ApiResult<OrderCode> {
        if code.parse() != Ok(self.0.order_code.0) {
            return Err(ApiError::new(ProblemCode::BadToken, "the token is for another order"));
        }
        Ok(self.0.order_code)
    }
}

macro_rules! edge_token {
    ($token:ty, $verify:expr, $build:expr) => {
        impl FromRequestParts<Arc<App>> for $token {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> ApiResult<Self> {
                let token = bearer(&parts.headers).ok_or_else(|| refused(app, TokenError::Malformed))?;
                let claims = $verify(&app.edge_keys, token, app.clock.now()).map_err(|error| refused(app, error))?;
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
        let verified = app.read_tokens.verify(&app.edge_keys, token, app.clock.now());
        verified.map(|()| Self).map_err(|error| refused(app, error))
    }
}

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> ApiResult<Self> {
        let token = bearer(&parts.headers).ok_or_else(|| refused(app, TokenError::Malformed))?;
        let verified = verify_admin(&app.admin_keys, token, app.clock.now()).map_err(|error| refused(app, error))?;
        let jti = verified.claims.jti;
        if app.reader.read(move |store| store.is_revoked(jti)).await? {
            Metrics::count(&app.metrics.refused_tokens, "revoked");
            return Err(ApiError::new(ProblemCode::BadToken, "the token was revoked"));
        }
        Ok(Self(verified.claims))
    }
}

/// Whether the request carries a token of any scope: only then does it learn what exists.
pub(crate) fn any_token(app: &App, headers: &HeaderMap) -> ApiResult<()> {
    let token = bearer(headers).ok_or_else(|| refused(app, TokenError::Malformed))?;
    let now = app.clock.now();
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
