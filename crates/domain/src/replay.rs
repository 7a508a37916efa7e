//! Whether what a file says can be applied. [`evolve`](crate::evolve) asserts what [`decide`](crate::decide) guarantees,
//! and a file that was changed guarantees nothing. What replays a ledger asks here first, and never panics.

use std::fmt;

use crate::command::RefundStep;
use crate::customers::CODE_BITS;
use crate::drop_state::DropState;
use crate::event::Event;
use crate::ids::PaymentIdentity;
use crate::order::{OrderRecord, OrderState, PaymentState};
use crate::pending::TIME_BITS;
use crate::refund::{Refund, RefundState};
use crate::terms::{LIMIT_PER_CUSTOMER_MAX, Terms};
use crate::timestamp::Timestamp;

/// So much money that sums of a few such amounts still fit.
const RECEIVED_MAX: i64 = i64::MAX / 4;

/// Why a row cannot have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impossible(pub &'static str);

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Impossible {}

/// Whether a drop can have these terms.
pub fn could_be_created(terms: &Terms) -> Result<(), Impossible> {
    require(terms.clone().check().is_ok(), "no drop has these terms")?;
    require(is_moment(terms.opens_at) && terms.closes_at.is_none_or(is_moment), "no drop has these times")
}

/// Whether the event can follow in this state. `order` is the order that it names; an order is placed only once.
pub fn could_follow(
    state: &DropState,
    order: Option<&OrderRecord>,
    event: &Event,
    now: Timestamp,
) -> Result<(), Impossible> {
    require(is_moment(now), "it was written at no time of a sale")?;
    match event {
        Event::DropPaused | Event::DropResumed | Event::DropKilled => {
            require(!state.status().is_killed(), "its drop was killed before")
        }
        Event::OrderPlaced { order: code, quantity, pay_by, .. } => {
            require(order.is_none(), "its order was placed before")?;
            require(is_moment(*pay_by), "its pay_by is no time of a sale")?;
            require(code.0 >> CODE_BITS == 0, "no order has its code")?;
            require((1..=LIMIT_PER_CUSTOMER_MAX).contains(quantity), "no order has its quantity")?;
            require(*quantity <= state.stock().available, "its units were not available")
        }
        _ => {
            let order = order.ok_or(Impossible("its order was never placed"))?;
            require(order.drop == state.id(), "its order is of another drop")?;
            match event {
                Event::OrderPaid { .. } | Event::OrderExpired { .. } | Event::OrderCancelled { .. } => {
                    could_move_units(state, order, event)
                }
                _ => could_happen(order, event),
            }
        }
    }
}

/// Events that move an order's units.
fn could_move_units(state: &DropState, order: &OrderRecord, event: &Event) -> Result<(), Impossible> {
    let (sub, quantity) = match event {
        Event::OrderPaid { sub, quantity, .. } | Event::OrderCancelled { sub, quantity, .. } => (*sub, *quantity),
        Event::OrderExpired { sub, .. } => (*sub, order.quantity),
        _ => return Ok(()),
    };
    require((sub, quantity) == (order.sub, order.quantity), "its order is of another customer or quantity")?;
    let stock = state.stock();
    let pending = state.pending(order.order);
    require(pending.is_some() == (order.state == OrderState::Pending), "its order has another state in its drop")?;
    let units = match (event, pending) {
        (_, Some(_)) => stock.held,
        (Event::OrderPaid { late: true, .. }, None) if matches!(order.state, OrderState::Expired(_)) => stock.available,
        (Event::OrderCancelled { .. }, None) if matches!(order.state, OrderState::Paid { .. }) => stock.sold,
        _ => return Err(Impossible("its order has ended otherwise")),
    };
    require(quantity <= units, "its units are not there")?;
    let bought = state.customer(sub).bought;
    let buys = matches!(event, Event::OrderPaid { .. });
    require(!buys || bought.saturating_add(quantity) <= LIMIT_PER_CUSTOMER_MAX, "its customer bought too much")
}

/// Events of an order's link and money.
fn could_happen(order: &OrderRecord, event: &Event) -> Result<(), Impossible> {
    match event {
        Event::LinkAsked { pay_by, .. } => require(is_moment(*pay_by), "its pay_by is no time of a sale"),
        Event::PaymentReceived { payment, applied, .. } => {
            let received = order.received().get().checked_add(payment.amount.get());
            require(received.is_some_and(|received| received <= RECEIVED_MAX), "its order received too much")?;
            require(*applied <= payment.amount && *applied <= order.owed(), "it applies more than there is")
        }
        Event::PaymentSettled { identity, .. } => has_counted(order, identity),
        Event::PaymentReleased { identity, refund, .. } => {
            has_counted(order, identity)?;
            has_refund(order, *refund, |state| state == RefundState::Due)
        }
        Event::RefundDue { number, amount, .. } => {
            let next = order.refunds.last().map_or(Some(1), |refund| refund.number.checked_add(1));
            require(next == Some(*number), "its refund is not the next one")?;
            let live = |refund: &&Refund| refund.state != RefundState::Void;
            let before: i64 = order.refunds.iter().filter(live).map(|refund| refund.amount.get()).sum();
            require(amount.get() <= order.received().get() - before, "it owes back more than was received")
        }
        Event::RefundVoided { number, .. }
        | Event::RefundBatched { number, .. }
        | Event::RefundPaying { number, .. } => has_refund(order, *number, |state| state == RefundState::Due),
        Event::RefundDoubted { number, doubt, .. } => {
            has_refund(order, *number, |state| matches!(state.after(&RefundStep::Doubt(*doubt)), Ok(Some(_))))
        }
        Event::RefundSent { number, .. } => has_refund(order, *number, |state| {
            matches!(state, RefundState::Batched { .. } | RefundState::Paying { .. } | RefundState::Doubted { .. })
        }),
        Event::RefundConfirmed { number, .. } => {
            has_refund(order, *number, |state| matches!(state, RefundState::Sent { .. }))
        }
        Event::RefundFailed { number, .. } => has_refund(order, *number, |state| {
            !matches!(state, RefundState::Due | RefundState::Void | RefundState::Confirmed { .. })
        }),
        _ => Ok(()),
    }
}

fn has_counted(order: &OrderRecord, identity: &PaymentIdentity) -> Result<(), Impossible> {
    let counted =
        order.payments.iter().any(|payment| payment.identity == *identity && payment.state == PaymentState::Counted);
    require(counted, "its payment is not counted for the order")
}

fn has_refund(order: &OrderRecord, number: u32, fits: impl Fn(RefundState) -> bool) -> Result<(), Impossible> {
    let found = order.refunds.iter().any(|refund| refund.number == number && fits(refund.state));
    require(found, "its refund is in another state, or there is none")
}

fn is_moment(at: Timestamp) -> bool {
    at.0 >= 0 && at.0 >> TIME_BITS == 0
}

fn require(holds: bool, otherwise: &'static str) -> Result<(), Impossible> {
    if holds { Ok(()) } else { Err(Impossible(otherwise)) }
}
