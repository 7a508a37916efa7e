//! Reads a link at PayOS after a webhook brought money through it: only a signed read settles a payment.

use std::sync::Arc;

use anyhow::Result;
use domain::{Event, OrderCode, Proof};
use ledger::{Fact, LedgerRow};

use super::channel::{Channel, Patience, Settings};
use crate::delivery::Delivery;
use crate::payos::PaymentLinks;
use crate::store::outbox::SETTLEMENTS;

pub(super) struct Settlements {
    links: Arc<PaymentLinks>,
}

impl Settlements {
    pub(super) fn new(links: Arc<PaymentLinks>) -> Self {
        Self { links }
    }
}

impl Channel for Settlements {
    type Effect = OrderCode;

    fn settings(&self) -> Settings {
        Settings {
            name: SETTLEMENTS.name,
            rows: SETTLEMENTS.rows,
            // PayOS may need a moment until a read shows what its webhook said.
            delay_ms: 2_000,
            shoppers_wait: false,
            at_once: 8,
            retry_ms_max: 300_000,
            patience: Patience::MANY_TRIES,
        }
    }

    fn owed(&self, row: &LedgerRow) -> Option<OrderCode> {
        match &row.entry.fact {
            Fact::Sale(Event::PaymentReceived { order, payment, .. }) if payment.proof == Proof::Webhook => {
                Some(*order)
            }
            _ => None,
        }
    }

    async fn deliver(&self, order: OrderCode) -> Result<Delivery> {
        self.links.settle(order).await
    }
}
