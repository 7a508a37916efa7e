//! What the rows of the ledger owe to PayOS, and when.

use anyhow::Result;
use domain::{Event, Millis, OrderCode, Proof};

use crate::links::{LinkMaking, PaymentLinks};
use crate::store::{Fact, LedgerRow};

/// What came of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivered {
    /// Done, or not owed any more.
    Done,
    /// To be tried again, not before this long if the other side said so.
    Later { after_ms: Option<i64> },
    /// Done for now; owed again at this time.
    At(Millis),
}

/// Something owed because of a row of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    MakeLink(OrderCode),
    CloseLink(OrderCode),
    /// A webhook brought money: a signed read settles it.
    Settle(OrderCode),
    /// Money can arrive on a link after its order ended, and its webhook may never come.
    CheckEnded {
        order: OrderCode,
        ended_at: Millis,
    },
}

/// One reader of the ledger with its own cursor, so that checks never wait in front of links.
pub(crate) struct Kind {
    pub(super) name: &'static str,
    pub(super) at_once: usize,
    pub(super) retry_ms_max: i64,
    pub(super) owed: fn(&LedgerRow) -> Option<(Effect, Millis)>,
}

/// PayOS publishes no limits; this many calls at once make a few hundred links in seconds. A hold lives minutes: a
/// provider that comes back should find us asking within a fraction of that.
pub(crate) const PAYMENT_LINKS: Kind =
    Kind { name: "payment_links", at_once: 32, retry_ms_max: 20_000, owed: link_owed };

/// Nobody waits for these.
pub(crate) const LINK_CHECKS: Kind = Kind { name: "link_checks", at_once: 8, retry_ms_max: 300_000, owed: check_owed };

/// PayOS may need a moment until a read shows what its webhook said.
const SETTLE_AFTER_MS: i64 = 2_000;

/// When a link is read again after its order has ended: transfers between banks are late by minutes, hours or a day.
const CHECKS_AFTER_MS: [i64; 3] = [5 * 60_000, 60 * 60_000, 24 * 60 * 60_000];

fn link_owed(row: &LedgerRow) -> Option<(Effect, Millis)> {
    let effect = match sale(row)? {
        Event::OrderPlaced { order, .. } => Effect::MakeLink(*order),
        Event::OrderExpired { order, .. } | Event::OrderCancelled { order, .. } => Effect::CloseLink(*order),
        _ => return None,
    };
    Some((effect, row.at))
}

fn check_owed(row: &LedgerRow) -> Option<(Effect, Millis)> {
    match sale(row)? {
        Event::PaymentReceived { order, payment, .. } if payment.proof == Proof::Webhook => {
            Some((Effect::Settle(*order), row.at.plus_ms(SETTLE_AFTER_MS)))
        }
        Event::OrderPaid { order, .. } | Event::OrderExpired { order, .. } | Event::OrderCancelled { order, .. } => {
            Some((Effect::CheckEnded { order: *order, ended_at: row.at }, row.at.plus_ms(CHECKS_AFTER_MS[0])))
        }
        _ => None,
    }
}

fn sale(row: &LedgerRow) -> Option<&Event> {
    match &row.entry.fact {
        Fact::Sale(event) => Some(event),
        _ => None,
    }
}

const LATER: Delivered = Delivered::Later { after_ms: None };

impl Effect {
    pub(super) async fn deliver(self, links: &PaymentLinks) -> Result<Delivered> {
        let done = |done| if done { Delivered::Done } else { LATER };
        match self {
            Self::MakeLink(order) => Ok(match links.make_link(order).await? {
                LinkMaking::Done => Delivered::Done,
                LinkMaking::Later { after_ms } => Delivered::Later { after_ms },
            }),
            Self::CloseLink(order) => links.close_link(order).await.map(done),
            Self::Settle(order) => links.settle(order).await.map(done),
            Self::CheckEnded { order, ended_at } => {
                if links.read_again(order).await?.is_none() {
                    return Ok(LATER);
                }
                let now = links.clock.now();
                let next = CHECKS_AFTER_MS.iter().map(|after| ended_at.plus_ms(*after)).find(|at| *at > now);
                Ok(next.map_or(Delivered::Done, Delivered::At))
            }
        }
    }
}
