//! What tokens there are, and for how long each may live.

use domain::Timestamp;

use crate::keys::Ring;
use crate::token::claims::TokenError;

/// Clocks of the edge and the origin differ a little, and a token may be on its way when it ends.
const EXPIRY_LEEWAY_MS: i64 = 5_000;

pub(super) struct Scope {
    pub(super) name: &'static str,
    pub(super) iss: &'static str,
    pub(super) aud: &'static str,
    pub(super) ring: Ring,
    pub(super) life_seconds_max: i64,
}

pub(super) const READ: Scope = Scope { name: "read", ..EDGE_TO_ORIGIN };
pub(super) const WEBHOOK: Scope = Scope { name: "webhook", ..EDGE_TO_ORIGIN };
pub(super) const LOOK_UP: Scope = Scope { name: "look_up", ..EDGE_TO_ORIGIN };
pub(super) const ORDER: Scope = Scope { name: "order", ..EDGE_TO_ORIGIN };
const EDGE_TO_ORIGIN: Scope =
    Scope { name: "", iss: "dropgate-edge", aud: "dropgate-origin", ring: Ring::Edge, life_seconds_max: 60 };
pub(super) const PURCHASE: Scope = Scope {
    name: "purchase",
    iss: "dropgate-edge",
    aud: "dropgate-purchase",
    ring: Ring::Edge,
    // Two minutes to type a name and an address; an idempotency key is remembered as long.
    life_seconds_max: 120,
};
pub(super) const ADMIN: Scope = Scope {
    name: "admin",
    iss: "dropgate-admin",
    aud: "dropgate-admin",
    ring: Ring::Admin,
    // One shift.
    life_seconds_max: 8 * 60 * 60,
};

impl Scope {
    /// When a token that names these seconds ends, if it is valid now.
    pub(super) fn verify_time(&self, nbf: i64, exp: i64, now: Timestamp) -> Result<Timestamp, TokenError> {
        let life_seconds = exp.checked_sub(nbf).ok_or(TokenError::Malformed)?;
        if !(1..=self.life_seconds_max).contains(&life_seconds) {
            return Err(TokenError::Malformed);
        }
        let not_before_ms = nbf.checked_mul(1000).ok_or(TokenError::Malformed)?;
        let expires_at_ms = exp.checked_mul(1000).ok_or(TokenError::Malformed)?;
        if now.0 < not_before_ms {
            return Err(TokenError::NotYetValid);
        }
        if now.0 >= expires_at_ms.saturating_add(EXPIRY_LEEWAY_MS) {
            return Err(TokenError::Expired);
        }
        Ok(Timestamp(expires_at_ms))
    }
}
