//! What a token of each kind says, and why one is refused.

use domain::{DropId, Jti, OrderCode, Region, Sid, Sub, Timestamp};
use serde::{Deserialize, Serialize};

use crate::json;

/// Admission: this customer, from this browser, may buy up to `qty_max` units of this drop, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseClaims {
    #[serde(with = "json::DropId")]
    pub drop: DropId,
    #[serde(with = "json::hex_id")]
    pub sub: Sub,
    #[serde(with = "json::hex_id")]
    pub sid: Sid,
    #[serde(with = "json::hex_id")]
    pub jti: Jti,
    pub qty_max: u32,
    #[serde(with = "json::Region")]
    pub region: Region,
}

/// The edge has checked the order key of this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderClaims {
    #[serde(with = "json::OrderCode")]
    pub order_code: OrderCode,
    /// Only when the request carried a valid shopper cookie.
    #[serde(default, with = "json::optional_sid", skip_serializing_if = "Option::is_none")]
    pub sid: Option<Sid>,
}

/// A named operator. `jti` is what a revocation names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminClaims {
    pub name: String,
    pub role: Role,
    #[serde(with = "json::hex_id")]
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

/// Claims whose signature, scope and time are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    pub claims: T,
    /// The token is refused from here on, apart from a leeway of five seconds.
    pub expires_at: Timestamp,
}

/// A caller gets 401 for each; logs and tests tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("not a Dropgate token")]
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
