//! What every use of a payment link needs.

use anyhow::{Context, Result};
use domain::{OrderCode, OrderRecord};
use payos::{Error, Link};

use super::report::DescriptionSalt;
use crate::ports::Ports;

/// A link under an order's code that was made this long before the order belongs to another program. A smaller
/// difference may be that of two clocks.
const CREATED_BEFORE_ORDER_MS: i64 = 60_000;

/// Asks PayOS, and the writer to record what PayOS says.
pub(crate) struct PaymentLinks {
    pub ports: Ports,
    pub client: payos::Client,
    pub description_salt: DescriptionSalt,
    /// Where PayOS sends shoppers back to.
    pub public_url: String,
}

impl PaymentLinks {
    pub(super) async fn record(&self, order: OrderCode) -> Result<OrderRecord> {
        let stored = self.ports.reader.read(move |store| store.load_order(order)).await?;
        Ok(stored.with_context(|| format!("order {order} is in the ledger and not stored"))?.record)
    }
}

/// Whether a link can be the one this origin asked for: of our code and amount, and not older than the order. Money on
/// any other link is not given to the order.
pub(super) fn may_be_ours(link: &Link, record: &OrderRecord) -> bool {
    link.order_code == code(record.order)
        && link.amount == record.amount.get()
        && link.created_at_ms().is_some_and(|at| at >= record.ordered_at.0 - CREATED_BEFORE_ORDER_MS)
}

/// Codes are below 2^53.
pub(super) fn code(order: OrderCode) -> i64 {
    order.0.cast_signed()
}

/// The whole chain of a failure, for the log.
pub(super) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
