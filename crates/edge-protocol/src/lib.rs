//! What the edge and the origin agree on: keys, tokens, the published snapshot, problems, limits.
//!
//! Nothing here reads the clock, draws random bytes or does I/O: callers pass both in. Builds for wasm32 and native.

mod crypto;
mod keys;
mod phone;
mod problem;
mod province;
mod region;
mod snapshot;
mod token;

pub mod headers;
pub mod json;
pub mod limits;
pub mod rfc3339;
pub mod vietnam_money;
pub mod vietnam_time;

pub use crypto::install_crypto;
pub use keys::{CustomerSecret, KeyError, KeyRing, OrderKeys, Ring, parse_secret};
pub use phone::{Phone, PhoneError};
pub use problem::{PROBLEM_CONTENT_TYPE, Problem, ProblemCode};
pub use province::current_province;
pub use region::region_of;
pub use snapshot::{DropSnapshot, ProductSnapshot, Snapshot};
pub use token::{
    AdminClaims, OrderClaims, PurchaseClaims, Role, TokenError, Verified, is_operator_name, mint_admin, mint_look_up,
    mint_order, mint_purchase, mint_read, mint_webhook, purchase_expires_at, verify_admin, verify_look_up,
    verify_order, verify_purchase, verify_read, verify_webhook,
};
