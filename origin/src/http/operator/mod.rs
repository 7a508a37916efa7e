//! What operators do, with a token that names them.

pub(super) mod clock;
pub(super) mod deliveries;
pub(super) mod drops;
pub(super) mod mail;
pub(super) mod orders;
pub(super) mod payments;
pub(super) mod payouts;
mod product_json;
pub(super) mod products;
pub(super) mod reconcile;
pub(super) mod refunds;
pub(super) mod tokens;
pub(super) mod webhooks;
