use crate::command::LinkFacts;
use crate::decide::hold;
use crate::drop_state::DropState;
use crate::event::{Event, ExpiryReason};
use crate::ids::PaymentIdentity;
use crate::order::{Link, OrderRecord, OrderState};
use crate::outcome::{Decision, Outcome, Refusal};
use crate::timestamp::Timestamp;

/// A shopper gets this long from the moment their link is asked for, however late that was.
pub const LINK_WINDOW_MS: i64 = 180_000;

/// Committed before the provider is called, so that after a crash we know that a link may exist.
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

/// Recorded for an ended order too: the outbox then closes a link nobody should pay.
pub(super) fn made(order: &OrderRecord, facts: &LinkFacts) -> Decision {
    match &order.link {
        Link::Asked => Decision::done(vec![Event::LinkMade { order: order.order, link: facts.clone() }]),
        Link::Made(known) if known.id == facts.id => Decision::nothing(Outcome::Unchanged),
        Link::NotAsked | Link::Made(_) | Link::Closed(_) | Link::Conflict => Decision::refused(Refusal::LinkNotOwed),
    }
}

/// Nothing that arrives on a link we did not make can be told to be this order's, so the unit goes to somebody else.
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

/// A closed link is only believed when all the money on it is ours already.
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
