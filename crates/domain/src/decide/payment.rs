use crate::command::{Payment, Proof};
use crate::drop_state::DropState;
use crate::event::{Event, ExpiryReason, RefundReason};
use crate::money::Vnd;
use crate::order::{Link, OrderRecord, OrderState, PaymentRecord, PaymentState};
use crate::order_code::OrderCode;
use crate::outcome::{Decision, Outcome, Refusal};
use crate::reference::{could_be_one_transfer, same_reference};
use crate::refund::RefundState;
use crate::timestamp::Timestamp;

/// Transfers on one order. More are no accident of a shopper, and are kept apart as unmatched money.
pub const PAYMENTS_PER_ORDER_MAX: usize = 64;

/// Gives money that arrived exactly one outcome: applied, owed back, or neither because it was known already. What is
/// refused here belongs to no order: the caller keeps it as unmatched.
pub(super) fn decide(state: &DropState, order: &OrderRecord, now: Timestamp, payment: &Payment) -> Decision {
    let reports = order.payments.iter().filter(|known| known.identity == payment.identity);
    if let Some(same) = reports.clone().find(|known| known.amount == payment.amount) {
        let settles = payment.proof.settles() && !same.settled && same.state == PaymentState::Counted;
        return if settles {
            let identity = payment.identity.clone();
            Decision::done(vec![Event::PaymentSettled { order: order.order, identity }])
        } else {
            Decision::nothing(Outcome::Unchanged)
        };
    }
    if let Some(known) = same_on_statement(order, payment) {
        // Both reports are of one transfer: an operator looks at it, and no sum counts the money twice.
        return if known.identity.is_on_statement() {
            Decision::done(vec![Event::PaymentDisputed { order: order.order, payment: payment.clone() }])
        } else {
            Decision::nothing(Outcome::Unchanged)
        };
    }
    if is_foreign(&order.link, payment) {
        return Decision::refused(Refusal::ForeignLink);
    }
    if order.payments.len() >= PAYMENTS_PER_ORDER_MAX {
        return Decision::refused(Refusal::TooManyPayments);
    }
    if reports.count() > 0 {
        return Decision::done(vec![Event::PaymentDisputed { order: order.order, payment: payment.clone() }]);
    }
    Decision::done(match order.state {
        OrderState::Pending => pay_pending(order, payment),
        OrderState::Paid { .. } => owe_back(order, payment, RefundReason::AlreadyPaid),
        OrderState::Cancelled(_) | OrderState::Withdrawn => owe_back(order, payment, RefundReason::Cancelled),
        OrderState::Expired(_) => pay_late(state, order, now, payment),
    })
}

/// A transfer that an operator entered from a statement and the provider reports too, or the other way round.
fn same_on_statement<'a>(order: &'a OrderRecord, payment: &Payment) -> Option<&'a PaymentRecord> {
    let same_reference = || {
        order.payments.iter().filter(|known| {
            let (one, other) = (&known.identity.reference, &payment.identity.reference);
            let known_at = if known.paid_at.0 == 0 { known.recorded_at } else { known.paid_at };
            (one == other || same_reference(one, other)) && could_be_one_transfer(known_at, payment.paid_at)
        })
    };
    // A disputed report does not count here: no sum holds its money, and an operator may still give it to this order.
    let in_a_sum = same_reference().any(|known| known.state != PaymentState::Disputed);
    same_reference().find(|known| {
        in_a_sum
            && known.identity.is_on_statement() != payment.identity.is_on_statement()
            && known.amount == payment.amount
    })
}

/// Whether the money came through another link than the one Dropgate asked for. Until the provider has named that link,
/// each link under the order's code may be it.
fn is_foreign(link: &Link, payment: &Payment) -> bool {
    // An operator may give any money to an order: that is how unmatched money is assigned.
    if payment.proof == Proof::Operator {
        return false;
    }
    match link {
        Link::Conflict => true,
        Link::Made(made) | Link::Closed(Some(made)) => made.id != payment.identity.link,
        Link::NotAsked | Link::Asked | Link::Closed(None) => false,
    }
}

/// Keeps a report of money apart from every sum.
pub(super) fn dispute(order: &OrderRecord, payment: &Payment) -> Decision {
    if order.payments.iter().any(|known| known.identity == payment.identity && known.amount == payment.amount) {
        return Decision::nothing(Outcome::Unchanged);
    }
    if order.payments.len() >= PAYMENTS_PER_ORDER_MAX {
        return Decision::refused(Refusal::TooManyPayments);
    }
    Decision::done(vec![Event::PaymentDisputed { order: order.order, payment: payment.clone() }])
}

fn pay_pending(order: &OrderRecord, payment: &Payment) -> Vec<Event> {
    let applied = payment.amount.min(order.owed());
    let mut events = vec![received(order, payment, applied)];
    if applied == order.owed() {
        events.push(paid(order, false));
    }
    events.extend(refund(order, payment.amount - applied, RefundReason::Overpaid));
    events
}

fn owe_back(order: &OrderRecord, payment: &Payment, reason: RefundReason) -> Vec<Event> {
    let mut events = vec![received(order, payment, Vnd::ZERO)];
    events.extend(refund(order, payment.amount, reason));
    events
}

/// The late rule: what came after the hold, with what of earlier money has not been sent back yet, still buys the
/// units if some can be claimed in time.
fn pay_late(state: &DropState, order: &OrderRecord, now: Timestamp, payment: &Payment) -> Vec<Event> {
    let pool = payment.amount + order.refunds_due();
    let late_until = order.ended_at.map(|ended_at| ended_at.plus_seconds(state.terms().late_payment_seconds));
    let in_time = late_until.is_some_and(|late_until| now <= late_until);
    let alive = !state.status().is_killed();
    let claim = if pool >= order.amount && in_time && alive { claim(state, order) } else { None };
    let Some(claim) = claim else {
        return owe_back(order, payment, RefundReason::TooLate);
    };
    let mut events = vec![received(order, payment, Vnd::ZERO)];
    for due in order.refunds.iter().filter(|refund| refund.state == RefundState::Due) {
        events.push(Event::RefundVoided { order: order.order, number: due.number });
    }
    if let Claim::Superseding(pending) = claim {
        let reason = ExpiryReason::Superseded { by: order.order };
        events.push(Event::OrderExpired { order: pending, sub: order.sub, reason });
    }
    events.push(paid(order, true));
    events.extend(refund(order, pool - order.amount, RefundReason::Overpaid));
    events
}

enum Claim {
    FromStock,
    Superseding(OrderCode),
}

fn claim(state: &DropState, order: &OrderRecord) -> Option<Claim> {
    let within_limit = state.units_of(order.sub) + order.quantity <= state.terms().limit_per_customer;
    if state.stock().available >= order.quantity && within_limit {
        return Some(Claim::FromStock);
    }
    let pending = state.pending(state.customer(order.sub).pending?)?;
    let exchangeable = pending.quantity == order.quantity && !pending.money_applied;
    exchangeable.then_some(Claim::Superseding(pending.order))
}

fn received(order: &OrderRecord, payment: &Payment, applied: Vnd) -> Event {
    Event::PaymentReceived { order: order.order, payment: payment.clone(), applied }
}

fn paid(order: &OrderRecord, late: bool) -> Event {
    Event::OrderPaid { order: order.order, sub: order.sub, quantity: order.quantity, late }
}

fn refund(order: &OrderRecord, amount: Vnd, reason: RefundReason) -> Option<Event> {
    (!amount.is_zero()).then(|| Event::RefundDue { order: order.order, number: order.next_refund(), amount, reason })
}
