//! What shoppers were told, and how long anybody may wait.

use domain::{OrderCode, Outcome, Purchase, Receipt, Refusal};

use super::{GRACE_MS, Oracle, SETTLING_MS};
use crate::shopper::Token;

/// The timer looks at least once a minute, a call to PayOS may take ten seconds, and a process needs a moment to start.
const TIMER_MS: i64 = 90_000;

pub(super) struct Asked {
    purchase: Purchase,
    token: Token,
}

impl Oracle {
    pub(crate) fn asks(&mut self, shopper: usize, purchase: &Purchase, token: Token) {
        self.asked.insert(shopper, Asked { purchase: purchase.clone(), token });
    }

    pub(crate) fn hears(&mut self, shopper: usize, outcome: &Outcome) {
        let Asked { purchase, token } = self.asked.remove(&shopper).expect("answered without having asked");
        match outcome {
            Outcome::Placed(receipt) | Outcome::Replayed(receipt) => {
                self.check_own(receipt.order, &purchase);
                self.check_receipt(receipt);
                let told = self.promised.insert(receipt.order, *receipt);
                assert!(told.is_none_or(|told| told == *receipt), "one token, two receipts: {told:?}, {receipt:?}");
            }
            Outcome::Own(order) => self.check_own(*order, &purchase),
            Outcome::Refused(_) | Outcome::Done | Outcome::Unchanged => {}
        }
        // Set clocks may make the origin forget a token early: it then answers as to a new one.
        let made = self.by_token.get(&token.jti).filter(|_| token.minted_at > self.clock_stepped_at);
        if let Some(order) = made {
            let same = self.lines[order].quantity == purchase.quantity;
            match outcome {
                Outcome::Placed(receipt) | Outcome::Replayed(receipt) => assert!(same && receipt.order == *order),
                Outcome::Refused(Refusal::TokenReused) => assert!(!same, "a purchase said twice was refused"),
                other => panic!("the token of order {order} was answered {other:?}"),
            }
        }
    }

    /// An order is shown only to the browser that made it, and for what it asked.
    fn check_own(&self, order: OrderCode, purchase: &Purchase) {
        let line = &self.lines[&order];
        assert_eq!(line.sub, purchase.sub, "order {order} was shown to another customer");
        assert_eq!(line.sid, purchase.sid, "order {order} was shown to another browser");
        assert_eq!(line.quantity, purchase.quantity, "order {order} is of another quantity");
    }

    fn check_receipt(&self, receipt: &Receipt) {
        let line = &self.lines[&receipt.order];
        let told = (receipt.quantity, receipt.amount.get(), receipt.ordered_at.0);
        assert_eq!(told, (line.quantity, line.amount, line.ordered_at), "order {}", receipt.order);
    }

    /// Whatever PayOS does or does not say, a unit comes back in the end.
    pub(crate) fn check_deadlines(&self, wall: i64, now: i64, started_at: i64) {
        if now - started_at.max(self.clock_stepped_at) < TIMER_MS {
            return;
        }
        for order in &self.pending {
            let latest = self.lines[order].pay_by + GRACE_MS + SETTLING_MS + TIMER_MS;
            assert!(wall <= latest, "order {order} is held {} ms too long", wall - latest);
        }
    }
}
