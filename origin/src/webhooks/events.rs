//! The events that an endpoint can ask for, and the rows of the ledger that they come from.

use domain::{DropId, Event, OrderCode, RefundStep, UnmatchedStep};
use engine::RefundId;
use ledger::{Entry, Fact};

const EVENTS: [&str; 17] = [
    "order.placed",
    "order.paid",
    "order.settled",
    "order.expired",
    "order.cancelled",
    "refund.due",
    "refund.batched",
    "refund.paying",
    "refund.doubted",
    "refund.sent",
    "refund.confirmed",
    "refund.failed",
    "refund.voided",
    "drop.created",
    "drop.paused",
    "drop.resumed",
    "drop.killed",
];

const PATTERNS: [&str; 4] = ["*", "order.*", "refund.*", "drop.*"];

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Order(OrderCode),
    /// The order, if the event's row settled the last of its money.
    SettledOrder(OrderCode),
    Refund(RefundId),
    Drop(DropId),
}

/// Whether an endpoint can ask for this: an event's name, or a pattern.
pub(crate) fn is_pattern(text: &str) -> bool {
    EVENTS.contains(&text) || PATTERNS.contains(&text)
}

pub(crate) fn wants(patterns: &[String], event: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => event.starts_with(beginning),
        None => pattern == event,
    })
}

/// The event that a row of the ledger is to the merchant, if it is one.
pub(crate) fn event_of(entry: &Entry) -> Option<(&'static str, About)> {
    match &entry.fact {
        Fact::Sale(event) => of_sale(event, entry.drop),
        Fact::DropCreated(listing) => Some(("drop.created", About::Drop(listing.terms.drop))),
        Fact::Unmatched { payment, step } => {
            let event = match step {
                UnmatchedStep::OweBack => "refund.due",
                UnmatchedStep::Refund(RefundStep::Batch { .. }) => "refund.batched",
                UnmatchedStep::Refund(RefundStep::Pay { .. }) => "refund.paying",
                UnmatchedStep::Refund(RefundStep::Doubt(_)) => "refund.doubted",
                UnmatchedStep::Refund(RefundStep::Sent { .. }) => "refund.sent",
                UnmatchedStep::Refund(RefundStep::Confirm) => "refund.confirmed",
                UnmatchedStep::Refund(RefundStep::Fail { .. }) => "refund.failed",
                UnmatchedStep::Assign { .. } | UnmatchedStep::Dismiss { .. } => return None,
            };
            Some((event, About::Refund(RefundId::Unmatched(*payment))))
        }
        _ => None,
    }
}

fn of_sale(event: &Event, drop: Option<DropId>) -> Option<(&'static str, About)> {
    let refund = |order: &OrderCode, number: &u32| About::Refund(RefundId::Order(*order, *number));
    Some(match event {
        Event::OrderPlaced { order, .. } => ("order.placed", About::Order(*order)),
        Event::OrderPaid { order, .. } => ("order.paid", About::Order(*order)),
        Event::PaymentSettled { order, .. } => ("order.settled", About::SettledOrder(*order)),
        Event::PaymentReceived { order, payment, .. } if payment.proof.settles() => {
            ("order.settled", About::SettledOrder(*order))
        }
        Event::OrderExpired { order, .. } => ("order.expired", About::Order(*order)),
        Event::OrderCancelled { order, .. } => ("order.cancelled", About::Order(*order)),
        Event::RefundDue { order, number, .. } => ("refund.due", refund(order, number)),
        Event::RefundBatched { order, number, .. } => ("refund.batched", refund(order, number)),
        Event::RefundPaying { order, number, .. } => ("refund.paying", refund(order, number)),
        Event::RefundDoubted { order, number, .. } => ("refund.doubted", refund(order, number)),
        Event::RefundSent { order, number, .. } => ("refund.sent", refund(order, number)),
        Event::RefundConfirmed { order, number } => ("refund.confirmed", refund(order, number)),
        Event::RefundFailed { order, number, .. } => ("refund.failed", refund(order, number)),
        Event::RefundVoided { order, number } => ("refund.voided", refund(order, number)),
        Event::DropPaused => ("drop.paused", About::Drop(drop?)),
        Event::DropResumed => ("drop.resumed", About::Drop(drop?)),
        Event::DropKilled => ("drop.killed", About::Drop(drop?)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_gets_the_events_it_names_and_those_of_its_patterns() {
        let wants = |patterns: &[&str], event| {
            wants(&patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>(), event)
        };
        assert!(wants(&["order.paid", "refund.*"], "order.paid"));
        assert!(wants(&["order.paid", "refund.*"], "refund.sent"));
        assert!(!wants(&["order.paid", "refund.*"], "order.placed"));
        assert!(EVENTS.iter().all(|event| wants(&["*"], event)));
        for text in ["order.paid", "refund.*", "*"] {
            assert!(is_pattern(text), "{text}");
        }
        for text in ["", "order", "order.", "order.p*", "orders.*", "Order.paid", "endpoint.test"] {
            assert!(!is_pattern(text), "{text}");
        }
    }
}
