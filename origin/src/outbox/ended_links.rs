//! Reads the link of an order again after the order has ended: transfers between banks are late by minutes, hours or a
//! day, and the webhook of a late one may never come.

use std::sync::Arc;

use anyhow::Result;
use domain::{Event, OrderCode};
use ledger::{Fact, LedgerRow};

use super::channel::{Channel, Patience, Settings};
use crate::delivery::Delivery;
use crate::payos::PaymentLinks;
use crate::store::outbox::{CHECKS_1H, CHECKS_5M, CHECKS_24H, StoredChannel};

pub(super) struct EndedLinks {
    channel: StoredChannel,
    delay_ms: i64,
    links: Arc<PaymentLinks>,
}

impl EndedLinks {
    pub(super) fn after_five_minutes(links: Arc<PaymentLinks>) -> Self {
        Self { channel: CHECKS_5M, delay_ms: 5 * 60_000, links }
    }

    pub(super) fn after_an_hour(links: Arc<PaymentLinks>) -> Self {
        Self { channel: CHECKS_1H, delay_ms: 60 * 60_000, links }
    }

    pub(super) fn after_a_day(links: Arc<PaymentLinks>) -> Self {
        Self { channel: CHECKS_24H, delay_ms: 24 * 60 * 60_000, links }
    }
}

impl Channel for EndedLinks {
    type Effect = OrderCode;

    fn settings(&self) -> Settings {
        Settings {
            name: self.channel.name,
            rows: self.channel.rows,
            delay_ms: self.delay_ms,
            shoppers_wait: false,
            at_once: 8,
            retry_ms_max: 300_000,
            patience: Patience::MANY_TRIES,
        }
    }

    fn owed(&self, row: &LedgerRow) -> Option<OrderCode> {
        match &row.entry.fact {
            Fact::Sale(
                Event::OrderPaid { order, .. }
                | Event::OrderExpired { order, .. }
                | Event::OrderCancelled { order, .. },
            ) => Some(*order),
            _ => None,
        }
    }

    async fn deliver(&self, order: OrderCode) -> Result<Delivery> {
        self.links.check_ended(order).await
    }
}
