//! What happens because time passes.

mod holds;
mod payouts;

pub(crate) use holds::HoldTimer;
pub(crate) use payouts::pay_refunds_out;
