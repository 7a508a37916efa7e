//! The signed tokens: the only way to the origin. JWT HS256; a verifier says which scope it expects and gets no other.

mod own;
mod wire;

use serde::{Deserialize, Serialize};

use crate::{Jti, KeyRing, Region, Ring, Sid, Sub};
use wire::{Scope, mint, verify, verify_with};

/// Admission: this customer, from this browser, may buy up to `qty_max` of this drop, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseClaims {
    pub drop: u32,
    pub sub: Sub,
    pub sid: Sid,
    pub jti: Jti,
    pub qty_max: u32,
    pub region: Region,
}

/// The edge has checked the order key of this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderClaims {
    pub order_code: u64,
    /// Only when the request carried a valid shopper cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Sid>,
}

/// A named operator. `jti` is what a revocation names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminClaims {
    pub name: String,
    pub role: Role,
    pub jti: Jti,
}

/// Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    View,
    Operate,
    Money,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    pub claims: T,
    /// The token is refused from here on, apart from the leeway of five seconds.
    pub expires_at_ms: i64,
}

/// Every one is a 401 outside; the difference is for logs and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("not a token of ours")]
    Malformed,
    #[error("signed with a key this ring does not hold")]
    UnknownKey,
    #[error("the signature does not match")]
    BadSignature,
    #[error("expired")]
    Expired,
    #[error("not valid yet")]
    NotYetValid,
    #[error("made for another use")]
    WrongScope,
}

const READ: Scope = Scope { name: "read", ..EDGE_TO_ORIGIN };
const WEBHOOK: Scope = Scope { name: "webhook", ..EDGE_TO_ORIGIN };
const ORDER: Scope = Scope { name: "order", ..EDGE_TO_ORIGIN };
const EDGE_TO_ORIGIN: Scope =
    Scope { name: "", iss: "dropgate-edge", aud: "dropgate-origin", ring: Ring::Edge, life_seconds_max: 60 };
const PURCHASE: Scope = Scope {
    name: "purchase",
    iss: "dropgate-edge",
    aud: "dropgate-purchase",
    ring: Ring::Edge,
    // Two minutes to type a name and an address; an idempotency key is remembered as long.
    life_seconds_max: 120,
};
const ADMIN: Scope = Scope {
    name: "admin",
    iss: "dropgate-admin",
    aud: "dropgate-admin",
    ring: Ring::Admin,
    // One shift.
    life_seconds_max: 8 * 60 * 60,
};

#[derive(Serialize, Deserialize)]
struct NoClaims {}

pub fn mint_purchase(ring: &KeyRing, claims: &PurchaseClaims, now_ms: i64) -> String {
    mint(ring, &PURCHASE, claims, now_ms, PURCHASE.life_seconds_max)
}

/// When a purchase token minted now ends.
pub fn purchase_expires_at_ms(now_ms: i64) -> i64 {
    (now_ms.div_euclid(1000) + PURCHASE.life_seconds_max) * 1000
}

pub fn mint_read(ring: &KeyRing, now_ms: i64) -> String {
    mint(ring, &READ, &NoClaims {}, now_ms, READ.life_seconds_max)
}

pub fn mint_webhook(ring: &KeyRing, now_ms: i64) -> String {
    mint(ring, &WEBHOOK, &NoClaims {}, now_ms, WEBHOOK.life_seconds_max)
}

pub fn mint_order(ring: &KeyRing, claims: &OrderClaims, now_ms: i64) -> String {
    mint(ring, &ORDER, claims, now_ms, ORDER.life_seconds_max)
}

/// A longer life than a shift is cut to a shift.
pub fn mint_admin(ring: &KeyRing, claims: &AdminClaims, now_ms: i64, life_seconds: u32) -> String {
    mint(ring, &ADMIN, claims, now_ms, ADMIN.life_seconds_max.min(life_seconds.into()))
}

pub fn verify_purchase(ring: &KeyRing, token: &str, now_ms: i64) -> Result<Verified<PurchaseClaims>, TokenError> {
    verify_with(ring, &PURCHASE, token, now_ms, own::purchase_claims)
}

/// Answers when the token ends, in milliseconds since 1970.
pub fn verify_read(ring: &KeyRing, token: &str, now_ms: i64) -> Result<i64, TokenError> {
    verify::<NoClaims>(ring, &READ, token, now_ms).map(|verified| verified.expires_at_ms)
}

pub fn verify_webhook(ring: &KeyRing, token: &str, now_ms: i64) -> Result<(), TokenError> {
    verify::<NoClaims>(ring, &WEBHOOK, token, now_ms).map(|_| ())
}

pub fn verify_order(ring: &KeyRing, token: &str, now_ms: i64) -> Result<Verified<OrderClaims>, TokenError> {
    verify(ring, &ORDER, token, now_ms)
}

pub fn verify_admin(ring: &KeyRing, token: &str, now_ms: i64) -> Result<Verified<AdminClaims>, TokenError> {
    verify(ring, &ADMIN, token, now_ms)
}

#[cfg(test)]
mod tests;
