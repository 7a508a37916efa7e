use crate::event::{Event, ExpiryReason, RefundReason};
use crate::ids::{Canceller, Sid};
use crate::order::{Link, OrderRecord, OrderState};
use crate::outcome::{Decision, Outcome, Refusal};
use crate::terms::{HOLD_GRACE_MS, SETTLING_MS};
use crate::timestamp::Timestamp;

/// Ends the hold when its time has come and its money is known, or when it has been unknown for long enough.
pub(super) fn end(order: &OrderRecord, now: Timestamp) -> Decision {
    if order.state != OrderState::Pending {
        return Decision::nothing(Outcome::Unchanged);
    }
    let ends_at = order.pay_by.plus_ms(HOLD_GRACE_MS);
    if now < ends_at {
        return Decision::refused(Refusal::HoldRunning);
    }
    let money_known = match order.link {
        Link::NotAsked | Link::Closed(_) | Link::Conflict => true,
        Link::Asked | Link::Made(_) => false,
    };
    if money_known || now >= ends_at.plus_ms(SETTLING_MS) {
        return Decision::done(expire(order, ExpiryReason::Unpaid));
    }
    if order.settling {
        return Decision::nothing(Outcome::Unchanged);
    }
    Decision::done(vec![Event::HoldSettling { order: order.order }])
}

pub(super) fn expire(order: &OrderRecord, reason: ExpiryReason) -> Vec<Event> {
    let mut events = vec![Event::OrderExpired { order: order.order, sub: order.sub, reason }];
    events.extend(give_back(order, RefundReason::HoldEnded));
    events
}

/// Only the browser that bought may give the units back: the buyer may have forwarded the order key.
pub(super) fn cancel(order: &OrderRecord, sid: Sid) -> Decision {
    if order.sid != sid {
        return Decision::refused(Refusal::NotYourOrder);
    }
    match order.state {
        OrderState::Cancelled(Canceller::Shopper) => Decision::nothing(Outcome::Unchanged),
        OrderState::Pending => cancelled(order, Canceller::Shopper, true),
        OrderState::Paid { .. }
        | OrderState::Expired(_)
        | OrderState::Cancelled(Canceller::Operator)
        | OrderState::Withdrawn => Decision::refused(Refusal::OrderNotPending),
    }
}

/// An operator may end a sale too: its money is owed back, its units are for sale again or gone with it.
pub(super) fn cancel_by_operator(order: &OrderRecord, restock: bool) -> Decision {
    match order.state {
        OrderState::Pending => cancelled(order, Canceller::Operator, true),
        OrderState::Paid { .. } => cancelled(order, Canceller::Operator, restock),
        OrderState::Cancelled(Canceller::Operator) | OrderState::Withdrawn => Decision::nothing(Outcome::Unchanged),
        OrderState::Expired(_) | OrderState::Cancelled(Canceller::Shopper) => Decision::refused(Refusal::OrderEnded),
    }
}

fn cancelled(order: &OrderRecord, by: Canceller, restock: bool) -> Decision {
    let OrderRecord { order: code, sub, quantity, .. } = *order;
    let mut events = vec![Event::OrderCancelled { order: code, sub, by, quantity, restock }];
    events.extend(give_back(order, RefundReason::Cancelled));
    Decision::done(events)
}

/// What had been applied to an order that ends without a sale is owed back.
fn give_back(order: &OrderRecord, reason: RefundReason) -> Option<Event> {
    (!order.applied.is_zero()).then(|| Event::RefundDue {
        order: order.order,
        number: order.next_refund(),
        amount: order.applied,
        reason,
    })
}
