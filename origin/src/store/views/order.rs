//! What the view keeps of an order.

use domain::{OrderRecord, OrderState, RefundState, Vnd};
use engine::{Buyer, StoredOrder};

use super::fold::words;

/// An order as it is searched and counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SeenOrder {
    pub state: &'static str,
    pub money: Money,
    pub buyer: SeenBuyer,
}

/// The money of a paid order. Any other order brought the shop none: it is all owed back, or still to be decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Money {
    /// What came in for it.
    pub gross: i64,
    /// What of that is owed back or was sent back.
    pub refunded: i64,
}

/// Nothing after an erasure.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct SeenBuyer {
    pub phone: Option<String>,
    pub email: Option<String>,
    /// Its words, folded.
    pub name: Option<String>,
}

impl SeenOrder {
    pub(super) fn of(stored: &StoredOrder) -> Self {
        let buyer = stored.buyer.as_ref().map(|(_, buyer)| SeenBuyer::of(buyer)).unwrap_or_default();
        Self { state: stored.record.state.as_str(), money: Money::of(&stored.record), buyer }
    }
}

impl Money {
    pub(super) fn of(record: &OrderRecord) -> Self {
        if !matches!(record.state, OrderState::Paid { .. }) {
            return Self::default();
        }
        let live = record.refunds.iter().filter(|refund| refund.state != RefundState::Void);
        let refunded: Vnd = live.map(|refund| refund.amount).sum();
        Self { gross: record.received().get(), refunded: refunded.get() }
    }
}

impl SeenBuyer {
    fn of(buyer: &Buyer) -> Self {
        let email = Some(email_key(&buyer.email)).filter(|email| !email.is_empty());
        let name = Some(words(&buyer.name).join(" ")).filter(|name| !name.is_empty());
        Self { phone: Some(buyer.phone.clone()), email, name }
    }
}

impl std::fmt::Debug for SeenBuyer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SeenBuyer(…)")
    }
}

/// Mail servers take an address in any case, and people type it so.
pub(crate) fn email_key(email: &str) -> String {
    email.to_lowercase()
}
