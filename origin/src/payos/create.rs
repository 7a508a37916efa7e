use anyhow::{Context, Result, bail};
use domain::{Command, LinkFacts, OrderCode, OrderRecord, OrderState, Outcome, TransferFacts};
use payos::{CreateLink, CreatedLink, Error, Link, LinkStatus};
use tracing::{error, info, warn};

use super::{LinkMaking, PaymentLinks};
use crate::metrics::Metrics;

/// A link under our code that was made this long before our order is somebody else's; the rest is clock difference.
const CREATED_BEFORE_ORDER_MS: i64 = 60_000;

/// What PayOS made of a request for a link.
enum Made {
    Link(LinkFacts),
    /// Under our code it holds something we did not ask for.
    Conflict,
    Later {
        after_ms: Option<i64>,
    },
}

impl PaymentLinks {
    /// Gives a pending order its link. That it was asked for is on disk before PayOS hears of it.
    pub(crate) async fn make_link(&self, order: OrderCode) -> Result<LinkMaking> {
        let asked_before = match self.ports.writer.order(order, Command::AskLink).await {
            Ok(Outcome::Done) => false,
            Ok(Outcome::Unchanged) => true,
            // The order ended, or has its link.
            Ok(_) => return Ok(LinkMaking::Done),
            Err(_) => return Ok(LinkMaking::Later { after_ms: None }),
        };
        let record = self.record(order).await?;
        // A request whose answer was lost may have made the link: creating again would only be refused.
        let made = if asked_before { self.find_or_create(&record).await } else { self.create(&record).await };
        let command = match made {
            Made::Link(facts) => Command::LinkMade(facts),
            Made::Conflict => Command::LinkConflict,
            Made::Later { after_ms } => return Ok(LinkMaking::Later { after_ms }),
        };
        match self.ports.writer.order(order, command).await {
            Ok(_) => {}
            Err(_) => return Ok(LinkMaking::Later { after_ms: None }),
        }
        // The order may have ended meanwhile: nobody should pay for it.
        if self.record(order).await?.state != OrderState::Pending {
            return self.close_link(order).await.map(|closed| if closed { LinkMaking::Done } else { LATER });
        }
        Ok(LinkMaking::Done)
    }

    pub(super) async fn record(&self, order: OrderCode) -> Result<OrderRecord> {
        let stored = self.ports.reader.read(move |store| store.load_order(order)).await?;
        Ok(stored.with_context(|| format!("order {order} is in the ledger and not stored"))?.record)
    }

    async fn create(&self, record: &OrderRecord) -> Made {
        let order = record.order;
        let request = match self.request(record) {
            Ok(request) => request,
            Err(error) => {
                error!(%order, error = format!("{error:#}"), "a payment link cannot be asked for");
                return Made::Later { after_ms: None };
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
                self.find(record).await.unwrap_or(Made::Later { after_ms: None })
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
            error!(%order, status = ?link.status, "PayOS holds a link under this code that is not ours");
            Metrics::count(&self.ports.metrics.links, "conflict");
            return Some(Made::Conflict);
        }
        info!(%order, "found the link again");
        Metrics::count(&self.ports.metrics.links, "found");
        let checkout_url = format!("https://pay.payos.vn/web/{}", link.id);
        Some(Made::Link(LinkFacts { id: link.id, checkout_url, transfer: None }))
    }

    fn later(&self, record: &OrderRecord, error: &Error) -> Made {
        Metrics::count(&self.ports.metrics.links, "failed");
        error!(order = %record.order, error = chain(error), "PayOS gave no payment link; trying again");
        let after_ms = match error {
            Error::RateLimited { retry_after } => retry_after.map(|after| after.as_millis() as i64),
            _ => None,
        };
        Made::Later { after_ms }
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

const LATER: LinkMaking = LinkMaking::Later { after_ms: None };

/// Only what we would have made ourselves can be ours; money on anything else is nobody's to give to this order.
pub(super) fn may_be_ours(link: &Link, record: &OrderRecord) -> bool {
    link.order_code == code(record.order)
        && link.amount == record.amount.get()
        && link.created_at_ms().is_some_and(|at| at >= record.ordered_at.0 - CREATED_BEFORE_ORDER_MS)
}

fn facts(created: CreatedLink) -> LinkFacts {
    LinkFacts {
        id: created.payment_link_id,
        checkout_url: created.checkout_url,
        transfer: Some(TransferFacts {
            qr_code: created.qr_code,
            bank_bin: created.bin,
            account_number: created.account_number,
            account_name: created.account_name,
            memo: created.description,
        }),
    }
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
