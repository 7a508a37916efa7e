use domain::{Event, OrderCode, Payment, PaymentIdentity, Timestamp, Vnd, could_be_one_transfer};
use ledger::Fact;

/// The code of money that an operator enters without one.
pub const NO_ORDER: OrderCode = OrderCode(0);

/// A payment that the ledger has, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPayment {
    /// The ledger row that recorded it.
    pub seq: i64,
    pub order: OrderCode,
    pub identity: PaymentIdentity,
    pub amount: Vnd,
    /// When it was made; when it was recorded, if its own time could not be read.
    pub at: Timestamp,
}

impl KnownPayment {
    pub fn new(seq: i64, order: OrderCode, payment: &Payment, recorded_at: Timestamp) -> Self {
        let Payment { identity, amount, paid_at, .. } = payment;
        let at = if paid_at.0 == 0 { recorded_at } else { *paid_at };
        Self { seq, order, identity: identity.clone(), amount: *amount, at }
    }

    /// The payment that the row `seq` records, if it records one.
    pub fn of_fact(seq: i64, recorded_at: Timestamp, fact: &Fact) -> Option<Self> {
        match fact {
            Fact::PaymentUnmatched { order, payment }
            | Fact::Sale(Event::PaymentReceived { order, payment, .. } | Event::PaymentDisputed { order, payment }) => {
                Some(Self::new(seq, *order, payment, recorded_at))
            }
            _ => None,
        }
    }

    /// Whether `payment`, which has the same reference, tells of it again: an operator has entered it for this day, or
    /// it is this order's.
    pub(crate) fn is_told_again(&self, order: OrderCode, payment: &Payment) -> bool {
        let same_day = self.at.day_in_vietnam() == payment.paid_at.day_in_vietnam();
        let same_order = order != NO_ORDER && self.order == order && could_be_one_transfer(self.at, payment.paid_at);
        self.amount == payment.amount && (self.identity.is_on_statement() && same_day || same_order)
    }
}
