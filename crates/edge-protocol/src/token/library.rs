//! Tokens by the JWT library: all that are minted, and each whose verification in place did not succeed. The order in
//! which a token is checked: key, signature, scope, time, claims.

use std::collections::HashSet;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::claims::{TokenError, Verified};
use super::members::Members;
use super::scope::Scope;
use crate::json::Object;
use crate::keys::KeyRing;

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

pub(super) fn mint<T: Serialize>(
    ring: &KeyRing,
    scope: &Scope,
    claims: &T,
    now: Timestamp,
    life_seconds: i64,
) -> String {
    // Verifying a token of another ring fails, so this would only ever be found out later.
    debug_assert_eq!(ring.ring(), scope.ring, "{} tokens are signed by another ring", scope.name);
    let nbf = now.0.div_euclid(1000);
    let registered = Registered { scope: scope.name, iss: scope.iss, aud: scope.aud, nbf, exp: nbf + life_seconds };
    let key = ring.signing();
    let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::HS256) };
    jsonwebtoken::encode(&header, &Wire { registered, claims }, &key.encoding)
        .expect("flat claims serialize, and HMAC signs any bytes")
}

/// The reference: what it refuses is refused, and with its reason.
pub(super) fn verify<T: DeserializeOwned>(
    ring: &KeyRing,
    scope: &Scope,
    token: &str,
    now: Timestamp,
) -> Result<Verified<T>, TokenError> {
    let claims = Value::Object(verify_signature(ring, token)?.0);
    let registered = Registered::deserialize(&claims).map_err(|_| TokenError::Malformed)?;
    let expires_at = verify_registered(&registered, scope, now)?;
    let claims = T::deserialize(&claims).map_err(|_| TokenError::Malformed)?;
    Ok(Verified { claims, expires_at })
}

fn verify_registered(registered: &Registered<'_>, scope: &Scope, now: Timestamp) -> Result<Timestamp, TokenError> {
    if (registered.scope, registered.iss, registered.aud) != (scope.name, scope.iss, scope.aud) {
        return Err(TokenError::WrongScope);
    }
    scope.verify_time(registered.nbf, registered.exp, now)
}

fn verify_signature(ring: &KeyRing, token: &str) -> Result<Members, TokenError> {
    let kid = header(token).ok_or(TokenError::Malformed)?.kid.ok_or(TokenError::UnknownKey)?;
    let key = ring.find(&kid).ok_or(TokenError::UnknownKey)?;
    jsonwebtoken::decode(token, &key.decoding, &SIGNATURE_ONLY)
        .map(|data| data.claims)
        .map_err(|error| signature_error(&error))
}

/// Every member that a token may have in its header. Others change how a token is to be read (`crit`, `b64`) or bring a
/// key along (`jwk`, `jku`, `x5c`): the library ignores them, and here they are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenHeader {
    #[serde(default, rename = "typ")]
    _typ: IgnoredAny,
    #[serde(rename = "alg")]
    _alg: IgnoredAny,
    kid: Option<String>,
}

fn header(token: &str) -> Option<TokenHeader> {
    let (header, _) = token.split_once('.')?;
    let header = URL_SAFE_NO_PAD.decode(header).ok()?;
    serde_json::from_slice(&header).ok().map(|Object(header)| header)
}

fn signature_error(error: &JwtError) -> TokenError {
    match error.kind() {
        ErrorKind::InvalidSignature => TokenError::BadSignature,
        _ => TokenError::Malformed,
    }
}

/// The library would read the clock itself and take `exp`, `nbf`, `iss` and `aud` in looser forms than this crate.
static SIGNATURE_ONLY: LazyLock<Validation> = LazyLock::new(|| {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims = HashSet::new();
    validation
});
