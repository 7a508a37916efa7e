//! The sale, pure: what may happen to a drop, its stock, its orders and their money.
//!
//! Nothing here reads a clock, touches a disk or a network, draws a random number or knows a serial form. Time, order
//! codes and secrets' results are arguments, so that the same rules run in the origin, in a simulation and in WASM.
//!
//! [`decide`] looks at one drop and at most one order and answers with an [`Outcome`] and the [`Event`]s that follow;
//! [`evolve`] is the only way state changes. A decision never reads two drops.

mod command;
mod customers;
mod decide;
mod doubt;
mod drop_state;
mod email;
mod event;
mod hex;
mod ids;
mod money;
mod order;
mod order_code;
mod outcome;
mod pending;
mod phase;
mod reference;
mod refund;
mod region;
mod replay;
mod sale_clock;
mod stock;
mod terms;
pub mod text;
mod timestamp;
mod unmatched;

pub use command::{BankTransferDetails, Command, LinkFacts, Payment, Proof, Purchase, RefundStep};
pub use customers::Customer;
pub use decide::{LINK_WINDOW_MS, PAYMENTS_PER_ORDER_MAX, decide, refused_without_stock};
pub use doubt::Doubt;
pub use drop_state::{DropState, DropStatus};
pub use email::{EMAIL_CHARS_MAX, is_email};
pub use event::{Event, ExpiryReason, RefundReason};
pub use ids::{BuyerCommit, Canceller, DropId, InvalidId, Jti, PaymentIdentity, PayoutCommit, Sid, Sub};
pub use money::{VND_MAX, Vnd};
pub use order::{Link, OrderRecord, OrderState, PaymentRecord, PaymentState};
pub use order_code::{OrderCode, SHORT_CODE_CHARS, base36};
pub use outcome::{Decision, Outcome, Receipt, Refusal};
pub use pending::Pending;
pub use phase::{Phase, phase};
pub use reference::{TRANSFER_DAYS_APART_MAX, could_be_one_transfer, reference_key, same_reference};
pub use refund::{Refund, RefundState, SentBy};
pub use region::Region;
pub use replay::{Impossible, could_be_created, could_follow};
pub use sale_clock::{CLOCK_STEP_MS, ClockNews, ClockReading, ClockStart, SaleClock};
pub use stock::Stock;
pub use terms::{
    Format, HOLD_GRACE_MS, HOLD_SECONDS_DEFAULT, HOLD_SECONDS_MAX, LATE_PAYMENT_SECONDS_DEFAULT,
    LIMIT_PER_CUSTOMER_MAX, PRICE_MAX, SETTLING_MS, SIZE_MAX, Terms, TermsError,
};
pub use timestamp::Timestamp;
pub use unmatched::{UnmatchedState, UnmatchedStep};

/// Applies one event to the drop and, where the event is about it, to the loaded order.
///
/// An [`Event::OrderPlaced`] makes the record. Events that name another order (a superseded hold) leave `order` as it
/// is: the caller applies them to that order's record with [`OrderRecord::evolve`] if it holds one.
pub fn evolve(state: &mut DropState, order: &mut Option<OrderRecord>, event: &Event, now: Timestamp) {
    state.evolve(event, now);
    match order {
        Some(record) => record.evolve(event, now),
        None => *order = OrderRecord::placed(state.id(), event, now),
    }
}

#[cfg(test)]
mod tests;
