//! Tokens that this crate has minted, read where they stand: several times faster than the library reads any token. It
//! only ever accepts; what it does not accept, the library judges.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{DropId, Jti, Region, Sid, Sub, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::claims::{PurchaseClaims, Verified};
use super::members::Members;
use super::scope::Scope;
use crate::keys::KeyRing;
use crate::limits::TOKEN_CHARS_MAX;

/// Eighteen digits fit into the integer.
const DIGITS_MAX: usize = 18;

/// A good token with the very header that minting writes.
pub(super) fn verify<T>(
    ring: &KeyRing,
    scope: &Scope,
    token: &str,
    now: Timestamp,
    read_claims: impl Fn(&[u8]) -> Option<T>,
) -> Option<Verified<T>> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, payload) = message.split_once('.')?;
    let key = ring.keys().find(|key| key.header == header)?;
    let mut mac = [0; 32];
    if URL_SAFE_NO_PAD.decode_slice(signature, &mut mac) != Ok(mac.len()) || !key.mac.verify(message.as_bytes(), &mac) {
        return None;
    }
    let mut bytes = [0; TOKEN_CHARS_MAX];
    let length = URL_SAFE_NO_PAD.decode_slice(payload, &mut bytes).ok()?;
    let (nbf, exp, own) = split(scope, bytes.get_mut(..length)?)?;
    let expires_at = scope.verify_time(nbf, exp, now).ok()?;
    Some(Verified { claims: read_claims(own)?, expires_at })
}

/// Takes off the claims that every token has, which are written first and in this order: when they are this scope's,
/// its `nbf`, its `exp` and a JSON object of the other claims.
fn split<'a>(scope: &Scope, json: &'a mut [u8]) -> Option<(i64, i64, &'a [u8])> {
    let rest = json.strip_prefix(br#"{"scope":""#)?.strip_prefix(scope.name.as_bytes())?;
    let rest = rest.strip_prefix(br#"","iss":""#)?.strip_prefix(scope.iss.as_bytes())?;
    let rest = rest.strip_prefix(br#"","aud":""#)?.strip_prefix(scope.aud.as_bytes())?;
    let (nbf, rest) = number(rest.strip_prefix(br#"","nbf":"#)?)?;
    let (exp, rest) = number(rest.strip_prefix(br#","exp":"#)?)?;
    if rest == b"}" {
        return Some((nbf, exp, b"{}"));
    }
    let own = json.len() - rest.len();
    *json.get_mut(own).filter(|comma| **comma == b',')? = b'{';
    Some((nbf, exp, &json[own..]))
}

/// The claims of any scope. None that every token has may follow once more.
pub(super) fn claims<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    let Members(own) = serde_json::from_slice(json).ok()?;
    if ["scope", "iss", "aud", "nbf", "exp"].iter().any(|name| own.contains_key(*name)) {
        return None;
    }
    T::deserialize(Value::Object(own)).ok()
}

pub(super) fn purchase_claims(json: &[u8]) -> Option<PurchaseClaims> {
    let (drop, rest) = number(json.strip_prefix(br#"{"drop":"#)?)?;
    let (sub, rest) = rest.strip_prefix(br#","sub":""#)?.split_first_chunk()?;
    let (sid, rest) = rest.strip_prefix(br#"","sid":""#)?.split_first_chunk()?;
    let (jti, rest) = rest.strip_prefix(br#"","jti":""#)?.split_first_chunk()?;
    let (qty_max, rest) = number(rest.strip_prefix(br#"","qty_max":"#)?)?;
    let region = rest.strip_prefix(br#","region":""#)?.strip_suffix(br#""}"#)?;
    Some(PurchaseClaims {
        drop: DropId(drop.try_into().ok()?),
        sub: Sub::from_hex(sub)?,
        sid: Sid::from_hex(sid)?,
        jti: Jti::from_hex(jti)?,
        qty_max: qty_max.try_into().ok()?,
        region: Region::ALL.into_iter().find(|known| known.as_str().as_bytes() == region)?,
    })
}

/// The digits in front, written as JSON writes them.
fn number(text: &[u8]) -> Option<(i64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=DIGITS_MAX).contains(&digits) || (digits > 1 && text[0] == b'0') {
        return None;
    }
    let (digits, rest) = text.split_at(digits);
    Some((digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')), rest))
}
