use crate::command::RefundStep;
use crate::event::Event;
use crate::ids::PaymentIdentity;
use crate::order::{OrderRecord, PaymentState, RefundState};
use crate::outcome::{Decision, Outcome, Refusal};

/// Moves a refund one step; a step repeated after it was taken changes nothing.
pub(super) fn step(order: &OrderRecord, number: u32, step: &RefundStep) -> Decision {
    let Some(refund) = order.refunds.iter().find(|refund| refund.number == number) else {
        return Decision::refused(Refusal::RefundNotThere);
    };
    let code = order.order;
    match (refund.state, step) {
        (RefundState::Due, RefundStep::Batch { batch }) => {
            Decision::done(vec![Event::RefundBatched { order: code, number, batch: *batch }])
        }
        (RefundState::Batched { .. }, RefundStep::Sent { bank_reference }) => {
            let bank_reference = bank_reference.clone();
            Decision::done(vec![Event::RefundSent { order: code, number, bank_reference }])
        }
        (RefundState::Sent { .. }, RefundStep::Confirm) => {
            Decision::done(vec![Event::RefundConfirmed { order: code, number }])
        }
        (RefundState::Batched { .. } | RefundState::Sent { .. }, RefundStep::Fail { reason }) => {
            Decision::done(vec![Event::RefundFailed { order: code, number, reason: reason.clone() }])
        }
        (RefundState::Sent { .. }, RefundStep::Sent { .. }) | (RefundState::Confirmed { .. }, RefundStep::Confirm) => {
            Decision::nothing(Outcome::Unchanged)
        }
        _ => Decision::refused(Refusal::RefundNotThere),
    }
}

/// Money can leave an order only while all of it is still ours and none of it is applied: its refund is due, and is of
/// this payment alone.
pub(super) fn release(order: &OrderRecord, identity: &PaymentIdentity) -> Decision {
    let payment =
        order.payments.iter().find(|payment| payment.identity == *identity && payment.state == PaymentState::Counted);
    let refund = payment.and_then(|payment| {
        order.refunds.iter().find(|refund| refund.state == RefundState::Due && refund.amount == payment.amount)
    });
    match refund {
        Some(refund) => Decision::done(vec![Event::PaymentReleased {
            order: order.order,
            identity: identity.clone(),
            refund: refund.number,
        }]),
        None => Decision::refused(Refusal::NotReleasable),
    }
}
