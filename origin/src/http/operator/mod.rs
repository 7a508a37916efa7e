//! What operators do, with a token that names them.

pub(super) mod clock;
pub(super) mod deliveries;
pub(super) mod drops;
pub(super) mod history;
pub(super) mod ledger_rows;
pub(super) mod mail;
mod order_json;
pub(super) mod order_search;
pub(super) mod order_show;
pub(super) mod orders;
pub(super) mod payments;
pub(super) mod payouts;
mod product_json;
pub(super) mod products;
pub(super) mod reconcile;
pub(super) mod refunds;
pub(super) mod tokens;
pub(super) mod views;
pub(super) mod webhooks;
