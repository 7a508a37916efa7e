//! What the rows of the ledger owe to PayOS, and when.

use anyhow::Result;
use domain::{Event, OrderCode, Proof, Timestamp};

use crate::delivery::Delivery;
use crate::payos::PaymentLinks;
use crate::store::{Fact, LedgerRow};

/// Something owed because of a row of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    MakeLink(OrderCode),
    CloseLink(OrderCode),
    /// A webhook brought money: a signed read settles it.
    Settle(OrderCode),
    /// Money can arrive on a link after its order ended, and its webhook may never come.
    CheckEnded(OrderCode),
}

/// One reader of the ledger with its own cursor, so that what can wait never stands in front of what cannot. Rows become
/// due in their order, a fixed time after they were written: what is not due yet is kept nowhere but in the ledger.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The kinds of rows that owe it something; others are not even decoded.
    pub(super) rows: &'static [&'static str],
    pub(super) owed: fn(&Event) -> Option<Effect>,
    pub(super) after_ms: i64,
    pub(super) at_once: usize,
    pub(super) retry_ms_max: i64,
}

/// When a link is read again after its order has ended: transfers between banks are late by minutes, hours or a day.
const CHECKS_AFTER: [(&str, i64); 3] =
    [("checks_5m", 5 * 60_000), ("checks_1h", 60 * 60_000), ("checks_24h", 24 * 60 * 60_000)];

const fn check(index: usize) -> Kind {
    let (name, after_ms) = CHECKS_AFTER[index];
    let rows = &["order_paid", "order_expired", "order_cancelled"];
    Kind { name, rows, owed: check_owed, after_ms, at_once: 8, retry_ms_max: 300_000 }
}

pub(crate) static KINDS: [Kind; 5] = [
    // PayOS publishes no limits; this many calls at once make a few hundred links in seconds. A hold lives minutes: a
    // provider that comes back should find us asking within a fraction of that.
    Kind {
        name: "payment_links",
        rows: &["order_placed", "order_expired", "order_cancelled"],
        owed: link_owed,
        after_ms: 0,
        at_once: 32,
        retry_ms_max: 20_000,
    },
    // PayOS may need a moment until a read shows what its webhook said.
    Kind {
        name: "settlements",
        rows: &["payment_received"],
        owed: settlement_owed,
        after_ms: 2_000,
        at_once: 8,
        retry_ms_max: 300_000,
    },
    check(0),
    check(1),
    check(2),
];

fn link_owed(event: &Event) -> Option<Effect> {
    match event {
        Event::OrderPlaced { order, .. } => Some(Effect::MakeLink(*order)),
        Event::OrderExpired { order, .. } | Event::OrderCancelled { order, .. } => Some(Effect::CloseLink(*order)),
        _ => None,
    }
}

fn settlement_owed(event: &Event) -> Option<Effect> {
    match event {
        Event::PaymentReceived { order, payment, .. } if payment.proof == Proof::Webhook => {
            Some(Effect::Settle(*order))
        }
        _ => None,
    }
}

fn check_owed(event: &Event) -> Option<Effect> {
    match event {
        Event::OrderPaid { order, .. } | Event::OrderExpired { order, .. } | Event::OrderCancelled { order, .. } => {
            Some(Effect::CheckEnded(*order))
        }
        _ => None,
    }
}

impl Kind {
    /// What the row owes, and when.
    pub(super) fn owed(&self, row: &LedgerRow) -> Option<(Effect, Timestamp)> {
        match &row.entry.fact {
            Fact::Sale(event) => (self.owed)(event).map(|effect| (effect, row.at.plus_ms(self.after_ms))),
            _ => None,
        }
    }
}

impl Effect {
    pub(super) async fn deliver(self, links: &PaymentLinks) -> Result<Delivery> {
        match self {
            Self::MakeLink(order) => links.make_link(order).await,
            Self::CloseLink(order) => links.close_link(order).await,
            Self::Settle(order) => links.settle(order).await,
            Self::CheckEnded(order) => links.check_ended(order).await,
        }
    }
}
