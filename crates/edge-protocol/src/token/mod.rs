//! The signed tokens, without which the origin answers no request. JWT HS256. Each kind has a function that mints it
//! and one that verifies it and accepts no other kind.
//!
//! A verifier accepts a token from its `nbf` second until five seconds after its `exp`.

mod claims;
mod in_place;
mod library;
mod members;
mod scope;

use domain::{Timestamp, text};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::keys::KeyRing;
use crate::limits::{OPERATOR_NAME_CHARS_MAX, TOKEN_CHARS_MAX};
pub use claims::{AdminClaims, OrderClaims, PurchaseClaims, Role, TokenError, Verified};
use library::mint;
use scope::{ADMIN, LOOK_UP, ORDER, PURCHASE, READ, Scope, WEBHOOK};

#[derive(Serialize, Deserialize)]
struct NoClaims {}

/// A token for one purchase, good for 120 seconds from the second of `now`.
pub fn mint_purchase(ring: &KeyRing, claims: &PurchaseClaims, now: Timestamp) -> String {
    mint(ring, &PURCHASE, claims, now, PURCHASE.life_seconds_max)
}

/// The end of a purchase token that is minted at `now`.
pub fn purchase_expires_at(now: Timestamp) -> Timestamp {
    Timestamp((now.0.div_euclid(1000) + PURCHASE.life_seconds_max) * 1000)
}

/// A token to read the snapshot, good for 60 seconds.
pub fn mint_read(ring: &KeyRing, now: Timestamp) -> String {
    mint(ring, &READ, &NoClaims {}, now, READ.life_seconds_max)
}

/// A token to deliver one webhook of the payment provider, good for 60 seconds.
pub fn mint_webhook(ring: &KeyRing, now: Timestamp) -> String {
    mint(ring, &WEBHOOK, &NoClaims {}, now, WEBHOOK.life_seconds_max)
}

/// A token to ask for a mail with the address of an order, good for 60 seconds.
pub fn mint_look_up(ring: &KeyRing, now: Timestamp) -> String {
    mint(ring, &LOOK_UP, &NoClaims {}, now, LOOK_UP.life_seconds_max)
}

/// A token to see or change one order, good for 60 seconds.
pub fn mint_order(ring: &KeyRing, claims: &OrderClaims, now: Timestamp) -> String {
    mint(ring, &ORDER, claims, now, ORDER.life_seconds_max)
}

/// An operator's token. Its life is cut to eight hours, one shift.
pub fn mint_admin(ring: &KeyRing, claims: &AdminClaims, now: Timestamp, life_seconds: u32) -> String {
    mint(ring, &ADMIN, claims, now, ADMIN.life_seconds_max.min(life_seconds.into()))
}

pub fn verify_purchase(ring: &KeyRing, token: &str, now: Timestamp) -> Result<Verified<PurchaseClaims>, TokenError> {
    verify_with(ring, &PURCHASE, token, now, in_place::purchase_claims)
}

/// Returns the end of the token.
pub fn verify_read(ring: &KeyRing, token: &str, now: Timestamp) -> Result<Timestamp, TokenError> {
    verify::<NoClaims>(ring, &READ, token, now).map(|verified| verified.expires_at)
}

pub fn verify_webhook(ring: &KeyRing, token: &str, now: Timestamp) -> Result<(), TokenError> {
    verify::<NoClaims>(ring, &WEBHOOK, token, now).map(|_| ())
}

pub fn verify_look_up(ring: &KeyRing, token: &str, now: Timestamp) -> Result<(), TokenError> {
    verify::<NoClaims>(ring, &LOOK_UP, token, now).map(|_| ())
}

pub fn verify_order(ring: &KeyRing, token: &str, now: Timestamp) -> Result<Verified<OrderClaims>, TokenError> {
    verify(ring, &ORDER, token, now)
}

pub fn verify_admin(ring: &KeyRing, token: &str, now: Timestamp) -> Result<Verified<AdminClaims>, TokenError> {
    let verified: Verified<AdminClaims> = verify(ring, &ADMIN, token, now)?;
    if is_operator_name(&verified.claims.name) { Ok(verified) } else { Err(TokenError::Malformed) }
}

/// Whether an operator may be called so: the name stands in the ledger and is printed from there.
pub fn is_operator_name(name: &str) -> bool {
    text::line(name, OPERATOR_NAME_CHARS_MAX).as_deref() == Ok(name)
}

fn verify<T: DeserializeOwned>(
    ring: &KeyRing,
    scope: &Scope,
    token: &str,
    now: Timestamp,
) -> Result<Verified<T>, TokenError> {
    verify_with(ring, scope, token, now, in_place::claims)
}

/// `read_claims` reads the scope's own claims as [`mint`] writes them, faster than serde does.
fn verify_with<T: DeserializeOwned>(
    ring: &KeyRing,
    scope: &Scope,
    token: &str,
    now: Timestamp,
    read_claims: impl Fn(&[u8]) -> Option<T>,
) -> Result<Verified<T>, TokenError> {
    if ring.ring() != scope.ring {
        return Err(TokenError::WrongScope);
    }
    if token.len() > TOKEN_CHARS_MAX {
        return Err(TokenError::Malformed);
    }
    match in_place::verify(ring, scope, token, now, read_claims) {
        Some(verified) => Ok(verified),
        None => library::verify(ring, scope, token, now),
    }
}

#[cfg(test)]
mod tests;
