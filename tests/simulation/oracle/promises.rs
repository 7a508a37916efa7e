//! What the origin told shoppers, and how long a unit may be held.

use domain::{OrderCode, Purchase, Receipt, Refusal};
use engine::{Acceptance, Buyer, PurchaseRefused, PurchaseReply};

use super::{GRACE_MS, Oracle, SETTLING_MS};
use crate::shopper::Token;

/// The timer looks at least once a minute, a call to PayOS may take ten seconds, and a process needs a moment to start.
const TIMER_MS: i64 = 90_000;

pub(super) struct Asked {
    purchase: Purchase,
    buyer: Buyer,
    token: Token,
}

impl Oracle {
    pub(crate) fn asks(&mut self, shopper: usize, purchase: &Purchase, buyer: &Buyer, token: Token) {
        self.committed.insert(purchase.buyer_commit.0, buyer.clone());
        self.asked.insert(shopper, Asked { purchase: purchase.clone(), buyer: buyer.clone(), token });
    }

    pub(crate) fn hears(&mut self, shopper: usize, reply: &PurchaseReply) {
        let Asked { purchase, buyer, token } = self.asked.remove(&shopper).expect("answered without having asked");
        if let Ok(accepted) = reply {
            let receipt = accepted.receipt;
            self.assert_own(receipt.order, &purchase);
            self.assert_receipt(&receipt);
            let told = self.promised.insert(receipt.order, receipt);
            assert!(told.is_none_or(|told| told == receipt), "one order, two receipts: {told:?}, {receipt:?}");
        }
        // When the sale's time jumps the origin may forget a token early: it then answers as to a new one.
        let made = self.by_token.get(&token.jti).filter(|_| token.minted_at > self.time.jumped_at);
        if let Some(order) = made {
            let same = self.lines[order].quantity == purchase.quantity && self.bought_by[order] == buyer;
            match reply {
                Ok(accepted) if accepted.acceptance != Acceptance::Resumed => {
                    assert!(same && accepted.receipt.order == *order)
                }
                Err(PurchaseRefused::ByTheRules(Refusal::TokenReused)) => {
                    assert!(!same, "a purchase repeated as it was is refused");
                }
                other => panic!("the token of order {order} was answered {other:?}"),
            }
        }
    }

    /// An order is shown only to the browser that made it, and for what it asked.
    fn assert_own(&self, order: OrderCode, purchase: &Purchase) {
        let line = &self.lines[&order];
        assert_eq!(line.sub, purchase.sub, "order {order} was shown to another customer");
        assert_eq!(line.sid, purchase.sid, "order {order} was shown to another browser");
        assert_eq!(line.quantity, purchase.quantity, "order {order} is of another quantity");
    }

    fn assert_receipt(&self, receipt: &Receipt) {
        let line = &self.lines[&receipt.order];
        let told = (receipt.quantity, receipt.amount.get(), receipt.ordered_at.0);
        assert_eq!(told, (line.quantity, line.amount, line.ordered_at), "order {}", receipt.order);
    }

    /// Whatever PayOS does or does not say, a unit comes back in the end.
    pub(crate) fn assert_deadlines(&self, sale_now: i64, now: i64, started_at: i64) {
        if now - started_at.max(self.time.jumped_at) < TIMER_MS {
            return;
        }
        for order in &self.pending {
            let latest = self.lines[order].pay_by + GRACE_MS + SETTLING_MS + TIMER_MS;
            assert!(sale_now <= latest, "order {order} is held {} ms too long", sale_now - latest);
        }
    }
}
