//! Tokens and the callers they name. Every extractor of a token refuses the request before its body is read.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::OrderCode;
use edge_protocol::{
    AdminClaims, OrderClaims, ProblemCode, PurchaseClaims, Role, TokenError, verify_admin, verify_look_up,
    verify_order, verify_purchase, verify_read, verify_webhook,
};

use super::app::App;
use super::problem::{ApiError, ApiResult};
use crate::metrics::Metrics;

pub(crate) struct PurchaseToken(pub(crate) PurchaseClaims);
pub(crate) struct OrderToken(pub(crate) OrderClaims);
pub(crate) struct ReadToken;
pub(crate) struct WebhookToken;
pub(crate) struct LookUpToken;
/// An operator, by name. [`Operator::require`] checks the role.
pub(crate) struct Operator(AdminClaims);

impl Operator {
    pub(crate) fn may(&self, role: Role) -> bool {
        self.0.role >= role
    }

    pub(crate) fn require(self, role: Role) -> ApiResult<String> {
        if !self.may(role) {
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
edge_token!(LookUpToken, verify_look_up, |()| Self);

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
        operator(app, token).await.map(Self)
    }
}

async fn operator(app: &App, token: &str) -> ApiResult<AdminClaims> {
    // The wall clock is good as well: while the sale does not follow it, a command on this machine mints its token by it.
    let verify = |at| verify_admin(&app.admin_keys, token, at);
    let verified = verify(app.clock.now()).or_else(|_| verify(app.clock.wall()));
    let verified = verified.map_err(|error| refused(app, error))?;
    let jti = verified.claims.jti;
    if app.reader.read(move |store| store.is_revoked(jti)).await? {
        return Err(no_token(app, "revoked"));
    }
    Ok(verified.claims)
}

/// Whether the request carries a token of any scope: only then does it learn what exists.
pub(crate) async fn any_token(app: &App, headers: &HeaderMap) -> ApiResult<()> {
    let token = bearer(headers).ok_or_else(|| refused(app, TokenError::Malformed))?;
    let now = app.clock.now();
    let edge = &app.edge_keys;
    let of_edge = verify_read(edge, token, now).is_ok()
        || verify_webhook(edge, token, now).is_ok()
        || verify_look_up(edge, token, now).is_ok()
        || verify_order(edge, token, now).is_ok()
        || verify_purchase(edge, token, now).is_ok();
    if of_edge { Ok(()) } else { operator(app, token).await.map(drop) }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn refused(app: &App, error: TokenError) -> ApiError {
    let reason = match error {
        TokenError::Malformed => "malformed",
        TokenError::UnknownKey => "unknown_key",
        TokenError::BadSignature => "bad_signature",
        TokenError::Expired => "expired",
        TokenError::NotYetValid => "not_yet_valid",
        TokenError::WrongScope => "wrong_scope",
    };
    no_token(app, reason)
}

/// Which rule the token broke is counted. The caller learns only that it is not good, in the same words at every address,
/// so that an old token does not tell which addresses exist.
fn no_token(app: &App, reason: &'static str) -> ApiError {
    Metrics::count(&app.metrics.refused_tokens, reason);
    ApiError::new(ProblemCode::BadToken, "the token is missing, has ended or is not for this")
}
