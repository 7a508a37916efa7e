use anyhow::Result;
use domain::{Command, Link, OrderCode, Outcome};
use payos::LinkStatus;
use tracing::{debug, error, info, warn};

use super::PaymentLinks;
use super::make_link::{chain, code, may_be_ours};
use crate::metrics::Metrics;

impl PaymentLinks {
    /// Cancels an order's link, then reads it, so that no money can follow what is read; records what had arrived.
    ///
    /// Returns whether no more money can come through it. A refused cancellation is read too: it is how PayOS says
    /// that the link was paid or cancelled already.
    pub(crate) async fn close_link(&self, order: OrderCode) -> Result<bool> {
        let record = self.record(order).await?;
        if !record.link.may_be_open() {
            return Ok(true);
        }
        match self.client.cancel_link(code(order), Some("the order has ended")).await {
            Ok(_) => Metrics::count(&self.metrics.links, "cancelled"),
            Err(error) => debug!(%order, error = chain(&error), "the link was not cancelled; reading it"),
        }
        let link = match self.client.get_link(code(order)).await {
            Ok(link) => link,
            Err(error) => {
                Metrics::count(&self.metrics.links, "read_failed");
                warn!(%order, error = chain(&error), "a link could not be read");
                return Ok(false);
            }
        };
        if record.link == Link::Asked && !may_be_ours(&link, &record) {
            error!(%order, status = ?link.status, "PayOS holds a link under this code that is not ours");
            return Ok(self.writer.order(order, Command::LinkConflict).await.is_ok());
        }
        let payments = self.description_salt.link_payments(&link);
        let identities: Vec<_> = payments.iter().map(|payment| payment.identity.clone()).collect();
        for payment in payments {
            let amount = payment.amount;
            match self.writer.order(order, Command::Payment(payment)).await {
                Ok(Outcome::Done) => info!(%order, %amount, "money found that no webhook had brought, or settled"),
                Ok(_) => {}
                Err(_) => return Ok(false),
            }
        }
        if !takes_no_more_money(&link.status) {
            warn!(%order, status = ?link.status, "a link stays open after it was cancelled");
            return Ok(false);
        }
        match self.writer.order(order, Command::LinkClosed { payments: identities }).await {
            Ok(Outcome::Done | Outcome::Unchanged) => Ok(true),
            Ok(_) | Err(_) => Ok(false),
        }
    }
}

/// Statuses that PayOS may add, or that say money is on its way, keep a link open until time decides.
fn takes_no_more_money(status: &LinkStatus) -> bool {
    match status {
        LinkStatus::Paid | LinkStatus::Cancelled | LinkStatus::Expired => true,
        LinkStatus::Pending
        | LinkStatus::Processing
        | LinkStatus::Underpaid
        | LinkStatus::Failed
        | LinkStatus::Other(_) => false,
    }
}
