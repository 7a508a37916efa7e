//! Makes the payment link of an order that was placed, and closes the link of an order that has ended.

use std::sync::Arc;

use anyhow::Result;
use domain::{Event, OrderCode};
use ledger::{Fact, LedgerRow};

use super::channel::{Channel, Patience, Settings};
use crate::delivery::Delivery;
use crate::payos::PaymentLinks;
use crate::store::outbox::PAYMENT_LINKS;

pub(super) struct LinksOfOrders {
    links: Arc<PaymentLinks>,
}

#[derive(Clone, Copy)]
pub(super) enum Effect {
    Make(OrderCode),
    Close(OrderCode),
}

impl LinksOfOrders {
    pub(super) fn new(links: Arc<PaymentLinks>) -> Self {
        Self { links }
    }
}

impl Channel for LinksOfOrders {
    type Effect = Effect;

    fn settings(&self) -> Settings {
        Settings {
            name: PAYMENT_LINKS.name,
            rows: PAYMENT_LINKS.rows,
            delay_ms: 0,
            shoppers_wait: true,
            // PayOS publishes no limits; this many calls at once make a few hundred links in seconds.
            at_once: 32,
            // A hold lives minutes: PayOS, when it comes back, should be asked again within a fraction of that.
            retry_ms_max: 20_000,
            patience: Patience::MANY_TRIES,
        }
    }

    fn owed(&self, row: &LedgerRow) -> Option<Effect> {
        match &row.entry.fact {
            Fact::Sale(Event::OrderPlaced { order, .. }) => Some(Effect::Make(*order)),
            Fact::Sale(Event::OrderExpired { order, .. } | Event::OrderCancelled { order, .. }) => {
                Some(Effect::Close(*order))
            }
            _ => None,
        }
    }

    async fn deliver(&self, effect: Effect) -> Result<Delivery> {
        match effect {
            Effect::Make(order) => self.links.make_link(order).await,
            Effect::Close(order) => self.links.close_link(order).await,
        }
    }
}
