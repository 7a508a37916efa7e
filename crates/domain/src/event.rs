use crate::command::{LinkFacts, Payment};
use crate::doubt::Doubt;
use crate::ids::{BuyerCommit, Canceller, Jti, PaymentIdentity, PayoutCommit, Sid, Sub};
use crate::money::Vnd;
use crate::order_code::OrderCode;
use crate::region::Region;
use crate::timestamp::Timestamp;

/// Everything that can have happened to a drop after it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    DropPaused,
    DropResumed,
    DropKilled,
    OrderPlaced {
        order: OrderCode,
        sub: Sub,
        sid: Sid,
        jti: Jti,
        quantity: u32,
        amount: Vnd,
        region: Region,
        buyer_commit: BuyerCommit,
        pay_by: Timestamp,
    },
    LinkAsked {
        order: OrderCode,
        /// The later deadline that asking late gives the shopper.
        pay_by: Timestamp,
    },
    LinkMade {
        order: OrderCode,
        link: LinkFacts,
    },
    LinkConflict {
        order: OrderCode,
    },
    LinkClosed {
        order: OrderCode,
    },
    /// What of it counts towards the order at once; the rest is in the refunds that follow or, by the late rule, in the
    /// amount of the order it pays.
    PaymentReceived {
        order: OrderCode,
        payment: Payment,
        applied: Vnd,
    },
    /// The same transfer was seen in a signed reply.
    PaymentSettled {
        order: OrderCode,
        identity: PaymentIdentity,
    },
    /// A known transfer was reported with another amount; it is applied to nothing.
    PaymentDisputed {
        order: OrderCode,
        payment: Payment,
    },
    OrderPaid {
        order: OrderCode,
        sub: Sub,
        quantity: u32,
        /// Paid after its hold had ended, from stock or from a superseded hold.
        late: bool,
    },
    RefundDue {
        order: OrderCode,
        number: u32,
        amount: Vnd,
        reason: RefundReason,
    },
    /// The late rule used this money for the order after all.
    RefundVoided {
        order: OrderCode,
        number: u32,
    },
    RefundBatched {
        order: OrderCode,
        number: u32,
        batch: u64,
    },
    /// On disk before the provider is asked to pay it out.
    RefundPaying {
        order: OrderCode,
        number: u32,
        attempt: u32,
        payout: PayoutCommit,
    },
    RefundDoubted {
        order: OrderCode,
        number: u32,
        doubt: Doubt,
    },
    RefundSent {
        order: OrderCode,
        number: u32,
        bank_reference: String,
    },
    RefundConfirmed {
        order: OrderCode,
        number: u32,
    },
    /// It is due again.
    RefundFailed {
        order: OrderCode,
        number: u32,
        reason: String,
    },
    /// The payment and the refund it caused leave this order; the money goes to another one.
    PaymentReleased {
        order: OrderCode,
        identity: PaymentIdentity,
        refund: u32,
    },
    /// No signed reply shows the link closed yet: the unit stays held, and may return.
    HoldSettling {
        order: OrderCode,
    },
    OrderExpired {
        order: OrderCode,
        sub: Sub,
        reason: ExpiryReason,
    },
    OrderCancelled {
        order: OrderCode,
        sub: Sub,
        by: Canceller,
        quantity: u32,
        /// Whether the units of a paid order are for sale again; those of a pending one always are.
        restock: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiryReason {
    Unpaid,
    /// The customer paid this earlier order of theirs instead.
    Superseded {
        by: OrderCode,
    },
    LinkConflict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundReason {
    Overpaid,
    AlreadyPaid,
    HoldEnded,
    Cancelled,
    /// After the hold, and no unit could be claimed any more.
    TooLate,
}

impl Event {
    /// The order the event is about, if it is about one.
    pub fn order(&self) -> Option<OrderCode> {
        match self {
            Self::DropPaused | Self::DropResumed | Self::DropKilled => None,
            Self::OrderPlaced { order, .. }
            | Self::LinkAsked { order, .. }
            | Self::LinkMade { order, .. }
            | Self::LinkConflict { order }
            | Self::LinkClosed { order }
            | Self::PaymentReceived { order, .. }
            | Self::PaymentSettled { order, .. }
            | Self::PaymentDisputed { order, .. }
            | Self::OrderPaid { order, .. }
            | Self::RefundDue { order, .. }
            | Self::RefundVoided { order, .. }
            | Self::RefundBatched { order, .. }
            | Self::RefundPaying { order, .. }
            | Self::RefundDoubted { order, .. }
            | Self::RefundSent { order, .. }
            | Self::RefundConfirmed { order, .. }
            | Self::RefundFailed { order, .. }
            | Self::PaymentReleased { order, .. }
            | Self::HoldSettling { order }
            | Self::OrderExpired { order, .. }
            | Self::OrderCancelled { order, .. } => Some(*order),
        }
    }
}
