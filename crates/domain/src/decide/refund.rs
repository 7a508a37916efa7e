use crate::command::RefundStep;
use crate::event::Event;
use crate::ids::PaymentIdentity;
use crate::order::{OrderRecord, PaymentState};
use crate::order_code::OrderCode;
use crate::outcome::{Decision, Outcome, Refusal};
use crate::refund::RefundState;

/// Moves a refund one step; a step repeated after it was taken changes nothing.
pub(super) fn step(order: &OrderRecord, number: u32, step: &RefundStep) -> Decision {
    let Some(refund) = order.refunds.iter().find(|refund| refund.number == number) else {
        return Decision::refused(Refusal::RefundNotThere);
    };
    match refund.state.after(step) {
        Ok(Some(_)) => Decision::done(vec![event(order.order, number, step)]),
        Ok(None) => Decision::nothing(Outcome::Unchanged),
        Err(refusal) => Decision::refused(refusal),
    }
}

fn event(order: OrderCode, number: u32, step: &RefundStep) -> Event {
    match step.clone() {
        RefundStep::Batch { batch } => Event::RefundBatched { order, number, batch },
        RefundStep::Pay { attempt, payout } => Event::RefundPaying { order, number, attempt, payout },
        RefundStep::Doubt(doubt) => Event::RefundDoubted { order, number, doubt },
        RefundStep::Sent { bank_reference } => Event::RefundSent { order, number, bank_reference },
        RefundStep::Confirm => Event::RefundConfirmed { order, number },
        RefundStep::Fail { reason } => Event::RefundFailed { order, number, reason },
    }
}

/// A payment can leave an order only while none of it is applied and none of it was sent back: its refund is due, and is
/// of this payment alone.
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
