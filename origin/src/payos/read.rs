//! Closes links, and reads them for money that no webhook brought.

use anyhow::Result;
use domain::{Command, Link, OrderCode, OrderRecord, OrderState, Outcome, PaymentIdentity, PaymentState};
use payos::LinkStatus;
use tracing::{debug, error, info, warn};

use super::links::{PaymentLinks, chain, code, may_be_ours};
use crate::delivery::Delivery;
use crate::metrics::Metrics;

/// What a signed read of a link showed that the ledger did not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkDifference {
    /// Money whose webhook never came; it is recorded now.
    PaymentFound { reference: String, amount: i64 },
    /// PayOS counts another sum than its own transfers, or the ledger, add up to.
    AmountPaidDiffers { payos: i64, ledger: i64 },
}

/// A link as a signed reply showed it, with its money recorded.
struct LinkRead {
    status: LinkStatus,
    payments: Vec<PaymentIdentity>,
    differences: Vec<LinkDifference>,
}

impl PaymentLinks {
    /// Cancels an order's link, then reads it, so that no money can follow what is read; records what had arrived.
    ///
    /// Done when no more money can come through it, because it is closed or because there is none. A refused
    /// cancellation is read too: it is how PayOS says that the link was paid or cancelled already.
    pub(crate) async fn close_link(&self, order: OrderCode) -> Result<Delivery> {
        let record = self.record(order).await?;
        if !record.link.may_be_open() {
            return Ok(Delivery::Done);
        }
        match self.client.cancel_link(code(order), Some("the order has ended")).await {
            Ok(_) => Metrics::count(&self.ports.metrics.links, "cancelled"),
            Err(error) => debug!(%order, error = chain(&error), "the link was not cancelled; reading it"),
        }
        let read = match self.read(&record).await? {
            Reading::Shown(read) => read,
            Reading::NoAnswer => return Ok(Delivery::LATER),
            Reading::NoLink => return Ok(Delivery::done_if(self.is_long_over(&record))),
        };
        if !takes_no_more_money(&read.status) {
            warn!(%order, status = ?read.status, "a link stays open after it was cancelled");
            return Ok(Delivery::LATER);
        }
        match self.ports.writer.order(order, Command::LinkClosed { payments: read.payments }).await {
            Ok(Outcome::Done | Outcome::Unchanged) => Ok(Delivery::Done),
            Ok(_) | Err(_) => Ok(Delivery::LATER),
        }
    }

    /// Reads a link for money that no webhook brought. `None` when PayOS gave no answer to go by.
    pub(crate) async fn read_again(&self, order: OrderCode) -> Result<Option<Vec<LinkDifference>>> {
        let record = self.record(order).await?;
        match record.link {
            Link::NotAsked | Link::Conflict => return Ok(Some(Vec::new())),
            Link::Asked | Link::Made(_) | Link::Closed(_) => {}
        }
        Ok(match self.read(&record).await? {
            Reading::Shown(read) => Some(read.differences),
            Reading::NoLink if self.is_long_over(&record) => Some(Vec::new()),
            Reading::NoLink | Reading::NoAnswer => None,
        })
    }

    /// As [`Self::read_again`]; and a link that appeared when its order had long ended is closed.
    pub(crate) async fn check_ended(&self, order: OrderCode) -> Result<Delivery> {
        let record = self.record(order).await?;
        if record.link.may_be_open() && !matches!(record.state, OrderState::Paid { .. }) {
            return self.close_link(order).await;
        }
        Ok(Delivery::done_if(self.read_again(order).await?.is_some()))
    }

    /// No call that might still make its link is under way.
    fn is_long_over(&self, record: &OrderRecord) -> bool {
        record.ended_at.is_some_and(|ended_at| self.ports.clock.now() >= ended_at.plus_ms(LINK_APPEARS_MS))
    }

    /// Done when a signed read has shown all the money that webhooks brought for the order.
    pub(crate) async fn settle(&self, order: OrderCode) -> Result<Delivery> {
        if is_settled(&self.record(order).await?) {
            return Ok(Delivery::Done);
        }
        self.read_again(order).await?;
        Ok(Delivery::done_if(is_settled(&self.record(order).await?)))
    }

    async fn read(&self, record: &OrderRecord) -> Result<Reading> {
        let order = record.order;
        let link = match self.client.get_link(code(order)).await {
            Ok(link) => link,
            Err(error) if error.is_not_found() => {
                Metrics::count(&self.ports.metrics.links, "not_found");
                return Ok(Reading::NoLink);
            }
            Err(error) => {
                Metrics::count(&self.ports.metrics.links, "read_failed");
                warn!(%order, error = chain(&error), "a link could not be read");
                return Ok(Reading::NoAnswer);
            }
        };
        Metrics::count(&self.ports.metrics.links, "read");
        if record.link == Link::Asked && !may_be_ours(&link, record) {
            error!(%order, status = ?link.status, "PayOS holds a link under this code that this origin did not ask for");
            let _ = self.ports.writer.order(order, Command::LinkConflict).await;
            return Ok(Reading::NoAnswer);
        }
        let mut differences = Vec::new();
        let mut payments = Vec::new();
        for payment in self.description_salt.link_payments(&link) {
            let (identity, amount) = (payment.identity.clone(), payment.amount);
            match self.ports.writer.reported_payment(order, payment, None).await {
                Ok(Some(place)) => {
                    info!(%order, %amount, ?place, "money found that no webhook had brought");
                    self.ports.metrics.payments_found.inc();
                    let reference = identity.reference.clone();
                    differences.push(LinkDifference::PaymentFound { reference, amount: amount.get() });
                }
                Ok(_) => {}
                Err(_) => return Ok(Reading::NoAnswer),
            }
            payments.push(identity);
        }
        let ledger = self.received_through(order, &link.id).await?;
        if ledger != link.amount_paid {
            warn!(%order, payos = link.amount_paid, ledger, "PayOS counts another sum than the ledger");
            differences.push(LinkDifference::AmountPaidDiffers { payos: link.amount_paid, ledger });
        }
        Ok(Reading::Shown(LinkRead { status: link.status, payments, differences }))
    }

    /// What the ledger has from this link, whatever became of it.
    async fn received_through(&self, order: OrderCode, link: &str) -> Result<i64> {
        let record = self.record(order).await?;
        let counted = |state| matches!(state, PaymentState::Counted | PaymentState::Released);
        let from_link = record.payments.iter().filter(|known| known.identity.link == link && counted(known.state));
        Ok(from_link.map(|known| known.amount.get()).sum())
    }
}

enum Reading {
    Shown(LinkRead),
    /// PayOS knows no link under the code. It does not sign that, so no hold ends by it.
    NoLink,
    NoAnswer,
}

/// A call that creates a link is given up after seconds: a link that is not there this long after its order has ended
/// will not appear.
const LINK_APPEARS_MS: i64 = 120_000;

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

fn is_settled(record: &OrderRecord) -> bool {
    let mut counted = record.payments.iter().filter(|payment| payment.state == PaymentState::Counted);
    counted.all(|payment| payment.settled)
}
