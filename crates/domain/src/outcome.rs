use crate::event::Event;
use crate::money::Vnd;
use crate::order_code::OrderCode;
use crate::timestamp::Timestamp;

/// The answer to a command and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub outcome: Outcome,
    /// Few by construction: a payment that supersedes another hold makes the most, and void refunds add one each.
    pub events: Vec<Event>,
}

impl Decision {
    pub(crate) fn nothing(outcome: Outcome) -> Self {
        Self { outcome, events: Vec::new() }
    }

    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self::nothing(Outcome::Refused(refusal))
    }

    pub(crate) fn done(events: Vec<Event>) -> Self {
        Self { outcome: Outcome::Done, events }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Placed(Receipt),
    /// The same token again: the order it made.
    Replayed(Receipt),
    /// Another token of the shopper who already holds a pending order of this quantity.
    Own(OrderCode),
    Refused(Refusal),
    Done,
    /// Already so; nothing was recorded.
    Unchanged,
}

/// The facts of an order that never change, so that a replay can be answered alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub order: OrderCode,
    pub quantity: u32,
    pub amount: Vnd,
    pub ordered_at: Timestamp,
}

/// Every refusal a caller can branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The token was used before, for something else.
    TokenReused,
    /// The shopper holds a pending order of another quantity.
    OrderPending,
    InvalidQuantity,
    Paused,
    NotOpenYet,
    Closed,
    LimitReached,
    SoldOut,
    /// Every unit is sold or held, and some held ones may return.
    HeldOut,
    InsufficientStock,
    OrderNotFound,
    NotYourOrder,
    OrderNotPending,
    /// The order needs no such step of a link; the outbox drops the effect.
    LinkNotOwed,
    /// The link shows money that is not recorded yet: record it first.
    PaymentsMissing,
    /// The hold has not ended yet.
    HoldRunning,
    /// The money came through a link that is not this order's.
    ForeignLink,
    /// The provider is asked to pay the refund out: what becomes of it is not known yet.
    PayoutUnderWay,
    /// The refund is not in a state from which this step leads on.
    RefundNotThere,
    /// Only money whose refund is due, whole, can be given to another order.
    NotReleasable,
    /// No refund of the order waits for a destination.
    NothingOwed,
    /// An order that ended without a sale has nothing left to cancel.
    OrderEnded,
    /// More transfers on one order than [`PAYMENTS_PER_ORDER_MAX`](crate::PAYMENTS_PER_ORDER_MAX).
    TooManyPayments,
}
