//! Reads the link of an order again after the order has ended: transfers between banks are late by minutes, hours or a
//! day, and the webhook of a late one may never come.

use std::sync::Arc;

use anyhow::Result;
use domain::{Event, OrderCode};
use ledger::{Fact, LedgerRow, RowKind};

use super::channel::{Channel, Settings};
use crate::delivery::Delivery;
use crate::payos::PaymentLinks;

pub(super) struct EndedLinks {
    name: &'static str,
    delay_ms: i64,
    links: Arc<PaymentLinks>,
}

impl EndedLinks {
    pub(super) fn after_five_minutes(links: Arc<PaymentLinks>) -> Self {
        Self { name: "checks_5m", delay_ms: 5 * 60_000, links }
    }

    pub(super) fn after_an_hour(links: Arc<PaymentLinks>) -> Self {
        Self { name: "checks_1h", delay_ms: 60 * 60_000, links }
    }

    pub(super) fn after_a_day(links: Arc<PaymentLinks>) -> Self {
        Self { name: "checks_24h", delay_ms: 24 * 60 * 60_000, links }
    }
}

impl Channel for EndedLinks {
    type Effect = OrderCode;

    fn settings(&self) -> Settings {
        Settings {
            name: self.name,
            rows: &[RowKind::OrderPaid, RowKind::OrderExpired, RowKind::OrderCancelled],
            delay_ms: self.delay_ms,
            at_once: 8,
            retry_ms_max: 300_000,
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
