//! What the edge and the origin agree on: keys, tokens, the published snapshot, problems, limits.
//!
//! Nothing here reads the clock, draws random bytes or does I/O: callers pass both in. Builds for wasm32 and native.

mod crypto;
mod ids;
mod keys;
mod order_code;
mod phone;
mod problem;
mod region;
mod snapshot;
mod token;

pub mod headers;
pub mod limits;

pub use crypto::install_crypto;
pub use ids::{IdError, Jti, Sid, Sub};
pub use keys::{CustomerSecret, KeyError, KeyRing, OrderKeys, Ring, parse_secret};
pub use order_code::{MEMO_CHARS, OrderCode, OrderCodeError, base36};
pub use phone::{Phone, PhoneError};
pub use problem::{PROBLEM_CONTENT_TYPE, Problem, ProblemCode};
pub use region::Region;
pub use snapshot::{DropSnapshot, Format, Product, Snapshot, Stock};
pub use token::{
    AdminClaims, OrderClaims, PurchaseClaims, Role, TokenError, Verified, mint_admin, mint_order, mint_purchase,
    mint_read, mint_webhook, purchase_expires_at_ms, verify_admin, verify_order, verify_purchase, verify_read,
    verify_webhook,
};
