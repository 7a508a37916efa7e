//! What a row of the ledger says, in words.

use domain::{Canceller, Event, ExpiryReason, RefundReason, UnmatchedStep, Vnd};
use edge_protocol::{vietnam_money, vietnam_time};
use ledger::Fact;

pub(crate) fn words(fact: &Fact) -> String {
    match fact {
        Fact::Sale(event) => of_sale(event),
        Fact::ProductCreated(product) => format!("product {} created: {}", product.id, product.name),
        Fact::DropCreated(listing) => format!("drop {} created: {}", listing.slug, listing.product.name),
        Fact::PaymentUnmatched { payment, .. } => {
            format!("{} received that fits no order, reference {}", vnd(payment.amount), payment.identity.reference)
        }
        Fact::Unmatched { payment, step: UnmatchedStep::Assign { order } } => {
            format!("unmatched payment {payment} given to order {order}")
        }
        Fact::Unmatched { payment, step: UnmatchedStep::Dismiss { reason } } => {
            format!("unmatched payment {payment} dismissed: {reason}")
        }
        Fact::AnotherTransfer { payment, reason } => {
            format!("payment {payment} entered although its reference was known: {reason}")
        }
        Fact::RefundDestinationGiven { .. } => "account for refunds given".to_owned(),
        Fact::TokenRevoked { .. } => "a token of an operator revoked".to_owned(),
        Fact::ClockAccepted { step_ms } => format!("clock accepted, a step of {step_ms} ms"),
        Fact::OrderLinkAsked { .. } => "shopper asked for a mail with the order's address".to_owned(),
        Fact::MailStopped { reply, .. } => format!("mail server refused the address for good (SMTP {reply})"),
        Fact::MailAllowed { .. } => "mail to the address allowed again".to_owned(),
        Fact::DeliveryRetried { channel, row } => format!("{channel} tries row {row} again"),
        Fact::Endpoint { number, .. } => format!("{} (webhook {number})", named(fact)),
        Fact::RefundApproved { number, .. } => format!("payout of refund {number} approved"),
        Fact::Unmatched { payment, .. }
        | Fact::UnmatchedDestinationGiven { payment, .. }
        | Fact::UnmatchedRefundApproved { payment, .. } => format!("{} (payment {payment})", named(fact)),
        Fact::WebhookUnreadable { .. } | Fact::PayoutsPaused | Fact::PayoutsResumed => named(fact),
    }
}

fn of_sale(event: &Event) -> String {
    match event {
        Event::OrderPlaced { quantity, amount, pay_by, .. } => {
            format!("order placed: {quantity} for {}, to be paid by {}", vnd(*amount), vietnam_time::format(*pay_by))
        }
        Event::LinkAsked { pay_by, .. } => {
            format!("payment link asked for, to be paid by {}", vietnam_time::format(*pay_by))
        }
        Event::LinkConflict { .. } => "PayOS holds another link under this code".to_owned(),
        Event::LinkClosed { .. } => "payment link closed".to_owned(),
        Event::PaymentReceived { payment, applied, .. } => format!(
            "{} received, reference {}; {} of it counts for the order",
            vnd(payment.amount),
            payment.identity.reference,
            vnd(*applied)
        ),
        Event::PaymentSettled { identity, .. } => format!("payment {} seen at PayOS", identity.reference),
        Event::PaymentDisputed { payment, .. } => format!(
            "payment {} reported once more, with {}: it counts for nothing",
            payment.identity.reference,
            vnd(payment.amount)
        ),
        Event::PaymentReleased { identity, .. } => format!("payment {} given to another order", identity.reference),
        Event::OrderPaid { late: false, .. } => "order paid".to_owned(),
        Event::OrderPaid { late: true, .. } => "order paid after its hold had ended".to_owned(),
        Event::RefundDue { number, amount, reason, .. } => {
            format!("refund {number} of {} is due: {}", vnd(*amount), reason_words(*reason))
        }
        Event::RefundVoided { number, .. } => format!("refund {number} not needed any more"),
        Event::RefundBatched { number, batch, .. } => format!("refund {number} put on list {batch}"),
        Event::RefundPaying { number, attempt, .. } => format!("refund {number} is being paid out, attempt {attempt}"),
        Event::RefundDoubted { number, .. } => format!("payout of refund {number} is in doubt"),
        Event::RefundSent { number, bank_reference, .. } => {
            format!("refund {number} sent, bank reference {bank_reference}")
        }
        Event::RefundConfirmed { number, .. } => format!("refund {number} confirmed"),
        Event::RefundFailed { number, reason, .. } => format!("refund {number} failed and is due again: {reason}"),
        Event::HoldSettling { .. } => "time to pay is over; its link is not shown closed yet".to_owned(),
        Event::OrderExpired { reason: ExpiryReason::Unpaid, .. } => "order expired unpaid".to_owned(),
        Event::OrderExpired { reason: ExpiryReason::Superseded { by }, .. } => {
            format!("order expired: its customer paid order {by} instead")
        }
        Event::OrderExpired { reason: ExpiryReason::LinkConflict, .. } => {
            "order expired: PayOS holds another link under its code".to_owned()
        }
        Event::OrderCancelled { by: Canceller::Shopper, .. } => "order cancelled by its shopper".to_owned(),
        Event::OrderCancelled { by: Canceller::Operator, restock: true, .. } => "order cancelled".to_owned(),
        Event::OrderCancelled { by: Canceller::Operator, restock: false, .. } => {
            "order cancelled, its units not for sale again".to_owned()
        }
        Event::DropPaused | Event::DropResumed | Event::DropKilled | Event::LinkMade { .. } => {
            named(&Fact::Sale(event.clone()))
        }
    }
}

/// The kind of the row, where that says it all.
fn named(fact: &Fact) -> String {
    fact.kind().as_str().replace('_', " ")
}

fn vnd(amount: Vnd) -> String {
    format!("{} ₫", vietnam_money::grouped(amount))
}

fn reason_words(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::Overpaid => "more came than is owed",
        RefundReason::AlreadyPaid => "the order was paid already",
        RefundReason::HoldEnded => "the order had ended",
        RefundReason::Cancelled => "the order was cancelled",
        RefundReason::TooLate => "it came too late",
    }
}
