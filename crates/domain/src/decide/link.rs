use crate::command::LinkFacts;
use crate::decide::hold;
use crate::drop_state::DropState;
use crate::event::{Event, ExpiryReason};
use crate::ids::PaymentIdentity;
use crate::order::{Link, OrderRecord, OrderState};
use crate::outcome::{Decision, Outcome, Refusal};
use crate::timestamp::Timestamp;

/// The time a shopper has to pay from the moment the link is asked for, however late that is.
pub const LINK_WINDOW_MS: i64 = 180_000;

/// Committed before the provider is called, so that a start after a crash knows that a link may exist.
pub(super) fn ask(state: &DropState, order: &OrderRecord, now: Timestamp) -> Decision {
    if order.state != OrderState::Pending {
        return Decision::refused(Refusal::LinkNotOwed);
    }
    match order.link {
        Link::NotAsked => {}
        Link::Asked => return Decision::nothing(Outcome::Unchanged),
        Link::Made(_) | Link::Closed(_) | Link::Conflict => return Decision::refused(Refusal::LinkNotOwed),
    }
    let hold_seconds = state.terms().hold_seconds;
    let latest = order.ordered_at.plus_seconds(hold_seconds * 2);
    let pay_by = order.pay_by.max(now.plus_ms(LINK_WINDOW_MS)).min(latest);
    if now >= pay_by {
        return Decision::refused(Refusal::LinkNotOwed);
    }
    Decision::done(vec![Event::LinkAsked { order: order.order, pay_by }])
}

/// Recorded for an ended order too: the outbox then closes the link, which must not be paid.
pub(super) fn made(order: &OrderRecord, facts: &LinkFacts) -> Decision {
    match &order.link {
        Link::Asked => Decision::done(vec![Event::LinkMade { order: order.order, link: facts.clone() }]),
        Link::Made(known) if known.id == facts.id => Decision::nothing(Outcome::Unchanged),
        Link::NotAsked | Link::Made(_) | Link::Closed(_) | Link::Conflict => Decision::refused(Refusal::LinkNotOwed),
    }
}

/// Money on a link that Dropgate did not ask for may be for another purchase, so the hold ends.
pub(super) fn conflict(order: &OrderRecord) -> Decision {
    if order.link != Link::Asked {
        return Decision::refused(Refusal::LinkNotOwed);
    }
    let mut events = vec![Event::LinkConflict { order: order.order }];
    if order.state == OrderState::Pending {
        events.extend(hold::expire(order, ExpiryReason::LinkConflict));
    }
    Decision::done(events)
}

/// A link counts as closed only when all money on it is recorded.
pub(super) fn closed(order: &OrderRecord, payments: &[PaymentIdentity]) -> Decision {
    if !order.link.may_be_open() {
        return Decision::nothing(Outcome::Unchanged);
    }
    let recorded = |identity: &PaymentIdentity| order.payments.iter().any(|payment| payment.identity == *identity);
    if !payments.iter().all(recorded) {
        return Decision::refused(Refusal::PaymentsMissing);
    }
    Decision::done(vec![Event::LinkClosed { order: order.order }])
}
