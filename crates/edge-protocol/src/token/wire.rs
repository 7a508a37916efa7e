//! How a token looks on the wire, and the order in which it is checked: key, signature, scope, time, claims.

use std::collections::HashSet;
use std::sync::LazyLock;

use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::own::verify_own;
use super::{TokenError, Verified};
use crate::limits::TOKEN_CHARS_MAX;
use crate::{KeyRing, Ring};

/// Clocks of the edge and the origin differ a little, and a token may be on its way when it ends.
const EXPIRY_LEEWAY_MS: i64 = 5_000;

pub(super) struct Scope {
    pub(super) name: &'static str,
    pub(super) iss: &'static str,
    pub(super) aud: &'static str,
    pub(super) ring: Ring,
    pub(super) life_seconds_max: i64,
}

/// Claims every token has beside its own.
#[derive(Serialize, Deserialize)]
struct Registered<'a> {
    scope: &'a str,
    iss: &'a str,
    aud: &'a str,
    nbf: i64,
    exp: i64,
}

#[derive(Serialize)]
struct Wire<'a, T> {
    #[serde(flatten)]
    registered: Registered<'a>,
    #[serde(flatten)]
    claims: &'a T,
}

pub(super) fn mint<T: Serialize>(ring: &KeyRing, scope: &Scope, claims: &T, now_ms: i64, life_seconds: i64) -> String {
    // Verifying a token of another ring fails, so this would only ever be found out later.
    debug_assert_eq!(ring.ring(), scope.ring, "{} tokens are signed by another ring", scope.name);
    let nbf = now_ms.div_euclid(1000);
    let registered = Registered { scope: scope.name, iss: scope.iss, aud: scope.aud, nbf, exp: nbf + life_seconds };
    let key = ring.signing();
    let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::HS256) };
    jsonwebtoken::encode(&header, &Wire { registered, claims }, &key.encoding)
        .expect("flat claims serialize, and HMAC signs any bytes")
}

pub(super) fn verify<T: DeserializeOwned>(
    ring: &KeyRing,
    scope: &Scope,
    token: &str,
    now_ms: i64,
) -> Result<Verified<T>, TokenError> {
    verify_with(ring, scope, token, now_ms, |claims| serde_json::from_slice(claims).ok())
}

/// `read_own` reads the claims of the scope, as our own minting writes them, faster than serde does.
pub(super) fn verify_with<T: DeserializeOwned>(
    ring: &KeyRing,
    scope: &Scope,
    token: &str,
    now_ms: i64,
    read_own: impl Fn(&[u8]) -> Option<T>,
) -> Result<Verified<T>, TokenError> {
    if ring.ring() != scope.ring {
        return Err(TokenError::WrongScope);
    }
    if token.len() > TOKEN_CHARS_MAX {
        return Err(TokenError::Malformed);
    }
    match verify_own(ring, scope, token, now_ms, read_own) {
        Some(verified) => Ok(verified),
        None => verify_by_library(ring, scope, token, now_ms),
    }
}

/// The reference: what it refuses is refused, and with its reason.
pub(super) fn verify_by_library<T: DeserializeOwned>(
    ring: &KeyRing,
    scope: &Scope,
    token: &str,
    now_ms: i64,
) -> Result<Verified<T>, TokenError> {
    let claims = verify_signature(ring, token)?;
    let registered = Registered::deserialize(&claims).map_err(|_| TokenError::Malformed)?;
    let expires_at_ms = verify_registered(&registered, scope, now_ms)?;
    let claims = T::deserialize(&claims).map_err(|_| TokenError::Malformed)?;
    Ok(Verified { claims, expires_at_ms })
}

fn verify_registered(registered: &Registered<'_>, scope: &Scope, now_ms: i64) -> Result<i64, TokenError> {
    if (registered.scope, registered.iss, registered.aud) != (scope.name, scope.iss, scope.aud) {
        return Err(TokenError::WrongScope);
    }
    verify_time(registered.nbf, registered.exp, scope, now_ms)
}

fn verify_signature(ring: &KeyRing, token: &str) -> Result<Value, TokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
    let kid = header.kid.as_deref().ok_or(TokenError::UnknownKey)?;
    let key = ring.find(kid).ok_or(TokenError::UnknownKey)?;
    jsonwebtoken::decode(token, &key.decoding, &SIGNATURE_ONLY)
        .map(|data| data.claims)
        .map_err(|error| signature_error(&error))
}

fn signature_error(error: &JwtError) -> TokenError {
    match error.kind() {
        ErrorKind::InvalidSignature => TokenError::BadSignature,
        _ => TokenError::Malformed,
    }
}

pub(super) fn verify_time(nbf: i64, exp: i64, scope: &Scope, now_ms: i64) -> Result<i64, TokenError> {
    let life_seconds = exp.checked_sub(nbf).ok_or(TokenError::Malformed)?;
    if !(1..=scope.life_seconds_max).contains(&life_seconds) {
        return Err(TokenError::Malformed);
    }
    let not_before_ms = nbf.checked_mul(1000).ok_or(TokenError::Malformed)?;
    let expires_at_ms = exp.checked_mul(1000).ok_or(TokenError::Malformed)?;
    if now_ms < not_before_ms {
        return Err(TokenError::NotYetValid);
    }
    if now_ms >= expires_at_ms.saturating_add(EXPIRY_LEEWAY_MS) {
        return Err(TokenError::Expired);
    }
    Ok(expires_at_ms)
}

/// The library would read the clock itself and take `exp`, `nbf`, `iss` and `aud` in looser forms than ours.
static SIGNATURE_ONLY: LazyLock<Validation> = LazyLock::new(|| {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims = HashSet::new();
    validation
});
