//! Gives an order its payment link.

use std::time::Duration;

use anyhow::{Result, bail};
use domain::{BankTransferDetails, Command, LinkFacts, OrderCode, OrderRecord, OrderState, Outcome};
use payos::{CreateLink, CreatedLink, Error, LinkStatus};
use tracing::{error, info, warn};

use super::links::{PaymentLinks, chain, code, may_be_ours};
use crate::delivery::Delivery;
use crate::metrics::Metrics;

/// What PayOS made of a request for a link.
enum Made {
    Link(LinkFacts),
    /// Under the order's code PayOS holds a link that this origin did not ask for.
    Conflict,
    Later {
        after: Option<Duration>,
    },
}

impl PaymentLinks {
    /// Gives a pending order its link. That it was asked for is on disk before PayOS hears of it.
    pub(crate) async fn make_link(&self, order: OrderCode) -> Result<Delivery> {
        let asked_before = match self.ports.writer.order(order, Command::AskLink).await {
            Ok(Outcome::Done) => false,
            Ok(Outcome::Unchanged) => true,
            // The order ended, or has its link.
            Ok(_) => return Ok(Delivery::Done),
            Err(_) => return Ok(Delivery::LATER),
        };
        let record = self.record(order).await?;
        // A request whose answer was lost may have made the link: creating again would only be refused.
        let made = if asked_before { self.find_or_create(&record).await } else { self.create(&record).await };
        let command = match made {
            Made::Link(facts) => Command::LinkMade(facts),
            Made::Conflict => Command::LinkConflict,
            Made::Later { after } => return Ok(Delivery::Later { after }),
        };
        if self.ports.writer.order(order, command).await.is_err() {
            return Ok(Delivery::LATER);
        }
        // The order may have ended meanwhile: no shopper should pay for it.
        if self.record(order).await?.state != OrderState::Pending {
            return self.close_link(order).await;
        }
        Ok(Delivery::Done)
    }

    async fn create(&self, record: &OrderRecord) -> Made {
        let order = record.order;
        let request = match self.request(record) {
            Ok(request) => request,
            Err(error) => {
                error!(%order, error = format!("{error:#}"), "a payment link cannot be asked for");
                return Made::Later { after: None };
            }
        };
        match self.client.create_link(&request).await {
            Ok(created) if created.amount == request.amount && created.order_code == request.order_code => {
                Metrics::count(&self.ports.metrics.links, "created");
                Made::Link(facts(created))
            }
            Ok(_) => {
                error!(%order, "PayOS made a link of another amount or code");
                Metrics::count(&self.ports.metrics.links, "conflict");
                Made::Conflict
            }
            Err(error) if error.is_duplicate_order() || matches!(error, Error::Unknown(_)) => {
                warn!(%order, error = chain(&error), "whether PayOS made the link is not known; asking");
                Metrics::count(&self.ports.metrics.links, "create_unknown");
                self.find(record).await.unwrap_or(Made::Later { after: None })
            }
            Err(error) => self.later(record, &error),
        }
    }

    async fn find_or_create(&self, record: &OrderRecord) -> Made {
        match self.find(record).await {
            Some(made) => made,
            None => self.create(record).await,
        }
    }

    /// The link PayOS holds under our code; `None` when it holds none.
    async fn find(&self, record: &OrderRecord) -> Option<Made> {
        let order = record.order;
        let link = match self.client.get_link(code(order)).await {
            Ok(link) => link,
            Err(error) if error.is_not_found() => return None,
            Err(error) => return Some(self.later(record, &error)),
        };
        let payments = self.description_salt.link_payments(&link);
        let money_known =
            payments.iter().all(|found| record.payments.iter().any(|known| known.identity == found.identity));
        let unpaid = link.amount_paid == 0 || money_known;
        if !may_be_ours(&link, record) || link.status != LinkStatus::Pending || !unpaid {
            error!(%order, status = ?link.status, "PayOS holds a link under this code that this origin did not ask for");
            Metrics::count(&self.ports.metrics.links, "conflict");
            return Some(Made::Conflict);
        }
        info!(%order, "found the link again");
        Metrics::count(&self.ports.metrics.links, "found");
        let checkout_url = format!("https://pay.payos.vn/web/{}", link.id);
        Some(Made::Link(LinkFacts { id: link.id, checkout_url, bank_transfer: None }))
    }

    fn later(&self, record: &OrderRecord, error: &Error) -> Made {
        Metrics::count(&self.ports.metrics.links, "failed");
        error!(order = %record.order, error = chain(error), "PayOS gave no payment link; trying again");
        let after = match error {
            Error::RateLimited { retry_after } => *retry_after,
            _ => None,
        };
        Made::Later { after }
    }

    fn request(&self, record: &OrderRecord) -> Result<CreateLink> {
        let page = format!("{}/orders/{}", self.public_url, record.order);
        let mut request =
            CreateLink::new(code(record.order), record.amount.get(), record.order.short_code(), &page, &page);
        let expires_at = record.pay_by.0 / 1000;
        if expires_at > i64::from(i32::MAX) {
            bail!("PayOS takes no time after 2038");
        }
        request.expired_at = Some(expires_at);
        Ok(request)
    }
}

fn facts(created: CreatedLink) -> LinkFacts {
    LinkFacts {
        id: created.payment_link_id,
        checkout_url: created.checkout_url,
        bank_transfer: Some(BankTransferDetails {
            qr_code: created.qr_code,
            bank_bin: created.bin,
            account_number: created.account_number,
            account_name: created.account_name,
            memo: created.description,
        }),
    }
}
